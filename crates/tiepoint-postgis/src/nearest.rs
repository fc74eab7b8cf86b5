//! The nearest features in true metres, by the default index.
//!
//! The index knows only boxes and degrees, so it is asked twice: first for some that are near, by
//! its own measure; then for everything in the boxes that could hold something nearer than these
//! are in truth. Among those we sort exactly. What the first answer says is never relied on but as
//! a bound, so that both need not see the same state.
use crate::error::Site;
use crate::geography;
use crate::kind::Kind;
use crate::link::Link;
use crate::metadata::{Sql, bound};
use crate::reading::FeatureReader;
use crate::select::{Maker, Select, Shape, filtered, parameters};
use crate::spelling::{Spelling, placed};
use std::sync::Arc;
use tiepoint_core::{Bound, Direction, Function, Geometry, Nulls};
use tiepoint_spatial::measure::{DistanceTo, Metric};
use tiepoint_store::sql::Fragment;
use tiepoint_store::{ReadControl, Result};

/// More than so many are cheaper to sort.
const MOST: usize = 10_000;
/// How many times as many candidates are asked for when too few have passed the filter.
const MORE: usize = 8;

/// The same question of fewer rows, where it is one for the nearest.
pub(crate) fn narrowed(
    link: &Link,
    site: &Site,
    select: Select,
    control: Option<&ReadControl>,
) -> Result<Select> {
    let Some(search) = Search::of(&select) else { return Ok(select) };
    let Some(limit) = search.farthest(link, site, control)? else { return Ok(select) };
    let (maker, boxes) = (search.maker(site), search.to.search_boxes(limit));
    let column = &select.table.columns[search.position];
    let within = match column.kind {
        Kind::Geography => Some(search.reached(&maker, limit)),
        _ => maker.spelling.within(search.position, &boxes),
    };
    let Some(within) = within else { return Ok(select) };
    let split = maker.split(select.question.filter())?;
    let mut conditions = maker.conditions(split);
    conditions.push(within);
    let (rest, shape) = (select.rest.clone(), select.shape.clone());
    let sql = maker.statement(&shape, conditions, Vec::new(), false);
    let statement = sql.spell(&maker.spelling);
    Ok(Select { rest, shape, statement, ..select })
}

/// A search that fits a question: sorted by the distance to a place alone, the nearest first, and
/// limited.
struct Search<'s> {
    select: &'s Select,
    position: usize,
    place: Geometry,
    to: DistanceTo,
    enough: usize,
}

impl<'s> Search<'s> {
    fn of(select: &'s Select) -> Option<Self> {
        let question = &select.question;
        let [by] = question.order() else { return None };
        let plain = question.after().is_none()
            && !question.distinct()
            && question.invalid() == tiepoint_core::InvalidGeometries::Keep
            && by.direction == Direction::Ascending;
        let enough = question.enough().filter(|it| plain && (1..=MOST).contains(it))?;
        let (position, place, crs) = tiepoint_spatial::nearest(&by.key)?;
        let column = select.table.columns.get(position)?;
        if !matches!(column.kind, Kind::Geometry | Kind::Geography) {
            return None;
        }
        let known = question.filter().conjuncts().iter().any(|it| is_not_null(it, &by.key));
        if !known && by.nulls == Nulls::First {
            return None;
        }
        let to = DistanceTo::new(place, Metric::of(&crs).ok()?);
        Some(Self { select, position, place: place.clone(), to, enough })
    }

    fn maker<'m>(&'m self, site: &'m Site) -> Maker<'m> {
        let spelling = Spelling { table: &self.select.table };
        Maker { site, spelling, question: &self.select.question }
    }

    /// A distance within which there are enough; `None` where there are too few at any.
    fn farthest(
        &self,
        link: &Link,
        site: &Site,
        control: Option<&ReadControl>,
    ) -> Result<Option<f64>> {
        let mut wanted = self.enough;
        loop {
            let (mut distances, all) = self.candidates(link, site, control, wanted)?;
            if distances.len() >= self.enough {
                distances.sort_by(f64::total_cmp);
                return Ok(distances.get(self.enough - 1).copied());
            }
            if all || wanted > MOST * MORE {
                return Ok(None);
            }
            wanted = wanted.saturating_mul(MORE);
        }
    }

    /// The true distances of some near ones that pass, and whether there are no more.
    fn candidates(
        &self,
        link: &Link,
        site: &Site,
        control: Option<&ReadControl>,
        wanted: usize,
    ) -> Result<(Vec<f64>, bool)> {
        let (select, maker) = (self.select, self.maker(site));
        let mut needed = select.rest.filter.fields();
        needed.insert(self.position);
        let shape = Shape::of_fields(select.table.layer.schema(), needed);
        let statement = self.candidates_sql(&maker, &shape, wanted)?.spell(&maker.spelling);
        let rows = match control {
            Some(control) => link.query_with(&statement.sql, &parameters(&statement), control),
            None => link.query(&statement.sql, &parameters(&statement)),
        };
        let rows = rows.map_err(site.failed(&select.doing()))?;
        let reader = FeatureReader::new(site.clone(), Arc::clone(&select.table), shape);
        let passes = select.question.evaluator(&select.rest.filter)?;
        let mut distances = Vec::with_capacity(rows.len());
        for row in &rows {
            let feature = reader.feature(row)?;
            let value = feature.values()[self.position].as_ref();
            let geometry = value.and_then(tiepoint_core::Value::as_geometry);
            let distance = geometry.and_then(|it| self.to.distance(it));
            if passes.is_true(&feature) {
                distances.extend(distance);
            }
        }
        Ok((distances, rows.len() < wanted))
    }

    fn candidates_sql(&self, maker: &Maker<'_>, shape: &Shape, wanted: usize) -> Result<Sql> {
        let column = &self.select.table.columns[self.position];
        let mut conditions = maker.conditions(maker.split(self.select.question.filter())?);
        conditions.push(Fragment::name(&column.name).then(" IS NOT NULL"));
        let order = Fragment::name(&column.name).then(" <-> ");
        let order = order.then(placed(column, self.place.clone()));
        let sql = filtered(maker.columns(shape), conditions).then(" ORDER BY ").then(order);
        let wanted = i64::try_from(wanted).unwrap_or(i64::MAX);
        Ok(sql.then(" LIMIT ").then(bound(Kind::Int8, "::int8", wanted)))
    }

    /// What a geography's index is asked: a little more than the distance, since the server's
    /// measure may be off by some.
    fn reached(&self, maker: &Maker<'_>, limit: f64) -> Sql {
        let column = &maker.table().columns[self.position];
        geography::reached(column, self.place.clone(), limit)
    }
}

/// Whether a condition says that a key is not null.
fn is_not_null(condition: &Bound, key: &Bound) -> bool {
    let Some((Function::Not, [inner])) = condition.as_call() else { return false };
    matches!(inner.as_call(), Some((Function::IsNull, [of])) if of == key)
}
