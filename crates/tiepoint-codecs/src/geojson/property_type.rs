//! Which field type holds all the values that a property has in a document.
use super::number::RawNumber;
use super::text::RawText;
use tiepoint_core::{Date, DateTime, FieldType, ZoneRule};

/// What sorts of values there were: a set.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Sorts(u16);

impl Sorts {
    pub(super) const NULL: Self = Self(1);
    pub(super) const BOOL: Self = Self(1 << 1);
    /// A whole number of 64 bits that is a double as well.
    const INT: Self = Self(1 << 2);
    /// A whole number of 64 bits that no double holds.
    const LONG_INT: Self = Self(1 << 3);
    /// A whole number beyond 64 bits that is a double.
    const BIG: Self = Self(1 << 4);
    /// A whole number beyond 64 bits that no double holds.
    const LONG_BIG: Self = Self(1 << 5);
    const REAL: Self = Self(1 << 6);
    const DATE: Self = Self(1 << 7);
    const LOCAL_TIME: Self = Self(1 << 8);
    const ZONED_TIME: Self = Self(1 << 9);
    pub(super) const TEXT: Self = Self(1 << 10);
    /// An object or array.
    pub(super) const NESTED: Self = Self(1 << 11);

    const INTS: Self = Self(Self::INT.0 | Self::LONG_INT.0);
    const NUMBERS: Self = Self(Self::INTS.0 | Self::BIG.0 | Self::LONG_BIG.0 | Self::REAL.0);
    const TIMES: Self = Self(Self::LOCAL_TIME.0 | Self::ZONED_TIME.0);
    const TEXTS: Self = Self(Self::TEXT.0 | Self::DATE.0 | Self::TIMES.0);

    pub(super) fn add(&mut self, other: Self) {
        self.0 |= other.0;
    }

    pub(super) fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    fn only(self, other: Self) -> bool {
        self.has(other) && self.0 & !(other.0 | Self::NULL.0) == 0
    }

    /// The type that holds them all, and whether values change their sort in it.
    pub(super) fn field_type(self) -> (FieldType, Fit) {
        if self.has(Self::NESTED) {
            return (FieldType::Json, if self.only(Self::NESTED) { Fit::Same } else { Fit::Mixed });
        }
        if self.only(Self::NUMBERS) {
            return (self.number_type(), Fit::Same);
        }
        match self {
            _ if self.only(Self::BOOL) => (FieldType::Bool, Fit::Same),
            _ if self.only(Self::DATE) => (FieldType::Date, Fit::Same),
            _ if self.only(Self::LOCAL_TIME) => (FieldType::DateTime(ZoneRule::Without), Fit::Same),
            _ if self.only(Self::ZONED_TIME) => (FieldType::DateTime(ZoneRule::With), Fit::Same),
            _ if self.only(Self::TIMES) => (FieldType::DateTime(ZoneRule::Either), Fit::Same),
            _ if self.only(Self::TEXTS) || self.0 & !Self::NULL.0 == 0 => {
                (FieldType::TEXT, Fit::Same)
            }
            _ => (FieldType::TEXT, Fit::Mixed),
        }
    }

    fn number_type(self) -> FieldType {
        let decimal = FieldType::Decimal { precision: None, scale: None };
        match self {
            _ if self.only(Self::INTS) => FieldType::INT,
            _ if !self.has(Self::REAL) => decimal,
            _ if self.has(Self(Self::LONG_INT.0 | Self::LONG_BIG.0)) => decimal,
            _ => FieldType::REAL,
        }
    }
}

/// Whether the values of a field are all of the sort its type is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fit {
    Same,
    Mixed,
}

/// The sort of a number.
pub(super) fn sort_of_number(number: RawNumber<'_>) -> Sorts {
    let digits = number.text.trim_start_matches('-');
    if !number.whole {
        return Sorts::REAL;
    }
    if digits.len() <= 15 {
        return Sorts::INT;
    }
    let fits = number.text.parse::<i64>().is_ok();
    match (fits, is_double(digits)) {
        (true, true) => Sorts::INT,
        (true, false) => Sorts::LONG_INT,
        (false, true) => Sorts::BIG,
        (false, false) => Sorts::LONG_BIG,
    }
}

/// Whether the whole number of these digits is a double; no, where it is too long to tell.
#[expect(clippy::cast_precision_loss, reason = "whether it is lost is the question")]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "whole, and below 2^128"
)]
fn is_double(digits: &str) -> bool {
    let Ok(number) = digits.parse::<u128>() else { return false };
    let nearest = number as f64;
    nearest < 2.0_f64.powi(128) && nearest as u128 == number
}

/// The sort of a string, given the sorts of those before it: once text, always text.
pub(super) fn sort_of_text(text: RawText<'_>, before: Sorts) -> Sorts {
    if before.has(Sorts::TEXT) || text.escaped || !looks_like_date(text.bytes) {
        return Sorts::TEXT;
    }
    let Ok(text) = std::str::from_utf8(text.bytes) else { return Sorts::TEXT };
    if text.len() == 10 {
        return if date(text).is_some() { Sorts::DATE } else { Sorts::TEXT };
    }
    match date_time(text).map(|time| time.offset.is_some()) {
        Some(true) => Sorts::ZONED_TIME,
        Some(false) => Sorts::LOCAL_TIME,
        None => Sorts::TEXT,
    }
}

/// The date that prints back as `text`.
pub(super) fn date(text: &str) -> Option<Date> {
    text.parse().ok().filter(|date: &Date| date.to_string() == text)
}

/// The date and time that print back as `text`.
pub(super) fn date_time(text: &str) -> Option<DateTime> {
    text.parse().ok().filter(|time: &DateTime| time.to_string() == text)
}

/// Whether the first ten bytes are digits and hyphens as in `2024-02-29`.
fn looks_like_date(text: &[u8]) -> bool {
    let Some(start) = text.first_chunk::<10>() else { return false };
    text.len() <= 35
        && start.iter().enumerate().all(|(index, byte)| match index {
            4 | 7 => *byte == b'-',
            _ => byte.is_ascii_digit(),
        })
}

#[cfg(test)]
mod tests {
    use super::super::cursor::Cursor;
    use super::*;

    /// The type that a survey gives a property with these values.
    fn inferred(values: &[&str]) -> (FieldType, Fit) {
        let mut sorts = Sorts::default();
        for value in values {
            let document = format!("{value},");
            let mut cursor = Cursor::new(document.as_bytes());
            sorts.add(cursor.skip_sort(sorts).expect("is JSON"));
        }
        sorts.field_type()
    }

    #[test]
    fn a_type_holds_all_values() {
        let decimal = FieldType::Decimal { precision: None, scale: None };
        for (values, ty) in [
            (&["true", "null"][..], FieldType::Bool),
            (&["1", "-9223372036854775808", "null"], FieldType::INT),
            (&["1", "9223372036854775808"], decimal.clone()),
            (&["1", "1.5"], FieldType::REAL),
            (&["1.0"], FieldType::REAL),
            (&["-0"], FieldType::REAL),
            (&["1e3"], FieldType::REAL),
            (&["100000000000000000000", "0.5"], FieldType::REAL),
            (&["9007199254740993", "0.5"], decimal.clone()),
            (&["9007199254740992", "0.5"], FieldType::REAL),
            (&["\"2024-02-29\"", "null"], FieldType::Date),
            (&["\"2024-02-30\""], FieldType::TEXT),
            (&["\"2024-02-29T12:00:00Z\""], FieldType::DateTime(ZoneRule::With)),
            (&["\"2024-02-29T12:00:00\""], FieldType::DateTime(ZoneRule::Without)),
            (
                &["\"2024-02-29T12:00:00\"", "\"2024-02-29T12:00:00+02:00\""],
                FieldType::DateTime(ZoneRule::Either),
            ),
            (&["\"2024-02-29 12:00:00\""], FieldType::TEXT),
            (&["\"2024-02-29T12:00:00.500Z\""], FieldType::TEXT),
            (&["\"2024-02-29\"", "\"2024-02-29T12:00:00\""], FieldType::TEXT),
            (&["\"2024-02-29\"", "\"soon\""], FieldType::TEXT),
            (&["null"], FieldType::TEXT),
            (&[], FieldType::TEXT),
            (&["{\"a\":1}", "null"], FieldType::Json),
            (&["[]"], FieldType::Json),
        ] {
            assert_eq!(inferred(values), (ty, Fit::Same), "{values:?}");
        }
        for (values, ty) in [
            (&["1", "\"x\""][..], FieldType::TEXT),
            (&["true", "1"], FieldType::TEXT),
            (&["1", "[]"], FieldType::Json),
            (&["\"x\"", "{}"], FieldType::Json),
        ] {
            assert_eq!(inferred(values), (ty, Fit::Mixed), "{values:?}");
        }
    }
}
