//! Conflicts and refusals for people, a line each.
use super::changes::shown;
use super::text::{count, plain};
use tiepoint::core::NamedValues;
use tiepoint::store::Refusal;
use tiepoint::{Clash, Conflict};

/// How many conflicts or refusals are listed.
const LISTED: usize = 100;

/// Conflicts, a line each, numbered from 1.
pub(crate) fn conflict_lines(conflicts: &[Conflict]) -> Vec<String> {
    let lines = conflicts.iter().zip(1..).take(LISTED);
    let lines = lines.map(|(it, number)| format!("conflict {number}: {}", conflict_line(it)));
    lines.chain(more(conflicts.len(), "conflict")).collect()
}

/// What a store has against changes, a line each.
pub(crate) fn refusal_lines(refusals: &[Refusal]) -> Vec<String> {
    let line = |it: &Refusal| {
        let reason = it.reason.to_string();
        format!(
            "refused: layer `{}`, {}: {}",
            plain(&it.layer),
            plain(&it.target.to_string()),
            plain(&reason)
        )
    };
    let lines = refusals.iter().take(LISTED).map(line);
    lines.chain(more(refusals.len(), "refusal")).collect()
}

fn more(all: usize, noun: &str) -> Option<String> {
    let more = all.checked_sub(LISTED).filter(|more| *more > 0)?;
    Some(format!("and {} more", count(more as u64, noun)))
}

fn conflict_line(conflict: &Conflict) -> String {
    let what = match &conflict.clash {
        Clash::Field { field, base, mine, theirs } => format!(
            "`{}` was {}; mine {}, theirs {}",
            plain(field),
            shown(base.as_ref()),
            shown(mine.as_ref()),
            shown(theirs.as_ref())
        ),
        Clash::TheyDeleted { base, mine } => {
            let changed = changed(base, mine);
            let only =
                if changed.len() == mine.len() { ", and know nothing else of it" } else { "" };
            format!("they deleted it; I changed {}{only}", changed.join(", "))
        }
        Clash::IDeleted { base, theirs } => {
            format!("I deleted it; they changed {}", changed(base, theirs).join(", "))
        }
        Clash::BothInserted { .. } => "both added it, and not alike".to_owned(),
        Clash::Unique { field, value, other, .. } => format!(
            "`{}` is to be {}, which {} has, and no two can",
            plain(field),
            shown(Some(value)),
            plain(&other.to_string())
        ),
    };
    let target = conflict.target.to_string();
    format!("layer `{}`, {}: {what}", plain(&conflict.layer), plain(&target))
}

/// The names of the fields that differ.
fn changed(before: &NamedValues, after: &NamedValues) -> Vec<String> {
    let changed = after.iter().filter(|(name, value)| before.get(*name) != Some(value));
    changed.map(|(name, _)| format!("`{}`", plain(name))).collect()
}
