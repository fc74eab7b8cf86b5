//! A geometry taken apart for distances in the plane.
use tiepoint_core::{Geometry, GeometryRef, Parts, Positions};

use crate::measure::rings::Role;
use crate::measure::tree::Bounds;

pub(super) type At = [f64; 2];

/// A segment, or a point: twice the same.
#[derive(Debug, Clone, Copy)]
pub(super) struct Piece {
    pub(super) from: At,
    pub(super) to: At,
    /// The ring that it is of; none of a line or point.
    pub(super) ring: Option<u32>,
}

impl Piece {
    pub(super) fn bounds(&self) -> Bounds {
        let flat = |[x, y]: At| [x, y, 0.0];
        Bounds::of(flat(self.from), flat(self.to))
    }
}

/// What distances are computed from.
#[derive(Debug, Default)]
pub(super) struct Shape {
    pub(super) pieces: Vec<Piece>,
    pub(super) rings: Vec<Role>,
    /// A position of each point, line and polygon.
    pub(super) anchors: Vec<At>,
}

impl Shape {
    /// Of a geometry without curves, all coordinates times `scale`; [`None`] where there are none.
    pub(super) fn new(geometry: &Geometry, scale: f64) -> Option<Self> {
        let mut shape = Self::default();
        shape.take(geometry.as_ref(), scale);
        (!shape.pieces.is_empty()).then_some(shape)
    }

    fn take(&mut self, geometry: GeometryRef<'_>, scale: f64) {
        match geometry.parts() {
            Parts::Positions(line) => {
                self.anchors.extend(line.xy().next().map(|it| [it.x * scale, it.y * scale]));
                self.line(line, scale, None);
            }
            Parts::Rings(rings) => {
                for (index, ring) in rings.enumerate() {
                    let number = u32::try_from(self.rings.len()).ok();
                    if index == 0 {
                        let first = ring.xy().next();
                        self.anchors.extend(first.map(|it| [it.x * scale, it.y * scale]));
                    }
                    self.rings.push(if index == 0 { Role::Shell } else { Role::Hole });
                    self.line(ring, scale, number);
                }
            }
            Parts::Members(members) => members.for_each(|member| self.take(member, scale)),
        }
    }

    fn line(&mut self, line: Positions<'_>, scale: f64, ring: Option<u32>) {
        let mut positions = line.xy().map(|it| [it.x * scale, it.y * scale]);
        let Some(mut from) = positions.next() else { return };
        if line.len() == 1 {
            self.pieces.push(Piece { from, to: from, ring });
        }
        self.pieces.reserve(line.len());
        for to in positions {
            self.pieces.push(Piece { from, to, ring });
            from = to;
        }
    }
}
