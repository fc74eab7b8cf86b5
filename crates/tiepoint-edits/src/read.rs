//! Reading with what is pending merged in: the store is asked for what was not touched, and what was
//! touched is answered here.
use crate::drift::fitted;
use crate::state::LayerState;
use std::collections::BTreeSet;
use std::iter::Peekable;
use std::sync::Arc;
use tiepoint_core::{
    Bound, Feature, Fid, Fields, Ids, InvalidGeometries, Layer, Query, Target, Value,
};
use tiepoint_store::{Features, Question, ReadControl, Rest, Result, StoreError};

/// The features that `query` asks for; `base` asks the store.
///
/// What is pending costs a look at each pending feature, or at those that are asked for by their
/// ids; every row of the store costs one more look for whether it was touched.
pub(crate) fn read<'a>(
    pending: Option<&LayerState>,
    query: &Query,
    control: &ReadControl,
    base: &impl Base<'a>,
) -> Result<Features<'a>> {
    let Some(pending) = pending.filter(|it| it.is_dirty()) else { return base.read(query) };
    let asked = Asked::of(pending, &query.ids);
    if asked.is_untouched() {
        return base.read(query);
    }
    if asked.is_touched() {
        let question = Question::of(&pending.layer, query)?;
        let ours = touched(&question, &asked, pending, control)?;
        return question.finish_whole(&Merge::rest(&question), ending(ours));
    }
    let question = Question::of(&base.layer(&query.layer)?, query)?;
    let plan = Merge::of(&question, query, pending);
    let rows = base.read(&Query { ids: asked.left(), ..plan.query.clone() })?;
    let is_tied = question.layer().is_tied();
    let untouched = untouched(pending.clone(), is_tied, plan.widened(question.layer(), rows));
    let ours = touched(&question, &asked, pending, control)?;
    let merged = merged(plan.in_fid_order(untouched), ours);
    question.finish_whole(&plan.rest, ending(merged))
}

/// The store below, asked while edits are pending over it.
pub(crate) trait Base<'a> {
    fn layer(&self, name: &str) -> Result<Arc<Layer>>;
    fn read(&self, query: &Query) -> Result<Features<'a>>;
}

/// What a query asks for by ids, parted into what was touched and what is left to the store.
enum Asked {
    Everything,
    Targets { touched: BTreeSet<Target>, left: Ids },
}

impl Asked {
    fn of(pending: &LayerState, ids: &Ids) -> Self {
        let mut touched = BTreeSet::new();
        let mut is_ours = |target: Option<Target>| {
            let ours = target.filter(|it| pending.dirty_row(it).is_some());
            let is_ours = ours.is_some();
            touched.extend(ours);
            is_ours
        };
        let left = match ids {
            Ids::Any => return Self::Everything,
            Ids::Objects(ids) => {
                let left = ids.iter().filter(|id| !is_ours(Some(Target::Id(**id))));
                Ids::Objects(left.copied().collect())
            }
            Ids::Fids(fids) => {
                let target = |fid: &Fid| pending.target_of_fid(fid).cloned();
                Ids::Fids(fids.iter().filter(|fid| !is_ours(target(fid))).cloned().collect())
            }
        };
        Self::Targets { touched, left }
    }

    /// Whether the store has all of it.
    fn is_untouched(&self) -> bool {
        matches!(self, Self::Targets { touched, .. } if touched.is_empty())
    }

    /// Whether the store has nothing of it.
    fn is_touched(&self) -> bool {
        match self {
            Self::Everything | Self::Targets { left: Ids::Any, .. } => false,
            Self::Targets { left: Ids::Objects(left), .. } => left.is_empty(),
            Self::Targets { left: Ids::Fids(left), .. } => left.is_empty(),
        }
    }

    fn left(&self) -> Ids {
        match self {
            Self::Everything => Ids::Any,
            Self::Targets { left, .. } => left.clone(),
        }
    }
}

/// What the store is asked for, and what remains to be done with all of it.
pub(crate) struct Merge {
    pub(crate) query: Query,
    pub(crate) rest: Rest,
    /// The positions of the fields that come, where not all do.
    narrowed: Option<Vec<usize>>,
    /// Whether rows come in another order than by fid.
    sorted: bool,
}

impl Merge {
    /// What remains of rows that pass.
    fn rest(question: &Question) -> Rest {
        Rest { filter: Bound::TRUE, ..question.all_of_it() }
    }

    pub(crate) fn of(question: &Question, asked: &Query, pending: &LayerState) -> Self {
        let rest = Self::rest(question);
        let fields = question.layer().schema().fields();
        let needs: Vec<usize> = question.needs(&rest).into_iter().collect();
        let narrowed = (needs.len() < fields.len()).then_some(needs);
        let names = |at: &Vec<usize>| at.iter().map(|at| fields[*at].name.clone()).collect();
        let mut query = Query {
            fields: narrowed.as_ref().map_or(Fields::All, |at| Fields::Only(names(at))),
            filter: asked.filter.clone(),
            bbox: asked.bbox,
            bbox_crs: asked.bbox_crs.clone(),
            ..Query::layer(&asked.layer)
        };
        let whole = question.after().is_none()
            && !question.distinct()
            && question.invalid() == InvalidGeometries::Keep;
        let enough = question.enough().filter(|_| whole);
        if let Some(enough) = enough {
            // at most so many of what the store gives are touched and fall out
            let enough = enough.saturating_add(pending.dirty_count());
            query = query.limit(u64::try_from(enough).unwrap_or(u64::MAX));
            query.order.clone_from(&asked.order);
        }
        let sorted = !query.order.is_empty();
        Self { query, rest, narrowed, sorted }
    }

    /// Rows with all fields of the layer; those that nobody needs are unset.
    fn widened<'a>(&self, layer: &Arc<Layer>, rows: Features<'a>) -> Rows<'a> {
        let Some(at) = self.narrowed.clone() else { return Box::new(rows) };
        let schema = Arc::clone(layer.schema());
        Box::new(rows.map(move |row| {
            row.map(|feature| {
                let (id, fid) = (feature.id, feature.fid.clone());
                let mut values: Vec<Option<Value>> = vec![None; schema.fields().len()];
                for (value, at) in feature.into_values().into_iter().zip(&at) {
                    values[*at] = value;
                }
                Feature::with_values(Arc::clone(&schema), values).with_id(id).with_fid(fid)
            })
        }))
    }

    /// Rows by ascending fid; those that a limit bounds are held for it.
    fn in_fid_order<'a>(&self, rows: Rows<'a>) -> Rows<'a> {
        if !self.sorted {
            return rows;
        }
        let mut held: Vec<Result<Feature>> = rows.collect();
        held.sort_by(|a, b| fid(a).cmp(&fid(b)));
        Box::new(held.into_iter())
    }
}

type Rows<'a> = Box<dyn Iterator<Item = Result<Feature>> + 'a>;

/// The fid of a row; errors come first.
fn fid(row: &Result<Feature>) -> Option<&Fid> {
    row.as_ref().ok().and_then(|it| it.fid.as_ref())
}

/// The rows of the store that nothing is pending for.
fn untouched(pending: LayerState, is_tied: bool, rows: Rows<'_>) -> Rows<'_> {
    Box::new(rows.filter(move |row| match row {
        Ok(feature) => pending.dirty_row_of(feature, is_tied).is_none(),
        Err(_) => true,
    }))
}

/// The pending features that pass, by ascending fid.
fn touched<'a>(
    question: &Question,
    asked: &Asked,
    pending: &LayerState,
    control: &ReadControl,
) -> Result<Rows<'a>> {
    let filter = question.evaluator(question.filter())?;
    let mut passing: Vec<Arc<Feature>> = Vec::new();
    let mut look = |row: &crate::state::Row| {
        control.examine();
        let Some(now) = &row.now else { return };
        if filter.is_true(&**now) {
            passing.push(Arc::clone(now));
        }
    };
    match asked {
        Asked::Everything => pending.dirty_rows().for_each(|(_, row)| look(row)),
        Asked::Targets { touched, .. } => {
            touched.iter().filter_map(|it| pending.dirty_row(it)).for_each(look);
        }
    }
    passing.sort_by(|a, b| a.fid.cmp(&b.fid));
    let layer = Arc::clone(question.layer());
    let stop = control.clone();
    Ok(Box::new(passing.into_iter().map(move |feature| {
        stop.check()?;
        Ok(told(feature, &layer))
    })))
}

/// A pending feature as it is told: of what the store computes from other fields, nothing is known.
fn told(feature: Arc<Feature>, layer: &Layer) -> Feature {
    let same = Arc::ptr_eq(feature.schema(), layer.schema());
    let mut feature = if same { Arc::unwrap_or_clone(feature) } else { fitted(&feature, layer) };
    for field in layer.schema().fields().iter().filter(|field| field.generated) {
        feature.unset(&field.name);
    }
    feature
}

/// Two streams by ascending fid as one.
fn merged<'a>(store: Rows<'a>, ours: Rows<'a>) -> Rows<'a> {
    let (mut store, mut ours): (Peekable<_>, Peekable<_>) = (store.peekable(), ours.peekable());
    Box::new(std::iter::from_fn(move || match (store.peek(), ours.peek()) {
        (Some(a), Some(b)) if fid(b) < fid(a) => ours.next(),
        (Some(_), _) => store.next(),
        (None, _) => ours.next(),
    }))
}

/// The same rows, of which there are no more after the reading was stopped.
fn ending(rows: Rows<'_>) -> Rows<'_> {
    let mut rows = Some(rows);
    Box::new(std::iter::from_fn(move || {
        let row = rows.as_mut()?.next();
        if matches!(row, None | Some(Err(StoreError::Stopped | StoreError::TimedOut { .. }))) {
            rows = None;
        }
        row
    }))
}
