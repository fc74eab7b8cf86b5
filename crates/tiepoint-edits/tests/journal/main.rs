//! What the journal promises: nothing acknowledged is lost, nothing half is offered, nothing twice.
mod crashes;
mod failures;
mod hostile;
mod life;
mod processes;
mod speed;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use tiepoint_edits::journal::{Journal, JournalFolder, LeftBehind, Record, StoreLabel};

/// The store that tests edit.
fn store() -> StoreLabel {
    StoreLabel { place: "0190a6f0".into(), address: "trees.gpkg".into() }
}

/// A record that is told from others by its name.
fn record(name: impl Into<String>) -> Record {
    Record::Step { name: name.into(), changes: Arc::default() }
}

/// The names of such records.
fn names(records: &[Record]) -> Vec<&str> {
    let named = records.iter().map(|it| match it {
        Record::Step { name, .. } => Some(name.as_str()),
        _ => None,
    });
    named.flatten().collect()
}

fn left(folder: &Path) -> Vec<LeftBehind> {
    JournalFolder::at(folder).left_behind(Some(&store())).expect("the folder is read")
}

/// What all that was left behind offers, in a folder.
fn offered(folder: &Path) -> Vec<Record> {
    let all = left(folder);
    all.iter().flat_map(|it| it.records().expect("is read")).collect()
}

/// The files in a folder and in those within, by ending.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.map(|it| it.expect("is read").path());
    let mut found: Vec<PathBuf> = paths
        .flat_map(|it| if it.is_dir() { files(&it, ending) } else { vec![it] })
        .filter(|it| it.to_string_lossy().ends_with(ending))
        .collect();
    found.sort();
    found
}

fn open(folder: &Path) -> Journal {
    JournalFolder::at(folder).open(&store()).expect("opens")
}

/// How many cases to try: `TIEPOINT_LONG` says how many times more than usual.
fn cases(usual: u32) -> u32 {
    let asked = std::env::var("TIEPOINT_LONG").ok().and_then(|it| it.parse::<u32>().ok());
    usual.saturating_mul(asked.unwrap_or(1).max(1))
}
