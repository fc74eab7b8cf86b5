//! Whether a value is the expected one, in the class of equality of the expression.
use crate::cell::value;
use tiepoint_core::{Bound, EqualityClass, Value};

/// How far a measured value may be off, relatively.
const MEASURED: f64 = 1e-9;

/// Whether `found` is what the text says: the very same, or as near as the text or the functions
/// of the expression allow.
pub(crate) fn same(expected: &str, found: &Value, of: &Bound) -> bool {
    let (expected, tolerance) = match expected.split_once(" +- ") {
        Some((expected, tolerance)) => (expected, Some(tolerance.parse().expect("a tolerance"))),
        None => (expected, None),
    };
    let expected =
        value(expected, of.ty()).unwrap_or_else(|| panic!("`{expected}` is no {}", of.ty()));
    let is_exact = of.equality() == EqualityClass::Exact;
    match (&expected, found) {
        (Value::Real(a), Value::Real(b)) => is_near(*a, *b, tolerance, is_exact),
        (Value::Geometry(a), Value::Geometry(b)) if !is_exact => {
            let (a, b) = (numbers(&a.to_wkt()), numbers(&b.to_wkt()));
            a.0 == b.0
                && a.1.len() == b.1.len()
                && a.1.iter().zip(&b.1).all(|(a, b)| is_near(*a, *b, tolerance, false))
        }
        (a, b) => a == b,
    }
}

#[expect(clippy::float_cmp, reason = "exact values are the same number, zeros of both signs too")]
fn is_near(a: f64, b: f64, tolerance: Option<f64>, is_exact: bool) -> bool {
    let allowed = tolerance.unwrap_or(if is_exact { 0.0 } else { MEASURED * a.abs().max(1e-3) });
    a == b || (a - b).abs() <= allowed
}

/// WKT without its numbers, and these.
fn numbers(wkt: &str) -> (String, Vec<f64>) {
    let (mut words, mut numbers) = (String::new(), Vec::new());
    for word in wkt.split_inclusive(['(', ')', ',', ' ']) {
        let end = word.trim_end_matches(['(', ')', ',', ' ']);
        match end.parse() {
            Ok(number) => numbers.push(number),
            Err(_) => words.push_str(end),
        }
        words.push_str(word[end.len()..].trim());
    }
    (words, numbers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tiepoint_core::{Expr, Field, FieldType, Geometry, Schema, field};

    fn bound(expr: &Expr) -> Bound {
        let schema = Schema::new(vec![Field::new("r", FieldType::REAL)]).expect("distinct");
        expr.bind(&schema).expect("binds")
    }

    #[test]
    fn exact_values_are_the_very_same_and_measured_ones_near() {
        let exact = bound(&(field("r") + 0.5));
        let measured = bound(&field("r").power(0.5));
        assert!(same("2.5", &Value::Real(2.5), &exact));
        assert!(!same("2.5", &Value::Real(2.500_000_000_1), &exact));
        assert!(same("2.5", &Value::Real(2.500_000_000_1), &measured));
        assert!(!same("2.5", &Value::Real(2.500_001), &measured));
        assert!(same("2.5 +- 0.01", &Value::Real(2.509), &exact));
        assert!(!same("2.5", &Value::Null, &measured));
        assert!(!same("null", &Value::Real(0.0), &measured));
        assert!(!same("2.0", &Value::Int(2), &exact), "another kind of value");
    }

    #[test]
    fn geometries_are_near_position_by_position() {
        let place = |wkt: &str| Geometry::from_wkt(wkt).expect("a geometry");
        let centroid =
            bound(&tiepoint_core::place(place("POINT(1 2)"), tiepoint_core::Crs::CRS84).centroid());
        let near = |wkt: &str| same("POINT(5 5)", &place(wkt).into(), &centroid);
        assert!(near("POINT(5 5.000000000001)"));
        assert!(!near("POINT(5 5.001)"));
        assert!(!near("MULTIPOINT((5 5))"));
    }
}
