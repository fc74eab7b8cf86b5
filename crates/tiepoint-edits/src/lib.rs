//! A store you may change your mind about: edits wait here, over any store, until they are committed
//! or rolled back, can be undone and redone, and are on disk before they are acknowledged.
mod buffer;
mod command;
mod commit;
mod drift;
mod error;
mod events;
mod history;
pub mod journal;
mod load;
mod log;
mod merge;
mod origins;
mod prepare;
mod provisional;
mod read;
mod recover;
mod remains;
mod sides;
mod state;
mod status;
mod step;
mod store;
mod transaction;
mod undo;
mod writer;

pub use buffer::EditBuffer;
pub use command::EditCommand;
pub use commit::Committed;
pub use error::{EditError, Result};
pub use events::{Direction, EditEvent, Handled, HandlerFault, Subscription};
pub use recover::Recovered;
pub use remains::Remains;
pub use status::Status;
pub use step::Overtaken;
