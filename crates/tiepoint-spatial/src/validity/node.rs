//! What happens at one position that rings lead through.

use std::cmp::Ordering;

use geo::algorithm::kernels::{Kernel, Orientation, RobustKernel};
use geo_types::Coord;

use super::Reason;
use super::outline::{Outline, Segment};

/// The ways in and out of a position: at a vertex of a ring, or along a segment through it.
///
/// Kept and cleared, so that a sweep allocates once.
#[derive(Debug, Default)]
pub(super) struct Node {
    /// By direction once judged: from down, counter-clockwise.
    ways: Vec<Way>,
    /// The ring of each passage.
    passages: Vec<usize>,
    /// Whether a passage is along a segment. Two cannot be: they cross, and were neighbours before.
    is_along: bool,
    /// Segments that go on to the right, from bottom to top, once judged.
    onward: Vec<usize>,
    /// Passages that have been entered and not left, while judging.
    open: Vec<usize>,
    /// Rings without repetition in order, once judged.
    rings: Vec<usize>,
}

/// One end of a passage.
#[derive(Debug, Clone, Copy)]
struct Way {
    /// Where the other end of its segment is.
    to: Coord,
    /// Whether that is still ahead of the sweep.
    is_onward: bool,
    segment: usize,
    passage: usize,
}

impl Node {
    pub(super) fn clear(&mut self) {
        self.ways.clear();
        self.passages.clear();
        self.is_along = false;
        self.onward.clear();
    }

    /// Adds a segment that leads through the position.
    pub(super) fn add_segment(&mut self, segment: &Segment, index: usize) {
        let passage = self.passages.len();
        for (to, is_onward) in [(segment.left, false), (segment.right, true)] {
            self.ways.push(Way { to, is_onward, segment: index, passage });
        }
        self.passages.push(segment.ring);
        self.is_along = true;
    }

    /// Adds a vertex at the position.
    pub(super) fn add_vertex(&mut self, outline: &Outline, at: Coord, vertex: usize) {
        let passage = self.passages.len();
        for index in [outline.segment_to(vertex), vertex] {
            let segment = &outline.segments[index];
            let is_onward = segment.left == at;
            let to = if is_onward { segment.right } else { segment.left };
            self.ways.push(Way { to, is_onward, segment: index, passage });
        }
        self.passages.push(outline.segments[vertex].ring);
    }

    /// Whether more than one passage leads through the position.
    pub(super) fn is_shared(&self) -> bool {
        self.passages.len() > 1
    }

    /// The segments that go on from here, from bottom to top.
    pub(super) fn onward(&self) -> &[usize] {
        &self.onward
    }

    /// The rings here, in order.
    pub(super) fn rings(&self) -> &[usize] {
        &self.rings
    }

    /// Puts the ways in order; tells what is wrong with them.
    pub(super) fn judge(&mut self, at: Coord) -> Result<(), Reason> {
        self.ways.sort_unstable_by(|a, b| by_direction(at, a, b));
        let onward = self.ways.iter().filter(|way| way.is_onward).map(|way| way.segment);
        self.onward.extend(onward);
        let same = |pair: &[Way]| by_direction(at, &pair[0], &pair[1]).is_eq();
        let overlap = self.ways.windows(2).any(same);
        if self.is_shared() && !(overlap && self.is_along) {
            self.judge_passages()?;
        }
        if overlap { Err(Reason::SelfIntersection) } else { Ok(()) }
    }

    fn judge_passages(&mut self) -> Result<(), Reason> {
        self.rings.clone_from(&self.passages);
        self.rings.sort_unstable();
        if self.rings.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(Reason::RingSelfIntersection);
        }
        // passages that do not cross nest like brackets
        self.open.clear();
        for way in &self.ways {
            if self.open.last() == Some(&way.passage) {
                self.open.pop();
            } else {
                self.open.push(way.passage);
            }
        }
        if self.open.is_empty() { Ok(()) } else { Err(Reason::SelfIntersection) }
    }
}

/// Ways to the right come first, from down to up; then those to the left, from up to down.
fn by_direction(at: Coord, a: &Way, b: &Way) -> Ordering {
    b.is_onward.cmp(&a.is_onward).then_with(|| match RobustKernel::orient2d(at, a.to, b.to) {
        Orientation::CounterClockwise => Ordering::Less,
        Orientation::Clockwise => Ordering::Greater,
        Orientation::Collinear => Ordering::Equal,
    })
}

#[cfg(test)]
mod tests {
    use super::super::sweep::by_x_then_y;
    use super::*;

    #[test]
    fn ways_are_in_order_around_their_position() {
        let at = Coord { x: 1.0, y: 1.0 };
        let around =
            [(1.5, 0.0), (2.0, 1.0), (2.0, 3.0), (1.0, 2.0), (0.0, 3.0), (0.0, 1.0), (1.0, 0.0)];
        let way = |(x, y): (f64, f64)| {
            let to = Coord { x, y };
            Way { to, is_onward: by_x_then_y(at, to).is_lt(), segment: 0, passage: 0 }
        };
        for pair in around.map(way).windows(2) {
            assert_eq!(by_direction(at, &pair[0], &pair[1]), Ordering::Less, "{pair:?}");
        }
    }
}
