//! Reads CQL2 JSON: `{"op": …, "args": […]}` and the literals.
use super::error::{Fault, Read};
use super::from_geojson;
use super::json::{Json, Member, What};
use super::literal::{self, Constructor};
use super::names::{self, Callee, arity};
use super::operand::bbox_count;
use super::part::{Part, wrong_count};
use tiepoint_core::{BBox, Crs, Expr, Function};

/// A JSON value as an expression.
pub(super) fn expression(json: &Json<'_>, crs: &Crs) -> Read<Part> {
    let at = json.at;
    match &json.what {
        What::Null => Ok(Part::leaf(at, Expr::NULL)),
        What::Bool(truth) => Ok(Part::leaf(at, *truth)),
        What::Number(number) => Ok(Part::leaf(at, literal::number(number, at)?)),
        What::Text(text) => Ok(Part::leaf(at, text.as_ref())),
        What::Array(items) => Part::call(at, Function::ArrayOf, expressions(items, crs)?),
        What::Object(members) => object(at, members, crs),
    }
}

fn expressions(items: &[Json<'_>], crs: &Crs) -> Read<Vec<Part>> {
    items.iter().map(|item| expression(item, crs)).collect()
}

fn object(at: usize, members: &[Member<'_>], crs: &Crs) -> Read<Part> {
    let member = |name: &str| members.iter().find(|member| member.name == name);
    if let Some(kind) = member("type") {
        let geometry = from_geojson::geometry(at, members, kind)?;
        return Ok(Part::leaf(at, Expr::Place(geometry, crs.clone())));
    }
    if let Some(op) = member("op") {
        let Some(args) = member("args") else {
            return Err(Fault::new(at, "the operation has no member `args`"));
        };
        refuse_others(members, &["op", "args"])?;
        return operation(op.value.at, string(&op.value)?, array(&args.value)?, crs);
    }
    let [Member { at: name_at, name, value }] = members else {
        return Err(unknown(at, members));
    };
    match name.as_ref() {
        "property" => Ok(Part::leaf(at, Expr::Field(string(value)?.to_owned()))),
        "interval" => interval(at, array(value)?, crs),
        "bbox" => bbox(value, crs).map(|bbox| Part::leaf(at, bbox)),
        name => match Constructor::named(name).filter(|it| it.name() == name) {
            Some(constructor) => {
                let value = constructor.value(string(value)?, value.at)?;
                Ok(Part::leaf(at, Expr::Literal(value)))
            }
            None => Err(unknown(*name_at, members)),
        },
    }
}

fn unknown(at: usize, members: &[Member<'_>]) -> Fault {
    let fault = Fault::new(at, "the object is no expression");
    if members.iter().any(|member| member.name == "function") {
        return fault.with_hint(r#"drafts had "function"; write {"op": "name", "args": [...]}"#);
    }
    fault.with_hint(
        r#"expressions have "op" and "args", "property", "date", "timestamp", "interval", "bbox", or "type" and "coordinates""#,
    )
}

fn refuse_others(members: &[Member<'_>], known: &[&str]) -> Read<()> {
    match members.iter().find(|member| !known.contains(&member.name.as_ref())) {
        Some(other) => {
            let known = known.join("` and `");
            Err(Fault::new(other.at, format!("expected no member but `{known}`")))
        }
        None => Ok(()),
    }
}

fn operation(at: usize, op: &str, args: &[Json<'_>], crs: &Crs) -> Read<Part> {
    let is = |name: &str| op.eq_ignore_ascii_case(name);
    if is("in") {
        let [value, list] = args else { return Err(wrong_count(at, "in", 2, args.len())) };
        let mut parts = vec![expression(value, crs)?];
        parts.extend(expressions(array(list)?, crs)?);
        return Part::call(at, Function::In, parts);
    }
    if is("interval") {
        return interval(at, args, crs);
    }
    let parts = expressions(args, crs)?;
    if op == "-" && parts.len() == 1 {
        return Part::call(at, Function::Negate, parts);
    }
    let callee =
        if is("isNull") { Callee::Plain(Function::IsNull) } else { names::callee(op, at)? };
    if let Callee::Plain(function) = &callee {
        let joins = matches!(function, Function::And | Function::Or);
        if joins && parts.len() < 2 {
            let reason = format!("`{op}` takes two arguments or more, found {}", parts.len());
            return Err(Fault::new(at, reason));
        }
        if let Some(count) = arity(function).filter(|count| *count != parts.len()) {
            return Err(wrong_count(at, op, count, parts.len()));
        }
    }
    Part::named(at, callee, parts)
}

/// Two ends, of which a string is a date, a date and time, or `..`.
fn interval(at: usize, ends: &[Json<'_>], crs: &Crs) -> Read<Part> {
    if ends.len() != 2 {
        return Err(wrong_count(at, "interval", 2, ends.len()));
    }
    let end = |json: &Json<'_>| match &json.what {
        What::Text(text) => Ok(Part::leaf(json.at, literal::instant(text, json.at)?)),
        _ => expression(json, crs),
    };
    Part::call(at, Function::Interval, ends.iter().map(end).collect::<Read<_>>()?)
}

fn bbox(json: &Json<'_>, crs: &Crs) -> Read<Expr> {
    let numbers = array(json)?.iter().map(double).collect::<Read<Vec<_>>>()?;
    let ([min_x, min_y, max_x, max_y] | [min_x, min_y, _, max_x, max_y, _]) = numbers[..] else {
        return Err(bbox_count(json.at, numbers.len()));
    };
    let bbox = BBox { min_x, min_y, max_x, max_y };
    Ok(Expr::Box(bbox, crs.clone()))
}

pub(super) fn double(json: &Json<'_>) -> Read<f64> {
    let What::Number(number) = json.what else { return Err(wanted("a number", json)) };
    let number = number.parse::<f64>().ok().filter(|number| number.is_finite());
    number.ok_or_else(|| Fault::new(json.at, "the number is too large"))
}

pub(super) fn array<'a, 'j>(json: &'j Json<'a>) -> Read<&'j [Json<'a>]> {
    match &json.what {
        What::Array(items) => Ok(items),
        _ => Err(wanted("an array", json)),
    }
}

pub(super) fn string<'j>(json: &'j Json<'_>) -> Read<&'j str> {
    match &json.what {
        What::Text(text) => Ok(text),
        _ => Err(wanted("a string", json)),
    }
}

fn wanted(what: &str, json: &Json<'_>) -> Fault {
    Fault::new(json.at, format!("expected {what}, found {}", json.shown()))
}
