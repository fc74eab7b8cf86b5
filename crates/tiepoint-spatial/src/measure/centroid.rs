//! Centroids, as OGC and GEOS understand them.
use tiepoint_core::{
    Dims, Geometry, GeometryKind, GeometryRef, GeometryWriter, Parts, Positions, Xy,
};

use super::sum::Sum;
use crate::linear::linear;

/// The centre of mass, in the plane of the coordinates whatever the CRS, as an XY point; [`None`]
/// when the geometry is empty.
///
/// Only what has the highest dimension counts: surfaces by area, holes taken off; else lines by
/// length; else points. Surfaces without area count as lines, lines without length as points.
///
/// ```
/// use tiepoint_core::Geometry;
/// use tiepoint_spatial::measure::centroid;
///
/// let mixed = "GEOMETRYCOLLECTION (POINT (99 99),POLYGON ((0 0,2 0,2 2,0 2,0 0)))";
/// let centre = centroid(&Geometry::from_wkt(mixed)?);
/// assert_eq!(centre.map(|it| it.to_wkt()), Some("POINT (1 1)".to_owned()));
/// # Ok::<(), tiepoint_core::GeometryError>(())
/// ```
///
/// Source: OGC 06-103r4, sections 6.1.8 and 6.1.14; what GEOS computes.
#[must_use]
#[allow(clippy::missing_panics_doc, reason = "the expectations below state why it cannot")]
pub fn centroid(geometry: &Geometry) -> Option<Geometry> {
    let envelope = geometry.envelope()?;
    let middle = |min: f64, max: f64| min / 2.0 + max / 2.0;
    let (min, max) = (envelope.min(), envelope.max());
    // relative to the middle and to the size, so that neither far-off nor huge coordinates hurt
    let origin = [middle(min.x, max.x), middle(min.y, max.y)];
    let scale = scale_for((max.x - origin[0]).max(max.y - origin[1]));
    let mut masses = Masses { origin, scale, ..Masses::default() };
    masses.take(linear(geometry).as_ref().as_ref());
    let centre = masses.centre()?;
    let back = |axis: usize| (origin[axis] + centre[axis] / scale).clamp(f64::MIN, f64::MAX);
    let mut writer = GeometryWriter::new();
    writer.begin(GeometryKind::Point, Dims::Xy);
    writer.position(&[back(0), back(1)]);
    writer.end();
    Some(writer.finish().expect("a point with a finite position"))
}

/// A power of two that brings `reach` near 1, where there is one.
fn scale_for(reach: f64) -> f64 {
    #[allow(clippy::cast_possible_truncation, reason = "an exponent of a double, or infinite")]
    let exponent = reach.log2().floor() as i32;
    if reach > 0.0 { 2.0_f64.powi(-exponent.clamp(-1000, 1000)) } else { 1.0 }
}

type At = [f64; 2];

/// What was seen, dimension by dimension, relative to `origin` and times `scale`.
#[derive(Debug, Default)]
struct Masses {
    origin: At,
    scale: f64,
    surfaces: Mass,
    lines: Mass,
    points: Mass,
}

/// A mass and its first moments.
#[derive(Debug, Clone, Copy, Default)]
struct Mass {
    mass: Sum,
    moments: [Sum; 2],
}

impl Mass {
    fn add(&mut self, mass: f64, at: At) {
        self.mass.add(mass);
        for (moment, at) in self.moments.iter_mut().zip(at) {
            moment.add(mass * at);
        }
    }

    /// Adds what another one holds, times `sign`.
    fn add_all(&mut self, other: &Self, sign: f64) {
        self.mass.add(sign * other.mass.total());
        for (moment, other) in self.moments.iter_mut().zip(&other.moments) {
            moment.add(sign * other.total());
        }
    }

    fn centre(&self) -> Option<At> {
        let mass = self.mass.total();
        let centre = self.moments.map(|moment| moment.total() / mass);
        (mass != 0.0 && centre.iter().all(|it| it.is_finite())).then_some(centre)
    }
}

impl Masses {
    fn centre(&self) -> Option<At> {
        self.surfaces.centre().or_else(|| self.lines.centre()).or_else(|| self.points.centre())
    }

    fn take(&mut self, geometry: GeometryRef<'_>) {
        match geometry.parts() {
            Parts::Positions(line) => self.take_line(line),
            Parts::Rings(rings) => {
                for (index, ring) in rings.enumerate() {
                    self.take_ring(ring, if index == 0 { 1.0 } else { -1.0 });
                    self.take_line(ring);
                }
            }
            Parts::Members(members) => members.for_each(|member| self.take(member)),
        }
    }

    fn at(&self, xy: Xy) -> At {
        [(xy.x - self.origin[0]) * self.scale, (xy.y - self.origin[1]) * self.scale]
    }

    /// A line counts by length, or as a point when it has none, as a point does.
    fn take_line(&mut self, line: Positions<'_>) {
        let Some(first) = line.xy().next().map(|xy| self.at(xy)) else { return };
        let (mut from, mut length) = (first, 0.0);
        for xy in line.xy().skip(1) {
            let to = self.at(xy);
            let edge = (to[0] - from[0]).hypot(to[1] - from[1]);
            self.lines.add(edge, middle_of(from, to));
            length += edge;
            from = to;
        }
        if length == 0.0 {
            self.points.add(1.0, first);
        }
    }

    /// Triangles from the ring's first position, counted as if the ring ran counter-clockwise.
    fn take_ring(&mut self, ring: Positions<'_>, sign: f64) {
        let mut positions = ring.xy().map(|xy| self.at(xy));
        let (Some(base), Some(mut from)) = (positions.next(), positions.next()) else { return };
        let mut mass = Mass::default();
        for to in positions {
            let edges =
                [[from[0] - base[0], from[1] - base[1]], [to[0] - base[0], to[1] - base[1]]];
            let twice_area = edges[0][0] * edges[1][1] - edges[1][0] * edges[0][1];
            let third = |axis: usize| base[axis] + (edges[0][axis] + edges[1][axis]) / 3.0;
            mass.add(twice_area, [third(0), third(1)]);
            from = to;
        }
        let turn = if mass.mass.total() < 0.0 { -1.0 } else { 1.0 };
        self.surfaces.add_all(&mass, turn * sign);
    }
}

fn middle_of(a: At, b: At) -> At {
    [a[0].midpoint(b[0]), a[1].midpoint(b[1])]
}
