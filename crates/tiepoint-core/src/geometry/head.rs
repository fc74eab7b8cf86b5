//! The first bytes of a WKB geometry: byte order, kind, dims and perhaps an SRID.
//!
//! ISO spells dims by adding 1000 (Z), 2000 (M) or 3000 (ZM) to the code (OGC 06-103r4, table 7);
//! EWKB by flags in the high bits, with one more flag for an SRID that follows (PostGIS,
//! `doc/ZMSGeoms.txt`). Both are read here, also mixed, as PostGIS does.

use super::error::{Fault, GeometryError, Located};
use super::kind::{Dims, GeometryKind};

pub(super) const EWKB_Z: u32 = 0x8000_0000;
pub(super) const EWKB_M: u32 = 0x4000_0000;
pub(super) const EWKB_SRID: u32 = 0x2000_0000;
const EWKB_FLAGS: u32 = EWKB_Z | EWKB_M | EWKB_SRID;

/// Bytes of a head without an SRID.
pub(super) const HEAD_BYTES: usize = 5;

/// What the first bytes say.
#[derive(Debug, Clone, Copy)]
pub(super) struct Head {
    pub(super) little_endian: bool,
    /// Whether the code is spelled the canonical way, without flags.
    pub(super) iso: bool,
    pub(super) kind: GeometryKind,
    pub(super) dims: Dims,
    pub(super) srid: Option<i32>,
}

impl Head {
    /// Reads the head at the start of `bytes`; the error is where in them, and why.
    #[inline]
    pub(super) fn read(bytes: &[u8]) -> Result<Self, (usize, Fault)> {
        let Some((&[mark, ref raw @ ..], rest)) = bytes.split_first_chunk::<HEAD_BYTES>() else {
            return Err((0, Fault::Truncated { needed: HEAD_BYTES, remaining: bytes.len() }));
        };
        if mark > 1 {
            return Err((0, Fault::ByteOrder { mark }));
        }
        let little_endian = mark == 1;
        let code = u32_from(*raw, little_endian);
        let (kind, dims) = decode(code).ok_or((1, Fault::KindCode { code }))?;
        let mut head = Self { little_endian, iso: code & EWKB_FLAGS == 0, kind, dims, srid: None };
        if code & EWKB_SRID != 0 {
            let Some(srid) = rest.first_chunk() else {
                let remaining = rest.len();
                return Err((HEAD_BYTES, Fault::Truncated { needed: 4, remaining }));
            };
            head.srid = Some(u32_from(*srid, little_endian).cast_signed());
        }
        Ok(head)
    }

    /// How many bytes the head takes.
    #[inline]
    pub(super) fn len(&self) -> usize {
        HEAD_BYTES + if self.srid.is_some() { 4 } else { 0 }
    }
}

/// Kind and dims of a code in either spelling; none if it names no kind.
#[inline]
fn decode(code: u32) -> Option<(GeometryKind, Dims)> {
    let plain = code & !EWKB_FLAGS;
    let (thousands, kind) = (plain / 1000, GeometryKind::from_code(plain % 1000)?);
    if thousands > 3 {
        return None;
    }
    let z = code & EWKB_Z != 0 || thousands & 1 != 0;
    let m = code & EWKB_M != 0 || thousands & 2 != 0;
    Some((kind, Dims::of(z, m)))
}

/// The ISO code of a kind with dims.
#[inline]
pub(super) const fn iso_code(kind: GeometryKind, dims: Dims) -> u32 {
    let thousands = match dims {
        Dims::Xy => 0,
        Dims::Xyz => 1000,
        Dims::Xym => 2000,
        Dims::Xyzm => 3000,
    };
    kind.code() + thousands
}

/// The canonical head of a geometry.
#[inline]
pub(super) fn canonical_head(kind: GeometryKind, dims: Dims) -> [u8; HEAD_BYTES] {
    let [a, b, c, d] = iso_code(kind, dims).to_le_bytes();
    [1, a, b, c, d]
}

#[inline]
pub(super) fn u32_from(bytes: [u8; 4], little_endian: bool) -> u32 {
    if little_endian { u32::from_le_bytes(bytes) } else { u32::from_be_bytes(bytes) }
}

/// What the first bytes of a WKB or EWKB geometry say, without reading the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WkbFacts {
    /// The kind of the whole.
    pub kind: GeometryKind,
    /// The dims of the whole.
    pub dims: Dims,
    /// The SRID, if the bytes are EWKB and carry one. Means something to its store only.
    pub srid: Option<i32>,
}

impl WkbFacts {
    /// Reads kind, dims and SRID off WKB or EWKB of either byte order.
    ///
    /// Looks at 9 bytes at most: what follows may be malformed.
    ///
    /// # Errors
    ///
    /// [`GeometryError::Bytes`] when the head is cut off, has no byte order mark, or its code
    /// names no kind.
    ///
    /// # Examples
    ///
    /// ```
    /// use tiepoint_core::{Dims, Geometry, GeometryKind, WkbFacts};
    ///
    /// let ewkb = Geometry::from_wkt("POINT Z (1 2 3)")?.to_ewkb(Some(4326));
    /// let facts = WkbFacts::peek(&ewkb)?;
    /// assert_eq!((facts.kind, facts.dims), (GeometryKind::Point, Dims::Xyz));
    /// assert_eq!(facts.srid, Some(4326));
    /// # Ok::<(), tiepoint_core::GeometryError>(())
    /// ```
    pub fn peek(bytes: &[u8]) -> Result<Self, GeometryError> {
        let head = Head::read(bytes)
            .map_err(|(offset, fault)| Located { fault, offset, position: 0 }.in_bytes())?;
        Ok(Self { kind: head.kind, dims: head.dims, srid: head.srid })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn iso_and_flag_codes_decode_to_the_same_kind_and_dims() {
        for kind in GeometryKind::ALL {
            for dims in Dims::ALL {
                let z = if dims.has_z() { EWKB_Z } else { 0 };
                let m = if dims.has_m() { EWKB_M } else { 0 };
                assert_eq!(decode(iso_code(kind, dims)), Some((kind, dims)));
                assert_eq!(decode(kind.code() | z | m), Some((kind, dims)));
            }
        }
    }

    #[test]
    fn codes_beyond_the_table_name_nothing() {
        for code in [0, 13, 14, 18, 4001, 1_000_001, 0x1000_0001] {
            assert_eq!(decode(code), None, "{code}");
        }
    }
}
