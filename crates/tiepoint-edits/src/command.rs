//! Edit commands: several steps as one.
use crate::buffer::EditBuffer;
use crate::error::{EditError, Result};
use crate::events::{Direction, EditEvent};
use std::sync::Arc;
use tiepoint_core::ChangeSet;

/// An edit command that is open: all steps that are made before it ends become one.
///
/// Each of them is pending, and in the journal, as soon as it is made. Dropping the command abandons
/// it.
#[must_use = "dropping a command abandons it"]
pub struct EditCommand<'b> {
    buffer: Option<&'b EditBuffer>,
    number: u64,
}

impl<'b> EditCommand<'b> {
    pub(crate) fn new(buffer: &'b EditBuffer, number: u64) -> Self {
        Self { buffer: Some(buffer), number }
    }

    /// Ends it: what was done is one step now, and none where it comes to nothing.
    ///
    /// # Errors
    ///
    /// When the turn to write does not come; it is abandoned then.
    pub fn end(mut self) -> Result<()> {
        let Some(buffer) = self.buffer else { return Ok(()) };
        let _turn = buffer.turn()?;
        let ended = buffer.lock().history.end_command(self.number);
        ended.map_err(EditError::contradiction)?;
        self.buffer = None;
        Ok(())
    }

    /// Takes back what was done; nothing of it can be redone.
    ///
    /// # Errors
    ///
    /// When the turn to write does not come, or the journal cannot be written. It is done by whoever
    /// has the turn next, then.
    pub fn abandon(mut self) -> Result<()> {
        self.buffer.take().map_or(Ok(()), |buffer| buffer.abandon(self.number))
    }
}

impl Drop for EditCommand<'_> {
    fn drop(&mut self) {
        if let Some(buffer) = self.buffer.take() {
            // whoever wants to know why it could not be taken back abandons it by name
            let _ = buffer.abandon(self.number);
        }
    }
}

impl EditBuffer {
    fn abandon(&self, number: u64) -> Result<()> {
        self.lock().history.orphan_command(number);
        let turn = self.turn()?;
        let abandoned = self.abandon_orphans();
        drop(turn);
        self.deliver();
        abandoned
    }

    /// Takes back what was done within commands that nobody can end any more. Only whoever has the
    /// turn may. Each is taken back as a whole, or is open as before.
    pub(crate) fn abandon_orphans(&self) -> Result<()> {
        loop {
            let (orphan, mut state) = {
                let shared = self.lock();
                (shared.history.orphan(), shared.state.clone())
            };
            let Some((number, name, steps)) = orphan else { return Ok(()) };
            let (mut back, mut events) = (ChangeSet::new(), Vec::with_capacity(steps.len()));
            for step in steps.iter().rev() {
                let changes = Arc::new(step.changes.inverted());
                state = self.applied(step, &changes, &state)?;
                back = back.then(&changes).map_err(EditError::contradiction)?;
                let (direction, name) = (Direction::Undone, Arc::clone(&step.name));
                events.push(EditEvent::Changed { direction, name, changes });
            }
            if !back.is_empty() {
                self.log.step(&name, &Arc::new(back), || self.pending())?;
            }
            let mut shared = self.lock();
            shared.history.abandon_command(number);
            shared.state = state;
            shared.version += 1;
            for event in events {
                self.listeners.queue(event);
            }
        }
    }
}
