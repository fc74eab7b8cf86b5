//! Geometry: validated WKB with its facts in front, read in place.
//!
//! In: WKB and EWKB ([`Geometry::from_wkb`], [`Geometry::from_ewkb`]), WKT and EWKT
//! ([`Geometry::from_wkt`], [`Geometry::from_ewkt`]), `geo-types`, or a [`GeometryWriter`].
//! Out: the same, and [`GeometryRef`] or `geo-traits` to read in place.
//! Nothing here computes beyond bounding.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use crate::envelope::{Envelope, Xy};

mod arc;
mod bounds;
mod canonical;
mod error;
mod ewkb;
mod geo_traits_view;
mod geo_types_conversion;
mod head;
mod kind;
mod nested;
mod positions;
mod scan;
mod translate;
mod walk;
mod wkt_read;
mod wkt_tokens;
mod wkt_write;
mod writer;

pub use error::{Fault, GeometryError};
pub use geo_types_conversion::Dropped;
pub use head::WkbFacts;
pub use kind::{Content, Dims, GeometryKind, UnknownName};
pub use nested::NestedPositions;
pub use positions::{Position, Positions, Rings};
pub use scan::MAX_NESTING;
pub use walk::{GeometryRef, Members, Parts};
pub use writer::GeometryWriter;

use error::Located;

/// Where the WKB starts: after min x, min y, max x and max y.
const WKB_AT: usize = size_of::<[f64; 4]>();

/// A well-formed geometry of any kind and dims. Immutable, cheap to clone, 16 bytes in place.
///
/// Axis order is x (easting, longitude) first; units are those of the CRS, which a geometry does
/// not know, no more than it knows an SRID.
///
/// # Layout
///
/// One shared allocation: the envelope as four little-endian doubles (min x, min y, max x, max y;
/// all NaN when there are no positions), then the geometry as *canonical WKB*: little-endian
/// ISO WKB (OGC 06-103r4, section 8.2), every member little-endian too.
///
/// # Invariants
///
/// * x and y are finite. z and m are finite or NaN, which stands for *unknown* (QGIS writes it).
/// * A point without a position is spelled as quiet NaN in all ordinates.
/// * A line string has no positions or at least two, a circular string none or an odd number from
///   three; a ring has at least four and is closed in x and y; a triangle has no ring, or one of
///   four positions. A ring of a curve polygon is not empty and closed in x and y.
/// * Members are of kinds that the whole may hold ([`GeometryKind::may_hold`]), have its dims, and
///   are nested at most [`MAX_NESTING`] deep.
/// * Whether rings cross or parts overlap (OGC *validity*) is not looked at.
///
/// # Equality
///
/// Bit by bit: same kind, dims, order of positions and bits of ordinates. So -0.0 differs from
/// 0.0, and a ring differs from itself started elsewhere. For equality in space ask a predicate.
///
/// # Examples
///
/// ```
/// use tiepoint_core::{Dims, Geometry, GeometryKind};
///
/// let tram = Geometry::from_wkt("LINESTRING Z (24.94 60.17 8, 24.95 60.18 11)")?;
/// assert_eq!((tram.kind(), tram.dims()), (GeometryKind::LineString, Dims::Xyz));
/// assert_eq!(Geometry::from_wkb(tram.as_wkb())?, tram);
///
/// let nothing = Geometry::from_wkt("POLYGON EMPTY")?;
/// assert_eq!(nothing.envelope(), None, "nothing has no box");
/// # Ok::<(), tiepoint_core::GeometryError>(())
/// ```
#[derive(Clone)]
pub struct Geometry {
    bytes: Arc<[u8]>,
}

impl Geometry {
    /// Reads WKB of either byte order, with ISO codes or EWKB flags for dims.
    ///
    /// One pass that checks and bounds, then one copy; bytes that are not canonical yet are
    /// rewritten in between.
    ///
    /// # Errors
    ///
    /// [`GeometryError::Bytes`] where the bytes break an invariant of [`Geometry`], end too early
    /// or too late, or carry an SRID: it would be lost, use [`from_ewkb`](Self::from_ewkb).
    pub fn from_wkb(wkb: &[u8]) -> Result<Self, GeometryError> {
        match Self::decode(wkb).map_err(Located::in_bytes)? {
            (geometry, None) => Ok(geometry),
            (_, Some(srid)) => {
                let fault = Fault::UnexpectedSrid { srid };
                Err(GeometryError::Bytes { fault, offset: head::HEAD_BYTES })
            }
        }
    }

    /// Reads EWKB (or WKB) of either byte order, and the SRID of the whole if there is one.
    ///
    /// # Errors
    ///
    /// [`GeometryError::Bytes`] where the bytes break an invariant of [`Geometry`], end too early
    /// or too late, or a member has an SRID that is not that of the whole.
    pub fn from_ewkb(ewkb: &[u8]) -> Result<(Self, Option<i32>), GeometryError> {
        Self::decode(ewkb).map_err(Located::in_bytes)
    }

    fn decode(foreign: &[u8]) -> Result<(Self, Option<i32>), Located> {
        let scanned = scan::scan(foreign)?;
        let bounds = scanned.bounds.to_bytes();
        let bytes = if scanned.canonical {
            joined(&bounds, foreign)
        } else {
            let mut bytes = Vec::with_capacity(WKB_AT + foreign.len());
            bytes.extend_from_slice(&bounds);
            canonical::append_canonical(foreign, &mut bytes);
            bytes.into()
        };
        Ok((Self { bytes }, scanned.srid))
    }

    /// The canonical WKB: little-endian, ISO codes, no SRID. Free.
    #[must_use]
    #[inline]
    pub fn as_wkb(&self) -> &[u8] {
        &self.bytes[WKB_AT..]
    }

    /// The geometry as EWKB of `PostGIS`, little-endian, with `srid` in the head of the whole.
    #[must_use]
    pub fn to_ewkb(&self, srid: Option<i32>) -> Vec<u8> {
        let mut ewkb = Vec::with_capacity(self.as_wkb().len() + 4);
        self.append_ewkb(srid, &mut ewkb);
        ewkb
    }

    /// Appends the same to what is there already.
    pub fn append_ewkb(&self, srid: Option<i32>, out: &mut Vec<u8>) {
        ewkb::append_ewkb(self.as_ref(), srid, out);
    }

    /// The kind. Free.
    #[must_use]
    #[inline]
    pub fn kind(&self) -> GeometryKind {
        self.as_ref().kind()
    }

    /// Which ordinates positions have. Free.
    #[must_use]
    #[inline]
    pub fn dims(&self) -> Dims {
        self.as_ref().dims()
    }

    /// Whether there is no position in it at all. Free.
    #[must_use]
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.bound(0).is_nan()
    }

    /// The box around it, in the units of its CRS; none when it is empty. Free.
    ///
    /// Circular arcs are bounded as arcs, not only by the positions they pass through. That bound
    /// is computed, so not exact: an ulp for ordinary arcs, more for nearly straight ones (0.2 mm
    /// on 100 km). All positions are always inside.
    #[must_use]
    pub fn envelope(&self) -> Option<Envelope> {
        let [min_x, min_y, max_x, max_y] = [0, 1, 2, 3].map(|index| self.bound(index));
        // all finite, or all NaN and refused
        Envelope::of([Xy { x: min_x, y: min_y }, Xy { x: max_x, y: max_y }]).ok().flatten()
    }

    /// How many positions it has in all. Costs a step per ring and member.
    #[must_use]
    pub fn num_positions(&self) -> usize {
        self.as_ref().num_positions()
    }

    /// The geometry to walk in place: parts, rings, positions.
    #[must_use]
    #[inline]
    #[allow(clippy::should_implement_trait, reason = "AsRef returns a reference, this a view")]
    pub fn as_ref(&self) -> GeometryRef<'_> {
        GeometryRef::new(self.as_wkb())
    }

    #[inline]
    fn bound(&self, index: usize) -> f64 {
        bounds::ordinate::<true>(self.bytes.as_chunks::<8>().0[index])
    }
}

/// Both in one shared allocation.
fn joined(front: &[u8], back: &[u8]) -> Arc<[u8]> {
    let mut bytes: Arc<[u8]> = std::iter::repeat_n(0, front.len() + back.len()).collect();
    let unshared = Arc::get_mut(&mut bytes).expect("made a moment ago");
    unshared[..front.len()].copy_from_slice(front);
    unshared[front.len()..].copy_from_slice(back);
    bytes
}

impl PartialEq for Geometry {
    fn eq(&self, other: &Self) -> bool {
        // the envelope follows from the rest
        self.as_wkb() == other.as_wkb()
    }
}

impl Eq for Geometry {}

impl Hash for Geometry {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_wkb().hash(state);
    }
}

/// Well-known text, see [`Geometry::to_wkt`].
impl fmt::Display for Geometry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_wkt())
    }
}

/// Well-known text, cut off after some positions.
impl fmt::Debug for Geometry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 120;
        let wkt = self.start_of_wkt(SHOWN);
        match wkt.get(..SHOWN) {
            Some(shown) => write!(f, "Geometry({shown}…)"),
            None => write!(f, "Geometry({wkt})"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(wkt: &str) -> Geometry {
        Geometry::from_wkt(wkt).expect(wkt)
    }

    #[test]
    fn a_geometry_is_small_in_place_and_shared_when_cloned() {
        assert_eq!(size_of::<Geometry>(), 16);
        let geometry = read("POINT (1 2)");
        assert!(Arc::ptr_eq(&geometry.bytes, &geometry.clone().bytes));
    }

    #[test]
    fn equality_is_of_bits() {
        assert_ne!(read("POINT (0 0)"), read("POINT (-0 0)"));
        assert_eq!(read("POINT EMPTY"), read("point empty"));
        assert_ne!(read("POINT EMPTY"), read("POINT Z EMPTY"));
    }

    #[test]
    fn only_positions_make_a_geometry_not_empty() {
        assert!(read("GEOMETRYCOLLECTION (POINT EMPTY,MULTIPOINT (EMPTY))").is_empty());
        assert!(!read("MULTIPOINT (EMPTY,(1 2))").is_empty());
    }

    #[test]
    fn debugging_a_long_line_prints_its_start() {
        let wkt = format!("LINESTRING (0 0{})", ",1 1".repeat(100_000));
        let shown = format!("{:?}", read(&wkt));
        assert!(shown.starts_with("Geometry(LINESTRING (0 0,1 1") && shown.len() < 200, "{shown}");
        assert_eq!(format!("{:?}", read("POINT (1 2)")), "Geometry(POINT (1 2))");
    }

    #[test]
    fn arcs_are_bounded_as_arcs() {
        let envelope = read("CIRCULARSTRING (0 0,0.4 0.8,2 0)").envelope().expect("not empty");
        assert!((envelope.max().y - 1.0).abs() < 1e-12);
    }
}
