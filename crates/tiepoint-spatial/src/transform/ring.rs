//! The edge of a box, walked in steps, on its way to the other CRS.
use tiepoint_core::{Envelope, Xy};

use super::{Transform, TransformError};

/// How many steps a side is walked in at first, and at most.
const STEPS: [usize; 4] = [16, 64, 256, 1024];

/// Steps are small enough when edges may bulge less between them than this part of the extent.
const BULGE: f64 = 1e-4;

/// The transformed positions along the four sides of a box, around it once.
pub(super) struct Ring {
    positions: Vec<Xy>,
    steps: usize,
}

impl Ring {
    /// Walks around `envelope` in steps so small that `bounds` of the ring are tight.
    pub(super) fn around(
        envelope: &Envelope,
        transform: &Transform,
        straighten: impl Fn(&mut [Xy]),
    ) -> Result<Self, TransformError> {
        let mut ring = Self { positions: Vec::new(), steps: 0 };
        for steps in STEPS {
            ring = Self { positions: walk(envelope, steps), steps };
            transform.positions(&mut ring.positions)?;
            straighten(&mut ring.positions);
            let (bounds, bulge) = (ring.tight_bounds(), ring.bulge());
            let is_fine = |low: f64, high: f64, bulge: f64| bulge <= (high - low) * BULGE;
            if is_fine(bounds.0.x, bounds.1.x, bulge.x) && is_fine(bounds.0.y, bounds.1.y, bulge.y)
            {
                break;
            }
        }
        Ok(ring)
    }

    /// Whether unrolled longitudes do not come back to where they started: around a pole.
    pub(super) fn circles(&self) -> bool {
        let ends = self.positions.first().zip(self.positions.last());
        ends.is_some_and(|(first, last)| (first.x - last.x).abs() > 180.0)
    }

    /// Lower and upper bounds of the curve through the positions: those of the positions, padded
    /// by how far the curve may bulge between them, and by rounding.
    pub(super) fn bounds(&self) -> (Xy, Xy) {
        let ((low, high), bulge) = (self.tight_bounds(), self.bulge());
        let pad = |low: f64, high: f64, bulge: f64| bulge + 1e-12 * low.abs().max(high.abs());
        let (x, y) = (pad(low.x, high.x, bulge.x), pad(low.y, high.y, bulge.y));
        (Xy { x: low.x - x, y: low.y - y }, Xy { x: high.x + x, y: high.y + y })
    }

    fn tight_bounds(&self) -> (Xy, Xy) {
        let first = self.positions[0];
        self.positions.iter().fold((first, first), |(low, high), at| {
            let low = Xy { x: low.x.min(at.x), y: low.y.min(at.y) };
            (low, Xy { x: high.x.max(at.x), y: high.y.max(at.y) })
        })
    }

    /// How far the curve may lie beyond its positions, on each axis.
    ///
    /// Between two positions, a smooth curve leaves the straight line by an eighth of the second
    /// difference; twice as much is taken.
    fn bulge(&self) -> Xy {
        let sides = self.positions.chunks_exact(self.steps + 1);
        sides.flat_map(|side| side.windows(3)).fold(Xy { x: 0.0, y: 0.0 }, |most, at| {
            let second = |a: f64, b: f64, c: f64| (a - 2.0 * b + c).abs() / 4.0;
            let x = second(at[0].x, at[1].x, at[2].x);
            let y = second(at[0].y, at[1].y, at[2].y);
            Xy { x: most.x.max(x), y: most.y.max(y) }
        })
    }
}

/// Counter-clockwise from the lower left corner; each side has both of its corners.
fn walk(envelope: &Envelope, steps: usize) -> Vec<Xy> {
    let (low, high) = (envelope.min(), envelope.max());
    let corners = [low, Xy { x: high.x, y: low.y }, high, Xy { x: low.x, y: high.y }, low];
    let side = |from: Xy, to: Xy| {
        (0..=steps).map(move |step| Xy {
            x: between(from.x, to.x, step, steps),
            y: between(from.y, to.y, step, steps),
        })
    };
    corners.windows(2).flat_map(|ends| side(ends[0], ends[1])).collect()
}

/// A grid over a box, edges included.
pub(super) fn grid(envelope: &Envelope, steps: usize) -> Vec<Xy> {
    let (low, high) = (envelope.min(), envelope.max());
    let row =
        |y: f64| (0..=steps).map(move |step| Xy { x: between(low.x, high.x, step, steps), y });
    (0..=steps).flat_map(|step| row(between(low.y, high.y, step, steps))).collect()
}

/// Exactly `from` and `to` at the ends.
fn between(from: f64, to: f64, step: usize, steps: usize) -> f64 {
    #[allow(clippy::cast_precision_loss, reason = "some thousands at most")]
    let part = step as f64 / steps as f64;
    from * (1.0 - part) + to * part
}
