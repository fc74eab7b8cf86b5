//! Geometry objects (RFC 7946, section 3.1), members in any order.
use super::coordinates::{Heights, Mark, WkbBuffer};
use super::cursor::{Cursor, MAX_DEPTH, Stop};
use super::text::RawText;
use tiepoint_core::{Geometry, GeometryError, GeometryKind, OrdinateRule};

/// The kinds that GeoJSON has.
const KINDS: [GeometryKind; 7] = [
    GeometryKind::Point,
    GeometryKind::MultiPoint,
    GeometryKind::LineString,
    GeometryKind::MultiLineString,
    GeometryKind::Polygon,
    GeometryKind::MultiPolygon,
    GeometryKind::GeometryCollection,
];

/// The kind of that name.
pub(super) fn kind_named(name: RawText<'_>) -> Option<GeometryKind> {
    KINDS.into_iter().find(|kind| name.says(kind.name()))
}

/// Whether GeoJSON has geometries of this type.
pub(super) fn is_geometry(ty: &str) -> bool {
    KINDS.into_iter().any(|kind| kind.name() == ty)
}

/// Reads geometry after geometry, keeping its room.
#[derive(Debug)]
pub(super) struct GeometryReader {
    buffer: WkbBuffer,
    /// Whether the last geometry had heights, as the next probably has.
    high: bool,
    /// Whether a geometry without positions is one with heights.
    empty_is_high: bool,
}

impl GeometryReader {
    /// A reader for a field whose geometries have heights as `heights` says, and are not longer
    /// than `limit_bytes` as WKB.
    pub(super) fn new(heights: OrdinateRule, limit_bytes: usize) -> Self {
        let high = heights == OrdinateRule::Mandatory;
        Self {
            buffer: WkbBuffer { limit_bytes, ..WkbBuffer::default() },
            high,
            empty_is_high: high,
        }
    }

    /// Passes a geometry object.
    ///
    /// It is XYZ if any of its positions has a height; the heights of others are then unknown
    /// (NaN).
    pub(super) fn read(&mut self, cursor: &mut Cursor<'_>) -> Result<Geometry, Stop> {
        let start = cursor.clone();
        self.append(cursor)?;
        let Heights { flat, high } = self.buffer.heights;
        let high = if flat || high { high } else { self.empty_is_high };
        if high != self.buffer.high {
            self.high = high;
            *cursor = start.clone();
            self.append(cursor)?;
        }
        Geometry::from_wkb(&self.buffer.bytes).map_err(|error| self.complaint(start, &error))
    }

    fn append(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Stop> {
        self.buffer.clear(self.high);
        cursor.geometry_object(&mut self.buffer, 0)
    }

    /// Reads once more to find out where in the document the fault is.
    #[cold]
    fn complaint(&mut self, mut cursor: Cursor<'_>, error: &GeometryError) -> Stop {
        let start = cursor.at;
        self.buffer.marks = Some(Vec::new());
        let again = self.append(&mut cursor);
        let marks = self.buffer.marks.take().unwrap_or_default();
        let (GeometryError::Bytes { fault, offset }, Ok(())) = (error, again) else {
            return Stop::bad(start, error.to_string());
        };
        let is_before = |mark: &&Mark| mark.wkb_at <= *offset;
        match marks.iter().filter(is_before).max_by_key(|mark| mark.wkb_at) {
            Some(mark) if fault.to_string().starts_with("a ring") => {
                Stop::bad(mark.at, format!("ring {}: {fault}", mark.index))
            }
            Some(mark) => Stop::bad(mark.at, fault.to_string()),
            None => Stop::bad(start, fault.to_string()),
        }
    }
}

/// What a survey wants to know of a geometry.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct GeometryFacts {
    pub(super) kind: Option<GeometryKind>,
    pub(super) heights: Heights,
}

impl<'a> Cursor<'a> {
    fn geometry_object(&mut self, out: &mut WkbBuffer, depth: usize) -> Result<(), Stop> {
        let (wkb_start, heights) = (out.bytes.len(), out.heights);
        let mut written = None;
        let whole = self.geometry_members(depth, |cursor, kind| {
            if written.is_some() {
                return Ok(false);
            }
            written = Some((kind, cursor.at));
            cursor.geometry_body(kind, out, depth)?;
            Ok(true)
        })?;
        let (Some(kind), Some(body_at)) = (whole.kind, whole.body_at) else {
            return Err(whole.complaint());
        };
        if written != Some((kind, body_at)) {
            out.bytes.truncate(wkb_start);
            out.heights = heights;
            let end = std::mem::replace(&mut self.at, body_at);
            self.geometry_body(kind, out, depth)?;
            self.at = end;
        }
        Ok(())
    }

    fn geometry_body(
        &mut self,
        kind: GeometryKind,
        out: &mut WkbBuffer,
        depth: usize,
    ) -> Result<(), Stop> {
        if kind != GeometryKind::GeometryCollection {
            return self.coordinates(kind, out);
        }
        out.head(kind);
        let opened = out.open();
        let (mut count, mut first) = (0_u32, true);
        self.expect(b'[')?;
        while self.next_element(&mut first)? {
            self.geometry_object(out, depth + 1)?;
            out.check_length(self.at)?;
            count = count.saturating_add(1);
        }
        out.close(opened, count);
        Ok(())
    }

    /// Passes a geometry object, looking only at what a survey needs.
    pub(super) fn skip_geometry(
        &mut self,
        depth: usize,
        crs: &mut Option<&'a [u8]>,
    ) -> Result<GeometryFacts, Stop> {
        let mut heights = Heights::default();
        let whole = self.geometry_members(depth, |_, _| Ok(false))?;
        let end = self.at;
        if let (Some(kind), Some(body_at)) = (whole.kind, whole.body_at) {
            self.at = body_at;
            heights = if kind == GeometryKind::GeometryCollection {
                self.skip_members(depth)?
            } else {
                whole.heights
            };
        }
        self.at = end;
        *crs = whole.crs.or(*crs);
        Ok(GeometryFacts { kind: whole.kind, heights })
    }

    fn skip_members(&mut self, depth: usize) -> Result<Heights, Stop> {
        let (mut heights, mut first) = (Heights::default(), true);
        self.expect(b'[')?;
        while self.next_element(&mut first)? {
            heights = heights.union(self.skip_geometry(depth + 1, &mut None)?.heights);
        }
        Ok(heights)
    }

    /// Passes the members of a geometry object. `body` is called at the coordinates or geometries
    /// if the kind is known by then, and says whether it passed them.
    fn geometry_members(
        &mut self,
        depth: usize,
        mut body: impl FnMut(&mut Self, GeometryKind) -> Result<bool, Stop>,
    ) -> Result<GeometryMembers<'a>, Stop> {
        let mut found = GeometryMembers::default();
        let (mut coordinates_at, mut geometries_at) = (None, None);
        if !self.take(b'{')? || depth > MAX_DEPTH {
            return Err(self.unexpected("a geometry object"));
        }
        found.start = self.at - 1;
        let mut first = true;
        while let Some(key) = self.next_key(&mut first)? {
            self.peek()?;
            if key.says("coordinates") {
                coordinates_at = Some(self.at);
                let kind = found.kind.filter(|kind| *kind != GeometryKind::GeometryCollection);
                if !kind.map_or(Ok(false), |kind| body(self, kind))? {
                    found.heights = self.skip_coordinates()?;
                }
            } else if key.says("geometries") {
                geometries_at = Some(self.at);
                let kind = found.kind.filter(|kind| *kind == GeometryKind::GeometryCollection);
                if !kind.map_or(Ok(false), |kind| body(self, kind))? {
                    self.skip_value()?;
                }
            } else if key.says("type") {
                found.kind = Some(self.geometry_kind()?);
            } else if key.says("crs") {
                found.crs = Some(self.skip_value()?);
            } else {
                self.skip_value()?;
            }
        }
        let is_collection = found.kind == Some(GeometryKind::GeometryCollection);
        found.body_at = if is_collection { geometries_at } else { coordinates_at };
        Ok(found)
    }

    fn geometry_kind(&mut self) -> Result<GeometryKind, Stop> {
        if self.peek()? != b'"' {
            return Err(self.unexpected("the name of a geometry type"));
        }
        let name = self.string()?;
        kind_named(name).ok_or_else(|| unknown_type(name, "a geometry type"))
    }
}

/// The complaint that a `type` is none that may stand there.
#[cold]
pub(super) fn unknown_type(name: RawText<'_>, wanted: &str) -> Stop {
    match name.decode() {
        Ok(text) => {
            let shown: String = text.chars().take(40).collect();
            Stop::bad(name.at, format!("type `{shown}` is not {wanted}"))
        }
        Err(stop) => stop,
    }
}

/// What the members of a geometry object said.
#[derive(Default)]
struct GeometryMembers<'a> {
    start: usize,
    kind: Option<GeometryKind>,
    body_at: Option<usize>,
    heights: Heights,
    crs: Option<&'a [u8]>,
}

impl GeometryMembers<'_> {
    #[cold]
    fn complaint(&self) -> Stop {
        let missing = match self.kind {
            None => "type",
            Some(GeometryKind::GeometryCollection) => "geometries",
            Some(_) => "coordinates",
        };
        Stop::bad(self.start, format!("a geometry without `{missing}`"))
    }
}
