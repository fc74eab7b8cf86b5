//! What functions take and what they yield.
use super::{BindError, Bound, ExprType, Function};
use crate::Crs;
use std::ops::RangeInclusive;

/// What an argument must be.
#[derive(Debug, Clone, Copy)]
enum Takes {
    Anything,
    Bool,
    Number,
    Text,
    Temporal,
    Clock,
    Json,
    Geometry,
}

impl Takes {
    fn words(self) -> &'static str {
        match self {
            Self::Anything => "a value",
            Self::Bool => "true or false",
            Self::Number => "a number",
            Self::Text => "a text",
            Self::Temporal => "a date or a date and time",
            Self::Clock => "a time or a date and time",
            Self::Json => "an array",
            Self::Geometry => "a geometry",
        }
    }

    fn allows(self, ty: &ExprType) -> bool {
        match (self, ty) {
            (Self::Anything, ty) => *ty != ExprType::Interval,
            (_, ExprType::Null)
            | (Self::Bool, ExprType::Bool)
            | (Self::Text, ExprType::Text)
            | (Self::Json, ExprType::Json)
            | (Self::Geometry, ExprType::Geometry(_))
            | (Self::Clock, ExprType::Time | ExprType::DateTime) => true,
            (Self::Number, ty) => ty.is_number(),
            (Self::Temporal, ty) => ty.is_temporal(),
            _ => false,
        }
    }
}

const ANY: usize = usize::MAX;

/// How many arguments a function takes, and what each must be; the last stands for all further.
fn parameters(function: &Function) -> (RangeInclusive<usize>, &'static [Takes]) {
    use Function as F;
    use Takes::{Anything, Bool, Clock, Geometry, Json, Number, Temporal, Text};
    match function {
        F::And | F::Or => (1..=ANY, &[Bool]),
        F::Not => (1..=1, &[Bool]),
        F::Eq | F::Ne | F::Lt | F::Le | F::Gt | F::Ge | F::NullIf => (2..=2, &[Anything]),
        F::IsNull | F::Cast(_) => (1..=1, &[Anything]),
        F::Between => (3..=3, &[Anything]),
        F::In | F::Coalesce | F::Least | F::Greatest => (1..=ANY, &[Anything]),
        F::Case => (2..=ANY, &[Anything]),
        F::Like | F::Matches | F::Position | F::StartsWith | F::EndsWith => (2..=2, &[Text]),
        F::Casei | F::Accenti | F::Lower | F::Upper | F::Trim | F::CharLength => (1..=1, &[Text]),
        F::Substring => (2..=3, &[Text, Number]),
        F::Concat => (1..=ANY, &[Text]),
        F::Replace => (3..=3, &[Text]),
        F::Add | F::Sub | F::Mul | F::Div | F::IntDiv | F::Mod | F::Power | F::Atan2 => {
            (2..=2, &[Number])
        }
        F::Negate
        | F::Abs
        | F::Floor
        | F::Ceil
        | F::Round
        | F::Sign
        | F::Sqrt
        | F::Exp
        | F::Ln
        | F::Sin
        | F::Cos
        | F::Tan
        | F::Asin
        | F::Acos
        | F::Atan => (1..=1, &[Number]),
        F::Year | F::Month | F::Day | F::DayOfWeek | F::DayOfYear | F::DateOf => {
            (1..=1, &[Temporal])
        }
        F::Hour | F::Minute | F::Second | F::TimeOf => (1..=1, &[Clock]),
        F::Interval => (2..=2, &[Temporal]),
        F::ArrayEquals | F::ArrayContains | F::ArrayContainedBy | F::ArrayOverlaps => {
            (2..=2, &[Json])
        }
        F::Spatial(_) | F::Relate(_) | F::BoxesMeet | F::Distance => (2..=2, &[Geometry]),
        F::WithinDistance(_) => (3..=3, &[Geometry, Geometry, Number]),
        F::Area
        | F::LineLength
        | F::Perimeter
        | F::Centroid
        | F::Envelope
        | F::X
        | F::Y
        | F::Z
        | F::M
        | F::MinX
        | F::MinY
        | F::MaxX
        | F::MaxY
        | F::NumPoints
        | F::NumGeometries
        | F::GeometryKind
        | F::Dims
        | F::Dimension
        | F::IsEmpty
        | F::IsValid
        | F::InvalidReason
        | F::Transform(_) => (1..=1, &[Geometry]),
        F::Temporal(_) => (2..=2, &[]),
        F::ArrayOf | F::Native(_) => (0..=ANY, &[Anything]),
    }
}

/// Checks number and kinds of arguments.
pub(super) fn check(function: &Function, arguments: &[Bound]) -> Result<(), BindError> {
    let (count, takes) = parameters(function);
    if !count.contains(&arguments.len()) {
        let (function, found) = (function.name().to_owned(), arguments.len());
        return Err(BindError::Arity { function, expected: count_in_words(&count), found });
    }
    let takes = takes.iter().chain(std::iter::repeat(takes.last().unwrap_or(&Takes::Anything)));
    match arguments.iter().zip(takes).find(|(it, takes)| !takes.allows(it.ty())) {
        Some((argument, takes)) => Err(misfit(function, takes.words(), argument)),
        None => Ok(()),
    }
}

pub(super) fn misfit(function: &Function, expected: &'static str, argument: &Bound) -> BindError {
    BindError::Argument {
        function: function.name().to_owned(),
        expected,
        argument: argument.to_string(),
        found: argument.ty().clone(),
    }
}

fn count_in_words(count: &RangeInclusive<usize>) -> &'static str {
    match (*count.start(), *count.end()) {
        (1, 1) => "one argument",
        (2, 2) => "two arguments",
        (3, 3) => "three arguments",
        (2, 3) => "two or three arguments",
        (1, ANY) => "one argument or more",
        (2, ANY) => "two arguments or more",
        _ => "other arguments",
    }
}

/// What a function yields of arguments that fit it.
pub(super) fn result(function: &Function, arguments: &[Bound]) -> ExprType {
    use Function as F;
    let first = || arguments.first().map_or(ExprType::Null, |it| it.ty().clone());
    match function {
        F::And
        | F::Or
        | F::Not
        | F::Eq
        | F::Ne
        | F::Lt
        | F::Le
        | F::Gt
        | F::Ge
        | F::IsNull
        | F::Between
        | F::In
        | F::Like
        | F::Matches
        | F::StartsWith
        | F::EndsWith
        | F::ArrayEquals
        | F::ArrayContains
        | F::ArrayContainedBy
        | F::ArrayOverlaps
        | F::BoxesMeet
        | F::Spatial(_)
        | F::Relate(_)
        | F::WithinDistance(_)
        | F::Temporal(_)
        | F::IsEmpty
        | F::IsValid => ExprType::Bool,
        F::Casei
        | F::Accenti
        | F::Lower
        | F::Upper
        | F::Trim
        | F::Substring
        | F::Concat
        | F::Replace
        | F::GeometryKind
        | F::Dims
        | F::InvalidReason => ExprType::Text,
        F::CharLength
        | F::Position
        | F::Year
        | F::Month
        | F::Day
        | F::DayOfWeek
        | F::DayOfYear
        | F::Hour
        | F::Minute
        | F::NumPoints
        | F::NumGeometries
        | F::Dimension
        | F::Sign => ExprType::Int,
        F::Add
        | F::Sub
        | F::Mul
        | F::IntDiv
        | F::Mod
        | F::Negate
        | F::Abs
        | F::Floor
        | F::Ceil
        | F::Round => whole_or_real(arguments),
        F::Div
        | F::Power
        | F::Sqrt
        | F::Exp
        | F::Ln
        | F::Sin
        | F::Cos
        | F::Tan
        | F::Asin
        | F::Acos
        | F::Atan
        | F::Atan2
        | F::Second
        | F::Distance
        | F::Area
        | F::LineLength
        | F::Perimeter
        | F::X
        | F::Y
        | F::Z
        | F::M
        | F::MinX
        | F::MinY
        | F::MaxX
        | F::MaxY => ExprType::Real,
        F::DateOf => ExprType::Date,
        F::TimeOf => ExprType::Time,
        F::Interval => ExprType::Interval,
        F::ArrayOf => ExprType::Json,
        F::Centroid | F::Envelope | F::NullIf => first(),
        F::Least | F::Greatest | F::Coalesce => common(arguments.iter().map(Bound::ty)),
        F::Case => common(case_results(arguments).map(Bound::ty)),
        F::Transform(crs) => ExprType::Geometry(crs.clone()),
        F::Cast(ty) => ty.clone(),
        F::Native(native) => native.ty.clone(),
    }
}

fn whole_or_real(arguments: &[Bound]) -> ExprType {
    let whole = |it: &Bound| matches!(it.ty(), ExprType::Int | ExprType::Null);
    if arguments.iter().all(whole) { ExprType::Int } else { ExprType::Real }
}

/// The values that a `case` may have: every second argument, and the last of an odd number.
pub(super) fn case_results(arguments: &[Bound]) -> impl Iterator<Item = &Bound> {
    let last = arguments.len() - 1;
    let is_result = move |at: usize| at % 2 == 1 || at == last;
    arguments.iter().enumerate().filter(move |(at, _)| is_result(*at)).map(|(_, it)| it)
}

/// The conditions of a `case`.
pub(super) fn case_conditions(arguments: &[Bound]) -> impl Iterator<Item = &Bound> {
    arguments[..arguments.len() & !1].iter().step_by(2)
}

/// The kind that values of comparable kinds have in common.
fn common<'a>(types: impl Iterator<Item = &'a ExprType>) -> ExprType {
    types.fold(ExprType::Null, |common, ty| match (&common, ty) {
        (ExprType::Null, _) => ty.clone(),
        (_, ExprType::Null) => common,
        (a, b) if a == b => common,
        (ExprType::Date | ExprType::DateTime, _) => ExprType::DateTime,
        (a, b) if a.is_number() && b.is_number() => ExprType::Real,
        _ => common,
    })
}

/// Whether two kinds of value can be compared, or stand for one another.
pub(super) fn comparable(a: &ExprType, b: &ExprType) -> bool {
    match (a, b) {
        (ExprType::Interval, _) | (_, ExprType::Interval) => false,
        (ExprType::Null, _) | (_, ExprType::Null) => true,
        (a, b) if a.is_number() && b.is_number() => true,
        (a, b) if a.is_temporal() && b.is_temporal() => true,
        (ExprType::Geometry(a), ExprType::Geometry(b)) => a.same_positions(b),
        (a, b) => a == b,
    }
}

/// The CRS of a geometry expression; none of a null one.
pub(super) fn crs_of(it: &Bound) -> Option<&Crs> {
    match it.ty() {
        ExprType::Geometry(crs) => Some(crs),
        _ => None,
    }
}
