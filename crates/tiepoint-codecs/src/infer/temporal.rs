//! What dates and times look like.
use super::Class;
use tiepoint_core::{Date, DateTime, Time};

/// ISO 8601 in its extended form: `2024-02-29`, `2024-02-29T12:30:00.25+01:00`, `12:30:00`.
pub(super) fn temporal_class(text: &str) -> Option<Class> {
    const DATE_BYTES: usize = "2024-02-29".len();
    if let Some(zone) = clock_zone(text.as_bytes(), Seconds::Required) {
        text.parse::<Time>().ok()?;
        return Some(if zone { Class::ZonedTime } else { Class::Time });
    }
    if !is_shaped(text.as_bytes().get(..DATE_BYTES)?, b"dddd-dd-dd") {
        return None;
    }
    match text.as_bytes()[DATE_BYTES..].split_first() {
        None => text.parse::<Date>().ok().map(|_| Class::Date),
        Some((b'T' | b't' | b' ', clock)) => {
            let zone = clock_zone(clock, Seconds::Optional)?;
            text.parse::<DateTime>().ok()?;
            Some(if zone { Class::ZonedDateTime } else { Class::DateTime })
        }
        Some(_) => None,
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Seconds {
    Required,
    Optional,
}

/// Whether a clock names its zone; `None` when it is no clock. Leap seconds are none either: we
/// could not print them again.
fn clock_zone(text: &[u8], seconds: Seconds) -> Option<bool> {
    let rest = text.get(5..).filter(|_| is_shaped(&text[..5], b"dd:dd"))?;
    let zone = match rest {
        [b':', b'0'..=b'5', b'0'..=b'9', rest @ ..] => after_fraction(rest)?,
        _ if seconds == Seconds::Optional => rest,
        _ => return None,
    };
    match zone {
        [] => Some(false),
        [b'Z' | b'z'] => Some(true),
        [b'+' | b'-', offset @ ..] => {
            let shapes: [&[u8]; 3] = [b"dd", b"dddd", b"dd:dd"];
            shapes.iter().any(|shape| is_shaped(offset, shape)).then_some(true)
        }
        _ => None,
    }
}

fn after_fraction(text: &[u8]) -> Option<&[u8]> {
    let Some(digits) = text.strip_prefix(b".") else { return Some(text) };
    let count = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
    (1..=9).contains(&count).then(|| &digits[count..])
}

/// Whether a text has the shape, in which `d` stands for a digit.
fn is_shaped(text: &[u8], shape: &[u8]) -> bool {
    text.len() == shape.len()
        && text.iter().zip(shape).all(|(byte, wanted)| match wanted {
            b'd' => byte.is_ascii_digit(),
            sign => byte == sign,
        })
}
