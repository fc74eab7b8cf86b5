//! Expressions as people read them in messages and plans: CQL2's spelling where it has one.
use super::{Expr, Function};
use crate::{BBox, Value};
use std::fmt;

/// Texts and geometries are cut off after so many characters.
const SHOWN_CHARS: usize = 60;

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Literal(value) => literal(value, f),
            Self::Place(geometry, _) => f.write_str(&shortened(&geometry.to_wkt())),
            Self::Box(bbox, _) => boxed(bbox, f),
            Self::Field(name) => name_of(name, f),
            Self::Id => f.write_str("object_id()"),
            Self::Call(function, arguments) => call(function, arguments, is_loose, f),
        }
    }
}

/// A field's name, quoted unless it is a plain word.
pub(super) fn name_of(name: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let plain = |at: usize, c: char| c == '_' || c.is_alphabetic() || at > 0 && c.is_numeric();
    if !name.is_empty() && name.chars().enumerate().all(|(at, c)| plain(at, c)) {
        f.write_str(name)
    } else {
        write!(f, "\"{}\"", name.replace('"', "\"\""))
    }
}

pub(super) fn literal(value: &Value, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match value {
        Value::Null => f.write_str("NULL"),
        Value::Bool(truth) => f.write_str(if *truth { "TRUE" } else { "FALSE" }),
        Value::Int(number) => write!(f, "{number}"),
        Value::Real(number) => write!(f, "{number}"),
        Value::Decimal(number) => write!(f, "{number}"),
        Value::Text(text) => write!(f, "'{}'", shortened(text).replace('\'', "''")),
        Value::Bytes(bytes) => write!(f, "{} bytes", bytes.len()),
        Value::Date(date) => write!(f, "DATE('{date}')"),
        Value::Time(time) => write!(f, "TIME('{time}')"),
        Value::DateTime(moment) => write!(f, "TIMESTAMP('{moment}')"),
        Value::Json(document) => f.write_str(&shortened(document.as_str())),
        Value::Uuid(uuid) => write!(f, "'{uuid}'"),
        Value::Geometry(geometry) => f.write_str(&shortened(&geometry.to_wkt())),
    }
}

fn boxed(bbox: &BBox, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "BBOX({}, {}, {}, {})", bbox.min_x, bbox.min_y, bbox.max_x, bbox.max_y)
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(SHOWN_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// Whether it needs parentheses as an operand.
fn is_loose(expr: &Expr) -> bool {
    matches!(expr, Expr::Call(function, _) if is_operator(function))
}

pub(super) fn is_operator(function: &Function) -> bool {
    use Function::{
        Add, And, Between, Div, Eq, Ge, Gt, In, IntDiv, IsNull, Le, Like, Lt, Mod, Mul, Ne, Negate,
        Not, Or, Power, Sub,
    };
    matches!(
        function,
        And | Or
            | Not
            | Eq
            | Ne
            | Lt
            | Le
            | Gt
            | Ge
            | IsNull
            | Between
            | In
            | Like
            | Add
            | Sub
            | Mul
            | Div
            | IntDiv
            | Mod
            | Power
            | Negate
    )
}

/// A call of anything that can be displayed, in the spelling of its function.
pub(super) fn call<T: fmt::Display>(
    function: &Function,
    arguments: &[T],
    is_loose: impl Fn(&T) -> bool,
    f: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    let operand = |it: &T| if is_loose(it) { format!("({it})") } else { it.to_string() };
    let list = |them: &[T]| them.iter().map(T::to_string).collect::<Vec<_>>().join(", ");
    match (function, arguments) {
        (Function::And | Function::Or, _) => {
            let parts: Vec<_> = arguments.iter().map(|it| loose_part(function, it)).collect();
            f.write_str(&parts.join(if *function == Function::And { " AND " } else { " OR " }))
        }
        (Function::Not, [one]) => write!(f, "NOT {}", operand(one)),
        (Function::Negate, [one]) => write!(f, "-{}", operand(one)),
        (Function::IsNull, [one]) => write!(f, "{} IS NULL", operand(one)),
        (Function::Between, [one, low, high]) => {
            write!(f, "{} BETWEEN {} AND {}", operand(one), operand(low), operand(high))
        }
        (Function::In, [one, others @ ..]) => write!(f, "{} IN ({})", operand(one), list(others)),
        (Function::Like, [text, pattern]) => {
            write!(f, "{} LIKE {}", operand(text), operand(pattern))
        }
        (Function::WithinDistance(unit), _) => {
            write!(f, "within_distance({}, '{}')", list(arguments), unit.name())
        }
        (Function::Relate(pattern), _) => write!(f, "relate({}, '{pattern}')", list(arguments)),
        (Function::Transform(crs), _) => write!(f, "transform({}, '{crs}')", list(arguments)),
        (Function::Cast(ty), _) => write!(f, "cast({}, '{ty}')", list(arguments)),
        (operator, [a, b]) if is_operator(operator) => {
            write!(f, "{} {} {}", operand(a), operator.name(), operand(b))
        }
        _ => write!(f, "{}({})", function.name(), list(arguments)),
    }
}

/// A part of a conjunction or disjunction: comparisons stand bare, the other junction does not.
fn loose_part<T: fmt::Display>(function: &Function, part: &T) -> String {
    let text = part.to_string();
    let other = if *function == Function::And { " OR " } else { " AND " };
    if text.contains(other) { format!("({text})") } else { text }
}
