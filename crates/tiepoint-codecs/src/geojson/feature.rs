//! Feature objects (RFC 7946, section 3.2): their members, in any order, one reader at a time.
use super::cursor::{Cursor, Stop};
use super::geometry::{kind_named, unknown_type};
use super::text::RawText;

/// What is done with the members of a feature, in the order in which they come.
pub(super) trait FeatureVisitor<'a> {
    /// Passes the value of `properties`, an object whose `{` is next.
    fn properties(&mut self, cursor: &mut Cursor<'a>) -> Result<(), Stop>;
    /// Passes a geometry object, whose `{` is next.
    fn geometry(&mut self, cursor: &mut Cursor<'a>) -> Result<(), Stop>;
    /// The geometry is null.
    fn no_geometry(&mut self);
    /// Passes a string or number, which is next.
    fn id(&mut self, cursor: &mut Cursor<'a>) -> Result<(), Stop>;
    /// An old `crs` member.
    fn crs(&mut self, _member: &'a [u8]) {}
    /// A foreign member.
    fn foreign(&mut self, _name: RawText<'a>) {}
}

/// Passes a feature, or a bare geometry in the place of one.
pub(super) fn visit_feature<'a>(
    cursor: &mut Cursor<'a>,
    visitor: &mut impl FeatureVisitor<'a>,
) -> Result<(), Stop> {
    let start = cursor.at;
    if !cursor.take(b'{')? {
        return Err(cursor.unexpected("a feature object"));
    }
    let (mut ty, mut first) = (None, true);
    while let Some(key) = cursor.next_key(&mut first)? {
        let next = cursor.peek()?;
        match (key.escaped, key.bytes) {
            (false, b"type") if next == b'"' => ty = Some(cursor.string()?),
            (false, b"properties") => properties(cursor, visitor)?,
            (false, b"geometry") => geometry(cursor, visitor)?,
            (false, b"id") => id(cursor, visitor)?,
            _ if !key.escaped => other_member(cursor, key, visitor)?,
            _ => escaped_member(cursor, key, visitor, &mut ty)?,
        }
    }
    let Some(ty) = ty else {
        return Err(Stop::bad(start, "a feature without `type`"));
    };
    if ty.says("Feature") {
        return Ok(());
    }
    if kind_named(ty).is_none() {
        return Err(unknown_type(ty, "one that a feature may have"));
    }
    let mut again = Cursor { at: start, ..*cursor };
    visitor.geometry(&mut again)
}

/// A member whose name is spelled with escapes.
#[cold]
fn escaped_member<'a>(
    cursor: &mut Cursor<'a>,
    key: RawText<'a>,
    visitor: &mut impl FeatureVisitor<'a>,
    ty: &mut Option<RawText<'a>>,
) -> Result<(), Stop> {
    let next = cursor.peek()?;
    match &*key.decode()? {
        "type" if next == b'"' => *ty = Some(cursor.string()?),
        "properties" => properties(cursor, visitor)?,
        "geometry" => geometry(cursor, visitor)?,
        "id" => id(cursor, visitor)?,
        _ => other_member(cursor, key, visitor)?,
    }
    Ok(())
}

fn properties<'a>(
    cursor: &mut Cursor<'a>,
    visitor: &mut impl FeatureVisitor<'a>,
) -> Result<(), Stop> {
    match cursor.peek()? {
        b'{' => visitor.properties(cursor),
        b'n' => cursor.word("null"),
        _ => Err(cursor.unexpected("an object or null as `properties`")),
    }
}

fn geometry<'a>(
    cursor: &mut Cursor<'a>,
    visitor: &mut impl FeatureVisitor<'a>,
) -> Result<(), Stop> {
    match cursor.peek()? {
        b'{' => visitor.geometry(cursor),
        b'n' => {
            cursor.word("null")?;
            visitor.no_geometry();
            Ok(())
        }
        _ => Err(cursor.unexpected("an object or null as `geometry`")),
    }
}

fn id<'a>(cursor: &mut Cursor<'a>, visitor: &mut impl FeatureVisitor<'a>) -> Result<(), Stop> {
    match cursor.peek()? {
        b'"' | b'-' | b'0'..=b'9' => visitor.id(cursor),
        b'n' => cursor.word("null"),
        _ => Err(cursor.unexpected("a string or number as `id`")),
    }
}

fn other_member<'a>(
    cursor: &mut Cursor<'a>,
    key: RawText<'a>,
    visitor: &mut impl FeatureVisitor<'a>,
) -> Result<(), Stop> {
    match key.bytes {
        b"coordinates" => cursor.skip_coordinates().map(drop),
        b"crs" => {
            let member = cursor.skip_value()?;
            visitor.crs(member);
            Ok(())
        }
        b"bbox" | b"geometries" | b"type" => cursor.skip_value().map(drop),
        _ => {
            cursor.skip_value()?;
            visitor.foreign(key);
            Ok(())
        }
    }
}
