//! Values as Python's own: exactly, or not at all.
use crate::error::exception;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBytes, PyDate, PyDateTime, PyDelta, PyTime, PyTzInfo};
use tiepoint::core::{Date, DateTime, Offset, Time};
use tiepoint::{ErrorKind, Value};

/// A field's value: null and unset are both `None`, JSON is what `json.loads` makes of it, a
/// geometry its WKB.
///
/// # Errors
///
/// `Unsupported` for a date or time that Python's `datetime` cannot hold.
pub(crate) fn to_python<'py>(
    py: Python<'py>,
    field: &str,
    value: Option<&Value>,
) -> PyResult<Bound<'py, PyAny>> {
    let Some(value) = value else { return Ok(py.None().into_bound(py)) };
    let refused = |text: &dyn std::fmt::Display| beyond(field, text);
    Ok(match value {
        Value::Null => py.None().into_bound(py),
        Value::Bool(truth) => truth.into_pyobject(py)?.to_owned().into_any(),
        Value::Int(number) => number.into_pyobject(py)?.into_any(),
        Value::Real(number) => number.into_pyobject(py)?.into_any(),
        Value::Decimal(number) => decimal(py)?.call1((number.as_str(),))?,
        Value::Text(text) => text.into_pyobject(py)?.into_any(),
        Value::Bytes(bytes) => PyBytes::new(py, bytes).into_any(),
        Value::Date(day) => date(py, *day)?.ok_or_else(|| refused(day))?,
        Value::Time(time) => time_of_day(py, time)?.ok_or_else(|| refused(time))?,
        Value::DateTime(moment) => date_time(py, moment)?.ok_or_else(|| refused(moment))?,
        Value::Json(json) => loads(py)?.call1((json.as_str(),))?,
        Value::Uuid(uuid) => uuid.into_pyobject(py)?.into_any(),
        Value::Geometry(geometry) => PyBytes::new(py, geometry.as_wkb()).into_any(),
    })
}

type Held<'py> = Option<Bound<'py, PyAny>>;

fn date(py: Python<'_>, day: Date) -> PyResult<Held<'_>> {
    let Some(year) = year(day) else { return Ok(None) };
    Ok(Some(PyDate::new(py, year, unsigned(day.month()), unsigned(day.day()))?.into_any()))
}

fn time_of_day<'py>(py: Python<'py>, time: &Time) -> PyResult<Held<'py>> {
    let clock = time.clock;
    let Some(micro) = micro(clock.subsec_nanosecond(), time.offset) else { return Ok(None) };
    let [hour, minute, second] = [clock.hour(), clock.minute(), clock.second()].map(unsigned);
    let zone = zone(py, time.offset)?;
    Ok(Some(PyTime::new(py, hour, minute, second, micro, zone.as_ref())?.into_any()))
}

fn date_time<'py>(py: Python<'py>, moment: &DateTime) -> PyResult<Held<'py>> {
    let (day, clock) = (moment.civil.date(), moment.civil.time());
    let micro = micro(clock.subsec_nanosecond(), moment.offset);
    let (Some(year), Some(micro)) = (year(day), micro) else { return Ok(None) };
    let [month, day, hour, minute, second] =
        [day.month(), day.day(), clock.hour(), clock.minute(), clock.second()].map(unsigned);
    let zone = zone(py, moment.offset)?;
    let zone = zone.as_ref();
    Ok(Some(PyDateTime::new(py, year, month, day, hour, minute, second, micro, zone)?.into_any()))
}

/// The years that Python knows.
fn year(day: Date) -> Option<i32> {
    (day.year() >= 1).then(|| i32::from(day.year()))
}

/// The part of a second in Python's resolution; `None` where that, or the offset from UTC, which
/// has to be within a day, is beyond Python.
fn micro(nanoseconds: i32, offset: Option<Offset>) -> Option<u32> {
    let fits = offset.is_none_or(|offset| offset.seconds().unsigned_abs() < 24 * 60 * 60);
    (fits && nanoseconds % 1_000 == 0).then(|| nanoseconds.unsigned_abs() / 1_000)
}

fn zone(py: Python<'_>, offset: Option<Offset>) -> PyResult<Option<Bound<'_, PyTzInfo>>> {
    let fixed = |offset: Offset| {
        PyTzInfo::fixed_offset(py, PyDelta::new(py, 0, offset.seconds(), 0, true)?)
    };
    offset.map(fixed).transpose()
}

/// A part of a date or clock, which is never negative.
fn unsigned(part: i8) -> u8 {
    part.unsigned_abs()
}

fn beyond(field: &str, text: &dyn std::fmt::Display) -> PyErr {
    let message = format!("field `{field}`: Python's datetime cannot hold `{text}`");
    let hint = format!("ask for it as text: compute={{\"told\": \"cast({field}, 'text')\"}}");
    exception(ErrorKind::Unsupported, message, Some(hint))
}

fn decimal(py: Python<'_>) -> PyResult<&Bound<'_, PyAny>> {
    static DECIMAL: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    DECIMAL.import(py, "decimal", "Decimal")
}

fn loads(py: Python<'_>) -> PyResult<&Bound<'_, PyAny>> {
    static LOADS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    LOADS.import(py, "json", "loads")
}
