//! What is seen of a geometry while its positions are compared with a shape's grid.
use super::contacts::touch;
use super::grid::{Cell, Grid};
use super::shape::Shape;
use std::ops::ControlFlow::{self, Break, Continue};
use tiepoint_core::{Part, Positions, Xy};

/// Where positions have been seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Seen {
    pub(super) inside: bool,
    pub(super) outside: bool,
    /// On the boundary, or at least an edge that meets it.
    pub(super) on: bool,
}

impl Seen {
    pub(super) fn note(&mut self, part: Part) {
        match part {
            Part::Interior => self.inside = true,
            Part::Boundary => self.on = true,
            Part::Exterior => self.outside = true,
        }
    }
}

/// Goes over the positions of another geometry until something is settled.
pub(super) struct Survey<'a> {
    shape: &'a Shape,
    grid: &'a Grid,
    seen: Seen,
}

impl<'a> Survey<'a> {
    pub(super) fn new(shape: &'a Shape) -> Self {
        Self { shape, grid: shape.grid(), seen: Seen::default() }
    }

    pub(super) fn seen(&self) -> Seen {
        self.seen
    }

    /// A position against the surface.
    #[inline]
    pub(super) fn point(
        &mut self,
        at: Xy,
        settled: &impl Fn(Seen) -> Option<bool>,
    ) -> ControlFlow<bool> {
        self.note(self.grid.locate(at, &self.shape.edges), settled)
    }

    /// All positions of a line or ring against the surface, exactly.
    pub(super) fn corners(
        &mut self,
        line: Positions<'_>,
        settled: &impl Fn(Seen) -> Option<bool>,
    ) -> ControlFlow<bool> {
        line.xy().try_for_each(|at| self.point(at, settled))
    }

    /// A line or ring against the surface: corners as far as their cells tell, and whether an
    /// edge meets the boundary.
    #[inline]
    pub(super) fn line(
        &mut self,
        line: Positions<'_>,
        settled: &impl Fn(Seen) -> Option<bool>,
    ) -> ControlFlow<bool> {
        let mut known = false;
        let mut before: Option<(Xy, Option<usize>)> = None;
        for at in line.xy() {
            let (place, cell) = self.grid.cell_at(at);
            let passed = match cell {
                Cell::Inside => self.note(Part::Interior, settled).map_continue(|()| false)?,
                Cell::Outside => self.note(Part::Exterior, settled).map_continue(|()| false)?,
                Cell::Passed(_) => true,
            };
            known |= !passed;
            if let Some((from, from_place)) = before {
                let same = place.is_some() && place == from_place;
                if !self.seen.on && (passed || !same) && self.meets(from, at).is_break() {
                    self.note(Part::Boundary, settled)?;
                }
            }
            before = Some((at, place));
        }
        match before {
            Some((at, _)) if !known && !self.seen.on => self.point(at, settled),
            _ => Continue(()),
        }
    }

    /// Stops where a line or ring meets an edge.
    pub(super) fn line_meets(&self, line: Positions<'_>) -> ControlFlow<()> {
        line.xy().zip(line.xy().skip(1)).try_for_each(|(from, to)| self.meets(from, to))
    }

    /// Stops where a segment, or a position, meets an edge.
    #[inline]
    pub(super) fn meets(&self, from: Xy, to: Xy) -> ControlFlow<()> {
        self.grid.near(from, to, |index| {
            let edge = self.shape.edges[index as usize].ends();
            if touch((from, to), edge) { Break(()) } else { Continue(()) }
        })
    }

    #[inline]
    fn note(&mut self, part: Part, settled: &impl Fn(Seen) -> Option<bool>) -> ControlFlow<bool> {
        let before = self.seen;
        self.seen.note(part);
        if self.seen == before {
            return Continue(());
        }
        settled(self.seen).map_or(Continue(()), Break)
    }
}
