//! Conflicts as a JSON document in which a person writes down what is to be.
use std::fmt::Write as _;
use tiepoint_core::{Clash, Conflict, Fid, NamedValues, Target, Value};

/// The member in which the decision stands.
pub(super) const RESOLVE: &str = "resolve";
/// The version of the document.
pub(super) const VERSION: u64 = 1;

/// Conflicts as JSON, each with `base`, `mine` and `theirs`, and `"resolve": null`, which is to
/// become `"mine"`, `"theirs"` or, where a single field is in question, `{"value": ...}`.
/// [`read_decisions`](crate::read_decisions) reads what comes of it.
///
/// Values are written as in a change set, see [`ChangeSet::to_json`](crate::ChangeSet::to_json).
///
/// ```
/// use tiepoint::{ChangeTarget, Clash, Conflict, Fid};
/// let clash = Clash::Field {
///     field: "height".to_owned(),
///     base: Some(20.into()),
///     mine: Some(21.into()),
///     theirs: Some(22.into()),
/// };
/// let conflict =
///     Conflict { layer: "trees".to_owned(), target: ChangeTarget::Fid(Fid::Int(7)), clash };
/// let text = tiepoint::conflicts_to_json(&[conflict]);
/// assert!(text.contains(r#""base": 20"#) && text.contains(r#""resolve": null"#));
/// ```
#[must_use]
pub fn conflicts_to_json(conflicts: &[Conflict]) -> String {
    let mut text = format!("{{\n  \"version\": {VERSION},\n  \"conflicts\": [");
    for (at, conflict) in conflicts.iter().enumerate() {
        text.push_str(if at == 0 { "\n" } else { ",\n" });
        text.push_str("    {\n");
        for (name, value) in members(conflict) {
            // a string takes everything
            let _ = writeln!(text, "      \"{name}\": {value},");
        }
        let _ = write!(text, "      \"{RESOLVE}\": null\n    }}");
    }
    text.push_str(if conflicts.is_empty() { "]\n}\n" } else { "\n  ]\n}\n" });
    text
}

/// What tells a conflict, by name: JSON texts.
pub(super) fn members(conflict: &Conflict) -> Vec<(&'static str, String)> {
    let mut members = vec![("layer", quoted(&conflict.layer)), target("object", &conflict.target)];
    members.extend(match &conflict.clash {
        Clash::Field { field, base, mine, theirs } => vec![
            ("about", quoted("both changed a field")),
            ("field", quoted(field)),
            ("base", said(base.as_ref())),
            ("mine", said(mine.as_ref())),
            ("theirs", said(theirs.as_ref())),
        ],
        Clash::TheyDeleted { base, mine } => vec![
            ("about", quoted("they deleted what I changed")),
            ("base", whole(base)),
            ("mine", whole(mine)),
            ("theirs", "null".to_owned()),
        ],
        Clash::IDeleted { base, theirs } => vec![
            ("about", quoted("I deleted what they changed")),
            ("base", whole(base)),
            ("mine", "null".to_owned()),
            ("theirs", whole(theirs)),
        ],
        Clash::BothInserted { mine, theirs } => vec![
            ("about", quoted("both added this object")),
            ("mine", whole(mine)),
            ("theirs", whole(theirs)),
        ],
        Clash::Unique { field, value, other, inserted, base } => {
            let mut members = vec![
                ("about", quoted("another feature has this value, and only one can")),
                ("field", quoted(field)),
                ("base", said(base.as_ref())),
                ("mine", said(Some(value))),
                ("theirs", target("theirs", other).1),
            ];
            members.extend(inserted.as_ref().map(|it| ("inserted", whole(it))));
            members
        }
    });
    members
}

fn target(name: &'static str, target: &Target) -> (&'static str, String) {
    let id = match target {
        Target::Id(id) => quoted(&id.to_string()),
        Target::Fid(fid) => format!("{{\"row\": {}}}", fid_json(fid)),
    };
    (name, id)
}

/// What a store calls a feature, as JSON.
pub(crate) fn fid_json(fid: &Fid) -> String {
    match fid {
        Fid::Int(fid) => fid.to_string(),
        Fid::Text(fid) => quoted(fid),
    }
}

/// A text as JSON.
pub(crate) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A value; what is unset is told from null.
fn said(value: Option<&Value>) -> String {
    value.map_or_else(|| r#"{"unset": true}"#.to_owned(), Value::to_tagged_json)
}

fn whole(values: &NamedValues) -> String {
    let member =
        |(name, value): (&String, &Value)| format!("{}: {}", quoted(name), value.to_tagged_json());
    let members: Vec<_> = values.iter().map(member).collect();
    format!("{{{}}}", members.join(", "))
}
