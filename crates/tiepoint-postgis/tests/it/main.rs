//! The store on a throw-away server.
mod contract;
mod throw_away;
