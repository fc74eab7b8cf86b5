//! PostGIS as a store: the same contract on a server.
#[cfg(feature = "testing")]
pub mod testing;
