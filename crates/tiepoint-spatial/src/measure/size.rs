//! Areas, lengths and perimeters.
use geographiclib_rs::{Geodesic, InverseGeodesic};
use tiepoint_core::{Geometry, GeometryKind, GeometryRef, Parts, Positions, Xy};

use super::geodesic::place::{Place, lon_step};
use super::metric::Metric;
use super::sum::Sum;
use crate::linear::linear;

/// The area of surfaces, holes taken off; 0 for points, lines and nothing.
///
/// In square units of the CRS, or in square metres on the ellipsoid ([`Metric`]). Never negative:
/// which way rings run makes no difference. Members are added up, also where they overlap.
/// [`None`] where a position is not on the ellipsoid (see the [module](super)).
///
/// On the ellipsoid, edges are geodesics, and a ring goes round the *smaller* of the two parts
/// that it cuts the surface into, as files do not keep to an order of positions: whoever draws
/// more than half the Earth gets the other part. Within 0.1 m² per edge (Karney 2013, section 6).
///
/// ```
/// use tiepoint_core::{Crs, Geometry};
/// use tiepoint_spatial::measure::{Metric, area};
///
/// let square = Geometry::from_wkt("POLYGON ((0 0,1 0,1 1,0 1,0 0))")?;
/// assert_eq!(area(&square, Metric::Planar), Some(1.0));
/// let metres = area(&square, Metric::of(&Crs::CRS84)?);
/// assert!(metres.is_some_and(|it| (it - 12_308_778_361.469).abs() < 0.1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn area(geometry: &Geometry, metric: Metric) -> Option<f64> {
    let solver = Solver::of(metric);
    let mut sum = Sum::default();
    each_surface(linear(geometry).as_ref().as_ref(), &mut |rings| {
        let mut areas = rings.map(|ring| solver.ring_area(ring));
        let shell = areas.next().unwrap_or(Some(0.0))?;
        let holes = areas.collect::<Option<Sum>>()?.total();
        sum.add((shell - holes).max(0.0));
        Some(())
    })?;
    Some(sum.total())
}

/// The length of lines; 0 for points, surfaces and nothing: see [`perimeter`].
///
/// In units of the CRS, or in metres on the ellipsoid, to 15 nm per edge. [`None`] where a
/// position of a line is not on the ellipsoid (see the [module](super)).
///
/// ```
/// use tiepoint_core::{Crs, Geometry};
/// use tiepoint_spatial::measure::{Metric, length};
///
/// let quarter = Geometry::from_wkt("LINESTRING (0 0,0 90)")?;
/// assert_eq!(length(&quarter, Metric::Planar), Some(90.0));
/// let metres = length(&quarter, Metric::of(&Crs::CRS84)?);
/// assert!(metres.is_some_and(|it| (it - 10_001_965.729_3).abs() < 1e-3));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn length(geometry: &Geometry, metric: Metric) -> Option<f64> {
    let solver = Solver::of(metric);
    let mut sum = Sum::default();
    each_line(linear(geometry).as_ref().as_ref(), &mut |line| solver.add_length(line, &mut sum))?;
    Some(sum.total())
}

/// The length of all rings of surfaces, holes included; 0 for points, lines and nothing.
///
/// In units of the CRS, or in metres on the ellipsoid, to 15 nm per edge. [`None`] where a
/// position of a ring is not on the ellipsoid (see the [module](super)).
#[must_use]
pub fn perimeter(geometry: &Geometry, metric: Metric) -> Option<f64> {
    let solver = Solver::of(metric);
    let mut sum = Sum::default();
    each_surface(linear(geometry).as_ref().as_ref(), &mut |mut rings| {
        rings.try_for_each(|ring| solver.add_length(ring, &mut sum))
    })?;
    Some(sum.total())
}

/// What edges are measured with.
enum Solver {
    Planar,
    Geodesic(Box<Geodesic>),
}

impl Solver {
    fn of(metric: Metric) -> Self {
        match metric {
            Metric::Planar => Self::Planar,
            Metric::Geodesic(ellipsoid) => Self::Geodesic(Box::new(ellipsoid.geodesic())),
        }
    }

    fn add_length(&self, line: Positions<'_>, sum: &mut Sum) -> Option<()> {
        match self {
            Self::Planar => {
                each_edge(line, |a, b| sum.add((b.x - a.x).hypot(b.y - a.y)));
                Some(())
            }
            Self::Geodesic(geodesic) => each_geodesic_edge(line, |a, b| {
                sum.add(geodesic.inverse(a.lat, a.lon, b.lat, b.lon));
            }),
        }
    }

    fn ring_area(&self, ring: Positions<'_>) -> Option<f64> {
        match self {
            Self::Planar => Some(planar_ring_area(ring).abs()),
            Self::Geodesic(geodesic) => {
                let mut turn = Turn::default();
                each_geodesic_edge(ring, |a, b| turn.add(geodesic, a, b))?;
                Some(turn.enclosed(geodesic.area()).area)
            }
        }
    }
}

/// Twice-signed triangles from the first position, so that far-off coordinates lose nothing.
fn planar_ring_area(ring: Positions<'_>) -> f64 {
    let Some(from) = ring.xy().next() else { return 0.0 };
    let mut sum = Sum::default();
    each_edge(ring, |a, b| {
        sum.add((a.x - from.x) * (b.y - from.y));
        sum.add(-(b.x - from.x) * (a.y - from.y));
    });
    sum.total() / 2.0
}

fn each_edge(line: Positions<'_>, mut see: impl FnMut(Xy, Xy)) {
    for (a, b) in line.xy().zip(line.xy().skip(1)) {
        see(a, b);
    }
}

fn each_geodesic_edge(line: Positions<'_>, mut see: impl FnMut(Place, Place)) -> Option<()> {
    let mut last: Option<Place> = None;
    for xy in line.xy() {
        let place = Place::of(xy)?;
        if let Some(last) = last.replace(place) {
            see(last, place);
        }
    }
    Some(())
}

/// A walk round a ring of geodesics.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Turn {
    /// The area between the edges and the equator, west to east positive.
    above_equator: Sum,
    /// Degrees of longitude walked east.
    east: Sum,
}

/// What a ring goes round.
#[derive(Debug, Clone, Copy)]
pub(super) struct Enclosed {
    pub(super) area: f64,
    /// Whether the north pole is inside.
    pub(super) north_pole: bool,
}

impl Turn {
    pub(super) fn add(&mut self, geodesic: &Geodesic, from: Place, to: Place) {
        let full: (f64, f64, f64, f64, f64, f64, f64, f64) =
            geodesic.inverse(from.lat, from.lon, to.lat, to.lon);
        self.above_equator.add(full.6);
        self.east.add(lon_step(from.lon, to.lon));
    }

    /// The smaller part. A ring that winds round the poles an odd number of times has one on each
    /// side, any other has both outside unless it holds more than half the surface.
    pub(super) fn enclosed(self, whole: f64) -> Enclosed {
        let (half, turns) = (whole / 2.0, (self.east.total() / 360.0).round());
        let above = self.above_equator.total();
        if turns % 2.0 == 0.0 {
            let area = above.abs() % whole;
            Enclosed { area: area.min(whole - area), north_pole: area > half }
        } else {
            let north = (half - turns.signum() * above).rem_euclid(whole);
            Enclosed { area: north.min(whole - north), north_pole: north <= half }
        }
    }
}

fn each_line(
    geometry: GeometryRef<'_>,
    see: &mut dyn FnMut(Positions<'_>) -> Option<()>,
) -> Option<()> {
    match geometry.parts() {
        Parts::Positions(line) if geometry.kind() != GeometryKind::Point => see(line),
        Parts::Positions(_) | Parts::Rings(_) => Some(()),
        Parts::Members(mut members) => members.try_for_each(|member| each_line(member, see)),
    }
}

type SeeRings<'a> = dyn FnMut(tiepoint_core::Rings<'_>) -> Option<()> + 'a;

fn each_surface(geometry: GeometryRef<'_>, see: &mut SeeRings<'_>) -> Option<()> {
    match geometry.parts() {
        Parts::Positions(_) => Some(()),
        Parts::Rings(rings) => see(rings),
        Parts::Members(mut members) => members.try_for_each(|member| each_surface(member, see)),
    }
}
