//! Closed sets of values that a field may take.
use crate::Value;
use std::cmp::Ordering;

/// What a field allows beyond its type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Domain {
    /// One of these, each with a label for people.
    OneOf(Vec<(Value, Option<String>)>),
    /// A number between two others; an open side is `None`.
    Range {
        /// The smallest value and whether it is allowed itself.
        min: Option<(Value, bool)>,
        /// The largest value and whether it is allowed itself.
        max: Option<(Value, bool)>,
    },
    /// Text that matches an SQLite `GLOB` pattern. Kept and shown; only the store checks it.
    Glob(String),
}

impl Domain {
    /// Whether `value` is allowed. Null always is: that is the field's nullability to decide.
    #[must_use]
    pub fn allows(&self, value: &Value) -> bool {
        match self {
            _ if value.is_null() => true,
            Self::OneOf(values) => {
                values.iter().any(|(allowed, _)| allowed.order(value) == Ordering::Equal)
            }
            Self::Range { min, max } => {
                min.as_ref().is_none_or(|(bound, inclusive)| within(bound, value, *inclusive))
                    && max
                        .as_ref()
                        .is_none_or(|(bound, inclusive)| within(value, bound, *inclusive))
            }
            Self::Glob(_) => true,
        }
    }
}

fn within(low: &Value, high: &Value, inclusive: bool) -> bool {
    match low.order(high) {
        Ordering::Less => true,
        Ordering::Equal => inclusive,
        Ordering::Greater => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_knows_its_edges() {
        let percent =
            Domain::Range { min: Some((Value::Int(0), true)), max: Some((Value::Int(100), false)) };
        assert!(percent.allows(&Value::Real(0.0)));
        assert!(!percent.allows(&Value::Int(100)));
        assert!(percent.allows(&Value::Null));
    }
}
