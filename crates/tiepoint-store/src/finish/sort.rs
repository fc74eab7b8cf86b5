//! Sorting in memory, and going on from a page's mark.
use super::Rows;
use crate::question::{bind_error, evaluate_error};
use crate::{Question, Result, StoreError};
use std::cmp::Ordering;
use tiepoint_core::{Direction, Feature, Fid, Nulls, PageMark, Query, Value};
use tiepoint_spatial::Evaluator;

struct Keys {
    evaluators: Vec<Evaluator>,
    ways: Vec<(Direction, Nulls)>,
}

/// More rows than this beyond what is of use are sorted and dropped.
const SLACK: usize = 4_096;

/// The rows in the order that was asked for; equals stay in the order they came in. Only as many
/// as can be of use, where that is known.
pub(super) fn sorted<'a>(question: &Question, rows: Rows<'a>) -> Result<Rows<'a>> {
    let keys = Keys::of(question)?;
    let enough = if question.distinct() { None } else { question.enough() };
    let mut kept: Vec<(Vec<Value>, Feature)> = Vec::new();
    for row in rows {
        let row = row?;
        kept.push((keys.values(&row), row));
        if enough.is_some_and(|enough| kept.len() > enough.saturating_mul(2).saturating_add(SLACK))
        {
            keys.sort(&mut kept);
            kept.truncate(enough.unwrap_or(usize::MAX));
        }
    }
    keys.sort(&mut kept);
    Ok(Box::new(kept.into_iter().map(|(_, row)| Ok(row))))
}

/// The rows that come after the question's mark.
pub(super) fn after_mark<'a>(question: &Question, rows: Rows<'a>) -> Result<Rows<'a>> {
    let Some(mark) = question.after().cloned() else { return Ok(rows) };
    let keys = Keys::of(question)?;
    let layer = question.layer().name().to_owned();
    Ok(Box::new(rows.filter_map(move |row| match row {
        Ok(feature) => match &feature.fid {
            Some(fid) => {
                let order = keys.compare(&keys.values(&feature), &mark.keys);
                let comes_after = order.then_with(|| fid_order(fid, &mark.fid)).is_gt();
                comes_after.then_some(Ok(feature))
            }
            None => Some(Err(no_fid(&layer))),
        },
        Err(error) => Some(Err(error)),
    })))
}

/// The mark of a feature that `query` fetched: where the next page begins.
///
/// # Errors
///
/// When the feature lacks what the order looks at, or has no fid.
///
/// ```
/// # use tiepoint_core::{Edit, Direction, Feature, Field, FieldType, LayerDefinition, Schema};
/// use tiepoint_core::{Query, field};
/// use tiepoint_store::{MemoryStore, Store, page_mark};
/// # use tiepoint_store::TransactionOptions;
/// # let store = MemoryStore::new();
/// # let schema = Schema::new(vec![Field::new("height", FieldType::INT)])?;
/// # let mut transaction = store.begin(TransactionOptions::default())?;
/// # let layer = transaction.create_layer(&LayerDefinition::new("trees", schema))?;
/// # for height in [3, 1, 2] {
/// #     let mut tree = Feature::new(layer.schema().clone());
/// #     tree.set("height", height.into())?;
/// #     transaction.write("trees", Edit::Insert(tree))?;
/// # }
/// # transaction.commit()?;
/// let query = Query::layer("trees").order_by(field("height"), Direction::Ascending).limit(2);
/// let page: Vec<_> = store.read(&query)?.collect::<Result<_, _>>()?;
/// let next = query.clone().after(page_mark(&query, &page[1])?);
/// let heights: Vec<_> = store.read(&next)?.map(|it| it.expect("reads").get("height").cloned()).collect();
/// assert_eq!(heights, [Some(3.into())]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn page_mark(query: &Query, feature: &Feature) -> Result<PageMark> {
    let fid = feature.fid.clone().ok_or_else(|| no_fid(&query.layer))?;
    let mut keys = Vec::with_capacity(query.order.len());
    for by in &query.order {
        let bound = by.key.bind(feature.schema());
        let bound = bound.map_err(|reason| bind_error(&query.layer, reason))?;
        let evaluator = Evaluator::new(&bound);
        let evaluator = evaluator.map_err(|reason| evaluate_error(&query.layer, reason))?;
        keys.push(evaluator.value(feature));
    }
    Ok(PageMark { keys, fid })
}

fn no_fid(layer: &str) -> StoreError {
    StoreError::Unsupported {
        store: format!("layer `{layer}`"),
        what: "be read by page marks, since its rows have no fids".to_owned(),
        hint: Some("page by offset and limit".to_owned()),
    }
}

fn fid_order(a: &Fid, b: &Fid) -> Ordering {
    match (a, b) {
        (Fid::Int(a), Fid::Int(b)) => a.cmp(b),
        (Fid::Text(a), Fid::Text(b)) => a.cmp(b),
        (Fid::Int(_), Fid::Text(_)) => Ordering::Less,
        (Fid::Text(_), Fid::Int(_)) => Ordering::Greater,
    }
}

impl Keys {
    fn of(question: &Question) -> Result<Self> {
        let evaluators = question.order().iter().map(|key| question.evaluator(&key.key));
        Ok(Self {
            evaluators: evaluators.collect::<Result<_>>()?,
            ways: question.order().iter().map(|key| (key.direction, key.nulls)).collect(),
        })
    }

    fn values(&self, row: &Feature) -> Vec<Value> {
        self.evaluators.iter().map(|key| key.value(row)).collect()
    }

    fn sort(&self, rows: &mut [(Vec<Value>, Feature)]) {
        rows.sort_by(|(a, _), (b, _)| self.compare(a, b));
    }

    fn compare(&self, a: &[Value], b: &[Value]) -> Ordering {
        let pairs = a.iter().zip(b).zip(&self.ways);
        let by_key = pairs.map(|((a, b), (direction, nulls))| one(a, b, *direction, *nulls));
        by_key.fold(Ordering::Equal, Ordering::then)
    }
}

fn one(a: &Value, b: &Value, direction: Direction, nulls: Nulls) -> Ordering {
    let null_first = match (a.is_null(), b.is_null()) {
        (false, false) => {
            let ascending = a.order(b);
            return match direction {
                Direction::Ascending => ascending,
                Direction::Descending => ascending.reverse(),
            };
        }
        (a, b) => b.cmp(&a),
    };
    match nulls {
        Nulls::First => null_first,
        Nulls::Last => null_first.reverse(),
    }
}
