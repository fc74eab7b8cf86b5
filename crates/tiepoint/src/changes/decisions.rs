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

    /// Both; where both decide one conflict, the first does.
    #[must_use]
    pub fn and(mut self, more: Self) -> Self {
        self.each.extend(more.each);
        Self { others: self.others.or(more.others), ..self }
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
            let conflict =
                conflict.into_iter().map(|(name, value)| (name, parsed(value.get()))).collect();
            let differs = |it: &Decided| it.conflict == conflict && it.resolution != resolution;
            if decisions.each.iter().any(differs) {
                return Err(wrong(format!("conflict {number}: it is decided otherwise before")));
            }
            decisions.each.push(Decided { conflict, resolution });
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conflicts_to_json;
    use tiepoint_core::{Clash, Fid, Geometry, NamedValues, Target};

    fn named(height: i64) -> NamedValues {
        [("height".to_owned(), height.into()), ("name".to_owned(), Value::Null)].into()
    }

    /// One of every kind, with values that JSON has no plain word for.
    fn conflicts() -> Vec<Conflict> {
        let field = "place".to_owned();
        let place = |wkt| Some(Value::Geometry(Geometry::from_wkt(wkt).expect("is WKT")));
        let clashes = [
            Clash::Field {
                field: field.clone(),
                base: None,
                mine: place("POINT (1 2)"),
                theirs: Some(Value::Null),
            },
            Clash::TheyDeleted { base: named(1), mine: named(2) },
            Clash::IDeleted { base: named(1), theirs: named(3) },
            Clash::BothInserted { mine: named(1), theirs: named(2) },
            Clash::Unique {
                field: "no \"plain\" name".to_owned(),
                value: i64::MAX.into(),
                other: Target::Fid(Fid::Text("a b".to_owned())),
                inserted: Some(named(7)),
                base: None,
            },
        ];
        let conflict = |(fid, clash)| {
            let target = Target::Fid(Fid::Int(fid));
            Conflict { layer: "trees \"of\" \u{e9}".to_owned(), target, clash }
        };
        (1..).zip(clashes).map(conflict).collect()
    }

    fn read_back(text: &str) -> Result<Decisions> {
        let file = tempfile::NamedTempFile::new().expect("a temporary file");
        std::fs::write(file.path(), text).expect("is ours");
        read_decisions(file.path().to_str().expect("a plain path"))
    }

    #[test]
    fn every_kind_of_conflict_is_found_again_in_its_document() {
        let conflicts = conflicts();
        let text = conflicts_to_json(&conflicts);
        let undecided = read_back(&text).expect("is one");
        assert!(undecided.is_empty() && undecided.undecided(&conflicts) == conflicts);
        let mine = read_back(&text.replace("\"resolve\": null", "\"resolve\": \"mine\""));
        let mine = mine.expect("is one");
        for conflict in &conflicts {
            assert_eq!(mine.of(conflict), Some(Resolution::Mine), "{conflict:?}");
        }
    }

    #[test]
    fn a_decision_counts_only_while_both_sides_say_what_they_said() {
        let conflicts = conflicts();
        let text = conflicts_to_json(&conflicts[1..2]);
        let value =
            text.replace("\"resolve\": null", r#""resolve": {"value": {"date": "2024-02-29"}}"#);
        let decided = read_back(&value).expect("is one");
        assert!(matches!(decided.of(&conflicts[1]), Some(Resolution::Value(Value::Date(_)))));
        let mut other = conflicts[1].clone();
        other.clash = Clash::TheyDeleted { base: named(1), mine: named(9) };
        assert_eq!(decided.of(&other), None);
        let decided = decided.others(Resolution::Theirs);
        assert_eq!(decided.of(&other), Some(Resolution::Theirs));
    }

    #[test]
    fn what_is_no_decision_is_refused() {
        let text = conflicts_to_json(&conflicts()[..1]);
        for odd in ["\"ours\"", "7", "{}", "{\"value\": [1]}", "{\"value\": 1, \"b\": 2}", "[]"] {
            let odd = text.replace("\"resolve\": null", &format!("\"resolve\": {odd}"));
            let error = read_back(&odd).expect_err("is none").to_string();
            assert!(error.contains("conflict 1: "), "{error}");
        }
        let twice = [conflicts()[0].clone(), conflicts()[0].clone()];
        let text = conflicts_to_json(&twice);
        let twice = text.replacen("\"resolve\": null", "\"resolve\": \"mine\"", 1);
        let twice = twice.replacen("\"resolve\": null", "\"resolve\": \"theirs\"", 1);
        let error = read_back(&twice).expect_err("says both").to_string();
        assert!(error.contains("conflict 2: "), "{error}");
        for text in ["", "[]", "{}", "{\"version\": 2, \"conflicts\": []}", "{\"version\": 1}"] {
            assert!(read_back(text).is_err(), "{text}");
        }
    }
}
