//! Parts of dates and times, as the calendar and the clock showed them.
use tiepoint_core::{Date, DateTime, Time, Value};

fn date_in(value: &Value) -> Option<Date> {
    match value {
        Value::Date(date) => Some(*date),
        Value::DateTime(moment) => Some(moment.civil.date()),
        _ => None,
    }
}

fn time_in(value: &Value) -> Option<Time> {
    match value {
        Value::Time(time) => Some(*time),
        Value::DateTime(moment) => Some(Time { clock: moment.civil.time(), offset: moment.offset }),
        _ => None,
    }
}

fn of_date(value: &Value, part: impl Fn(Date) -> i64) -> Value {
    date_in(value).map(part).into()
}

fn of_time(value: &Value, part: impl Fn(Time) -> i8) -> Value {
    time_in(value).map(|time| i64::from(part(time))).into()
}

pub(super) fn year(value: &Value) -> Value {
    of_date(value, |date| date.year().into())
}

pub(super) fn month(value: &Value) -> Value {
    of_date(value, |date| date.month().into())
}

pub(super) fn day(value: &Value) -> Value {
    of_date(value, |date| date.day().into())
}

pub(super) fn day_of_week(value: &Value) -> Value {
    of_date(value, |date| date.weekday().to_monday_one_offset().into())
}

pub(super) fn day_of_year(value: &Value) -> Value {
    of_date(value, |date| date.day_of_year().into())
}

pub(super) fn hour(value: &Value) -> Value {
    of_time(value, |time| time.clock.hour())
}

pub(super) fn minute(value: &Value) -> Value {
    of_time(value, |time| time.clock.minute())
}

pub(super) fn second(value: &Value) -> Value {
    let second = |time: Time| {
        // one division, so that 59.999 is what is written so
        let nanoseconds = f64::from(time.clock.second()) * 1e9;
        (nanoseconds + f64::from(time.clock.subsec_nanosecond())) / 1e9
    };
    time_in(value).map(second).into()
}

pub(super) fn date(value: &Value) -> Value {
    date_in(value).into()
}

pub(super) fn time(value: &Value) -> Value {
    time_in(value).into()
}

/// A day as its midnight, everything else as it is.
pub(super) fn moment(value: &Value) -> Value {
    match value {
        Value::Date(date) => DateTime::midnight(*date).into(),
        other => other.clone(),
    }
}
