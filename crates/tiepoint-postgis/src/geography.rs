//! Geographies: what their index of boxes on the globe can answer, which is distances alone.
//!
//! Predicates join positions by straight lines in degrees, and a geography's boxes hold geodesics:
//! they say nothing of those.
use crate::kind::Kind;
use crate::metadata::{Column, Sql, Table, bound};
use crate::spelling::placed;
use tiepoint_core::{Bound, Function, Geometry, LengthUnit, Value};
use tiepoint_store::sql::Fragment;

/// How much more than a distance is asked for: the server's measure may be off by some.
const SLACK: f64 = 1.000_01;
const SLACK_M: f64 = 0.1;

/// The condition that a geography lies within so many metres of a place, and a little more.
pub(crate) fn reached(column: &Column, place: Geometry, limit_m: f64) -> Sql {
    let limit = bound(Kind::Float8, "::float8", limit_m * SLACK + SLACK_M);
    let arguments = [Fragment::name(&column.name), placed(column, place), limit];
    Fragment::call("ST_DWithin", arguments)
}

/// What a filter says of the distance of a geography from a place, where it says something.
pub(crate) fn near(table: &Table, filter: &Bound) -> Option<Sql> {
    filter.conjuncts().iter().find_map(|condition| {
        let (subject, place, limit) = distance_limit(condition)?;
        let column = table.columns.get(subject.as_field()?)?;
        let place = place.as_constant()?.as_geometry()?;
        let usable = column.kind == Kind::Geography && limit.is_finite() && limit >= 0.0;
        usable.then(|| reached(column, place.clone(), limit))
    })
}

/// The field, the place and the metres in `within_distance(field, place, 500)` and in
/// `distance(field, place) <= 500`.
fn distance_limit(condition: &Bound) -> Option<(&Bound, &Bound, f64)> {
    let (a, b, limit) = match condition.as_call()? {
        (Function::WithinDistance(LengthUnit::Metre), [a, b, limit]) => (a, b, limit),
        (Function::Lt | Function::Le, [distance, limit])
        | (Function::Gt | Function::Ge, [limit, distance]) => match distance.as_call()? {
            (Function::Distance, [a, b]) => (a, b, limit),
            _ => return None,
        },
        _ => return None,
    };
    let limit = match limit.as_constant()? {
        Value::Real(limit) => *limit,
        #[expect(clippy::cast_precision_loss, reason = "there is slack")]
        Value::Int(limit) => *limit as f64,
        _ => return None,
    };
    Some(if a.as_field().is_some() { (a, b, limit) } else { (b, a, limit) })
}
