//! Functions of texts, counted in code points.
use std::borrow::Cow;

use tiepoint_core::Value;
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

use super::number::real;

/// The longest text that a function makes, in bytes: nested calls of `replace` would double theirs
/// again and again.
pub(super) const MAX_BYTES: usize = 1 << 24;

fn of_text<T: Into<Value>>(value: &Value, function: impl Fn(&str) -> T) -> Value {
    value.as_text().map_or(Value::Null, |text| function(text).into())
}

pub(super) fn casei(value: &Value) -> Value {
    of_text(value, |text| text.to_uppercase().to_lowercase())
}

pub(super) fn accenti(value: &Value) -> Value {
    of_text(value, |text| {
        if text.is_ascii() {
            return text.to_owned();
        }
        text.nfd().filter(|letter| !is_combining_mark(*letter)).nfc().collect()
    })
}

pub(super) fn lower(value: &Value) -> Value {
    of_text(value, str::to_lowercase)
}

pub(super) fn upper(value: &Value) -> Value {
    of_text(value, str::to_uppercase)
}

pub(super) fn trim(value: &Value) -> Value {
    of_text(value, |text| text.trim().to_owned())
}

pub(super) fn char_length(value: &Value) -> Value {
    of_text(value, count)
}

fn count(text: &str) -> Option<i64> {
    i64::try_from(text.chars().count()).ok()
}

pub(super) fn position(text: &Value, part: &Value) -> Value {
    let (Some(text), Some(part)) = (text.as_text(), part.as_text()) else { return Value::Null };
    match text.find(part) {
        Some(at) => count(&text[..at]).map(|before| before + 1).into(),
        None => Value::Int(0),
    }
}

pub(super) fn starts_with(text: &Value, part: &Value) -> Option<bool> {
    Some(text.as_text()?.starts_with(part.as_text()?))
}

pub(super) fn ends_with(text: &Value, part: &Value) -> Option<bool> {
    Some(text.as_text()?.ends_with(part.as_text()?))
}

pub(super) fn concat(texts: &[Cow<'_, Value>]) -> Value {
    let length = texts.iter().filter_map(|it| it.as_text()).map(str::len).sum::<usize>();
    if length > MAX_BYTES {
        return Value::Null;
    }
    let texts: Option<String> = texts.iter().map(|it| it.as_text()).collect();
    texts.into()
}

pub(super) fn replace(arguments: &[Cow<'_, Value>]) -> Value {
    let [text, part, by] = arguments else { return Value::Null };
    let (Some(text), Some(part), Some(by)) = (text.as_text(), part.as_text(), by.as_text()) else {
        return Value::Null;
    };
    if part.is_empty() {
        return text.into();
    }
    let grows = by.len() > part.len();
    if grows && text.len() + text.matches(part).count() * (by.len() - part.len()) > MAX_BYTES {
        return Value::Null;
    }
    text.replace(part, by).into()
}

/// Code points `start` to `start + count`, of those that there are.
pub(super) fn substring(arguments: &[Cow<'_, Value>]) -> Value {
    let [text, start, count @ ..] = arguments else { return Value::Null };
    let (Some(text), Some(start)) = (text.as_text(), whole(start)) else { return Value::Null };
    let end = match count.first() {
        None => i64::MAX,
        Some(count) => match whole(count) {
            Some(count) => start.saturating_add(count.max(0)),
            None => return Value::Null,
        },
    };
    let (from, to) = (byte_of(text, start), byte_of(text, end));
    text.get(from..to.max(from)).unwrap_or_default().into()
}

/// Where the `number`th code point starts, counted from 1; the nearest end if there is none.
fn byte_of(text: &str, number: i64) -> usize {
    let before = usize::try_from(number.saturating_sub(1)).unwrap_or(0);
    text.char_indices().nth(before).map_or(text.len(), |(at, _)| at)
}

/// A number cut off to a whole one.
#[expect(clippy::cast_possible_truncation, reason = "saturates, and no text is longer than that")]
fn whole(value: &Value) -> Option<i64> {
    match value {
        Value::Int(number) => Some(*number),
        _ => real(value).filter(|number| !number.is_nan()).map(|number| number as i64),
    }
}
