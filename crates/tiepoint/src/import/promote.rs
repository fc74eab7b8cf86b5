//! A single geometry as the only member of a multi geometry: what QGIS and OGR expect of a layer.
use tiepoint_core::{Dims, Geometry, GeometryKind, KindRule};

/// The multi kind that holds members of `kind`, where there is one.
pub(super) fn multi_of(kind: GeometryKind) -> Option<GeometryKind> {
    match kind {
        GeometryKind::Point => Some(GeometryKind::MultiPoint),
        GeometryKind::LineString => Some(GeometryKind::MultiLineString),
        GeometryKind::Polygon => Some(GeometryKind::MultiPolygon),
        _ => None,
    }
}

/// The rule for a layer that is to hold these kinds: a multi kind where all are it or its member
/// kind, else what holds them all.
pub(super) fn rule_for(kinds: &[GeometryKind]) -> KindRule {
    match kinds {
        [only] => KindRule::Only(*only),
        [a, b] if multi_of(*a) == Some(*b) => KindRule::Only(*b),
        [a, b] if multi_of(*b) == Some(*a) => KindRule::Only(*a),
        _ => KindRule::Any,
    }
}

/// The same geometry as a multi geometry of one member, where `rule` asks for exactly that kind;
/// otherwise the geometry as it is.
///
/// Nothing is lost: every bit of every ordinate stays, and an empty one becomes an empty one.
pub(super) fn promoted(geometry: Geometry, rule: KindRule) -> Geometry {
    match rule {
        KindRule::Only(wanted)
            if wanted != geometry.kind()
                && is_multi(wanted)
                && wanted.may_hold(geometry.kind()) =>
        {
            wrapped(&geometry, wanted).unwrap_or(geometry)
        }
        _ => geometry,
    }
}

fn is_multi(kind: GeometryKind) -> bool {
    matches!(
        kind,
        GeometryKind::MultiPoint
            | GeometryKind::MultiLineString
            | GeometryKind::MultiPolygon
            | GeometryKind::MultiCurve
            | GeometryKind::MultiSurface
    )
}

/// ISO WKB (OGC 06-103r4, section 8.2.8): byte order, code, one member.
fn wrapped(geometry: &Geometry, multi: GeometryKind) -> Option<Geometry> {
    let code = multi.code() + dims_offset(geometry.dims());
    let members = u32::from(!geometry.is_empty());
    let mut wkb = Vec::with_capacity(9 + geometry.as_wkb().len());
    wkb.push(1);
    wkb.extend_from_slice(&code.to_le_bytes());
    wkb.extend_from_slice(&members.to_le_bytes());
    if members == 1 {
        wkb.extend_from_slice(geometry.as_wkb());
    }
    Geometry::from_wkb(&wkb).ok()
}

fn dims_offset(dims: Dims) -> u32 {
    match dims {
        Dims::Xy => 0,
        Dims::Xyz => 1000,
        Dims::Xym => 2000,
        Dims::Xyzm => 3000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wkt(text: &str) -> Geometry {
        Geometry::from_wkt(text).expect("is WKT")
    }

    #[test]
    fn a_single_becomes_the_only_member_of_a_multi() {
        for (single, multi) in [
            ("POINT (1 2)", "MULTIPOINT ((1 2))"),
            ("POINT EMPTY", "MULTIPOINT EMPTY"),
            ("LINESTRING Z (0 0 1,1 1 2)", "MULTILINESTRING Z ((0 0 1,1 1 2))"),
            (
                "POLYGON M ((0 0 1,1 0 1,1 1 1,0 0 1))",
                "MULTIPOLYGON M (((0 0 1,1 0 1,1 1 1,0 0 1)))",
            ),
            (
                "POLYGON ZM ((0 0 1 2,1 0 1 2,1 1 1 2,0 0 1 2))",
                "MULTIPOLYGON ZM (((0 0 1 2,1 0 1 2,1 1 1 2,0 0 1 2)))",
            ),
            ("CIRCULARSTRING (0 0,1 1,2 0)", "MULTICURVE (CIRCULARSTRING (0 0,1 1,2 0))"),
        ] {
            let expected = wkt(multi);
            assert_eq!(promoted(wkt(single), KindRule::Only(expected.kind())), expected);
        }
    }

    #[test]
    fn what_is_allowed_already_or_would_change_meaning_stays() {
        let point = wkt("POINT (1 2)");
        for rule in [
            KindRule::Any,
            KindRule::Only(GeometryKind::Point),
            KindRule::Only(GeometryKind::MultiPolygon),
            KindRule::Only(GeometryKind::GeometryCollection),
        ] {
            assert_eq!(promoted(point.clone(), rule), point);
        }
    }

    #[test]
    fn a_layer_of_singles_and_their_multis_is_one_of_multis() {
        use GeometryKind::{MultiPoint, MultiPolygon, Point, Polygon};
        assert_eq!(rule_for(&[Polygon, MultiPolygon]), KindRule::Only(MultiPolygon));
        assert_eq!(rule_for(&[MultiPoint, Point]), KindRule::Only(MultiPoint));
        assert_eq!(rule_for(&[Point, MultiPolygon]), KindRule::Any);
        assert_eq!(rule_for(&[Point]), KindRule::Only(Point));
        assert_eq!(rule_for(&[Point, Polygon, MultiPolygon]), KindRule::Any);
        assert_eq!(rule_for(&[]), KindRule::Any);
    }
}
