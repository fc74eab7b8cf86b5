//! What a document says of itself, outside its features: its name and its CRS.
use super::cursor::{Cursor, Stop};
use crate::{CodecError, Result};
use serde_json::Value;
use tiepoint_core::Crs;

/// How many ignored members are remembered by name.
const NAMED_MEMBERS: usize = 10;
/// The longest `crs` member that can name anything.
const MAX_CRS_BYTES: usize = 1 << 16;

/// The members of a root object that concern all its features.
#[derive(Debug, Clone, Default)]
pub(super) struct Header {
    pub(super) name: Option<String>,
    /// The text of the old `crs` member.
    pub(super) crs: Option<Vec<u8>>,
    pub(super) ignored: Ignored,
}

/// Foreign members (RFC 7946, section 6.1), some of them by name.
#[derive(Debug, Clone, Default)]
pub(super) struct Ignored(Vec<String>);

impl Ignored {
    pub(super) fn add(&mut self, name: &str) {
        if self.0.len() <= NAMED_MEMBERS && !self.0.iter().any(|known| known == name) {
            self.0.push(name.chars().take(80).collect());
        }
    }

    /// A note that names them, if there are any.
    pub(super) fn note(&self) -> Option<String> {
        let named: Vec<_> =
            self.0.iter().take(NAMED_MEMBERS).map(|name| format!("`{name}`")).collect();
        let more = if self.0.len() > NAMED_MEMBERS { " and more" } else { "" };
        (!named.is_empty()).then(|| {
            format!("members outside the properties are not read: {}{more}", named.join(", "))
        })
    }
}

/// How a run through root members ended.
pub(super) enum RootStop {
    /// Behind the `[` of a collection's features.
    Features,
    /// Behind the `}` of the object, which is of this type.
    Closed(Option<String>),
}

impl Header {
    /// Passes members of a root object until its features or its end. `first` as for
    /// [`Cursor::next_key`].
    pub(super) fn read(
        &mut self,
        cursor: &mut Cursor<'_>,
        mut first: bool,
    ) -> Result<RootStop, Stop> {
        let mut ty = None;
        while let Some(key) = cursor.next_key(&mut first)? {
            let next = cursor.peek()?;
            if key.says("features")
                && ty.as_deref().is_none_or(|ty| ty == "FeatureCollection")
                && next == b'['
            {
                cursor.at += 1;
                return Ok(RootStop::Features);
            }
            let at = cursor.at;
            let value = cursor.skip_value()?;
            match &*key.decode()? {
                "type" if next == b'"' => ty = Some(text_of(value, at)?),
                "name" if next == b'"' => self.name = Some(text_of(value, at)?),
                "crs" => self.crs = Some(value.to_vec()),
                "type" | "bbox" | "coordinates" | "geometries" | "geometry" | "properties"
                | "id" => {}
                foreign => self.ignored.add(foreign),
            }
        }
        Ok(RootStop::Closed(ty))
    }
}

/// What a string says that was passed at `at`, quotes included.
fn text_of(raw: &[u8], at: usize) -> Result<String, Stop> {
    let mut text = Cursor::new(raw).string()?;
    text.at += at;
    text.decode().map(std::borrow::Cow::into_owned)
}

/// The CRS that an old `crs` member names (GeoJSON 2008, section 3): `{"type":"name", ...}`, the
/// still older `{"type":"EPSG", ...}`, or null for "nobody knows".
///
/// # Errors
///
/// [`CodecError::Unsupported`] for links, which we do not follow, and for what names no CRS.
pub(super) fn crs_of(member: &[u8]) -> Result<Crs> {
    if member.len() > MAX_CRS_BYTES {
        return Err(refused(member));
    }
    let parsed: Value = serde_json::from_slice(member).ok().ok_or_else(|| refused(member))?;
    if parsed.is_null() {
        return Ok(Crs::UndefinedCartesian);
    }
    let text = |pointer| parsed.pointer(pointer).and_then(Value::as_str);
    match (text("/type"), text("/properties/name"), parsed.pointer("/properties/code")) {
        (Some("name"), Some(name), _) => name.parse().ok().ok_or_else(|| refused(member)),
        (Some("EPSG"), _, Some(code)) => {
            let code = code.as_u64().or_else(|| code.as_str()?.parse().ok());
            let code = code.and_then(|code| u32::try_from(code).ok());
            code.map(Crs::epsg).ok_or_else(|| refused(member))
        }
        _ => Err(refused(member)),
    }
}

fn refused(member: &[u8]) -> CodecError {
    let shown: String =
        String::from_utf8_lossy(&member[..member.len().min(800)]).chars().take(200).collect();
    CodecError::Unsupported {
        what: format!(
            "the document's `crs` member `{shown}` names no coordinate reference system that is known"
        ),
        hint: Some("say which CRS the coordinates are in".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_crs_members_are_understood() {
        for (member, crs) in [
            (
                r#"{"type":"name","properties":{"name":"urn:ogc:def:crs:EPSG::25832"}}"#,
                Crs::epsg(25832),
            ),
            (r#"{"type":"name","properties":{"name":"EPSG:3857"}}"#, Crs::epsg(3857)),
            (
                r#"{"type":"name","properties":{"name":"urn:ogc:def:crs:OGC:1.3:CRS84"}}"#,
                Crs::CRS84,
            ),
            (r#"{"type":"EPSG","properties":{"code":4326}}"#, Crs::epsg(4326)),
            ("null", Crs::UndefinedCartesian),
        ] {
            assert_eq!(crs_of(member.as_bytes()).expect(member), crs);
        }
    }

    #[test]
    fn links_and_nonsense_are_refused() {
        for member in [
            r#"{"type":"link","properties":{"href":"http://example.com/crs/42","type":"proj4"}}"#,
            r#"{"type":"name","properties":{"name":"Erde"}}"#,
            r#"{"type":"name"}"#,
            "4326",
        ] {
            let error = crs_of(member.as_bytes()).expect_err(member);
            assert!(matches!(error, CodecError::Unsupported { .. }), "{member}");
        }
    }
}
