//! Writes CQL2 JSON.
use super::literal::Constructor;
use super::names;
use super::sayable::{self, Say, as_large_integer};
use super::to_geojson;
use tiepoint_core::{Expr, Function, Value};

/// Appends an expression that can be said.
pub(super) fn write(expr: &Expr, out: &mut String) -> Say {
    match expr {
        Expr::Literal(value) => literal(value, out),
        Expr::Place(geometry, _) => return to_geojson::write(geometry, out),
        Expr::Box(bbox, _) => {
            let bounds = [bbox.min_x, bbox.min_y, bbox.max_x, bbox.max_y];
            member("bbox", &format!("[{}]", bounds.map(sayable::double).join(",")), out);
        }
        Expr::Field(name) => member("property", &quoted(name), out),
        Expr::Id => operation(names::OBJECT_ID, out, |_| Ok(()))?,
        Expr::Call(function, arguments) => call(function, arguments, out)?,
    }
    Ok(())
}

fn literal(value: &Value, out: &mut String) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(truth) => out.push_str(if *truth { "true" } else { "false" }),
        Value::Int(number) => out.push_str(&number.to_string()),
        Value::Real(number) => out.push_str(&sayable::double(*number)),
        Value::Text(text) => out.push_str(&quoted(text)),
        value => match (as_large_integer(value), Constructor::of(value)) {
            (Some(digits), _) => out.push_str(digits),
            (None, Some((constructor, text))) => member(constructor.name(), &quoted(&text), out),
            (None, None) => {}
        },
    }
}

fn call(function: &Function, arguments: &[Expr], out: &mut String) -> Say {
    match (function, arguments) {
        (Function::And | Function::Or, [one]) => write(one, out),
        (Function::ArrayOf, members) => array(members, out, write),
        (Function::Interval, ends) => {
            out.push_str(r#"{"interval":"#);
            array(ends, out, end_of_interval)?;
            out.push('}');
            Ok(())
        }
        (Function::In, [one, list @ ..]) => operation("in", out, |out| {
            write(one, out)?;
            out.push(',');
            array(list, out, write)
        }),
        _ => operation(&name(function), out, |out| {
            separated(arguments, out, write)?;
            if let Some(parameter) = sayable::parameter(function)? {
                out.push(',');
                out.push_str(&quoted(&parameter));
            }
            Ok(())
        }),
    }
}

fn end_of_interval(end: &Expr, out: &mut String) -> Say {
    match sayable::instant(end) {
        Some(text) => {
            out.push_str(&quoted(&text));
            Ok(())
        }
        None => write(end, out),
    }
}

fn operation(name: &str, out: &mut String, args: impl FnOnce(&mut String) -> Say) -> Say {
    out.extend([r#"{"op":"#, &quoted(name), r#","args":["#]);
    args(out)?;
    out.push_str("]}");
    Ok(())
}

fn array(items: &[Expr], out: &mut String, item: fn(&Expr, &mut String) -> Say) -> Say {
    out.push('[');
    separated(items, out, item)?;
    out.push(']');
    Ok(())
}

fn separated(items: &[Expr], out: &mut String, item: fn(&Expr, &mut String) -> Say) -> Say {
    for (index, each) in items.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        item(each, out)?;
    }
    Ok(())
}

fn member(name: &str, value: &str, out: &mut String) {
    out.extend([r#"{""#, name, r#"":"#, value, "}"]);
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// The names of the standard's schema, which has capitals in some.
fn name(function: &Function) -> String {
    let name = match function {
        Function::IsNull => "isNull",
        other => match other.name() {
            "t_finishedby" => "t_finishedBy",
            "t_metby" => "t_metBy",
            "t_overlappedby" => "t_overlappedBy",
            "t_startedby" => "t_startedBy",
            "a_containedby" => "a_containedBy",
            name => name,
        },
    };
    name.to_owned()
}
