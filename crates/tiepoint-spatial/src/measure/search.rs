//! What to ask an index of envelopes for everything near a geometry.
use tiepoint_core::Envelope;

/// A box to ask an index of envelopes with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SearchBox {
    /// Envelopes that meet this one are wanted.
    pub envelope: Envelope,
    /// Of those, only the ones wider than this (`max_x - min_x`) are wanted, if it is given: the
    /// others are found by another box. Whoever cannot ask that takes all.
    pub wider_than: Option<f64>,
}
