//! The facade of tiepoint: opens any store by its path or URL, brings documents in, takes them
//! out, carries changes from one to another, and re-exports the words that all of it is said in.
//!
//! ```
//! use tiepoint::{ImportOptions, Query, Source, import};
//! # let folder = tempfile::tempdir()?;
//! # let trees = folder.path().join("trees.csv");
//! # std::fs::write(&trees, "name,height\noak,21\nelm,17\n")?;
//! let store = tiepoint::open_or_create("memory:")?;
//! let source = Source::parse(trees.to_str().expect("a plain path"))?;
//! import(&source, &*store, &ImportOptions::default(), &())?;
//! assert_eq!(store.read(&Query::layer("trees"))?.count(), 2);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! What happened is a [`ChangeSet`]: [found](diff) between two stores, [read](read_changes) and
//! [written](write_changes), [applied](apply_deciding) exactly once, [merged](merge_deciding) field
//! by field, with [`Decisions`] about what only one side can have. An [`EditBuffer`] is a store whose
//! edits wait until they are committed; [`edits`] has its journal, too.
//!
//! What anybody commits is heard by a [`Watch`], see [`Store::watch`]; what its log has noted is a
//! [`history`], and takes a layer [back in time](features_at).
mod changes;
mod document;
mod error;
mod events;
mod export;
mod history;
mod import;
mod location;
mod open;
mod progress;
mod source;
mod ties;
pub mod typed;

pub use changes::{
    ChangeFormat, Decisions, apply_deciding, conflicts_to_json, diff, diff_layers, merge_deciding,
    preview_deciding, read_changes, read_decisions, write_changes,
};
pub use document::DocumentOptions;
pub use error::{ChangesError, DocumentError, Error, Result};
pub use events::{event_to_json, rfc3339};
pub use export::{
    ExportOptions, Overwrite, Target, WriteOptions, export, for_document, write_features,
};
pub use history::{History, HistoryOptions, features_at, history, next_committed};
pub use import::{
    IdRule, ImportMode, ImportOptions, ImportReport, InvalidRule, LayerReport, OnError,
    UnknownFields, import, import_into,
};
pub use location::Location;
pub use open::{create, open, open_or_create};
pub use progress::{Phase, Progress, Step, Unit};
pub use source::Source;
pub use ties::{Key, Ties, Told, Watching};

pub use tiepoint_codecs as codecs;
pub use tiepoint_codecs::Format;
pub use tiepoint_core as core;
pub use tiepoint_core::{
    Aggregate, BBox, Change, ChangeSet, ChangeSetId, Clash, Computed, Conflict, Crs, CrsUnits,
    Direction, Edit, Envelope, ErrorKind, Expr, ExprType, Feature, Fid, Field, FieldChange,
    FieldNames, FieldType, Fields, Function, Geometry, GeometryKind, Identity, Ids, Image,
    InvalidGeometries, Layer, LayerDefinition, Metres, Nulls, ObjectId, OrderBy, PageMark, Query,
    Resolution, Schema, Simplify, Target as ChangeTarget, Value, field, nearest_name, place,
};
pub use tiepoint_edits as edits;
pub use tiepoint_edits::journal::JournalFolder;
pub use tiepoint_edits::{Committed, EditBuffer, EditCommand, EditError, Recovered};
pub use tiepoint_gpkg::sqlite_source_id;
pub use tiepoint_objects as objects;
pub use tiepoint_objects::{NotTied, Reason, What};
#[cfg(feature = "testing")]
pub use tiepoint_postgis::testing;
pub use tiepoint_spatial as spatial;
pub use tiepoint_store as store;
pub use tiepoint_store::{
    Applied, ApplyOptions, Author, BadIds, Capabilities, Carrier, ChangeLog, Changed, Checkpoint,
    DiffNote, DiffOptions, Difference, Finding, FindingKind, Lag, LayerFacts, LogOptions, MatchBy,
    MemoryStore, NamedWatcher, NotApplied, Once, Plan, ReadControl, Repair, Reset, ResetReason,
    Store, StoreError, TieOptions, TieReport, Transaction, TransactionOptions, UntieReport, Watch,
    WatchEvent, WatchFrom, WatchOptions, page_mark,
};

/// Holds the README's Rust to the compiler.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
