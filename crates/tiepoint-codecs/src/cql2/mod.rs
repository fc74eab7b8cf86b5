//! CQL2 (OGC 21-065r2) to expressions and back.
mod error;
mod from_geojson;
mod from_json;
mod json;
mod literal;
mod names;
mod operand;
mod parse;
mod part;
mod sayable;
mod scan;
mod to_geojson;
mod to_json;
mod to_text;

pub use error::{Cql2Error, Spot};
use tiepoint_core::{Crs, Expr};

/// The longest text that is read, in bytes: a filter with a detailed polygon is long.
pub const MAX_BYTES: usize = 1 << 20;

/// Reads an expression from CQL2 text; `crs` is what the coordinates in it are in.
///
/// # Errors
///
/// [`Cql2Error::Unreadable`] at the first character from which on the text is no CQL2, and for
/// texts longer than [`MAX_BYTES`] or nested deeper than [`Expr::MAX_DEPTH`].
///
/// ```
/// use tiepoint_codecs::cql2;
/// use tiepoint_core::{Crs, field};
/// let filter = cql2::parse("floors > 5 AND material LIKE 'brick%'", &Crs::CRS84)?;
/// assert_eq!(filter, field("floors").gt(5) & field("material").like("brick%"));
/// let wrong = cql2::parse("floors > ", &Crs::CRS84).expect_err("nothing to compare with");
/// assert_eq!(
///     wrong.to_string(),
///     "at character 10: expected a value, a property or a function, found the end"
/// );
/// # Ok::<(), cql2::Cql2Error>(())
/// ```
pub fn parse(text: &str, crs: &Crs) -> Result<Expr, Cql2Error> {
    let read = short_enough(text).and_then(|()| parse::Parser::new(text, crs)?.whole());
    read.map_err(|fault| fault.in_text(text))
}

/// Reads an expression from CQL2 JSON; `crs` is what the coordinates in it are in.
///
/// # Errors
///
/// As [`parse`].
///
/// ```
/// use tiepoint_codecs::cql2;
/// use tiepoint_core::{Crs, field};
/// let json = r#"{"op": ">", "args": [{"property": "floors"}, 5]}"#;
/// assert_eq!(cql2::parse_json(json, &Crs::CRS84)?, field("floors").gt(5_i64));
/// # Ok::<(), cql2::Cql2Error>(())
/// ```
pub fn parse_json(json: &str, crs: &Crs) -> Result<Expr, Cql2Error> {
    let read = short_enough(json).and_then(|()| from_json::expression(&json::read(json)?, crs));
    read.map(|part| part.expr).map_err(|fault| fault.in_text(json))
}

/// Writes an expression as CQL2 text; whoever reads it must be told the [`crs`] of its places.
///
/// # Errors
///
/// [`Cql2Error::Unsayable`] for what CQL2 has no words for: places in two CRSs, native functions,
/// numbers that are none, a wrong number of arguments.
///
/// ```
/// use tiepoint_codecs::cql2;
/// use tiepoint_core::{Crs, field};
/// let filter = (field("floors") + 1_i64).gt(5_i64) & !field("material").like("brick%");
/// assert_eq!(cql2::to_text(&filter)?, "floors + 1 > 5 AND material NOT LIKE 'brick%'");
/// # Ok::<(), cql2::Cql2Error>(())
/// ```
pub fn to_text(expr: &Expr) -> Result<String, Cql2Error> {
    sayable::check(expr)?;
    let mut out = String::new();
    to_text::write(expr, &mut out)?;
    Ok(out)
}

/// Writes an expression as CQL2 JSON; whoever reads it must be told the [`crs`] of its places.
///
/// # Errors
///
/// As [`to_text`], and for geometries that GeoJSON has not: measures, curves.
pub fn to_json(expr: &Expr) -> Result<String, Cql2Error> {
    sayable::check(expr)?;
    let mut out = String::new();
    to_json::write(expr, &mut out)?;
    Ok(out)
}

/// The CRS that all places and boxes in an expression are in (`filter-crs` of OGC API Features,
/// part 3); `None` where there are none.
///
/// # Errors
///
/// As [`to_text`].
pub fn crs(expr: &Expr) -> Result<Option<&Crs>, Cql2Error> {
    sayable::check(expr)
}

fn short_enough(text: &str) -> error::Read<()> {
    if text.len() <= MAX_BYTES {
        return Ok(());
    }
    let limit = MAX_BYTES >> 20;
    Err(error::Fault::new(MAX_BYTES, format!("the text is longer than {limit} MiB")))
}
