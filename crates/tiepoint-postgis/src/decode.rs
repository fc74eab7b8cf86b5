//! The server's bytes as values (binary protocol).
use crate::kind::Kind;
use crate::{array, interval, numeric, times};
use tiepoint_core::{DateTime, Geometry, Time, Value};
use tokio_postgres::types::{FromSql, Type};
use uuid::Uuid;

/// A column's bytes as they came, whatever its type.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bytes<'a>(pub(crate) &'a [u8]);

impl<'a> FromSql<'a> for Bytes<'a> {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self(raw))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

/// Why bytes make no value: what was found in the server's terms.
pub(crate) type Misread = String;

/// How a column's values are to be read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reader<'k> {
    pub(crate) kind: &'k Kind,
    /// The SRID that geometries must have.
    pub(crate) srid: i32,
}

impl Reader<'_> {
    /// The value in these bytes.
    pub(crate) fn value(&self, bytes: &[u8]) -> Result<Value, Misread> {
        let words = str::to_owned;
        Ok(match self.kind {
            Kind::Bool => Value::Bool(bytes == [1]),
            Kind::Int2 => Value::Int(i16::from_be_bytes(sized(bytes)?).into()),
            Kind::Int4 => Value::Int(i32::from_be_bytes(sized(bytes)?).into()),
            Kind::Int8 => Value::Int(i64::from_be_bytes(sized(bytes)?)),
            Kind::Float4 => Value::Real(f32::from_be_bytes(sized(bytes)?).into()),
            Kind::Float8 => Value::Real(f64::from_be_bytes(sized(bytes)?)),
            Kind::Numeric => Value::Decimal(numeric::decode(bytes)?),
            Kind::Text | Kind::Padded { .. } | Kind::Enum { .. } | Kind::Other => {
                Value::Text(text(bytes)?.to_owned())
            }
            Kind::Bytea => Value::Bytes(bytes.to_vec()),
            Kind::Date => {
                Value::Date(times::date(i32::from_be_bytes(sized(bytes)?)).map_err(words)?)
            }
            Kind::Time { .. } => {
                let clock = times::clock(i64::from_be_bytes(sized(bytes)?)).map_err(words)?;
                Value::Time(Time { clock, offset: None })
            }
            Kind::TimeTz { .. } => Value::Time(zoned_clock(bytes)?),
            Kind::Timestamp { .. } => {
                let civil = times::civil(i64::from_be_bytes(sized(bytes)?)).map_err(words)?;
                Value::DateTime(DateTime { civil, offset: None })
            }
            Kind::TimestampTz { .. } => {
                let micros = i64::from_be_bytes(sized(bytes)?);
                Value::DateTime(times::moment(micros).map_err(words)?)
            }
            Kind::Interval => Value::Text(interval::spell(interval_parts(bytes)?)),
            Kind::Json => json(bytes)?,
            Kind::Jsonb => json(bytes.strip_prefix(&[1]).ok_or("JSON of another version")?)?,
            Kind::Uuid => Value::Uuid(Uuid::from_bytes(sized(bytes)?)),
            Kind::Array(element) => array::decode(element, bytes)?,
            Kind::Geometry | Kind::Geography => self.geometry(bytes)?,
        })
    }

    fn geometry(&self, bytes: &[u8]) -> Result<Value, Misread> {
        let (geometry, srid) = Geometry::from_ewkb(bytes).map_err(|error| error.to_string())?;
        let srid = srid.unwrap_or_default();
        if srid == self.srid {
            return Ok(Value::Geometry(geometry));
        }
        Err(format!("a geometry of SRID {srid}, where the layer's is {}", self.srid))
    }
}

fn sized<const N: usize>(bytes: &[u8]) -> Result<[u8; N], Misread> {
    bytes.try_into().ok().ok_or_else(|| format!("{} bytes in place of {N}", bytes.len()))
}

pub(crate) fn text(bytes: &[u8]) -> Result<&str, Misread> {
    std::str::from_utf8(bytes).ok().ok_or_else(|| "text that is not UTF-8".to_owned())
}

fn json(bytes: &[u8]) -> Result<Value, Misread> {
    let document = text(bytes)?.parse::<tiepoint_core::Json>();
    document.map(Value::Json).map_err(|error| error.to_string())
}

fn zoned_clock(bytes: &[u8]) -> Result<Time, Misread> {
    let (micros, west) = bytes.split_at_checked(8).ok_or("a time that is cut off")?;
    let (micros, west) = (i64::from_be_bytes(sized(micros)?), i32::from_be_bytes(sized(west)?));
    times::zoned_clock(micros, west).map_err(str::to_owned)
}

fn interval_parts(bytes: &[u8]) -> Result<interval::Parts, Misread> {
    let bytes: [u8; 16] = sized(bytes)?;
    let (micros, days, months) = (&bytes[..8], &bytes[8..12], &bytes[12..]);
    let (days, months) = (i32::from_be_bytes(sized(days)?), i32::from_be_bytes(sized(months)?));
    Ok((months, days, i64::from_be_bytes(sized(micros)?)))
}
