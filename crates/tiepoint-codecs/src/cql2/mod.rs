//! CQL2 (OGC 21-065r2) to expressions and back.
mod error;
mod literal;
mod names;
mod operand;
mod parse;
mod part;
mod scan;

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

fn short_enough(text: &str) -> error::Read<()> {
    if text.len() <= MAX_BYTES {
        return Ok(());
    }
    let limit = MAX_BYTES >> 20;
    Err(error::Fault::new(MAX_BYTES, format!("the text is longer than {limit} MiB")))
}
