//! Times as people type them: as in RFC 3339, or a date.
use super::select::wrong;
use std::time::SystemTime;
use tiepoint::Result;
use tiepoint::core::{Date, DateTime};

/// The moment that was typed, in UTC where no offset is said; a date is its beginning.
pub(super) fn moment(argument: &str, text: &str) -> Result<SystemTime> {
    let text = text.trim();
    if let Ok(date) = text.parse::<Date>()
        && !text.contains(':')
    {
        return Ok(DateTime::midnight(date).moment());
    }
    let time: DateTime = text.parse().map_err(|error| wrong(argument, &error))?;
    Ok(time.moment())
}

#[cfg(test)]
mod tests {
    use super::*;
    use tiepoint::rfc3339;

    #[test]
    fn a_time_has_an_offset_or_is_in_utc() {
        for (text, meant) in [
            ("2024-02-29T12:30:00Z", "2024-02-29T12:30:00.000Z"),
            ("2024-02-29T12:30:00.25+01:00", "2024-02-29T11:30:00.250Z"),
            ("2024-02-29 12:30", "2024-02-29T12:30:00.000Z"),
            ("2024-02-29", "2024-02-29T00:00:00.000Z"),
        ] {
            assert_eq!(rfc3339(moment("--at", text).expect(text)), meant, "{text}");
        }
        for text in ["", "yesterday", "12:30", "2024-02-30", "2024"] {
            let error = moment("--at", text).expect_err("is no time").to_string();
            assert!(error.starts_with("--at: "), "{error}");
        }
    }
}
