//! Boxes around geometries: the cheap "could these meet?" test.
//!
//! Two types, because the field uses one word for two things:
//!
//! * [`Envelope`] is what geometry and indexes use. It never wraps.
//! * [`BBox`] is what people and URLs send. It may cross the antimeridian, and
//!   [`BBox::split`] turns it into one or two envelopes at the edge of the system.
//!
//! "No box because there is nothing" is [`None`]; "nobody measured it yet" is not
//! representable here on purpose, and belongs to the layer that failed to measure.

use crate::{Dims, Geometry, GeometryKind, GeometryWriter};

/// A position in the axis order of tiepoint: `x` is easting or longitude, always first.
///
/// Stores and codecs swap axes while they read; nothing past them ever does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Xy {
    /// Easting or longitude, in the units of the CRS (metres or degrees).
    pub x: f64,
    /// Northing or latitude, in the units of the CRS (metres or degrees).
    pub y: f64,
}

/// The smallest axis-aligned box that holds some positions.
///
/// Units are those of the CRS the positions are in; the box does not know the CRS, so
/// comparing boxes from two layers is only meaningful after both are in one CRS.
///
/// # Invariants
///
/// * All four bounds are finite.
/// * `min_x <= max_x` and `min_y <= max_y`; a single position gives a box of zero size.
///
/// # Examples
///
/// ```
/// use tiepoint_core::{Envelope, Xy};
///
/// let helsinki = Envelope::of([Xy { x: 24.8, y: 60.1 }, Xy { x: 25.3, y: 60.3 }])?;
/// assert!(helsinki.is_some_and(|e| e.intersects(&e)));
/// assert_eq!(Envelope::of([])?, None, "nothing has no box");
/// # Ok::<(), tiepoint_core::BoxError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Envelope {
    min: Xy, // private: no way to build a broken box
    max: Xy,
}

impl Envelope {
    /// Bounds `positions`, or returns [`None`] when there are none.
    ///
    /// Runs once over the input and allocates nothing.
    ///
    /// # Errors
    ///
    /// [`BoxError::NotFinite`] at the first coordinate that is infinite or NaN: a box
    /// that held one would hold everything, or compare false with everything.
    pub fn of(positions: impl IntoIterator<Item = Xy>) -> Result<Option<Self>, BoxError> {
        let mut bounds: Option<Self> = None;
        for p in positions {
            finite(p)?;
            bounds = Some(match bounds {
                None => Self { min: p, max: p },
                Some(b) => b.grown_to(p),
            });
        }
        Ok(bounds)
    }

    /// The smallest box that holds both.
    #[must_use]
    pub fn merged(self, other: Self) -> Self {
        self.grown_to(other.min).grown_to(other.max)
    }

    /// The corner with the smallest x and y.
    #[must_use]
    pub fn min(&self) -> Xy {
        self.min
    }

    /// The corner with the largest x and y.
    #[must_use]
    pub fn max(&self) -> Xy {
        self.max
    }

    /// Whether the two boxes share at least one position, edges included.
    #[must_use]
    pub fn intersects(&self, other: &Self) -> bool {
        self.min.x <= other.max.x
            && other.min.x <= self.max.x
            && self.min.y <= other.max.y
            && other.min.y <= self.max.y
    }

    /// Whether all of `other` lies in it, edges included.
    #[must_use]
    pub fn contains(&self, other: &Self) -> bool {
        self.min.x <= other.min.x
            && other.max.x <= self.max.x
            && self.min.y <= other.min.y
            && other.max.y <= self.max.y
    }

    /// The box as a polygon, its ring counter-clockwise from the smallest corner; as a line or a
    /// point where it has no area.
    #[must_use]
    #[expect(clippy::missing_panics_doc, reason = "four finite bounds always make one")]
    pub fn to_geometry(&self) -> Geometry {
        let mut writer = GeometryWriter::new();
        writer.begin(self.kind(), Dims::Xy);
        self.write_positions(&mut writer);
        writer.end();
        writer.finish().expect("a box is well-formed")
    }

    /// The same as a member of the collection that is open in `writer`.
    pub(crate) fn write_member(&self, writer: &mut GeometryWriter) {
        writer.member(self.kind());
        self.write_positions(writer);
        writer.end();
    }

    fn kind(&self) -> GeometryKind {
        let (wide, high) = (self.min.x < self.max.x, self.min.y < self.max.y);
        match (wide, high) {
            (true, true) => GeometryKind::Polygon,
            (false, false) => GeometryKind::Point,
            _ => GeometryKind::LineString,
        }
    }

    fn write_positions(&self, writer: &mut GeometryWriter) {
        let (min, max) = (self.min, self.max);
        match self.kind() {
            GeometryKind::Point => writer.position(&[min.x, min.y]),
            GeometryKind::LineString => {
                writer.position(&[min.x, min.y]);
                writer.position(&[max.x, max.y]);
            }
            _ => {
                writer.ring();
                for [x, y] in
                    [[min.x, min.y], [max.x, min.y], [max.x, max.y], [min.x, max.y], [min.x, min.y]]
                {
                    writer.position(&[x, y]);
                }
                writer.end();
            }
        }
    }

    fn grown_to(self, p: Xy) -> Self {
        Self {
            min: Xy { x: self.min.x.min(p.x), y: self.min.y.min(p.y) },
            max: Xy { x: self.max.x.max(p.x), y: self.max.y.max(p.y) },
        }
    }
}

/// A box as people and URLs send it, in the CRS of the layer it is asked of.
///
/// On longitude and latitude `min_x > max_x` means that it crosses the antimeridian (RFC 7946,
/// section 5.2); anywhere else that is a mistake.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BBox {
    /// The western edge: easting or longitude.
    pub min_x: f64,
    /// The southern edge: northing or latitude.
    pub min_y: f64,
    /// The eastern edge: easting or longitude.
    pub max_x: f64,
    /// The northern edge: northing or latitude.
    pub max_y: f64,
}

impl BBox {
    /// The same area as one envelope, or as two where it crosses the antimeridian.
    ///
    /// `lonlat` says whether the layer's coordinates are longitudes and latitudes in degrees.
    ///
    /// # Errors
    ///
    /// [`BoxError::SouthAboveNorth`] when the lower edge lies above the upper one,
    /// [`BoxError::EastOfWest`] when a box that cannot wrap has its sides swapped, and
    /// [`BoxError::NotFinite`] when a bound is infinite or NaN.
    pub fn split(self, lonlat: bool) -> Result<Vec<Envelope>, BoxError> {
        for (x, y) in [(self.min_x, self.min_y), (self.max_x, self.max_y)] {
            finite(Xy { x, y })?;
        }
        if self.min_y > self.max_y {
            return Err(BoxError::SouthAboveNorth { south: self.min_y, north: self.max_y });
        }
        let piece = |min_x, max_x| Envelope {
            min: Xy { x: min_x, y: self.min_y },
            max: Xy { x: max_x, y: self.max_y },
        };
        match (self.min_x <= self.max_x, lonlat) {
            (true, _) => Ok(vec![piece(self.min_x, self.max_x)]),
            (false, true) => Ok(vec![piece(self.min_x, 180.0), piece(-180.0, self.max_x)]),
            (false, false) => Err(BoxError::EastOfWest { min_x: self.min_x, max_x: self.max_x }),
        }
    }
}

/// Into how many pieces each side of a box is cut before it is bent.
const SIDE_PIECES: u32 = 64;

impl BBox {
    /// The box as a polygon with positions along its sides; none of a box that crosses the
    /// antimeridian or has no area.
    pub(crate) fn outline(self) -> Option<Geometry> {
        let Self { min_x, min_y, max_x, max_y } = self;
        if !(min_x < max_x && min_y < max_y) {
            return None;
        }
        let corners = [[min_x, min_y], [max_x, min_y], [max_x, max_y], [min_x, max_y]];
        let mut writer = GeometryWriter::new();
        writer.begin(GeometryKind::Polygon, Dims::Xy);
        writer.ring();
        for (from, to) in corners.iter().zip(corners.iter().cycle().skip(1)) {
            for piece in 0..SIDE_PIECES {
                let part = f64::from(piece) / f64::from(SIDE_PIECES);
                let along = |axis: usize| from[axis] + (to[axis] - from[axis]) * part;
                writer.position(&[along(0), along(1)]);
            }
        }
        writer.position(&corners[0]);
        writer.end();
        writer.end();
        writer.finish().ok()
    }
}

impl std::str::FromStr for BBox {
    type Err = BoxError;

    /// Reads `min_x,min_y,max_x,max_y`.
    fn from_str(text: &str) -> Result<Self, BoxError> {
        let refused = || BoxError::NotFourNumbers { text: text.chars().take(80).collect() };
        let numbers: Vec<f64> = text
            .split(',')
            .map(|number| number.trim().parse().ok().ok_or_else(refused))
            .collect::<Result<_, _>>()?;
        let [min_x, min_y, max_x, max_y] = numbers[..] else { return Err(refused()) };
        Ok(Self { min_x, min_y, max_x, max_y })
    }
}

fn finite(p: Xy) -> Result<(), BoxError> {
    if p.x.is_finite() && p.y.is_finite() {
        Ok(())
    } else {
        Err(BoxError::NotFinite { x: p.x, y: p.y })
    }
}

/// Why four numbers do not make a box.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum BoxError {
    /// A coordinate was infinite or NaN.
    #[error("coordinate is not finite: x={x}, y={y}")]
    NotFinite {
        /// The x as read.
        x: f64,
        /// The y as read.
        y: f64,
    },
    /// The second axis does not wrap, so this is a swap, not a crossing.
    #[error("the box's lower edge {south} lies above its upper edge {north}")]
    SouthAboveNorth {
        /// The lower edge as sent.
        south: f64,
        /// The upper edge as sent.
        north: f64,
    },
    /// Only longitudes wrap; elsewhere this is a swap.
    #[error(
        "the box's left edge {min_x} lies right of its right edge {max_x}, and this layer is not in longitude and latitude"
    )]
    EastOfWest {
        /// The left edge as sent.
        min_x: f64,
        /// The right edge as sent.
        max_x: f64,
    },
    /// A text that is not four numbers.
    #[error("`{text}` is not a box; write min_x,min_y,max_x,max_y, such as 5.9,45.8,10.5,47.8")]
    NotFourNumbers {
        /// The text as sent.
        text: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_that_share_only_an_edge_intersect() {
        // reads as a sentence
        let left = Envelope::of([Xy { x: 0.0, y: 0.0 }, Xy { x: 1.0, y: 1.0 }]).expect("finite");
        let right = Envelope::of([Xy { x: 1.0, y: 0.0 }, Xy { x: 2.0, y: 1.0 }]).expect("finite");
        assert!(left.zip(right).is_some_and(|(l, r)| l.intersects(&r)));
    }

    #[test]
    fn a_box_over_fiji_becomes_two_envelopes() {
        let fiji = BBox { min_x: 177.0, min_y: -19.0, max_x: -178.0, max_y: -16.0 };
        assert_eq!(fiji.split(true).expect("finite").len(), 2);
        assert!(fiji.split(false).is_err(), "metres do not wrap");
    }

    #[test]
    fn nan_is_refused_rather_than_swallowed() {
        let nan = Xy { x: f64::NAN, y: 0.0 };
        assert!(Envelope::of([nan]).is_err());
    }
}
