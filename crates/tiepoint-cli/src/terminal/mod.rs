//! How the command talks: messages and exit codes, tables, progress bars, and hearing Ctrl-C.
mod changes;
mod conflicts;
mod events;
mod failure;
mod progress;
mod stop;
mod table;
mod text;

pub(crate) use changes::{changed, described, summarised};
pub(crate) use conflicts::conflict_lines;
pub(crate) use events::event_lines;
pub(crate) use failure::report;
pub(crate) use progress::Watcher;
pub(crate) use table::{Table, aligned};
pub(crate) use text::{age, count, plain, say, summary, write_out};

use std::io::IsTerminal as _;
use tiepoint::ReadControl;

/// Stops what is read with the control when Ctrl-C is typed.
pub(crate) fn stop_on_ctrl_c(control: &ReadControl) {
    stop::listen(control);
}

/// Begins to listen for Ctrl-C, where it is the way to end: see [`is_stopping`].
pub(crate) fn listen_for_ctrl_c() {
    stop::listen(&ReadControl::default());
}

/// Whether Ctrl-C was typed.
pub(crate) fn is_stopping() -> bool {
    stop::asked()
}

/// Whether a person reads the standard output.
pub(crate) fn is_terminal() -> bool {
    std::io::stdout().is_terminal()
}
