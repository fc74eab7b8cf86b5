//! Watchers: one in this process that is never interrupted, and one in another process that is
//! killed again and again and goes on from the last line that it wrote.
use crate::layers;
use crate::random::Random;
use crate::replica::Replica;
use crate::{PLACE, WORK, tell};
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};
use tiepoint::store::{Changed, Watch, WatchEvent, WatchOptions};
use tiepoint::{ChangeSet, Store};

const PATIENCE: Duration = Duration::from_millis(100);
/// So long without news means that there is none.
const QUIET: Duration = Duration::from_secs(2);
/// What a line begins with.
const MARK: char = '@';

/// A copy that a watcher keeps, until it is told that the storm is over.
pub(crate) struct Listening {
    thread: JoinHandle<Replica>,
    over: Arc<AtomicBool>,
}

impl Listening {
    /// Waits until everything has been heard, and gives the copy.
    pub(crate) fn ended(self) -> Replica {
        self.over.store(true, Ordering::SeqCst);
        self.thread.join().expect("the watcher is right to the end")
    }

    /// One that nobody interrupts.
    pub(crate) fn calmly(store: Arc<dyn Store>) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let (flag, mut watch) =
            (Arc::clone(&over), retried(|| store.watch(&WatchOptions::from_now())));
        let mut replica = Replica::of(&*store);
        let thread = std::thread::spawn(move || {
            let (mut lags, mut quiet) = (Vec::new(), Instant::now());
            while !flag.load(Ordering::SeqCst) || quiet.elapsed() < QUIET {
                let Ok(Some(event)) = watch.next(PATIENCE) else { continue };
                quiet = Instant::now();
                lags.extend(heard(&mut replica, &*store, event));
            }
            tell_lags(&mut lags);
            replica
        });
        Self { thread, over }
    }

    /// One that is killed now and then.
    pub(crate) fn killed(store: Arc<dyn Store>, place: &str, mut random: Random) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let (flag, place) = (Arc::clone(&over), place.to_owned());
        let mut since = retried(|| store.watch(&WatchOptions::from_now())).checkpoint().to_string();
        let mut replica = Replica::of(&*store);
        let thread = std::thread::spawn(move || {
            let mut kills = 0;
            loop {
                let last = flag.load(Ordering::SeqCst);
                let lives = if last {
                    None
                } else {
                    Some(Duration::from_millis(200 + random.below(1_500)))
                };
                since = listened(&place, &since, lives, &store, &mut replica);
                if last {
                    tell(&format!("  a watcher was killed {kills} times"));
                    return replica;
                }
                kills += 1;
            }
        });
        Self { thread, over }
    }
}

/// Takes one event; says how late it came.
fn heard(replica: &mut Replica, store: &dyn Store, event: WatchEvent) -> Option<Duration> {
    match event {
        WatchEvent::Reset(reset) => {
            replica.reset(store, &reset.reason.to_string());
            None
        }
        WatchEvent::Changed(changed) => {
            let lag = changed.at.and_then(|at| SystemTime::now().duration_since(at).ok());
            let resume = changed.checkpoint.to_string();
            replica.take(&alone(changed), &resume);
            lag
        }
    }
}

/// One change by itself.
fn alone(changed: Changed) -> ChangeSet {
    let mut alone = ChangeSet::new();
    let Changed { layer, fields, target, change, .. } = changed;
    alone.record(&layer, &fields, target, change).expect("is the first");
    alone
}

fn tell_lags(lags: &mut [Duration]) {
    lags.sort_unstable();
    let at = |share: usize| lags.get(lags.len().saturating_sub(1) * share / 100).copied();
    let [median, most, last] = [50, 95, 100].map(|it| at(it).unwrap_or_default().as_millis());
    tell(&format!(
        "  {} changes were seen {median} ms after they were made in the median, {most} ms for 95 %, \
         {last} ms at most (the making of their transactions included)",
        lags.len()
    ));
}

/// While a file is locked, or a server away.
fn retried(watch: impl Fn() -> tiepoint::store::Result<Box<dyn Watch>>) -> Box<dyn Watch> {
    let start = Instant::now();
    loop {
        match watch() {
            Ok(watch) => return watch,
            Err(error) => assert!(start.elapsed() < Duration::from_secs(30), "{error}"),
        }
        std::thread::sleep(PATIENCE);
    }
}

/// Reads what a child hears until it is killed, or until there is nothing more; gives where it got
/// to.
fn listened(
    place: &str,
    since: &str,
    lives: Option<Duration>,
    store: &Arc<dyn Store>,
    replica: &mut Replica,
) -> String {
    let mut child = in_child(&format!("watch {since}"), place).spawn().expect("starts");
    let output = BufReader::new(child.stdout.take().expect("is piped"));
    let child = Arc::new(std::sync::Mutex::new(child));
    let done = Arc::new(AtomicBool::new(false));
    let killer = lives.map(|lives| kill_after(lives, Arc::clone(&child)));
    let mut since = since.to_owned();
    let silence = watchdog(lives.is_none(), &child, &done);
    for line in output.split(b'\n') {
        let Ok(line) = line else { break };
        // a kill may leave half a line
        let Some(said) = std::str::from_utf8(&line).ok().and_then(|it| it.strip_suffix('.')) else {
            continue;
        };
        let Some(said) = said.strip_prefix(MARK) else { continue };
        if let Some(dog) = &silence {
            *dog.0.lock().expect("is free") = Instant::now();
        }
        let (checkpoint, what) = said.split_once(' ').expect("two words");
        if let Some(reason) = what.strip_prefix("reset ") {
            replica.reset(&**store, reason);
        } else {
            let changes = ChangeSet::from_protobuf(&bytes(what)).expect("decodes");
            replica.take(&changes, checkpoint);
        }
        checkpoint.clone_into(&mut since);
    }
    done.store(true, Ordering::SeqCst);
    if let Some(killer) = killer {
        killer.join().expect("kills");
    }
    if let Some((_, dog)) = silence {
        dog.join().expect("watches");
    }
    let ended = child.lock().expect("is free").wait().expect("ends");
    assert!(!ended.success(), "it never ends by itself");
    assert!(killed(ended), "the watcher failed by itself: {ended}");
    since
}

#[cfg(unix)]
fn killed(status: std::process::ExitStatus) -> bool {
    std::os::unix::process::ExitStatusExt::signal(&status) == Some(9)
}

#[cfg(not(unix))]
fn killed(_: std::process::ExitStatus) -> bool {
    true
}

fn kill_after(lives: Duration, child: Arc<std::sync::Mutex<Child>>) -> JoinHandle<()> {
    std::thread::spawn(move || {
        std::thread::sleep(lives);
        child.lock().expect("is free").kill().expect("is killed");
    })
}

type Watchdog = (Arc<std::sync::Mutex<Instant>>, JoinHandle<()>);

/// Ends a child that has had nothing to say for a while.
fn watchdog(
    wanted: bool,
    child: &Arc<std::sync::Mutex<Child>>,
    done: &Arc<AtomicBool>,
) -> Option<Watchdog> {
    if !wanted {
        return None;
    }
    let (child, done) = (Arc::clone(child), Arc::clone(done));
    let last = Arc::new(std::sync::Mutex::new(Instant::now()));
    let seen = Arc::clone(&last);
    let thread = std::thread::spawn(move || {
        while !done.load(Ordering::SeqCst) {
            if seen.lock().expect("is free").elapsed() > 2 * QUIET {
                // it may have ended by itself, which is found out later
                let _ = child.lock().expect("is free").kill();
            }
            std::thread::sleep(PATIENCE);
        }
    });
    Some((last, thread))
}

/// The command that does `work` in another process.
pub(crate) fn in_child(work: &str, place: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("is running"));
    command.args(["--exact", "child", "--nocapture", "--test-threads=1"]);
    command.env(WORK, work).env(PLACE, place);
    command.stdout(Stdio::piped());
    command
}

/// The work of a child: writes a line for each event, and waits for more.
pub(crate) fn watch_for_ever(place: &str, since: &str) {
    let store = crate::ours::opened(place);
    let options = WatchOptions::after(since.parse().expect("a checkpoint"));
    let mut watch = retried(|| store.watch(&options));
    let mut well = Instant::now();
    loop {
        let event = match watch.next(PATIENCE) {
            Ok(event) => event,
            Err(error) => {
                assert!(well.elapsed() < Duration::from_secs(60), "{error}");
                std::thread::sleep(PATIENCE);
                continue;
            }
        };
        well = Instant::now();
        let Some(event) = event else { continue };
        let mut line = format!("\n{MARK}{} ", event.checkpoint());
        match event {
            WatchEvent::Reset(reset) => write!(line, "reset {}", reset.reason).expect("is written"),
            WatchEvent::Changed(changed) => {
                assert!(!changed.is_own() && layers::ALL.contains(&&*changed.layer), "{changed:?}");
                for byte in alone(changed).to_protobuf() {
                    write!(line, "{byte:02x}").expect("is written");
                }
            }
        }
        line.push_str(".\n");
        std::io::stdout().lock().write_all(line.as_bytes()).expect("is told");
    }
}

fn bytes(hex: &str) -> Vec<u8> {
    let byte = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).expect("hexadecimal");
    (0..hex.len()).step_by(2).map(byte).collect()
}
