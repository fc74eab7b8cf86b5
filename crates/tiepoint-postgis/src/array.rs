//! The server's arrays as JSON arrays, of as many dimensions.
use crate::decode::{Misread, Reader};
use crate::encode;
use crate::kind::Kind;
use serde_json::value::RawValue;
use std::error::Error;
use tiepoint_core::{Json, Value};

/// The most dimensions that the server's arrays have (`MAXDIM`).
const MOST_DIMENSIONS: usize = 6;

/// Bytes that are read from the front.
struct Source<'a>(&'a [u8]);

impl<'a> Source<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], Misread> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or("an array that is cut off")?;
        self.0 = rest;
        Ok(taken)
    }

    fn number(&mut self) -> Result<i32, Misread> {
        let bytes = self.take(4)?;
        Ok(i32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
    }
}

/// The array in these bytes.
pub(crate) fn decode(element: &Kind, bytes: &[u8]) -> Result<Value, Misread> {
    let mut source = Source(bytes);
    let dimensions = usize::try_from(source.number()?).unwrap_or(usize::MAX);
    if dimensions > MOST_DIMENSIONS {
        return Err("an array of too many dimensions".to_owned());
    }
    source.take(8)?;
    let mut lengths = Vec::new();
    for _ in 0..dimensions {
        lengths.push(usize::try_from(source.number()?).ok().ok_or("an array of negative length")?);
        if source.number()? != 1 {
            return Err("an array that does not start at 1".to_owned());
        }
    }
    let mut text = String::new();
    if lengths.is_empty() {
        text.push_str("[]");
    } else {
        append_members(element, &lengths, &mut source, &mut text)?;
    }
    text.parse::<Json>().map(Value::Json).map_err(|error| error.to_string())
}

fn append_members(
    element: &Kind,
    lengths: &[usize],
    source: &mut Source<'_>,
    text: &mut String,
) -> Result<(), Misread> {
    let Some((length, inner)) = lengths.split_first() else {
        return append_member(element, source, text);
    };
    text.push('[');
    for at in 0..*length {
        if at > 0 {
            text.push(',');
        }
        append_members(element, inner, source, text)?;
    }
    text.push(']');
    Ok(())
}

fn append_member(
    element: &Kind,
    source: &mut Source<'_>,
    text: &mut String,
) -> Result<(), Misread> {
    let Ok(length) = usize::try_from(source.number()?) else {
        text.push_str("null");
        return Ok(());
    };
    let value = Reader { kind: element, srid: 0 }.value(source.take(length)?)?;
    text.push_str(&member(&value)?);
    Ok(())
}

/// A member in JSON: numbers and truths as they are, the rest as text.
fn member(value: &Value) -> Result<String, Misread> {
    Ok(match value {
        Value::Bool(truth) => truth.to_string(),
        Value::Int(number) => number.to_string(),
        Value::Real(number) if number.is_finite() => format!("{number:?}"),
        Value::Real(number) => return Err(format!("{number}, which JSON does not have")),
        Value::Decimal(number) => number.as_str().to_owned(),
        Value::Json(json) => json.as_str().to_owned(),
        other => serde_json::Value::from(member_text(other)?).to_string(),
    })
}

fn member_text(value: &Value) -> Result<String, Misread> {
    Ok(match value {
        Value::Text(text) => text.clone(),
        Value::Date(date) => date.to_string(),
        Value::Time(time) => time.to_string(),
        Value::DateTime(time) => time.to_string(),
        Value::Uuid(uuid) => uuid.to_string(),
        other => return Err(format!("{} within an array", other.type_name())),
    })
}

/// Why a JSON document is no array of the kind.
#[derive(Debug, thiserror::Error)]
#[error("no array of the column's type")]
struct NoSuchArray;

/// Appends the bytes of a JSON array whose members are all of the kind.
pub(crate) fn encode(
    element: &Kind,
    json: &Json,
    out: &mut Vec<u8>,
) -> Result<(), Box<dyn Error + Sync + Send>> {
    let document: &RawValue = serde_json::from_str(json.as_str())?;
    let lengths = lengths(element, document).ok_or(NoSuchArray)?;
    let (mut members, mut has_null) = (Vec::new(), false);
    if !lengths.is_empty() {
        append_array(element, document, &lengths, &mut members, &mut has_null)?;
    }
    out.extend(i32::try_from(lengths.len())?.to_be_bytes());
    out.extend(i32::from(has_null).to_be_bytes());
    out.extend(type_oid(element).ok_or(NoSuchArray)?.to_be_bytes());
    for length in &lengths {
        out.extend(i32::try_from(*length)?.to_be_bytes());
        out.extend(1_i32.to_be_bytes());
    }
    out.extend(members);
    Ok(())
}

/// The members of an array, each as it is written: numbers keep all of their digits.
fn members(document: &RawValue) -> Option<Vec<&RawValue>> {
    serde_json::from_str(document.get()).ok()
}

/// How long each dimension is; none of an empty array.
fn lengths(element: &Kind, document: &RawValue) -> Option<Vec<usize>> {
    let is_document = matches!(element, Kind::Json | Kind::Jsonb);
    let (mut lengths, mut inner) = (Vec::new(), document);
    while let Some(members) = members(inner) {
        let Some(first) = members.first() else { return lengths.is_empty().then(Vec::new) };
        lengths.push(members.len());
        inner = first;
        if is_document || lengths.len() > MOST_DIMENSIONS {
            break;
        }
    }
    (!lengths.is_empty() && lengths.len() <= MOST_DIMENSIONS).then_some(lengths)
}

fn append_array(
    element: &Kind,
    value: &RawValue,
    lengths: &[usize],
    out: &mut Vec<u8>,
    has_null: &mut bool,
) -> Result<(), Box<dyn Error + Sync + Send>> {
    let Some((length, inner)) = lengths.split_first() else {
        return append_element(element, value, out, has_null);
    };
    let members = members(value).filter(|it| it.len() == *length).ok_or(NoSuchArray)?;
    members.iter().try_for_each(|member| append_array(element, member, inner, out, has_null))
}

fn append_element(
    element: &Kind,
    value: &RawValue,
    out: &mut Vec<u8>,
    has_null: &mut bool,
) -> Result<(), Box<dyn Error + Sync + Send>> {
    if value.get() == "null" {
        *has_null = true;
        out.extend((-1_i32).to_be_bytes());
        return Ok(());
    }
    let value = element_value(element, value).ok_or(NoSuchArray)?;
    if encode::misfit(element, &value).is_some() {
        return Err(Box::new(NoSuchArray));
    }
    let mut bytes = Vec::new();
    encode::append(element, 0, &value, &mut bytes)?;
    out.extend(i32::try_from(bytes.len())?.to_be_bytes());
    out.extend(bytes);
    Ok(())
}

fn element_value(element: &Kind, value: &RawValue) -> Option<Value> {
    let text = || serde_json::from_str::<String>(value.get()).ok();
    Some(match element {
        Kind::Bool => Value::Bool(value.get().parse().ok()?),
        Kind::Int2 | Kind::Int4 | Kind::Int8 => Value::Int(value.get().parse().ok()?),
        Kind::Float4 | Kind::Float8 => Value::Real(serde_json::from_str(value.get()).ok()?),
        Kind::Numeric => Value::Decimal(value.get().parse().ok()?),
        Kind::Text | Kind::Interval => Value::from(text()?),
        Kind::Date => Value::Date(text()?.parse().ok()?),
        Kind::Time { .. } | Kind::TimeTz { .. } => Value::Time(text()?.parse().ok()?),
        Kind::Timestamp { .. } | Kind::TimestampTz { .. } => Value::DateTime(text()?.parse().ok()?),
        Kind::Uuid => Value::Uuid(text()?.parse().ok()?),
        Kind::Json | Kind::Jsonb => Value::Json(value.get().parse().ok()?),
        _ => return None,
    })
}

/// The number that the server has for an element's type: the same on every server (`pg_type.dat`).
fn type_oid(element: &Kind) -> Option<u32> {
    use tokio_postgres::types::Type;
    let ty = match element {
        Kind::Bool => Type::BOOL,
        Kind::Int2 => Type::INT2,
        Kind::Int4 => Type::INT4,
        Kind::Int8 => Type::INT8,
        Kind::Float4 => Type::FLOAT4,
        Kind::Float8 => Type::FLOAT8,
        Kind::Numeric => Type::NUMERIC,
        Kind::Text => Type::TEXT,
        Kind::Date => Type::DATE,
        Kind::Time { .. } => Type::TIME,
        Kind::TimeTz { .. } => Type::TIMETZ,
        Kind::Timestamp { .. } => Type::TIMESTAMP,
        Kind::TimestampTz { .. } => Type::TIMESTAMPTZ,
        Kind::Interval => Type::INTERVAL,
        Kind::Json => Type::JSON,
        Kind::Jsonb => Type::JSONB,
        Kind::Uuid => Type::UUID,
        _ => return None,
    };
    Some(ty.oid())
}
