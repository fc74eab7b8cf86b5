//! Exact decimal numbers in the server's bytes: groups of four digits (`numeric.c`, `numeric_recv`).
use tiepoint_core::Decimal;

/// The header: how many groups, the weight of the first, the sign, digits behind the point.
const HEADER: usize = 8;
const NEGATIVE: u16 = 0x4000;
/// Digits in a group.
const GROUP: usize = 4;
/// Digits before and behind the point that the server takes (`numeric.h`).
const MOST_WHOLE: usize = 131_072;
const MOST_FRACTION: usize = 16_383;

/// The number in these bytes.
pub(crate) fn decode(bytes: &[u8]) -> Result<Decimal, String> {
    let (header, groups) = bytes.split_at_checked(HEADER).ok_or("a number without its header")?;
    let [count, weight, sign, scale] = [0, 2, 4, 6].map(|at| [header[at], header[at + 1]]);
    let (count, weight) = (u16::from_be_bytes(count), i16::from_be_bytes(weight));
    let (sign, scale) = (u16::from_be_bytes(sign), usize::from(u16::from_be_bytes(scale)));
    match sign {
        0 | NEGATIVE => {}
        0xC000 => return Err("NaN, which no decimal number is".to_owned()),
        0xD000 | 0xF000 => return Err("infinity, which no decimal number is".to_owned()),
        _ => return Err("a number whose sign is none".to_owned()),
    }
    if groups.len() != usize::from(count) * 2 {
        return Err("a number that is cut off".to_owned());
    }
    let group = |at: i32| {
        let at = usize::try_from(at).ok().filter(|at| *at < usize::from(count));
        at.map_or(0, |at| u16::from_be_bytes([groups[at * 2], groups[at * 2 + 1]]))
    };
    let mut text = String::with_capacity(usize::from(count) * GROUP + scale + 2);
    if sign == NEGATIVE {
        text.push('-');
    }
    let weight = i32::from(weight);
    let whole = digits(0..=weight, group);
    let whole = whole.trim_start_matches('0');
    text.push_str(if whole.is_empty() { "0" } else { whole });
    if scale > 0 {
        let groups = i32::try_from(scale.div_ceil(GROUP)).unwrap_or_default();
        text.push('.');
        text.push_str(&digits(weight + 1..=weight + groups, group)[..scale]);
    }
    text.parse().map_err(|error: tiepoint_core::DecimalError| error.to_string())
}

/// The digits of some groups.
fn digits(places: std::ops::RangeInclusive<i32>, group: impl Fn(i32) -> u16) -> String {
    places.fold(String::new(), |digits, at| digits + &format!("{:04}", group(at)))
}

/// Appends the bytes of a number that is no [`misfit`].
pub(crate) fn encode(number: &Decimal, out: &mut Vec<u8>) {
    let text = number.as_str();
    let (sign, unsigned) = match text.strip_prefix('-') {
        Some(unsigned) => (NEGATIVE, unsigned),
        None => (0, text),
    };
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let whole = whole.trim_start_matches('0');
    let lead = (GROUP - whole.len() % GROUP) % GROUP;
    let trail = (GROUP - fraction.len() % GROUP) % GROUP;
    let zeros = |count: usize| std::iter::repeat_n(b'0', count);
    let digits: Vec<u8> =
        zeros(lead).chain(whole.bytes()).chain(fraction.bytes()).chain(zeros(trail)).collect();
    let groups: Vec<u16> = digits
        .chunks(GROUP)
        .map(|group| group.iter().fold(0, |sum, digit| sum * 10 + u16::from(digit - b'0')))
        .collect();
    let before = i64::try_from(whole.len().div_ceil(GROUP)).unwrap_or_default();
    let skipped = groups.iter().take_while(|group| **group == 0).count();
    let kept = &groups[skipped..];
    let last = kept.iter().rposition(|group| *group != 0).map_or(0, |at| at + 1);
    let kept = &kept[..last];
    let weight = before - 1 - i64::try_from(skipped).unwrap_or_default();
    let weight = if kept.is_empty() { 0 } else { weight };
    let sign = if kept.is_empty() { 0 } else { sign };
    out.extend(u16::try_from(kept.len()).unwrap_or(u16::MAX).to_be_bytes());
    out.extend(i16::try_from(weight).unwrap_or(i16::MAX).to_be_bytes());
    out.extend(sign.to_be_bytes());
    out.extend(u16::try_from(fraction.len()).unwrap_or(u16::MAX).to_be_bytes());
    for group in kept {
        out.extend(group.to_be_bytes());
    }
}

/// Why the server would not give the number back as it is, if it would not.
pub(crate) fn misfit(number: &Decimal) -> Option<&'static str> {
    let text = number.as_str();
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if whole.len() > MOST_WHOLE || fraction.len() > MOST_FRACTION {
        return Some("a number of more digits");
    }
    let is_zero = text.bytes().all(|byte| matches!(byte, b'-' | b'0' | b'.'));
    (is_zero && text.starts_with('-')).then_some("a negative zero")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_number_comes_back(text in "-?(0|[1-9][0-9]{0,30})(\\.[0-9]{1,30})?") {
            let number: Decimal = text.parse().expect("a decimal");
            prop_assume!(misfit(&number).is_none());
            let mut bytes = Vec::new();
            encode(&number, &mut bytes);
            prop_assert_eq!(decode(&bytes), Ok(number));
        }

        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let _ = decode(&bytes);
        }
    }
}
