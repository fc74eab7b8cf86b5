//! Writes EWKB, the dialect of PostGIS: dims as flags, an SRID in the head of the whole.
//!
//! Source: PostGIS, `doc/ZMSGeoms.txt`, and `liblwgeom/lwout_wkb.c` for what it writes.

use super::head::{EWKB_M, EWKB_SRID, EWKB_Z};
use super::kind::{Content, Dims, GeometryKind};
use super::walk::{GeometryRef, Parts};

/// Appends `geometry` as little-endian EWKB.
pub(super) fn append_ewkb(geometry: GeometryRef<'_>, srid: Option<i32>, out: &mut Vec<u8>) {
    let flag = if srid.is_some() { EWKB_SRID } else { 0 };
    out.push(1);
    out.extend_from_slice(&(ewkb_code(geometry.kind(), geometry.dims()) | flag).to_le_bytes());
    if let Some(srid) = srid {
        out.extend_from_slice(&srid.to_le_bytes());
    }
    append_body(geometry, out);
}

/// Bodies are spelled as in canonical WKB, but for the heads of members.
fn append_body(geometry: GeometryRef<'_>, out: &mut Vec<u8>) {
    let body = &geometry.as_wkb()[super::head::HEAD_BYTES..];
    let same = geometry.dims() == Dims::Xy || geometry.kind().content() != Content::Members;
    match geometry.parts() {
        Parts::Members(members) if !same => {
            out.extend_from_slice(&body[..4]);
            members.for_each(|member| append_ewkb(member, None, out));
        }
        _ => out.extend_from_slice(body),
    }
}

const fn ewkb_code(kind: GeometryKind, dims: Dims) -> u32 {
    let z = if dims.has_z() { EWKB_Z } else { 0 };
    let m = if dims.has_m() { EWKB_M } else { 0 };
    kind.code() | z | m
}
