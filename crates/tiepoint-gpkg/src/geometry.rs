//! GeoPackage geometry blobs (OGC 12-128r19, section 2.1.3): a header, then WKB.
use tiepoint_core::{Envelope, Geometry, GeometryError, Xy};

const MAGIC: [u8; 2] = *b"GP";
const FIXED_BYTES: usize = 8;
const LITTLE_ENDIAN: u8 = 1;
const EMPTY: u8 = 1 << 4;
const EXTENDED: u8 = 1 << 5;

/// The header of a geometry blob, and where its WKB starts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Head {
    pub(crate) srs_id: i32,
    pub(crate) empty: bool,
    /// The XY envelope, where the header carries a usable one.
    pub(crate) envelope: Option<Envelope>,
    pub(crate) wkb_at: usize,
}

/// Why bytes are no geometry of a GeoPackage.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum BlobError {
    /// Fewer bytes than the header needs.
    #[error("the geometry ends within its header, after {bytes} bytes")]
    Truncated {
        /// How many bytes there are.
        bytes: usize,
    },
    /// A geometry in SpatiaLite's own form, which GeoPackage does not allow.
    #[error("a SpatiaLite geometry, not one of a GeoPackage; convert the file with ogr2ogr")]
    SpatiaLite,
    /// Something else altogether.
    #[error("not a geometry of a GeoPackage: it starts with {0:02x?} instead of `GP`")]
    Magic([u8; 2]),
    /// A version of the blob format that does not exist yet.
    #[error("version {0} of the geometry format is unknown")]
    Version(u8),
    /// A geometry in some extension's form.
    #[error("a geometry in the form of the extension `{0}`")]
    Extended(String),
    /// An envelope code beyond 4.
    #[error("envelope code {0} does not exist")]
    EnvelopeCode(u8),
    /// WKB that is broken.
    #[error(transparent)]
    Wkb(#[from] GeometryError),
}

/// Reads one geometry blob: the geometry and the `srs_id` in its header.
///
/// The header's envelope is not believed; the geometry's own is computed while it is checked.
///
/// # Errors
///
/// [`BlobError`] for anything else than a plain GeoPackage geometry.
///
/// ```
/// let point = b"GP\0\x01\xe6\x10\0\0\x01\x01\0\0\0\0\0\0\0\0\0\xf0\x3f\0\0\0\0\0\0\0\x40";
/// let (geometry, srs_id) = tiepoint_gpkg::decode_blob(point)?;
/// assert_eq!((geometry, srs_id), (tiepoint_core::Geometry::from_wkt("POINT(1 2)")?, 4326));
/// assert!(tiepoint_gpkg::decode_blob(b"\0\x01 SpatiaLite").is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn decode_blob(blob: &[u8]) -> Result<(Geometry, i32), BlobError> {
    let head = Head::read(blob)?;
    Ok((Geometry::from_wkb(&blob[head.wkb_at..])?, head.srs_id))
}

/// Appends the blob of `geometry` to `out`: little-endian, with an XY envelope unless it is empty
/// or a point, whose position is its envelope.
pub(crate) fn append_blob(geometry: &Geometry, srs_id: i32, out: &mut Vec<u8>) {
    let wkb = geometry.as_wkb();
    let is_point = geometry.kind() == tiepoint_core::GeometryKind::Point;
    let envelope = geometry.envelope();
    let head_envelope = envelope.filter(|_| !is_point);
    let empty = if envelope.is_none() { EMPTY } else { 0 };
    let envelope_code = u8::from(head_envelope.is_some()) << 1;
    out.reserve(FIXED_BYTES + 32 + wkb.len());
    out.extend_from_slice(&MAGIC);
    out.extend_from_slice(&[0, LITTLE_ENDIAN | envelope_code | empty]);
    out.extend_from_slice(&srs_id.to_le_bytes());
    if let Some(envelope) = head_envelope {
        let (min, max) = (envelope.min(), envelope.max());
        for bound in [min.x, max.x, min.y, max.y] {
            out.extend_from_slice(&bound.to_le_bytes());
        }
    }
    out.extend_from_slice(wkb);
}

/// The envelope of a blob: from the header where it has one, else from the geometry.
pub(crate) fn blob_envelope(blob: &[u8]) -> Result<Option<Envelope>, BlobError> {
    let head = Head::read(blob)?;
    if head.empty {
        return Ok(None);
    }
    match (head.envelope, little_endian_point(&blob[head.wkb_at..])) {
        (Some(envelope), _) => Ok(Some(envelope)),
        (None, Some(position)) => Ok(Envelope::of([position]).ok().flatten()),
        (None, None) => Ok(Geometry::from_wkb(&blob[head.wkb_at..])?.envelope()),
    }
}

/// The envelope that a blob tells without being decoded, by its header or its only position. `None`
/// where that may not be what the geometry itself tells: of kinds that may have arcs, of what is
/// empty, and of what looks broken.
pub(crate) fn told_envelope(blob: &[u8]) -> Option<Envelope> {
    let head = Head::read(blob).ok()?;
    let wkb = &blob[head.wkb_at..];
    match little_endian_point(wkb) {
        Some(position) => Envelope::of([position]).ok().flatten(),
        None => head.envelope.filter(|_| has_no_arcs(wkb)),
    }
}

/// Whether WKB says to be a simple kind: point, line string, polygon, or many of one of these.
fn has_no_arcs(wkb: &[u8]) -> bool {
    let Some([order, code @ ..]) = wkb.first_chunk::<5>() else { return false };
    let code = if *order == 0 { u32::from_be_bytes(*code) } else { u32::from_le_bytes(*code) };
    let iso = code & 0x0fff_ffff;
    iso < 4_000 && (1..=6).contains(&(iso % 1_000))
}

/// The position of a plain little-endian point, by far the commonest blob without envelope.
fn little_endian_point(wkb: &[u8]) -> Option<Xy> {
    let (head, rest) = wkb.split_first_chunk::<5>()?;
    if *head != [1, 1, 0, 0, 0] {
        return None;
    }
    let [x, y] = *rest.as_chunks::<8>().0 else { return None };
    Some(Xy { x: f64::from_le_bytes(x), y: f64::from_le_bytes(y) })
}

impl Head {
    pub(crate) fn read(blob: &[u8]) -> Result<Self, BlobError> {
        let truncated = BlobError::Truncated { bytes: blob.len() };
        let [m0, m1, version, flags, srs @ ..] = *blob.first_chunk::<8>().ok_or_else(|| {
            if is_spatialite(blob) { BlobError::SpatiaLite } else { truncated.clone() }
        })?;
        if [m0, m1] != MAGIC {
            let other = BlobError::Magic([m0, m1]);
            return Err(if is_spatialite(blob) { BlobError::SpatiaLite } else { other });
        }
        if version != 0 {
            return Err(BlobError::Version(version));
        }
        if flags & EXTENDED != 0 {
            return Err(BlobError::Extended(extension_code(blob)));
        }
        let little = flags & LITTLE_ENDIAN != 0;
        let doubles = match flags >> 1 & 7 {
            0 => 0,
            1 => 4,
            2 | 3 => 6,
            4 => 8,
            code => return Err(BlobError::EnvelopeCode(code)),
        };
        let wkb_at = FIXED_BYTES + doubles * 8;
        let bounds = blob.get(FIXED_BYTES..wkb_at).ok_or(truncated)?;
        let srs_id = if little { i32::from_le_bytes(srs) } else { i32::from_be_bytes(srs) };
        let empty = flags & EMPTY != 0;
        Ok(Self { srs_id, empty, envelope: envelope(bounds, little), wkb_at })
    }
}

/// Min x, max x, min y, max y, if they are four sane numbers.
fn envelope(bounds: &[u8], little: bool) -> Option<Envelope> {
    let number = |bytes: &[u8; 8]| {
        if little { f64::from_le_bytes(*bytes) } else { f64::from_be_bytes(*bytes) }
    };
    let [min_x, max_x, min_y, max_y, ..] = bounds.as_chunks::<8>().0 else { return None };
    let (min_x, max_x) = (number(min_x), number(max_x));
    let (min_y, max_y) = (number(min_y), number(max_y));
    if !(min_x <= max_x && min_y <= max_y) {
        return None;
    }
    Envelope::of([Xy { x: min_x, y: min_y }, Xy { x: max_x, y: max_y }]).ok().flatten()
}

/// `00`, a byte order, ..., `FE`: SpatiaLite's internal format.
fn is_spatialite(blob: &[u8]) -> bool {
    matches!(blob, [0, 0 | 1, ..])
}

fn extension_code(blob: &[u8]) -> String {
    let wkb = Head { srs_id: 0, empty: false, envelope: None, wkb_at: FIXED_BYTES };
    let code = blob.get(wkb.wkb_at..wkb.wkb_at + 4).unwrap_or_default();
    String::from_utf8_lossy(code).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use tiepoint_core::testing::arb_geometry;

    proptest! {
        #[test]
        fn a_geometry_comes_back_bit_for_bit(geometry in arb_geometry(), srs_id: i32) {
            let mut blob = Vec::new();
            append_blob(&geometry, srs_id, &mut blob);
            let (read, read_srs) = decode_blob(&blob).expect("our own blob");
            prop_assert_eq!((&read, read_srs), (&geometry, srs_id));
            prop_assert_eq!(blob_envelope(&blob).expect("our own blob"), geometry.envelope());
        }

        #[test]
        fn no_bytes_make_it_panic(mut blob: Vec<u8>, starts_right: bool) {
            if starts_right && blob.len() > 2 {
                blob[..2].copy_from_slice(&MAGIC);
                blob[2] = 0;
            }
            let _ = decode_blob(&blob);
            let _ = blob_envelope(&blob);
        }
    }

    #[test]
    fn both_byte_orders_and_every_envelope_code_are_read() {
        let wkb = Geometry::from_wkt("LINESTRING(1 2, 3 4)").expect("is WKT");
        for (code, doubles) in [(0_u8, 0_usize), (1, 4), (2, 6), (3, 6), (4, 8)] {
            for little in [true, false] {
                let mut blob = vec![b'G', b'P', 0, code << 1 | u8::from(little)];
                let number =
                    |bytes: [u8; 8], swapped: [u8; 8]| if little { bytes } else { swapped };
                blob.extend(if little { 7_i32.to_le_bytes() } else { 7_i32.to_be_bytes() });
                for bound in [1.0_f64, 3.0, 2.0, 4.0, 0.0, 0.0, 0.0, 0.0].iter().take(doubles) {
                    blob.extend(number(bound.to_le_bytes(), bound.to_be_bytes()));
                }
                blob.extend_from_slice(wkb.as_wkb());
                let (read, srs_id) = decode_blob(&blob).expect("is allowed");
                assert_eq!((&read, srs_id), (&wkb, 7));
                assert_eq!(blob_envelope(&blob).expect("is allowed"), wkb.envelope());
            }
        }
    }

    #[test]
    fn empty_geometries_are_spelled_as_gdal_spells_them() {
        for (wkt, theirs) in [
            ("POLYGON EMPTY", "47500011E8640000010300000000000000"),
            ("POINT EMPTY", "47500011E86400000101000000000000000000F87F000000000000F87F"),
            ("LINESTRING Z EMPTY", "47500011E864000001EA03000000000000"),
        ] {
            let mut blob = Vec::new();
            append_blob(&Geometry::from_wkt(wkt).expect("is WKT"), 25832, &mut blob);
            let theirs = theirs.as_bytes().chunks(2).map(|digits| {
                let digits = std::str::from_utf8(digits).expect("is ASCII");
                u8::from_str_radix(digits, 16).expect("is hexadecimal")
            });
            assert_eq!(blob, theirs.collect::<Vec<_>>(), "{wkt}");
        }
    }

    #[test]
    fn other_blobs_are_refused_in_words() {
        for (blob, words) in [
            (&b"\x00\x01\xe6\x10\0\0 and so on\xfe"[..], "SpatiaLite"),
            (b"GP\0\x21\xe6\x10\0\0ESRI....", "`ESRI`"),
            (b"GP\x01\x01\xe6\x10\0\0", "version 1"),
            (b"GP\0\x0b\xe6\x10\0\0", "envelope code 5"),
            (b"GP\0\x03\xe6\x10\0\0", "within its header"),
            (b"GP", "within its header"),
            (b"PK\x03\x04....", "instead of `GP`"),
        ] {
            let refused = decode_blob(blob).expect_err(words).to_string();
            assert!(refused.contains(words), "{refused}");
        }
    }
}
