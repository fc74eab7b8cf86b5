//! What SQLite's column affinities do to comparisons (sqlite.org/datatype3.html, sections 3.1 and
//! 4.2), and where they would do harm.
use tiepoint_core::FieldType;

#[derive(Debug, Clone, Copy, PartialEq)]
enum Affinity {
    Integer,
    Text,
    Blob,
    Real,
    Numeric,
}

/// Whether a column that is declared so may stand bare in a comparison with a value of its field's
/// kind: SQLite then converts neither.
pub(crate) fn compares_bare(declared: &str, ty: &FieldType) -> bool {
    match (ty, of_declared(declared)) {
        (FieldType::Int(_) | FieldType::Real(_) | FieldType::Bool, affinity) => {
            affinity != Affinity::Text
        }
        (FieldType::Text { .. }, affinity) => matches!(affinity, Affinity::Text | Affinity::Blob),
        _ => false,
    }
}

/// Whether a column that is declared so keeps numbers in whatever storage class they come, so that
/// two that are equal may differ in it. `ANY` does so in strict tables.
pub(crate) fn keeps_every_class(declared: &str) -> bool {
    of_declared(declared) == Affinity::Blob || declared.trim().eq_ignore_ascii_case("ANY")
}

/// The rules in their order, over all of the declaration.
fn of_declared(declared: &str) -> Affinity {
    let upper = declared.to_ascii_uppercase();
    let has = |parts: &[&str]| parts.iter().any(|part| upper.contains(part));
    if has(&["INT"]) {
        Affinity::Integer
    } else if has(&["CHAR", "CLOB", "TEXT"]) {
        Affinity::Text
    } else if has(&["BLOB"]) || upper.trim().is_empty() {
        Affinity::Blob
    } else if has(&["REAL", "FLOA", "DOUB"]) {
        Affinity::Real
    } else {
        Affinity::Numeric
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rusqlite::Connection;

    #[test]
    fn affinities_are_those_of_sqlite() {
        let connection = Connection::open_in_memory().expect("opens");
        for declared in [
            "INTEGER",
            "TEXT(9)",
            "",
            "BLOB",
            "DOUBLE",
            "FLOATING POINT",
            "STRING",
            "BOOLEAN",
            "DATE",
        ] {
            let sql = format!("CREATE TEMP TABLE t (c {declared}); INSERT INTO t VALUES ('1.0')");
            connection.execute_batch(&sql).expect("is SQL");
            let stored: String =
                connection.query_row("SELECT typeof(c) FROM t", [], |row| row.get(0)).expect("is");
            let expected = match of_declared(declared) {
                Affinity::Integer | Affinity::Numeric => "integer",
                Affinity::Text | Affinity::Blob => "text",
                Affinity::Real => "real",
            };
            assert_eq!(stored, expected, "{declared}");
            connection.execute_batch("DROP TABLE t").expect("is there");
        }
    }
}
