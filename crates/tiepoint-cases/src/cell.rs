//! Values as tables and cases write them.
use crate::split::unquoted;
use tiepoint_core::{ExprType, Geometry, Value};

/// The value of a kind that a text says: texts in single quotes, bytes as hexadecimal digits,
/// geometries as WKT, everything else as it is printed.
pub(crate) fn value(text: &str, ty: &ExprType) -> Option<Value> {
    if text == "null" {
        return Some(Value::Null);
    }
    match ty {
        ExprType::Bool => text.parse::<bool>().ok().map(Value::Bool),
        ExprType::Int => text.parse().ok().map(Value::Int),
        ExprType::Real => text.parse().ok().map(Value::Real),
        ExprType::Decimal => text.parse().ok().map(Value::Decimal),
        ExprType::Text => unquoted(text).map(Value::Text),
        ExprType::Bytes => bytes(text).map(Value::Bytes),
        ExprType::Date => text.parse().ok().map(Value::Date),
        ExprType::Time => text.parse().ok().map(Value::Time),
        ExprType::DateTime => text.parse().ok().map(Value::DateTime),
        ExprType::Json => text.parse().ok().map(Value::Json),
        ExprType::Uuid => text.parse().ok().map(Value::Uuid),
        ExprType::Geometry(_) => Geometry::from_wkt(text).ok().map(Value::Geometry),
        ExprType::Null | ExprType::Interval => None,
    }
}

fn bytes(text: &str) -> Option<Vec<u8>> {
    let pairs = (0..text.len()).step_by(2).map(|at| text.get(at..at + 2));
    pairs.map(|pair| u8::from_str_radix(pair?, 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_read_and_nothing_else() {
        let crs = tiepoint_core::Crs::CRS84;
        for (text, ty) in [
            ("true", ExprType::Bool),
            ("-5", ExprType::Int),
            ("1e-320", ExprType::Real),
            ("0.10", ExprType::Decimal),
            ("''", ExprType::Text),
            ("00ff", ExprType::Bytes),
            ("2024-02-29", ExprType::Date),
            ("23:59:59.999", ExprType::Time),
            ("2024-03-01T00:30:00+02:00", ExprType::DateTime),
            ("[1.0, 2]", ExprType::Json),
            ("67e55044-10b1-426f-9247-bb680e5fe0c8", ExprType::Uuid),
            ("POINT ZM (5 5 7 3)", ExprType::Geometry(crs)),
        ] {
            assert!(value(text, &ty).is_some_and(|it| !it.is_null()), "{text}");
            assert_eq!(value("null", &ty), Some(Value::Null));
            assert_eq!(value("what", &ty), None, "{ty}");
        }
    }
}
