//! One session of editing: the buffer, the layer that is edited, the edit commands that are open.
use super::verbs;
use super::words::words;
use crate::terminal::{count, plain, say};
use std::sync::Arc;
use tiepoint::{ApplyOptions, EditBuffer, EditCommand, Error, Layer, ReadControl, Result, Store};

/// Whether there is to be another command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    Go,
    End,
}

/// What commands work on.
pub(super) struct Session<'b> {
    pub(super) buffer: &'b EditBuffer,
    pub(super) layer: Arc<Layer>,
    /// Innermost last.
    commands: Vec<(String, EditCommand<'b>)>,
    control: ReadControl,
    /// Whether a person is to be warned before what is pending is lost.
    warn: bool,
}

impl<'b> Session<'b> {
    pub(super) fn new(buffer: &'b EditBuffer, layer: &str, control: ReadControl) -> Result<Self> {
        let layer = buffer.layer(layer)?;
        Ok(Self { buffer, layer, commands: Vec::new(), control, warn: false })
    }

    /// The same, in which the first `quit` only warns where something is pending: nothing keeps it.
    pub(super) fn warning(self, warn: bool) -> Self {
        Self { warn, ..self }
    }

    /// What is to come after `quit`.
    pub(super) fn quit(&mut self) -> Next {
        if !std::mem::take(&mut self.warn) || !self.buffer.is_dirty() {
            return Next::End;
        }
        let pending = self.pending();
        say(&format!("edits of {pending} are not committed, and no journal keeps them"));
        say(" hint: `commit` writes them; `quit` once more drops them");
        Next::Go
    }

    /// Does one line of commands; empty ones and those that begin with `#` do nothing.
    pub(super) fn run(&mut self, line: &str) -> Result<Next> {
        self.control.check()?;
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            return Ok(Next::Go);
        }
        let words = words(line)?;
        verbs::run(self, line, &words)
    }

    /// What stands before what a person types: the layer, and a star where something is pending.
    pub(super) fn prompt(&self) -> String {
        let star = if self.buffer.is_dirty() { "*" } else { "" };
        format!("{}{star}", plain(self.layer.name()))
    }

    /// Edits another layer from now on.
    pub(super) fn turn_to(&mut self, layer: &str) -> Result<()> {
        self.layer = self.buffer.layer(layer)?;
        Ok(())
    }

    pub(super) fn begin(&mut self, name: &str) -> Result<()> {
        let command = self.buffer.command(name)?;
        self.commands.push((name.to_owned(), command));
        Ok(())
    }

    /// Ends the innermost edit command, or abandons it.
    pub(super) fn close(&mut self, keep: bool) -> Result<String> {
        let (name, command) = self.commands.pop().ok_or_else(|| Error::Options {
            reason: "no edit command is open".to_owned(),
            hint: Some("`begin NAME` opens one".to_owned()),
        })?;
        let closed = if keep { command.end() } else { command.abandon() };
        closed?;
        Ok(name)
    }

    /// How writing to the store is stopped.
    pub(super) fn options(&self) -> ApplyOptions {
        ApplyOptions { control: self.control.clone(), ..ApplyOptions::default() }
    }

    /// Abandons edit commands that were not ended, the innermost first.
    pub(super) fn end(mut self) {
        while let Some((name, command)) = self.commands.pop() {
            let shown = plain(&name).into_owned();
            match command.abandon() {
                Ok(()) => say(&format!("`{shown}` was not ended: its edits are taken back")),
                Err(error) => say(&format!("`{shown}` was not ended: {error}")),
            }
        }
    }

    /// A count of what is pending, with its noun.
    pub(super) fn pending(&self) -> String {
        count(self.buffer.changes().len() as u64, "feature")
    }
}
