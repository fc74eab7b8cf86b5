//! Values as protobuf messages.
use super::{DecodeFault, number::value as number};
use crate::protobuf::{Field, Reader, Writer};
use crate::{Decimal, Geometry, Json, Value};
use std::fmt::Display;
use std::str::FromStr;
use uuid::Uuid;

/// Writes a value as field `place`; one that is unset is an empty message.
pub(super) fn write(value: Option<&Value>, place: u32, out: &mut Writer) {
    out.message(place, |out| match value {
        None => {}
        Some(Value::Null) => out.bool(number::NULL, true),
        Some(Value::Bool(it)) => out.bool(number::BOOLEAN, *it),
        Some(Value::Int(it)) => out.sint(number::INTEGER, *it),
        Some(Value::Real(it)) => out.double(number::REAL, *it),
        Some(Value::Decimal(it)) => out.text(number::DECIMAL, it.as_str()),
        Some(Value::Text(it)) => out.text(number::TEXT, it),
        Some(Value::Bytes(it)) => out.bytes(number::BYTES, it),
        Some(Value::Date(it)) => out.text(number::DATE, &it.to_string()),
        Some(Value::Time(it)) => out.text(number::TIME, &it.to_string()),
        Some(Value::DateTime(it)) => out.text(number::DATE_TIME, &it.to_string()),
        Some(Value::Json(it)) => out.text(number::JSON, it.as_str()),
        Some(Value::Uuid(it)) => out.bytes(number::UUID, it.as_bytes()),
        Some(Value::Geometry(it)) => out.bytes(number::GEOMETRY, it.as_wkb()),
    });
}

/// Reads one; `None` is unset. What it cannot be understood without is never passed over.
pub(super) fn read(field: &Field<'_>) -> Result<Option<Value>, DecodeFault> {
    let mut message: Reader<'_> = field.message()?;
    let mut value = None;
    while let Some(field) = message.next()? {
        value = Some(of_kind(&field)?);
    }
    Ok(value)
}

fn of_kind(field: &Field<'_>) -> Result<Value, DecodeFault> {
    Ok(match field.number() {
        number::NULL if field.bool()? => Value::Null,
        number::BOOLEAN => Value::Bool(field.bool()?),
        number::INTEGER => Value::Int(field.sint()?),
        number::REAL => Value::Real(field.double()?),
        number::DECIMAL => Value::Decimal(exactly::<Decimal>(field.text()?, "decimal number")?),
        number::TEXT => Value::Text(field.text()?.to_owned()),
        number::BYTES => Value::Bytes(field.bytes()?.to_owned()),
        number::DATE => Value::Date(parsed(field.text()?)?),
        number::TIME => Value::Time(parsed(field.text()?)?),
        number::DATE_TIME => Value::DateTime(parsed(field.text()?)?),
        number::JSON => Value::Json(exactly::<Json>(field.text()?, "JSON text")?),
        number::UUID => {
            let uuid = Uuid::from_slice(field.bytes()?);
            Value::Uuid(uuid.map_err(|error| DecodeFault::invalid(error.to_string()))?)
        }
        number::GEOMETRY => {
            let geometry = Geometry::from_wkb(field.bytes()?);
            Value::Geometry(geometry.map_err(|error| DecodeFault::invalid(error.to_string()))?)
        }
        other => return Err(DecodeFault::Unknown { what: format!("a value of kind {other}") }),
    })
}

pub(super) fn parsed<T: FromStr<Err: Display>>(text: &str) -> Result<T, DecodeFault> {
    text.parse().map_err(|error: T::Err| DecodeFault::invalid(error.to_string()))
}

/// Reads what is kept as a text, which must be in its one form: it would come back as another.
pub(super) fn exactly<T>(text: &str, what: &str) -> Result<T, DecodeFault>
where
    T: FromStr<Err: Display> + Display,
{
    let value: T = parsed(text)?;
    let same = value.to_string() == text;
    same.then_some(value)
        .ok_or_else(|| DecodeFault::invalid(format!("the {what} is not in its plain form")))
}
