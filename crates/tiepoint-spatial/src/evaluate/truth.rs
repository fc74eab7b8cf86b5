//! Compiled expressions that are true, false or null.
use regex::Regex;
use tiepoint_core::{Function, Value};

use super::array::Array;
use super::compare::{Constants, FieldTest, Test, is_one_of};
use super::like::Pattern;
use super::row::Row;
use super::scalar::Scalar;
use super::spatial::SpatialTest;

/// A condition ready to be tested, of three values.
pub(super) enum Truth {
    Known(Option<bool>),
    All(Box<[Truth]>),
    Any(Box<[Truth]>),
    Not(Box<Truth>),
    IsNull(Scalar),
    Field(FieldTest),
    Compare(Test, Box<[Scalar; 2]>),
    Among(Scalar, Box<Constants>),
    OneOf(Scalar, Box<[Scalar]>),
    Like(Scalar, Pattern),
    LikeOfRow(Box<[Scalar; 2]>),
    Matches(Scalar, Regex),
    One(fn(&Value) -> Option<bool>, Scalar),
    Two(fn(&Value, &Value) -> Option<bool>, Box<[Scalar; 2]>),
    Arrays(Function, Box<[ArraySide; 2]>),
    Spatial(Box<SpatialTest>),
    Of(Box<Scalar>),
}

/// An array, read beforehand where it is a constant.
pub(super) enum ArraySide {
    Constant(Option<Array>),
    OfRow(Scalar),
}

impl Truth {
    pub(super) fn truth<R: Row + ?Sized>(&self, row: &R) -> Option<bool> {
        match self {
            Self::Known(truth) => *truth,
            Self::All(parts) => junction(parts, row, false),
            Self::Any(parts) => junction(parts, row, true),
            Self::Not(part) => part.truth(row).map(|it| !it),
            Self::IsNull(scalar) => Some(scalar.value(row).is_null()),
            Self::Field(test) => test.truth(row),
            Self::Compare(test, pair) => {
                pair[0].value(row).compare(&pair[1].value(row)).map(|order| test.holds(order))
            }
            Self::Among(subject, constants) => constants.truth(&subject.value(row)),
            Self::OneOf(subject, others) => is_one_of(subject, others, row),
            Self::Like(text, pattern) => text.value(row).as_text().map(|it| pattern.fits(it)),
            Self::LikeOfRow(pair) => {
                let (text, pattern) = (pair[0].value(row), pair[1].value(row));
                Some(Pattern::new(pattern.as_text()?).fits(text.as_text()?))
            }
            Self::Matches(text, regex) => text.value(row).as_text().map(|it| regex.is_match(it)),
            Self::One(function, argument) => function(&argument.value(row)),
            Self::Two(function, pair) => function(&pair[0].value(row), &pair[1].value(row)),
            Self::Arrays(function, sides) => {
                sides[0].with(row, |a| sides[1].with(row, |b| a.test(function, b)))
            }
            Self::Spatial(test) => test.truth(row),
            Self::Of(scalar) => match *scalar.value(row) {
                Value::Bool(truth) => Some(truth),
                _ => None,
            },
        }
    }

    /// Whether it is true; stops at the first part that keeps it from being so.
    pub(super) fn is_true<R: Row + ?Sized>(&self, row: &R) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.is_true(row)),
            Self::Any(parts) => parts.iter().any(|part| part.is_true(row)),
            _ => self.truth(row) == Some(true),
        }
    }

    /// About how long it takes, in comparisons: parts of junctions are tested cheap ones first.
    pub(super) fn cost(&self) -> u32 {
        match self {
            Self::Known(_) => 0,
            Self::Field(_) | Self::IsNull(Scalar::Field(..)) => 1,
            Self::Among(Scalar::Field(..), _) | Self::Of(_) => 2,
            Self::Like(Scalar::Field(..), _) => 4,
            Self::All(parts) | Self::Any(parts) => parts.iter().map(Self::cost).sum(),
            Self::Not(part) => part.cost(),
            Self::Spatial(test) => test.cost(),
            _ => 20,
        }
    }
}

/// Decided by the first part that is `decisive`; else null if one is, else the other truth.
fn junction<R: Row + ?Sized>(parts: &[Truth], row: &R, decisive: bool) -> Option<bool> {
    let mut truth = Some(!decisive);
    for part in parts {
        match part.truth(row) {
            Some(found) if found == decisive => return Some(decisive),
            Some(_) => {}
            None => truth = None,
        }
    }
    truth
}

impl ArraySide {
    fn with<R: Row + ?Sized>(
        &self,
        row: &R,
        test: impl FnOnce(&Array) -> Option<bool>,
    ) -> Option<bool> {
        match self {
            Self::Constant(array) => test(array.as_ref()?),
            Self::OfRow(scalar) => test(&Array::of(&scalar.value(row))?),
        }
    }
}
