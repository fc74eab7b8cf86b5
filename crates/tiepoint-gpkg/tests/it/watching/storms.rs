//! Whatever another program does, in whatever order: who listens has it all, and who comes back
//! from wherever it was has it, too.
use super::copy::Copy;
use super::heard;
use crate::trees::{TREES, begin, committed, definition, folder, insert, other_program};
use proptest::prelude::*;
use rusqlite::Connection;
use tiepoint_core::{Field, FieldType, Identity, Index, LayerDefinition, ObjectId, Schema};
use tiepoint_gpkg::{GpkgStore, OpenOptions};
use tiepoint_store::{LogOptions, Store, Watch, WatchOptions, WriteMode};

/// What may happen next.
#[derive(Debug, Clone)]
enum Step {
    /// A statement of another program, which may fail.
    Other(String),
    /// We write, if nobody else is.
    Ours(WriteMode),
    /// The watcher takes some events.
    Take(usize),
    /// The watcher goes and comes back.
    Return,
    /// The watcher goes, and one comes back to where it was some events ago.
    GoBack(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let (fid, code, number) = (1..9_i64, 0..6_i64, 0..5_i64);
    let statement = (0..33_u8, fid, code, number).prop_map(|(which, fid, code, number)| {
        let text = match which {
            0 => format!("INSERT INTO trees (name, code) VALUES ('n{number}', NULL)"),
            1 => format!("INSERT INTO trees (fid, name, code) VALUES ({fid}, 'n{number}', {code})"),
            2 => format!("INSERT OR REPLACE INTO trees (fid, name, code) VALUES ({fid}, 'r{number}', {code})"),
            3 => format!("INSERT OR REPLACE INTO trees (name, code) VALUES ('s{number}', {code})"),
            4 => format!("INSERT OR IGNORE INTO trees (fid, name, code) VALUES ({fid}, 'i{number}', {code})"),
            5 => format!("INSERT INTO trees (fid, name) VALUES ({fid}, 'u{number}') ON CONFLICT (fid) DO UPDATE SET name = excluded.name, height = {number}"),
            6 => format!("UPDATE OR REPLACE trees SET code = {code} WHERE fid = {fid}"),
            7 => format!("UPDATE OR IGNORE trees SET code = {code}, name = 'x{number}' WHERE fid >= {fid}"),
            8 => format!("UPDATE trees SET name = 'n{number}', height = {number} WHERE fid = {fid}"),
            9 => format!("UPDATE trees SET name = upper(name) WHERE fid >= {fid}"),
            10 => format!("UPDATE trees SET fid = {} WHERE fid = {fid}", fid + number),
            11 => format!("UPDATE OR REPLACE trees SET fid = {} WHERE fid = {fid}", fid + number),
            12 => format!("UPDATE OR REPLACE trees SET rowid = {}, name = 'm' WHERE fid = {fid}", fid + number),
            13 => format!("DELETE FROM trees WHERE fid = {fid}"),
            14 => format!("DELETE FROM trees WHERE code >= {code}"),
            15 => "BEGIN".to_owned(),
            16 => "BEGIN IMMEDIATE".to_owned(),
            17 | 18 => "COMMIT".to_owned(),
            19 => "ROLLBACK".to_owned(),
            20 => "SAVEPOINT a".to_owned(),
            21 => "ROLLBACK TO a".to_owned(),
            22 => "RELEASE a".to_owned(),
            23 => "VACUUM".to_owned(),
            // SQLite (3.53.2 still) that goes back without having read writes over what others wrote
            24 => "PRAGMA journal_mode = wal; SELECT count(*) FROM trees".to_owned(),
            25 => "PRAGMA journal_mode = delete".to_owned(),
            26 => format!("UPDATE trees SET loose = {} WHERE fid >= {fid}", ["1", "1.0", "'1'", "x'31'", "NULL"][usize::try_from(number).expect("is small")]),
            27 => format!("INSERT INTO trees (name, object_id) SELECT name, object_id FROM trees WHERE fid = {fid}"),
            28 => format!("UPDATE trees SET object_id = '67e55044-10b1-426f-9247-bb680e5fe0c8', height = {number} WHERE fid = {fid}"),
            29 => format!("PRAGMA recursive_triggers = {}", number % 2),
            30 => format!("UPDATE trees SET geom = (SELECT geom FROM trees WHERE fid = {fid}) WHERE fid > {fid}"),
            31 => "DELETE FROM trees".to_owned(),
            _ => format!("INSERT OR REPLACE INTO trees SELECT * FROM trees WHERE fid >= {fid}"),
        };
        Step::Other(text)
    });
    prop_oneof![
        20 => statement,
        1 => Just(Step::Ours(WriteMode::Rows)),
        1 => Just(Step::Ours(WriteMode::Bulk)),
        3 => (0..9_usize).prop_map(Step::Take),
        1 => Just(Step::Return),
        1 => (0..9_usize).prop_map(Step::GoBack),
    ]
}

/// A file with a few trees, a unique column and one that takes everything.
fn file(path: &std::path::Path, identity: Identity) {
    let mut fields = definition(identity.clone()).schema.fields().to_vec();
    fields.push(Field::new("code", FieldType::INT));
    let schema = Schema::new(fields).expect("distinct names");
    let indexes = vec![Index { unique: true, ..Index::on(["code"]) }];
    let definition = LayerDefinition { identity, indexes, ..LayerDefinition::new(TREES, schema) };
    let store = GpkgStore::create(path).expect("is new");
    committed(&store, |it| {
        it.create_layer(&definition).expect("is created");
    });
    let other = other_program(path);
    other.execute_batch("ALTER TABLE trees ADD COLUMN loose").expect("is added");
    let rows = "INSERT INTO trees (name, code) VALUES ('a', 0), ('b', 1), ('c', NULL)";
    other.execute(rows, []).expect("is written");
    drop(store);
    let store = GpkgStore::open(path).expect("opens");
    committed(&store, |it| {
        it.install_log(TREES, &LogOptions::default()).expect("is installed");
    });
}

/// A watcher, the copy that it keeps, and where it was.
struct Listener {
    watch: Box<dyn Watch>,
    copy: Copy,
    past: Vec<(tiepoint_store::Checkpoint, Copy)>,
}

impl Listener {
    fn take(&mut self, count: usize) {
        for _ in 0..count {
            let before = self.watch.checkpoint();
            let Some(event) = self.watch.next(std::time::Duration::ZERO).expect("reads") else {
                break;
            };
            self.past.push((before, self.copy.clone()));
            self.copy.hear(&event);
            self.past.push((event.checkpoint().clone(), self.copy.clone()));
        }
    }

    fn return_to(&mut self, store: &GpkgStore, back: usize) {
        let at = self.past.len().saturating_sub(back + 1);
        let (checkpoint, copy) = self.past[at].clone();
        self.past.truncate(at + 1);
        self.copy = copy;
        self.watch = store.watch(&WatchOptions::after(checkpoint)).expect("watches");
    }
}

fn run(identity: Identity, rows: u64, steps: &[Step]) {
    let (_folder, path) = folder();
    let by_key = matches!(identity, Identity::NaturalKey { .. });
    file(&path, identity);
    let options = OpenOptions { watched_rows: rows, busy_timeout_ms: 100, read_only: false };
    let store = GpkgStore::open_with(&path, options).expect("opens");
    let mut listener = Listener {
        watch: store.watch(&WatchOptions::from_now()).expect("watches"),
        copy: Copy::of(&store),
        past: Vec::new(),
    };
    listener.past.push((listener.watch.checkpoint(), listener.copy.clone()));
    let other: Connection = other_program(&path);
    other.busy_timeout(std::time::Duration::from_millis(100)).expect("is set");
    for step in steps {
        match step {
            // within a savepoint it would empty the file as soon as that is gone back to (a fault of
            // SQLite up to 3.53.2 at least)
            Step::Other(statement) if statement.starts_with("BEGIN") && !other.is_autocommit() => {}
            // an update that takes another row's key then fires the deletion's trigger last
            Step::Other(statement) if by_key && statement.contains("recursive") => {}
            Step::Other(statement) => drop(other.execute_batch(statement)),
            Step::Ours(mode) if other.is_autocommit() => {
                // those without a key are refused where it is what ties
                drop(insert(begin(&store).as_mut(), 10..13, *mode));
                committed(&store, |it| {
                    let mark = it.savepoint().expect("marks");
                    if insert(it, 10..13, *mode).is_err() {
                        it.rollback_to(mark).expect("goes back");
                    }
                });
            }
            Step::Ours(_) => {}
            Step::Take(count) => listener.take(*count),
            Step::Return => listener.return_to(&store, 0),
            Step::GoBack(back) => listener.return_to(&store, *back),
        }
    }
    drop(other.execute_batch("ROLLBACK"));
    listener.take(usize::MAX);
    listener.copy.check(&store);
    for (checkpoint, mut copy) in listener.past.into_iter().rev().step_by(7) {
        let mut watch = store.watch(&WatchOptions::after(checkpoint)).expect("watches");
        for event in heard(watch.as_mut()) {
            copy.hear(&event);
        }
        copy.check(&store);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn a_listener_has_it_all(
        tied in 0..3,
        rows in prop_oneof![1..9_u64, Just(20_000)],
        steps in prop::collection::vec(step(), 1..80),
    ) {
        let identity = match tied {
            0 => Identity::None,
            1 => Identity::column(),
            _ => {
                let (field, namespace) = ("code".to_owned(), ObjectId::mint());
                Identity::NaturalKey { field, namespace }
            }
        };
        run(identity, rows, &steps);
    }
}
