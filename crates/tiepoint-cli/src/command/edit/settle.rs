//! Getting what is pending into the store, and settling it with what others did.
use super::session::Session;
use super::values;
use super::words::Word;
use crate::command::select::wrong;
use crate::terminal::{conflict_lines, count, say, summarised};
use tiepoint::{Clash, EditError, Resolution, Result, Store};

pub(super) fn commit(session: &Session<'_>) -> Result<()> {
    let committed = session.buffer.commit_with(&session.options())?;
    if committed.id.is_none() {
        say("nothing is pending");
        return Ok(());
    }
    for line in summarised(&committed.written).lines() {
        say(&format!("committed: {line}"));
    }
    if committed.written.is_empty() {
        say("committed: the store says all of it already");
    }
    if !committed.theirs.is_empty() {
        let many = count(committed.theirs.len() as u64, "feature");
        say(&format!(" {many} had been changed by others meanwhile, which stays"));
    }
    Ok(())
}

pub(super) fn merge(session: &Session<'_>) -> Result<()> {
    let conflicts = session.buffer.merge()?;
    if conflicts.is_empty() {
        say("merged: nothing is in conflict");
        return Ok(());
    }
    for line in conflict_lines(&conflicts) {
        say(&line);
    }
    say(" hint: decide each with `resolve N mine`, `resolve N theirs` or `resolve N value V`");
    Ok(())
}

pub(super) fn resolve(session: &Session<'_>, number: &Word, decision: &[Word]) -> Result<()> {
    let conflicts = session.buffer.conflicts();
    let at: Option<usize> = number.text.parse().ok();
    let conflict = at.and_then(|at| conflicts.get(at.checked_sub(1)?)).ok_or_else(|| {
        let many = count(conflicts.len() as u64, "conflict");
        wrong("resolve", &format!("`{}` is none of {many}", number.text))
    })?;
    let resolution = match decision {
        [side] if side.text == "mine" => Resolution::Mine,
        [side] if side.text == "theirs" => Resolution::Theirs,
        [word, value] if word.text == "value" => {
            let (Clash::Field { field, .. } | Clash::Unique { field, .. }) = &conflict.clash else {
                let reason = "a whole feature is in question: it can be mine or theirs".to_owned();
                return Err(EditError::Unsettled { reason }.into());
            };
            let layer = session.buffer.layer(&conflict.layer)?;
            let field = values::field(&layer, field)?;
            Resolution::Value(values::value(field, &value.text, value.quoted)?)
        }
        _ => return Err(super::verbs::unknown("resolve")),
    };
    session.buffer.resolve(conflict, &resolution)?;
    let left = count(conflicts.len() as u64 - 1, "conflict");
    say(&format!("decided; {left} left"));
    Ok(())
}
