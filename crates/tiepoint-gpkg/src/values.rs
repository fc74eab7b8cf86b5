//! Values as SQLite stores them: storage classes in, storage classes out, nothing rounded.
use crate::geometry::{BlobError, append_blob, decode_blob};
use rusqlite::types::{Null, ValueRef};
use rusqlite::{Result, Statement};
use tiepoint_core::{Date, DateTime, FieldType, Value};

/// The value in a column of this type. What does not fit the type is read as what it is.
///
/// Only a geometry can fail: its bytes mean nothing else. Inlined, since handing a `ValueRef` and a
/// `Result` through memory costs a seventh of reading a row of short values.
#[inline]
pub(crate) fn decode(
    stored: ValueRef<'_>,
    ty: &FieldType,
) -> std::result::Result<Value, BlobError> {
    Ok(match stored {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => from_whole(number, ty),
        ValueRef::Real(number) => Value::Real(number),
        ValueRef::Text(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => from_text(text, ty),
            Err(_) => Value::Bytes(bytes.to_vec()),
        },
        ValueRef::Blob(blob) => match ty {
            FieldType::Geometry(_) => Value::Geometry(decode_blob(blob)?.0),
            _ => Value::Bytes(blob.to_vec()),
        },
    })
}

fn from_whole(number: i64, ty: &FieldType) -> Value {
    match (number, ty) {
        (0 | 1, FieldType::Bool) => Value::Bool(number == 1),
        (_, FieldType::Real(_)) => whole_as_real(number),
        _ => Value::Int(number),
    }
}

#[expect(clippy::cast_precision_loss, reason = "2^53 bounds the integers that are cast")]
fn whole_as_real(number: i64) -> Value {
    if number.unsigned_abs() <= 1 << 53 { Value::Real(number as f64) } else { Value::Int(number) }
}

fn from_text(text: &str, ty: &FieldType) -> Value {
    let parsed = match ty {
        FieldType::Date => text.parse::<Date>().ok().filter(|_| text.len() >= 10).map(Value::Date),
        FieldType::DateTime(_) => moment(text).map(Value::DateTime),
        FieldType::Time(_) => text.parse().ok().map(Value::Time),
        FieldType::Decimal { .. } => text.parse().ok().map(Value::Decimal),
        FieldType::Json => text.parse().ok().map(Value::Json),
        FieldType::Uuid => text.parse().ok().map(Value::Uuid),
        _ => None,
    };
    parsed.unwrap_or_else(|| Value::Text(text.to_owned()))
}

/// Every form that GDAL and QGIS write: `T` or a space, `Z`, an offset or neither; and the bare
/// date that is midnight to them.
fn moment(text: &str) -> Option<DateTime> {
    text.parse().ok().or_else(|| {
        let date: Date = text.parse().ok()?;
        (text.len() == 10).then(|| DateTime {
            civil: date.to_datetime(jiff::civil::Time::midnight()),
            offset: None,
        })
    })
}

/// The text that stands for a value in a text column; `None` for what is not stored as text.
pub(crate) fn text_of(value: &Value) -> Option<String> {
    Some(match value {
        Value::Text(text) => text.clone(),
        Value::Decimal(number) => number.as_str().to_owned(),
        Value::Date(date) => date.to_string(),
        Value::Time(time) => time.to_string(),
        Value::DateTime(moment) => moment_text(moment),
        Value::Json(document) => document.as_str().to_owned(),
        Value::Uuid(uuid) => uuid.hyphenated().to_string(),
        _ => return None,
    })
}

/// `2024-02-29T12:30:00.250Z`, the one form GeoPackage knows, where it says everything; else ISO
/// 8601 with the offset and the digits there are.
fn moment_text(moment: &DateTime) -> String {
    let civil = moment.civil;
    let nanos = civil.subsec_nanosecond();
    let plain = moment.offset == Some(jiff::tz::Offset::UTC) && nanos % 1_000_000 == 0;
    if plain && (0..=9999).contains(&civil.year()) {
        let whole = civil.with().subsec_nanosecond(0).build().unwrap_or(civil);
        return format!("{whole}.{:03}Z", nanos / 1_000_000);
    }
    moment.to_string()
}

/// Binds values to the parameters of a statement; keeps its buffer from row to row.
#[derive(Debug, Default)]
pub(crate) struct Binder {
    blob: Vec<u8>,
}

impl Binder {
    /// Binds `value` to the parameter at `index`, from 1; a geometry gets `srs_id` in its header.
    pub(crate) fn bind(
        &mut self,
        statement: &mut Statement<'_>,
        index: usize,
        value: &Value,
        srs_id: i32,
    ) -> Result<()> {
        match value {
            Value::Null => statement.raw_bind_parameter(index, Null),
            Value::Bool(truth) => statement.raw_bind_parameter(index, i64::from(*truth)),
            Value::Int(number) => statement.raw_bind_parameter(index, number),
            Value::Real(number) => statement.raw_bind_parameter(index, number),
            Value::Text(text) => statement.raw_bind_parameter(index, text.as_str()),
            Value::Bytes(bytes) => statement.raw_bind_parameter(index, bytes.as_slice()),
            Value::Geometry(geometry) => {
                self.blob.clear();
                append_blob(geometry, srs_id, &mut self.blob);
                statement.raw_bind_parameter(index, self.blob.as_slice())
            }
            other => statement.raw_bind_parameter(index, text_of(other)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tiepoint_core::ZoneRule;

    #[test]
    fn date_times_are_read_in_every_form_that_is_written() {
        let ty = FieldType::DateTime(ZoneRule::Either);
        for (text, written) in [
            ("2024-02-29T12:30:00.250Z", "2024-02-29T12:30:00.25Z"),
            ("2024-02-29T12:30:00Z", "2024-02-29T12:30:00Z"),
            ("2024-02-29 12:30:00", "2024-02-29T12:30:00"),
            ("2024-02-29T12:30:00", "2024-02-29T12:30:00"),
            ("2024-02-29T12:30:00.000+01:00", "2024-02-29T12:30:00+01:00"),
            ("2024-02-29T12:30Z", "2024-02-29T12:30:00Z"),
            ("2024-02-29", "2024-02-29T00:00:00"),
        ] {
            let read = decode(ValueRef::Text(text.as_bytes()), &ty).expect("no geometry");
            let Value::DateTime(read) = read else { panic!("{text}: {read:?}") };
            assert_eq!(read.to_string(), written, "{text}");
        }
    }

    #[test]
    fn what_does_not_fit_its_column_is_read_as_what_it_is() {
        for (stored, ty, value) in [
            (ValueRef::Text(b"yesterday"), FieldType::Date, Value::from("yesterday")),
            (ValueRef::Integer(7), FieldType::Bool, Value::Int(7)),
            (ValueRef::Text(b"many"), FieldType::INT, Value::from("many")),
            (ValueRef::Real(0.5), FieldType::INT, Value::Real(0.5)),
            (ValueRef::Text(&[0xff]), FieldType::TEXT, Value::Bytes(vec![0xff])),
            (ValueRef::Integer(i64::MAX), FieldType::REAL, Value::Int(i64::MAX)),
            (ValueRef::Text(b"{"), FieldType::Json, Value::from("{")),
        ] {
            assert_eq!(decode(stored, &ty).expect("no geometry"), value);
        }
    }

    #[test]
    fn a_moment_is_written_the_way_geopackage_wants_or_else_exactly() {
        for (text, stored) in [
            ("2024-02-29T12:30:00Z", "2024-02-29T12:30:00.000Z"),
            ("2024-02-29T12:30:00.25Z", "2024-02-29T12:30:00.250Z"),
            ("2024-02-29T12:30:00.000001Z", "2024-02-29T12:30:00.000001Z"),
            ("2024-02-29T12:30:00+01:00", "2024-02-29T12:30:00+01:00"),
            ("2024-02-29T12:30:00", "2024-02-29T12:30:00"),
        ] {
            let moment: DateTime = text.parse().expect(text);
            assert_eq!(moment_text(&moment), stored);
            assert_eq!(stored.parse::<DateTime>().expect(stored), moment);
        }
    }
}
