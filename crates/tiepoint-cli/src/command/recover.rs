//! `tiepoint recover`: what sessions left that died or ended without commit.
use super::changes::{decisions, put, write_conflicts};
use super::journals;
use crate::args::RecoverArgs;
use crate::terminal::{Watcher, age, count, plain, report, say, summarised, write_out};
use std::path::Path;
use std::sync::Arc;
use tiepoint::edits::Remains;
use tiepoint::edits::journal::LeftBehind;
use tiepoint::{
    ApplyOptions, ChangeSet, ChangeSetId, Conflict, EditBuffer, EditError, Error, JournalFolder,
    Location, NotApplied, Progress as _, Result, Store,
};

pub(super) fn run(args: &RecoverArgs) -> Result<()> {
    let location = args.store.as_deref().map(Location::parse).transpose()?;
    let folders = folders(args, location.as_ref())?;
    if args.commit {
        return commit(args, &folders);
    }
    let found = found(args, &folders)?;
    if found.is_empty() {
        say("nothing was left behind");
        return Ok(());
    }
    if args.discard {
        return discard(found);
    }
    if args.output.output.is_some() || args.output.format.is_some() {
        return take_out(args, &found);
    }
    for left in &found {
        write_out(&listed(left))?;
    }
    if !args.list {
        say(
            " hint: `--commit` commits it, `--discard` deletes it, `-o FILE` makes a change set of it",
        );
    }
    Ok(())
}

/// Where to look: what was named, the user's own, and beside the file.
fn folders(args: &RecoverArgs, location: Option<&Location>) -> Result<Vec<JournalFolder>> {
    if let Some(folder) = &args.journal {
        return Ok(vec![JournalFolder::at(folder)]);
    }
    let beside = location.and_then(journals::beside);
    Ok(std::iter::once(JournalFolder::of_user()?).chain(beside).collect())
}

/// What was left behind, of the store that is meant or of all.
fn found(args: &RecoverArgs, folders: &[JournalFolder]) -> Result<Vec<LeftBehind>> {
    let mut all = Vec::new();
    let store: Option<Arc<dyn Store>> = match &args.store {
        Some(store) => Some(Arc::from(tiepoint::open(store)?)),
        None => None,
    };
    for folder in folders {
        match &store {
            Some(store) => {
                let buffer = EditBuffer::journalled(Arc::clone(store), folder)?;
                all.extend(buffer.left_behind()?);
            }
            None => all.extend(folder.left_behind(None)?),
        }
    }
    Ok(all)
}

/// What a session left, as a few lines.
fn listed(left: &LeftBehind) -> String {
    let store = left.store().map_or_else(|| "unknown store".to_owned(), |it| it.address.clone());
    let mut lines = match Remains::of(left) {
        Ok(remains) => pending(&remains),
        Err(error) => vec![format!("cannot be read: {}", plain(&error.to_string()))],
    };
    lines.extend(left.damage().map(journals::damaged));
    lines.push(format!("in {}", plain(&left.path().display().to_string())));
    let head = format!("{}, written {}", plain(&store), age(left.last_written()));
    format!("{head}\n    {}\n", lines.join("\n    "))
}

fn pending(remains: &Remains) -> Vec<String> {
    let mut lines: Vec<_> = summarised(&remains.changes).lines().map(str::to_owned).collect();
    let steps = count(remains.steps.len() as u64, "step");
    let last = remains.steps.last().map(|it| format!(", the last: {}", plain(it)));
    lines.push(format!("{steps}{}", last.unwrap_or_default()));
    if remains.conflicts > 0 {
        lines.push(format!("{} to decide", count(remains.conflicts as u64, "conflict")));
    }
    if remains.commit.is_some() {
        lines.push("a commit was under way; the store tells whether it happened".to_owned());
    }
    lines
}

fn discard(found: Vec<LeftBehind>) -> Result<()> {
    let many = count(found.len() as u64, "session");
    for left in found {
        if left.damage().is_some() {
            let aside = left.keep_aside()?;
            say(&format!("damaged, and kept as {}", plain(&aside.display().to_string())));
        } else {
            left.discard()?;
        }
    }
    say(&format!("what {many} left is given up"));
    Ok(())
}

/// What was left as a change set, in which a commit that was under way is as good as none: to apply
/// the set tells.
fn take_out(args: &RecoverArgs, found: &[LeftBehind]) -> Result<()> {
    let mut changes = ChangeSet::new();
    for left in found {
        let remains = Remains::of(left)?;
        changes = changes.then(&remains.changes).map_err(|error| Error::Options {
            reason: format!("several sessions changed the same: {error}"),
            hint: Some("commit them, which merges them".to_owned()),
        })?;
    }
    let store = args.store.as_deref().map(tiepoint::open).transpose()?;
    put(&changes.named(ChangeSetId::mint()), store.as_deref(), &args.output)
}

/// Commits what was left, store by store; what cannot be is told, and the others are.
fn commit(args: &RecoverArgs, folders: &[JournalFolder]) -> Result<()> {
    let stores = match &args.store {
        Some(store) => vec![store.clone()],
        None => addresses(folders)?,
    };
    let watcher = Watcher::new();
    let options = ApplyOptions { control: watcher.control(), ..ApplyOptions::default() };
    let (mut found, mut failed) = (0, None);
    for address in stores {
        match commit_to(&address, args, folders, &options) {
            Ok(sessions) => found += sessions,
            Err(error) => {
                if let Some(earlier) = failed.replace(error) {
                    report(&earlier);
                }
            }
        }
    }
    if let Some(error) = failed {
        return Err(error);
    }
    if args.store.is_none() {
        refuse_unfound(folders)?;
    }
    if found == 0 {
        say("nothing was left behind");
    }
    Ok(())
}

/// Commits what was left for one store; of how many sessions.
fn commit_to(
    address: &str,
    args: &RecoverArgs,
    folders: &[JournalFolder],
    options: &ApplyOptions,
) -> Result<usize> {
    let store: Arc<dyn Store> = Arc::from(tiepoint::open(address)?);
    let mut sessions = 0;
    for folder in folders {
        let buffer = EditBuffer::journalled(Arc::clone(&store), folder)?;
        let left = buffer.left_behind()?;
        if !left.is_empty() {
            sessions += left.len();
            commit_into(&buffer, left, args, options)?;
        }
    }
    Ok(sessions)
}

/// What is still there is of stores that cannot be told by what a journal calls them.
fn refuse_unfound(folders: &[JournalFolder]) -> Result<()> {
    let Some(address) = addresses(folders)?.into_iter().next() else { return Ok(()) };
    Err(Error::Options {
        reason: format!("{}: edits were left for another schema of it", plain(&address)),
        hint: Some("name the store as it was opened: `tiepoint recover STORE --commit`".to_owned()),
    })
}

/// What the stores are opened by that something was left for.
fn addresses(folders: &[JournalFolder]) -> Result<Vec<String>> {
    let mut all = Vec::new();
    for folder in folders {
        for left in folder.left_behind(None)? {
            all.extend(left.store().map(|it| it.address.clone()));
        }
    }
    all.sort();
    all.dedup();
    let opened = |address: String| {
        let is_odd = Location::parse(&address).is_err() && Path::new(&address).exists();
        if is_odd { format!("gpkg:{address}") } else { address }
    };
    Ok(all.into_iter().map(opened).collect())
}

fn commit_into(
    buffer: &EditBuffer,
    left: Vec<LeftBehind>,
    args: &RecoverArgs,
    options: &ApplyOptions,
) -> Result<()> {
    for it in left {
        journals::tell(&buffer.recover(it)?);
    }
    decide(buffer, args)?;
    let committed = buffer.commit_with(options);
    let committed = match committed {
        Err(EditError::Conflicts(found)) => {
            buffer.merge()?;
            write_conflicts(&found, &args.conflicts)?;
            return Err(undecided(found));
        }
        outcome => outcome?,
    };
    let shown = plain(buffer.name()).into_owned();
    for line in summarised(&committed.written).lines() {
        say(&format!("{shown}, {line}"));
    }
    if committed.written.is_empty() {
        say(&format!("{shown} says all of it already"));
    }
    Ok(())
}

/// Decides what the arguments decide; what they do not is an error, and stays in the journal.
fn decide(buffer: &EditBuffer, args: &RecoverArgs) -> Result<()> {
    let decisions = decisions(&args.conflicts)?;
    for conflict in buffer.conflicts() {
        if let Some(resolution) = decisions.of(&conflict) {
            buffer.resolve(&conflict, &resolution)?;
        }
    }
    let left = buffer.conflicts();
    if left.is_empty() {
        return Ok(());
    }
    write_conflicts(&left, &args.conflicts)?;
    Err(undecided(left))
}

fn undecided(conflicts: Vec<Conflict>) -> Error {
    NotApplied::Conflicts { conflicts, theirs: ChangeSet::new() }.into()
}
