//! Progress bars for long work, on a terminal only, and the wish to stop.
use super::stop;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::cell::RefCell;
use std::io::IsTerminal as _;
use std::time::Duration;
use tiepoint::{Phase, Progress, ReadControl, Step, Unit};

/// Shows how far the work is, and passes on Ctrl-C.
pub(crate) struct Watcher {
    /// The bar of the present step.
    bar: RefCell<ProgressBar>,
    control: ReadControl,
}

impl Watcher {
    /// Listens for Ctrl-C, and shows a bar on the standard error where that is a terminal.
    pub(crate) fn new() -> Self {
        let control = ReadControl::default();
        stop::listen(&control);
        Self { bar: RefCell::new(ProgressBar::hidden()), control }
    }

    /// Takes the bar away until the next step, so that what is said stands alone.
    pub(crate) fn clear(&self) {
        self.bar.borrow().finish_and_clear();
    }
}

impl Progress for Watcher {
    fn step(&self, step: &Step<'_>) {
        self.clear();
        if !std::io::stderr().is_terminal() {
            return;
        }
        let bar = ProgressBar::with_draw_target(step.total, ProgressDrawTarget::hidden())
            .with_style(style(step))
            .with_message(format!("{} {}", verb(step.phase), super::plain(step.subject)));
        bar.set_draw_target(ProgressDrawTarget::stderr_with_hz(8));
        bar.enable_steady_tick(Duration::from_millis(200));
        self.bar.replace(bar);
    }

    fn advance(&self, done: u64) {
        self.bar.borrow().set_position(done);
    }

    fn should_stop(&self) -> bool {
        stop::asked()
    }

    fn control(&self) -> ReadControl {
        self.control.clone()
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.clear();
    }
}

fn verb(phase: Phase) -> &'static str {
    match phase {
        Phase::Surveying => "looking at",
        Phase::Importing => "importing",
        Phase::Exporting => "exporting",
        Phase::Finishing => "finishing",
    }
}

fn style(step: &Step<'_>) -> ProgressStyle {
    let template = match (step.unit, step.total) {
        _ if step.phase == Phase::Finishing => "{spinner} {msg}  {elapsed}",
        (_, None) => "{spinner} {msg}  {human_pos}  {elapsed}",
        (Unit::Bytes, Some(_)) => "{msg}  [{bar:30}] {bytes} of {total_bytes}, {eta} left",
        (Unit::Features, Some(_)) => "{msg}  [{bar:30}] {human_pos} of {human_len}, {eta} left",
    };
    let plain = ProgressStyle::with_template(template);
    plain
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("=> ")
        .tick_chars("|/-\\ ")
}
