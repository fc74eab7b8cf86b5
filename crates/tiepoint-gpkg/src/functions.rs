//! The SQL functions that the triggers of GeoPackage's R-tree call (OGC 12-128r19, annex F.3).
use crate::geometry::blob_envelope;
use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Result};
use tiepoint_core::Envelope;

/// Registers `ST_IsEmpty`, `ST_MinX`, `ST_MaxX`, `ST_MinY` and `ST_MaxY`, each of one geometry.
///
/// What is null, or no geometry of a GeoPackage, gives null; so does a bound of an empty geometry.
pub(crate) fn register(connection: &Connection) -> Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8
        | FunctionFlags::SQLITE_DETERMINISTIC
        | FunctionFlags::SQLITE_INNOCUOUS;
    connection.create_scalar_function("ST_IsEmpty", 1, flags, |context| {
        Ok(with_envelope(context, |envelope| i64::from(envelope.is_none())))
    })?;
    let bounds: [(&str, Bound); 4] = [
        ("ST_MinX", |it| it.min().x),
        ("ST_MaxX", |it| it.max().x),
        ("ST_MinY", |it| it.min().y),
        ("ST_MaxY", |it| it.max().y),
    ];
    for (name, bound) in bounds {
        connection.create_scalar_function(name, 1, flags, move |context| {
            Ok(with_envelope(context, |envelope| envelope.as_ref().map(bound)).flatten())
        })?;
    }
    Ok(())
}

type Bound = fn(&Envelope) -> f64;

/// What `read` makes of the envelope of the first argument, none for an empty geometry; nothing
/// when the argument is no geometry.
fn with_envelope<T>(context: &Context<'_>, read: impl Fn(Option<Envelope>) -> T) -> Option<T> {
    match context.get_raw(0) {
        ValueRef::Blob(blob) => blob_envelope(blob).ok().map(read),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::append_blob;
    use tiepoint_core::Geometry;

    fn ask(sql: &str, wkt: &str) -> Option<f64> {
        let connection = Connection::open_in_memory().expect("opens");
        register(&connection).expect("registers");
        let mut blob = Vec::new();
        append_blob(&Geometry::from_wkt(wkt).expect(wkt), 4326, &mut blob);
        connection.query_row(sql, [blob], |row| row.get(0)).expect("answers")
    }

    #[test]
    fn bounds_are_those_of_the_geometry() {
        for (function, bound) in
            [("ST_MinX", 1.0), ("ST_MaxX", 3.0), ("ST_MinY", -4.0), ("ST_MaxY", 2.0)]
        {
            let sql = format!("SELECT {function}(?1)");
            assert_eq!(ask(&sql, "LINESTRING(1 2, 3 -4)"), Some(bound));
            assert_eq!(ask(&sql, "LINESTRING EMPTY"), None);
        }
        assert_eq!(ask("SELECT ST_MaxX(?1)", "POINT(7 8)"), Some(7.0));
    }

    #[test]
    fn emptiness_is_one_or_zero_and_unknown_of_what_is_no_geometry() {
        assert_eq!(ask("SELECT ST_IsEmpty(?1)", "POINT EMPTY"), Some(1.0));
        assert_eq!(ask("SELECT ST_IsEmpty(?1)", "POINT(1 2)"), Some(0.0));
        assert_eq!(ask("SELECT ST_IsEmpty(X'00') + length(?1)", "POINT(1 2)"), None);
    }
}
