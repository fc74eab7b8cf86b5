//! Distances between coordinates whose squares leave the range of doubles: slower, and as good.
use super::segment;
use super::shape::{At, Piece};

/// How coordinates are brought into range.
#[derive(Debug, Clone, Copy)]
pub(super) enum Size {
    /// Beyond 1e150.
    Huge,
    /// All below 1e-130.
    Tiny,
}

impl Size {
    /// What coordinates are multiplied by, so that differences stay in range.
    pub(super) fn scale(self) -> f64 {
        match self {
            Self::Huge => 0.25,
            Self::Tiny => 2.0_f64.powi(600),
        }
    }
}

/// The distance between two pieces.
pub(super) fn distance(a: &Piece, b: &Piece) -> f64 {
    let to_b = [a.from, a.to].into_iter().map(|end| to_point(b, end));
    let to_a = [b.from, b.to].into_iter().map(|end| to_point(a, end));
    let least = to_b.chain(to_a).fold(f64::INFINITY, f64::min);
    if least > 0.0 && segment::cross(a, b) { 0.0 } else { least }
}

/// The distance from a place to a piece, without a square.
fn to_point(piece: &Piece, at: At) -> f64 {
    let [from, to] = [piece.from, piece.to].map(|end| length(minus(at, end)));
    let (near, far) = if from <= to { (piece.from, piece.to) } else { (piece.to, piece.from) };
    let (along, to_at) = (minus(far, near), minus(at, near));
    let unit = along.map(|it| it / length(along));
    let forward = |[x, y]: At| x * unit[0] + y * unit[1];
    // neither holds where both ends are the same
    if forward(to_at) > 0.0 && forward(minus(at, far)) < 0.0 {
        from.min(to).min((unit[0] * to_at[1] - unit[1] * to_at[0]).abs())
    } else {
        from.min(to)
    }
}

fn minus(a: At, b: At) -> At {
    [a[0] - b[0], a[1] - b[1]]
}

fn length([x, y]: At) -> f64 {
    x.hypot(y)
}
