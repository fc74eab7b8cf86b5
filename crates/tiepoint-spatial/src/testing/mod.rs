//! Arbitrary expressions and rows for a schema, for property tests here and in other crates.
//!
//! Behind the feature `testing`. Expressions fit the schema by construction, and their literals lie
//! near the values of the rows, so that conditions hold of some and not of others. Shrinking goes
//! towards fewer calls and simpler literals.
use proptest::collection::vec;
use proptest::prelude::*;
use tiepoint_core::{Expr, Feature, Schema};

mod expression;
mod query;
mod truth;
mod values;

use expression::Builder;
pub use query::arb_query;

/// How many calls may stand within one another.
const DEPTH: usize = 4;

/// Any expression over the fields of a schema: of every kind of value, with every function but
/// those of stores, intervals only within temporal predicates.
///
/// What it is made of can be evaluated: transforms are served, regular expressions well-formed.
pub fn arb_expr(schema: &Schema) -> impl Strategy<Value = Expr> + use<> {
    let schema = schema.clone();
    choices().prop_map(move |choices| Builder::new(&schema, choices).anything(DEPTH))
}

/// A filter over the fields of a schema: an expression that is true, false or null.
pub fn arb_filter(schema: &Schema) -> impl Strategy<Value = Expr> + use<> {
    let schema = schema.clone();
    choices().prop_map(move |choices| Builder::new(&schema, choices).truth(DEPTH))
}

/// A feature with values that every store can hold, some null, some unset; without ids.
pub fn arb_feature(schema: &Schema) -> impl Strategy<Value = Feature> + use<> {
    let schema = std::sync::Arc::new(schema.clone());
    choices().prop_map(move |choices| values::feature(&schema, &mut Choices::new(choices)))
}

fn choices() -> impl Strategy<Value = Vec<u16>> {
    vec(any::<u16>(), 0..120)
}

/// Numbers that decide what is built; the first of each alternative when they are used up.
#[derive(Debug)]
pub(crate) struct Choices {
    numbers: Vec<u16>,
    next: usize,
}

impl Choices {
    fn new(numbers: Vec<u16>) -> Self {
        Self { numbers, next: 0 }
    }

    /// One of `0..count`.
    fn below(&mut self, count: usize) -> usize {
        let number = self.numbers.get(self.next).copied().unwrap_or(0);
        self.next += 1;
        usize::from(number) % count.max(1)
    }

    fn one_of<T: Clone>(&mut self, alternatives: &[T]) -> T {
        alternatives[self.below(alternatives.len())].clone()
    }
}
