//! What expressions are evaluated on.
use tiepoint_core::{Envelope, Feature, ObjectId, Value};

/// One row of a layer: what fields hold, by the positions of the schema that the expression was
/// bound to.
pub trait Row {
    /// What stands in the field; [`None`] is unset and counts as null, as does a position that the
    /// row does not have.
    fn value(&self, position: usize) -> Option<&Value>;

    /// The envelope of the geometry in the field, where it can be told cheaply; [`None`] where it
    /// is null, empty or unknown.
    ///
    /// Asked before [`value`](Self::value), so that a row may put off decoding a geometry that a
    /// box decides about. It must be just what [`Geometry::envelope`](tiepoint_core::Geometry)
    /// says: a larger one makes wrong answers.
    fn envelope(&self, position: usize) -> Option<Envelope> {
        self.value(position)?.as_geometry()?.envelope()
    }

    /// The object that it stands for.
    fn id(&self) -> Option<ObjectId>;
}

impl Row for Feature {
    #[inline]
    fn value(&self, position: usize) -> Option<&Value> {
        self.values().get(position)?.as_ref()
    }

    fn id(&self) -> Option<ObjectId> {
        self.id
    }
}

/// A row without fields: what constants are evaluated on.
pub(super) struct NoRow;

impl Row for NoRow {
    fn value(&self, _position: usize) -> Option<&Value> {
        None
    }

    fn id(&self) -> Option<ObjectId> {
        None
    }
}
