//! Whether a value is the expected one, in the class of equality of the expression.
use crate::cell::value;
use tiepoint_core::{EqualityClass, ExprType, Value};

/// How far a measured value may be off, relatively.
const MEASURED: f64 = 1e-9;

/// Whether `found` is what the text says, as a value of this kind: the very same, or as near as the
/// text or the class of equality allows.
pub(crate) fn same(expected: &str, found: &Value, ty: &ExprType, class: EqualityClass) -> bool {
    let (expected, tolerance) = match expected.split_once(" +- ") {
        Some((expected, tolerance)) => (expected, Some(tolerance.parse().expect("a tolerance"))),
        None => (expected, None),
    };
    let expected = value(expected, ty).unwrap_or_else(|| panic!("`{expected}` is no {ty}"));
    let is_exact = class == EqualityClass::Exact;
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
    use EqualityClass::{Exact, Measured};
    use tiepoint_core::{Crs, Geometry};

    #[test]
    fn exact_values_are_the_very_same_and_measured_ones_near() {
        let real = |expected, found, class| same(expected, &found, &ExprType::Real, class);
        assert!(real("2.5", Value::Real(2.5), Exact));
        assert!(!real("2.5", Value::Real(2.500_000_000_1), Exact));
        assert!(real("2.5", Value::Real(2.500_000_000_1), Measured));
        assert!(!real("2.5", Value::Real(2.500_001), Measured));
        assert!(real("2.5 +- 0.01", Value::Real(2.509), Exact));
        assert!(!real("2.5", Value::Null, Measured));
        assert!(!real("null", Value::Real(0.0), Measured));
        assert!(!real("2.0", Value::Int(2), Exact), "another kind of value");
    }

    #[test]
    fn geometries_are_near_position_by_position() {
        let near = |wkt: &str| {
            let found = Geometry::from_wkt(wkt).expect("a geometry").into();
            same("POINT(5 5)", &found, &ExprType::Geometry(Crs::CRS84), Measured)
        };
        assert!(near("POINT(5 5.000000000001)"));
        assert!(!near("POINT(5 5.001)"));
        assert!(!near("MULTIPOINT((5 5))"));
    }
}
