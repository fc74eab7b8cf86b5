//! Other people's programs, run until the storm is over, and some of them killed on the way.
use crate::random::Random;
use crate::tell;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Debian's own Python.
pub(crate) const PYTHON: &str = "/usr/bin/python3";

/// Whether a program is there; where it is not, says what could not be tried, or fails when
/// `TIEPOINT_NO_SKIP` is set.
pub(crate) fn have(program: &str, package: &str) -> bool {
    let answers = Command::new(program).arg("--version").output();
    let is_there = answers.is_ok_and(|output| output.status.success());
    if !is_there {
        let note = format!("a storm with {program} (apt-get install {package})");
        assert!(std::env::var_os("TIEPOINT_NO_SKIP").is_none(), "missing: {note}");
        tell(&format!("SKIPPED: {note}"));
    }
    is_there
}

/// Whether a program that is to be killed ends by itself.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ends {
    Never,
    Maybe,
}

/// Threads that keep programs running.
#[derive(Default)]
pub(crate) struct Crowd {
    over: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Crowd {
    /// Runs a program again and again, killing it now and then.
    pub(crate) fn kills(
        &mut self,
        mut random: Random,
        ends: Ends,
        command: impl Fn(u64) -> Command + Send + 'static,
    ) {
        self.work(move |over| {
            let mut child = command(random.below(1 << 31)).spawn().expect("starts");
            let lives = Duration::from_millis(150 + random.below(1_200));
            let start = Instant::now();
            while start.elapsed() < lives && !over.load(Ordering::SeqCst) {
                std::thread::sleep(Duration::from_millis(10));
                if let Some(ended) = child.try_wait().expect("is there") {
                    assert!(ends == Ends::Maybe, "a writer ended by itself: {ended}");
                    return;
                }
            }
            child.kill().expect("is killed");
            child.wait().expect("ends");
        });
    }

    /// Runs a program that ends by itself, again and again. It may fail now and then, as others
    /// are in its way, but not always.
    pub(crate) fn runs(
        &mut self,
        name: &'static str,
        mut random: Random,
        command: impl Fn(&mut Random) -> Command + Send + 'static,
    ) -> Arc<AtomicU64> {
        let succeeded = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&succeeded);
        self.work(move |_| {
            let mut command = command(&mut random);
            let output = command.stdin(Stdio::null()).output();
            let output = output.unwrap_or_else(|error| panic!("{name} starts: {error}"));
            if output.status.success() {
                counted.fetch_add(1, Ordering::SeqCst);
            }
            std::thread::sleep(Duration::from_millis(random.below(60)));
        });
        succeeded
    }

    /// Does something again and again.
    pub(crate) fn work(&mut self, mut work: impl FnMut(&AtomicBool) + Send + 'static) {
        let over = Arc::clone(&self.over);
        self.threads.push(std::thread::spawn(move || {
            while !over.load(Ordering::SeqCst) {
                work(&over);
            }
        }));
    }

    /// Ends them all.
    pub(crate) fn ended(self) {
        self.over.store(true, Ordering::SeqCst);
        for thread in self.threads {
            thread.join().expect("nobody failed");
        }
    }
}
