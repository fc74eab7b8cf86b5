//! Which edges are near a place: a grid over the edges of a shape, with what is known of each cell.
//!
//! Positions are mapped to cells by functions that never decrease, so every position is in just
//! one cell. The cells that an edge passes are marked generously, and what is then computed from
//! edges is exact: rounding costs time, never truth.
use super::lists::Lists;
use super::ring::locate_among;
use super::shape::Edge;
use std::ops::ControlFlow;
use tiepoint_core::{Part, Xy};

/// Cells on a side at most.
const MAX_SIDE: u32 = 1024;

/// Cells that are looked at for what a box decides alone.
const MOST_LOOKED_AT: usize = 16;

/// Cells that an edge may pass, at most and on average.
const MAX_LISTED: f64 = 32.0;

/// What is known of the positions in a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cell {
    /// No edge; in the grid of a surface, all outside of it.
    Outside,
    /// No edge, all inside of the surface.
    Inside,
    /// Edges may pass: this list of them.
    Passed(u32),
}

/// Cells of a row next to each other.
#[derive(Debug, Clone, Copy)]
pub(super) struct Run {
    row: usize,
    first: usize,
    last: usize,
}

#[derive(Debug, Clone)]
pub(super) struct Grid {
    min: Xy,
    max: Xy,
    /// Cells per unit.
    density: Xy,
    columns: usize,
    rows: usize,
    cells: Vec<Cell>,
    by_cell: Lists,
    by_row: Lists,
}

impl Grid {
    /// A grid of about `cells` cells over some edges, all of one surface if `surface`.
    pub(super) fn new(edges: &[Edge], cells: usize, surface: bool) -> Self {
        let mut grid = Self::over(edges, cells);
        let (mut by_cell, mut by_row) = (Vec::new(), Vec::new());
        for (index, edge) in (0_u32..).zip(edges) {
            let _all = grid.runs(edge.from, edge.to, |run| {
                by_row.push((run.row, index));
                let start = run.row * grid.columns;
                by_cell.extend((run.first..=run.last).map(|column| (start + column, index)));
                ControlFlow::<()>::Continue(())
            });
        }
        grid.by_row = Lists::of(grid.rows, &by_row);
        grid.list(by_cell);
        if surface {
            (0..grid.rows).for_each(|row| grid.fill(row, edges));
        }
        grid
    }

    #[allow(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "small counts"
    )]
    fn over(edges: &[Edge], cells: usize) -> Self {
        let (mut min, mut max) = (Xy { x: f64::MAX, y: f64::MAX }, Xy { x: f64::MIN, y: f64::MIN });
        for at in edges.iter().flat_map(|edge| [edge.from, edge.to]) {
            (min, max) = (
                Xy { x: min.x.min(at.x), y: min.y.min(at.y) },
                Xy { x: max.x.max(at.x), y: max.y.max(at.y) },
            );
        }
        let (width, height) = (max.x - min.x, max.y - min.y);
        // how many times all edges together span the box, to bound how many cells they pass
        let part = |length: f64, of: f64| if of > 0.0 { length.abs() / of } else { 0.0 };
        let span = |edge: &Edge| {
            part(edge.to.x - edge.from.x, width) + part(edge.to.y - edge.from.y, height)
        };
        let spans: f64 = edges.iter().map(span).sum();
        let passable = MAX_LISTED * (edges.len() as f64 + 256.0) / spans;
        let side = ((cells as f64).sqrt().min(passable) as u32).clamp(1, MAX_SIDE);
        let along = |min: f64, max: f64| {
            let density = f64::from(side) / (max - min);
            if density.is_normal() { (density, side as usize) } else { (0.0, 1) }
        };
        let ((x, columns), (y, rows)) = (along(min.x, max.x), along(min.y, max.y));
        let (by_cell, by_row) = (Lists::default(), Lists::default());
        let cells = vec![Cell::Outside; columns * rows];
        Self { min, max, density: Xy { x, y }, columns, rows, cells, by_cell, by_row }
    }

    fn list(&mut self, passed: Vec<(usize, u32)>) {
        let mut count = 0;
        let mut listed = passed;
        for (cell, _) in &mut listed {
            let index = match self.cells[*cell] {
                Cell::Passed(list) => list,
                Cell::Outside | Cell::Inside => {
                    self.cells[*cell] = Cell::Passed(count);
                    count += 1;
                    count - 1
                }
            };
            *cell = index as usize;
        }
        self.by_cell = Lists::of(count as usize, &listed);
    }

    /// Finds out which runs of cells without an edge are inside of the surface.
    #[allow(clippy::cast_precision_loss, reason = "small counts")]
    fn fill(&mut self, row: usize, edges: &[Edge]) {
        let middle = |count: usize, density: f64| (count as f64 + 0.5) / density;
        let mut before = Cell::Passed(0);
        for column in 0..self.columns {
            let index = row * self.columns + column;
            if self.cells[index] == Cell::Outside {
                self.cells[index] = match before {
                    Cell::Outside | Cell::Inside => before,
                    Cell::Passed(_) => {
                        let x = self.min.x + middle(column, self.density.x);
                        let y = self.min.y + middle(row, self.density.y);
                        self.cell_around(Xy { x, y }, index, edges)
                    }
                };
            }
            before = self.cells[index];
        }
    }

    /// What is known of a cell without an edge, if `at` is in it; otherwise it counts as passed,
    /// by no edge.
    fn cell_around(&self, at: Xy, index: usize, edges: &[Edge]) -> Cell {
        if self.index_of(at) != index {
            return Cell::Passed(self.by_cell.none());
        }
        match self.locate_by_row(at, edges) {
            Part::Interior => Cell::Inside,
            Part::Boundary | Part::Exterior => Cell::Outside,
        }
    }

    /// Whether the position is in the box around all edges.
    #[inline]
    pub(super) fn holds(&self, at: Xy) -> bool {
        at.x >= self.min.x && at.x <= self.max.x && at.y >= self.min.y && at.y <= self.max.y
    }

    /// What is known of a position.
    #[inline]
    pub(super) fn cell(&self, at: Xy) -> Cell {
        self.cell_at(at).1
    }

    /// Which cell a position is in, if in any, and what is known of that.
    #[inline]
    pub(super) fn cell_at(&self, at: Xy) -> (Option<usize>, Cell) {
        if !self.holds(at) {
            return (None, Cell::Outside);
        }
        let index = self.index_of(at);
        (Some(index), self.cells[index])
    }

    /// What is known of every position in a box, where it is the same of all; [`None`] also where
    /// the box takes more than a few cells or leaves the grid.
    #[inline]
    pub(super) fn all_of(&self, min: Xy, max: Xy) -> Option<Cell> {
        if !(self.holds(min) && self.holds(max)) {
            return None;
        }
        let (columns, rows) =
            (self.column(min.x)..=self.column(max.x), self.row(min.y)..=self.row(max.y));
        if columns.clone().count() * rows.clone().count() > MOST_LOOKED_AT {
            return None;
        }
        let first = self.cells[rows.start() * self.columns + columns.start()];
        let of_row = |row: usize| &self.cells[row * self.columns..][columns.clone()];
        let same = rows.clone().all(|row| of_row(row).iter().all(|cell| *cell == first));
        same.then_some(first)
    }

    #[inline]
    fn index_of(&self, at: Xy) -> usize {
        self.row(at.y) * self.columns + self.column(at.x)
    }

    #[inline]
    fn column(&self, x: f64) -> usize {
        nth((x - self.min.x) * self.density.x, self.columns)
    }

    #[inline]
    fn row(&self, y: f64) -> usize {
        nth((y - self.min.y) * self.density.y, self.rows)
    }

    /// Where a position lies to the one surface that this is the grid of.
    #[inline]
    pub(super) fn locate(&self, at: Xy, edges: &[Edge]) -> Part {
        match self.cell(at) {
            Cell::Outside => Part::Exterior,
            Cell::Inside => Part::Interior,
            Cell::Passed(_) => self.locate_by_row(at, edges),
        }
    }

    fn locate_by_row(&self, at: Xy, edges: &[Edge]) -> Part {
        let row = self.by_row.get(self.row(at.y));
        locate_among(at, row.iter().map(|index| edges[*index as usize].ends()))
    }

    /// Where a position lies to one group of edges that are the rings of a surface.
    pub(super) fn locate_in_group(&self, at: Xy, edges: &[Edge], group: u32) -> Part {
        if !self.holds(at) {
            return Part::Exterior;
        }
        let row = self.by_row.get(self.row(at.y)).iter().map(|index| &edges[*index as usize]);
        locate_among(at, row.filter(|edge| edge.group == group).map(Edge::ends))
    }

    /// The edges that may come near the segment, some of them repeatedly, until told to stop.
    #[inline]
    pub(super) fn near<B>(
        &self,
        from: Xy,
        to: Xy,
        mut visit: impl FnMut(u32) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        self.runs(from, to, |run| {
            let start = run.row * self.columns;
            for cell in &self.cells[start + run.first..=start + run.last] {
                if let Cell::Passed(list) = cell {
                    for index in self.by_cell.get(*list as usize) {
                        visit(*index)?;
                    }
                }
            }
            ControlFlow::Continue(())
        })
    }

    /// The cells that the segment may pass, row by row, until told to stop.
    #[inline]
    fn runs<B>(
        &self,
        from: Xy,
        to: Xy,
        mut visit: impl FnMut(Run) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        let (left, right) = if from.x <= to.x { (from.x, to.x) } else { (to.x, from.x) };
        let (low, high) = if from.y <= to.y { (from.y, to.y) } else { (to.y, from.y) };
        if right < self.min.x || left > self.max.x || high < self.min.y || low > self.max.y {
            return ControlFlow::Continue(());
        }
        let (first, last) = (self.column(left), self.column(right));
        let (bottom, top) = (self.row(low), self.row(high));
        if last - first < 2 || top - bottom < 2 {
            for row in bottom..=top {
                visit(Run { row, first, last })?;
            }
            return ControlFlow::Continue(());
        }
        self.slanted(from, to, bottom..=top, |row, from, to| {
            visit(Run { row, first: from.max(first), last: to.min(last) })
        })
    }

    /// In every row, the columns between where the segment comes in and where it goes out.
    #[allow(clippy::cast_precision_loss, reason = "small counts")]
    fn slanted<B>(
        &self,
        from: Xy,
        to: Xy,
        rows: std::ops::RangeInclusive<usize>,
        mut visit: impl FnMut(usize, usize, usize) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        let (fx, fy) = self.place(from);
        let (tx, ty) = self.place(to);
        // how far rounding may carry it, with much to spare
        let slack = 1e-6 + 1e-12 * (fx.abs() + fy.abs() + tx.abs() + ty.abs());
        for row in rows {
            let x_at = |y: f64| {
                let part = ((y - fy) / (ty - fy)).clamp(0.0, 1.0);
                fx + part * (tx - fx)
            };
            let (a, b) = (x_at(row as f64 - slack), x_at(row as f64 + 1.0 + slack));
            let (first, last) = if (a + b).is_finite() && slack.is_finite() {
                (nth(a.min(b) - slack, self.columns), nth(a.max(b) + slack, self.columns))
            } else {
                (0, self.columns - 1)
            };
            visit(row, first, last)?;
        }
        ControlFlow::Continue(())
    }

    fn place(&self, at: Xy) -> (f64, f64) {
        ((at.x - self.min.x) * self.density.x, (at.y - self.min.y) * self.density.y)
    }
}

/// The whole part of `place`, in `0..count`.
#[inline]
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
fn nth(place: f64, count: usize) -> usize {
    (place as usize).min(count - 1)
}
