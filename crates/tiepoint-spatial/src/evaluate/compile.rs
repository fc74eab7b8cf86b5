//! Compiling expressions: constants are computed and made ready, comparisons specialised.
use tiepoint_core::{Bound, Crs, ExprType, Function, Node, Value};

use super::array::Array;
use super::compare::{Constants, FieldTest, Test};
use super::compile_spatial::{measured, spatial, transform};
use super::like::Pattern;
use super::regular::regular;
use super::row::NoRow;
use super::scalar::{Many, One, Scalar, Two, greatest, least};
use super::truth::{ArraySide, Truth};
use super::{EvaluateError, geometry, number, text, time};

type Compiled<T> = Result<T, EvaluateError>;

/// Compiles any expression.
pub(super) fn scalar(bound: &Bound) -> Compiled<Scalar> {
    Ok(match bound.node() {
        Node::Constant(value) => Scalar::Constant(value.clone()),
        Node::Field(position, _) => Scalar::Field(*position, bound.ty().clone()),
        Node::Id => Scalar::Id,
        Node::Call(function, arguments) => {
            let compiled = match truth_call(function, bound, arguments)? {
                Some(truth) => Scalar::Truth(Box::new(truth)),
                None => scalar_call(function, bound, arguments)?,
            };
            if arguments.iter().all(is_constant) {
                Scalar::Constant(compiled.value(&NoRow).into_owned())
            } else {
                compiled
            }
        }
    })
}

/// Compiles a condition.
pub(super) fn truth(bound: &Bound) -> Compiled<Truth> {
    Ok(match scalar(bound)? {
        Scalar::Truth(truth) => *truth,
        Scalar::Constant(value) => Truth::Known(match value {
            Value::Bool(truth) => Some(truth),
            _ => None,
        }),
        other => Truth::Of(Box::new(other)),
    })
}

/// Whether its value is the same for all rows.
pub(super) fn is_constant(bound: &Bound) -> bool {
    match bound.node() {
        Node::Constant(_) => true,
        Node::Field(..) | Node::Id => false,
        Node::Call(_, arguments) => arguments.iter().all(is_constant),
    }
}

pub(super) fn two(arguments: &[Bound]) -> Compiled<[Scalar; 2]> {
    Ok([scalar(&arguments[0])?, scalar(&arguments[1])?])
}

fn boxed_two(arguments: &[Bound]) -> Compiled<Box<[Scalar; 2]>> {
    two(arguments).map(Box::new)
}

fn all(arguments: &[Bound]) -> Compiled<Box<[Scalar]>> {
    arguments.iter().map(scalar).collect()
}

/// The condition that a call is, where it is one by its function.
fn truth_call(function: &Function, bound: &Bound, arguments: &[Bound]) -> Compiled<Option<Truth>> {
    use Function as F;
    Ok(Some(match function {
        F::And => Truth::All(parts(arguments)?),
        F::Or => Truth::Any(parts(arguments)?),
        F::Not => Truth::Not(Box::new(truth(&arguments[0])?)),
        F::IsNull => Truth::IsNull(scalar(&arguments[0])?),
        F::Eq | F::Ne | F::Lt | F::Le | F::Gt | F::Ge => comparison(function, two(arguments)?),
        F::In => one_of(arguments)?,
        F::Like => like(two(arguments)?),
        F::Matches => matches(arguments)?,
        F::StartsWith => Truth::Two(text::starts_with, boxed_two(arguments)?),
        F::EndsWith => Truth::Two(text::ends_with, boxed_two(arguments)?),
        F::ArrayEquals | F::ArrayContains | F::ArrayContainedBy | F::ArrayOverlaps => {
            let sides = two(arguments)?.map(array_side);
            Truth::Arrays(function.clone(), Box::new(sides))
        }
        F::IsEmpty => Truth::One(geometry::is_empty, scalar(&arguments[0])?),
        F::IsValid => Truth::One(geometry::is_valid, scalar(&arguments[0])?),
        F::Spatial(_) | F::Relate(_) | F::BoxesMeet | F::WithinDistance(_) => {
            spatial(function, bound, arguments)?
        }
        _ => return Ok(None),
    }))
}

/// The parts of a junction, cheap ones first: none fails, so the order makes no difference.
fn parts(arguments: &[Bound]) -> Compiled<Box<[Truth]>> {
    let mut parts: Box<[Truth]> = arguments.iter().map(truth).collect::<Result<_, _>>()?;
    parts.sort_by_cached_key(Truth::cost);
    Ok(parts)
}

fn comparison(function: &Function, pair: [Scalar; 2]) -> Truth {
    let test = Test::of(function).unwrap_or(Test::Eq);
    match pair {
        [Scalar::Constant(Value::Null), _] | [_, Scalar::Constant(Value::Null)] => {
            Truth::Known(None)
        }
        [Scalar::Field(position, ty), Scalar::Constant(constant)] => {
            Truth::Field(FieldTest { position, ty, test, constant })
        }
        [Scalar::Constant(constant), Scalar::Field(position, ty)] => {
            Truth::Field(FieldTest { position, ty, test: test.mirrored(), constant })
        }
        pair => Truth::Compare(test, Box::new(pair)),
    }
}

fn one_of(arguments: &[Bound]) -> Compiled<Truth> {
    let subject = scalar(&arguments[0])?;
    let others = all(&arguments[1..])?;
    let constants: Option<Vec<Value>> = others.iter().map(|it| it.as_constant().cloned()).collect();
    Ok(match constants {
        Some(constants) => Truth::Among(subject, Box::new(Constants::new(constants))),
        None => Truth::OneOf(subject, others),
    })
}

fn like(pair: [Scalar; 2]) -> Truth {
    match pair {
        [text, Scalar::Constant(Value::Text(pattern))] => Truth::Like(text, Pattern::new(&pattern)),
        pair => Truth::LikeOfRow(Box::new(pair)),
    }
}

fn matches(arguments: &[Bound]) -> Compiled<Truth> {
    let [text, pattern] = two(arguments)?;
    Ok(match pattern {
        Scalar::Constant(Value::Text(pattern)) => Truth::Matches(text, regular(&pattern)?),
        Scalar::Constant(_) => Truth::Known(None),
        _ => return Err(EvaluateError::RegexOfRow { pattern: arguments[1].to_string() }),
    })
}

fn array_side(side: Scalar) -> ArraySide {
    match side {
        Scalar::Constant(value) => ArraySide::Constant(Array::of(&value)),
        side => ArraySide::OfRow(side),
    }
}

/// A call of a function that yields other things than truths, or whatever its arguments are.
fn scalar_call(function: &Function, bound: &Bound, arguments: &[Bound]) -> Compiled<Scalar> {
    use Function as F;
    if let Some(function) = of_one(function) {
        return Ok(Scalar::One(function, Box::new(scalar(&arguments[0])?)));
    }
    if let Some(function) = of_real(function) {
        return Ok(Scalar::Real(function, Box::new(scalar(&arguments[0])?)));
    }
    if let Some(function) = of_two(function) {
        return Ok(Scalar::Two(function, boxed_two(arguments)?));
    }
    if let Some(function) = of_many(function) {
        return Ok(aligned(Scalar::Many(function, all(arguments)?), bound, arguments));
    }
    Ok(match function {
        F::Case => aligned(case(arguments)?, bound, arguments),
        F::Coalesce => aligned(Scalar::Coalesce(all(arguments)?), bound, arguments),
        F::NullIf => Scalar::NullIf(boxed_two(arguments)?),
        F::ArrayOf => Scalar::Array(all(arguments)?),
        F::Cast(ty) => Scalar::Cast(ty.clone(), Box::new(scalar(&arguments[0])?)),
        F::Transform(to) => transform(to, bound, &arguments[0])?,
        F::Native(native) => {
            let (store, name) = (native.store.clone(), native.name.clone());
            return Err(EvaluateError::Native { store, name });
        }
        F::Interval | F::Temporal(_) | F::Between => {
            return Err(EvaluateError::Interval { expression: bound.to_string() });
        }
        measure => measured(measure, bound, arguments)?,
    })
}

/// Days among moments count as their midnights.
fn aligned(scalar: Scalar, bound: &Bound, arguments: &[Bound]) -> Scalar {
    let mixed =
        *bound.ty() == ExprType::DateTime && arguments.iter().any(|it| *it.ty() == ExprType::Date);
    if mixed { Scalar::Moment(Box::new(scalar)) } else { scalar }
}

fn case(arguments: &[Bound]) -> Compiled<Scalar> {
    let (cases, otherwise) = arguments.as_chunks::<2>();
    let cases = cases.iter().map(|[when, then]| Ok((truth(when)?, scalar(then)?)));
    let cases = cases.collect::<Result<_, _>>()?;
    let otherwise = otherwise.first().map_or(Ok(Scalar::Constant(Value::Null)), scalar)?;
    Ok(Scalar::Case(cases, Box::new(otherwise)))
}

fn of_one(function: &Function) -> Option<One> {
    use Function as F;
    Some(match function {
        F::Casei => text::casei,
        F::Accenti => text::accenti,
        F::Lower => text::lower,
        F::Upper => text::upper,
        F::Trim => text::trim,
        F::CharLength => text::char_length,
        F::Negate => number::negate,
        F::Abs => number::abs,
        F::Floor => number::floor,
        F::Ceil => number::ceil,
        F::Round => number::round,
        F::Sign => number::sign,
        F::Year => time::year,
        F::Month => time::month,
        F::Day => time::day,
        F::DayOfWeek => time::day_of_week,
        F::DayOfYear => time::day_of_year,
        F::Hour => time::hour,
        F::Minute => time::minute,
        F::Second => time::second,
        F::DateOf => time::date,
        F::TimeOf => time::time,
        F::Centroid => geometry::centroid_of,
        F::Envelope => geometry::envelope,
        F::X => geometry::x,
        F::Y => geometry::y,
        F::Z => geometry::z,
        F::M => geometry::m,
        F::MinX => geometry::min_x,
        F::MinY => geometry::min_y,
        F::MaxX => geometry::max_x,
        F::MaxY => geometry::max_y,
        F::NumPoints => geometry::num_points,
        F::NumGeometries => geometry::num_geometries,
        F::GeometryKind => geometry::kind,
        F::Dims => geometry::dims,
        F::Dimension => geometry::dimension,
        F::InvalidReason => geometry::invalid_reason,
        _ => return None,
    })
}

fn of_real(function: &Function) -> Option<fn(f64) -> f64> {
    use Function as F;
    Some(match function {
        F::Sqrt => f64::sqrt,
        F::Exp => f64::exp,
        F::Ln => f64::ln,
        F::Sin => f64::sin,
        F::Cos => f64::cos,
        F::Tan => f64::tan,
        F::Asin => f64::asin,
        F::Acos => f64::acos,
        F::Atan => f64::atan,
        _ => return None,
    })
}

fn of_two(function: &Function) -> Option<Two> {
    use Function as F;
    Some(match function {
        F::Position => text::position,
        F::Add => number::add,
        F::Sub => number::subtract,
        F::Mul => number::multiply,
        F::Div => number::divide,
        F::IntDiv => number::whole_divide,
        F::Mod => number::remainder,
        F::Power => number::power,
        F::Atan2 => number::atan2,
        _ => return None,
    })
}

fn of_many(function: &Function) -> Option<Many> {
    use Function as F;
    Some(match function {
        F::Substring => text::substring,
        F::Concat => text::concat,
        F::Replace => text::replace,
        F::Least => least,
        F::Greatest => greatest,
        _ => return None,
    })
}

/// The CRS that geometries of an expression are in; none of one that is always null.
pub(super) fn crs_of(bound: &Bound) -> Option<&Crs> {
    match bound.ty() {
        ExprType::Geometry(crs) => Some(crs),
        _ => None,
    }
}
