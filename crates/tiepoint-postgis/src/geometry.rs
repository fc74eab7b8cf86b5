//! Geometry columns: what they may hold, as PostGIS declares and constrains it.
use crate::kind::Kind;
use tiepoint_core::{Crs, Edges, GeometryKind, GeometryType, KindRule, OrdinateRule};

/// The SRID of longitude and latitude on WGS 84: what geographies are in where nothing is said.
pub(crate) const LONLAT_SRID: i32 = 4326;

/// The kinds of a `Curve` and of a `Surface`, as constraints list them.
pub(crate) const KINDS_OF_CURVES: &[GeometryKind] =
    &[GeometryKind::LineString, GeometryKind::CircularString, GeometryKind::CompoundCurve];
pub(crate) const KINDS_OF_SURFACES: &[GeometryKind] = &[
    GeometryKind::Polygon,
    GeometryKind::CurvePolygon,
    GeometryKind::Triangle,
    GeometryKind::PolyhedralSurface,
    GeometryKind::Tin,
];

/// PostGIS's numbers for kinds in a type modifier, from 1 (`liblwgeom.h`).
const BY_TYPMOD: [GeometryKind; 15] = [
    GeometryKind::Point,
    GeometryKind::LineString,
    GeometryKind::Polygon,
    GeometryKind::MultiPoint,
    GeometryKind::MultiLineString,
    GeometryKind::MultiPolygon,
    GeometryKind::GeometryCollection,
    GeometryKind::CircularString,
    GeometryKind::CompoundCurve,
    GeometryKind::CurvePolygon,
    GeometryKind::MultiCurve,
    GeometryKind::MultiSurface,
    GeometryKind::PolyhedralSurface,
    GeometryKind::Triangle,
    GeometryKind::Tin,
];

/// What a geometry column may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rules {
    /// `None` where nothing is said.
    pub(crate) srid: Option<i32>,
    pub(crate) kind: KindRule,
    pub(crate) z: OrdinateRule,
    pub(crate) m: OrdinateRule,
}

impl Rules {
    pub(crate) const ANYTHING: Self = Self {
        srid: None,
        kind: KindRule::Any,
        z: OrdinateRule::Optional,
        m: OrdinateRule::Optional,
    };

    pub(crate) fn ty(self, crs: Crs, kind: &Kind) -> GeometryType {
        let edges = if *kind == Kind::Geography { Edges::Geodesic } else { Edges::Planar };
        GeometryType { kind: self.kind, z: self.z, m: self.m, crs, edges }
    }
}

pub(crate) fn kind_of_typmod(code: i32) -> KindRule {
    let at = usize::try_from(code).ok().and_then(|code| code.checked_sub(1));
    at.and_then(|at| BY_TYPMOD.get(at)).map_or(KindRule::Any, |kind| KindRule::Only(*kind))
}

/// The kind that `ST_GeometryType` calls so: `ST_Point`.
pub(crate) fn kind_of_name(name: &str) -> Option<GeometryKind> {
    BY_TYPMOD.iter().copied().find(|kind| name_of(*kind) == name)
}

fn name_of(kind: GeometryKind) -> String {
    format!("ST_{kind}")
}

/// How a column is declared: its type, and conditions on the column, which is `{}` in them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Declaration {
    pub(crate) ty: String,
    pub(crate) conditions: Vec<String>,
}

/// Declares a column: by a type modifier where one says it all, else by constraints.
pub(crate) fn declaration(ty: &GeometryType, srid: i32) -> Declaration {
    let name = if ty.edges == Edges::Geodesic { "geography" } else { "geometry" };
    let kind = match ty.kind {
        KindRule::Any => Some("Geometry".to_owned()),
        KindRule::Only(kind) => Some(kind.to_string()),
        KindRule::Curve | KindRule::Surface => None,
    };
    let fixed = ty.z != OrdinateRule::Optional && ty.m != OrdinateRule::Optional;
    if let (Some(kind), true) = (kind, fixed) {
        let mark = |rule, letter| if rule == OrdinateRule::Mandatory { letter } else { "" };
        let (z, m) = (mark(ty.z, "Z"), mark(ty.m, "M"));
        let ty = format!("{name}({kind}{z}{m},{srid})");
        return Declaration { ty, conditions: Vec::new() };
    }
    Declaration { ty: name.to_owned(), conditions: conditions(ty, srid) }
}

/// What holds of every geometry of a type, `{}` being the column: the SRID first.
pub(crate) fn conditions(ty: &GeometryType, srid: i32) -> Vec<String> {
    let column = if ty.edges == Edges::Geodesic { "{}::geometry" } else { "{}" };
    let mut conditions = vec![format!("ST_SRID({column}) = {srid}")];
    let kinds: &[GeometryKind] = match &ty.kind {
        KindRule::Any => &[],
        KindRule::Curve => KINDS_OF_CURVES,
        KindRule::Surface => KINDS_OF_SURFACES,
        KindRule::Only(kind) => std::slice::from_ref(kind),
    };
    if !kinds.is_empty() {
        let names: Vec<String> = kinds.iter().map(|kind| format!("'{}'", name_of(*kind))).collect();
        conditions.push(format!("ST_GeometryType({column}) IN ({})", names.join(", ")));
    }
    let flags: Vec<String> = (0..4)
        .filter(|flag| ty.z.allows(flag & 2 != 0) && ty.m.allows(flag & 1 != 0))
        .map(|flag| flag.to_string())
        .collect();
    if flags.len() < 4 {
        conditions.push(format!("ST_Zmflag({column}) IN ({})", flags.join(", ")));
    }
    conditions
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_modifier_says_it_where_it_can() {
        let crs = Crs::epsg(25832);
        let points = GeometryType::xy(KindRule::Only(GeometryKind::Point), crs.clone());
        assert_eq!(declaration(&points, 25832).ty, "geometry(Point,25832)");
        let heights = GeometryType { z: OrdinateRule::Mandatory, ..points.clone() };
        assert_eq!(declaration(&heights, 25832).ty, "geometry(PointZ,25832)");
        let either = GeometryType { z: OrdinateRule::Optional, kind: KindRule::Curve, ..points };
        let declared = declaration(&either, 25832);
        assert_eq!(declared.ty, "geometry");
        assert_eq!(declared.conditions[2], "ST_Zmflag({}) IN (0, 2)");
    }
}
