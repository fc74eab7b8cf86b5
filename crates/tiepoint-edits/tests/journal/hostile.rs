//! Bytes of any origin: a journal is read as far as it is one, without panic or much memory.
use super::{cases, files, left, open, record};
use proptest::prelude::*;
use std::fs;
use std::path::PathBuf;
use tempfile::{TempDir, tempdir};

/// A folder with one journal that a dead session left.
fn one() -> (TempDir, PathBuf, Vec<u8>) {
    let folder = tempdir().expect("a folder");
    let journal = open(folder.path());
    for name in ["one", "two", "three"] {
        journal.write(&[record(name), record("x".repeat(700))]).expect("is written");
    }
    drop(journal);
    let path = files(folder.path(), ".journal").pop().expect("is there");
    let bytes = fs::read(&path).expect("is read");
    (folder, path, bytes)
}

/// Where the first frame starts: behind the prefix and the head, whose length stands at 12.
fn head_length(bytes: &[u8]) -> usize {
    20 + u32::from_le_bytes(*bytes[12..].first_chunk().expect("is there")) as usize
}

#[derive(Debug, Clone)]
enum Harm {
    Set(prop::sample::Index, u8),
    Insert(prop::sample::Index, Vec<u8>),
    Remove(prop::sample::Index, u8),
    Repeat(prop::sample::Index, u16),
    Cut(prop::sample::Index),
}

fn arb_harm() -> impl Strategy<Value = Harm> {
    use prop::sample::Index;
    prop_oneof![
        (any::<Index>(), any::<u8>()).prop_map(|it| Harm::Set(it.0, it.1)),
        (any::<Index>(), any::<Vec<u8>>()).prop_map(|it| Harm::Insert(it.0, it.1)),
        (any::<Index>(), any::<u8>()).prop_map(|it| Harm::Remove(it.0, it.1)),
        (any::<Index>(), any::<u16>()).prop_map(|it| Harm::Repeat(it.0, it.1)),
        any::<Index>().prop_map(Harm::Cut),
    ]
}

impl Harm {
    fn done(&self, bytes: &mut Vec<u8>) {
        if bytes.is_empty() {
            return;
        }
        let end = |at: usize, count: usize, bytes: &[u8]| (at + count).min(bytes.len());
        match self {
            Self::Set(at, byte) => {
                let at = at.index(bytes.len());
                bytes[at] = *byte;
            }
            Self::Insert(at, more) => {
                let at = at.index(bytes.len());
                bytes.splice(at..at, more.iter().copied());
            }
            Self::Remove(at, count) => {
                let at = at.index(bytes.len());
                bytes.drain(at..end(at, (*count).into(), bytes));
            }
            Self::Repeat(at, count) => {
                let at = at.index(bytes.len());
                bytes.extend_from_within(at..end(at, (*count).into(), bytes));
            }
            Self::Cut(at) => bytes.truncate(at.index(bytes.len())),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases(300)))]

    #[test]
    fn harmed_journals_offer_what_is_whole_and_stay(harms in prop::collection::vec(arb_harm(), 1..5)) {
        let (folder, path, whole) = one();
        let all: Vec<_> = left(folder.path())[0].records().expect("is read");
        let head = whole[..head_length(&whole)].to_vec();
        let mut bytes = whole;
        for harm in &harms {
            harm.done(&mut bytes);
        }
        fs::write(&path, &bytes).expect("is written");
        for it in left(folder.path()) {
            if let Ok(records) = it.records() {
                prop_assert!(all.starts_with(&records));
            }
        }
        let kept = if path.exists() { path } else { path.with_extension("aside") };
        if bytes == head {
            return Ok(()); // Nothing is in it, as where a session died before its first record.
        }
        prop_assert_eq!(fs::read(kept).expect("stays"), bytes, "never deleted");
    }

    #[test]
    fn any_bytes_in_a_journals_place_are_no_records(bytes: Vec<u8>, magic: bool) {
        let (folder, path, whole) = one();
        let start = if magic { &whole[..20] } else { &[] };
        fs::write(&path, [start, &bytes].concat()).expect("is written");
        for it in left(folder.path()) {
            prop_assert!(it.records().map_or(true, |it| it.is_empty()));
            prop_assert!(it.damage().is_some() || it.records().is_err());
        }
        prop_assert!(path.exists());
    }
}

#[test]
fn foreign_files_in_the_folder_are_let_be() {
    let (folder, path, _) = one();
    let around = path.parent().expect("is within");
    for name in ["notes.txt", "notes.journal", ".DS_Store", "x.lock", "\u{fffd}.fresh"] {
        fs::write(around.join(name), "mine").expect("is written");
    }
    fs::write(folder.path().join("a file"), "mine").expect("is written");
    assert_eq!(left(folder.path()).len(), 1);
    assert_eq!(files(folder.path(), "").len(), 8, "with the journal and its lock");
}
