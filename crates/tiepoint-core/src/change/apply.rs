//! Applying a change to the state it was made of.
use super::{Change, FieldChange, Image};

/// Why a change does not fit the state it is applied to: it was made of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ApplyError {
    /// It inserts what is there.
    #[error("the feature is there already")]
    Present,
    /// It updates or deletes what is not there.
    #[error("the feature is not there")]
    Absent,
    /// A field does not say what it said before the change.
    #[error("field {field} says something else than before the change")]
    Differs {
        /// The field's position.
        field: usize,
    },
}

impl Change {
    /// The state after it, of the state before it; `None` is the state of what is not there.
    ///
    /// # Errors
    ///
    /// [`ApplyError`] where the state is not the one that the change was made of.
    pub fn applied_to(&self, state: Option<Image>) -> Result<Option<Image>, ApplyError> {
        match (self, state) {
            (Self::Insert(image), None) => Ok(Some(image.clone())),
            (Self::Insert(_), Some(_)) => Err(ApplyError::Present),
            (Self::Update(_) | Self::Delete(_), None) => Err(ApplyError::Absent),
            (Self::Delete(image), Some(state)) => {
                let differs = image.values.iter().zip(&state.values).position(|(a, b)| a != b);
                differs.map_or(Ok(None), |field| Err(ApplyError::Differs { field }))
            }
            (Self::Update(fields), Some(mut state)) => {
                fields.iter().try_for_each(|it| it.apply(&mut state.values))?;
                Ok(Some(state))
            }
        }
    }
}

impl FieldChange {
    /// Puts the new value in the place of the old one.
    fn apply(&self, values: &mut [Option<crate::Value>]) -> Result<(), ApplyError> {
        match values.get_mut(self.field) {
            Some(value) if *value == self.before => {
                value.clone_from(&self.after);
                Ok(())
            }
            _ => Err(ApplyError::Differs { field: self.field }),
        }
    }
}
