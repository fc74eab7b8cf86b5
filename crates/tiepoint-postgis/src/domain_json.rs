//! Closed sets as JSON, for the table where we keep what the server cannot say.
//!
//! `{"one_of": [[{"int": 1}, "oak"], …]}`, `{"range": {"min": [{"real": "0.5"}, true]}}` or
//! `{"glob": "a*"}`. Numbers with a fraction are texts: JSON would not keep them to the last digit.
use serde_json::{Value as Json, json};
use tiepoint_core::{Domain, Geometry, Value};

pub(crate) fn encode(domain: &Domain) -> String {
    let json = match domain {
        Domain::OneOf(values) => {
            let pair = |(value, label): &(Value, Option<String>)| json!([spelled(value), label]);
            json!({ "one_of": values.iter().map(pair).collect::<Vec<_>>() })
        }
        Domain::Range { min, max } => {
            let bound = |bound: &Option<(Value, bool)>| {
                bound.as_ref().map(|(value, inclusive)| json!([spelled(value), inclusive]))
            };
            json!({ "range": { "min": bound(min), "max": bound(max) } })
        }
        Domain::Glob(pattern) => json!({ "glob": pattern }),
    };
    json.to_string()
}

/// `None` for what is no closed set, or one of a later version.
pub(crate) fn decode(text: &str) -> Option<Domain> {
    let json: Json = serde_json::from_str(text).ok()?;
    let (kind, inner) = json.as_object()?.iter().next()?;
    match kind.as_str() {
        "one_of" => {
            let pairs = inner.as_array()?.iter().map(|pair| {
                let label = pair.get(1)?;
                let label = if label.is_null() { None } else { Some(label.as_str()?.to_owned()) };
                Some((read(pair.get(0)?)?, label))
            });
            pairs.collect::<Option<_>>().map(Domain::OneOf)
        }
        "range" => Some(Domain::Range { min: bound(inner, "min")?, max: bound(inner, "max")? }),
        "glob" => Some(Domain::Glob(inner.as_str()?.to_owned())),
        _ => None,
    }
}

/// The outer `None` is one that cannot be read; the inner one an open side.
#[expect(clippy::option_option, reason = "unreadable and open are two things")]
fn bound(range: &Json, side: &str) -> Option<Option<(Value, bool)>> {
    match range.get(side) {
        None | Some(Json::Null) => Some(None),
        Some(pair) => Some(Some((read(pair.get(0)?)?, pair.get(1)?.as_bool()?))),
    }
}

fn spelled(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(truth) => json!({ "bool": truth }),
        Value::Int(number) => json!({ "int": number }),
        Value::Real(number) => json!({ "real": number.to_string() }),
        Value::Decimal(number) => json!({ "decimal": number.as_str() }),
        Value::Text(text) => json!({ "text": text }),
        Value::Bytes(bytes) => json!({ "bytes": hex(bytes) }),
        Value::Date(date) => json!({ "date": date.to_string() }),
        Value::Time(time) => json!({ "time": time.to_string() }),
        Value::DateTime(time) => json!({ "datetime": time.to_string() }),
        Value::Json(text) => json!({ "json": text.as_str() }),
        Value::Uuid(uuid) => json!({ "uuid": uuid.to_string() }),
        Value::Geometry(geometry) => json!({ "geometry": hex(geometry.as_wkb()) }),
    }
}

fn read(json: &Json) -> Option<Value> {
    if json.is_null() {
        return Some(Value::Null);
    }
    let (kind, inner) = json.as_object()?.iter().next()?;
    let text = || inner.as_str();
    Some(match kind.as_str() {
        "bool" => Value::Bool(inner.as_bool()?),
        "int" => Value::Int(inner.as_i64()?),
        "real" => Value::Real(text()?.parse().ok()?),
        "decimal" => Value::Decimal(text()?.parse().ok()?),
        "text" => Value::Text(text()?.to_owned()),
        "bytes" => Value::Bytes(unhex(text()?)?),
        "date" => Value::Date(text()?.parse().ok()?),
        "time" => Value::Time(text()?.parse().ok()?),
        "datetime" => Value::DateTime(text()?.parse().ok()?),
        "json" => Value::Json(text()?.parse().ok()?),
        "uuid" => Value::Uuid(text()?.parse().ok()?),
        "geometry" => Value::Geometry(Geometry::from_wkb(&unhex(text()?)?).ok()?),
        _ => return None,
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(digit).collect()
}

fn digit(nibble: u8) -> char {
    char::from_digit(nibble.into(), 16).unwrap_or_default()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u32>> = text.chars().map(|it| it.to_digit(16)).collect();
    let byte = |pair: &[u32]| u8::try_from(pair.first()? << 4 | pair.get(1)?).ok();
    digits?.chunks(2).map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closed_sets_come_back_as_they_were() {
        let values: Vec<(Value, Option<String>)> = vec![
            (Value::Null, None),
            (true.into(), Some("yes".to_owned())),
            (i64::MIN.into(), Some(String::new())),
            (0.1.into(), None),
            ((-0.0).into(), None),
            (f64::NEG_INFINITY.into(), None),
            (1e300.into(), None),
            (Value::Decimal("1.10".parse().expect("a number")), None),
            ("it's \"so\"".into(), None),
            (Value::Bytes(vec![0, 1, 254, 255]), None),
            (Value::Date("2024-02-29".parse().expect("a day")), None),
            (Value::Time("12:30:00.5+02:00".parse().expect("a time")), None),
            (Value::DateTime("2024-02-29T12:30:00Z".parse().expect("a moment")), None),
            (Value::Json("{\"n\": 1.10}".parse().expect("is JSON")), None),
            (Value::Uuid("67e55044-10b1-426f-9247-bb680e5fe0c8".parse().expect("a UUID")), None),
            (Value::Geometry(Geometry::from_wkt("POINT Z (1 2 3)").expect("a point")), None),
        ];
        let range = Domain::Range { min: Some((0.5.into(), false)), max: None };
        for domain in [Domain::OneOf(values), range, Domain::Glob("[a-c]*".to_owned())] {
            assert_eq!(decode(&encode(&domain)), Some(domain));
        }
        assert_eq!(decode("{\"later\": 1}"), None);
        assert_eq!(decode("[]"), None);
    }
}
