//! Spells a geometry the canonical way: little-endian ISO WKB, every member too.

use super::head::{Head, canonical_head, u32_from};
use super::kind::{Content, GeometryKind};

/// Appends well-formed WKB or EWKB of any byte order to `out` as canonical WKB.
///
/// The result is never longer than `foreign`. An empty point becomes all quiet NaN.
pub(super) fn append_canonical(foreign: &[u8], out: &mut Vec<u8>) {
    Transcoder { rest: foreign, out }.geometry();
}

struct Transcoder<'a, 'o> {
    rest: &'a [u8],
    out: &'o mut Vec<u8>,
}

impl<'a> Transcoder<'a, '_> {
    fn geometry(&mut self) {
        let head = Head::read(self.rest).expect("the scan read this head");
        self.take(head.len());
        self.out.extend_from_slice(&canonical_head(head.kind, head.dims));
        match (head.kind, head.kind.content()) {
            (GeometryKind::Point, _) => self.point(head),
            (_, Content::Positions) => self.run(head),
            (_, Content::Rings) => (0..self.count(head)).for_each(|_| self.run(head)),
            (_, Content::Members) => (0..self.count(head)).for_each(|_| self.geometry()),
        }
    }

    fn point(&mut self, head: Head) {
        let start = self.out.len();
        let raw = self.take(head.dims.size() * 8);
        self.ordinates(raw, head.little_endian);
        let written = self.out[start..].as_chunks_mut::<8>().0;
        if f64::from_le_bytes(written[0]).is_nan() {
            written.fill(f64::NAN.to_le_bytes());
        }
    }

    fn run(&mut self, head: Head) {
        let count = self.count(head) as usize;
        let raw = self.take(count * head.dims.size() * 8);
        self.ordinates(raw, head.little_endian);
    }

    fn ordinates(&mut self, raw: &[u8], little_endian: bool) {
        if little_endian {
            self.out.extend_from_slice(raw);
        } else {
            let swapped = raw.as_chunks::<8>().0.iter().map(|o| u64::from_be_bytes(*o));
            self.out.extend(swapped.flat_map(u64::to_le_bytes));
        }
    }

    fn count(&mut self, head: Head) -> u32 {
        let raw = self.take(4);
        let count = u32_from(*raw.first_chunk().expect("took four bytes"), head.little_endian);
        self.out.extend_from_slice(&count.to_le_bytes());
        count
    }

    fn take(&mut self, count: usize) -> &'a [u8] {
        let (taken, rest) = self.rest.split_at(count);
        self.rest = rest;
        taken
    }
}
