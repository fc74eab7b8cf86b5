//! What CQL2 has words for, whichever encoding: checked before anything is written.
use super::error::Cql2Error;
use super::names::{CASTS, arity};
use tiepoint_core::{Crs, Expr, ExprType, Function, Value};

pub(super) type Say<T = ()> = Result<T, Cql2Error>;

#[cold]
pub(super) fn unsayable(what: impl Into<String>) -> Cql2Error {
    Cql2Error::Unsayable { what: what.into() }
}

/// Checks that an expression can be said, and gives the CRS that all its places are in.
pub(super) fn check(expr: &Expr) -> Say<Option<&Crs>> {
    let mut crs = None;
    walk(expr, 0, &mut crs)?;
    Ok(crs)
}

fn walk<'a>(expr: &'a Expr, depth: usize, crs: &mut Option<&'a Crs>) -> Say {
    if depth > Expr::MAX_DEPTH {
        return Err(unsayable(format!("expressions nested more than {} deep", Expr::MAX_DEPTH)));
    }
    match expr {
        Expr::Literal(value) => literal(value),
        Expr::Place(_, of) => one_crs(of, crs),
        Expr::Box(bbox, of) => {
            let bounds = [bbox.min_x, bbox.min_y, bbox.max_x, bbox.max_y];
            if bounds.iter().any(|bound| !bound.is_finite()) {
                return Err(unsayable("a box without bounds"));
            }
            one_crs(of, crs)
        }
        Expr::Field(_) | Expr::Id => Ok(()),
        Expr::Call(function, arguments) => {
            call(function, arguments)?;
            arguments.iter().try_for_each(|it| walk(it, depth + 1, crs))
        }
    }
}

fn one_crs<'a>(of: &'a Crs, crs: &mut Option<&'a Crs>) -> Say {
    let first = crs.get_or_insert(of);
    if *first == of {
        return Ok(());
    }
    Err(unsayable(format!("places in two CRSs, {first} and {of}, since one is named for them all")))
}

fn literal(value: &Value) -> Say {
    match value {
        Value::Real(number) if !number.is_finite() => {
            Err(unsayable(format!("{number}, which is no number of its own")))
        }
        Value::Geometry(_) => Err(unsayable("a geometry that does not say what CRS it is in")),
        _ => Ok(()),
    }
}

fn call(function: &Function, arguments: &[Expr]) -> Say {
    let fits = match function {
        Function::And | Function::Or | Function::In => !arguments.is_empty(),
        function => arity(function).is_none_or(|count| count == arguments.len()),
    };
    if !fits {
        let count = arguments.len();
        return Err(unsayable(format!("`{}` with {count} arguments", function.name())));
    }
    match function {
        Function::Interval => arguments.iter().try_for_each(end_of_interval),
        Function::Transform(crs) => crs_text(crs).map(drop),
        Function::Cast(ty) => cast_name(ty).map(drop),
        Function::Native(native) => Err(unsayable(format!(
            "the function `{}`, which only {} has",
            native.name, native.store
        ))),
        _ => Ok(()),
    }
}

fn end_of_interval(end: &Expr) -> Say {
    match end {
        Expr::Literal(Value::Text(_)) => Err(unsayable("a text as the end of an interval")),
        _ => Ok(()),
    }
}

/// What names a CRS so that it is read as the same.
pub(super) fn crs_text(crs: &Crs) -> Say<String> {
    let text = match crs {
        Crs::Wkt(wkt) => wkt.to_string(),
        named => named.to_string(),
    };
    match text.parse::<Crs>() {
        Ok(read) if read == *crs => Ok(text),
        _ => Err(unsayable(format!("a transformation to the {text}"))),
    }
}

/// What names a kind that values are cast to.
pub(super) fn cast_name(ty: &ExprType) -> Say<&'static str> {
    let found = CASTS.iter().find(|(_, it)| it == ty).map(|(name, _)| *name);
    found.ok_or_else(|| unsayable(format!("a cast to {ty}")))
}

/// A finite double so that it is read as one, to the bit, and not as a whole number.
pub(super) fn double(number: f64) -> String {
    format!("{number:?}").replace('e', "E")
}

/// The digits of a decimal number that is too large to be read as anything else.
pub(super) fn as_large_integer(value: &Value) -> Option<&str> {
    match value {
        Value::Decimal(number) => {
            let digits = number.as_str();
            (!digits.contains('.') && digits.parse::<i64>().is_err()).then_some(digits)
        }
        _ => None,
    }
}

/// The end of an interval as a text: `..`, a date, a date and time.
pub(super) fn instant(end: &Expr) -> Option<String> {
    match end {
        Expr::Literal(Value::Null) => Some("..".to_owned()),
        Expr::Literal(Value::Date(date)) => Some(date.to_string()),
        Expr::Literal(Value::DateTime(moment)) => Some(moment.to_string()),
        _ => None,
    }
}

/// The last argument of a function with a parameter that is no expression.
pub(super) fn parameter(function: &Function) -> Say<Option<String>> {
    Ok(Some(match function {
        Function::WithinDistance(unit) => unit.name().to_owned(),
        Function::Relate(pattern) => pattern.to_string(),
        Function::Transform(crs) => crs_text(crs)?,
        Function::Cast(ty) => cast_name(ty)?.to_owned(),
        _ => return Ok(None),
    }))
}
