//! CQL2 (OGC 21-065r2), text and JSON, to expressions and back: all its conformance classes.
//!
//! Whatever the standard's grammar takes is read, and both encodings of one filter give the same
//! expression. Any expression is read, not only filters, so that orders and computed values can be
//! said as well; [`Expr::bind_filter`] is what asks for true or false. Coordinates are in the CRS
//! that comes with the text, x (easting or longitude) first, whatever its definition says: a server
//! that is told a `filter-crs` whose [axis order](Crs::axis_order) is another has to swap them.
//!
//! | CQL2 | expression |
//! | --- | --- |
//! | `5`, `5.0`, `99999999999999999999` | an integer, a real number, a decimal number |
//! | `DATE('2024-02-29')`, `TIMESTAMP('2024-02-29T12:30:00Z')` | a date, a date and time |
//! | `POLYGON((…))`, `BBOX(5.9, 45.8, 10.5, 47.8)` | [`Expr::Place`], [`Expr::Box`]; of six numbers the heights are passed over |
//! | `('a', 'b')` | [`Function::ArrayOf`] |
//! | `floors`, `eo:cloud_cover`, `"any name"` | [`Expr::Field`], whatever its name; `""` is a quote in it |
//! | `INTERVAL('2024-01-01', '..')` | [`Function::Interval`]; an open end is null |
//!
//! The standard leaves functions to those who have some. Ours go by the names of
//! [`Function::PLAIN`], case ignored, and
//!
//! * `object_id()` is [`Expr::Id`], since `id` may well be a field's name;
//! * `within_distance(a, b, 500, 'm')` needs its unit: `m`, `km`, `ft`, `mi`, `nmi`, which are
//!   converted to metres, or `crs`;
//! * `relate(a, b, 'T*F**FFF*')`, `transform(g, 'EPSG:25832')`, `cast(x, 'integer')` take texts;
//! * `S_COVERS` and `S_COVEREDBY` join the eight spatial predicates of the standard.
//!
//! Functions of one store have no name here: a text from outside cannot call them.
//!
//! # Beyond the standard
//!
//! Also read, and written only where nothing else says the same:
//!
//! * `NULL`, as a literal, and `x IN ()`;
//! * `TIME('…')`, `DECIMAL('…')`, `UUID('…')`, `JSON('…')`, `BYTES('00ff')`, in JSON
//!   `{"time": "…"}` and so on;
//! * timestamps in other zones than UTC, or in none; geometries with measures, curves, and empty
//!   ones;
//! * a minus before anything; in JSON, `{"op": "-"}` of one argument;
//! * several `NOT` in a row.
//!
//! # Where the standard is silent or ambiguous
//!
//! * Of the backslashes right before a quote in a text, two stand for one, and an odd one makes the
//!   quote part of the text (`'it\'s'`). Without that no text could end with a backslash. Elsewhere
//!   a backslash is itself, so patterns of `LIKE` need nothing special.
//! * A single expression in parentheses is that expression; it is an array of one where an array
//!   is expected: as an argument of `A_CONTAINS` and the like, and as a member of another array.
//!   `array(x)` is one anywhere.
//! * A minus binds closer than `^`, as the grammar has it: `-2 ^ 2` is 4. `2 ^ 3 ^ 4` is not
//!   grammar and needs parentheses.
//! * A minus before a number is the number's own, so `-5` is a literal and `-(5)` a negation.
//!
//! An expression that is written and read again is the same, except that a conjunction or
//! disjunction of one is that one.
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
#[cfg(doc)]
use tiepoint_core::Function;
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
    read.map(|part| *part.expr).map_err(|fault| fault.in_text(json))
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
