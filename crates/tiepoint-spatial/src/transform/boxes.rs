//! Boxes of one CRS in another: nothing inside may fall outside.
//!
//! A projection bends edges, so the edges are walked in steps. What lies inside of the edge stays
//! inside of its image, except where the map is torn or folds: at the poles, at the antimeridian
//! of longitudes that come out, at the meridian where the target's plane is cut open, and around
//! places that a projection sends to infinity. Each is looked for here.
use tiepoint_core::{BBox, Crs, Envelope, Xy};

use super::definition::Definition;
use super::meridians::{boxed, clipped, cut_at, size, touches, unroll, wrapped};
use super::ring::{Ring, grid};
use super::side::{Ends, Side, Unit};
use super::{Transform, TransformError};

/// Nearer to a pole than this, in degrees, all longitudes are taken.
const POLAR_DEG: f64 = 0.1;

/// Where latitudes are cut off when a projection has no place for the pole.
const NEARLY_POLE_DEG: f64 = 90.0 - 1e-8;

/// From this width or height on, in degrees, a box may hide a place that has no image.
const WIDE_DEG: f64 = 5.0;

/// How many steps its inside is tried in: 11 degrees of the whole Earth, less than the transverse
/// Mercator projection leaves out around the places that it sends to infinity.
const GRID_STEPS: usize = 32;

impl Transform {
    /// An envelope around what lies in `envelope`. Costs some hundred positions, or thousands where
    /// edges are strongly bent.
    ///
    /// Nothing inside falls outside; it may be larger than needed, by 1/10,000 mostly. Around a
    /// pole it has all longitudes, and across the antimeridian too, as an envelope never wraps:
    /// [`boxes`](Self::boxes) is tighter there.
    ///
    /// # Errors
    ///
    /// [`TransformError::OutsideDomain`] where a part of it has no place in the other CRS.
    pub fn envelope(&self, envelope: &Envelope) -> Result<Envelope, TransformError> {
        let pieces = self.pieces(envelope)?;
        Ok(pieces.into_iter().reduce(Envelope::merged).unwrap_or(*envelope))
    }

    /// The envelopes in the other CRS that hold all that lies in a box of this one: one, or more
    /// where a tear of either map runs through it, or none where nothing can lie in it.
    ///
    /// What has no place in the other CRS, such as the poles in web Mercator, is left out. Where
    /// that leaves no telling how far the rest reaches, the envelope is all that the CRS can hold.
    /// So a search by these envelopes misses nothing, and needs a second look at what it finds.
    ///
    /// # Errors
    ///
    /// [`TransformError::Box`] where the four numbers make no box in this CRS.
    ///
    /// # Examples
    ///
    /// ```
    /// use tiepoint_core::{BBox, Crs};
    /// use tiepoint_spatial::transform::Transform;
    ///
    /// let to_mercator = Transform::new(&Crs::CRS84, &Crs::epsg(3857))?;
    /// let fiji = BBox { min_x: 177.0, min_y: -19.0, max_x: -178.0, max_y: -16.0 };
    /// assert_eq!(to_mercator.boxes(fiji)?.len(), 2, "at both ends of the map");
    /// # Ok::<(), tiepoint_spatial::transform::TransformError>(())
    /// ```
    pub fn boxes(&self, bbox: BBox) -> Result<Vec<Envelope>, TransformError> {
        let Some(Ends { from, to, .. }) = &self.plan.ends else {
            return Ok(bbox.split(self.plan.from.is_lonlat())?);
        };
        let split = bbox.split(from.is_geographic())?;
        let found = split.iter().flat_map(|envelope| {
            let possible = within(envelope, from, 90.0);
            possible.map(|envelope| self.pieces_or_all(&envelope, from, to)).unwrap_or_default()
        });
        Ok(found.collect())
    }

    fn pieces_or_all(&self, envelope: &Envelope, from: &Side, to: &Side) -> Vec<Envelope> {
        let off_poles = || self.pieces(&within(envelope, from, NEARLY_POLE_DEG)?).ok();
        let pieces = self.pieces(envelope).ok().or_else(off_poles);
        pieces.unwrap_or_else(|| everything(to).into_iter().collect())
    }

    fn pieces(&self, envelope: &Envelope) -> Result<Vec<Envelope>, TransformError> {
        let Some(Ends { from, to, same_angles, .. }) = &self.plan.ends else {
            return Ok(vec![*envelope]);
        };
        match (from.is_geographic(), to.is_geographic()) {
            (true, true) if *same_angles => Ok(wrapped(envelope.min(), envelope.max())),
            (_, true) => self.to_lonlat(envelope, from, to),
            (true, false) => self.to_plane_in_pieces(envelope, to),
            (false, false) => self.between_planes(envelope, from, to),
        }
    }

    /// Into longitudes and latitudes: one piece, or two across the antimeridian.
    fn to_lonlat(
        &self,
        envelope: &Envelope,
        from: &Side,
        to: &Side,
    ) -> Result<Vec<Envelope>, TransformError> {
        let ring = Ring::around(envelope, self, unroll)?;
        let (mut low, mut high) = ring.bounds();
        let [mut south, mut north] = self.poles_in(envelope, from, to);
        if ring.circles() && !south && !north {
            (south, north) = (true, true); // one of them, and no telling which
        }
        if south || low.y < POLAR_DEG - 90.0 {
            (low, high) = (Xy { x: -180.0, y: -90.0 }, Xy { x: 180.0, y: high.y });
        }
        if north || high.y > 90.0 - POLAR_DEG {
            (low, high) = (Xy { x: -180.0, y: low.y }, Xy { x: 180.0, y: 90.0 });
        }
        Ok(wrapped(low, high))
    }

    /// Whether the south and the north pole lie in a box of a plane.
    fn poles_in(&self, envelope: &Envelope, from: &Side, to: &Side) -> [bool; 2] {
        if from.is_geographic() {
            return [false; 2];
        }
        let back = self.between(to, from);
        [-90.0, 90.0].map(|lat| {
            let at = back.position(Xy { x: 0.0, y: lat });
            let at = at.ok().and_then(|at| boxed(at.x, at.y, at.x, at.y));
            at.is_some_and(|at| envelope.intersects(&at))
        })
    }

    /// From longitudes and latitudes into a plane, which is cut open along a meridian.
    fn to_plane_in_pieces(
        &self,
        envelope: &Envelope,
        to: &Side,
    ) -> Result<Vec<Envelope>, TransformError> {
        let pieces = cut_at(envelope, to.cut_deg());
        pieces.iter().map(|piece| self.to_plane(piece, size(piece))).collect()
    }

    /// From plane to plane: at once, or by way of longitudes and latitudes where the target is torn.
    fn between_planes(
        &self,
        envelope: &Envelope,
        from: &Side,
        to: &Side,
    ) -> Result<Vec<Envelope>, TransformError> {
        let wgs84 = Definition::of(&Crs::CRS84)?.side()?;
        let lonlat = self.between(from, &wgs84).to_lonlat(envelope, from, &wgs84)?;
        if lonlat.iter().any(|piece| touches(piece, to.cut_deg())) {
            let onward = self.between(&wgs84, to);
            let moved = lonlat.iter().map(|piece| onward.to_plane_in_pieces(piece, to));
            return moved.collect::<Result<Vec<_>, _>>().map(|moved| moved.concat());
        }
        let size_deg = lonlat.iter().map(size).fold(0.0, f64::max);
        Ok(vec![self.to_plane(envelope, size_deg)?])
    }

    /// Into a plane, from a box of `size_deg` degrees through which no tear runs.
    fn to_plane(&self, envelope: &Envelope, size_deg: f64) -> Result<Envelope, TransformError> {
        let (low, high) = Ring::around(envelope, self, |_| ())?.bounds();
        if size_deg > WIDE_DEG {
            let places = grid(envelope, GRID_STEPS);
            let mut images = places.clone();
            self.positions(&mut images)?;
            let beyond = |at: &Xy| at.x < low.x || at.x > high.x || at.y < low.y || at.y > high.y;
            if let Some(index) = images.iter().position(beyond) {
                return Err(self.outside(places[index])); // folded around a place without an image
            }
        }
        boxed(low.x, low.y, high.x, high.y).ok_or_else(|| self.outside(envelope.min()))
    }

    /// Between two sides, in the name of this transform.
    fn between(&self, from: &Side, to: &Side) -> Self {
        let ends = Ends::new(from.clone(), to.clone());
        Self::of(&self.plan.from, &self.plan.to, Some(ends))
    }
}

/// What of a box can hold positions, latitudes up to `pole`.
fn within(envelope: &Envelope, side: &Side, pole: f64) -> Option<Envelope> {
    match side.unit {
        Unit::Degrees => clipped(envelope, 540.0, pole),
        Unit::Length { reach } => clipped(envelope, reach, reach),
    }
}

/// All that positions of a CRS can be.
fn everything(side: &Side) -> Option<Envelope> {
    match side.unit {
        Unit::Degrees => boxed(-180.0, -90.0, 180.0, 90.0),
        Unit::Length { reach } => boxed(-reach, -reach, reach, reach),
    }
}
