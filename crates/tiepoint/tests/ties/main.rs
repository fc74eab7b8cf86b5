//! Objects behind features: never lost and never crossed, whatever happens to either.
mod edits;
mod fixture;
mod foreign;
mod freed;
mod keys;
mod lookups;
mod recovery;
mod threads;
mod walk;
