//! What is decided about conflicts: all alike, or each in a document.
use super::conflicts::{RESOLVE, VERSION, members};
use super::document::{read, text};
use crate::{Error, Result};
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use tiepoint_core::{Conflict, Resolution, Value};

/// What is decided about conflicts, before they are known.
#[derive(Debug, Clone, Default)]
pub struct Decisions {
    each: Vec<Decided>,
    others: Option<Resolution>,
}

/// One conflict of a document, as it was when it was decided.
#[derive(Debug, Clone)]
struct Decided {
    conflict: BTreeMap<String, serde_json::Value>,
    resolution: Resolution,
}

impl Decisions {
    /// The same, and every conflict that nothing is decided about is mine, or theirs.
    #[must_use]
    pub fn others(self, resolution: Resolution) -> Self {
        Self { others: Some(resolution), ..self }
    }

    /// Whether nothing is decided.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.each.is_empty() && self.others.is_none()
    }

    /// What is decided about a conflict. What a document says counts only where the two sides say
    /// what they said when it was decided.
    #[must_use]
    pub fn of(&self, conflict: &Conflict) -> Option<Resolution> {
        let decided = (!self.each.is_empty()).then(|| told(conflict)).and_then(|conflict| {
            let decided = self.each.iter().find(|it| it.conflict == conflict)?;
            Some(decided.resolution.clone())
        });
        decided.or_else(|| self.others.clone())
    }

    /// The conflicts that nothing is decided about.
    pub(super) fn undecided(&self, conflicts: &[Conflict]) -> Vec<Conflict> {
        conflicts.iter().filter(|it| self.of(it).is_none()).cloned().collect()
    }
}

/// Reads what somebody made of [`conflicts_to_json`](crate::conflicts_to_json), from a file or, for
/// `-`, the standard input. What still says `"resolve": null` is not decided.
///
/// # Errors
///
/// When the file cannot be read, and [`Error::Options`] for what is no such document, with the
/// place that is wrong.
pub fn read_decisions(from: &str) -> Result<Decisions> {
    let text = text(from, read(from)?)?;
    let wrong = |reason: String| Error::Options {
        reason: format!("{from}: {reason}"),
        hint: Some(
            "take the file that `--conflicts` wrote, and make each \"resolve\" \"mine\", \
             \"theirs\" or {\"value\": ...}"
                .to_owned(),
        ),
    };
    let document: BTreeMap<String, &RawValue> =
        serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?;
    let version = document.get("version").map(|it| it.get());
    if version != Some(VERSION.to_string().as_str()) {
        return Err(wrong(format!("its version is not {VERSION}")));
    }
    let list =
        document.get("conflicts").ok_or_else(|| wrong("it has no \"conflicts\"".to_owned()))?;
    let list: Vec<BTreeMap<String, &RawValue>> = serde_json::from_str(list.get())
        .map_err(|error| wrong(format!("\"conflicts\": {error}")))?;
    let mut decisions = Decisions::default();
    for (number, mut conflict) in (1..).zip(list) {
        let resolve = conflict.remove(RESOLVE).map_or("null", RawValue::get);
        let resolution =
            resolution(resolve).map_err(|reason| wrong(format!("conflict {number}: {reason}")))?;
        if let Some(resolution) = resolution {
            let values = conflict.into_iter().map(|(name, value)| (name, parsed(value.get())));
            decisions.each.push(Decided { conflict: values.collect(), resolution });
        }
    }
    Ok(decisions)
}

fn resolution(text: &str) -> Result<Option<Resolution>, String> {
    match text {
        "null" => return Ok(None),
        "\"mine\"" => return Ok(Some(Resolution::Mine)),
        "\"theirs\"" => return Ok(Some(Resolution::Theirs)),
        _ => {}
    }
    let refused = || format!("\"{RESOLVE}\" cannot be {text}");
    let object: Option<BTreeMap<String, &RawValue>> = serde_json::from_str(text).ok();
    let object = object.ok_or_else(refused)?;
    match object.iter().next() {
        Some((name, value)) if name == "value" && object.len() == 1 => {
            let value = Value::from_tagged_json(value.get()).map_err(|error| error.to_string())?;
            Ok(Some(Resolution::Value(value)))
        }
        _ => Err(refused()),
    }
}

fn told(conflict: &Conflict) -> BTreeMap<String, serde_json::Value> {
    let members = members(conflict).into_iter();
    members.map(|(name, value)| (name.to_owned(), parsed(&value))).collect()
}

/// For comparison only: numbers that a double cannot tell apart are the same.
fn parsed(json: &str) -> serde_json::Value {
    serde_json::from_str(json).unwrap_or_default()
}
