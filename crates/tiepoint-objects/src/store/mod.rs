//! Layers of stores as trackers need them: what their rows say, and what changes of them mean.
mod changes;
mod tied;

pub use changes::RowChange;
pub use tied::TiedLayer;
