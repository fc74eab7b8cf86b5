//! Hearing Ctrl-C: the first asks the work to stop, the second ends the program.
use super::failure::STOPPED;
use super::say;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use tiepoint::ReadControl;

static ASKED: AtomicBool = AtomicBool::new(false);
static READING: OnceLock<ReadControl> = OnceLock::new();

/// Begins to listen; what is read with the control stops, even where a server thinks. Where
/// listening is not possible, the system's own way of ending us stays: a transaction is then undone
/// by whoever opens the store next.
pub(super) fn listen(control: &ReadControl) {
    let _ = READING.set(control.clone());
    let _ = ctrlc::set_handler(|| {
        if ASKED.swap(true, Ordering::SeqCst) {
            std::process::exit(STOPPED.into());
        }
        say("stopping; once more ends it at once");
        if let Some(control) = READING.get() {
            control.stop();
        }
    });
}

/// Whether somebody has asked to stop.
pub(super) fn asked() -> bool {
    ASKED.load(Ordering::SeqCst)
}
