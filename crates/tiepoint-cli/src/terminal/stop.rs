//! Hearing Ctrl-C: the first asks the work to stop, the second ends the program.
use super::failure::STOPPED;
use super::say;
use std::sync::atomic::{AtomicBool, Ordering};

static ASKED: AtomicBool = AtomicBool::new(false);

/// Begins to listen. Where listening is not possible, the system's own way of ending us stays: a
/// transaction is then undone by whoever opens the store next.
pub(super) fn listen() {
    let _ = ctrlc::set_handler(|| {
        if ASKED.swap(true, Ordering::SeqCst) {
            std::process::exit(STOPPED.into());
        }
        say("stopping; once more ends it at once");
    });
}

/// Whether somebody has asked to stop.
pub(super) fn asked() -> bool {
    ASKED.load(Ordering::SeqCst)
}
