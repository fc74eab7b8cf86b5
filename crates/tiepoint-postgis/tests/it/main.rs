//! The store on a throw-away server.
mod throw_away;
