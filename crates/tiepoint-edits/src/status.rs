//! What is pending for one feature.
use crate::state::State;
use tiepoint_core::{FieldChange, Target};

/// What is pending for one feature, against what its store said when it was first touched.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Status {
    /// Nothing: never touched, or back to what it was.
    Clean,
    /// It is new.
    New,
    /// These fields differ.
    Changed(Vec<String>),
    /// It is deleted.
    Deleted,
}

impl Status {
    pub(crate) fn of(state: &State, layer: &str, target: &Target) -> Self {
        let Some(layer) = state.layer(layer) else { return Self::Clean };
        let known = match target {
            Target::Fid(fid) => layer.target_of_fid(fid).unwrap_or(target),
            Target::Id(_) => target,
        };
        let Some(row) = layer.dirty_row(known) else { return Self::Clean };
        match (&row.base, &row.now) {
            (None, None) => Self::Clean,
            (None, Some(_)) => Self::New,
            (Some(_), None) => Self::Deleted,
            (Some(base), Some(now)) => {
                let fields = FieldChange::between(base.values(), now.values());
                Self::Changed(fields.iter().map(|it| layer.names()[it.field].clone()).collect())
            }
        }
    }
}
