//! Distances to one geometry that stays, asked for many.
use tiepoint_core::{Envelope, Geometry};

use super::metric::Metric;
use super::search::SearchBox;
use super::{geodesic, planar};
use crate::linear::linear;

/// A geometry made ready for distances to many others. `Send` and `Sync`.
///
/// Units are those of the [`Metric`]: metres on the ellipsoid, CRS units in the plane. Making one
/// costs as much as a few distances; long geometries are indexed.
///
/// ```
/// use tiepoint_core::{Crs, Geometry};
/// use tiepoint_spatial::measure::{DistanceTo, Metric};
///
/// let stop = Geometry::from_wkt("POINT (24.9414 60.1710)")?;
/// let near_stop = DistanceTo::new(&stop, Metric::of(&Crs::CRS84)?);
/// let street = Geometry::from_wkt("LINESTRING (24.9437 60.1699,24.9565 60.1756)")?;
/// assert_eq!(near_stop.distance(&street).map(f64::round), Some(177.0));
/// assert!(near_stop.within(&street, 200.0) && !near_stop.within(&street, 100.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct DistanceTo {
    target: Target,
}

#[derive(Debug)]
enum Target {
    Planar(Box<planar::Target>),
    Geodesic(Box<geodesic::Target>),
}

impl DistanceTo {
    /// Takes `geometry` apart. O(n log n) in its positions; on the ellipsoid, an edge longer than
    /// 191 km counts once for each 191 km.
    #[must_use]
    pub fn new(geometry: &Geometry, metric: Metric) -> Self {
        let geometry = &*linear(geometry);
        let target = match metric {
            Metric::Planar => Target::Planar(Box::new(planar::Target::new(geometry))),
            Metric::Geodesic(ellipsoid) => {
                Target::Geodesic(Box::new(geodesic::Target::new(geometry, ellipsoid)))
            }
        };
        Self { target }
    }

    /// The distance between the two, see [`distance`](super::distance).
    #[must_use]
    pub fn distance(&self, geometry: &Geometry) -> Option<f64> {
        let geometry = &*linear(geometry);
        match &self.target {
            Target::Planar(target) => target.distance(geometry),
            Target::Geodesic(target) => target.distance(geometry),
        }
    }

    /// Whether there is a [`distance`](Self::distance) and it is at most `limit`; false for a
    /// `limit` that is negative or NaN.
    ///
    /// Decided by envelopes and on a sphere wherever they can, which is 10 to 1000 times faster
    /// than the distance and gives the same answer.
    #[must_use]
    pub fn within(&self, geometry: &Geometry, limit: f64) -> bool {
        let geometry = &*linear(geometry);
        match &self.target {
            Target::Planar(target) => target.within(geometry, limit),
            Target::Geodesic(target) => target.within(geometry, limit),
        }
    }

    /// A number that is not above the distance of any geometry that has this envelope, or has one
    /// inside it. Infinite when there are no distances: the geometry is empty, or off the ellipsoid.
    ///
    /// Cheap, and 0 where it can say nothing: on the ellipsoid, of envelopes wider than 170°. For
    /// curves, the envelope is that of their [segments](crate::linear): an ulp off that of the
    /// arcs, or more where arcs are nearly straight ([`Geometry::envelope`]).
    #[must_use]
    pub fn lower_bound(&self, envelope: &Envelope) -> f64 {
        match &self.target {
            Target::Planar(target) => target.lower_bound(envelope),
            Target::Geodesic(target) => target.lower_bound(envelope),
        }
    }

    /// Boxes to ask an index of envelopes with: the envelope of every geometry within `limit`
    /// meets at least one of them, and is as wide as that one asks for.
    ///
    /// In the plane this is one box. On the ellipsoid
    /// * each interval of longitudes comes once for each way to number it, from -360 to 360;
    /// * near a pole, boxes hold all longitudes;
    /// * as edges are geodesics, a geometry may be where its envelope is not: a wide one bends out
    ///   of it towards a pole, or goes over the antimeridian or a pole. Boxes of all latitudes,
    ///   that ask for wide envelopes only ([`SearchBox::wider_than`]), find those.
    ///
    /// Boxes that do not meet the extent of a layer can be left out. None when nothing is within.
    #[must_use]
    pub fn search_boxes(&self, limit: f64) -> Vec<SearchBox> {
        match &self.target {
            Target::Planar(target) => target.search_boxes(limit),
            Target::Geodesic(target) => target.search_boxes(limit),
        }
    }
}
