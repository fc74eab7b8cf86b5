//! Change sets as documents, between stores, and on top of what others changed.
mod apply;
mod compare;
mod conflicts;
mod decisions;
mod document;

pub use apply::{apply_deciding, merge_deciding, preview_deciding};
pub use compare::{diff, diff_layers};
pub use conflicts::conflicts_to_json;
pub(crate) use conflicts::{fid_json, quoted};
pub use decisions::{Decisions, read_decisions};
pub use document::{ChangeFormat, read_changes, write_changes};
