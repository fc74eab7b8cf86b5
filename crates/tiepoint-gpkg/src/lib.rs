//! GeoPackage as a tiepoint store: one file, no server, no native library but SQLite.
//!
//! [`GpkgStore`] is the whole of it. It reads what GDAL, QGIS and others wrote and writes what they
//! read; what GeoPackage has no word for is kept in a side table, `gpkg_tiepoint`, and what happens to
//! layers that have a change log in another, `gpkg_tiepoint_log`. No layer list shows them, and
//! `untie` removes them.
mod affinity;
mod aggregate;
mod books;
mod bounds;
mod bulk;
mod catalogue;
mod check;
mod columns;
mod connection;
mod contents;
mod create;
mod cursor;
mod data_columns;
mod definition;
mod dialect;
mod diff;
mod drop_layer;
mod error;
mod evaluate;
mod explain;
mod freshness;
mod functions;
mod geometry;
mod guards;
mod hilbert;
mod indexes;
mod inspect;
mod log;
mod mend;
mod metadata;
mod natural_keys;
mod nearest;
mod new_file;
mod place;
mod read;
mod read_transaction;
mod reading;
mod recognise;
mod rtree;
mod rtree_entries;
mod rtree_pack;
mod select;
mod side_table;
mod sorter;
mod spelling;
mod sql_text;
mod srs;
mod store;
mod store_id;
mod template;
mod tie;
mod ties;
mod transaction;
mod types;
mod values;
mod watch;
mod write;

pub use connection::sqlite_source_id;
pub use diff::diff;
pub use geometry::{BlobError, decode_blob};
pub use store::{GpkgStore, OpenOptions};
