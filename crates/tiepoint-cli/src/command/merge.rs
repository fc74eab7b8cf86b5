//! `tiepoint merge`: what two sides made of one base, as one.
use super::apply::tell;
use super::changes::{decisions, put, told};
use super::select::wrong;
use crate::args::MergeArgs;
use crate::terminal::{Watcher, plain, say};
use std::collections::BTreeSet;
use tiepoint::{
    ApplyOptions, ChangeSet, ChangeSetId, DiffOptions, Location, Once, Progress as _, Result,
};

pub(super) fn run(args: &MergeArgs) -> Result<()> {
    let decisions = decisions(&args.conflicts)?;
    let watcher = Watcher::new();
    let base = Location::parse(&args.base)?;
    let names: BTreeSet<String> = args.layer.iter().cloned().collect();
    let options = DiffOptions {
        layers: (!names.is_empty()).then_some(names),
        control: watcher.control(),
        ..DiffOptions::default()
    };
    if args.into && Location::parse(&args.theirs).is_err() {
        return Err(wrong("--into", &format!("`{}` is no store", plain(&args.theirs))));
    }
    let mine = side(&base, &args.mine, &options)?;
    let theirs = side(&base, &args.theirs, &options)?;
    let store = tiepoint::open(&args.base)?;
    let layers = store.layers()?;
    let merged = tiepoint::merge_deciding(&mine, &theirs, &layers, &decisions);
    let merged = told(merged, &args.conflicts)?.named(ChangeSetId::mint());
    if !args.into {
        return put(&merged, Some(&*store), &args.output);
    }
    let store = tiepoint::open(&args.theirs)?;
    let options = ApplyOptions { control: watcher.control(), ..ApplyOptions::default() };
    let outcome = tiepoint::apply_deciding(&*store, &merged, &decisions, &options);
    if let Once::Now(applied) = told(outcome, &args.conflicts)? {
        tell(&*store, &applied);
    }
    Ok(())
}

/// What a side made of the base: read from a change set, or found in a store.
fn side(base: &Location, side: &str, options: &DiffOptions) -> Result<ChangeSet> {
    let Ok(store) = Location::parse(side) else { return tiepoint::read_changes(side) };
    let found = tiepoint::diff(base, &store, options)?;
    for note in &found.notes {
        say(&format!("note: {store}: {}", plain(&note.to_string())));
    }
    Ok(found.changes)
}
