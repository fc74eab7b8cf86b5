//! How a query is answered: the server's plan, run and measured, and what we know of ours.
use crate::catalogue::Catalogue;
use crate::encode::Bind;
use crate::error::{Failure, Site};
use crate::link::Link;
use crate::metadata::Table;
use crate::read::asked;
use crate::select::{Select, parameters};
use crate::spelling::{boxes, quoted};
use serde_json::Value as Json;
use tiepoint_core::{Bound, Direction, Ids, Query};
use tiepoint_store::sql::Statement;
use tiepoint_store::{Access, Buffers, Place, Plan, ReadControl, Result};
use tokio_postgres::types::Type;

/// Answers a query and says how.
pub(crate) fn explain(
    link: &Link,
    site: &Site,
    catalogue: &Catalogue,
    query: &Query,
) -> Result<Plan> {
    let control = ReadControl::default();
    let select = asked(link, site, catalogue, query, Some(&control))?;
    let doing = select.doing();
    let root = planned(link, &select.statement).map_err(site.failed(&doing))?;
    let steps = steps(&root);
    let mut plan = Plan {
        access: access(&select, &steps),
        in_store: select.question.decided_in_store(&select.rest),
        in_memory: select.rest.conditions(),
        sorted: Place::of(!select.question.order().is_empty(), select.rest.sort),
        cut: Place::of(select.question.cuts(), select.rest.cut),
        statement: Some(select.statement.sql.clone()),
        steps: steps.iter().map(Step::words).collect(),
        buffers: buffers(&root),
        examined: steps.iter().map(Step::examined).max().unwrap_or_default(),
        returned: 0,
    };
    let rows = link.rows(&select.statement.sql, &parameters(&select.statement));
    let rows = Borrowed(rows.map_err(site.failed(&doing))?);
    for feature in select.features(site.clone(), rows, None)? {
        feature?;
        plan.returned += 1;
    }
    Ok(plan)
}

/// The plan that the server keeps for a statement, which is not the one that it would make for
/// these values alone. Values come as settings of the session, so that none becomes SQL.
fn planned(link: &Link, statement: &Statement<Bind>) -> Result<Json, Failure> {
    let types: Vec<Type> = link.prepare(&statement.sql)?.params().to_vec();
    let mut values = Vec::with_capacity(types.len());
    for (number, (ty, bind)) in types.iter().zip(&statement.binds).enumerate() {
        let ty = quoted(ty.name());
        let set = format!("SELECT set_config('tiepoint.bind_{number}', ($1::{ty})::text, false)");
        link.query(&set, &[bind])?;
        values.push(format!("current_setting('tiepoint.bind_{number}')::{ty}"));
    }
    link.batch(&format!("PREPARE tiepoint_explained AS {}", statement.sql))?;
    let values = if values.is_empty() { String::new() } else { format!("({})", values.join(", ")) };
    let explain = "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) EXECUTE tiepoint_explained";
    let plan = link.query_once(&format!("{explain}{values}"), &[]);
    link.batch("DEALLOCATE tiepoint_explained")?;
    let plan = plan?;
    Ok(plan.first().map_or(Json::Null, |row| row.get::<_, ServerPlan>(0).0))
}

/// Rows of a connection that somebody else holds, read to their end.
struct Borrowed(crate::streams::Rows);

impl crate::reading::RowSource for Borrowed {
    fn next_row(
        &mut self,
        control: Option<&ReadControl>,
    ) -> Result<Option<tokio_postgres::Row>, Failure> {
        self.0.next(control)
    }
}

/// A plan in JSON, as `EXPLAIN` prints it.
struct ServerPlan(Json);

impl<'a> tokio_postgres::types::FromSql<'a> for ServerPlan {
    fn from_sql(
        _: &tokio_postgres::types::Type,
        raw: &'a [u8],
    ) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        let plans: Json = serde_json::from_slice(raw)?;
        Ok(Self(plans.get(0).and_then(|it| it.get("Plan")).cloned().unwrap_or_default()))
    }

    fn accepts(ty: &tokio_postgres::types::Type) -> bool {
        matches!(ty.name(), "json" | "text")
    }
}

/// One step of the server's plan.
struct Step<'p> {
    depth: usize,
    node: &'p Json,
}

fn steps(root: &Json) -> Vec<Step<'_>> {
    let (mut steps, mut open) = (Vec::new(), vec![Step { depth: 0, node: root }]);
    while let Some(step) = open.pop() {
        let inner = step.node.get("Plans").and_then(Json::as_array);
        let deeper = inner.into_iter().flatten().rev();
        open.extend(deeper.map(|node| Step { depth: step.depth + 1, node }));
        steps.push(step);
    }
    steps
}

impl Step<'_> {
    fn text(&self, key: &str) -> &str {
        self.node.get(key).and_then(Json::as_str).unwrap_or_default()
    }

    fn number(&self, key: &str) -> f64 {
        self.node.get(key).and_then(Json::as_f64).unwrap_or_default()
    }

    /// How many rows it looked at.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "counts of rows")]
    fn examined(&self) -> u64 {
        if !self.text("Node Type").ends_with("Scan") {
            return 0;
        }
        let removed = ["Rows Removed by Filter", "Rows Removed by Index Recheck"];
        let removed: f64 = removed.iter().map(|key| self.number(key)).sum();
        ((self.number("Actual Rows") + removed) * self.number("Actual Loops").max(1.0)) as u64
    }

    fn index(&self) -> Option<&str> {
        self.node.get("Index Name").and_then(Json::as_str)
    }

    fn words(&self) -> String {
        let of = [self.text("Index Name"), self.text("Relation Name")];
        let of: Vec<&str> = of.into_iter().filter(|it| !it.is_empty()).collect();
        let name = if of.is_empty() { String::new() } else { format!(" on {}", of.join(" of ")) };
        let (node, rows) = (self.text("Node Type"), self.number("Actual Rows"));
        format!("{}{node}{name}, {rows} rows", "  ".repeat(self.depth))
    }
}

fn buffers(root: &Json) -> Option<Buffers> {
    let number = |key: &str| root.get(key).and_then(Json::as_u64);
    Some(Buffers { hit: number("Shared Hit Blocks")?, read: number("Shared Read Blocks")? })
}

/// What found the rows.
fn access(select: &Select, steps: &[Step<'_>]) -> Access {
    let (table, filter) = (&select.table, select.question.filter());
    let asked = boxes(table, filter);
    let nothing = asked.as_ref().is_some_and(|(_, boxes)| boxes.is_empty());
    if *filter == Bound::FALSE || nothing {
        return Access::Nothing;
    }
    let Some(index) = steps.iter().find_map(Step::index) else { return Access::Scan };
    let index = index.to_owned();
    if is_spatial(table, &index) {
        if asks_nearest(select) {
            return Access::Nearest { index, nodes: 0 };
        }
        let boxes = asked.map_or_else(Vec::new, |(_, boxes)| boxes);
        return Access::SpatialIndex { index, boxes: boxes.iter().map(|it| it.envelope).collect() };
    }
    let chosen = *select.question.ids() != Ids::Any;
    let conditional = steps.iter().any(|step| step.node.get("Index Cond").is_some());
    match (chosen, conditional) {
        (true, true) => Access::Ids,
        (false, true) => Access::Index { index },
        (_, false) => Access::Scan,
    }
}

fn is_spatial(table: &Table, index: &str) -> bool {
    let found = table.indexes.iter().find(|it| it.name == index);
    found.is_some_and(|it| matches!(it.method.as_str(), "gist" | "spgist" | "brin"))
}

fn asks_nearest(select: &Select) -> bool {
    let [by] = select.question.order() else { return false };
    let limited = select.question.limit().is_some() && by.direction == Direction::Ascending;
    limited && tiepoint_spatial::nearest(&by.key).is_some()
}
