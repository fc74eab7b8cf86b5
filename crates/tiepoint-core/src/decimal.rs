//! Exact decimal numbers.
use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

/// An exact decimal number that keeps its written scale: `1.50` stays `1.50`.
///
/// At most [`Decimal::MAX_DIGITS`] digits on either side of the point, so that no text from outside
/// can ask for gigabytes. Equality is exact in the scale too (`1.5` and `1.50` are equal numbers but
/// two values); [`Decimal::order`] compares as numbers.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Decimal(Box<str>);

impl Decimal {
    /// The most digits before the point, and the most behind it.
    pub const MAX_DIGITS: usize = 1_000;

    /// The canonical text: digits, an optional point and a leading minus, no exponent.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Digits behind the point.
    #[must_use]
    pub fn scale(&self) -> usize {
        self.0.split_once('.').map_or(0, |(_, fraction)| fraction.len())
    }

    /// Digits in all, leading zeros not counted.
    #[must_use]
    pub fn precision(&self) -> usize {
        let digits = self.0.bytes().filter(u8::is_ascii_digit).skip_while(|digit| *digit == b'0');
        digits.count().max(1)
    }

    /// Compares as numbers.
    #[must_use]
    pub fn order(&self, other: &Self) -> Ordering {
        match (self.sign(), other.sign()) {
            (-1, -1) => other.magnitude_order(self),
            (1, 1) => self.magnitude_order(other),
            (mine, theirs) => mine.cmp(&theirs),
        }
    }

    /// The number a finite double is, to its last digit; only for comparing.
    pub(crate) fn exactly(number: f64) -> Option<Self> {
        const LAST_DIGIT: usize = 1_074;
        number.is_finite().then(|| Self(format!("{number:.LAST_DIGIT$}").into()))
    }

    fn sign(&self) -> i8 {
        if self.0.bytes().all(|byte| matches!(byte, b'-' | b'0' | b'.')) {
            return 0;
        }
        if self.0.starts_with('-') { -1 } else { 1 }
    }

    fn magnitude_order(&self, other: &Self) -> Ordering {
        let parts = |it: &Self| {
            let unsigned = it.0.trim_start_matches('-').to_owned();
            let (whole, fraction) = unsigned.split_once('.').unwrap_or((&unsigned, ""));
            (whole.len(), whole.to_owned(), fraction.trim_end_matches('0').to_owned())
        };
        parts(self).cmp(&parts(other))
    }
}

impl From<i64> for Decimal {
    fn from(number: i64) -> Self {
        Self(number.to_string().into())
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Decimal {
    type Err = DecimalError;

    /// Reads `-12.50`, `+3`, `.5`, `1e-7`; an exponent is written out.
    fn from_str(text: &str) -> Result<Self, DecimalError> {
        canonical(text)
            .map(|digits| Self(digits.into()))
            .ok_or_else(|| DecimalError { text: text.chars().take(64).collect() })
    }
}

/// A text that is no decimal number, or one beyond [`Decimal::MAX_DIGITS`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a decimal number of at most {} digits", Decimal::MAX_DIGITS)]
pub struct DecimalError {
    text: String,
}

fn canonical(text: &str) -> Option<String> {
    let (sign, unsigned) = match text.as_bytes().first()? {
        b'-' => ("-", &text[1..]),
        b'+' => ("", &text[1..]),
        _ => ("", text),
    };
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (unsigned, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let limit = Decimal::MAX_DIGITS;
    let too_long = whole.len() > limit || fraction.len() > limit;
    let digits = format!("{whole}{fraction}");
    if too_long || digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let point = i64::try_from(whole.len()).ok()? + i64::from(exponent);
    let limit = i64::try_from(limit).ok()?;
    let scale = i64::try_from(digits.len()).ok()? - point;
    (-limit..=limit).contains(&point).then_some(())?;
    (scale <= limit).then_some(())?;
    Some(format!("{sign}{}", with_point(&digits, point)))
}

/// `digits` with the decimal point after the first `point` of them, zeros added as needed.
fn with_point(digits: &str, point: i64) -> String {
    let padded_left = format!("{}{digits}", "0".repeat(usize::try_from(1 - point).unwrap_or(0)));
    let point = usize::try_from(point.max(1)).unwrap_or(1);
    let padded = format!("{padded_left}{}", "0".repeat(point.saturating_sub(padded_left.len())));
    let (whole, fraction) = padded.split_at(point);
    let whole = match whole.trim_start_matches('0') {
        "" => "0",
        trimmed => trimmed,
    };
    if fraction.is_empty() { whole.to_owned() } else { format!("{whole}.{fraction}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_written_scale_is_kept() {
        for (text, canonical) in [
            ("1.50", "1.50"),
            ("+7", "7"),
            ("-0.000", "-0.000"),
            (".5", "0.5"),
            ("007", "7"),
            ("1e3", "1000"),
            ("1.5e-3", "0.0015"),
            ("12345678901234567890123456789.1", "12345678901234567890123456789.1"),
        ] {
            assert_eq!(text.parse::<Decimal>().expect(text).as_str(), canonical);
        }
    }

    #[test]
    fn a_stranger_cannot_ask_for_gigabytes() {
        for text in
            ["1e1000000000", "1e-1000000000", "1e2147483648", "", "-", ".", "1.2.3", "0x1", "NaN"]
        {
            assert!(text.parse::<Decimal>().is_err(), "{text}");
        }
    }

    #[test]
    fn numbers_compare_as_numbers() {
        let order = |a: &str, b: &str| {
            a.parse::<Decimal>().expect("a").order(&b.parse::<Decimal>().expect("b"))
        };
        assert_eq!(order("1.5", "1.50"), Ordering::Equal);
        assert_eq!(order("-2", "1"), Ordering::Less);
        assert_eq!(order("10", "9.99"), Ordering::Greater);
    }
}
