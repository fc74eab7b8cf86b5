//! Comparisons, specialised for a field beside a constant.
use std::cmp::Ordering;

use tiepoint_core::{ExprType, Function, Value};

use super::row::Row;
use super::scalar::Scalar;

/// What is asked of the order of two values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Test {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
}

impl Test {
    pub(super) fn of(function: &Function) -> Option<Self> {
        Some(match function {
            Function::Eq => Self::Eq,
            Function::Ne => Self::Ne,
            Function::Lt => Self::Lt,
            Function::Le => Self::Le,
            Function::Gt => Self::Gt,
            Function::Ge => Self::Ge,
            _ => return None,
        })
    }

    #[inline]
    pub(super) fn holds(self, order: Ordering) -> bool {
        match self {
            Self::Eq => order.is_eq(),
            Self::Ne => order.is_ne(),
            Self::Lt => order.is_lt(),
            Self::Le => order.is_le(),
            Self::Gt => order.is_gt(),
            Self::Ge => order.is_ge(),
        }
    }

    /// The test of (b, a) that holds just when this one holds of (a, b).
    pub(super) fn mirrored(self) -> Self {
        match self {
            Self::Lt => Self::Gt,
            Self::Le => Self::Ge,
            Self::Gt => Self::Lt,
            Self::Ge => Self::Le,
            same => same,
        }
    }
}

/// A field beside a constant that is not null and that its type can be compared with.
#[derive(Debug)]
pub(super) struct FieldTest {
    pub(super) position: usize,
    pub(super) ty: ExprType,
    pub(super) test: Test,
    pub(super) constant: Value,
}

impl FieldTest {
    #[inline]
    pub(super) fn truth<R: Row + ?Sized>(&self, row: &R) -> Option<bool> {
        let value = row.value(self.position)?;
        let order = match (value, &self.constant) {
            (Value::Int(a), Value::Int(b)) => a.cmp(b),
            (Value::Text(a), Value::Text(b)) => match self.test {
                Test::Eq => return Some(a == b),
                Test::Ne => return Some(a != b),
                _ => a.cmp(b),
            },
            _ if !self.ty.holds(value) => return None,
            _ => value.compare(&self.constant)?,
        };
        Some(self.test.holds(order))
    }
}

/// Constants to be one of.
#[derive(Debug)]
pub(super) struct Constants {
    /// Sorted.
    whole: Vec<i64>,
    /// Sorted.
    texts: Vec<String>,
    others: Vec<Value>,
    has_null: bool,
}

impl Constants {
    pub(super) fn new(values: impl IntoIterator<Item = Value>) -> Self {
        let (mut whole, mut texts, mut others) = (Vec::new(), Vec::new(), Vec::new());
        let mut has_null = false;
        for value in values {
            match value {
                Value::Null => has_null = true,
                Value::Int(number) => whole.push(number),
                Value::Text(text) => texts.push(text),
                other => others.push(other),
            }
        }
        whole.sort_unstable();
        texts.sort_unstable();
        Self { whole, texts, others, has_null }
    }

    pub(super) fn truth(&self, value: &Value) -> Option<bool> {
        let is_equal = |other: &Value| value.compare(other) == Some(Ordering::Equal);
        let found = match value {
            Value::Null => return None,
            Value::Text(text) => self.texts.binary_search(text).is_ok(),
            Value::Int(number) => {
                self.whole.binary_search(number).is_ok() || self.others.iter().any(is_equal)
            }
            Value::Real(_) | Value::Decimal(_) => {
                self.others.iter().any(is_equal)
                    || self.whole.iter().any(|it| is_equal(&Value::Int(*it)))
            }
            _ => self.others.iter().any(is_equal),
        };
        if found || !self.has_null { Some(found) } else { None }
    }
}

/// Whether a value equals one of several that differ from row to row.
pub(super) fn is_one_of<R: Row + ?Sized>(
    subject: &Scalar,
    others: &[Scalar],
    row: &R,
) -> Option<bool> {
    let value = subject.value(row);
    let mut truth = Some(false);
    for other in others {
        match value.compare(&other.value(row)) {
            Some(Ordering::Equal) => return Some(true),
            Some(_) => {}
            None => truth = None,
        }
    }
    truth
}
