//! Walks a geometry in place: kind by kind, ring by ring, without allocating.

use std::iter::FusedIterator;

use super::head::{HEAD_BYTES, Head};
use super::kind::{Content, Dims, GeometryKind};
use super::positions::{Positions, Rings, split_count};

/// A geometry, or a member of one, in place.
///
/// Copying this copies a pointer. It is canonical WKB underneath, see
/// [`Geometry`](super::Geometry).
///
/// # Examples
///
/// A writer matches on the content and recurses:
///
/// ```
/// use tiepoint_core::{Geometry, GeometryRef, Parts};
///
/// fn segments(geometry: GeometryRef<'_>) -> usize {
///     let of = |line: tiepoint_core::Positions<'_>| line.len().saturating_sub(1);
///     match geometry.parts() {
///         Parts::Positions(line) => of(line),
///         Parts::Rings(rings) => rings.map(of).sum(),
///         Parts::Members(members) => members.map(segments).sum(),
///     }
/// }
///
/// let wkt = "GEOMETRYCOLLECTION (LINESTRING (0 0,1 0),POLYGON ((0 0,1 0,1 1,0 0)))";
/// assert_eq!(segments(Geometry::from_wkt(wkt)?.as_ref()), 4);
/// # Ok::<(), tiepoint_core::GeometryError>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct GeometryRef<'a> {
    wkb: &'a [u8],
    kind: GeometryKind,
    dims: Dims,
}

/// What a geometry is made of.
#[derive(Debug, Clone)]
pub enum Parts<'a> {
    /// Of a point, a line string or a circular string.
    Positions(Positions<'a>),
    /// Of a polygon or a triangle.
    Rings(Rings<'a>),
    /// Of all others; a curve polygon has its rings here.
    Members(Members<'a>),
}

impl<'a> GeometryRef<'a> {
    /// Reads canonical bytes that start with a geometry, and may go on after it.
    #[inline]
    fn starting(bytes: &'a [u8]) -> Self {
        let head = Head::read(bytes).expect("canonical bytes start with a head");
        Self { wkb: bytes, kind: head.kind, dims: head.dims }
    }

    /// Reads canonical bytes that are one geometry.
    #[inline]
    pub(super) fn new(wkb: &'a [u8]) -> Self {
        Self::starting(wkb)
    }

    /// The kind of this geometry.
    #[must_use]
    #[inline]
    pub fn kind(&self) -> GeometryKind {
        self.kind
    }

    /// The dims; those of a member are those of the whole.
    #[must_use]
    #[inline]
    pub fn dims(&self) -> Dims {
        self.dims
    }

    /// This geometry as canonical WKB.
    #[must_use]
    #[inline]
    pub fn as_wkb(&self) -> &'a [u8] {
        self.wkb
    }

    /// What it is made of.
    #[must_use]
    #[inline]
    pub fn parts(&self) -> Parts<'a> {
        let body = &self.wkb[HEAD_BYTES..];
        if self.kind == GeometryKind::Point {
            return Parts::Positions(self.point(body));
        }
        let (count, rest) = split_count(body);
        match self.kind.content() {
            Content::Positions => {
                let bytes = &rest[..count * self.dims.size() * 8];
                Parts::Positions(Positions::new(bytes, self.dims))
            }
            Content::Rings => Parts::Rings(Rings::new(rest, count, self.dims)),
            Content::Members => Parts::Members(Members { rest, remaining: count }),
        }
    }

    /// The positions of a point, line string or circular string; none for other kinds.
    #[must_use]
    #[inline]
    pub fn positions(&self) -> Positions<'a> {
        match self.parts() {
            Parts::Positions(positions) => positions,
            Parts::Rings(_) | Parts::Members(_) => Positions::new(&[], self.dims),
        }
    }

    /// The rings of a polygon or triangle; none for other kinds.
    #[must_use]
    #[inline]
    pub fn rings(&self) -> Rings<'a> {
        match self.parts() {
            Parts::Rings(rings) => rings,
            Parts::Positions(_) | Parts::Members(_) => Rings::new(&[], 0, self.dims),
        }
    }

    /// The members of a geometry that has some; none for other kinds.
    #[must_use]
    #[inline]
    pub fn members(&self) -> Members<'a> {
        match self.parts() {
            Parts::Members(members) => members,
            Parts::Positions(_) | Parts::Rings(_) => Members { rest: &[], remaining: 0 },
        }
    }

    /// How many positions it has in all. Costs a step per ring and member.
    #[must_use]
    pub fn num_positions(&self) -> usize {
        match self.parts() {
            Parts::Positions(positions) => positions.len(),
            Parts::Rings(rings) => rings.map(|ring| ring.len()).sum(),
            Parts::Members(members) => members.map(|member| member.num_positions()).sum(),
        }
    }

    fn point(&self, body: &'a [u8]) -> Positions<'a> {
        let position = &body[..self.dims.size() * 8];
        let x = *position.first_chunk().expect("a position has an x");
        let empty = f64::from_le_bytes(x).is_nan();
        Positions::new(if empty { &[] } else { position }, self.dims)
    }

    /// The bytes after this geometry.
    fn after(&self) -> &'a [u8] {
        let body = &self.wkb[HEAD_BYTES..];
        if self.kind == GeometryKind::Point {
            return &body[self.dims.size() * 8..];
        }
        match self.parts() {
            Parts::Positions(line) => &body[4 + line.as_bytes().len()..],
            Parts::Rings(mut rings) => {
                rings.by_ref().for_each(drop);
                rings.rest()
            }
            Parts::Members(mut members) => {
                members.by_ref().for_each(drop);
                members.rest
            }
        }
    }
}

/// The members of a geometry, in order.
#[derive(Debug, Clone)]
pub struct Members<'a> {
    rest: &'a [u8],
    remaining: usize,
}

impl<'a> Iterator for Members<'a> {
    type Item = GeometryRef<'a>;

    #[inline]
    fn next(&mut self) -> Option<GeometryRef<'a>> {
        self.remaining = self.remaining.checked_sub(1)?;
        let member = GeometryRef::starting(self.rest);
        let after = member.after();
        let wkb = &self.rest[..self.rest.len() - after.len()];
        self.rest = after;
        Some(GeometryRef { wkb, ..member })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.remaining, Some(self.remaining))
    }
}

impl ExactSizeIterator for Members<'_> {}
impl FusedIterator for Members<'_> {}
