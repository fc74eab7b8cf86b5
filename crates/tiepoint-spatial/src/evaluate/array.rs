//! JSON arrays as bags of members: numbers are equal by size, texts by code point, objects and
//! arrays by what is in them.
use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::value::RawValue;
use tiepoint_core::{Decimal, Function, Json, Value};

use super::cast::text;
use super::text::MAX_BYTES;

/// The members of an array, sorted.
#[derive(Debug)]
pub(super) struct Array(Vec<Member>);

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Member {
    Null,
    Bool(bool),
    Number(Size),
    Text(String),
    Array(Vec<Member>),
    Object(BTreeMap<String, Member>),
}

/// A number, equal to others of its size: `1`, `1.0` and `1e0` are one.
#[derive(Debug)]
struct Size(Value);

impl Ord for Size {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.order(&other.0)
    }
}

impl PartialOrd for Size {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Size {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Size {}

impl Array {
    /// The array that a JSON value is; none where it is something else.
    pub(super) fn of(value: &Value) -> Option<Self> {
        let Value::Json(document) = value else { return None };
        let mut members = members(document.as_str())?;
        members.sort_unstable();
        Some(Self(members))
    }

    /// What one of the four array functions says of two arrays.
    pub(super) fn test(&self, function: &Function, other: &Self) -> Option<bool> {
        let holds = |array: &Self, member: &Member| array.0.binary_search(member).is_ok();
        Some(match function {
            Function::ArrayEquals => self.0 == other.0,
            Function::ArrayContains => other.0.iter().all(|it| holds(self, it)),
            Function::ArrayContainedBy => self.0.iter().all(|it| holds(other, it)),
            Function::ArrayOverlaps => self.0.iter().any(|it| holds(other, it)),
            _ => return None,
        })
    }
}

fn members(text: &str) -> Option<Vec<Member>> {
    let members: Vec<&RawValue> = serde_json::from_str(text).ok()?;
    members.into_iter().map(|it| member(it.get())).collect()
}

/// Nesting is no deeper than JSON values allow.
fn member(text: &str) -> Option<Member> {
    Some(match text.as_bytes().first()? {
        b'n' => Member::Null,
        b't' => Member::Bool(true),
        b'f' => Member::Bool(false),
        b'"' => Member::Text(serde_json::from_str(text).ok()?),
        b'[' => Member::Array(members(text)?),
        b'{' => {
            let members: BTreeMap<String, &RawValue> = serde_json::from_str(text).ok()?;
            let read = |(name, it): (String, &RawValue)| Some((name, member(it.get())?));
            Member::Object(members.into_iter().map(read).collect::<Option<_>>()?)
        }
        _ => Member::Number(Size(number(text)?)),
    })
}

fn number(text: &str) -> Option<Value> {
    if let Ok(whole) = text.parse() {
        return Some(Value::Int(whole));
    }
    if let Ok(decimal) = text.parse::<Decimal>() {
        return Some(Value::Decimal(decimal));
    }
    text.parse().ok().map(Value::Real)
}

/// A JSON array of values: what JSON has as it is, bytes in hexadecimal digits, geometries as
/// well-known text, everything else as the text that a cast would make.
pub(super) fn array(values: &[Cow<'_, Value>]) -> Value {
    let mut members = Vec::with_capacity(values.len());
    let mut bytes = 0_usize;
    for value in values {
        let member = in_json(value);
        bytes = bytes.saturating_add(member.len());
        if bytes > MAX_BYTES {
            return Value::Null;
        }
        members.push(member);
    }
    format!("[{}]", members.join(",")).parse::<Json>().ok().into()
}

fn in_json(value: &Value) -> String {
    match value {
        Value::Real(number) if number.is_finite() => format!("{number:?}"),
        Value::Bool(_) | Value::Int(_) | Value::Decimal(_) | Value::Json(_) => {
            text(value).unwrap_or_default()
        }
        Value::Bytes(bytes) => quoted(bytes.iter().fold(String::new(), |mut digits, byte| {
            write!(digits, "{byte:02x}").expect("texts take everything");
            digits
        })),
        Value::Geometry(geometry) => quoted(geometry.to_wkt()),
        other => text(other).map_or_else(|| "null".to_owned(), quoted),
    }
}

fn quoted(text: String) -> String {
    serde_json::Value::String(text).to_string()
}
