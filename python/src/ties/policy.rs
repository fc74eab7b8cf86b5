//! Words of Python's for policies, states and reasons.
use crate::error::wrong;
use pyo3::prelude::*;
use tiepoint::core::FidRule;
use tiepoint::objects::{Duplicates, Owing, Policy, Provisional, Rewritten, State};

pub(super) fn read(
    fids: &str,
    derived: bool,
    duplicates: &str,
    rewritten: &str,
) -> PyResult<Policy> {
    let fids = fid_rule(fids)?;
    let duplicates = match duplicates {
        "fork" => Duplicates::Fork,
        "report" => Duplicates::Report,
        _ => return Err(wrong("duplicates", &"say fork or report")),
    };
    let rewritten = match rewritten {
        "restore" => Rewritten::Restore,
        "report" => Rewritten::Report,
        _ => return Err(wrong("rewritten", &"say restore or report")),
    };
    let provisional = Provisional::Negative;
    let basis = if derived { Policy::natural_key(fids) } else { Policy::column(fids) };
    Ok(if derived {
        Policy { provisional, ..basis }
    } else {
        Policy { provisional, duplicates, rewritten, ..basis }
    })
}

pub(super) fn fid_rule(word: &str) -> PyResult<FidRule> {
    match word {
        "stable" => Ok(FidRule::Stable),
        "renumbering" => Ok(FidRule::Renumbering),
        "ephemeral" => Ok(FidRule::Ephemeral),
        _ => Err(wrong("fids", &"say stable, renumbering or ephemeral")),
    }
}

pub(super) fn state(state: State) -> &'static str {
    match state {
        State::Pending => "pending",
        State::Live => "live",
        State::Limbo => "limbo",
        State::Deleted => "deleted",
        State::Removed => "removed",
        State::Hidden => "hidden",
        State::Detached => "detached",
    }
}

pub(super) fn owing(owing: Owing) -> &'static str {
    match owing {
        Owing::New => "new",
        Owing::Fork => "fork",
        Owing::Rewritten => "rewritten",
    }
}
