//! The steps that were made, and how many of them are undone.
use crate::commit::{self, Renamed};
use crate::events::{Direction, EditEvent};
use crate::step;
use std::sync::Arc;
use tiepoint_core::{ChangeSet, ComposeError};

/// One step: what one transaction or one edit command did.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    pub(crate) name: Arc<str>,
    pub(crate) changes: Arc<ChangeSet>,
}

impl Step {
    pub(crate) fn new(name: &str, changes: ChangeSet) -> Self {
        Self { name: name.into(), changes: Arc::new(changes) }
    }

    /// What is told of it when it is made.
    pub(crate) fn done(&self) -> EditEvent {
        let (name, changes) = (Arc::clone(&self.name), Arc::clone(&self.changes));
        EditEvent::Changed { direction: Direction::Done, name, changes }
    }

    /// What takes it back, as a step of its own.
    fn taken_back(&self) -> Self {
        Self::new(&format!("Undo {}", self.name), self.changes.inverted())
    }
}

/// All steps, those that are undone last. What is committed is never rewritten: taking it back is a
/// step of its own.
#[derive(Debug, Clone, Default)]
pub(crate) struct History {
    steps: Vec<Step>,
    /// How many of them are done.
    done: usize,
    /// How many of them are in the store.
    committed: usize,
    /// Edit commands that are not ended, the outermost first.
    commands: Vec<Command>,
    next_command: u64,
}

/// An edit command that is open.
#[derive(Debug, Clone)]
struct Command {
    number: u64,
    name: Arc<str>,
    /// How many steps were done before it.
    from: usize,
    /// Whether nobody can end it any more: it waits to be abandoned.
    orphaned: bool,
}

impl History {
    pub(crate) fn next_undo(&self) -> Option<&Step> {
        self.steps.get(self.done.checked_sub(1)?)
    }

    pub(crate) fn next_redo(&self) -> Option<&Step> {
        self.steps.get(self.done)
    }

    pub(crate) fn undone(&mut self) {
        self.done -= 1;
    }

    pub(crate) fn redone(&mut self) {
        self.done += 1;
    }

    /// The steps that are done and in no store yet; having undone what is committed is one, too.
    pub(crate) fn pending(&self) -> Vec<Step> {
        let mut settled = self.clone();
        settled.settle();
        settled.steps.split_off(settled.committed)
    }

    /// All steps by their names, and how many of them are done.
    pub(crate) fn names(&self) -> (Vec<Arc<str>>, usize) {
        (self.steps.iter().map(|step| Arc::clone(&step.name)).collect(), self.done)
    }

    /// One more step; what was undone cannot be redone any more.
    pub(crate) fn push(&mut self, step: Step) {
        self.settle();
        self.steps.push(step);
        self.done = self.steps.len();
    }

    /// Drops what was undone, and makes steps of having undone what is committed.
    fn settle(&mut self) {
        self.steps.truncate(self.done.max(self.committed));
        let taken_back: Vec<_> =
            self.steps[self.done..].iter().rev().map(Step::taken_back).collect();
        self.steps.extend(taken_back);
        self.done = self.steps.len();
    }

    /// Everything that is done is in the store now.
    pub(crate) fn commit(&mut self) {
        self.settle();
        self.committed = self.steps.len();
    }

    /// Back to what is in the store.
    pub(crate) fn rollback(&mut self) {
        self.steps.truncate(self.committed);
        self.done = self.committed;
        self.commands.clear();
    }

    /// Without the steps that are not committed, which others take the place of.
    pub(crate) fn replace_pending(&mut self, steps: Vec<Step>) {
        self.steps.truncate(self.committed);
        self.steps.extend(steps);
        self.done = self.steps.len();
    }

    /// Forgets what happened to a layer that is no more.
    pub(crate) fn forget_layer(&mut self, layer: &str) {
        for step in &mut self.steps {
            if step.changes.layer(layer).is_some() {
                step.changes = Arc::new(step::without_layer(&step.changes, layer));
            }
        }
    }

    /// Calls features by what they are known by now.
    pub(crate) fn rename(&mut self, names: &Renamed) {
        for step in &mut self.steps {
            step.changes = Arc::new(commit::renamed(&step.changes, names));
        }
    }

    pub(crate) fn open_command(&self) -> Option<&Arc<str>> {
        self.commands.last().map(|it| &it.name)
    }

    /// The number of the new command.
    pub(crate) fn begin_command(&mut self, name: &str) -> u64 {
        self.settle();
        let number = self.next_command;
        self.next_command += 1;
        let command = Command { number, name: name.into(), from: self.done, orphaned: false };
        self.commands.push(command);
        number
    }

    /// Makes one step of all steps since the command began; none where they come to nothing. One
    /// that is open no more was rolled back, or ended with one around it.
    pub(crate) fn end_command(&mut self, number: u64) -> Result<(), ComposeError> {
        let Some(at) = self.commands.iter().position(|it| it.number == number) else {
            return Ok(());
        };
        let (name, from) = (Arc::clone(&self.commands[at].name), self.commands[at].from);
        let mut all = ChangeSet::new();
        for step in &self.steps[from..self.done] {
            all = all.then(&step.changes)?;
        }
        self.commands.truncate(at);
        self.steps.truncate(from);
        if !all.is_empty() {
            self.steps.push(Step { name, changes: Arc::new(all) });
        }
        self.done = self.steps.len();
        Ok(())
    }

    /// Nobody can end the command any more.
    pub(crate) fn orphan_command(&mut self, number: u64) {
        for command in self.commands.iter_mut().filter(|it| it.number == number) {
            command.orphaned = true;
        }
    }

    /// The outermost command that waits to be abandoned, with the steps since it began.
    pub(crate) fn orphan(&self) -> Option<(u64, Arc<str>, Vec<Step>)> {
        let orphan = self.commands.iter().find(|it| it.orphaned)?;
        let steps = self.steps[orphan.from..self.done].to_vec();
        Some((orphan.number, Arc::clone(&orphan.name), steps))
    }

    /// Drops the command, and the steps since it began.
    pub(crate) fn abandon_command(&mut self, number: u64) {
        let Some(at) = self.commands.iter().position(|it| it.number == number) else { return };
        let from = self.commands[at].from;
        self.commands.truncate(at);
        self.steps.truncate(from);
        self.done = self.steps.len();
    }
}
