//! Sweeps over rings from left to right, and finds where they cross, or how they lie.

use std::cmp::Ordering;

use geo::algorithm::kernels::Orientation;
use geo_types::Coord;

use super::Reason;
use super::nesting::Arrangement;
use super::node::Node;
use super::outline::Outline;
use super::status::{Place, Status};
use super::touches::Touches;

/// Checks that rings are simple and do not cross one another, and tells how they lie.
///
/// The line moves over the vertices by x, then y. The segments it meets are kept in order from
/// bottom to top, which only a crossing could change; segments cross that are neighbours before
/// they do, so neighbours are tested as they meet, and what happens at vertices is judged there.
pub(super) fn sweep(outline: &Outline) -> Result<Arrangement, (Reason, Coord)> {
    let mut order: Vec<(Coord, usize)> = outline.vertices.iter().copied().zip(0..).collect();
    order.sort_unstable_by(|(a, _), (b, _)| by_x_then_y(*a, *b));
    let mut sweep = Sweep::over(outline);
    for here in order.chunk_by(|(a, _), (b, _)| a == b) {
        sweep.pass(here)?;
    }
    let parents = sweep.lies.iter().map(|lie| lie.and_then(|lie| lie.parent)).collect();
    Ok(Arrangement { parents, touches: sweep.touches })
}

/// The order of the sweep. All coordinates are numbers, and zero has one sign.
pub(super) fn by_x_then_y(a: Coord, b: Coord) -> Ordering {
    a.x.total_cmp(&b.x).then(a.y.total_cmp(&b.y))
}

struct Sweep<'a> {
    outline: &'a Outline,
    status: Status,
    /// How each ring lies, as soon as the line has met it.
    lies: Vec<Option<Lie>>,
    touches: Touches,
    node: Node,
}

/// How a ring lies.
#[derive(Debug, Clone, Copy)]
struct Lie {
    /// The ring directly around it.
    parent: Option<usize>,
    counter_clockwise: bool,
}

/// Part of the status that a position is on.
#[derive(Debug, Clone, Copy)]
struct Span {
    place: Place,
    count: usize,
}

impl<'a> Sweep<'a> {
    fn over(outline: &'a Outline) -> Self {
        Self {
            outline,
            status: Status::default(),
            lies: vec![None; outline.rings.len()],
            touches: Touches::new(outline.rings.len()),
            node: Node::default(),
        }
    }

    /// Moves the line over the vertices at one position.
    fn pass(&mut self, here: &[(Coord, usize)]) -> Result<(), (Reason, Coord)> {
        let at = here[0].0;
        let span = self.meet(at);
        for (_, vertex) in here {
            self.node.add_vertex(self.outline, at, *vertex);
        }
        self.node.judge(at).map_err(|reason| (reason, at))?;
        if self.node.is_shared() {
            self.note_touches(at);
        }
        self.advance(span)
    }

    /// Starts the node with the segments that lead through a position; finds all that it is on.
    fn meet(&mut self, at: Coord) -> Span {
        let segments = &self.outline.segments;
        let place =
            self.status.first_not(|it| segments[it].side(at) == Orientation::CounterClockwise);
        self.node.clear();
        let mut count = 0;
        for met in self.status.from(place) {
            let segment = &segments[met];
            if segment.right != at {
                if segment.side(at) != Orientation::Collinear {
                    break;
                }
                self.node.add_segment(segment, met);
            }
            count += 1;
        }
        Span { place, count }
    }

    /// Lets the segments that go on from a position take the place of those that led to it.
    fn advance(&mut self, span: Span) -> Result<(), (Reason, Coord)> {
        let below = self.status.before(span.place);
        let above = self.status.from(span.place).nth(span.count);
        let onward = self.node.onward();
        let (lowest, highest) = (onward.first().copied(), onward.last().copied());
        self.check_neighbours(below, lowest.or(above))?;
        self.check_neighbours(highest.filter(|_| above.is_some()), above)?;
        let mut beneath = below;
        for index in 0..onward.len() {
            let segment = self.node.onward()[index];
            self.place_ring(segment, beneath);
            beneath = Some(segment);
        }
        self.status.replace(span.place, span.count, self.node.onward());
        Ok(())
    }

    fn check_neighbours(&self, a: Option<usize>, b: Option<usize>) -> Result<(), (Reason, Coord)> {
        let segments = &self.outline.segments;
        let crossing = a.zip(b).and_then(|(a, b)| segments[a].crossing(&segments[b]));
        crossing.map_or(Ok(()), |at| Err((Reason::SelfIntersection, at)))
    }

    /// Tells how a ring lies that the line meets for the first time, by its lower segment and the
    /// segment beneath that.
    fn place_ring(&mut self, segment: usize, beneath: Option<usize>) {
        let Segmented { ring, forward } = self.segmented(segment);
        if self.lies[ring].is_some() {
            return;
        }
        let parent = beneath.and_then(|beneath| {
            let Segmented { ring: other, forward } = self.segmented(beneath);
            let lie = self.lies[other]?;
            if forward == lie.counter_clockwise { Some(other) } else { lie.parent }
        });
        self.lies[ring] = Some(Lie { parent, counter_clockwise: forward });
    }

    fn segmented(&self, segment: usize) -> Segmented {
        let segment = &self.outline.segments[segment];
        Segmented { ring: segment.ring, forward: segment.forward }
    }

    /// Notes which rings of one polygon share a position.
    fn note_touches(&mut self, at: Coord) {
        let rings = self.node.rings();
        let polygon = |ring: &usize| self.outline.rings[*ring].polygon;
        for touching in rings.chunk_by(|a, b| polygon(a) == polygon(b)) {
            if touching.len() > 1 {
                self.touches.add(touching.iter().copied(), at);
            }
        }
    }
}

/// The ring of a segment, and whether it leads from left to right there.
struct Segmented {
    ring: usize,
    forward: bool,
}
