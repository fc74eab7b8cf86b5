//! One spelling of CQL2 JSON, where two readers may spell the same otherwise.
use serde_json::{Map, Value, json};

/// Numbers as doubles, conjunctions flat, a negation as a negative number or a
/// product with -1, times to the second and
/// its fraction without zeros at the end.
pub(crate) fn normal(value: Value) -> Value {
    match value {
        Value::Number(number) => json!(number.as_f64().unwrap_or(f64::NAN) + 0.0),
        Value::Array(items) => items.into_iter().map(normal).collect(),
        Value::Object(members) => object(members),
        other => other,
    }
}

fn object(members: Map<String, Value>) -> Value {
    let mut members: Map<String, Value> =
        members.into_iter().map(|(name, value)| (name, normal(value))).collect();
    for name in ["timestamp", "interval"] {
        match members.get_mut(name) {
            Some(Value::Array(ends)) => ends.iter_mut().for_each(trim_fraction),
            Some(moment) => trim_fraction(moment),
            None => {}
        }
    }
    let op = members.get("op").and_then(Value::as_str).unwrap_or_default().to_owned();
    let Some(Value::Array(args)) = members.get_mut("args") else { return members.into() };
    match op.as_str() {
        "and" | "or" => {
            let parts = args.drain(..).flat_map(|arg| match arg {
                Value::Object(mut inner) if inner.get("op") == Some(&json!(op)) => {
                    match inner.remove("args") {
                        Some(Value::Array(more)) => more,
                        _ => Vec::new(),
                    }
                }
                other => vec![other],
            });
            json!({"op": op, "args": parts.collect::<Vec<_>>()})
        }
        "negate" => match args[0].as_f64() {
            Some(number) => json!(-number + 0.0),
            None => json!({"op": "*", "args": [-1.0, args[0]]}),
        },
        _ => members.into(),
    }
}

fn trim_fraction(moment: &mut Value) {
    let Some(text) = moment.as_str().filter(|text| text.contains('.') && text.ends_with('Z'))
    else {
        return;
    };
    let trimmed = text.trim_end_matches('Z').trim_end_matches('0').trim_end_matches('.');
    *moment = json!(format!("{trimmed}Z"));
}

/// The same with arrays of one among the arguments of array predicates as what is in them.
pub(crate) fn without_arrays_of_one(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(without_arrays_of_one).collect(),
        Value::Object(members) => {
            let is_array = members.get("op").is_some_and(|op| op.to_string().starts_with("\"a_"));
            let inside = |(name, value): (&String, &Value)| {
                let mut value = without_arrays_of_one(value);
                if let Value::Array(args) = &mut value
                    && is_array
                {
                    args.iter_mut().for_each(unwrap_one);
                }
                (name.clone(), value)
            };
            members.iter().map(inside).collect()
        }
        other => other.clone(),
    }
}

fn unwrap_one(argument: &mut Value) {
    if let Value::Array(members) = argument
        && let [one] = &members[..]
    {
        *argument = one.clone();
    }
}
