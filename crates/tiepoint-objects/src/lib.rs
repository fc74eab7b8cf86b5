//! Objects tied to features, whatever happens to either in between.
//!
//! A [`Tracker`] follows one layer: a host (an edit buffer, a watched store, QGIS) tells it by
//! [`Event`]s what happens, and hears by a [`Verdict`] what that means for ties and what is needed
//! to know more. It knows nothing of objects. A [`Registry`] keeps objects by the ties of layers:
//! weakly while their features are clean, strongly while they are new, changed or may yet return.
//!
//! ```
//! use std::sync::Arc;
//! use tiepoint_core::{Fid, FidRule, ObjectId};
//! use tiepoint_objects::{Event, Policy, Registry, Scope};
//!
//! let mut ties: Registry<Arc<str>> = Registry::default();
//! let wells = ties.add_layer(Policy::column(FidRule::Stable));
//! let id = ObjectId::mint();
//! let mut rows = ties.resync(wells, &Scope::All);
//! rows.row(Fid::Int(7), Some(id));
//! rows.finish();
//!
//! let tie = ties.tracker(wells).by_fid(&Fid::Int(7))?;
//! let well = ties.bind(wells, tie, Arc::from("well 7"));
//! assert!(Arc::ptr_eq(&well, &ties.object(wells, tie).expect("it is held")));
//! assert_eq!(ties.tie_of(&well), Some((wells, tie)));
//! # Ok::<(), tiepoint_objects::NotTied>(())
//! ```
mod event;
mod handle;
mod not_tied;
mod registry;
mod store;
mod tracker;
mod verdict;

pub use event::{Event, Scope};
pub use handle::Handle;
pub use not_tied::{NotTied, Reason};
pub use registry::{LayerKey, Registry, Resyncing};
pub use store::{RowChange, TiedLayer};
pub use tracker::{
    Duplicates, Identity, Policy, Provisional, Resync, Rewritten, State, TieRef, Tracker,
};
pub use verdict::{Debt, Owing, Request, Transition, Verdict, What, When};
