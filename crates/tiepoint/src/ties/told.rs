//! What is told of ties.
use std::sync::Arc;
use tiepoint_core::{Fid, ObjectId};
use tiepoint_objects::What;

/// What became of a tie, or why a row has none.
#[derive(Debug)]
pub enum Told<T> {
    /// Something became of a tie.
    Became {
        /// The layer's name.
        layer: Arc<str>,
        /// The object's id.
        id: ObjectId,
        /// What its row is called, while it shows.
        fid: Option<Fid>,
        /// What became of it.
        what: What,
        /// The object, where there is one: where none was asked for yet, none was made.
        object: Option<Arc<T>>,
    },
    /// A row carries the id of another, and was left without an object.
    Duplicate {
        /// The layer's name.
        layer: Arc<str>,
        /// What the row is called.
        fid: Fid,
        /// The id that both carry.
        of: ObjectId,
    },
}
