//! Changes in stores: writing a change set so that nothing others wrote is lost, and finding the
//! one between two stores.
mod apply;
mod diff;
mod held;
mod insert;
mod once;
mod outcome;
mod plan;
mod write;

pub use apply::apply_changes;
pub use diff::{DiffNote, DiffOptions, Difference, LayerDiff, MatchBy, diff, diff_by};
pub use once::{Once, apply_once, was_applied};
pub use outcome::{Applied, ApplyOptions, InsertedFeature, NotApplied, Refusal};
