//! A query bound to its layer: everything that can be wrong with it has been found.
mod bbox;
mod output;

pub use output::{Column, Output};

use crate::{Result, StoreError};
use std::collections::BTreeSet;
use std::sync::Arc;
use tiepoint_core::{
    BindError, Bound, Direction, ExprType, Ids, InvalidGeometries, Layer, Nulls, PageMark, Query,
};
use tiepoint_spatial::{Evaluator, fold};

/// A query that makes sense of its layer, in the form that stores answer.
///
/// Box, CRSs and names have become one filter and one list of columns; constants are folded. A
/// store does of it what it can do with the same result, says what it leaves in a [`Rest`], and
/// lets [`Question::finish`] do that in memory.
#[derive(Debug, Clone)]
pub struct Question {
    layer: Arc<Layer>,
    ids: Ids,
    filter: Bound,
    order: Vec<SortKey>,
    output: Output,
    distinct: bool,
    after: Option<PageMark>,
    offset: u64,
    limit: Option<u64>,
    invalid: InvalidGeometries,
}

/// One sort key, by [`Value::order`](tiepoint_core::Value::order).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SortKey {
    /// What to sort by.
    pub key: Bound,
    /// Which way.
    pub direction: Direction,
    /// Where features go of which the key is null.
    pub nulls: Nulls,
}

/// What a store leaves to be done in memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rest {
    /// The part of the filter that is still to be decided; [`Bound::TRUE`] when none is.
    pub filter: Bound,
    /// Whether rows are still to be sorted; otherwise they come in the order that was asked for,
    /// with ascending fids among equals.
    pub sort: bool,
    /// Whether what comes before the page's mark is still to be passed over.
    pub after: bool,
    /// Whether offset and limit are still to be applied.
    pub cut: bool,
}

impl Rest {
    /// The conditions that are still to be decided.
    #[must_use]
    pub fn conditions(&self) -> Vec<Bound> {
        if self.filter == Bound::TRUE { Vec::new() } else { self.filter.conjuncts().to_vec() }
    }
}

impl Question {
    /// Checks a query against its layer.
    ///
    /// # Errors
    ///
    /// Unknown fields, expressions that do not fit them, a box that is none, a CRS that cannot be
    /// transformed to or from, and a page mark that does not belong to the order.
    pub fn of(layer: &Arc<Layer>, query: &Query) -> Result<Self> {
        let name = layer.name();
        let fitting = |reason: BindError| bind_error(name, reason);
        let folded = |bound: &Bound| fold(bound).map_err(|reason| evaluate_error(name, reason));
        let schema = layer.schema();
        let mut conditions = Vec::new();
        if let Some(meets) = bbox::condition(layer, query)? {
            conditions.push(meets.bind_filter(schema).map_err(fitting)?);
        }
        if let Some(filter) = &query.filter {
            conditions.push(filter.bind_filter(schema).map_err(fitting)?);
        }
        let mut order = Vec::with_capacity(query.order.len());
        for by in &query.order {
            let key = folded(&by.key.bind(schema).and_then(as_value).map_err(fitting)?)?;
            order.push(SortKey { key, direction: by.direction, nulls: by.nulls });
        }
        if let Some(mark) = &query.after
            && mark.keys.len() != order.len()
        {
            let reason = format!(
                "the page mark has {} sort keys, and the order has {}",
                mark.keys.len(),
                order.len()
            );
            return Err(StoreError::Invalid { store: format!("layer `{name}`"), reason });
        }
        Ok(Self {
            layer: Arc::clone(layer),
            ids: query.ids.clone(),
            filter: folded(&Bound::all(conditions))?,
            order,
            output: Output::of(layer, query)?,
            distinct: query.distinct,
            after: query.after.clone(),
            offset: query.offset,
            limit: query.limit,
            invalid: query.invalid,
        })
    }

    /// The layer that is asked.
    #[must_use]
    pub fn layer(&self) -> &Arc<Layer> {
        &self.layer
    }

    /// Which features by their ids.
    #[must_use]
    pub fn ids(&self) -> &Ids {
        &self.ids
    }

    /// What must be true of every feature, the box included.
    #[must_use]
    pub fn filter(&self) -> &Bound {
        &self.filter
    }

    /// How to sort.
    #[must_use]
    pub fn order(&self) -> &[SortKey] {
        &self.order
    }

    /// What to make of each feature.
    #[must_use]
    pub fn output(&self) -> &Output {
        &self.output
    }

    /// Whether equal features are fetched once.
    #[must_use]
    pub fn distinct(&self) -> bool {
        self.distinct
    }

    /// The place in the order to go on from.
    #[must_use]
    pub fn after(&self) -> Option<&PageMark> {
        self.after.as_ref()
    }

    /// How many to pass over.
    #[must_use]
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// How many to fetch at most.
    #[must_use]
    pub fn limit(&self) -> Option<u64> {
        self.limit
    }

    /// What to do with geometries that are not valid.
    #[must_use]
    pub fn invalid(&self) -> InvalidGeometries {
        self.invalid
    }

    /// The conditions of the filter, none where it passes everything.
    #[must_use]
    pub fn conditions(&self) -> Vec<Bound> {
        if self.filter == Bound::TRUE { Vec::new() } else { self.filter.conjuncts().to_vec() }
    }

    /// Those of them that a store which leaves this has decided.
    #[must_use]
    pub fn decided_in_store(&self, rest: &Rest) -> Vec<Bound> {
        let mut decided = self.conditions();
        decided.retain(|it| !rest.filter.conjuncts().contains(it));
        decided
    }

    /// Whether only some of the features that pass are asked for.
    #[must_use]
    pub fn cuts(&self) -> bool {
        self.limit.is_some() || self.offset > 0
    }

    /// Compiles an expression that was bound to this layer.
    ///
    /// # Errors
    ///
    /// [`StoreError::Evaluate`] where it cannot be evaluated in memory.
    pub fn evaluator(&self, bound: &Bound) -> Result<Evaluator> {
        Evaluator::new(bound).map_err(|reason| evaluate_error(self.layer.name(), reason))
    }

    /// The most features that can be of use, those to pass over included; `None` without a limit.
    #[must_use]
    pub fn enough(&self) -> Option<usize> {
        let enough = self.limit?.saturating_add(self.offset);
        Some(usize::try_from(enough).unwrap_or(usize::MAX))
    }

    /// All of it: what a store leaves that does nothing but read rows by ascending fid.
    #[must_use]
    pub fn all_of_it(&self) -> Rest {
        Rest {
            filter: self.filter.clone(),
            sort: !self.order.is_empty(),
            after: self.after.is_some(),
            cut: true,
        }
    }

    /// Whether a store that leaves this may apply offset and limit itself.
    #[must_use]
    pub fn may_cut(&self, rest: &Rest) -> bool {
        rest.filter == Bound::TRUE
            && !rest.sort
            && !rest.after
            && !self.distinct
            && self.invalid == InvalidGeometries::Keep
    }

    /// Whether rows are to come as they will be fetched, in [`Output::schema`]. Otherwise they
    /// come with the layer's schema, where fields that are not among [`Question::needs`] may be
    /// unset.
    #[must_use]
    pub fn comes_as_output(&self, rest: &Rest) -> bool {
        self.may_cut(rest) && self.output.is_plain()
    }

    /// The positions of the layer's fields that are looked at or fetched, given what is left.
    #[must_use]
    pub fn needs(&self, rest: &Rest) -> BTreeSet<usize> {
        let mut needed = self.output.needs();
        needed.extend(rest.filter.fields());
        if rest.sort || rest.after {
            self.order.iter().for_each(|key| needed.extend(key.key.fields()));
        }
        if self.invalid != InvalidGeometries::Keep {
            needed.extend(self.layer.schema().geometry().map(|(position, _)| position));
        }
        needed
    }
}

/// What is wrong with an expression asked of a layer.
pub(crate) fn bind_error(layer: &str, reason: BindError) -> StoreError {
    let layer = layer.to_owned();
    match reason {
        BindError::Field(reason) => StoreError::Schema { layer, reason },
        BindError::Box(reason) => StoreError::Box { layer, reason },
        reason => StoreError::Expression { layer, reason: Box::new(reason) },
    }
}

pub(crate) fn evaluate_error(layer: &str, reason: tiepoint_spatial::EvaluateError) -> StoreError {
    StoreError::Evaluate { layer: layer.to_owned(), reason: Box::new(reason) }
}

/// An interval is no value: nothing can be sorted by it or fetched.
fn as_value(bound: Bound) -> std::result::Result<Bound, BindError> {
    if *bound.ty() != ExprType::Interval {
        return Ok(bound);
    }
    Err(BindError::Argument {
        function: "query".to_owned(),
        expected: "values",
        argument: bound.to_string(),
        found: ExprType::Interval,
    })
}
