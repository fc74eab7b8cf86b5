//! How the server keeps values: its types, and which fields of ours they make.
use tiepoint_core::{Domain, FieldType, IntWidth, RealWidth, Value, ZoneRule};

/// A type of the server's, as far as it matters to the bytes of its values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    Bool,
    Int2,
    Int4,
    Int8,
    Float4,
    Float8,
    Numeric,
    /// `text`, `varchar`, `name`: compared byte by byte under a collation that says so.
    Text,
    /// `char(n)`: padded with blanks, which do not count when the server compares.
    Padded {
        chars: Option<u32>,
    },
    Bytea,
    Date,
    /// With so many digits behind the second.
    Time {
        digits: u8,
    },
    TimeTz {
        digits: u8,
    },
    Timestamp {
        digits: u8,
    },
    TimestampTz {
        digits: u8,
    },
    Interval,
    Json,
    Jsonb,
    Uuid,
    Enum {
        labels: Vec<String>,
    },
    Array(Box<Kind>),
    Geometry,
    Geography,
    /// Anything else: shown in the server's own words, and never written.
    Other,
}

/// What `pg_type` says of a column's type, a domain's base type looked up.
#[derive(Debug, Clone)]
pub(crate) struct TypeFacts {
    pub(crate) name: String,
    /// Whether it is one of the server's own, or of PostGIS.
    pub(crate) known: bool,
    pub(crate) modifier: i32,
    pub(crate) labels: Option<Vec<String>>,
    /// The name of the type of an array's elements.
    pub(crate) element: Option<String>,
}

/// The header that character lengths are told with.
const LENGTH_HEADER: i32 = 4;
/// Digits behind the second where none are stated.
const MICROS: u8 = 6;

impl Kind {
    /// Whether it is a whole number.
    pub(crate) fn is_whole(&self) -> bool {
        matches!(self, Self::Int2 | Self::Int4 | Self::Int8)
    }

    pub(crate) fn of(facts: &TypeFacts) -> Self {
        if let Some(labels) = &facts.labels {
            return Self::Enum { labels: labels.clone() };
        }
        if !facts.known {
            return Self::Other;
        }
        if let Some(element) = &facts.element {
            let element = Self::named(element, -1);
            return if element.is_array_element() {
                Self::Array(Box::new(element))
            } else {
                Self::Other
            };
        }
        Self::named(&facts.name, facts.modifier)
    }

    fn named(name: &str, modifier: i32) -> Self {
        let digits = u8::try_from(modifier).unwrap_or(MICROS).min(MICROS);
        match name {
            "bool" => Self::Bool,
            "int2" => Self::Int2,
            "int4" => Self::Int4,
            "int8" => Self::Int8,
            "float4" => Self::Float4,
            "float8" => Self::Float8,
            "numeric" if numeric_scale(modifier).is_none_or(|scale| scale >= 0) => Self::Numeric,
            "text" | "varchar" | "name" => Self::Text,
            "bpchar" => Self::Padded { chars: char_limit(modifier) },
            "bytea" => Self::Bytea,
            "date" => Self::Date,
            "time" => Self::Time { digits },
            "timetz" => Self::TimeTz { digits },
            "timestamp" => Self::Timestamp { digits },
            "timestamptz" => Self::TimestampTz { digits },
            "interval" => Self::Interval,
            "json" => Self::Json,
            "jsonb" => Self::Jsonb,
            "uuid" => Self::Uuid,
            "geometry" => Self::Geometry,
            "geography" => Self::Geography,
            _ => Self::Other,
        }
    }

    fn is_array_element(&self) -> bool {
        !matches!(
            self,
            Self::Other | Self::Geometry | Self::Geography | Self::Padded { .. } | Self::Bytea
        )
    }

    /// Whether values are written; others are only shown.
    pub(crate) fn is_written(&self) -> bool {
        *self != Self::Other
    }

    /// Whether values are asked for as text, in the server's words.
    pub(crate) fn is_read_as_text(&self) -> bool {
        *self == Self::Other
    }

    /// The type of the field that holds such values; geometries are described elsewhere.
    pub(crate) fn field_type(&self, facts: &TypeFacts) -> Option<FieldType> {
        Some(match self {
            Self::Bool => FieldType::Bool,
            Self::Int2 => FieldType::Int(IntWidth::W16),
            Self::Int4 => FieldType::Int(IntWidth::W32),
            Self::Int8 => FieldType::Int(IntWidth::W64),
            Self::Float4 => FieldType::Real(RealWidth::W32),
            Self::Float8 => FieldType::Real(RealWidth::W64),
            Self::Numeric => decimal(facts.modifier),
            Self::Text if facts.name == "varchar" => {
                FieldType::Text { max_chars: char_limit(facts.modifier).map(u64::from) }
            }
            Self::Padded { chars } => FieldType::Text { max_chars: chars.map(u64::from) },
            Self::Text | Self::Interval | Self::Enum { .. } | Self::Other => FieldType::TEXT,
            Self::Bytea => FieldType::Bytes { max_bytes: None },
            Self::Date => FieldType::Date,
            Self::Time { .. } => FieldType::Time(ZoneRule::Without),
            Self::TimeTz { .. } => FieldType::Time(ZoneRule::With),
            Self::Timestamp { .. } => FieldType::DateTime(ZoneRule::Without),
            Self::TimestampTz { .. } => FieldType::DateTime(ZoneRule::Utc),
            Self::Json | Self::Jsonb | Self::Array(_) => FieldType::Json,
            Self::Uuid => FieldType::Uuid,
            Self::Geometry | Self::Geography => return None,
        })
    }

    /// The closed set of an enumeration.
    pub(crate) fn domain(&self) -> Option<Domain> {
        let Self::Enum { labels } = self else { return None };
        let values = labels.iter().map(|label| (Value::from(label.as_str()), None));
        Some(Domain::OneOf(values.collect()))
    }
}

fn char_limit(modifier: i32) -> Option<u32> {
    u32::try_from(modifier.checked_sub(LENGTH_HEADER)?).ok()
}

/// Precision in the upper half, scale in the eleven bits below (`numeric.c`).
fn decimal(modifier: i32) -> FieldType {
    let packed = modifier.checked_sub(LENGTH_HEADER).and_then(|it| u32::try_from(it).ok());
    let scale = numeric_scale(modifier).and_then(|it| u32::try_from(it).ok());
    FieldType::Decimal { precision: packed.map(|it| it >> 16), scale }
}

fn numeric_scale(modifier: i32) -> Option<i32> {
    let packed = modifier.checked_sub(LENGTH_HEADER).filter(|it| *it >= 0)?;
    Some(((packed & 0x7ff) ^ 1_024) - 1_024)
}

/// The server's own spelling of a field's type, where it keeps all of its values exactly. A
/// geometry's is said elsewhere.
pub(crate) fn sql_type(ty: &FieldType) -> Option<String> {
    Some(match ty {
        FieldType::Bool => "boolean".to_owned(),
        FieldType::Int(IntWidth::W8 | IntWidth::W16) => "smallint".to_owned(),
        FieldType::Int(IntWidth::W32) => "integer".to_owned(),
        FieldType::Int(IntWidth::W64) => "bigint".to_owned(),
        FieldType::Real(RealWidth::W32) => "real".to_owned(),
        FieldType::Real(RealWidth::W64) => "double precision".to_owned(),
        FieldType::Decimal { precision: None, scale: None } => "numeric".to_owned(),
        FieldType::Decimal { precision: Some(precision), scale: Some(scale) }
            if (1..=1_000).contains(precision) && scale <= precision =>
        {
            format!("numeric({precision},{scale})")
        }
        FieldType::Text { max_chars: None } => "text".to_owned(),
        FieldType::Text { max_chars: Some(limit @ 1..=10_485_760) } => format!("varchar({limit})"),
        FieldType::Bytes { .. } => "bytea".to_owned(),
        FieldType::Date => "date".to_owned(),
        FieldType::Time(ZoneRule::Without) => "time".to_owned(),
        FieldType::Time(ZoneRule::With) => "timetz".to_owned(),
        FieldType::DateTime(ZoneRule::Without) => "timestamp".to_owned(),
        FieldType::DateTime(ZoneRule::Utc) => "timestamptz".to_owned(),
        FieldType::Json => "json".to_owned(),
        FieldType::Uuid => "uuid".to_owned(),
        FieldType::Decimal { .. }
        | FieldType::Text { .. }
        | FieldType::Time(_)
        | FieldType::DateTime(_)
        | FieldType::Geometry(_) => return None,
    })
}

/// The type of ours that comes nearest to one that the server does not have, without losing what a
/// value says: a moment keeps its instant, and gives up the zone it was written in.
pub(crate) fn nearest_type(ty: &FieldType) -> FieldType {
    match ty {
        FieldType::DateTime(ZoneRule::With) => FieldType::DateTime(ZoneRule::Utc),
        FieldType::Time(ZoneRule::Utc) => FieldType::Time(ZoneRule::With),
        FieldType::DateTime(ZoneRule::Either) | FieldType::Time(ZoneRule::Either) => {
            FieldType::TEXT
        }
        FieldType::Decimal { .. } if sql_type(ty).is_none() => {
            FieldType::Decimal { precision: None, scale: None }
        }
        FieldType::Text { .. } if sql_type(ty).is_none() => FieldType::TEXT,
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(name: &str, modifier: i32) -> TypeFacts {
        TypeFacts { name: name.to_owned(), known: true, modifier, labels: None, element: None }
    }

    #[test]
    fn modifiers_are_read_as_the_server_packs_them() {
        let decimal = FieldType::Decimal { precision: Some(9), scale: Some(2) };
        let modifier = ((9 << 16) | 2) + LENGTH_HEADER;
        assert_eq!(Kind::Numeric.field_type(&facts("numeric", modifier)), Some(decimal));
        assert_eq!(Kind::of(&facts("numeric", ((3 << 16) | 0x7fd) + LENGTH_HEADER)), Kind::Other);
        assert_eq!(Kind::of(&facts("timestamp", 3)), Kind::Timestamp { digits: 3 });
        assert_eq!(Kind::of(&facts("timestamp", -1)), Kind::Timestamp { digits: 6 });
        assert_eq!(Kind::of(&facts("bpchar", 9)), Kind::Padded { chars: Some(5) });
    }
}
