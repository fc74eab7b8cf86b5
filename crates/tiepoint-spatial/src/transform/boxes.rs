//! Boxes of one CRS in another: nothing inside may fall outside.
//!
//! A projection bends edges, so the edges are walked in steps. What lies inside of the edge stays
//! inside of its image, except where the map is torn or folds: at the poles, at the antimeridian
//! of longitudes that come out, at the meridian where the target's plane is cut open, and around
//! places that a projection sends to infinity. Each is looked for here.
use tiepoint_core::{BBox, Crs, Envelope, Xy};

use super::ring::{Ring, grid};
use super::side::{Ends, Side, Unit};
use super::{Transform, TransformError};

/// Nearer to a pole than this, in degrees, all longitudes are taken.
const POLAR_DEG: f64 = 0.1;

/// How near the pole longitudes and latitudes are cut where a projection has no place for it.
const NEARLY_POLE_DEG: f64 = 90.0 - 1e-8;

/// From this width or height on, in degrees, a box may hide a place that has no image.
const WIDE_DEG: f64 = 5.0;

/// How many steps its inside is tried in: 11 degrees of the whole Earth, less than the transverse
/// Mercator projection leaves out around the place it sends to infinity.
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

    /// The envelopes in the other CRS that hold all that lies in a box of this one; one, or two
    /// or more where a tear of either map runs through it.
    ///
    /// What has no place in the other CRS, such as the poles in web Mercator, is left out. Where
    /// that leaves no telling how far the rest reaches, it is all that the CRS can hold. So a
    /// search by these envelopes misses nothing, and needs a second look at what it finds.
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
    /// let to_nztm = Transform::new(&Crs::CRS84, &Crs::epsg(3857))?;
    /// let fiji = BBox { min_x: 177.0, min_y: -19.0, max_x: -178.0, max_y: -16.0 };
    /// assert_eq!(to_nztm.boxes(fiji)?.len(), 2, "at both ends of the map");
    /// # Ok::<(), tiepoint_spatial::transform::TransformError>(())
    /// ```
    pub fn boxes(&self, bbox: BBox) -> Result<Vec<Envelope>, TransformError> {
        let Some(Ends { from, to, .. }) = &self.plan.ends else {
            return Ok(bbox.split(self.plan.from.is_lonlat())?);
        };
        let wraps =
            matches!(from.unit, Unit::Angle { degrees } if degrees.to_bits() == 1f64.to_bits());
        let mut boxes = Vec::new();
        for envelope in bbox.split(wraps)? {
            let clipped = clipped(&envelope, from);
            let found = clipped.map_or_else(
                || Ok(Vec::new()),
                |clipped| {
                    self.pieces(&clipped).or_else(|_| self.pieces(&off_poles(&clipped, from)))
                },
            );
            boxes.extend(found.unwrap_or_else(|_: TransformError| vec![everything(to)]));
        }
        Ok(boxes)
    }

    fn pieces(&self, envelope: &Envelope) -> Result<Vec<Envelope>, TransformError> {
        let Some(Ends { from, to, .. }) = &self.plan.ends else { return Ok(vec![*envelope]) };
        match (from.is_geographic(), to.is_geographic()) {
            (_, true) => self.to_lonlat(envelope, to),
            (true, false) => self.to_plane_in_pieces(envelope, from, to),
            (false, false) => self.between_planes(envelope, from, to),
        }
    }

    /// Into longitudes and latitudes: one piece, or two across the antimeridian.
    fn to_lonlat(&self, envelope: &Envelope, to: &Side) -> Result<Vec<Envelope>, TransformError> {
        let degrees = to.degrees();
        let ring = Ring::around(envelope, self, |positions| unroll(positions, 360.0 / degrees))?;
        let (mut low, mut high) = ring.bounds();
        let pole = 90.0 / degrees;
        let near = POLAR_DEG / degrees;
        let [around_south, around_north] = self.poles_in(envelope, pole, to);
        let turns = ring.positions().first().zip(ring.positions().last());
        let circles = turns.is_some_and(|(first, last)| (first.x - last.x).abs() > pole);
        let unclear = circles && !around_south && !around_north;
        let south = around_south || unclear || low.y < near - pole;
        let north = around_north || unclear || high.y > pole - near;
        if south {
            low.y = -pole;
        }
        if north {
            high.y = pole;
        }
        if south || north || high.x - low.x >= 4.0 * pole {
            (low.x, high.x) = (-2.0 * pole, 2.0 * pole);
        }
        Ok(wrapped(low, high, 2.0 * pole))
    }

    /// Whether the south and the north pole lie in a box of the source.
    fn poles_in(&self, envelope: &Envelope, pole: f64, to: &Side) -> [bool; 2] {
        let Some(Ends { from, .. }) = &self.plan.ends else { return [false; 2] };
        let back = self.sub_route(to, from);
        [-pole, pole].map(|y| {
            let at = back.position(Xy { x: 0.0, y });
            !from.is_geographic()
                && at.is_ok_and(|at| {
                    Envelope::of([at]).is_ok_and(|at| at.is_some_and(|at| envelope.intersects(&at)))
                })
        })
    }

    /// From longitudes and latitudes into a plane, which is cut open along a meridian.
    fn to_plane_in_pieces(
        &self,
        envelope: &Envelope,
        from: &Side,
        to: &Side,
    ) -> Result<Vec<Envelope>, TransformError> {
        let pieces = cut_at(envelope, to.cut_deg(), from.degrees());
        pieces.iter().map(|piece| self.to_plane(piece, size_deg(piece, from))).collect()
    }

    fn between_planes(
        &self,
        envelope: &Envelope,
        from: &Side,
        to: &Side,
    ) -> Result<Vec<Envelope>, TransformError> {
        let wgs84 = super::definition::Definition::of(&Crs::CRS84)?.side()?;
        let pieces = self.sub_route(from, &wgs84).to_lonlat(envelope, &wgs84)?;
        let cut = to.cut_deg();
        let is_torn = |piece: &Envelope| {
            let (low, high) = (piece.min(), piece.max());
            let polar = low.y <= -90.0 || high.y >= 90.0;
            // both ends of longitudes are one meridian
            polar
                || [cut - 360.0, cut, cut + 360.0]
                    .iter()
                    .any(|cut| low.x - 1e-6 <= *cut && *cut <= high.x + 1e-6)
        };
        if pieces.iter().any(is_torn) {
            let onward = self.sub_route(&wgs84, to);
            let moved = pieces.iter().map(|piece| onward.to_plane_in_pieces(piece, &wgs84, to));
            return moved.collect::<Result<Vec<_>, _>>().map(|moved| moved.concat());
        }
        let size = pieces.iter().map(|piece| size_deg(piece, &wgs84)).fold(0.0, f64::max);
        Ok(vec![self.to_plane(envelope, size)?])
    }

    /// Into a plane, from a box of `size_deg` degrees through which no tear runs.
    fn to_plane(&self, envelope: &Envelope, size_deg: f64) -> Result<Envelope, TransformError> {
        let (low, high) = Ring::around(envelope, self, |_| ())?.bounds();
        let outside = || self.outside(envelope.min());
        let found = Envelope::of([low, high]).ok().flatten().ok_or_else(outside)?;
        if size_deg > WIDE_DEG {
            let mut inside = grid(envelope, GRID_STEPS);
            let places = inside.clone();
            self.positions(&mut inside)?;
            let beyond = |at: &Xy| at.x < low.x || at.x > high.x || at.y < low.y || at.y > high.y;
            if let Some(index) = inside.iter().position(beyond) {
                return Err(self.outside(places[index]));
            }
        }
        Ok(found)
    }

    /// Between two sides, by the names of this transform.
    fn sub_route(&self, from: &Side, to: &Side) -> Self {
        Self::of(&self.plan.from, &self.plan.to, Some(Ends::new(from.clone(), to.clone())))
    }
}

/// The larger of width and height of a box of longitudes and latitudes.
fn size_deg(envelope: &Envelope, side: &Side) -> f64 {
    let (low, high) = (envelope.min(), envelope.max());
    (high.x - low.x).max(high.y - low.y) * side.degrees()
}

/// Longitudes in a row as if they did not start again at the antimeridian.
fn unroll(positions: &mut [Xy], full_turn: f64) {
    let mut turned = 0.0;
    for index in 1..positions.len() {
        let step = positions[index].x + turned - positions[index - 1].x;
        turned -= (step / full_turn).round() * full_turn;
        positions[index].x += turned;
    }
}

/// One piece, or two across the antimeridian, at `half_turn`.
fn wrapped(low: Xy, high: Xy, half_turn: f64) -> Vec<Envelope> {
    let half_lat = half_turn / 2.0;
    let (south, north) = (low.y.max(-half_lat), high.y.min(half_lat));
    let piece = |west: f64, east: f64| {
        let corners = [Xy { x: west, y: south }, Xy { x: east, y: north }];
        Envelope::of(corners).ok().flatten()
    };
    let turns = ((low.x + half_turn) / (2.0 * half_turn)).floor() * 2.0 * half_turn;
    let (west, east) = (low.x - turns, high.x - turns);
    let pieces = if west <= -half_turn && east >= half_turn || east <= half_turn {
        vec![piece(west.max(-half_turn), east.min(half_turn))]
    } else {
        vec![piece(west, half_turn), piece(-half_turn, east - 2.0 * half_turn)]
    };
    pieces.into_iter().flatten().collect()
}

/// The box in pieces left and right of the meridian `cut_deg`, which neither piece touches.
fn cut_at(envelope: &Envelope, cut_deg: f64, degrees: f64) -> Vec<Envelope> {
    let (low, high) = (envelope.min(), envelope.max());
    let gap = 1e-10 / degrees;
    let mut west = low.x;
    let mut pieces = Vec::new();
    for turn in [-720.0, -360.0, 0.0, 360.0, 720.0] {
        let cut = (cut_deg + turn) / degrees;
        if west < cut && cut < high.x {
            pieces.push((west, cut - gap));
            west = cut + gap;
        }
    }
    pieces.push((west, high.x));
    let piece = |(west, east): (f64, f64)| {
        Envelope::of([Xy { x: west, y: low.y }, Xy { x: east, y: high.y }]).ok().flatten()
    };
    pieces.into_iter().filter_map(piece).collect()
}

/// The part of a box that can hold positions at all.
fn clipped(envelope: &Envelope, from: &Side) -> Option<Envelope> {
    let (reach_x, reach_y) = match from.unit {
        Unit::Angle { degrees } => (540.0 / degrees, 90.0 / degrees),
        Unit::Length { reach } => (reach, reach),
    };
    clip(envelope, reach_x, reach_y)
}

/// Without the poles, where a projection has no place for them.
fn off_poles(envelope: &Envelope, from: &Side) -> Envelope {
    let Unit::Angle { degrees } = from.unit else { return *envelope };
    clip(envelope, 540.0 / degrees, NEARLY_POLE_DEG / degrees).unwrap_or(*envelope)
}

fn clip(envelope: &Envelope, reach_x: f64, reach_y: f64) -> Option<Envelope> {
    let (low, high) = (envelope.min(), envelope.max());
    let corners = [
        Xy { x: low.x.max(-reach_x), y: low.y.max(-reach_y) },
        Xy { x: high.x.min(reach_x), y: high.y.min(reach_y) },
    ];
    let is_left = corners[0].x <= corners[1].x && corners[0].y <= corners[1].y;
    is_left.then(|| Envelope::of(corners).ok().flatten())?
}

/// All that positions of a CRS can be.
fn everything(side: &Side) -> Envelope {
    let (x, y) = match side.unit {
        Unit::Angle { degrees } => (180.0 / degrees, 90.0 / degrees),
        Unit::Length { reach } => (reach, reach),
    };
    let corners = [Xy { x: -x, y: -y }, Xy { x, y }];
    Envelope::of(corners).ok().flatten().expect("finite and in order")
}
