//! Writes well-known text: ISO spelling, shortest numbers that read back to the same bits.
//!
//! `POINT Z (1 2 3)`, `MULTIPOINT ((1 2),EMPTY)`: OGC 06-103r4, section 7, laid out as GDAL does.

use super::kind::{Dims, GeometryKind};
use super::positions::Positions;
use super::walk::{GeometryRef, Members, Parts};
use super::{Geometry, Rings};

impl Geometry {
    /// The geometry as well-known text.
    ///
    /// Numbers are the shortest that read back to the same bits; an unknown z or m is `NaN`
    /// (all its bit patterns alike).
    ///
    /// # Examples
    ///
    /// ```
    /// use tiepoint_core::Geometry;
    ///
    /// let arc = Geometry::from_wkt("compoundcurve(circularstring(0 0,1 1,2 0),(2 0,3 .50))")?;
    /// assert_eq!(arc.to_wkt(), "COMPOUNDCURVE (CIRCULARSTRING (0 0,1 1,2 0),(2 0,3 0.5))");
    /// # Ok::<(), tiepoint_core::GeometryError>(())
    /// ```
    #[must_use]
    pub fn to_wkt(&self) -> String {
        let out = String::with_capacity(self.as_wkb().len());
        Text { out, enough: usize::MAX }.of(self.as_ref())
    }

    /// At least the first `enough` bytes of the text, and not much more.
    pub(super) fn start_of_wkt(&self, enough: usize) -> String {
        Text { out: String::new(), enough }.of(self.as_ref())
    }

    /// The text of [`to_wkt`](Self::to_wkt) with `SRID=…;` before it, as `PostGIS` reads it.
    #[must_use]
    pub fn to_ewkt(&self, srid: Option<i32>) -> String {
        match srid {
            Some(srid) => format!("SRID={srid};{}", self.to_wkt()),
            None => self.to_wkt(),
        }
    }
}

struct Text {
    out: String,
    /// Lists stop at this length.
    enough: usize,
}

impl Text {
    fn of(mut self, geometry: GeometryRef<'_>) -> String {
        self.geometry(geometry);
        self.out
    }

    fn geometry(&mut self, geometry: GeometryRef<'_>) {
        self.out.push_str(geometry.kind().keyword());
        self.out.push(' ');
        if geometry.dims() != Dims::Xy {
            self.out.push_str(geometry.dims().tag());
            self.out.push(' ');
        }
        self.body(geometry);
    }

    fn body(&mut self, geometry: GeometryRef<'_>) {
        match geometry.parts() {
            Parts::Positions(positions) => self.positions(positions),
            Parts::Rings(rings) => self.rings(rings),
            Parts::Members(members) => self.members(geometry.kind(), members),
        }
    }

    fn rings(&mut self, rings: Rings<'_>) {
        self.list(rings, |text, ring| text.positions(ring));
    }

    fn members(&mut self, parent: GeometryKind, members: Members<'_>) {
        let untagged = parent.untagged_member();
        self.list(members, |text, member| {
            if untagged == Some(member.kind()) {
                text.body(member);
            } else {
                text.geometry(member);
            }
        });
    }

    fn list<T>(
        &mut self,
        items: impl ExactSizeIterator<Item = T>,
        mut write: impl FnMut(&mut Self, T),
    ) {
        if items.len() == 0 {
            return self.out.push_str("EMPTY");
        }
        let mut before = '(';
        for item in items {
            if self.out.len() > self.enough {
                return;
            }
            self.out.push(before);
            write(self, item);
            before = ',';
        }
        self.out.push(')');
    }

    fn positions(&mut self, positions: Positions<'_>) {
        match positions.dims() {
            Dims::Xy => self.arrays::<2>(positions),
            Dims::Xyz | Dims::Xym => self.arrays::<3>(positions),
            Dims::Xyzm => self.arrays::<4>(positions),
        }
    }

    fn arrays<const N: usize>(&mut self, positions: Positions<'_>) {
        let mut digits = zmij::Buffer::new();
        self.list(positions.arrays::<N>(), |text, position| {
            for (axis, ordinate) in position.into_iter().enumerate() {
                if axis > 0 {
                    text.out.push(' ');
                }
                let number = digits.format(ordinate);
                text.out.push_str(number.strip_suffix(".0").unwrap_or(number));
            }
        });
    }
}
