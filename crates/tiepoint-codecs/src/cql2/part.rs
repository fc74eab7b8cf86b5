//! Parts of an expression while it is being read, with the place of each and its depth.
use super::error::{Fault, Read};
use super::names::{CASTS, Callee, arity};
use tiepoint_core::{Crs, CrsError, Expr, Function, LengthUnit, MatrixError, MatrixPattern, Value};

/// An expression, where it starts in the text, in bytes, and how deep it is nested.
///
/// The expression is boxed so that reading what is nested deeply takes little of the stack.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) at: usize,
    pub(super) expr: Box<Expr>,
    pub(super) depth: usize,
}

/// The units that a distance can be asked in, and how many metres they are; none for those of the
/// CRS. The international foot, mile and nautical mile are exact.
const UNITS: [(&str, Option<f64>); 6] = [
    ("m", Some(1.0)),
    ("km", Some(1_000.0)),
    ("ft", Some(0.3048)),
    ("mi", Some(1_609.344)),
    ("nmi", Some(1_852.0)),
    ("crs", None),
];

impl Part {
    pub(super) fn leaf(at: usize, expr: impl Into<Expr>) -> Self {
        Self { at, expr: Box::new(expr.into()), depth: 0 }
    }

    /// A function of parts; refuses what would be nested too deep.
    pub(super) fn call(at: usize, function: Function, parts: Vec<Self>) -> Read<Self> {
        let depth = 1 + parts.iter().map(|it| it.depth).max().unwrap_or(0);
        if depth > Expr::MAX_DEPTH {
            return Err(too_deep(at));
        }
        let arguments = parts.into_iter().map(|it| *it.expr).collect();
        Ok(Self { at, expr: Box::new(Expr::Call(function, arguments)), depth })
    }

    /// A function called by its name.
    pub(super) fn named(at: usize, callee: Callee, mut parts: Vec<Self>) -> Read<Self> {
        let function = match callee {
            Callee::Plain(function) => function,
            Callee::ObjectId => return object_id(at, &parts),
            Callee::WithinDistance => Function::WithinDistance(take_unit(at, &mut parts)?),
            Callee::Relate => Function::Relate(take_pattern(at, &mut parts)?),
            Callee::Transform => Function::Transform(take_crs(at, &mut parts)?),
            Callee::Cast => {
                let (at, kind) = take_text(at, &mut parts, "cast", 2, "the kind to cast to")?;
                let found = CASTS.iter().find(|(name, _)| name.eq_ignore_ascii_case(&kind));
                let (_, ty) = found.ok_or_else(|| {
                    let fault = Fault::new(at, format!("nothing can be cast to {}", quoted(&kind)));
                    let known = CASTS.map(|(name, _)| format!("'{name}'")).join(", ");
                    fault.with_hint(format!("the kinds are {known}"))
                })?;
                Function::Cast(ty.clone())
            }
        };
        match arity(&function) {
            Some(count) if count != parts.len() => {
                Err(wrong_count(at, function.name(), count, parts.len()))
            }
            _ => Self::call(at, function, parts),
        }
    }
}

pub(super) fn too_deep(at: usize) -> Fault {
    Fault::new(at, format!("the expression is nested more than {} deep", Expr::MAX_DEPTH))
}

pub(super) fn wrong_count(at: usize, name: &str, expected: usize, found: usize) -> Fault {
    let plural = if expected == 1 { "argument" } else { "arguments" };
    Fault::new(at, format!("`{name}` takes {expected} {plural}, found {found}"))
}

fn quoted(text: &str) -> String {
    let shown: String = text.chars().take(40).collect();
    format!("'{shown}'")
}

fn object_id(at: usize, parts: &[Part]) -> Read<Part> {
    match parts {
        [] => Ok(Part::leaf(at, Expr::Id)),
        _ => Err(wrong_count(at, super::names::OBJECT_ID, 0, parts.len())),
    }
}

/// Takes the last of `count` arguments, which must be a text, and says where it stands.
fn take_text(
    at: usize,
    parts: &mut Vec<Part>,
    function: &str,
    count: usize,
    meaning: &str,
) -> Read<(usize, String)> {
    if parts.len() != count {
        return Err(wrong_count(at, function, count, parts.len()));
    }
    match parts.pop().map(|last| (last.at, *last.expr)) {
        Some((at, Expr::Literal(Value::Text(text)))) => Ok((at, text)),
        last => {
            let at = last.map_or(at, |(at, _)| at);
            Err(Fault::new(at, format!("expected {meaning}, a text in quotes")))
        }
    }
}

fn take_unit(at: usize, parts: &mut Vec<Part>) -> Read<LengthUnit> {
    let known = UNITS.map(|(name, _)| format!("'{name}'")).join(", ");
    if parts.len() == 3 {
        let fault = Fault::new(at, "`within_distance` needs the unit of its distance");
        return Err(fault.with_hint(format!("add one of {known} as the last argument")));
    }
    let (unit_at, unit) = take_text(at, parts, "within_distance", 4, "the unit of the distance")?;
    match UNITS.iter().find(|(name, _)| name.eq_ignore_ascii_case(&unit)) {
        Some((_, Some(metres))) => {
            let limit = parts.pop().map(|limit| in_metres(limit, *metres)).transpose()?;
            parts.extend(limit);
            Ok(LengthUnit::Metre)
        }
        Some((_, None)) => Ok(LengthUnit::CrsUnit),
        None => {
            let fault = Fault::new(unit_at, format!("{} is no unit of length", quoted(&unit)));
            Err(fault.with_hint(format!("the units are {known}")))
        }
    }
}

/// The same length in metres: a number is converted, anything else will be when it is known.
#[expect(clippy::cast_precision_loss, reason = "a limit has fewer digits than a double")]
fn in_metres(limit: Part, metres: f64) -> Read<Part> {
    if metres.to_bits() == 1.0_f64.to_bits() {
        return Ok(limit);
    }
    match *limit.expr {
        Expr::Literal(Value::Int(number)) => Ok(Part::leaf(limit.at, number as f64 * metres)),
        Expr::Literal(Value::Real(number)) => Ok(Part::leaf(limit.at, number * metres)),
        _ => {
            let at = limit.at;
            Part::call(at, Function::Mul, vec![limit, Part::leaf(at, metres)])
        }
    }
}

fn take_pattern(at: usize, parts: &mut Vec<Part>) -> Read<MatrixPattern> {
    let (at, text) = take_text(at, parts, "relate", 3, "a pattern such as 'T*F**FFF*'")?;
    text.parse().map_err(|error: MatrixError| {
        let words = error.to_string();
        let (reason, hint) = words.split_once("\nhint: ").unwrap_or((&words, ""));
        Fault::new(at, reason).with_hint(hint)
    })
}

fn take_crs(at: usize, parts: &mut Vec<Part>) -> Read<Crs> {
    let (at, text) = take_text(at, parts, "transform", 2, "a CRS such as 'EPSG:25832'")?;
    text.parse().map_err(|error: CrsError| Fault::new(at, error.to_string()))
}
