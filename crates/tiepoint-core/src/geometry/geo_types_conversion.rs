//! To and from `geo-types`, which holds x and y of the simple kinds.

use geo_types as geo;

use super::Geometry;
use super::error::GeometryError;
use super::kind::{Dims, GeometryKind};
use super::positions::{Positions, Rings};
use super::walk::GeometryRef;
use super::writer::GeometryWriter;

/// What a geometry lost on its way to `geo-types`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Dropped {
    /// Heights.
    pub z: bool,
    /// Measures.
    pub m: bool,
    /// Members of a multipoint or collection that were points without a position: how many.
    pub empty_points: usize,
    /// That polygons were the faces of a surface, or a polygon an empty triangle.
    pub faces: bool,
}

impl Dropped {
    /// Whether nothing was lost.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

impl Geometry {
    /// Takes a geometry over from `geo-types`, always XY, with the same bits.
    ///
    /// A `Line` becomes a line string, a `Rect` a polygon, a `Triangle` a triangle.
    ///
    /// # Errors
    ///
    /// [`GeometryError::Built`] when it is not well-formed: a coordinate is not finite, a line has
    /// one position, a ring fewer than four, or collections are nested too deep.
    ///
    /// # Examples
    ///
    /// ```
    /// use tiepoint_core::Geometry;
    ///
    /// let point = Geometry::from_geo_types(&geo_types::Point::new(24.9, 60.2).into())?;
    /// assert_eq!(point.to_wkt(), "POINT (24.9 60.2)");
    /// # Ok::<(), tiepoint_core::GeometryError>(())
    /// ```
    pub fn from_geo_types(geometry: &geo::Geometry<f64>) -> Result<Self, GeometryError> {
        let mut writer = GeometryWriter::new();
        write_geometry(geometry, &mut writer);
        writer.finish()
    }

    /// Hands the geometry over to `geo-types`, and says what it lost.
    ///
    /// `geo-types` has no point without a position: as a member of a multipoint or collection it
    /// is dropped. A polyhedral surface or TIN becomes a multipolygon of its faces.
    ///
    /// # Errors
    ///
    /// [`GeometryError::NoEquivalent`] for curves and what holds them, and when the whole is a
    /// point without a position.
    ///
    /// # Examples
    ///
    /// ```
    /// use tiepoint_core::Geometry;
    ///
    /// let (point, dropped) = Geometry::from_wkt("POINT Z (24.9 60.2 11)")?.to_geo_types()?;
    /// assert_eq!(point, geo_types::Point::new(24.9, 60.2).into());
    /// assert!(dropped.z);
    /// # Ok::<(), tiepoint_core::GeometryError>(())
    /// ```
    pub fn to_geo_types(&self) -> Result<(geo::Geometry<f64>, Dropped), GeometryError> {
        let anything = !self.is_empty();
        let (z, m) = (self.dims().has_z() && anything, self.dims().has_m() && anything);
        let mut dropped = Dropped { z, m, ..Dropped::default() };
        match to_geometry(self.as_ref(), &mut dropped)? {
            Some(geometry) => Ok((geometry, dropped)),
            None => Err(no_equivalent("an empty `Point`".to_owned())),
        }
    }
}

fn no_equivalent(what: String) -> GeometryError {
    GeometryError::NoEquivalent { what, model: "geo-types" }
}

/// None for a point without a position.
fn to_geometry(
    geometry: GeometryRef<'_>,
    dropped: &mut Dropped,
) -> Result<Option<geo::Geometry<f64>>, GeometryError> {
    Ok(Some(match geometry.kind() {
        GeometryKind::Point => return Ok(to_point(geometry).map(geo::Geometry::Point)),
        GeometryKind::LineString => to_line(geometry.positions()).into(),
        GeometryKind::Polygon => to_polygon(geometry.rings()).into(),
        GeometryKind::Triangle => to_triangle(geometry, dropped),
        GeometryKind::MultiPoint => to_multi_point(geometry, dropped).into(),
        GeometryKind::MultiLineString => {
            let lines = geometry.members().map(|line| to_line(line.positions()));
            geo::MultiLineString(lines.collect()).into()
        }
        GeometryKind::MultiPolygon => to_multi_polygon(geometry).into(),
        GeometryKind::PolyhedralSurface | GeometryKind::Tin => {
            dropped.faces = true;
            to_multi_polygon(geometry).into()
        }
        GeometryKind::GeometryCollection => to_collection(geometry, dropped)?,
        kind @ (GeometryKind::CircularString
        | GeometryKind::CompoundCurve
        | GeometryKind::CurvePolygon
        | GeometryKind::MultiCurve
        | GeometryKind::MultiSurface) => return Err(no_equivalent(format!("a `{kind}`"))),
    }))
}

fn to_point(point: GeometryRef<'_>) -> Option<geo::Point<f64>> {
    let position = point.positions().get(0)?;
    Some(geo::Point::new(position.x(), position.y()))
}

fn to_line(positions: Positions<'_>) -> geo::LineString<f64> {
    geo::LineString(positions.xy().map(|at| geo::Coord { x: at.x, y: at.y }).collect())
}

fn to_polygon(rings: Rings<'_>) -> geo::Polygon<f64> {
    let mut rings = rings.map(to_line);
    let exterior = rings.next().unwrap_or_else(|| geo::LineString(Vec::new()));
    geo::Polygon::new(exterior, rings.collect())
}

fn to_triangle(triangle: GeometryRef<'_>, dropped: &mut Dropped) -> geo::Geometry<f64> {
    let ring = triangle.rings().next().map(to_line);
    if let Some(&[a, b, c, _]) = ring.as_ref().map(|ring| ring.0.as_slice()) {
        return geo::Geometry::Triangle(geo::Triangle::unchecked_winding(a, b, c));
    }
    dropped.faces = true;
    to_polygon(triangle.rings()).into()
}

fn to_multi_point(points: GeometryRef<'_>, dropped: &mut Dropped) -> geo::MultiPoint<f64> {
    let all = points.members();
    let count = all.len();
    let kept: Vec<_> = all.filter_map(to_point).collect();
    dropped.empty_points += count - kept.len();
    geo::MultiPoint(kept)
}

fn to_multi_polygon(polygons: GeometryRef<'_>) -> geo::MultiPolygon<f64> {
    geo::MultiPolygon(polygons.members().map(|polygon| to_polygon(polygon.rings())).collect())
}

fn to_collection(
    collection: GeometryRef<'_>,
    dropped: &mut Dropped,
) -> Result<geo::Geometry<f64>, GeometryError> {
    let mut kept = Vec::new();
    for member in collection.members() {
        match to_geometry(member, dropped)? {
            Some(member) => kept.push(member),
            None => dropped.empty_points += 1,
        }
    }
    Ok(geo::Geometry::GeometryCollection(geo::GeometryCollection(kept)))
}

fn write_geometry(geometry: &geo::Geometry<f64>, writer: &mut GeometryWriter) {
    open(kind_of(geometry), writer);
    match geometry {
        geo::Geometry::Point(point) => write_position(point.0, writer),
        geo::Geometry::Line(line) => write_positions(&[line.start, line.end], writer),
        geo::Geometry::LineString(line) => write_positions(&line.0, writer),
        geo::Geometry::Polygon(polygon) => write_rings(polygon, writer),
        geo::Geometry::Rect(rect) => write_rings(&rect.to_polygon(), writer),
        geo::Geometry::Triangle(triangle) => {
            let [a, b, c] = triangle.to_array();
            write_ring(&[a, b, c, a], writer);
        }
        geo::Geometry::MultiPoint(points) => {
            for point in &points.0 {
                write_part(GeometryKind::Point, writer, |writer| write_position(point.0, writer));
            }
        }
        geo::Geometry::MultiLineString(lines) => {
            for line in &lines.0 {
                write_part(GeometryKind::LineString, writer, |writer| {
                    write_positions(&line.0, writer);
                });
            }
        }
        geo::Geometry::MultiPolygon(polygons) => {
            for polygon in &polygons.0 {
                write_part(GeometryKind::Polygon, writer, |writer| write_rings(polygon, writer));
            }
        }
        geo::Geometry::GeometryCollection(members) => {
            members.0.iter().for_each(|member| write_geometry(member, writer));
        }
    }
    writer.end();
}

const fn kind_of(geometry: &geo::Geometry<f64>) -> GeometryKind {
    match geometry {
        geo::Geometry::Point(_) => GeometryKind::Point,
        geo::Geometry::Line(_) | geo::Geometry::LineString(_) => GeometryKind::LineString,
        geo::Geometry::Polygon(_) | geo::Geometry::Rect(_) => GeometryKind::Polygon,
        geo::Geometry::Triangle(_) => GeometryKind::Triangle,
        geo::Geometry::MultiPoint(_) => GeometryKind::MultiPoint,
        geo::Geometry::MultiLineString(_) => GeometryKind::MultiLineString,
        geo::Geometry::MultiPolygon(_) => GeometryKind::MultiPolygon,
        geo::Geometry::GeometryCollection(_) => GeometryKind::GeometryCollection,
    }
}

/// Opens the whole, or a member of what is open.
fn open(kind: GeometryKind, writer: &mut GeometryWriter) {
    if writer.is_clear() {
        writer.begin(kind, Dims::Xy);
    } else {
        writer.member(kind);
    }
}

fn write_part(
    kind: GeometryKind,
    writer: &mut GeometryWriter,
    body: impl FnOnce(&mut GeometryWriter),
) {
    writer.member(kind);
    body(writer);
    writer.end();
}

fn write_rings(polygon: &geo::Polygon<f64>, writer: &mut GeometryWriter) {
    if polygon.exterior().0.is_empty() && polygon.interiors().is_empty() {
        return;
    }
    write_ring(&polygon.exterior().0, writer);
    polygon.interiors().iter().for_each(|ring| write_ring(&ring.0, writer));
}

fn write_ring(ring: &[geo::Coord<f64>], writer: &mut GeometryWriter) {
    writer.ring();
    write_positions(ring, writer);
    writer.end();
}

fn write_positions(positions: &[geo::Coord<f64>], writer: &mut GeometryWriter) {
    for at in positions {
        write_position(*at, writer);
    }
}

fn write_position(at: geo::Coord<f64>, writer: &mut GeometryWriter) {
    writer.position(&[at.x, at.y]);
}
