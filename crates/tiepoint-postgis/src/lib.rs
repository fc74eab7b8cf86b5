//! PostGIS as a store: the same contract on a server.
mod address;
mod boundary;
mod dial;
mod error;
mod lease;
mod link;
#[cfg(test)]
mod live;
mod pool;
mod refusal;
mod runtime;
mod server;
mod sqlstate;
mod statements;
mod streams;
#[cfg(feature = "testing")]
pub mod testing;
mod tls;
mod verifier;

pub use address::PostgisAddress;
