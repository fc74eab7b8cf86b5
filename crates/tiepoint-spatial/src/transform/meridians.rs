//! Longitudes and latitudes as ranges: cut, unrolled, wrapped and clipped.
use tiepoint_core::{Envelope, Xy};

/// How wide the gap at a cut is, in degrees: a hundredth of a millimetre, so that both edges are
/// on their own side of it.
const GAP_DEG: f64 = 1e-10;

/// Longitudes in a row as if they did not start again at the antimeridian.
pub(super) fn unroll(positions: &mut [Xy]) {
    let mut turned = 0.0;
    for index in 1..positions.len() {
        let step = positions[index].x + turned - positions[index - 1].x;
        turned -= (step / 360.0).round() * 360.0;
        positions[index].x += turned;
    }
}

/// An unrolled range in one piece, or in two across the antimeridian.
pub(super) fn wrapped(low: Xy, high: Xy) -> Vec<Envelope> {
    let piece = |west: f64, east: f64| boxed(west, low.y.max(-90.0), east, high.y.min(90.0));
    if low.x >= -180.0 && high.x <= 180.0 {
        return piece(low.x, high.x).into_iter().collect();
    }
    if high.x - low.x >= 360.0 {
        return piece(-180.0, 180.0).into_iter().collect();
    }
    let turns = ((low.x + 180.0) / 360.0).floor() * 360.0;
    let (west, east) = (low.x - turns, high.x - turns);
    let pieces = if east <= 180.0 {
        [piece(west, east), None]
    } else {
        [piece(west, 180.0), piece(-180.0, east - 360.0)]
    };
    pieces.into_iter().flatten().collect()
}

/// A box in pieces left and right of the meridian `cut`, which no piece has inside.
pub(super) fn cut_at(envelope: &Envelope, cut: f64) -> Vec<Envelope> {
    let (low, high) = (envelope.min(), envelope.max());
    let mut west = low.x;
    let mut sides = Vec::new();
    for cut in turns_of(cut) {
        if west < cut && cut < high.x {
            sides.push((west, cut - GAP_DEG));
            west = cut + GAP_DEG;
        }
    }
    sides.push((west, high.x));
    sides.into_iter().filter_map(|(west, east)| boxed(west, low.y, east, high.y)).collect()
}

/// Whether the meridian `cut` or a pole is in a box, or touches it.
pub(super) fn touches(envelope: &Envelope, cut: f64) -> bool {
    let (low, high) = (envelope.min(), envelope.max());
    let near = |cut: f64| low.x - 1e-6 <= cut && cut <= high.x + 1e-6;
    low.y <= -90.0 || high.y >= 90.0 || turns_of(cut).into_iter().any(near)
}

/// The same meridian as longitudes may name it that go in.
fn turns_of(meridian: f64) -> [f64; 5] {
    [-720.0, -360.0, 0.0, 360.0, 720.0].map(|turn| meridian + turn)
}

/// The larger of width and height.
pub(super) fn size(envelope: &Envelope) -> f64 {
    let (low, high) = (envelope.min(), envelope.max());
    (high.x - low.x).max(high.y - low.y)
}

/// What of a box lies no further from zero than these, if anything does.
pub(super) fn clipped(envelope: &Envelope, reach_x: f64, reach_y: f64) -> Option<Envelope> {
    let (low, high) = (envelope.min(), envelope.max());
    boxed(low.x.max(-reach_x), low.y.max(-reach_y), high.x.min(reach_x), high.y.min(reach_y))
}

/// A box, if its sides are in order and finite.
pub(super) fn boxed(west: f64, south: f64, east: f64, north: f64) -> Option<Envelope> {
    let in_order = west <= east && south <= north;
    let corners = [Xy { x: west, y: south }, Xy { x: east, y: north }];
    in_order.then(|| Envelope::of(corners).ok().flatten())?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn xy(x: f64, y: f64) -> Xy {
        Xy { x, y }
    }

    #[test]
    fn a_range_is_wrapped_into_the_longitudes_that_come_out() {
        for (west, east, expected) in [
            (-180.0, 180.0, vec![(-180.0, 180.0)]),
            (180.0, 180.0, vec![(180.0, 180.0)]),
            (170.0, 190.0, vec![(170.0, 180.0), (-180.0, -170.0)]),
            (190.0, 200.0, vec![(-170.0, -160.0)]),
            (-190.0, -170.0, vec![(170.0, 180.0), (-180.0, -170.0)]),
            (-300.0, 100.0, vec![(-180.0, 180.0)]),
        ] {
            let found = wrapped(xy(west, 0.0), xy(east, 1.0));
            let found: Vec<_> = found.iter().map(|it| (it.min().x, it.max().x)).collect();
            assert_eq!(found, expected, "{west} to {east}");
        }
    }

    #[test]
    fn longitudes_over_the_antimeridian_are_unrolled() {
        let mut row = [xy(179.0, 0.0), xy(-179.0, 0.0), xy(-177.0, 0.0), xy(179.0, 0.0)];
        unroll(&mut row);
        assert_eq!(row, [179.0, 181.0, 183.0, 179.0].map(|x| xy(x, 0.0)));
    }

    #[test]
    fn a_box_is_cut_only_where_the_meridian_is_inside() {
        let pieces = |west, east| boxed(west, 0.0, east, 1.0).map(|it| cut_at(&it, -30.0).len());
        assert_eq!(
            [pieces(-40.0, -20.0), pieces(-30.0, 0.0), pieces(320.0, 340.0)],
            [Some(2), Some(1), Some(2)]
        );
    }
}
