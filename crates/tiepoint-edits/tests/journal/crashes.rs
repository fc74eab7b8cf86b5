//! Power fails at any byte: what is read back is all that was synced and nothing half.
use super::{cases, files, offered, open, record, store};
use proptest::prelude::*;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use tempfile::{TempDir, tempdir, tempdir_in};
use tiepoint_edits::journal::{Fault, Faults, JournalFolder, Operation, Record};

/// Remembers how long the journal's file was when it was synced last.
#[derive(Debug, Default)]
struct Watch {
    durable: Mutex<u64>,
}

impl Faults for Watch {
    fn before(&self, _: Operation, _: &Path, _: usize) -> Fault {
        Fault::None
    }

    fn after(&self, operation: Operation, path: &Path) {
        if matches!(operation, Operation::Sync | Operation::Rename) {
            *self.durable.lock().expect("is free") = fs::metadata(path).map_or(0, |it| it.len());
        }
    }
}

#[derive(Debug, Clone)]
enum Act {
    Append(Vec<usize>),
    Sync,
    Clear,
    Restart(usize),
}

/// What a file tells, append by append, and how much of it is synced.
#[derive(Debug, Default)]
struct Model {
    units: Vec<Vec<Record>>,
    synced: usize,
}

impl Model {
    /// What is offered when the first `count` appends are read.
    fn offered(&self, count: usize) -> Vec<Record> {
        let all = self.units[..count].concat();
        let cleared = all.iter().rposition(|it| *it == Record::Cleared);
        all[cleared.map_or(0, |it| it + 1)..].to_vec()
    }

    fn allows(&self, offered: &[Record]) -> bool {
        (self.synced..=self.units.len()).any(|count| self.offered(count) == offered)
    }
}

fn arb_acts() -> impl Strategy<Value = Vec<Act>> {
    let size = prop_oneof![16 => 0..20_usize, 4 => 400..1500_usize, 1 => Just(1_100_000_usize)];
    let act = prop_oneof![
        6 => prop::collection::vec(size, 1..4).prop_map(Act::Append),
        3 => Just(Act::Sync),
        1 => Just(Act::Clear),
        1 => (0..3_usize).prop_map(Act::Restart),
    ];
    prop::collection::vec(act, 1..12)
}

/// Acts in a folder; the journal's file and how much of it is synced, where there is one.
fn act(folder: &Path, acts: &[Act], model: &mut Model) -> Option<(PathBuf, Vec<u8>, usize)> {
    let watch = Arc::new(Watch::default());
    let journals = JournalFolder::at(folder).with_faults(watch.clone());
    let journal = journals.open(&store()).expect("opens");
    let mut mark = None;
    for (number, act) in acts.iter().enumerate() {
        let named = |size: usize| record(format!("{number} {}", "z".repeat(size)));
        match act {
            Act::Append(sizes) => {
                let records: Vec<Record> = sizes.iter().map(|it| named(*it)).collect();
                mark = Some(journal.append(&records).expect("is written"));
                model.units.push(records);
            }
            Act::Sync => {
                if let Some(mark) = mark {
                    journal.sync(mark).expect("is synced");
                    model.synced = model.units.len();
                }
            }
            Act::Clear => {
                journal.clear().expect("clears");
                if files(folder, ".journal").is_empty() {
                    *model = Model::default();
                } else {
                    model.units.push(vec![Record::Cleared]);
                }
            }
            Act::Restart(count) => {
                let records: Vec<Record> = (0..*count).map(named).collect();
                journal.restart(&records).expect("restarts");
                *model = Model {
                    synced: *count,
                    units: records.into_iter().map(|it| vec![it]).collect(),
                };
            }
        }
        // A sync of an old mark need not reach what was cleared or appended since.
        if !matches!(act, Act::Append(_)) {
            mark = journal.append(&[]).ok();
        }
    }
    let durable = usize::try_from(*watch.durable.lock().expect("is free")).expect("fits");
    let path = files(folder, ".journal").pop()?;
    let bytes = fs::read(&path).expect("is read");
    Some((path, bytes, durable))
}

/// What a power failure may leave of a file whose first `durable` bytes are on stable storage.
fn crashed(bytes: &[u8], durable: usize, every: usize, seed: u64) -> Vec<Vec<u8>> {
    let mut random = seed | 1;
    let mut next = move || {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random
    };
    let mut images = vec![bytes.to_vec()];
    for at in (durable..bytes.len()).step_by(every) {
        images.push(bytes[..at].to_vec());
        let (mut zeros, mut garbage, mut holes) = (bytes.to_vec(), bytes.to_vec(), bytes.to_vec());
        zeros[at..].fill(0);
        garbage[at..].iter_mut().for_each(|it| *it = next().to_le_bytes()[0]);
        for (sector, part) in holes.chunks_mut(512).enumerate() {
            let from = durable.saturating_sub(sector * 512).min(part.len());
            if next() % 2 == 0 {
                part[from..].fill(0);
            }
        }
        images.extend([zeros, garbage, holes]);
    }
    images
}

/// A folder that costs no disk, where the system has one: what is there was written before.
fn in_memory() -> TempDir {
    tempdir_in("/dev/shm").or_else(|_| tempdir()).expect("a folder")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases(12)))]

    #[test]
    fn power_failing_at_any_byte_costs_nothing_acknowledged(acts in arb_acts(), seed: u64) {
        let (folder, after) = (tempdir().expect("a folder"), in_memory());
        let mut model = Model::default();
        if let Some((path, bytes, durable)) = act(folder.path(), &acts, &mut model) {
            let copy = after.path().join(path.strip_prefix(folder.path()).expect("is within"));
            // Every byte of what is short; of what is long, some.
            let tail = bytes.len() - durable;
            let every = if tail < 300 { 1 } else { tail / 15 };
            for image in crashed(&bytes, durable, every, seed) {
                fs::create_dir_all(copy.parent().expect("is within")).expect("is made");
                fs::write(&copy, &image).expect("is written");
                let found = super::left(after.path());
                prop_assert!(found.iter().all(|it| it.damage().is_none()), "{:?}", found);
                drop(found);
                let offered = offered(after.path());
                prop_assert!(model.allows(&offered), "{} of {} bytes", image.len(), bytes.len());
            }
        }
    }

    #[test]
    fn a_byte_that_rots_costs_nothing_before_it(at: prop::sample::Index, bit in 0..8_u32) {
        let folder = tempdir().expect("a folder");
        let journal = open(folder.path());
        let records: Vec<Record> = (0..6).map(|it| record(format!("edit {it}"))).collect();
        for it in &records {
            journal.write(std::slice::from_ref(it)).expect("is written");
        }
        drop(journal);
        let path = files(folder.path(), ".journal").pop().expect("is there");
        let mut bytes = fs::read(&path).expect("is read");
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        fs::write(&path, &bytes).expect("is written");

        let found = super::left(folder.path()).pop().expect("is offered");
        let last = at + 44 >= bytes.len();
        match found.records() {
            Ok(offered) => {
                prop_assert!(records.starts_with(&offered));
                prop_assert!(found.damage().is_some() || last && offered.len() == 5, "{}", at);
            }
            Err(error) => prop_assert!(error.to_string().contains("newer"), "{}", error),
        }
        drop(found);
        prop_assert_eq!(fs::read(&path).expect("stays"), bytes);
    }
}
