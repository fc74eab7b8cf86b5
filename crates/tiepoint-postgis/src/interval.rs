//! The server's intervals as ISO 8601 durations: months, days and microseconds, each by itself.
use std::fmt::Write as _;

const MICROS_PER_SECOND: u64 = 1_000_000;

/// Months, days, microseconds.
pub(crate) type Parts = (i32, i32, i64);

/// The one spelling: `P1Y2M3DT4H5M6.7S`, `PT0S`, each part with its own sign.
pub(crate) fn spell((months, days, micros): Parts) -> String {
    let mut text = "P".to_owned();
    let mut part = |number: i64, unit: char| {
        if number != 0 {
            write!(text, "{number}{unit}").expect("a string takes everything");
        }
    };
    part(i64::from(months / 12), 'Y');
    part(i64::from(months % 12), 'M');
    part(i64::from(days), 'D');
    if micros != 0 || (months, days) == (0, 0) {
        text.push_str(&clock(micros));
    }
    text
}

fn clock(micros: i64) -> String {
    let sign = if micros < 0 { "-" } else { "" };
    let all = micros.unsigned_abs();
    let (seconds, fraction) = (all / MICROS_PER_SECOND, all % MICROS_PER_SECOND);
    let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    let mut text = "T".to_owned();
    if hours > 0 {
        write!(text, "{sign}{hours}H").expect("a string takes everything");
    }
    if minutes > 0 {
        write!(text, "{sign}{minutes}M").expect("a string takes everything");
    }
    if fraction > 0 {
        let digits = format!("{fraction:06}");
        write!(text, "{sign}{seconds}.{}S", digits.trim_end_matches('0'))
            .expect("a string takes everything");
    } else if seconds > 0 || all == 0 {
        write!(text, "{sign}{seconds}S").expect("a string takes everything");
    }
    text
}

/// The interval that is so spelled, if it is the one spelling of it.
pub(crate) fn read(text: &str) -> Option<Parts> {
    let (date, time) = text.strip_prefix('P')?.split_once('T').unwrap_or((&text[1..], ""));
    let (mut months, mut days, mut micros) = (0_i64, 0_i64, 0_i64);
    for (number, unit) in parts(date)? {
        let number: i64 = number.parse().ok()?;
        match unit {
            'Y' => months = months.checked_add(number.checked_mul(12)?)?,
            'M' => months = months.checked_add(number)?,
            'D' => days = number,
            _ => return None,
        }
    }
    for (number, unit) in parts(time)? {
        let seconds = match unit {
            'H' => 3_600,
            'M' => 60,
            'S' => 1,
            _ => return None,
        };
        micros = micros.checked_add(in_micros(number)?.checked_mul(seconds)?)?;
    }
    let parts = (i32::try_from(months).ok()?, i32::try_from(days).ok()?, micros);
    (spell(parts) == text).then_some(parts)
}

/// Numbers, each with the letter behind it.
fn parts(text: &str) -> Option<Vec<(&str, char)>> {
    let (mut found, mut rest) = (Vec::new(), text);
    while !rest.is_empty() {
        let end = rest.find(|it: char| it.is_ascii_alphabetic())?;
        found.push((&rest[..end], rest[end..].chars().next()?));
        rest = &rest[end + 1..];
    }
    Some(found)
}

fn in_micros(number: &str) -> Option<i64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let sign = if whole.starts_with('-') { -1 } else { 1 };
    let digits_only = fraction.len() <= 6 && fraction.bytes().all(|it| it.is_ascii_digit());
    let fraction: i64 =
        if digits_only { format!("{fraction:0<6}").parse().ok()? } else { return None };
    whole.parse::<i64>().ok()?.checked_mul(1_000_000)?.checked_add(sign * fraction)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn parts_keep_their_own_signs() {
        assert_eq!(spell((14, -3, 5_000_000)), "P1Y2M-3DT5S");
        assert_eq!(spell((0, 0, 0)), "PT0S");
        assert_eq!(spell((0, 1, -3_600_500_000)), "P1DT-1H-0.5S");
        assert_eq!((read("P12M"), read("1 day"), read("P1")), (None, None, None));
    }

    proptest! {
        #[test]
        fn an_interval_comes_back(months: i32, days: i32, micros: i64) {
            prop_assert_eq!(read(&spell((months, days, micros))), Some((months, days, micros)));
        }
    }
}
