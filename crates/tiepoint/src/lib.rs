//! The facade of tiepoint: opens any store by its path or URL, brings documents in, takes them
//! out, and re-exports the words that all of it is said in.
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
mod document;
mod error;
mod export;
mod import;
mod location;
mod open;
mod progress;
mod source;

pub use document::DocumentOptions;
pub use error::{DocumentError, Error, Result};
pub use export::{
    ExportOptions, Overwrite, Target, WriteOptions, export, for_document, write_features,
};
pub use import::{
    IdRule, ImportMode, ImportOptions, ImportReport, InvalidRule, LayerReport, OnError,
    UnknownFields, import, import_into,
};
pub use location::Location;
pub use open::{create, open, open_or_create};
pub use progress::{Phase, Progress, Step, Unit};
pub use source::Source;

pub use tiepoint_codecs as codecs;
pub use tiepoint_codecs::Format;
pub use tiepoint_core as core;
pub use tiepoint_core::{
    Aggregate, BBox, Computed, Crs, CrsUnits, Direction, Edit, Envelope, ErrorKind, Expr, ExprType,
    Feature, Fid, Field, FieldType, Fields, Function, Geometry, GeometryKind, Identity, Ids,
    InvalidGeometries, Layer, LayerDefinition, Metres, Nulls, ObjectId, OrderBy, PageMark, Query,
    Schema, Simplify, Target as ChangeTarget, Value, field, nearest_name, place,
};
#[cfg(feature = "testing")]
pub use tiepoint_postgis::testing;
pub use tiepoint_spatial as spatial;
pub use tiepoint_store as store;
pub use tiepoint_store::{
    BadIds, Capabilities, Carrier, Finding, FindingKind, LayerFacts, MemoryStore, Plan,
    ReadControl, Repair, Store, StoreError, TieOptions, TieReport, Transaction, TransactionOptions,
    UntieReport, page_mark,
};

/// Holds the README's Rust to the compiler.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
