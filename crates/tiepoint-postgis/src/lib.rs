//! PostGIS as a store: the same contract on a server.
