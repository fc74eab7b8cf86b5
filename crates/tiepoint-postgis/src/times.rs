//! Dates and times in the server's bytes: days and microseconds since the start of 2000.
use jiff::SignedDuration;
use jiff::civil;
use jiff::tz::Offset;
use tiepoint_core::{Date, DateTime, Time};

const EPOCH: civil::Date = civil::Date::constant(2000, 1, 1);
const DAY_MICROS: i64 = 86_400_000_000;

const INFINITE: &str = "infinity, which no calendar has";
const TOO_FAR: &str = "a date outside of the years -9999 to 9999";
const END_OF_DAY: &str = "24:00:00, which no clock shows";

/// A date, in days.
pub(crate) fn date(days: i32) -> Result<Date, &'static str> {
    if days == i32::MAX || days == i32::MIN {
        return Err(INFINITE);
    }
    let span = SignedDuration::from_hours(i64::from(days) * 24);
    EPOCH.checked_add(span).ok().ok_or(TOO_FAR)
}

pub(crate) fn days(date: Date) -> i32 {
    let hours = date.duration_since(EPOCH).as_hours();
    i32::try_from(hours.div_euclid(24)).unwrap_or_default()
}

/// A time of day, in microseconds.
pub(crate) fn clock(micros: i64) -> Result<civil::Time, &'static str> {
    if !(0..DAY_MICROS).contains(&micros) {
        return Err(END_OF_DAY);
    }
    let time = civil::Time::midnight().checked_add(SignedDuration::from_micros(micros));
    time.ok().ok_or(END_OF_DAY)
}

pub(crate) fn clock_micros(clock: civil::Time) -> i64 {
    let since = clock.duration_since(civil::Time::midnight()).as_micros();
    i64::try_from(since).unwrap_or_default()
}

/// A time of day with the seconds that it is west of UTC.
pub(crate) fn zoned_clock(micros: i64, west: i32) -> Result<Time, &'static str> {
    let offset = Offset::from_seconds(west.saturating_neg());
    Ok(Time { clock: clock(micros)?, offset: Some(offset.ok().ok_or("an offset of days")?) })
}

/// What calendar and clock showed, in microseconds.
pub(crate) fn civil(micros: i64) -> Result<civil::DateTime, &'static str> {
    if micros == i64::MAX || micros == i64::MIN {
        return Err(INFINITE);
    }
    let days = i32::try_from(micros.div_euclid(DAY_MICROS)).ok().ok_or(TOO_FAR)?;
    Ok(date(days)?.to_datetime(clock(micros.rem_euclid(DAY_MICROS))?))
}

/// A moment, in microseconds.
pub(crate) fn moment(micros: i64) -> Result<DateTime, &'static str> {
    Ok(DateTime { civil: civil(micros)?, offset: Some(Offset::UTC) })
}

/// Microseconds of what calendar and clock showed, or of a moment in UTC.
pub(crate) fn civil_micros(civil: civil::DateTime) -> i64 {
    let epoch = EPOCH.to_datetime(civil::Time::midnight());
    i64::try_from(civil.duration_since(epoch).as_micros()).unwrap_or_default()
}

/// Whether a clock shows no more than so many digits behind the second.
pub(crate) fn has_digits(clock: civil::Time, digits: u8) -> bool {
    clock.subsec_nanosecond() % 10_i32.pow(9 - u32::from(digits.min(6))) == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn days_and_moments_come_back(day in -4_000_000_i32..2_900_000, micros in 0..DAY_MICROS) {
            let date = date(day).expect("is near");
            prop_assert_eq!(days(date), day);
            prop_assert_eq!(clock(micros).map(clock_micros), Ok(micros));
            let all = i64::from(day) * DAY_MICROS + micros;
            prop_assert_eq!(civil(all).map(civil_micros), Ok(all));
        }
    }

    #[test]
    fn what_no_calendar_has_is_refused() {
        assert!(date(i32::MAX).is_err() && civil(i64::MIN).is_err() && clock(DAY_MICROS).is_err());
        assert!(civil(i64::MAX - 1).is_err());
    }
}
