//! QGIS in a process of its own with a layer open, and a watcher that hears what it does to it.
use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};
use tiepoint_core::{Change, Image, Query, Target};
use tiepoint_store::{Author, Changed, Store, Watch, WatchEvent, WatchOptions};

/// Debian's own Python: the one that GDAL's and QGIS's modules are installed for.
pub(crate) const PYTHON: &str = "/usr/bin/python3";
/// What QGIS is driven by.
pub(crate) const SCRIPT: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../tiepoint-gpkg/tests/others/in_qgis.py");
/// How long after QGIS is done all must have been heard.
const SOON: Duration = Duration::from_secs(2);
/// How long it must be quiet for all to have been heard.
const HUSH: Duration = Duration::from_millis(150);

/// What plugins do past the edit buffer, and what of it is heard.
pub(crate) const DIRECT: [(&str, &str); 5] = [
    ("provider_add", "++"),
    ("provider_change", "~~~~~~~"),
    ("provider_geometry", "~~~~~~~"),
    ("provider_delete", "--"),
    ("provider_truncate", "-----"),
];
/// What is done to a layer without geometry, and what of it is heard.
pub(crate) const WITHOUT_GEOMETRY: [(&str, &str); 11] = [
    ("add", "+"),
    ("edit_values", "~~~~~~"),
    ("undo", "~"),
    ("duplicate", "+"),
    ("paste", "++"),
    ("cut_paste", "-+"),
    ("delete", "-"),
    ("provider_add", "++"),
    ("provider_change", "~~~~~~~~~~"),
    ("provider_delete", "--"),
    ("provider_truncate", "--------"),
];

/// QGIS with a layer open.
pub(crate) struct Qgis {
    process: Child,
    orders: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Qgis {
    /// `source` is what QGIS calls the store.
    pub(crate) fn open(source: &str, layer: &str) -> Self {
        let mut command = Command::new(PYTHON);
        command.args([SCRIPT, source, layer]).env("QT_QPA_PLATFORM", "offscreen");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = command.spawn().expect("starts");
        let orders = process.stdin.take();
        let answers = BufReader::new(process.stdout.take().expect("is piped"));
        let mut qgis = Self { process, orders, answers };
        qgis.does("read");
        qgis
    }

    /// Has it do something that it can.
    #[track_caller]
    pub(crate) fn does(&mut self, operation: &str) {
        assert_eq!(succeeded(&self.ask(operation)), Ok(()), "{operation}");
    }

    /// Has it do something, and gives its answer.
    fn ask(&mut self, operation: &str) -> String {
        let orders = self.orders.as_mut().expect("is open until it is closed");
        writeln!(orders, "{operation}").expect("it lives");
        let mut answer = String::new();
        self.answers.read_line(&mut answer).expect("it answers");
        answer
    }
}

impl Drop for Qgis {
    fn drop(&mut self) {
        drop(self.orders.take());
        // one that does not end by itself has been told about by then
        let _ = self.process.wait();
    }
}

/// Whether an answer says that all was done and committed; else the answer.
fn succeeded(answer: &str) -> Result<(), &str> {
    if answer.contains(r#""done": true, "committed": true"#) { Ok(()) } else { Err(answer) }
}

/// A layer that QGIS has open, a watcher of it, and a copy that is kept by what it hears.
pub(crate) struct Session<'s> {
    qgis: Qgis,
    ear: Ear<'s>,
    answer: String,
}

impl<'s> Session<'s> {
    /// Opens a layer in QGIS, and watches it.
    pub(crate) fn open(store: &'s dyn Store, source: &str, layer: &'s str) -> Self {
        Self::watching(store, Qgis::open(source, layer), layer)
    }

    /// Watches a layer that QGIS has open.
    pub(crate) fn watching(store: &'s dyn Store, qgis: Qgis, layer: &'s str) -> Self {
        Self { qgis, ear: Ear::of(store, layer), answer: String::new() }
    }

    /// Has QGIS do one thing after the other, each with what is heard of it, as [`Self::told`] has it.
    #[track_caller]
    pub(crate) fn tells(&mut self, operations: &[(&str, &str)]) {
        for (operation, told) in operations {
            assert_eq!(self.told(operation), *told, "{operation}");
        }
    }

    /// Has QGIS do something; gives what is heard of it: `+` for what came, `~` for what changed,
    /// `-` for what went, `!` where the layer is to be read again.
    ///
    /// All is heard soon, is of another program, fits what was there, and leads to what is there.
    #[track_caller]
    pub(crate) fn told(&mut self, operation: &str) -> String {
        let told = self.hear(operation);
        assert_eq!(succeeded(&self.answer), Ok(()), "{operation}");
        told
    }

    /// The same of what QGIS cannot do; gives its reasons, too.
    #[track_caller]
    pub(crate) fn told_of_refused(&mut self, operation: &str) -> (String, String) {
        let told = self.hear(operation);
        assert!(self.answer.contains(r#""committed": false"#), "{}", self.answer);
        (told, self.answer.clone())
    }

    /// Closes QGIS; who watches stays.
    pub(crate) fn closed(self) -> Box<dyn Watch> {
        drop(self.qgis);
        self.ear.watch
    }

    #[track_caller]
    fn hear(&mut self, operation: &str) -> String {
        let Self { qgis, ear, answer } = self;
        let mut told = String::new();
        *answer = thread::scope(|scope| {
            let working = scope.spawn(|| qgis.ask(operation));
            while !working.is_finished() {
                told.extend(ear.next(Duration::from_millis(20)));
            }
            working.join().expect("it answers")
        });
        let done = Instant::now();
        loop {
            match ear.next(HUSH) {
                Some(sign) => told.push(sign),
                None if ear.is_right() => return told,
                None => {}
            }
            assert!(done.elapsed() < SOON, "{operation}: {told} leads to {:?}; {answer}", ear.copy);
        }
    }
}

/// A watcher, and a copy that is kept by what it hears.
struct Ear<'s> {
    store: &'s dyn Store,
    layer: &'s str,
    watch: Box<dyn Watch>,
    copy: Copy,
}

impl<'s> Ear<'s> {
    fn of(store: &'s dyn Store, layer: &'s str) -> Self {
        let watch = store.watch(&WatchOptions::from_now().layer(layer)).expect("watches");
        Self { store, layer, watch, copy: Copy::of(store, layer) }
    }

    fn is_right(&self) -> bool {
        self.copy == Copy::of(self.store, self.layer)
    }

    /// Takes what it hears next, and gives its sign; after a reset the layer is read again.
    #[track_caller]
    fn next(&mut self, patience: Duration) -> Option<char> {
        Some(match self.watch.next(patience).expect("can be read")? {
            WatchEvent::Changed(changed) => {
                assert_eq!(changed.author, Author::Other);
                assert!(changed.at.is_some(), "the time was noted");
                self.copy.apply(&changed);
                match changed.change {
                    Change::Insert(_) => '+',
                    Change::Update(_) => '~',
                    Change::Delete(_) => '-',
                }
            }
            WatchEvent::Reset(_) => {
                self.copy = Copy::of(self.store, self.layer);
                '!'
            }
        })
    }
}

/// What a layer says, as far as a watcher knows it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Copy(HashMap<Target, Image>);

impl Copy {
    pub(crate) fn of(store: &dyn Store, layer: &str) -> Self {
        let features = store.read(&Query::layer(layer)).expect("reads");
        let features = features.map(|it| it.expect("reads"));
        Self(features.map(|it| (Target::of(&it).expect("is stored"), Image::of(&it))).collect())
    }

    /// Applies a change that must fit.
    #[track_caller]
    pub(crate) fn apply(&mut self, changed: &Changed) {
        let before = self.0.remove(&changed.target);
        let after = changed.change.applied_to(before);
        let after = after.unwrap_or_else(|error| panic!("{error}: {changed:?}"));
        self.0.extend(after.map(|it| (changed.target.clone(), it)));
    }
}
