//! Literals that both encodings of CQL2 spell the same: numbers, dates, moments.
use super::error::{Fault, Read};
use tiepoint_core::{Date, DateTime, Decimal, Expr, Json, Time, Value};

/// The constructors of literals: `DATE('2024-02-29')` in text, `{"date": "2024-02-29"}` in JSON.
/// The first two are the standard's, the others ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Constructor {
    Date,
    Timestamp,
    Time,
    Decimal,
    Uuid,
    Json,
    Bytes,
}

const CONSTRUCTORS: [(&str, Constructor); 7] = [
    ("date", Constructor::Date),
    ("timestamp", Constructor::Timestamp),
    ("time", Constructor::Time),
    ("decimal", Constructor::Decimal),
    ("uuid", Constructor::Uuid),
    ("json", Constructor::Json),
    ("bytes", Constructor::Bytes),
];

impl Constructor {
    /// The constructor of that name, case ignored.
    pub(super) fn named(name: &str) -> Option<Self> {
        let found = CONSTRUCTORS.iter().find(|(it, _)| it.eq_ignore_ascii_case(name));
        found.map(|(_, constructor)| *constructor)
    }

    /// Its name, in lower case.
    pub(super) fn name(self) -> &'static str {
        let found = CONSTRUCTORS.iter().find(|(_, it)| *it == self);
        found.map_or("", |(name, _)| name)
    }

    /// Whether a function has the same name, which takes whatever is no text literal.
    pub(super) fn is_function_too(self) -> bool {
        matches!(self, Self::Date | Self::Time)
    }

    /// The value that the text at `at` stands for.
    pub(super) fn value(self, text: &str, at: usize) -> Read<Value> {
        let value = match self {
            Self::Date => return date(text, at).map(Value::Date),
            Self::Timestamp => text.parse::<DateTime>().map(Value::DateTime).map_err(words),
            Self::Time => text.parse::<Time>().map(Value::Time).map_err(words),
            Self::Decimal => text.parse::<Decimal>().map(Value::Decimal).map_err(words),
            Self::Uuid => text.parse::<uuid::Uuid>().map(Value::Uuid).map_err(words),
            Self::Json => text.parse::<Json>().map(Value::Json).map_err(words),
            Self::Bytes => from_hex(text).map(Value::Bytes).ok_or_else(|| {
                "bytes are written as pairs of hexadecimal digits, such as '00ff'".to_owned()
            }),
        };
        value.map_err(|reason| Fault::new(at, reason))
    }

    /// The constructor of a value that has one, and what it takes.
    pub(super) fn of(value: &Value) -> Option<(Self, String)> {
        Some(match value {
            Value::Date(date) => (Self::Date, date.to_string()),
            Value::DateTime(moment) => (Self::Timestamp, moment.to_string()),
            Value::Time(time) => (Self::Time, time.to_string()),
            Value::Decimal(number) => (Self::Decimal, number.to_string()),
            Value::Uuid(uuid) => (Self::Uuid, uuid.to_string()),
            Value::Json(document) => (Self::Json, document.to_string()),
            Value::Bytes(bytes) => (Self::Bytes, to_hex(bytes)),
            _ => return None,
        })
    }
}

#[expect(clippy::needless_pass_by_value, reason = "is what map_err hands over")]
fn words(error: impl ToString) -> String {
    error.to_string()
}

/// A calendar date, to the letter: jiff would take more forms than ISO 8601's usual one.
fn date(text: &str, at: usize) -> Read<Date> {
    let date = text.parse::<Date>().ok().filter(|date| date.to_string() == text);
    date.ok_or_else(|| {
        let shown: String = text.chars().take(40).collect();
        Fault::new(at, format!("'{shown}' is not a date, such as 2024-02-29"))
    })
}

/// An end of an interval: `..`, a date, or a date with time.
pub(super) fn instant(text: &str, at: usize) -> Read<Expr> {
    if text == ".." {
        return Ok(Expr::NULL);
    }
    let constructor =
        if text.contains(['T', 't', ':']) { Constructor::Timestamp } else { Constructor::Date };
    constructor.value(text, at).map(Expr::Literal).map_err(|fault| {
        fault.with_hint("an end of an interval is a date, a date and time, a property, or '..'")
    })
}

/// A number as written, a sign included: whole numbers stay whole, and exact where 64 bits are too
/// few; others are the nearest double.
pub(super) fn number(text: &str, at: usize) -> Read<Value> {
    if text.contains(['.', 'e', 'E']) {
        let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
        let too_large = || Fault::new(at, "the number is too large: numbers end at 1.8e308");
        return number.map(Value::Real).ok_or_else(too_large);
    }
    if let Ok(number) = text.parse::<i64>() {
        return Ok(Value::Int(number));
    }
    let too_long = |_| {
        let limit = Decimal::MAX_DIGITS;
        Fault::new(at, format!("the number is too long: numbers have at most {limit} digits"))
    };
    text.parse::<Decimal>().map(Value::Decimal).map_err(too_long)
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let byte = |[high, low]: &[u8; 2]| u8::try_from(digit(*high)? * 16 + digit(*low)?).ok();
    if rest.is_empty() { pairs.iter().map(byte).collect() } else { None }
}

fn to_hex(bytes: &[u8]) -> String {
    let nibbles = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    nibbles.filter_map(|nibble| char::from_digit(nibble.into(), 16)).collect()
}
