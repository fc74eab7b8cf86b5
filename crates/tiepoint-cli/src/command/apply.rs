//! `tiepoint apply`: a change set into a store, once and whole.
use super::changes::{decisions, told};
use crate::args::ApplyArgs;
use crate::terminal::{Watcher, count, described, plain, say, summarised, write_out};
use tiepoint::{
    Applied, ApplyOptions, ChangeSet, ChangeSetId, ObjectId, Once, Progress as _, Result, Store,
};

/// The namespace in which the texts of change sets without a name name them.
const NAMELESS: &str = "5f1b0b5e-6a0e-4c6b-9a55-1c7d2d6f3c10";

pub(super) fn run(args: &ApplyArgs) -> Result<()> {
    let changes = tiepoint::read_changes(&args.changes)?;
    let decisions = decisions(&args.conflicts)?;
    let watcher = Watcher::new();
    let store = tiepoint::open(&args.store)?;
    let id = if args.again { ChangeSetId::mint() } else { name_of(&changes) };
    let changes = changes.named(id);
    let options = ApplyOptions { control: watcher.control(), ..ApplyOptions::default() };
    let outcome = if args.dry_run {
        tiepoint::preview_deciding(&*store, &changes, &decisions, &options)
    } else {
        tiepoint::apply_deciding(&*store, &changes, &decisions, &options)
    };
    let shown = plain(store.name()).into_owned();
    match told(outcome, &args.conflicts)? {
        Once::Before => {
            say(&format!("already applied to {shown}; nothing has changed"));
            say(" hint: `--again` applies it once more");
        }
        Once::Now(applied) if args.dry_run => {
            write_out(&described(&applied.written, Some(&*store)))?;
            say("a dry run: nothing has been written");
        }
        Once::Now(applied) => tell(&*store, &applied),
    }
    Ok(())
}

/// A set without a name goes by what it says.
fn name_of(changes: &ChangeSet) -> ChangeSetId {
    changes.id.unwrap_or_else(|| {
        let namespace: ObjectId = NAMELESS.parse().expect("is a UUID");
        ChangeSetId(ObjectId::from_key(&namespace, &changes.to_json()))
    })
}

/// Says what came of changes that were written.
pub(super) fn tell(store: &dyn Store, applied: &Applied) {
    let shown = plain(store.name()).into_owned();
    if applied.written.is_empty() {
        say(&format!("{shown} says all of it already; nothing has changed"));
    }
    for line in summarised(&applied.written).lines() {
        say(&format!("{shown}, {line}"));
    }
    if !applied.theirs.is_empty() {
        let many = count(applied.theirs.len() as u64, "feature");
        say(&format!(" {many} had been changed by others meanwhile, which stays"));
    }
}
