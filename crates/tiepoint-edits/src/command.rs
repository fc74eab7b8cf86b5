//! Edit commands: several steps as one.
use crate::buffer::EditBuffer;
use crate::error::Result;
use crate::events::{Direction, EditEvent};
use std::sync::Arc;

/// An edit command that is open: all steps that are made before it ends become one.
///
/// Each of them is pending, and in the journal, as soon as it is made. Dropping the command abandons
/// it.
#[must_use = "dropping a command abandons it"]
pub struct EditCommand<'b> {
    buffer: Option<&'b EditBuffer>,
}

impl<'b> EditCommand<'b> {
    pub(crate) fn new(buffer: &'b EditBuffer) -> Self {
        Self { buffer: Some(buffer) }
    }

    /// Ends it: what was done is one step now, and none where it comes to nothing.
    ///
    /// # Errors
    ///
    /// When the turn to write does not come; it is abandoned then.
    pub fn end(mut self) -> Result<()> {
        let Some(buffer) = self.buffer else { return Ok(()) };
        let _turn = buffer.turn()?;
        self.buffer = None;
        let ended = buffer.lock().history.end_command();
        ended.expect("each step was made of what the one before left");
        Ok(())
    }

    /// Takes back what was done; nothing of it can be redone.
    ///
    /// # Errors
    ///
    /// When the turn to write does not come, or the journal cannot be written.
    pub fn abandon(mut self) -> Result<()> {
        self.buffer.take().map_or(Ok(()), abandon)
    }
}

impl Drop for EditCommand<'_> {
    fn drop(&mut self) {
        if let Some(buffer) = self.buffer.take() {
            // whoever wants to know why it could not be taken back abandons it by name
            let _ = abandon(buffer);
        }
    }
}

fn abandon(buffer: &EditBuffer) -> Result<()> {
    let turn = buffer.turn()?;
    let (steps, mut state) = {
        let mut shared = buffer.lock();
        (shared.history.abandon_command(), shared.state.clone())
    };
    for step in steps.iter().rev() {
        let changes = Arc::new(step.changes.inverted());
        state = buffer.applied(step, &changes, &state)?;
        buffer.log.step(&step.name, &changes, || buffer.pending())?;
        let (direction, name) = (Direction::Undone, Arc::clone(&step.name));
        buffer.listeners.queue(EditEvent::Changed { direction, name, changes });
    }
    let mut shared = buffer.lock();
    shared.state = state;
    shared.version += 1;
    drop(shared);
    drop(turn);
    buffer.deliver();
    Ok(())
}
