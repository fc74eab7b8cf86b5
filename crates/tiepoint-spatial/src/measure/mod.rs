//! Areas, lengths, centroids and distances, in the plane or on the ellipsoid.
//!
//! A [`Metric`] says which: [`Metric::of`] a CRS is geodesic for longitudes and latitudes, in
//! metres, and planar otherwise, in units of the CRS. Of positions only x and y count. Curves
//! are measured as the segments that [`linear`](crate::linear) makes of them.
//!
//! # On the ellipsoid
//!
//! * Edges are geodesics: the shortest way between two positions, so never over more than 180° of
//!   longitude. What a map draws straight is another line.
//! * A ring goes round the smaller part of the surface that it cuts off, whichever way it runs.
//! * Longitudes from -360 to 360 are taken as they are meant: 190 is -170. A geometry with a
//!   longitude beyond that, or a latitude beyond ±90, is *not on the ellipsoid*: it has no area,
//!   length or distance ([`None`]), and is within no distance of anything.
//! * Distances are right to a millimetre, by geodesics on the ellipsoid throughout (Karney 2013),
//!   also between edges; what is nearer to an edge than a tenth of a micrometre touches it.
//!
//! Source: C. F. F. Karney, *Algorithms for geodesics*, J. Geodesy 87 (2013) 43–55.

mod centroid;
mod definition;
mod distance_to;
mod ellipsoid;
mod geodesic;
mod metric;
mod planar;
mod rings;
mod search;
mod size;
mod sum;
mod tree;
mod wkt;

use tiepoint_core::Geometry;

pub use centroid::centroid;
pub use distance_to::DistanceTo;
pub use ellipsoid::{BadEllipsoid, Ellipsoid};
pub use metric::{Metric, MetricError};
pub use search::SearchBox;
pub use size::{area, length, perimeter};

/// The least distance between a place of `a` and a place of `b`: 0 where they touch, cross, or one
/// is inside the other. [`None`] where one is empty, or not on the ellipsoid (see the
/// [module](self)).
///
/// In units of the CRS, or in metres on the ellipsoid, to a millimetre. The same with both swapped,
/// to a micrometre. For many distances to one geometry, take [`DistanceTo`].
///
/// ```
/// use tiepoint_core::{Crs, Geometry};
/// use tiepoint_spatial::measure::{Metric, distance};
///
/// let helsinki = Geometry::from_wkt("POINT (24.9384 60.1699)")?;
/// let tallinn = Geometry::from_wkt("POINT (24.7536 59.4370)")?;
/// let metres = distance(&helsinki, &tallinn, Metric::of(&Crs::CRS84)?);
/// assert_eq!(metres.map(f64::round), Some(82_308.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn distance(a: &Geometry, b: &Geometry, metric: Metric) -> Option<f64> {
    DistanceTo::new(a, metric).distance(b)
}
