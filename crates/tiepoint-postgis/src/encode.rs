//! Values as the server's bytes (binary protocol): parameters, and fields of a `COPY`.
use crate::kind::Kind;
use crate::{array, interval, numeric, times};
use std::error::Error;
use tiepoint_core::{Geometry, Value};
use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};

/// A value that the server is to keep as one of a kind.
#[derive(Debug, Clone)]
pub(crate) struct Bind {
    pub(crate) kind: Kind,
    pub(crate) srid: i32,
    pub(crate) value: Value,
}

/// What is written needs no room of its own.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Borrowed<'a> {
    pub(crate) kind: &'a Kind,
    pub(crate) srid: i32,
    pub(crate) value: &'a Value,
}

/// A value of another kind than its column's: prevented by [`misfit`] and by binding.
#[derive(Debug, thiserror::Error)]
#[error("a {found} cannot be written as {kind:?}")]
struct OfAnotherKind {
    kind: Kind,
    found: &'static str,
}

impl Bind {
    pub(crate) fn new(kind: Kind, value: impl Into<Value>) -> Self {
        Self { kind, srid: 0, value: value.into() }
    }
}

impl ToSql for Bind {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        Borrowed { kind: &self.kind, srid: self.srid, value: &self.value }.to_sql(ty, out)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

impl ToSql for Borrowed<'_> {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        if self.value.is_null() {
            return Ok(IsNull::Yes);
        }
        let mut bytes = Vec::new();
        append(self.kind, self.srid, self.value, &mut bytes)?;
        out.extend_from_slice(&bytes);
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// Appends a value's bytes; null has none.
pub(crate) fn append(
    kind: &Kind,
    srid: i32,
    value: &Value,
    out: &mut Vec<u8>,
) -> Result<(), Box<dyn Error + Sync + Send>> {
    match (kind, value) {
        (_, Value::Null) => {}
        (Kind::Bool, Value::Bool(truth)) => out.push(u8::from(*truth)),
        (Kind::Int2, Value::Int(number)) => {
            out.extend_from_slice(&i16::try_from(*number)?.to_be_bytes());
        }
        (Kind::Int4, Value::Int(number)) => {
            out.extend_from_slice(&i32::try_from(*number)?.to_be_bytes());
        }
        (Kind::Int8, Value::Int(number)) => out.extend_from_slice(&number.to_be_bytes()),
        #[expect(clippy::cast_possible_truncation, reason = "the field takes what fits exactly")]
        (Kind::Float4, Value::Real(number)) => {
            out.extend_from_slice(&(*number as f32).to_be_bytes());
        }
        (Kind::Float8, Value::Real(number)) => out.extend_from_slice(&number.to_be_bytes()),
        (Kind::Numeric, Value::Decimal(number)) => numeric::encode(number, out),
        (Kind::Numeric, Value::Int(number)) => numeric::encode(&(*number).into(), out),
        (Kind::Text | Kind::Padded { .. } | Kind::Enum { .. }, Value::Text(text)) => {
            out.extend_from_slice(text.as_bytes());
        }
        (Kind::Text, Value::Uuid(uuid)) => out.extend(uuid.to_string().as_bytes()),
        (Kind::Bytea, Value::Bytes(bytes)) => out.extend(bytes),
        (Kind::Date, Value::Date(date)) => out.extend_from_slice(&times::days(*date).to_be_bytes()),
        (Kind::Time { .. }, Value::Time(time)) => {
            out.extend_from_slice(&times::clock_micros(time.clock).to_be_bytes());
        }
        (Kind::TimeTz { .. }, Value::Time(time)) => {
            out.extend_from_slice(&times::clock_micros(time.clock).to_be_bytes());
            let east = time.offset.map_or(0, jiff::tz::Offset::seconds);
            out.extend_from_slice(&(-east).to_be_bytes());
        }
        (Kind::Timestamp { .. } | Kind::TimestampTz { .. }, Value::DateTime(time)) => {
            out.extend_from_slice(&times::civil_micros(time.civil).to_be_bytes());
        }
        (Kind::Interval, Value::Text(text)) => append_interval(text, out)?,
        (Kind::Json, Value::Json(json)) => out.extend(json.as_str().as_bytes()),
        (Kind::Jsonb, Value::Json(json)) => {
            out.push(1);
            out.extend(json.as_str().as_bytes());
        }
        (Kind::Uuid, Value::Uuid(uuid)) => out.extend(uuid.as_bytes()),
        (Kind::Array(element), Value::Json(json)) => array::encode(element, json, out)?,
        (Kind::Geometry | Kind::Geography, Value::Geometry(geometry)) => {
            append_geometry(geometry, srid, out);
        }
        (kind, value) => {
            return Err(Box::new(OfAnotherKind { kind: kind.clone(), found: value.type_name() }));
        }
    }
    Ok(())
}

/// EWKB, the server's SRID in front; without one where the SRID is unknown.
fn append_geometry(geometry: &Geometry, srid: i32, out: &mut Vec<u8>) {
    geometry.append_ewkb((srid != 0).then_some(srid), out);
}

fn append_interval(text: &str, out: &mut Vec<u8>) -> Result<(), &'static str> {
    let (months, days, micros) = interval::read(text).ok_or("no interval")?;
    out.extend_from_slice(&micros.to_be_bytes());
    out.extend_from_slice(&days.to_be_bytes());
    out.extend_from_slice(&months.to_be_bytes());
    Ok(())
}

/// What about a value of the field's type the server would not keep as it is, if anything: what it
/// does keep, and what was found.
pub(crate) fn misfit(kind: &Kind, value: &Value) -> Option<(String, &'static str)> {
    let keeps = |what: &str| format!("{what} that PostgreSQL keeps as it is");
    let digits_kept = |digits: u8| format!("at most {digits} digits behind the second");
    match (kind, value) {
        (_, Value::Null) => None,
        (Kind::Text | Kind::Padded { .. }, Value::Text(text)) if text.contains('\0') => {
            Some((keeps("text"), "a NUL character"))
        }
        (Kind::Padded { chars }, Value::Text(text)) => {
            let wanted = usize::try_from((*chars)?).ok()?;
            let fits = text.chars().count() == wanted;
            (!fits).then(|| (format!("exactly {wanted} characters"), "another number of them"))
        }
        (Kind::Numeric, Value::Decimal(number)) => {
            numeric::misfit(number).map(|found| (keeps("a decimal number"), found))
        }
        (Kind::Time { digits } | Kind::TimeTz { digits }, Value::Time(time)) => {
            let fits = times::has_digits(time.clock, *digits);
            (!fits).then(|| (digits_kept(*digits), "more"))
        }
        (Kind::Timestamp { digits } | Kind::TimestampTz { digits }, Value::DateTime(time)) => {
            let fits = times::has_digits(time.civil.time(), *digits);
            let early = time.civil.year() < -4_712;
            if early {
                return Some((keeps("a time"), "a year before 4713 BC"));
            }
            (!fits).then(|| (digits_kept(*digits), "more"))
        }
        (Kind::Date, Value::Date(date)) if date.year() < -4_712 => {
            Some((keeps("a date"), "a year before 4713 BC"))
        }
        (Kind::Interval, Value::Text(text)) => interval::read(text).is_none().then(|| {
            ("an interval in the one spelling, such as P1Y2M3DT4H5M6S".to_owned(), "another text")
        }),
        (Kind::Array(element), Value::Json(json)) => {
            let mut out = Vec::new();
            let refused = array::encode(element, json, &mut out).is_err();
            refused.then(|| ("a JSON array of the column's type".to_owned(), "other JSON"))
        }
        (Kind::Other, _) => Some((
            "a type that tiepoint writes".to_owned(),
            "a column that is only shown in the server's words",
        )),
        _ => None,
    }
}
