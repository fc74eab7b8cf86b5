//! What geometries say of themselves.
use tiepoint_core::{Envelope, Geometry, GeometryKind, Position, Value};

use crate::measure::centroid;
use crate::validity;

fn of_geometry<T: Into<Value>>(value: &Value, function: impl Fn(&Geometry) -> T) -> Value {
    value.as_geometry().map_or(Value::Null, |geometry| function(geometry).into())
}

pub(super) fn centroid_of(value: &Value) -> Value {
    of_geometry(value, centroid)
}

pub(super) fn envelope(value: &Value) -> Value {
    of_geometry(value, |geometry| geometry.envelope().map(|it| it.to_geometry()))
}

fn of_point(value: &Value, ordinate: impl Fn(Position) -> Option<f64>) -> Value {
    of_geometry(value, |geometry| {
        let point = (geometry.kind() == GeometryKind::Point).then(|| geometry.as_ref());
        point.and_then(|it| it.positions().get(0)).and_then(&ordinate).filter(|it| !it.is_nan())
    })
}

pub(super) fn x(value: &Value) -> Value {
    of_point(value, |position| Some(position.x()))
}

pub(super) fn y(value: &Value) -> Value {
    of_point(value, |position| Some(position.y()))
}

pub(super) fn z(value: &Value) -> Value {
    of_point(value, |position| position.z())
}

pub(super) fn m(value: &Value) -> Value {
    of_point(value, |position| position.m())
}

fn of_envelope(value: &Value, bound: impl Fn(Envelope) -> f64) -> Value {
    of_geometry(value, |geometry| geometry.envelope().map(&bound))
}

pub(super) fn min_x(value: &Value) -> Value {
    of_envelope(value, |it| it.min().x)
}

pub(super) fn min_y(value: &Value) -> Value {
    of_envelope(value, |it| it.min().y)
}

pub(super) fn max_x(value: &Value) -> Value {
    of_envelope(value, |it| it.max().x)
}

pub(super) fn max_y(value: &Value) -> Value {
    of_envelope(value, |it| it.max().y)
}

fn count(number: usize) -> Option<i64> {
    i64::try_from(number).ok()
}

pub(super) fn num_points(value: &Value) -> Value {
    of_geometry(value, |geometry| count(geometry.num_positions()))
}

pub(super) fn num_geometries(value: &Value) -> Value {
    use GeometryKind as Kind;
    of_geometry(value, |geometry| match geometry.kind() {
        _ if geometry.is_empty() => Some(0),
        Kind::MultiPoint
        | Kind::MultiLineString
        | Kind::MultiPolygon
        | Kind::GeometryCollection
        | Kind::MultiCurve
        | Kind::MultiSurface
        | Kind::PolyhedralSurface
        | Kind::Tin => count(geometry.as_ref().members().count()),
        Kind::Point
        | Kind::LineString
        | Kind::Polygon
        | Kind::CircularString
        | Kind::CompoundCurve
        | Kind::CurvePolygon
        | Kind::Triangle => Some(1),
    })
}

pub(super) fn kind(value: &Value) -> Value {
    of_geometry(value, |geometry| geometry.kind().name())
}

pub(super) fn dims(value: &Value) -> Value {
    of_geometry(value, |geometry| geometry.dims().name())
}

pub(super) fn dimension(value: &Value) -> Value {
    of_geometry(value, |geometry| dimension_of(geometry.as_ref()))
}

fn dimension_of(geometry: tiepoint_core::GeometryRef<'_>) -> i64 {
    use GeometryKind as Kind;
    match geometry.kind() {
        Kind::Point | Kind::MultiPoint => 0,
        Kind::LineString
        | Kind::MultiLineString
        | Kind::CircularString
        | Kind::CompoundCurve
        | Kind::MultiCurve => 1,
        Kind::Polygon
        | Kind::MultiPolygon
        | Kind::CurvePolygon
        | Kind::MultiSurface
        | Kind::PolyhedralSurface
        | Kind::Tin
        | Kind::Triangle => 2,
        Kind::GeometryCollection => geometry.members().map(dimension_of).max().unwrap_or(0),
    }
}

pub(super) fn is_empty(value: &Value) -> Option<bool> {
    value.as_geometry().map(Geometry::is_empty)
}

pub(super) fn is_valid(value: &Value) -> Option<bool> {
    value.as_geometry().map(validity::is_valid)
}

/// The rule alone: where it is broken would be one of several places that are all right.
pub(super) fn invalid_reason(value: &Value) -> Value {
    of_geometry(value, |geometry| validity::fault(geometry).map(|it| it.reason.words()))
}
