//! Taking steps back, and making them again.
use crate::buffer::EditBuffer;
use crate::error::{EditError, Result};
use crate::events::{Direction, EditEvent};
use crate::history::Step;
use crate::state::State;
use crate::step::{self, Fitting, Overtaken};
use std::sync::Arc;
use tiepoint_core::ChangeSet;

impl EditBuffer {
    /// Takes back the last step that is done; its name, `None` where there is none.
    ///
    /// A step that is in the store already is taken back by a change that is pending then: what was
    /// committed is not rewritten.
    ///
    /// # Errors
    ///
    /// [`EditError::Overtaken`] for a step in the store where others have changed what it left, and
    /// [`EditError::CommandOpen`].
    pub fn undo(&self) -> Result<Option<String>> {
        self.walk(Direction::Undone)
    }

    /// Makes the last step again that was taken back; its name, `None` where there is none.
    ///
    /// # Errors
    ///
    /// As [`undo`](Self::undo).
    pub fn redo(&self) -> Result<Option<String>> {
        self.walk(Direction::Redone)
    }

    fn walk(&self, direction: Direction) -> Result<Option<String>> {
        let turn = self.settled_turn()?;
        self.refuse_within_command()?;
        let step = match direction {
            Direction::Undone => self.lock().history.next_undo().cloned(),
            Direction::Done | Direction::Redone => self.lock().history.next_redo().cloned(),
        };
        let Some(step) = step else { return Ok(None) };
        let changes = match direction {
            Direction::Undone => Arc::new(step.changes.inverted()),
            Direction::Done | Direction::Redone => Arc::clone(&step.changes),
        };
        let layers = step::layers_of(&changes, &**self.store())?;
        self.lock().state.follow(&layers)?;
        let fitting = Fitting::of(&self.state(), &changes, layers, &**self.store())?;
        let fitting = fitting.map_err(|features| overtaken(&step, features))?;
        self.log.step(&step.name, &changes, || self.pending())?;
        let mut shared = self.lock();
        fitting.apply(&mut shared.state);
        match direction {
            Direction::Undone => shared.history.undone(),
            Direction::Done | Direction::Redone => shared.history.redone(),
        }
        shared.version += 1;
        let name = Arc::clone(&step.name);
        self.listeners.queue(EditEvent::Changed { direction, name, changes });
        drop(shared);
        drop(turn);
        self.deliver();
        Ok(Some(step.name.to_string()))
    }

    /// What is pending after these changes.
    pub(crate) fn applied(&self, step: &Step, changes: &ChangeSet, state: &State) -> Result<State> {
        let applied = step::apply(state, changes, &**self.store())?;
        applied.map_err(|features| overtaken(step, features))
    }

    pub(crate) fn refuse_within_command(&self) -> Result<()> {
        match self.lock().history.open_command() {
            Some(command) => Err(EditError::CommandOpen { command: command.to_string() }),
            None => Ok(()),
        }
    }
}

fn overtaken(step: &Step, features: Vec<Overtaken>) -> EditError {
    EditError::Overtaken { step: step.name.to_string(), features }
}
