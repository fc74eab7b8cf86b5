//! Text for people: talk, counts, and values that cannot play tricks on a terminal.
use std::borrow::Cow;
use std::io::{self, Write};
use std::time::SystemTime;
use tiepoint::core::{Geometry, GeometryKind};
use tiepoint::{Error, Result, Value};

/// Says a line on the standard error. That nobody listens is no failure.
pub(crate) fn say(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// Writes data to the standard output.
pub(crate) fn write_out(text: &str) -> Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(Error::on_stdout)
}

/// Text without control characters: nothing from a file reaches the terminal as an order to it.
pub(crate) fn plain(text: &str) -> Cow<'_, str> {
    let tame = |c: char| match c {
        '\n' => '⏎',
        '\t' => ' ',
        c if c.is_control() || is_invisible(c) => char::REPLACEMENT_CHARACTER,
        c => c,
    };
    if text.chars().all(|c| tame(c) == c) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().map(tame).collect())
}

/// Characters that turn the direction of the text around them (UAX #9).
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A count with the noun it counts: `1 feature`, `2,500 features`.
pub(crate) fn count(number: u64, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", grouped(number))
}

/// How long ago it was: `3 minutes ago`.
pub(crate) fn age(time: SystemTime) -> String {
    let seconds = time.elapsed().unwrap_or_default().as_secs();
    let units = [(86_400, "day"), (3_600, "hour"), (60, "minute")];
    match units.into_iter().find(|(unit, _)| seconds >= *unit) {
        Some((unit, name)) => format!("{} ago", count(seconds / unit, name)),
        None => format!("{} ago", count(seconds, "second")),
    }
}

fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A value on one line; a geometry as what it is and how long it is.
pub(crate) fn summary(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::Bool(truth)) => truth.to_string(),
        Some(Value::Int(number)) => number.to_string(),
        Some(Value::Real(number)) => number.to_string(),
        Some(Value::Decimal(number)) => number.to_string(),
        Some(Value::Text(text)) => plain(text).into_owned(),
        Some(Value::Bytes(bytes)) => count(bytes.len() as u64, "byte"),
        Some(Value::Date(date)) => date.to_string(),
        Some(Value::Time(time)) => time.to_string(),
        Some(Value::DateTime(time)) => time.to_string(),
        Some(Value::Json(json)) => plain(json.as_str()).into_owned(),
        Some(Value::Uuid(uuid)) => uuid.to_string(),
        Some(Value::Geometry(geometry)) => geometry_summary(geometry),
    }
}

/// A geometry as what it is and how long it is; a point as text.
pub(super) fn geometry_summary(geometry: &Geometry) -> String {
    if geometry.kind() == GeometryKind::Point || geometry.is_empty() {
        return geometry.to_wkt();
    }
    let positions = geometry.num_positions() as u64;
    format!("{} of {}", geometry.kind(), count(positions, "position"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_gives_no_orders_to_a_terminal() {
        let text = "a\u{1b}[2Jb\rc\u{9b}\u{202e}";
        let shown = plain(text);
        assert!(shown.chars().all(|c| !c.is_control() && !is_invisible(c)), "{shown:?}");
        assert_eq!(plain("Ålesund 漢字 🌍"), "Ålesund 漢字 🌍");
    }

    #[test]
    fn counts_are_grouped_and_nouns_inflected() {
        assert_eq!(count(1, "feature"), "1 feature");
        assert_eq!(count(0, "feature"), "0 features");
        assert_eq!(count(1_234_567, "row"), "1,234,567 rows");
    }
}
