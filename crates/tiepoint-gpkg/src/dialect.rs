//! SQLite's spelling: our fragments and binds only; names are always quoted, text never becomes SQL.
use std::fmt::Write as _;
use tiepoint_core::Value;

/// A name as an SQL identifier, whatever is in it.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A text as an SQL literal, for the places where SQLite allows no bind: triggers and defaults.
pub(crate) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// A value as an SQL literal; `None` for the few that no literal spells.
pub(crate) fn value_literal(value: &Value) -> Option<String> {
    Some(match value {
        Value::Null => "NULL".to_owned(),
        Value::Bool(truth) => u8::from(*truth).to_string(),
        Value::Int(i64::MIN) => "(-9223372036854775807 - 1)".to_owned(),
        Value::Int(number) => number.to_string(),
        Value::Real(number) if number.is_finite() => format!("{number:?}"),
        Value::Real(_) | Value::Geometry(_) => return None,
        Value::Bytes(bytes) => {
            let mut literal = "X'".to_owned();
            for byte in bytes {
                write!(literal, "{byte:02X}").expect("a string takes everything");
            }
            literal + "'"
        }
        other => {
            let text = crate::values::text_of(other)?;
            (!text.contains('\0')).then(|| literal(&text))?
        }
    })
}

/// Names, quoted and joined by commas.
pub(crate) fn quoted_list<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> String {
    names.into_iter().map(|name| quoted(name.as_ref())).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_leave_its_quotes() {
        assert_eq!(quoted("a\" ; DROP TABLE x --"), "\"a\"\" ; DROP TABLE x --\"");
        assert_eq!(literal("it's"), "'it''s'");
    }

    #[test]
    fn literals_say_the_value_itself() {
        let connection = rusqlite::Connection::open_in_memory().expect("opens");
        for (value, expected) in [
            (Value::Int(i64::MIN), rusqlite::types::Value::Integer(i64::MIN)),
            (Value::Real(1e300), rusqlite::types::Value::Real(1e300)),
            (Value::from("a'b"), rusqlite::types::Value::Text("a'b".into())),
            (Value::from(vec![0_u8, 255]), rusqlite::types::Value::Blob(vec![0, 255])),
        ] {
            let sql = format!("SELECT {}", value_literal(&value).expect("has a literal"));
            let read: rusqlite::types::Value =
                connection.query_row(&sql, [], |row| row.get(0)).expect("is SQL");
            assert_eq!(read, expected);
        }
    }
}
