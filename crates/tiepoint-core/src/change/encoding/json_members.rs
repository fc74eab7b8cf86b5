//! Taking JSON apart one level at a time: nothing said twice, numbers as they were written.
use super::DecodeFault;
use crate::Json;
use serde_json::Deserializer;
use serde_json::value::RawValue;
use std::collections::BTreeSet;

/// One member of an object.
pub(super) struct Member<'a> {
    pub(super) name: String,
    /// The JSON text of its value.
    pub(super) value: &'a str,
}

/// The members of an object that is a whole text.
pub(super) fn whole(text: &str) -> Result<Vec<Member<'_>>, DecodeFault> {
    members(check(text)?)
}

/// The text without blanks around it, where all of it is JSON.
pub(super) fn check(text: &str) -> Result<&str, DecodeFault> {
    let syntax = |error: serde_json::Error| DecodeFault::Syntax { reason: error.to_string() };
    let value: &RawValue = serde_json::from_str(text).map_err(syntax)?;
    Ok(value.get())
}

/// The members of an object in their order, each named once, of a text that is JSON.
pub(super) fn members(object: &str) -> Result<Vec<Member<'_>>, DecodeFault> {
    let mut rest = inside(object, ['{', '}'], "an object")?;
    let (mut members, mut seen) = (Vec::new(), BTreeSet::new());
    while !rest.is_empty() {
        let (name, behind) = first_name(rest)?;
        let (value, behind) = first_value(behind)?;
        rest = behind;
        if !seen.insert(name.clone()) {
            return Err(DecodeFault::invalid(format!("`{name}` is said twice")));
        }
        members.push(Member { name, value });
    }
    Ok(members)
}

/// The JSON texts of an array's elements, of a text that is JSON.
pub(super) fn elements(array: &str) -> Result<Vec<&str>, DecodeFault> {
    let mut rest = inside(array, ['[', ']'], "an array")?;
    let mut elements = Vec::new();
    while !rest.is_empty() {
        let (element, behind) = first_value(rest)?;
        elements.push(element);
        rest = behind;
    }
    Ok(elements)
}

/// A JSON string, unescaped.
pub(super) fn string(text: &str) -> Result<String, DecodeFault> {
    serde_json::from_str(text).ok().ok_or_else(|| is_not(text, "a text"))
}

impl Member<'_> {
    pub(super) fn text(&self) -> Result<String, DecodeFault> {
        serde_json::from_str(self.value)
            .ok()
            .ok_or_else(|| is_not(self.value, &format!("a text, as `{}` is", self.name)))
    }

    pub(super) fn json(&self) -> Result<Json, DecodeFault> {
        self.value
            .parse()
            .map_err(|error: crate::JsonError| DecodeFault::invalid(error.to_string()))
    }
}

/// Says what stands where something else should.
pub(super) fn is_not(text: &str, wanted: &str) -> DecodeFault {
    const SHOWN: usize = 64;
    let shown: String = text.chars().take(SHOWN).collect();
    let more = if shown.len() < text.len() { "…" } else { "" };
    DecodeFault::invalid(format!("`{shown}{more}` is not {wanted}"))
}

fn inside<'a>(text: &'a str, ends: [char; 2], wanted: &str) -> Result<&'a str, DecodeFault> {
    let inside = text.trim().strip_prefix(ends[0]).and_then(|it| it.strip_suffix(ends[1]));
    inside.map(str::trim).ok_or_else(|| is_not(text, wanted))
}

/// The name that a text starts with, and the rest behind the colon.
fn first_name(text: &str) -> Result<(String, &str), DecodeFault> {
    let mut stream = Deserializer::from_str(text).into_iter::<String>();
    let name = stream.next().and_then(Result::ok).ok_or_else(|| is_not(text, "JSON"))?;
    Ok((name, text[stream.byte_offset()..].trim_start().trim_start_matches(':')))
}

/// The value that a text starts with, and the rest behind the comma.
fn first_value(text: &str) -> Result<(&str, &str), DecodeFault> {
    let mut stream = Deserializer::from_str(text).into_iter::<&RawValue>();
    let value = stream.next().and_then(Result::ok).ok_or_else(|| is_not(text, "JSON"))?;
    let behind = text[stream.byte_offset()..].trim_start().trim_start_matches(',').trim_start();
    Ok((value.get(), behind))
}
