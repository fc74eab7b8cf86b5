//! Decides whether bytes are a well-formed geometry: one pass, no allocation, a box on the way.
//!
//! Every promise of the bytes (counts, depth) is checked against what is there before anything
//! relies on it, so that a few hostile bytes cost a few nanoseconds.

use super::arc::include_arc;
use super::bounds::{self, Bounds};
use super::error::{Fault, Located};
use super::head::{Head, u32_from};
use super::kind::GeometryKind;

/// How many geometries may enclose one another; real data has 3.
pub const MAX_NESTING: usize = 32;

/// Bytes of the smallest member: a head and a count.
const LEAST_MEMBER_BYTES: usize = 9;

/// What one pass learns about well-formed bytes.
#[derive(Debug)]
pub(super) struct Scanned {
    pub(super) bounds: Bounds,
    pub(super) srid: Option<i32>,
    /// Whether the bytes are already spelled the canonical way.
    pub(super) canonical: bool,
}

/// Checks one geometry that takes up all of `bytes`, in WKB or EWKB.
pub(super) fn scan(bytes: &[u8]) -> Result<Scanned, Located> {
    let mut scan = Scan {
        bytes,
        at: 0,
        bounds: Bounds::NONE,
        positions: 0,
        canonical: true,
        root: None,
        depth: 0,
    };
    scan.geometry(None)?;
    match bytes.len() - scan.at {
        0 => {
            let srid = scan.root.and_then(|root| root.srid);
            Ok(Scanned { bounds: scan.bounds, srid, canonical: scan.canonical })
        }
        count => Err(scan.fault(Fault::Trailing { count })),
    }
}

struct Scan<'a> {
    bytes: &'a [u8],
    at: usize,
    bounds: Bounds,
    /// Positions passed so far.
    positions: usize,
    canonical: bool,
    root: Option<Head>,
    depth: usize,
}

/// Positions in a row, still in the byte order they came in.
#[derive(Clone, Copy)]
struct Run<'a> {
    bytes: &'a [u8],
    head: Head,
    count: usize,
    /// Where the run starts: byte (of its count, if it has one), and position.
    start: (usize, usize),
    ordinates_at: usize,
}

impl Run<'_> {
    fn xy(&self, index: usize) -> [f64; 2] {
        if self.head.little_endian {
            bounds::xy_at::<true>(self.bytes, self.head.dims, index)
        } else {
            bounds::xy_at::<false>(self.bytes, self.head.dims, index)
        }
    }

    fn ends(&self) -> Option<Ends> {
        let last = self.count.checked_sub(1)?;
        Some(Ends { first: self.xy(0), last: self.xy(last) })
    }

    fn fault(&self, fault: Fault) -> Located {
        Located { fault, offset: self.start.0, position: self.start.1 }
    }
}

/// Where a curve starts and ends.
#[derive(Clone, Copy)]
struct Ends {
    first: [f64; 2],
    last: [f64; 2],
}

impl<'a> Scan<'a> {
    /// Checks the geometry at the cursor and moves past it; tells the ends of a curve.
    fn geometry(&mut self, parent: Option<GeometryKind>) -> Result<Option<Ends>, Located> {
        let head = self.head(parent)?;
        match head.kind {
            GeometryKind::Point => self.point(head).map(|()| None),
            GeometryKind::LineString => self.line_string(head, parent),
            GeometryKind::CircularString => self.circular_string(head),
            GeometryKind::Polygon => self.polygon(head).map(|()| None),
            GeometryKind::Triangle => self.triangle(head).map(|()| None),
            _ => self.members(head),
        }
    }

    #[inline]
    fn head(&mut self, parent: Option<GeometryKind>) -> Result<Head, Located> {
        let at = self.at;
        let head = Head::read(&self.bytes[at..])
            .map_err(|(past, fault)| Located { offset: at + past, ..self.fault(fault) })?;
        if let (Some(parent), Some(root)) = (parent, self.root) {
            self.check_member(parent, root, head)?;
        } else {
            self.root = Some(head);
        }
        self.canonical &= head.little_endian & head.iso;
        self.at = at + head.len();
        Ok(head)
    }

    #[inline]
    fn check_member(&self, parent: GeometryKind, root: Head, head: Head) -> Result<(), Located> {
        if !parent.may_hold(head.kind) {
            return Err(self.fault(Fault::MemberKind { parent, member: head.kind }));
        }
        if head.dims != root.dims {
            return Err(self.fault(Fault::MemberDims { root: root.dims, member: head.dims }));
        }
        match head.srid {
            Some(member) if head.srid != root.srid => Err(self.fault(Fault::MemberSrid { member })),
            _ => Ok(()),
        }
    }

    fn point(&mut self, head: Head) -> Result<(), Located> {
        let start = (self.at, self.positions);
        let bytes = self.take(head.dims.size() * 8)?;
        let run = Run { bytes, head, count: 1, start, ordinates_at: start.0 };
        if run.xy(0).iter().all(|c| c.is_nan()) {
            let canonical = f64::NAN.to_le_bytes();
            self.canonical &= run.bytes.as_chunks::<8>().0.iter().all(|c| *c == canonical);
            return Ok(());
        }
        self.include(run)
    }

    fn line_string(
        &mut self,
        head: Head,
        parent: Option<GeometryKind>,
    ) -> Result<Option<Ends>, Located> {
        let run = self.run(head)?;
        if run.count == 1 {
            return Err(run.fault(count_fault(head.kind, 1, "none, or two or more")));
        }
        if parent == Some(GeometryKind::CurvePolygon) && run.count < 4 {
            return Err(run.fault(Fault::RingTooShort { count: run.count, least: 4 }));
        }
        self.include(run)?;
        Ok(run.ends())
    }

    fn circular_string(&mut self, head: Head) -> Result<Option<Ends>, Located> {
        let run = self.run(head)?;
        if run.count == 1 || (run.count > 0 && run.count % 2 == 0) {
            let rule = "none, or an odd number from three";
            return Err(run.fault(count_fault(head.kind, run.count, rule)));
        }
        self.include(run)?;
        for middle in (1..run.count).step_by(2) {
            let [start, end] = [middle - 1, middle + 1].map(|index| run.xy(index));
            include_arc(&mut self.bounds, start, run.xy(middle), end);
        }
        Ok(run.ends())
    }

    fn polygon(&mut self, head: Head) -> Result<(), Located> {
        for _ in 0..self.count(head, 4)? {
            self.ring(head)?;
        }
        Ok(())
    }

    fn triangle(&mut self, head: Head) -> Result<(), Located> {
        let start = self.at;
        let rings = self.count(head, 4)?;
        if rings > 1 {
            let fault = Fault::TriangleRings { count: rings };
            return Err(Located { offset: start, ..self.fault(fault) });
        }
        if rings == 1 {
            let ring = self.ring(head)?;
            if ring.count != 4 {
                return Err(ring.fault(count_fault(head.kind, ring.count, "none, or four")));
            }
        }
        Ok(())
    }

    #[inline]
    fn ring(&mut self, head: Head) -> Result<Run<'a>, Located> {
        let ring = self.run(head)?;
        if ring.count < 4 {
            return Err(ring.fault(Fault::RingTooShort { count: ring.count, least: 4 }));
        }
        self.include(ring)?;
        let (first, last) = (ring.xy(0), ring.xy(ring.count - 1));
        closed(first, last).map_err(|fault| ring.fault(fault))?;
        Ok(ring)
    }

    fn members(&mut self, head: Head) -> Result<Option<Ends>, Located> {
        if self.depth == MAX_NESTING {
            return Err(self.fault(Fault::TooDeep { cap: MAX_NESTING }));
        }
        let count = self.count(head, LEAST_MEMBER_BYTES)?;
        self.depth += 1;
        let mut whole: Option<Ends> = None;
        for _ in 0..count {
            let start = (self.at, self.positions);
            let part = self.geometry(Some(head.kind))?;
            if head.kind == GeometryKind::CurvePolygon {
                closed_curve(part).map_err(|fault| Located {
                    fault,
                    offset: start.0,
                    position: start.1,
                })?;
            }
            whole = join(whole, part);
        }
        self.depth -= 1;
        Ok(whole)
    }

    /// A count of positions, and the positions.
    #[inline]
    fn run(&mut self, head: Head) -> Result<Run<'a>, Located> {
        let start = (self.at, self.positions);
        let stride = head.dims.size() * 8;
        let count = self.count(head, stride)?;
        let ordinates_at = self.at;
        Ok(Run { bytes: self.take(count * stride)?, head, count, start, ordinates_at })
    }

    /// A count of things that take at least `least_bytes` each.
    #[inline]
    fn count(&mut self, head: Head, least_bytes: usize) -> Result<usize, Located> {
        let at = self.at;
        let raw = self.take(4)?;
        let raw = *raw.first_chunk().expect("took four bytes");
        let (count, remaining) = (u32_from(raw, head.little_endian), self.bytes.len() - self.at);
        match usize::try_from(count) {
            Ok(fitting) if fitting <= remaining / least_bytes => Ok(fitting),
            _ => {
                let fault = Fault::CountTooLarge { count, remaining };
                Err(Located { offset: at, ..self.fault(fault) })
            }
        }
    }

    #[inline]
    fn take(&mut self, needed: usize) -> Result<&'a [u8], Located> {
        let rest = &self.bytes[self.at..];
        let Some(taken) = rest.get(..needed) else {
            return Err(self.fault(Fault::Truncated { needed, remaining: rest.len() }));
        };
        self.at += needed;
        Ok(taken)
    }

    #[inline]
    fn include(&mut self, run: Run<'a>) -> Result<(), Located> {
        let dims = run.head.dims;
        let sound = if run.head.little_endian {
            bounds::include_all::<true>(run.bytes, dims, &mut self.bounds)
        } else {
            bounds::include_all::<false>(run.bytes, dims, &mut self.bounds)
        };
        self.positions += run.count;
        if sound { Ok(()) } else { Err(unsound(run)) }
    }

    fn fault(&self, fault: Fault) -> Located {
        Located { fault, offset: self.at, position: self.positions }
    }
}

#[cold]
fn unsound(run: Run<'_>) -> Located {
    let dims = run.head.dims;
    let found = if run.head.little_endian {
        bounds::first_unsound::<true>(run.bytes, dims)
    } else {
        bounds::first_unsound::<false>(run.bytes, dims)
    };
    let (index, ordinate, value) = found.expect("an ordinate of the run is unsound");
    Located {
        fault: Fault::NotFinite { ordinate, value },
        offset: run.ordinates_at + index * 8,
        position: run.start.1 + index / dims.size(),
    }
}

#[cold]
fn count_fault(kind: GeometryKind, count: usize, rule: &'static str) -> Fault {
    Fault::PositionCount { kind, count, rule }
}

/// Rings close in x and y, by number; a z or m that differs at the seam is left as it is, as in
/// PostGIS, since measures along a ring rightly do.
#[inline]
#[allow(clippy::float_cmp, reason = "closed means the very same position")]
fn closed(first: [f64; 2], last: [f64; 2]) -> Result<(), Fault> {
    if first == last { Ok(()) } else { Err(Fault::RingNotClosed { first, last }) }
}

fn closed_curve(ring: Option<Ends>) -> Result<(), Fault> {
    match ring {
        Some(ends) => closed(ends.first, ends.last),
        None => Err(Fault::RingTooShort { count: 0, least: 3 }),
    }
}

/// The ends of one curve after another.
fn join(whole: Option<Ends>, part: Option<Ends>) -> Option<Ends> {
    match (whole, part) {
        (Some(whole), Some(part)) => Some(Ends { first: whole.first, last: part.last }),
        (whole, part) => whole.or(part),
    }
}
