//! How rings that do not cross lie inside one another.

use geo_types::Coord;

use super::Reason;
use super::outline::Outline;
use super::touches::Touches;

/// What a sweep without faults has found out.
pub(super) struct Arrangement {
    /// The ring directly around each ring.
    pub(super) parents: Vec<Option<usize>>,
    pub(super) touches: Touches,
}

impl Arrangement {
    /// Checks that holes are in their shells and side by side, shells not in other polygons, and
    /// interiors in one piece.
    pub(super) fn check(&self, outline: &Outline) -> Result<(), (Reason, Coord)> {
        let mut first: Option<(Reason, usize)> = None;
        self.walk(outline, |reason, ring| {
            // the first reason, of that the first ring
            first = Some(first.map_or((reason, ring), |first| first.min((reason, ring))));
        });
        if let Some((reason, ring)) = first {
            return Err((reason, outline.start(ring)));
        }
        match self.touches.cycle() {
            Some(at) => Err((Reason::DisconnectedInterior, at)),
            None => Ok(()),
        }
    }

    /// Goes into every ring and out again, and tells the misplaced ones.
    fn walk(&self, outline: &Outline, mut misplaced: impl FnMut(Reason, usize)) {
        // a lone ring has nothing to be misplaced in
        if self.parents.len() < 2 {
            return;
        }
        let (inner, mut ways) = self.inner_rings();
        let mut around = Around::new(outline);
        while let Some(way) = ways.pop() {
            match way {
                Way::Into(ring) => {
                    if let Some(reason) = around.reason_against(ring) {
                        misplaced(reason, ring);
                    }
                    around.enter(ring);
                    ways.push(Way::OutOf(ring));
                    ways.extend(inner[ring].iter().copied().map(Way::Into));
                }
                Way::OutOf(ring) => around.leave(ring),
            }
        }
    }

    /// The rings directly inside each ring, and the ways into those that are in none.
    fn inner_rings(&self) -> (Vec<Vec<usize>>, Vec<Way>) {
        let mut inner = vec![Vec::new(); self.parents.len()];
        let mut outermost = Vec::new();
        for (ring, parent) in self.parents.iter().enumerate() {
            match parent {
                Some(parent) => inner[*parent].push(ring),
                None => outermost.push(Way::Into(ring)),
            }
        }
        (inner, outermost)
    }
}

enum Way {
    Into(usize),
    OutOf(usize),
}

/// The rings around where the walk is.
struct Around<'a> {
    outline: &'a Outline,
    /// For each polygon, whether its shell is around, and how many of its holes.
    polygons: Vec<(bool, usize)>,
    /// How many polygons have their interior here.
    interiors: usize,
}

impl<'a> Around<'a> {
    fn new(outline: &'a Outline) -> Self {
        Self { outline, polygons: vec![(false, 0); outline.polygons], interiors: 0 }
    }

    /// Why a ring must not be here, if so.
    fn reason_against(&self, ring: usize) -> Option<Reason> {
        let ring = self.outline.rings[ring];
        match (ring.is_shell, self.polygons[ring.polygon]) {
            (true, _) => (self.interiors > 0).then_some(Reason::NestedShells),
            (false, (false, _)) => Some(Reason::HoleOutsideShell),
            (false, (true, holes)) => (holes > 0).then_some(Reason::NestedHoles),
        }
    }

    fn enter(&mut self, ring: usize) {
        self.change(ring, |(shell, holes), is_shell| {
            (shell || is_shell, holes + usize::from(!is_shell))
        });
    }

    fn leave(&mut self, ring: usize) {
        self.change(ring, |(shell, holes), is_shell| {
            (shell && !is_shell, holes - usize::from(!is_shell))
        });
    }

    fn change(&mut self, ring: usize, change: impl Fn((bool, usize), bool) -> (bool, usize)) {
        let ring = self.outline.rings[ring];
        let state = &mut self.polygons[ring.polygon];
        let was_inside = *state == (true, 0);
        *state = change(*state, ring.is_shell);
        let is_inside = *state == (true, 0);
        self.interiors = self.interiors + usize::from(is_inside) - usize::from(was_inside);
    }
}
