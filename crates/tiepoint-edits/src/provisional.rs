//! Provisional fids: what a feature that its store has not seen yet is called here.
use std::sync::atomic::{AtomicI64, Ordering};
use tiepoint_core::{Fid, Image};

/// They begin here: above whatever a store counts to, and exact as a double. Ascending, so that new
/// features come last, in the order they were made in.
const FIRST: i64 = 1 << 52;

/// Gives them out, none twice.
#[derive(Debug)]
pub(crate) struct Provisional(AtomicI64);

impl Default for Provisional {
    fn default() -> Self {
        Self(AtomicI64::new(FIRST))
    }
}

impl Provisional {
    pub(crate) fn next(&self) -> Fid {
        Fid::Int(self.0.fetch_add(1, Ordering::Relaxed))
    }

    /// Gives out none that is not above this one.
    pub(crate) fn pass(&self, fid: &Fid) {
        if let Fid::Int(number) = fid
            && is_provisional(fid)
        {
            self.0.fetch_max(number.saturating_add(1), Ordering::Relaxed);
        }
    }
}

pub(crate) fn is_provisional(fid: &Fid) -> bool {
    matches!(fid, Fid::Int(number) if *number >= FIRST)
}

/// What the feature says, without a fid that means nothing outside.
pub(crate) fn stripped(image: Image) -> Image {
    Image { fid: image.fid.filter(|fid| !is_provisional(fid)), ..image }
}
