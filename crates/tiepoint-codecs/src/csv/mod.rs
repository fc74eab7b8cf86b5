//! Comma-separated values and their relatives: tabs, semicolons, quotes, encodings, decimal commas.
//!
//! Standard: RFC 4180, which settles little. What a document leaves open is found out
//! ([`detect`], [`survey`]) and can be said instead ([`ReadOptions`]).
//!
//! # Reading
//!
//! * **Two passes.** [`survey`] looks at all of the document, then [`reader`] reads it: a type
//!   inferred from the beginning can be wrong at the end. Both take memory for one record.
//! * **Types** are inferred where nothing is lost by it: integers, reals, exact decimals for longer
//!   numbers, `true`/`false`, ISO 8601 dates and times, UUIDs. All else is text: `00123`,
//!   `+49 30 1234`, `1,234.5`, `12:30`, `yes`, `NaN`. One such cell makes its whole column text,
//!   and the survey notes which.
//! * **Geometry** comes from a column of WKT, EWKT or hexadecimal (E)WKB, or from two columns of
//!   numbers, which are then the geometry and no fields. Empty cells there make a feature
//!   non-spatial. A column `object_id` whose values are all UUIDs is the features' identity.
//! * **Null and empty.** An empty cell is null; `""` is null too, but an empty text in a column of
//!   text (as `PostgreSQL` has it), unless it is the only column.
//! * **Bad records** are bad features: too many cells (empty ones at the end excepted), too few
//!   (unless [`ShortRecords::Fill`]), text after a closing quote, characters that are none,
//!   geometry that is none, latitudes beyond 90 degrees. A quote that is never closed ends the
//!   document. Empty lines are passed over.
//! * **Limits:** 64 MiB for a record, 10,000 columns.
//!
//! The records are cut by a scanner of our own, since the `csv` crate cannot say where a quote was
//! opened, whether a cell was quoted, or how a bad record was spelled, and has no limit.
//!
//! # Writing
//!
//! UTF-8, CR LF, a header always; see [`Writer`]. CSV has no types: text `00123` is written as
//! `00123` and stays text when it is read, text `123` becomes a number. Text that a spreadsheet would
//! take for a formula (`=…`, `+…`, `-…`, `@…`) is data, and written as it is.
mod candidates;
mod cells;
mod columns;
mod dialect;
mod encoding;
mod evidence;
mod geometry;
mod options;
mod read;
mod records;
mod scan;
mod survey;
mod surveyor;
mod transcode;
mod write;

pub use dialect::{Dialect, detect};
pub use encoding::{Encoding, UnknownEncoding};
pub use geometry::GeometrySource;
pub use options::{GeometryColumns, Quote, ReadOptions, ShortRecords};
pub use read::{Reader, reader};
pub use survey::{CsvSurvey, survey};
pub use write::{GeometryLayout, WriteOptions, Writer};
