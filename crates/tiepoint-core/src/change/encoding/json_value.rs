//! Values as JSON: plainly where JSON can say them, else with a tag that says the type.
//!
//! `null`, `true`, `12` (an integer), `12.0` (a real), `"text"`, `{"date": "2024-02-29"}`.
use super::json_members::{Member, is_not, members, string};
use super::protobuf_value::{exactly, parsed};
use super::{DecodeFault, base64};
use crate::{Decimal, Geometry, Json, Value};
use std::fmt::{Display, Write};

pub(super) fn write(value: &Value, out: &mut String) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(it) => append(it, out),
        Value::Int(it) => append(it, out),
        Value::Real(it) => write_real(*it, out),
        Value::Text(it) => quoted(it, out),
        Value::Decimal(it) => tagged("decimal", it, out),
        Value::Date(it) => tagged("date", it, out),
        Value::Time(it) => tagged("time", it, out),
        Value::DateTime(it) => tagged("datetime", it, out),
        Value::Uuid(it) => tagged("uuid", it, out),
        Value::Json(it) => append(&format_args!("{{\"json\": {it}}}"), out),
        Value::Bytes(it) => tagged_bytes("bytes", it, out),
        Value::Geometry(it) => write_geometry(it, out),
    }
}

/// A text in quotes.
pub(super) fn quoted(text: &str, out: &mut String) {
    if text.bytes().all(|byte| byte >= b' ' && !matches!(byte, b'"' | b'\\')) {
        append(&format_args!("\"{text}\""), out);
    } else {
        append(&serde_json::Value::from(text), out);
    }
}

pub(super) fn append(it: &dyn Display, out: &mut String) {
    // a string takes everything
    let _ = write!(out, "{it}");
}

/// With a tag; `it` has nothing to escape.
fn tagged(tag: &str, it: &dyn Display, out: &mut String) {
    append(&format_args!("{{\"{tag}\": \"{it}\"}}"), out);
}

fn tagged_bytes(tag: &str, bytes: &[u8], out: &mut String) {
    append(&format_args!("{{\"{tag}\": \""), out);
    base64::encode(bytes, out);
    out.push_str("\"}");
}

fn write_real(real: f64, out: &mut String) {
    if real.is_finite() {
        append(&format_args!("{real:?}"), out);
    } else if real.is_nan() && real.to_bits() != f64::NAN.to_bits() {
        tagged("real", &format_args!("NaN {:016x}", real.to_bits()), out);
    } else {
        tagged("real", &real, out);
    }
}

/// As WKT to the last bit, but for the unknown ordinates of others that text cannot tell apart.
fn write_geometry(geometry: &Geometry, out: &mut String) {
    let wkt = geometry.to_wkt();
    let unsure = wkt.contains("nan") || wkt.contains("NaN");
    if unsure && Geometry::from_wkt(&wkt).as_ref() != Ok(geometry) {
        tagged_bytes("wkb", geometry.as_wkb(), out);
    } else {
        tagged("geometry", &wkt, out);
    }
}

pub(super) fn read(text: &str) -> Result<Value, DecodeFault> {
    match text.as_bytes().first() {
        Some(b'n') => Ok(Value::Null),
        Some(b't' | b'f') => Ok(Value::Bool(text == "true")),
        Some(b'"') => string(text).map(Value::Text),
        Some(b'{') => read_tagged(text),
        Some(b'[') => Err(is_not(text, r#"a value; an array is told as {"json": ...}"#)),
        _ => read_number(text),
    }
}

fn read_number(text: &str) -> Result<Value, DecodeFault> {
    if text.contains(['.', 'e', 'E']) {
        let real = text.parse().ok().filter(|real: &f64| real.is_finite());
        return real.map(Value::Real).ok_or_else(|| is_not(text, "a double"));
    }
    let integer = text.parse().ok().map(Value::Int);
    integer.ok_or_else(|| is_not(text, r#"an integer of 64 bits; tell it as {"decimal": ...}"#))
}

fn read_tagged(text: &str) -> Result<Value, DecodeFault> {
    let members = members(text)?;
    let [member] = members.as_slice() else {
        return Err(is_not(text, r#"a value with one tag, such as {"date": "2024-02-29"}"#));
    };
    read_member(member)
}

fn read_member(member: &Member<'_>) -> Result<Value, DecodeFault> {
    let bytes = || {
        let text = member.text()?;
        base64::decode(&text).ok_or_else(|| is_not(&text, "base64"))
    };
    Ok(match member.name.as_str() {
        "real" => Value::Real(read_real(&member.text()?)?),
        "decimal" => Value::Decimal(exactly::<Decimal>(&member.text()?, "decimal number")?),
        "bytes" => Value::Bytes(bytes()?),
        "date" => Value::Date(parsed(&member.text()?)?),
        "time" => Value::Time(parsed(&member.text()?)?),
        "datetime" => Value::DateTime(parsed(&member.text()?)?),
        "uuid" => Value::Uuid(parsed(&member.text()?)?),
        "json" => Value::Json(parsed::<Json>(member.value)?),
        "geometry" => Value::Geometry(geometry(Geometry::from_wkt(&member.text()?))?),
        "wkb" => Value::Geometry(geometry(Geometry::from_wkb(&bytes()?))?),
        other => return Err(DecodeFault::Unknown { what: format!("the tag `{other}`") }),
    })
}

fn geometry(read: Result<Geometry, crate::GeometryError>) -> Result<Geometry, DecodeFault> {
    read.map_err(|error| DecodeFault::invalid(error.to_string()))
}

/// What is no number to JSON: `NaN`, `inf`, `-inf`, `NaN` with its bits.
fn read_real(text: &str) -> Result<f64, DecodeFault> {
    let real = match text {
        "NaN" => Some(f64::NAN),
        "inf" => Some(f64::INFINITY),
        "-inf" => Some(f64::NEG_INFINITY),
        _ => text
            .strip_prefix("NaN ")
            .and_then(|bits| u64::from_str_radix(bits, 16).ok())
            .map(f64::from_bits)
            .filter(|real| real.is_nan()),
    };
    real.ok_or_else(|| is_not(text, "NaN, inf or -inf"))
}
