//! What a watcher hears as lines of JSON, for programs.
use crate::changes::{fid_json, quoted};
use std::fmt::Write as _;
use std::time::SystemTime;
use tiepoint_core::{Change, DateTime, FieldChange, Image, Target};
use tiepoint_store::{Author, Changed, Reset, ResetReason, WatchEvent};

/// An event as one line of JSON, without its end.
///
/// A change has `time` (RFC 3339, in UTC), `layer`, `id`, `fid`, `kind`, `author` (`own`,
/// `tiepoint`, `other` or `unknown`), `who`, `settled` and `checkpoint`, and tells what happened as
/// a change set does, see [`ChangeSet::to_json`](crate::ChangeSet::to_json): in `fields` what each
/// field of an update said before and says after, in `values` what an inserted feature says or a
/// deleted one said. What is not known is null. A reset has `reset`, which is the reason in a word,
/// `layer`, null where it is of all, `reason` and `checkpoint`.
///
/// ```
/// use tiepoint::{Checkpoint, Reset, ResetReason, WatchEvent};
/// let (reason, checkpoint) = (ResetReason::Trimmed, Checkpoint::new("7"));
/// let event = WatchEvent::Reset(Reset { layer: Some("trees".into()), reason, checkpoint });
/// assert_eq!(
///     tiepoint::event_to_json(&event),
///     r#"{"reset": "trimmed", "layer": "trees", "reason": "the log has been trimmed past the checkpoint", "checkpoint": "7"}"#
/// );
/// ```
#[must_use]
pub fn event_to_json(event: &WatchEvent) -> String {
    match event {
        WatchEvent::Changed(changed) => object(changed_members(changed)),
        WatchEvent::Reset(reset) => object(reset_members(reset)),
    }
}

/// A moment in UTC, to the millisecond: RFC 3339.
#[must_use]
pub fn rfc3339(moment: SystemTime) -> String {
    format!("{:.3}Z", DateTime::from(moment).civil)
}

fn object(members: Vec<(&'static str, String)>) -> String {
    let mut text = String::from("{");
    for (at, (name, value)) in members.into_iter().enumerate() {
        // a string takes everything
        let _ = write!(text, "{}\"{name}\": {value}", if at == 0 { "" } else { ", " });
    }
    text + "}"
}

fn changed_members(changed: &Changed) -> Vec<(&'static str, String)> {
    let id = match &changed.target {
        Target::Id(id) => Some(quoted(&id.to_string())),
        Target::Fid(_) => None,
    };
    let (kind, said) = match &changed.change {
        Change::Insert(image) => ("insert", ("values", values(changed, image))),
        Change::Delete(image) => ("delete", ("values", values(changed, image))),
        Change::Update(fields) => ("update", ("fields", updates(changed, fields))),
    };
    vec![
        ("time", or_null(changed.at.map(|at| quoted(&rfc3339(at))))),
        ("layer", quoted(&changed.layer)),
        ("id", or_null(id)),
        ("fid", or_null(changed.fid.as_ref().map(fid_json))),
        ("kind", quoted(kind)),
        ("author", quoted(author(changed.author))),
        ("who", or_null(changed.who.as_deref().map(quoted))),
        said,
        ("settled", changed.settled.to_string()),
        ("checkpoint", quoted(changed.checkpoint.as_str())),
    ]
}

fn values(changed: &Changed, image: &Image) -> String {
    let said = changed.fields.iter().zip(&image.values);
    named(said.filter_map(|(name, value)| Some((name, value.as_ref()?.to_tagged_json()))))
}

fn updates(changed: &Changed, fields: &[FieldChange]) -> String {
    named(fields.iter().map(|it| {
        let before = it.before.as_ref().map(|it| ("before", it.to_tagged_json()));
        let after = it.after.as_ref().map(|it| ("after", it.to_tagged_json()));
        (&changed.fields[it.field], object(before.into_iter().chain(after).collect()))
    }))
}

/// An object whose members are named by others.
fn named<'a>(members: impl Iterator<Item = (&'a String, String)>) -> String {
    let members: Vec<_> = members.map(|(name, it)| format!("{}: {it}", quoted(name))).collect();
    format!("{{{}}}", members.join(", "))
}

fn reset_members(reset: &Reset) -> Vec<(&'static str, String)> {
    vec![
        ("reset", quoted(word(reset.reason))),
        ("layer", or_null(reset.layer.as_deref().map(quoted))),
        ("reason", quoted(&reset.reason.to_string())),
        ("checkpoint", quoted(reset.checkpoint.as_str())),
    ]
}

fn word(reason: ResetReason) -> &'static str {
    match reason {
        ResetReason::Replaced => "replaced",
        ResetReason::NotNoted => "not_noted",
        ResetReason::Trimmed => "trimmed",
        ResetReason::SchemaChanged => "schema_changed",
        ResetReason::NoLog => "no_log",
    }
}

fn author(author: Author) -> &'static str {
    match author {
        Author::This => "own",
        Author::Tiepoint => "tiepoint",
        Author::Other => "other",
        Author::Unknown => "unknown",
    }
}

fn or_null(json: Option<String>) -> String {
    json.unwrap_or_else(|| "null".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use tiepoint_core::{ChangeSet, Fid, FieldNames, Geometry, ObjectId, Value};
    use tiepoint_store::Checkpoint;

    fn changed(change: Change) -> Changed {
        let fields: FieldNames =
            ["name", "wood \"x\"", "geom", "planted"].map(str::to_owned).into();
        Changed {
            layer: "trees".into(),
            fields,
            target: Target::Id(ObjectId::mint()),
            fid: Some(Fid::Int(7)),
            change,
            author: Author::Other,
            who: Some("anna".into()),
            at: Some(SystemTime::UNIX_EPOCH),
            settled: false,
            checkpoint: Checkpoint::new("a:7"),
        }
    }

    fn values() -> Vec<Option<Value>> {
        let planted = "2024-02-29".parse().map(Value::Date).expect("is a date");
        let place = Geometry::from_wkt("POINT Z (1 2 3)").map(Value::Geometry).expect("is WKT");
        vec![Some(Value::Null), None, Some(place), Some(planted)]
    }

    /// A change as a document of a change set that says of it what its line says.
    fn as_change_set(changed: &Changed) -> ChangeSet {
        let line = event_to_json(&WatchEvent::Changed(changed.clone()));
        let line: serde_json::Value = serde_json::from_str(&line).expect("is JSON");
        let Target::Id(id) = changed.target else { unreachable!("it has an id") };
        let member = if line["kind"] == "update" { "fields" } else { "values" };
        let kind = line["kind"].as_str().expect("is a text");
        let change = serde_json::json!({ kind: id.to_string(), member: line[member] });
        let layers = serde_json::json!({ "trees": { "changes": [change] } });
        let set = serde_json::json!({ "version": 1, "layers": layers }).to_string();
        ChangeSet::from_json(&set).expect("is a change set")
    }

    #[test]
    fn what_happened_is_told_as_a_change_set_tells_it() {
        let image = Image { fid: None, values: values() };
        let fields =
            FieldChange::between(&[None, Some(1.5.into()), Some(2.into()), None], &values());
        for change in [Change::Insert(image.clone()), Change::Delete(image), Change::Update(fields)]
        {
            let changed = changed(change.clone());
            let mut set = ChangeSet::new();
            let target = changed.target.clone();
            set.record("trees", &changed.fields, target, change).expect("is the first");
            assert_eq!(as_change_set(&changed), set);
        }
    }

    #[test]
    fn a_line_says_who_and_when() {
        let change = Change::Delete(Image { fid: None, values: vec![Some(1.into())] });
        let deleted = Changed { target: Target::Fid(Fid::Int(7)), ..changed(change) };
        assert_eq!(
            event_to_json(&WatchEvent::Changed(deleted)),
            r#"{"time": "1970-01-01T00:00:00.000Z", "layer": "trees", "id": null, "fid": 7, "kind": "delete", "author": "other", "who": "anna", "values": {"name": 1}, "settled": false, "checkpoint": "a:7"}"#
        );
    }
}
