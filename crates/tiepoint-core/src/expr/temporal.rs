//! Temporal predicates as comparisons of their ends.
use super::signature::misfit;
use super::{BindError, Bound, ExprType, Function, TemporalPredicate};
use crate::Value;

/// The two ends of a stretch of time; an open end is none.
struct Stretch {
    start: Option<Bound>,
    end: Option<Bound>,
    instant: bool,
}

/// The comparisons that a temporal predicate means (OGC 21-065r2, section 7.10). An open end lies
/// beyond everything that is not open.
pub(super) fn lower(
    predicate: TemporalPredicate,
    arguments: Vec<Bound>,
) -> Result<Bound, BindError> {
    use TemporalPredicate as P;
    let function = Function::Temporal(predicate);
    let [a, b]: [Bound; 2] = arguments.try_into().map_err(|found: Vec<_>| BindError::Arity {
        function: predicate.name().to_owned(),
        expected: "two arguments",
        found: found.len(),
    })?;
    let (a, b) = (stretch(&function, a)?, stretch(&function, b)?);
    let ends = [&a, &b].map(|it| [it.start.clone(), it.end.clone()]);
    let needs_intervals = !matches!(
        predicate,
        P::After | P::Before | P::Disjoint | P::Equals | P::Intersects | P::During | P::Contains
    );
    if needs_intervals && (a.instant || b.instant) {
        let instant = if a.instant { a.start } else { b.start };
        let instant = instant.unwrap_or(Bound::constant(Value::Null, ExprType::Null));
        return Err(misfit(&function, "two intervals", &instant));
    }
    let holds = match predicate {
        P::After => starts_after(&a, &b),
        P::Before => starts_after(&b, &a),
        P::Disjoint => any([starts_after(&a, &b), starts_after(&b, &a)]),
        P::Intersects => not(any([starts_after(&a, &b), starts_after(&b, &a)])),
        P::Equals => {
            all([same(a.start.as_ref(), b.start.as_ref()), same(a.end.as_ref(), b.end.as_ref())])
        }
        P::During => inside(&a, &b),
        P::Contains => inside(&b, &a),
        P::Finishes => all([later_start(&a, &b), same(a.end.as_ref(), b.end.as_ref())]),
        P::FinishedBy => all([later_start(&b, &a), same(a.end.as_ref(), b.end.as_ref())]),
        P::Starts => all([same(a.start.as_ref(), b.start.as_ref()), earlier_end(&a, &b)]),
        P::StartedBy => all([same(a.start.as_ref(), b.start.as_ref()), earlier_end(&b, &a)]),
        P::Meets => meets(&a, &b),
        P::MetBy => meets(&b, &a),
        P::Overlaps => overlaps(&a, &b),
        P::OverlappedBy => overlaps(&b, &a),
    };
    Ok(ends.into_iter().flatten().flatten().fold(holds, null_of_null))
}

/// Null where an end is null that an open one beside it has left out of the comparisons.
fn null_of_null(holds: Bound, end: Bound) -> Bound {
    let mut is_compared = end.as_constant().is_some();
    holds.visit(&mut |it| is_compared |= *it == end);
    if is_compared {
        return holds;
    }
    let unknown = Bound::call(Function::IsNull, vec![end], ExprType::Bool);
    let null = Bound::constant(Value::Null, ExprType::Null);
    Bound::call(Function::Case, vec![unknown, null, holds], ExprType::Bool)
}

fn stretch(function: &Function, argument: Bound) -> Result<Stretch, BindError> {
    if let Some((Function::Interval, [start, end])) = argument.as_call() {
        let end_of = |it: &Bound| (it.as_constant() != Some(&Value::Null)).then(|| it.clone());
        return Ok(Stretch { start: end_of(start), end: end_of(end), instant: false });
    }
    if !argument.ty().is_temporal() && *argument.ty() != ExprType::Null {
        return Err(misfit(function, "a date, a date and time, or an interval", &argument));
    }
    Ok(Stretch { start: Some(argument.clone()), end: Some(argument), instant: true })
}

/// Whether all of `a` comes after all of `b`.
fn starts_after(a: &Stretch, b: &Stretch) -> Bound {
    less(b.end.as_ref(), a.start.as_ref(), Open::Never)
}

/// Whether `a` lies strictly inside `b`.
fn inside(a: &Stretch, b: &Stretch) -> Bound {
    all([later_start(a, b), earlier_end(a, b)])
}

fn later_start(a: &Stretch, b: &Stretch) -> Bound {
    match (&a.start, &b.start) {
        (Some(a), Some(b)) => compare(Function::Lt, b, a),
        (a, b) => truth(a.is_some() && b.is_none()),
    }
}

fn earlier_end(a: &Stretch, b: &Stretch) -> Bound {
    match (&a.end, &b.end) {
        (Some(a), Some(b)) => compare(Function::Lt, a, b),
        (a, b) => truth(a.is_some() && b.is_none()),
    }
}

fn meets(a: &Stretch, b: &Stretch) -> Bound {
    match (&a.end, &b.start) {
        (Some(end), Some(start)) => compare(Function::Eq, end, start),
        _ => Bound::FALSE,
    }
}

fn overlaps(a: &Stretch, b: &Stretch) -> Bound {
    let crossing = less(b.start.as_ref(), a.end.as_ref(), Open::Always);
    all([later_start(b, a), crossing, earlier_end(a, b)])
}

#[derive(Clone, Copy)]
enum Open {
    Never,
    Always,
}

/// `a < b`, where an open end decides as told.
fn less(a: Option<&Bound>, b: Option<&Bound>, open: Open) -> Bound {
    match (a, b) {
        (Some(a), Some(b)) => compare(Function::Lt, a, b),
        _ => truth(matches!(open, Open::Always)),
    }
}

fn same(a: Option<&Bound>, b: Option<&Bound>) -> Bound {
    match (a, b) {
        (Some(a), Some(b)) => compare(Function::Eq, a, b),
        (a, b) => truth(a.is_none() && b.is_none()),
    }
}

fn compare(function: Function, a: &Bound, b: &Bound) -> Bound {
    Bound::call(function, vec![a.clone(), b.clone()], ExprType::Bool)
}

fn truth(holds: bool) -> Bound {
    if holds { Bound::TRUE } else { Bound::FALSE }
}

fn all<const N: usize>(parts: [Bound; N]) -> Bound {
    Bound::all(parts)
}

fn any<const N: usize>(parts: [Bound; N]) -> Bound {
    Bound::call(Function::Or, parts.into(), ExprType::Bool)
}

fn not(part: Bound) -> Bound {
    Bound::call(Function::Not, vec![part], ExprType::Bool)
}
