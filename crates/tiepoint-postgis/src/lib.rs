//! PostGIS as a store: the same contract on a server.
//!
//! Nothing but PostgreSQL's own protocol is spoken, in binary; the server needs PostGIS only where
//! layers have geometries. Open one with [`PostgisStore::open`].
mod address;
mod aggregate;
mod analyze;
mod array;
mod books;
mod boundary;
mod carrier;
mod catalogue;
mod changes;
mod check;
mod commit;
mod constraints;
mod copy;
mod create;
mod decode;
mod describe;
mod dial;
mod domain_json;
mod encode;
mod error;
mod explain;
mod facts;
mod geography;
mod geometry;
mod guards;
mod inspect;
mod interval;
mod kind;
mod lease;
mod link;
#[cfg(test)]
mod live;
mod log;
mod mend;
mod metadata;
mod natural_keys;
mod nearest;
mod numeric;
mod place;
mod pool;
mod read;
mod reading;
mod refusal;
mod repair;
mod runtime;
mod select;
mod server;
mod side;
mod spelling;
mod sqlstate;
mod srid;
mod statements;
mod store;
mod streams;
#[cfg(feature = "testing")]
pub mod testing;
mod tie;
mod times;
mod tls;
mod transaction;
mod untie;
mod verifier;
mod watch;
mod write;

pub use address::PostgisAddress;
pub use store::{PostgisStore, Versions};
