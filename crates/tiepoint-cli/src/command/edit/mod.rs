//! `tiepoint edit`: a small language for edits, from the command line, a script or a person.
mod find;
mod place;
mod script;
mod session;
mod settle;
mod values;
mod verbs;
mod words;

use super::journals;
use super::select::layer_name;
use crate::args::EditArgs;
use crate::terminal::{Watcher, count, plain, say};
use script::Script;
use session::Session;
use std::sync::Arc;
use tiepoint::{EditBuffer, Location, Progress as _, ReadControl, Result};

pub(super) fn run(args: EditArgs) -> Result<()> {
    let location = Location::parse(&args.store)?;
    let layer = layer_name(&args.store, args.layer)?;
    let folder = journals::folder(&args.journal, &location)?;
    let script = Script::of(args.command, args.script.as_deref())?;
    let buffer = journals::buffer(Arc::from(tiepoint::open(&args.store)?), folder.as_ref())?;
    let control = control(&script);
    look_for_remains(&buffer, args.resume)?;
    let is_lost_at_end = script.is_interactive() && folder.is_none() && !args.discard;
    let mut session = Session::new(&buffer, &layer, control)?.warning(is_lost_at_end);
    let outcome = script.run(&mut session);
    session.end();
    let done = if args.discard && outcome.is_ok() { discard(&buffer) } else { Ok(()) };
    tell_pending(&buffer, folder.is_some(), &recover(&args.store, &location, &args.journal));
    outcome.and(done)
}

/// Ctrl-C ends a script between two commands, and a person's session at once: the journal has all.
fn control(script: &Script) -> ReadControl {
    if script.is_interactive() { ReadControl::default() } else { Watcher::new().control() }
}

/// Takes over what sessions that died have left, or says that there is something.
fn look_for_remains(buffer: &EditBuffer, resume: bool) -> Result<()> {
    let left = buffer.left_behind()?;
    if !resume {
        if !left.is_empty() {
            let many = count(left.len() as u64, "session");
            say(&format!("{many} on this store ended with edits pending"));
            say(" hint: `tiepoint recover` lists them, `--resume` takes them over");
        }
        return Ok(());
    }
    for it in left {
        let recovered = buffer.recover(it)?;
        let steps = count(recovered.steps.len() as u64, "step");
        say(&format!("{steps} of an earlier session pending again"));
        journals::tell(&recovered);
        if !recovered.conflicts.is_empty() {
            let many = count(recovered.conflicts.len() as u64, "conflict");
            say(&format!("{many} with what others did meanwhile: see `conflicts`"));
        }
    }
    Ok(())
}

fn discard(buffer: &EditBuffer) -> Result<()> {
    if buffer.is_dirty() || !buffer.conflicts().is_empty() {
        buffer.rollback()?;
        say("what was pending is dropped");
    }
    Ok(())
}

/// Says what is pending when the session ends, and how to get at it.
fn tell_pending(buffer: &EditBuffer, is_kept: bool, recover: &str) {
    if !buffer.is_dirty() && buffer.conflicts().is_empty() {
        return;
    }
    let many = count(buffer.changes().len() as u64, "feature");
    if !is_kept {
        say(&format!("edits of {many} were not committed and are lost: there was no journal"));
        return;
    }
    say(&format!("edits of {many} are pending and not committed; the journal keeps them"));
    say(&format!(
        " hint: `{recover} --commit` commits them, `--discard` drops them, `edit --resume` goes on"
    ));
}

/// The command that finds what is pending; without an address in which a password may be.
fn recover(store: &str, location: &Location, journal: &str) -> String {
    let shown = location.to_string();
    let store = if shown == store { plain(store) } else { "STORE".into() };
    match journal {
        "user" | "beside" | "none" => format!("tiepoint recover {store}"),
        folder => format!("tiepoint recover {store} --journal {}", plain(folder)),
    }
}
