//! Dates and times as they were written: a zone is kept where there was one, never invented.
use jiff::civil;
use jiff::tz;
use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;
use std::time::SystemTime;

/// A distance from UTC, to the second.
pub type Offset = tz::Offset;

/// A calendar date, years -9999 to 9999 (ISO 8601-1, section 5.2).
pub type Date = civil::Date;

/// A time of day to the nanosecond, with the offset from UTC it was written with, if any.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Time {
    /// What the clock on the wall showed.
    pub clock: civil::Time,
    /// The clock's distance from UTC; `None` says that nobody knows.
    pub offset: Option<Offset>,
}

/// A date and time to the nanosecond, with the offset from UTC it was written with, if any.
///
/// With an offset it is an instant and compares as one; without, it is what a calendar and a clock
/// showed somewhere. Equality is exact: 12:00Z and 13:00+01:00 are one instant, but two values.
///
/// ```
/// use tiepoint_core::DateTime;
/// let zoned: DateTime = "2024-02-29T12:30:00.25+01:00".parse()?;
/// assert_eq!(zoned.to_string(), "2024-02-29T12:30:00.25+01:00");
/// let local: DateTime = "2024-02-29 12:30:00".parse()?;
/// assert_eq!(local.offset, None);
/// # Ok::<(), tiepoint_core::DateTimeError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DateTime {
    /// What calendar and clock showed.
    pub civil: civil::DateTime,
    /// Their distance from UTC; `None` says that nobody knows.
    pub offset: Option<Offset>,
}

/// Whether the times of a field carry an offset from UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ZoneRule {
    /// None does.
    Without,
    /// Every one does.
    With,
    /// Every one does, and it is zero: a moment, told in UTC. What comes with another offset is
    /// kept as the same moment.
    Utc,
    /// Each says for itself, as in GeoPackage files.
    Either,
}

impl ZoneRule {
    /// Whether a time with this offset may stand in the field.
    #[must_use]
    pub fn allows(self, offset: Option<Offset>) -> bool {
        match self {
            Self::Without => offset.is_none(),
            Self::With => offset.is_some(),
            Self::Utc => offset == Some(Offset::UTC),
            Self::Either => true,
        }
    }
}

impl DateTime {
    /// The instant it names, or `None` where no offset was written.
    #[must_use]
    pub fn instant(&self) -> Option<jiff::Timestamp> {
        self.offset.and_then(|offset| offset.to_timestamp(self.civil).ok())
    }

    /// The order that sorting uses: by instant, taking what has no offset as UTC; then by clock.
    #[must_use]
    pub fn order(&self, other: &Self) -> Ordering {
        self.in_utc().cmp(&other.in_utc()).then(self.civil.cmp(&other.civil))
    }

    /// The same moment as clocks in UTC show it; itself where no offset was written, and at the
    /// ends of the calendar.
    #[must_use]
    pub fn told_in_utc(self) -> Self {
        let Some(offset) = self.offset else { return self };
        let east = jiff::SignedDuration::from_secs(i64::from(offset.seconds()));
        let moment = self.civil.checked_sub(east);
        moment.map_or(self, |civil| Self { civil, offset: Some(Offset::UTC) })
    }

    /// The start of a day, of which nobody says where.
    #[must_use]
    pub fn midnight(date: Date) -> Self {
        Self { civil: date.to_datetime(civil::Time::midnight()), offset: None }
    }

    /// The moment it names, taking what has no offset as UTC.
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    /// use tiepoint_core::DateTime;
    /// let second = SystemTime::UNIX_EPOCH + Duration::from_secs(1);
    /// assert_eq!("1970-01-01T01:00:01+01:00".parse::<DateTime>()?.moment(), second);
    /// assert_eq!(DateTime::from(second).to_string(), "1970-01-01T00:00:01Z");
    /// # Ok::<(), tiepoint_core::DateTimeError>(())
    /// ```
    #[must_use]
    pub fn moment(&self) -> SystemTime {
        let shown = self.civil.duration_since(civil_epoch());
        let east = jiff::SignedDuration::from_secs(self.offset.map_or(0, Offset::seconds).into());
        let since = shown - east;
        let epoch = SystemTime::UNIX_EPOCH;
        if since.is_negative() {
            epoch - since.unsigned_abs()
        } else {
            epoch + since.unsigned_abs()
        }
    }

    /// Nanoseconds since the start of 1970 in UTC, taking what has no offset as UTC.
    #[must_use]
    pub fn in_utc(&self) -> i128 {
        self.civil.duration_since(civil_epoch()).as_nanos() - offset_nanos(self.offset)
    }
}

impl Time {
    /// The order that sorting uses: by time of day in UTC, taking what has no offset as UTC.
    #[must_use]
    pub fn order(&self, other: &Self) -> Ordering {
        self.in_utc().cmp(&other.in_utc()).then(self.clock.cmp(&other.clock))
    }

    /// Nanoseconds since midnight in UTC, taking what has no offset as UTC.
    #[must_use]
    pub fn in_utc(&self) -> i128 {
        let since_midnight = self.clock.duration_since(civil::Time::midnight()).as_nanos();
        since_midnight - offset_nanos(self.offset)
    }
}

/// The start of 1970, of which nobody says where.
fn civil_epoch() -> civil::DateTime {
    civil::Date::constant(1970, 1, 1).to_datetime(civil::Time::midnight())
}

fn offset_nanos(offset: Option<Offset>) -> i128 {
    i128::from(offset.map_or(0, Offset::seconds)) * 1_000_000_000
}

/// A moment as clocks in UTC show it; the end of the calendar, for one beyond it.
impl From<SystemTime> for DateTime {
    fn from(moment: SystemTime) -> Self {
        let end = if moment < SystemTime::UNIX_EPOCH {
            jiff::Timestamp::MIN
        } else {
            jiff::Timestamp::MAX
        };
        let moment = jiff::Timestamp::try_from(moment).unwrap_or(end);
        Self { civil: Offset::UTC.to_datetime(moment), offset: Some(Offset::UTC) }
    }
}

impl fmt::Display for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.civil)?;
        write_offset(f, self.offset)
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.clock)?;
        write_offset(f, self.offset)
    }
}

impl FromStr for DateTime {
    type Err = DateTimeError;

    fn from_str(text: &str) -> Result<Self, DateTimeError> {
        plain(text).map_or_else(|| in_any_form(text), Ok)
    }
}

impl FromStr for Time {
    type Err = DateTimeError;

    fn from_str(text: &str) -> Result<Self, DateTimeError> {
        let refused = || DateTimeError { wanted: "time", text: shortened(text) };
        let (clock, offset) = split_offset(text).ok_or_else(refused)?;
        let clock = clock.parse::<civil::Time>().ok().ok_or_else(refused)?;
        Ok(Self { clock, offset })
    }
}

/// A text that is no date or time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a {wanted} in ISO 8601 form, such as 2024-02-29T12:30:00Z")]
pub struct DateTimeError {
    wanted: &'static str,
    text: String,
}

fn shortened(text: &str) -> String {
    text.chars().take(64).collect()
}

fn write_offset(f: &mut fmt::Formatter<'_>, offset: Option<Offset>) -> fmt::Result {
    match offset {
        None => Ok(()),
        Some(offset) if offset == Offset::UTC => f.write_str("Z"),
        Some(offset) => {
            let (sign, seconds) =
                (if offset.is_negative() { '-' } else { '+' }, offset.seconds().unsigned_abs());
            write!(f, "{sign}{:02}:{:02}", seconds / 3600, seconds / 60 % 60)?;
            if seconds % 60 == 0 { Ok(()) } else { write!(f, ":{:02}", seconds % 60) }
        }
    }
}

/// Reads the form that nearly all texts are in, `2024-02-29T12:30:00.25Z`, without searching for
/// its parts: several times as fast. `None` says nothing about the text.
fn plain(text: &str) -> Option<DateTime> {
    let (front, rest) = text.as_bytes().split_first_chunk::<19>()?;
    let [date @ .., b'T' | b' ', h0, h1, b':', m0, m1, b':', s0, s1] = *front else { return None };
    let [y0, y1, y2, y3, b'-', n0, n1, b'-', d0, d1] = date else { return None };
    let (fraction, offset) = match rest {
        [fraction @ .., b'Z'] => (fraction, Some(Offset::UTC)),
        fraction => (fraction, None),
    };
    let nanosecond = match fraction {
        [] => 0,
        [b'.', digits @ ..] if matches!(digits.len(), 1..=9) => {
            digits.iter().copied().chain([b'0'; 8]).take(9).try_fold(0, digit)?
        }
        _ => return None,
    };
    let year = i16::try_from([y0, y1, y2, y3].into_iter().try_fold(0, digit)?).ok()?;
    let two = |tens: u8, ones: u8| i8::try_from(digit(digit(0, tens)?, ones)?).ok();
    let (month, day) = (two(n0, n1)?, two(d0, d1)?);
    let (hour, minute, second) = (two(h0, h1)?, two(m0, m1)?, two(s0, s1)?);
    let civil = civil::DateTime::new(year, month, day, hour, minute, second, nanosecond).ok()?;
    Some(DateTime { civil, offset })
}

/// Appends a decimal digit to a number.
fn digit(number: i32, byte: u8) -> Option<i32> {
    byte.is_ascii_digit().then(|| number * 10 + i32::from(byte - b'0'))
}

fn in_any_form(text: &str) -> Result<DateTime, DateTimeError> {
    let refused = || DateTimeError { wanted: "date and time", text: shortened(text) };
    let (clock, offset) = split_offset(text).ok_or_else(refused)?;
    if !clock.contains([':', 'T', 't', ' ']) {
        return Err(refused());
    }
    let civil = clock.parse::<civil::DateTime>().ok().ok_or_else(refused)?;
    Ok(DateTime { civil, offset })
}

/// Cuts `Z`, `+01`, `+0100`, `+01:00` or `-01:00:30` off the end of a text that has a clock in it.
fn split_offset(text: &str) -> Option<(&str, Option<Offset>)> {
    if let Some(clock) = text.strip_suffix(['Z', 'z']) {
        return Some((clock, Some(Offset::UTC)));
    }
    let Some(clock_start) = text.find(':') else { return Some((text, None)) };
    let Some(sign_at) = text[clock_start..].find(['+', '-']).map(|at| at + clock_start) else {
        return Some((text, None));
    };
    let (clock, offset) = text.split_at(sign_at);
    Some((clock.trim_end(), Some(parse_offset(offset)?)))
}

fn parse_offset(text: &str) -> Option<Offset> {
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let digits: String = text[1..].chars().filter(|c| *c != ':').collect();
    if !matches!(digits.len(), 2 | 4 | 6) || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let part = |at: usize| digits.get(at..at + 2).map_or(Some(0), |two| two.parse::<i32>().ok());
    let (hours, minutes, seconds) = (part(0)?, part(2)?, part(4)?);
    if minutes > 59 || seconds > 59 {
        return None;
    }
    Offset::from_seconds(sign * (hours * 3600 + minutes * 60 + seconds)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::time::Duration;

    #[test]
    fn what_was_written_comes_back() {
        for text in [
            "2024-02-29T12:30:00Z",
            "2024-02-29T12:30:00",
            "2024-02-29T12:30:00.123456789+05:30",
            "-000044-03-15T09:00:00-00:30:15",
        ] {
            let parsed: DateTime = text.parse().expect(text);
            let again: DateTime = parsed.to_string().parse().expect("our own form");
            assert_eq!(parsed, again, "{text}");
        }
    }

    proptest! {
        #[test]
        fn the_short_way_of_reading_reads_the_same(
            text in r"[0-9]{4}-[01][0-9]-[0-3][0-9][Tt ][0-2][0-9]:[0-6][0-9]:[0-6][0-9](\.[0-9]{0,10})?(Z|z|\+01:00)?",
        ) {
            if let Some(read) = plain(&text) {
                prop_assert_eq!(in_any_form(&text), Ok(read));
            }
        }
    }

    #[test]
    fn the_usual_form_is_read_the_short_way() {
        for text in ["2024-02-29T12:30:00Z", "2024-02-29 12:30:00", "2024-02-29T12:30:00.250Z"] {
            assert_eq!(plain(text), in_any_form(text).ok(), "{text}");
            assert!(plain(text).is_some(), "{text}");
        }
        let leap_second = "2016-12-31T23:59:60Z";
        assert!(plain(leap_second).is_none() && leap_second.parse::<DateTime>().is_ok());
    }

    #[test]
    fn unknown_zone_and_utc_are_two_things() {
        let utc: DateTime = "2024-01-01T00:00:00Z".parse().expect("parses");
        let unknown: DateTime = "2024-01-01T00:00:00".parse().expect("parses");
        assert_ne!(utc, unknown);
        assert_eq!(unknown.instant(), None);
    }

    #[test]
    fn moments_are_told_in_utc_and_come_back() {
        for text in ["1969-12-31T23:59:59.75Z", "1970-01-01T00:00:00Z", "2026-11-26T19:12:03.5Z"] {
            let parsed: DateTime = text.parse().expect(text);
            assert_eq!(DateTime::from(parsed.moment()), parsed, "{text}");
        }
        let far = SystemTime::UNIX_EPOCH + Duration::from_secs(1 << 40);
        assert!(DateTime::from(far).to_string().starts_with("9999-12-3"));
    }

    #[test]
    fn times_sort_by_instant() {
        let noon: Time = "12:00:00Z".parse().expect("parses");
        let same: Time = "13:00:00+01:00".parse().expect("parses");
        let later: Time = "12:00:01Z".parse().expect("parses");
        assert_eq!(noon.order(&later), Ordering::Less);
        assert_eq!(same.order(&later), Ordering::Less);
    }

    #[test]
    fn nonsense_is_refused() {
        for text in ["", "2024-02-30T00:00:00", "2024-01-01", "12:00", "noon", "2024-01-01T00:00+1"]
        {
            assert!(text.parse::<DateTime>().is_err(), "{text}");
        }
    }
}
