//! `tiepoint diff`: what must happen to one store to become another.
use super::changes::put;
use super::select::wrong;
use crate::args::DiffArgs;
use crate::terminal::{Watcher, plain, say, summarised, write_out};
use std::collections::BTreeSet;
use std::process::ExitCode;
use tiepoint::{
    ChangeSet, ChangeSetId, DiffOptions, Difference, Location, MatchBy, Progress as _, Result,
};

/// What the command exits with where something differs.
const DIFFERENT: u8 = 1;

pub(super) fn run(args: &DiffArgs) -> Result<ExitCode> {
    let watcher = Watcher::new();
    let options = DiffOptions {
        layers: None,
        ignore: args.ignore.iter().cloned().collect(),
        match_by: match (&args.key, args.by_row) {
            (Some(field), _) => MatchBy::Key(field.clone()),
            (None, true) => MatchBy::Fid,
            (None, false) => MatchBy::Id,
        },
        control: watcher.control(),
    };
    let difference = difference(args, &options)?;
    for note in &difference.notes {
        say(&format!("note: {}", plain(&note.to_string())));
    }
    let differs = !difference.changes.is_empty() || !difference.notes.is_empty();
    if args.summary {
        write_out(&summarised(&difference.changes))?;
    } else {
        let changes = difference.changes.named(ChangeSetId::mint());
        put(&changes, Some(&*tiepoint::open(&args.a)?), &args.output)?;
    }
    Ok(if differs { DIFFERENT.into() } else { ExitCode::SUCCESS })
}

fn difference(args: &DiffArgs, options: &DiffOptions) -> Result<Difference> {
    let places = [Location::parse(&args.a)?, Location::parse(&args.b)?];
    let pairs = args.layer.iter().map(|text| pair(text)).collect::<Result<Vec<_>>>()?;
    let (alike, renamed): (Vec<_>, Vec<_>) = pairs.into_iter().partition(|(a, b)| a == b);
    let mut all = Difference::default();
    if !alike.is_empty() || renamed.is_empty() {
        let names: BTreeSet<String> = alike.into_iter().map(|(name, _)| name.to_owned()).collect();
        let layers = (!names.is_empty()).then_some(names);
        all = tiepoint::diff(&places[0], &places[1], &DiffOptions { layers, ..options.clone() })?;
    }
    if renamed.is_empty() {
        return Ok(all);
    }
    let stores = [tiepoint::open(&args.a)?, tiepoint::open(&args.b)?];
    for (name, name_in_b) in renamed {
        let found = tiepoint::diff_layers((&*stores[0], name), (&*stores[1], name_in_b), options)?;
        all.notes.extend(found.notes);
        all.changes = joined(&all.changes, &found.changes)?;
    }
    Ok(all)
}

/// Two change sets of different layers as one.
fn joined(one: &ChangeSet, other: &ChangeSet) -> Result<ChangeSet> {
    one.then(other).map_err(|error| wrong("--layer", &error))
}

/// `NAME` or `NAME=NAME_IN_B`.
fn pair(text: &str) -> Result<(&str, &str)> {
    let (a, b) = text.split_once('=').unwrap_or((text, text));
    if a.is_empty() || b.is_empty() {
        return Err(wrong("--layer", &format!("`{text}` names no layer")));
    }
    Ok((a, b))
}
