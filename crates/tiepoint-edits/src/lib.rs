//! A store you may change your mind about: edits wait here, over any store, until they are committed
//! or rolled back, can be undone and redone, and are on disk before they are acknowledged.
pub mod journal;
