//! Boxes around geometries: the cheap "could these meet?" test.
//!
//! Two types, because the field uses one word for two things:
//!
//! * [`Envelope`] is what geometry and indexes use. It never wraps.
//! * [`LonLatBox`] is what people and URLs send. It may cross the antimeridian, and
//!   [`LonLatBox::split`] turns it into one or two envelopes at the edge of the system.
//!
//! "No box because there is nothing" is [`None`]; "nobody measured it yet" is not
//! representable here on purpose, and belongs to the layer that failed to measure.

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
            if !(p.x.is_finite() && p.y.is_finite()) {
                return Err(BoxError::NotFinite { x: p.x, y: p.y });
            }
            bounds = Some(match bounds {
                None => Self { min: p, max: p },
                Some(b) => b.grown_to(p),
            });
        }
        Ok(bounds)
    }

    /// Whether the two boxes share at least one position, edges included.
    #[must_use]
    pub fn intersects(&self, other: &Self) -> bool {
        self.min.x <= other.max.x
            && other.min.x <= self.max.x
            && self.min.y <= other.max.y
            && other.min.y <= self.max.y
    }

    fn grown_to(self, p: Xy) -> Self {
        Self {
            min: Xy { x: self.min.x.min(p.x), y: self.min.y.min(p.y) },
            max: Xy { x: self.max.x.max(p.x), y: self.max.y.max(p.y) },
        }
    }
}

/// A longitude/latitude box as sent by a client, in degrees on OGC:CRS84.
///
/// `west > east` means it crosses the antimeridian (RFC 7946, section 5.2).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LonLatBox {
    /// Western longitude, degrees, -180 to 180.
    pub west: f64,
    /// Southern latitude, degrees, -90 to 90.
    pub south: f64,
    /// Eastern longitude, degrees, -180 to 180.
    pub east: f64,
    /// Northern latitude, degrees, -90 to 90.
    pub north: f64,
}

impl LonLatBox {
    /// The same area as one envelope, or as two where it crosses the antimeridian.
    ///
    /// # Errors
    ///
    /// [`BoxError::SouthAboveNorth`] when the latitudes are swapped, and
    /// [`BoxError::NotFinite`] when a bound is infinite or NaN.
    pub fn split(self) -> Result<Vec<Envelope>, BoxError> {
        if self.south > self.north {
            return Err(BoxError::SouthAboveNorth { south: self.south, north: self.north });
        }
        let piece = |west, east| {
            Envelope::of([Xy { x: west, y: self.south }, Xy { x: east, y: self.north }])
        };
        let pieces = if self.west <= self.east {
            vec![piece(self.west, self.east)?]
        } else {
            vec![piece(self.west, 180.0)?, piece(-180.0, self.east)?]
        };
        Ok(pieces.into_iter().flatten().collect())
    }
}

/// Why four numbers do not make a box.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum BoxError {
    /// A coordinate was infinite or NaN.
    #[error("coordinate is not finite: x={x}, y={y}")]
    NotFinite {
        /// The x as read.
        x: f64,
        /// The y as read.
        y: f64,
    },
    /// Latitudes do not wrap, so this is a swap, not a crossing.
    #[error("south edge {south} lies above north edge {north}")]
    SouthAboveNorth {
        /// The southern latitude as sent, degrees.
        south: f64,
        /// The northern latitude as sent, degrees.
        north: f64,
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
        let fiji = LonLatBox { west: 177.0, south: -19.0, east: -178.0, north: -16.0 };
        assert_eq!(fiji.split().expect("finite").len(), 2);
    }

    #[test]
    fn nan_is_refused_rather_than_swallowed() {
        let nan = Xy { x: f64::NAN, y: 0.0 };
        assert!(Envelope::of([nan]).is_err());
    }
}
