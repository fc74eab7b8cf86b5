//! Which rings hang together by touching, and whether they close off part of the interior.

use geo_types::Coord;

/// Rings and the positions where rings of one polygon touch, as a graph of two sorts of nodes.
///
/// Rings that do not cross leave the interior in one piece exactly as long as this graph has no
/// cycle (OGC 06-103r4, section 6.1.11.1, rule e).
#[derive(Debug)]
pub(super) struct Touches {
    /// For each node another one nearer to the head of its tree, or itself.
    towards: Vec<usize>,
    /// Where the first cycle closed.
    cycle: Option<Coord>,
}

impl Touches {
    /// No touches between so many rings.
    pub(super) fn new(rings: usize) -> Self {
        Self { towards: (0..rings).collect(), cycle: None }
    }

    /// Notes that two or more distinct rings of one polygon touch at a position.
    pub(super) fn add(&mut self, rings: impl IntoIterator<Item = usize>, at: Coord) {
        let touch = self.towards.len();
        self.towards.push(touch);
        for ring in rings {
            let (ring, touch) = (self.head(ring), self.head(touch));
            if ring == touch {
                self.cycle.get_or_insert(at);
            }
            self.towards[touch] = ring;
        }
    }

    /// Where rings close off part of the interior, if they do.
    pub(super) fn cycle(&self) -> Option<Coord> {
        self.cycle
    }

    fn head(&mut self, mut node: usize) -> usize {
        while self.towards[node] != node {
            self.towards[node] = self.towards[self.towards[node]];
            node = self.towards[node];
        }
        node
    }
}
