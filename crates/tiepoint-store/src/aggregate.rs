//! One value made of many features, in memory.
use crate::question::bind_error;
use crate::{Features, Result, StoreError};
use std::cmp::Ordering;
use std::sync::Arc;
use tiepoint_core::{
    Aggregate, BindError, Computed, Decimal, Envelope, ExprType, Fields, Layer, Query, Value,
};

/// Reads what the aggregates look at, and nothing else, and puts it together: for stores that know
/// no shorter way.
///
/// # Errors
///
/// As [`Store::aggregate`](crate::Store::aggregate).
pub fn in_memory<'a>(
    layer: &Arc<Layer>,
    query: &Query,
    aggregates: &[Aggregate],
    read: impl FnOnce(&Query) -> Result<Features<'a>>,
) -> Result<Vec<Value>> {
    if query.distinct {
        return Err(StoreError::Invalid {
            store: format!("layer `{}`", layer.name()),
            reason: "aggregates of a distinct query mean nothing; count distinct values instead"
                .to_owned(),
        });
    }
    let mut states = Vec::with_capacity(aggregates.len());
    let mut computed = Vec::new();
    for aggregate in aggregates {
        check(layer, aggregate)?;
        let argument = aggregate.argument().map(|value| {
            computed.push(Computed { name: computed.len().to_string(), value: value.clone() });
            computed.len() - 1
        });
        states.push((argument, State::of(aggregate)));
    }
    for feature in read(&narrowed(query, computed))? {
        let feature = feature?;
        for (argument, state) in &mut states {
            match argument {
                None => state.take(&Value::Bool(true)),
                Some(at) => match &feature.values()[*at] {
                    Some(value) if !value.is_null() => state.take(value),
                    _ => {}
                },
            }
        }
    }
    Ok(states.into_iter().map(|(_, state)| state.result()).collect())
}

/// The same features with nothing but the aggregates' arguments.
fn narrowed(query: &Query, computed: Vec<Computed>) -> Query {
    let cuts = query.limit.is_some() || query.offset > 0;
    let order = if cuts { query.order.clone() } else { Vec::new() };
    let fields = Fields::Only(Vec::new());
    Query { fields, computed, order, crs: None, simplify: None, ..query.clone() }
}

/// The same features with nothing of them and in no order: for a store that makes aggregates itself
/// of a query that does not cut.
#[must_use]
pub fn rows_to_aggregate(query: &Query) -> Query {
    Query { order: Vec::new(), ..narrowed(query, Vec::new()) }
}

/// Whether an aggregate has a value of its argument at all.
fn check(layer: &Layer, aggregate: &Aggregate) -> Result<()> {
    let Some(argument) = aggregate.argument() else { return Ok(()) };
    let fitting = |reason| bind_error(layer.name(), reason);
    let bound = argument.bind(layer.schema()).map_err(fitting)?;
    let null = *bound.ty() == ExprType::Null;
    let (function, expected, fits) = match aggregate {
        Aggregate::Sum(_) => ("sum", "a number", bound.ty().is_number()),
        Aggregate::Average(_) => ("avg", "a number", bound.ty().is_number()),
        Aggregate::Min(_) => ("min", "values that have an order", bound.ty().is_ordered()),
        Aggregate::Max(_) => ("max", "values that have an order", bound.ty().is_ordered()),
        Aggregate::Extent(_) => {
            ("extent", "a geometry", matches!(bound.ty(), ExprType::Geometry(_)))
        }
        Aggregate::CountDistinct(_) => {
            ("count distinct", "values that can be compared", bound.ty().is_ordered())
        }
        Aggregate::Count | Aggregate::CountOf(_) => ("count", "a value", true),
    };
    if fits || null {
        return Ok(());
    }
    let (argument, found) = (bound.to_string(), bound.ty().clone());
    Err(fitting(BindError::Argument { function: function.to_owned(), expected, argument, found }))
}

/// What is known so far.
enum State {
    Count(i64),
    Distinct(Vec<Value>),
    Sum(Sum),
    Average(Sum, f64),
    Extreme(Option<Value>, Ordering),
    Extent(Option<Envelope>),
}

impl State {
    fn of(aggregate: &Aggregate) -> Self {
        match aggregate {
            Aggregate::Count | Aggregate::CountOf(_) => Self::Count(0),
            Aggregate::CountDistinct(_) => Self::Distinct(Vec::new()),
            Aggregate::Sum(_) => Self::Sum(Sum::default()),
            Aggregate::Average(_) => Self::Average(Sum::default(), 0.0),
            Aggregate::Min(_) => Self::Extreme(None, Ordering::Less),
            Aggregate::Max(_) => Self::Extreme(None, Ordering::Greater),
            Aggregate::Extent(_) => Self::Extent(None),
        }
    }

    fn take(&mut self, value: &Value) {
        match self {
            Self::Count(count) => *count += 1,
            Self::Distinct(values) => values.push(value.clone()),
            Self::Sum(sum) => sum.add(value),
            Self::Average(sum, count) => {
                sum.add(value);
                *count += 1.0;
            }
            Self::Extreme(best, wanted) => {
                if best.as_ref().is_none_or(|best| value.compare(best) == Some(*wanted)) {
                    *best = Some(value.clone());
                }
            }
            Self::Extent(extent) => {
                let envelope = value.as_geometry().and_then(tiepoint_core::Geometry::envelope);
                *extent = match (*extent, envelope) {
                    (Some(extent), Some(envelope)) => Some(extent.merged(envelope)),
                    (extent, envelope) => extent.or(envelope),
                };
            }
        }
    }

    fn result(self) -> Value {
        match self {
            Self::Count(count) => Value::Int(count),
            Self::Distinct(mut values) => {
                values.sort_by(Value::order);
                values.dedup_by(|a, b| a.compare(b) == Some(Ordering::Equal));
                Value::Int(i64::try_from(values.len()).unwrap_or(i64::MAX))
            }
            Self::Sum(sum) => sum.result(),
            Self::Average(sum, count) if count > 0.0 => finite(sum.as_real() / count),
            Self::Average(..) => Value::Null,
            Self::Extreme(best, _) => best.unwrap_or(Value::Null),
            Self::Extent(extent) => {
                extent.map_or(Value::Null, |extent| extent.to_geometry().into())
            }
        }
    }
}

/// A sum: whole numbers exactly, all others with the error carried along (Neumaier 1974).
#[derive(Default)]
struct Sum {
    whole: i128,
    real: f64,
    lost: f64,
    any: bool,
    any_real: bool,
}

impl Sum {
    fn add(&mut self, value: &Value) {
        let number = match value {
            Value::Int(number) => {
                self.any = true;
                self.whole += i128::from(*number);
                return;
            }
            Value::Real(number) => *number,
            Value::Decimal(number) => number.as_str().parse().unwrap_or(f64::NAN),
            _ => return,
        };
        (self.any, self.any_real) = (true, true);
        let sum = self.real + number;
        self.lost += if self.real.abs() >= number.abs() {
            (self.real - sum) + number
        } else {
            (number - sum) + self.real
        };
        self.real = sum;
    }

    #[expect(clippy::cast_precision_loss, reason = "a real sum is asked for")]
    fn as_real(&self) -> f64 {
        self.real + self.lost + self.whole as f64
    }

    fn result(self) -> Value {
        if !self.any {
            return Value::Null;
        }
        if self.any_real {
            return finite(self.as_real());
        }
        if let Ok(whole) = i64::try_from(self.whole) {
            return Value::Int(whole);
        }
        let digits = self.whole.to_string().parse::<Decimal>();
        Value::Decimal(digits.expect("the digits of a whole number are a decimal"))
    }
}

fn finite(number: f64) -> Value {
    if number.is_finite() { Value::Real(number) } else { Value::Null }
}
