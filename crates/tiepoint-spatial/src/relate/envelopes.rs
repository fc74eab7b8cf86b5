//! What the boxes around two geometries decide alone.
use tiepoint_core::{Envelope, SpatialPredicate};

/// The answer of `predicate` on two geometries of which only the boxes are known ([`None`] for an
/// empty geometry), where those decide it.
///
/// # Examples
///
/// ```
/// use tiepoint_core::{Envelope, SpatialPredicate, Xy};
/// use tiepoint_spatial::relate::decided_by_envelopes;
///
/// let at = |x: f64| Envelope::of([Xy { x, y: 0.0 }, Xy { x: x + 1.0, y: 1.0 }]);
/// let (here, there) = (at(0.0)?, at(5.0)?);
/// let decided = |predicate| decided_by_envelopes(predicate, here, there);
/// assert_eq!(decided(SpatialPredicate::Intersects), Some(false));
/// assert_eq!(decided(SpatialPredicate::Disjoint), Some(true));
/// assert_eq!(decided_by_envelopes(SpatialPredicate::Intersects, here, here), None);
/// # Ok::<(), tiepoint_core::BoxError>(())
/// ```
#[must_use]
pub fn decided_by_envelopes(
    predicate: SpatialPredicate,
    first: Option<Envelope>,
    second: Option<Envelope>,
) -> Option<bool> {
    use SpatialPredicate as P;
    let (first, second) = match (first, second) {
        (Some(first), Some(second)) => (first, second),
        (None, None) => return Some(matches!(predicate, P::Equals | P::Disjoint)),
        _ => return Some(predicate == P::Disjoint),
    };
    let possible = match predicate {
        P::Disjoint => return (!first.intersects(&second)).then_some(true),
        P::Equals => first == second,
        P::Within | P::CoveredBy => holds(&second, &first),
        P::Contains | P::Covers => holds(&first, &second),
        P::Intersects | P::Touches | P::Crosses | P::Overlaps => first.intersects(&second),
    };
    (!possible).then_some(false)
}

fn holds(outer: &Envelope, inner: &Envelope) -> bool {
    outer.min().x <= inner.min().x
        && outer.min().y <= inner.min().y
        && outer.max().x >= inner.max().x
        && outer.max().y >= inner.max().y
}
