//! Geometry objects from canonical WKB, without anything in between.
use super::orientation::{Turning, turning};
use crate::CodecError;
use tiepoint_core::{Dims, GeometryKind, GeometryRef, Members, Parts, Positions, Rings};

/// How ordinates are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Precision {
    /// As few digits as read back to the same bits.
    Full,
    /// At most so many digits behind the point.
    Decimals(u8),
}

/// Appends a geometry object.
///
/// Outer rings go counter-clockwise and holes clockwise, whichever way they are stored (RFC 7946,
/// section 3.1.6); those that enclose nothing stay as they are. A position of unknown height (NaN)
/// is written without.
///
/// # Errors
///
/// [`CodecError::Unsupported`] for measures, and for kinds that GeoJSON has not.
pub(super) fn append_geometry(
    geometry: GeometryRef<'_>,
    precision: Precision,
    out: &mut Vec<u8>,
) -> Result<(), CodecError> {
    match (geometry.dims(), precision) {
        (Dims::Xy, Precision::Full) => Put::<2, _>(Shortest).geometry(geometry, out),
        (Dims::Xyz, Precision::Full) => Put::<3, _>(Shortest).geometry(geometry, out),
        (Dims::Xy, Precision::Decimals(digits)) => {
            Put::<2, _>(Rounded::to(digits)).geometry(geometry, out)
        }
        (Dims::Xyz, Precision::Decimals(digits)) => {
            Put::<3, _>(Rounded::to(digits)).geometry(geometry, out)
        }
        (Dims::Xym | Dims::Xyzm, _) => Err(CodecError::Unsupported {
            what: "GeoJSON has no measures (m)".to_owned(),
            hint: Some("remove them, or choose a format that has".to_owned()),
        }),
    }
}

/// Whether GeoJSON has such geometries.
pub(super) fn can_be_held(geometry: GeometryRef<'_>) -> bool {
    let held = !geometry.dims().has_m() && head(geometry.kind()).is_ok();
    held && geometry.members().all(can_be_held)
}

/// Appends ordinates as text.
trait Ordinates {
    fn put(&self, ordinate: f64, out: &mut Vec<u8>);

    /// Appends two with a comma between them.
    #[inline]
    fn put_both(&self, x: f64, y: f64, out: &mut Vec<u8>) {
        self.put(x, out);
        out.push(b',');
        self.put(y, out);
    }
}

struct Shortest;

impl Ordinates for Shortest {
    #[inline]
    fn put(&self, ordinate: f64, out: &mut Vec<u8>) {
        out.extend_from_slice(zmij::Buffer::new().format_finite(ordinate).as_bytes());
    }

    /// Copies neither before both are spelled: reading what was written a moment ago has to wait.
    #[inline]
    fn put_both(&self, x: f64, y: f64, out: &mut Vec<u8>) {
        let (mut x_room, mut y_room) = (zmij::Buffer::new(), zmij::Buffer::new());
        let (x, y) = (x_room.format_finite(x), y_room.format_finite(y));
        let mut both = [b','; 2 * LONGEST + 1];
        copy_short(x.as_bytes(), &mut both);
        let y_at = x.len() + 1;
        both[x.len()] = b',';
        copy_short(y.as_bytes(), &mut both[y_at..]);
        out.extend_from_slice(&both[..y_at + y.len()]);
    }
}

/// The longest text of a double: `-2.2250738585072014e-308`.
const LONGEST: usize = 24;

/// Copies a text of at most [`LONGEST`] bytes in two steps of fixed size, which may overlap: a few
/// moves, where a copy of any length is a call.
#[inline]
fn copy_short(text: &[u8], to: &mut [u8]) {
    let length = text.len();
    if length >= 16 {
        to[..16].copy_from_slice(&text[..16]);
        to[length - 8..length].copy_from_slice(&text[length - 8..]);
    } else if length >= 8 {
        to[..8].copy_from_slice(&text[..8]);
        to[length - 8..length].copy_from_slice(&text[length - 8..]);
    } else {
        to[..length].copy_from_slice(text);
    }
}

/// Rounds to a number of digits behind the point; halves go away from zero, and what is nearer to
/// a half than a double tells may go either way.
struct Rounded {
    digits: usize,
    factor: f64,
}

impl Rounded {
    fn to(digits: u8) -> Self {
        let digits = digits.min(15);
        Self { digits: usize::from(digits), factor: 10.0_f64.powi(i32::from(digits)) }
    }
}

impl Ordinates for Rounded {
    fn put(&self, ordinate: f64, out: &mut Vec<u8>) {
        const EXACT: f64 = 9_007_199_254_740_992.0;
        let scaled = (ordinate * self.factor).round();
        if scaled.abs() >= EXACT {
            return Shortest.put(ordinate, out);
        }
        #[expect(clippy::cast_possible_truncation, reason = "whole, and below 2^53")]
        let scaled = scaled as i64;
        if scaled < 0 {
            out.push(b'-');
        }
        append_fixed(scaled.unsigned_abs(), self.digits, out);
    }
}

/// Appends `number` with its last `digits` behind the point, without zeros at the end.
pub(super) fn append_fixed(mut number: u64, digits: usize, out: &mut Vec<u8>) {
    const LENGTH: usize = 24;
    let mut text = [b'0'; LENGTH];
    let (mut at, mut behind, mut any) = (LENGTH, 0, false);
    while number > 0 || behind <= digits {
        let digit = u8::try_from(number % 10).unwrap_or(0);
        number /= 10;
        if behind == digits && any {
            at -= 1;
            text[at] = b'.';
        }
        if digit > 0 || any || behind >= digits {
            at -= 1;
            text[at] = b'0' + digit;
            any |= behind < digits;
        }
        behind += 1;
    }
    out.extend_from_slice(&text[at..]);
}

/// Writes geometries whose positions have `N` ordinates.
struct Put<const N: usize, O>(O);

impl<const N: usize, O: Ordinates> Put<N, O> {
    fn geometry(&self, geometry: GeometryRef<'_>, out: &mut Vec<u8>) -> Result<(), CodecError> {
        out.extend_from_slice(head(geometry.kind())?);
        match (geometry.kind(), geometry.parts()) {
            (GeometryKind::Point, Parts::Positions(point)) => self.point(point, out),
            (_, Parts::Positions(line)) => self.line(line, None, out),
            (_, Parts::Rings(rings)) => self.polygon(rings, out),
            (GeometryKind::GeometryCollection, Parts::Members(members)) => {
                self.collection(members, out)?;
            }
            (_, Parts::Members(members)) => self.members(members, out),
        }
        out.push(b'}');
        Ok(())
    }

    fn collection(&self, members: Members<'_>, out: &mut Vec<u8>) -> Result<(), CodecError> {
        out.push(b'[');
        for (index, member) in members.enumerate() {
            if index > 0 {
                out.push(b',');
            }
            self.geometry(member, out)?;
        }
        out.push(b']');
        Ok(())
    }

    fn members(&self, members: Members<'_>, out: &mut Vec<u8>) {
        array(members, out, |member, out| match (member.kind(), member.parts()) {
            (GeometryKind::Point, _) => self.point(member.positions(), out),
            (_, Parts::Rings(rings)) => self.polygon(rings, out),
            _ => self.line(member.positions(), None, out),
        });
    }

    fn polygon(&self, rings: Rings<'_>, out: &mut Vec<u8>) {
        array(rings.enumerate(), out, |(index, ring), out| {
            let wanted = if index == 0 { Turning::CounterClockwise } else { Turning::Clockwise };
            self.line(ring, Some(wanted), out);
        });
    }

    /// A line as it is, or a ring turned the way that is wanted.
    fn line(&self, line: Positions<'_>, wanted: Option<Turning>, out: &mut Vec<u8>) {
        let backwards =
            wanted.is_some_and(|wanted| turning(line).is_some_and(|found| found != wanted));
        let positions = line.as_bytes().as_chunks::<8>().0.as_chunks::<N>().0;
        if backwards {
            array(positions.iter().rev(), out, |position, out| self.position(position, out));
        } else {
            array(positions.iter(), out, |position, out| self.position(position, out));
        }
    }

    fn point(&self, point: Positions<'_>, out: &mut Vec<u8>) {
        match point.as_bytes().as_chunks::<8>().0.as_chunks::<N>().0 {
            [position] => self.position(position, out),
            _ => out.extend_from_slice(b"[]"),
        }
    }

    #[inline]
    fn position(&self, position: &[[u8; 8]; N], out: &mut Vec<u8>) {
        out.push(b'[');
        self.0.put_both(f64::from_le_bytes(position[0]), f64::from_le_bytes(position[1]), out);
        if let Some(height) = position.get(2) {
            let height = f64::from_le_bytes(*height);
            if !height.is_nan() {
                out.push(b',');
                self.0.put(height, out);
            }
        }
        out.push(b']');
    }
}

#[inline]
fn array<T>(
    elements: impl Iterator<Item = T>,
    out: &mut Vec<u8>,
    element: impl Fn(T, &mut Vec<u8>),
) {
    let mut separator = b'[';
    for one in elements {
        out.push(separator);
        separator = b',';
        element(one, out);
    }
    out.extend_from_slice(if separator == b'[' { b"[]" } else { b"]" });
}

/// How an object of this kind starts.
fn head(kind: GeometryKind) -> Result<&'static [u8], CodecError> {
    Ok(match kind {
        GeometryKind::Point => br#"{"type":"Point","coordinates":"#,
        GeometryKind::LineString => br#"{"type":"LineString","coordinates":"#,
        GeometryKind::Polygon => br#"{"type":"Polygon","coordinates":"#,
        GeometryKind::MultiPoint => br#"{"type":"MultiPoint","coordinates":"#,
        GeometryKind::MultiLineString => br#"{"type":"MultiLineString","coordinates":"#,
        GeometryKind::MultiPolygon => br#"{"type":"MultiPolygon","coordinates":"#,
        GeometryKind::GeometryCollection => br#"{"type":"GeometryCollection","geometries":"#,
        other => {
            return Err(CodecError::Unsupported {
                what: format!("GeoJSON has no geometry of kind {other}"),
                hint: Some(
                    "turn it into lines or polygons, or choose a format that has it".to_owned(),
                ),
            });
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use tiepoint_core::Geometry;

    fn written(wkt: &str, precision: Precision) -> Result<String, CodecError> {
        let mut out = Vec::new();
        append_geometry(Geometry::from_wkt(wkt).expect(wkt).as_ref(), precision, &mut out)?;
        Ok(String::from_utf8(out).expect("is text"))
    }

    #[test]
    fn every_kind_is_written_as_the_standard_says() {
        for (wkt, json) in [
            ("POINT (1 2.5)", r#"{"type":"Point","coordinates":[1.0,2.5]}"#),
            ("POINT EMPTY", r#"{"type":"Point","coordinates":[]}"#),
            ("POINT Z (1 2 NaN)", r#"{"type":"Point","coordinates":[1.0,2.0]}"#),
            (
                "LINESTRING Z (0 0 1,1 0 NaN)",
                r#"{"type":"LineString","coordinates":[[0.0,0.0,1.0],[1.0,0.0]]}"#,
            ),
            ("POLYGON EMPTY", r#"{"type":"Polygon","coordinates":[]}"#),
            ("MULTIPOINT (EMPTY,1 1)", r#"{"type":"MultiPoint","coordinates":[[],[1.0,1.0]]}"#),
            (
                "MULTILINESTRING ((0 0,1 1))",
                r#"{"type":"MultiLineString","coordinates":[[[0.0,0.0],[1.0,1.0]]]}"#,
            ),
            (
                "GEOMETRYCOLLECTION (POINT (1 2))",
                r#"{"type":"GeometryCollection","geometries":[{"type":"Point","coordinates":[1.0,2.0]}]}"#,
            ),
            ("GEOMETRYCOLLECTION EMPTY", r#"{"type":"GeometryCollection","geometries":[]}"#),
        ] {
            assert_eq!(written(wkt, Precision::Full).expect(wkt), json);
        }
    }

    #[test]
    fn rings_follow_the_right_hand_rule() {
        let outer = "[[0.0,0.0],[9.0,0.0],[9.0,9.0],[0.0,0.0]]";
        let hole = "[[5.0,2.0],[5.0,3.0],[6.0,3.0],[5.0,2.0]]";
        for wkt in [
            "POLYGON ((0 0,9 0,9 9,0 0),(5 2,5 3,6 3,5 2))",
            "POLYGON ((0 0,9 9,9 0,0 0),(5 2,6 3,5 3,5 2))",
        ] {
            let json = written(wkt, Precision::Full).expect(wkt);
            assert_eq!(json, format!(r#"{{"type":"Polygon","coordinates":[{outer},{hole}]}}"#));
        }
    }

    #[test]
    fn what_geojson_has_not_is_refused() {
        for wkt in [
            "POINT M (1 2 3)",
            "CIRCULARSTRING (0 0,1 1,2 0)",
            "TRIANGLE ((0 0,1 0,1 1,0 0))",
            "GEOMETRYCOLLECTION (TIN EMPTY)",
        ] {
            let error = written(wkt, Precision::Full).expect_err(wkt);
            assert!(error.hint().is_some(), "{wkt}: {error}");
        }
    }

    #[test]
    fn decimals_are_cut_and_zeros_dropped() {
        for (ordinate, digits, text) in [
            (1.0, 7, "1"),
            (-0.1, 7, "-0.1"),
            (1.234_567_89, 3, "1.235"),
            (-1e-9, 7, "0"),
            (0.05, 1, "0.1"),
            (179.999_999_99, 7, "180"),
            (10.5, 0, "11"),
            (120.0, 0, "120"),
            (1e300, 3, "1e+300"),
            (123.001, 15, "123.001"),
        ] {
            let mut out = Vec::new();
            Rounded::to(digits).put(ordinate, &mut out);
            assert_eq!(String::from_utf8_lossy(&out), text, "{ordinate} {digits}");
        }
    }
}
