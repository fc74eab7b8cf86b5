//! Looking for what is wrong in one layer: its ids, its indexes, what the server knows of it, its
//! geometries. One scan for the ids and one for each geometry; another only where something is wrong.
use crate::carrier::{Carrier, EXAMPLES, Verdict};
use crate::error::{Failure, Site};
use crate::geometry::conditions;
use crate::guards::{self, Guard};
use crate::kind::Kind;
use crate::link::Link;
use crate::log;
use crate::metadata::{Key, Relation, Table};
use crate::natural_keys;
use crate::spelling::quoted;
use std::sync::Arc;
use tiepoint_core::{Fid, Field, FieldType};
use tiepoint_store::{Finding, FindingKind, Result};

/// Fewer rows are read through faster than any plan is made.
const FEW_ROWS: i64 = 1_000;

/// Something that is wrong, and how it can be mended.
#[derive(Debug)]
pub(crate) struct Problem {
    pub(crate) finding: Finding,
    pub(crate) remedy: Option<Remedy>,
}

/// What mends a problem without losing anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Remedy {
    /// Mint, spell or replace ids, and note the old.
    Ids,
    /// Make the index on the ids.
    IdIndex,
    /// Make the triggers that keep ids right.
    Guard,
    /// Make the log of changes anew.
    Log,
    /// Forget that a table of this number was tied.
    ForgetTie(u32),
    /// Let the server look at the values.
    Analyze,
}

impl Problem {
    pub(crate) fn new(
        table: &Table,
        kind: FindingKind,
        message: impl Into<String>,
        remedy: Option<Remedy>,
    ) -> Self {
        let finding = Finding {
            layer: Some(table.layer.name().to_owned()),
            kind,
            message: message.into(),
            rows: 0,
            examples: Vec::new(),
            mended: false,
        };
        Self { finding, remedy }
    }

    fn in_rows(mut self, rows: u64, examples: Vec<Fid>) -> Self {
        self.finding.rows = rows;
        self.finding.examples = examples;
        self
    }
}

/// All that is wrong with a layer. Of views and of tables on other servers nothing is looked at but
/// a natural key: what they show is looked at where it is.
pub(crate) fn layer(link: &Link, site: &Site, table: &Arc<Table>) -> Result<Vec<Problem>> {
    let mut problems = Vec::new();
    if let Some(field) = &table.lost_key {
        let message = format!(
            "it was tied by the natural key `{field}`, which is no field of it any more: untie it, or tie it again"
        );
        problems.push(Problem::new(table, FindingKind::Identity, message, None));
    }
    if let Some(key) = &table.natural_key {
        let findings = natural_keys::survey(link, site, table)?.into_findings(key);
        problems.extend(findings.into_iter().map(|finding| Problem { finding, remedy: None }));
    }
    let inspect = |problems: &mut Vec<Problem>| {
        if matches!(table.relation, Relation::View | Relation::Foreign) {
            return Ok(());
        }
        if let (Key::None, Some(reason)) = (&table.key, &table.layer.read_only) {
            let message = format!("can only be read: {reason}");
            problems.push(Problem::new(table, FindingKind::Catalogue, message, None));
        }
        identity(link, table, problems)?;
        noting(link, table, problems)?;
        indexes(link, table, problems)?;
        statistics(link, table, problems)?;
        geometries(link, table, problems)
    };
    inspect(&mut problems)
        .map_err(site.failed(&format!("check layer `{}`", table.layer.name())))?;
    Ok(problems)
}

fn identity(link: &Link, table: &Table, problems: &mut Vec<Problem>) -> Result<(), Failure> {
    let Some(carrier) = Carrier::of_tie(table) else { return Ok(()) };
    let tally = carrier.tally(link)?;
    for verdict in Verdict::ALL {
        let rows = tally.of(verdict);
        if rows > 0 {
            let message = match verdict {
                Verdict::Missing => "the object id is missing",
                Verdict::Misspelt => "the object id is not spelled in lower case with hyphens",
                Verdict::Malformed => "the object id is no UUID",
                Verdict::Shared => "the object id is that of an older row",
            };
            let examples = carrier.examples(link, verdict)?;
            let problem = Problem::new(table, FindingKind::Identity, message, Some(Remedy::Ids));
            problems.push(problem.in_rows(rows, examples));
        }
    }
    if !guards::has_index(link, &carrier)? {
        let message = "the index on the object ids is missing";
        problems.push(Problem::new(table, FindingKind::Index, message, Some(Remedy::IdIndex)));
    }
    let message = match guards::state(link, &carrier)? {
        Guard::InPlace => return Ok(()),
        Guard::Missing => "the triggers that keep object ids right are missing",
        Guard::Altered => "the triggers that keep object ids right are altered or out of date",
        Guard::Disabled => "the triggers that keep object ids right are disabled",
    };
    problems.push(Problem::new(table, FindingKind::Guard, message, Some(Remedy::Guard)));
    Ok(())
}

fn noting(link: &Link, table: &Table, problems: &mut Vec<Problem>) -> Result<(), Failure> {
    let message = match log::log_of(link, table.oid)?.and_then(|it| it.trouble()) {
        None => return Ok(()),
        Some(log::Mark::Shape) => {
            "changes are noted by columns that it has no more, or not as they are now"
        }
        Some(_) => "the triggers that note changes are missing or disabled",
    };
    problems.push(Problem::new(table, FindingKind::Guard, message, Some(Remedy::Log)));
    Ok(())
}

fn indexes(link: &Link, table: &Table, problems: &mut Vec<Problem>) -> Result<(), Failure> {
    for (at, field) in table.layer.schema().fields().iter().enumerate() {
        if matches!(field.ty, FieldType::Geometry(_)) && table.spatial_index(at).is_none() {
            let message = format!(
                "field `{name}` has no spatial index, so a box reads every row: make one with \
                 CREATE INDEX ON {schema}.{table} USING gist ({column})",
                name = field.name,
                schema = quoted(&table.schema),
                table = quoted(&table.name),
                column = quoted(&field.name)
            );
            problems.push(Problem::new(table, FindingKind::Index, message, None));
        }
    }
    for row in link.query(include_str!("sql/index_troubles.sql"), &[&table.oid])? {
        let (name, other): (&str, Option<&str>) = (row.get(0), row.get(1));
        let message = match other {
            Some(other) => format!(
                "indexes `{name}` and `{other}` hold the same: one is enough, and every write pays for both"
            ),
            None => {
                format!("index `{name}` is not complete, so nobody uses it: drop it or REINDEX it")
            }
        };
        problems.push(Problem::new(table, FindingKind::Index, message, None));
    }
    Ok(())
}

fn statistics(link: &Link, table: &Table, problems: &mut Vec<Problem>) -> Result<(), Failure> {
    let row = link.query_one(include_str!("sql/statistics.sql"), &[&table.oid])?;
    let (rows, changed): (i64, i64) = (row.get(0), row.get(1));
    let never: bool = row.get(2);
    if rows <= FEW_ROWS || !(never || changed > FEW_ROWS && changed.saturating_mul(5) > rows) {
        return Ok(());
    }
    let message = if never {
        format!("the server has never looked at its values (some {rows} rows), so it plans blindly")
    } else {
        format!("{changed} of some {rows} rows have changed since the server looked at its values")
    };
    problems.push(Problem::new(table, FindingKind::Statistics, message, Some(Remedy::Analyze)));
    Ok(())
}

fn geometries(link: &Link, table: &Table, problems: &mut Vec<Problem>) -> Result<(), Failure> {
    for (at, field) in table.layer.schema().fields().iter().enumerate() {
        let troubles = troubles(table, at, field);
        if troubles.is_empty() {
            continue;
        }
        let relation = format!("{}.{}", quoted(&table.schema), quoted(&table.name));
        let counts: Vec<String> =
            troubles.iter().map(|it| format!("count(*) FILTER (WHERE {})", it.condition)).collect();
        let row = link.query_one(&format!("SELECT {} FROM {relation}", counts.join(", ")), &[])?;
        for (at, trouble) in troubles.iter().enumerate() {
            let count = row.get::<_, i64>(at).unsigned_abs();
            if count > 0 {
                problems.push(trouble.told(link, table, &relation, field, count)?);
            }
        }
    }
    Ok(())
}

/// Something that can be wrong with a geometry.
struct Trouble {
    /// Which rows have it.
    condition: String,
    /// What is wrong with one of them, as SQL.
    reason: String,
}

fn troubles(table: &Table, at: usize, field: &Field) -> Vec<Trouble> {
    let FieldType::Geometry(ty) = &field.ty else { return Vec::new() };
    let column = &table.columns[at];
    let name = quoted(&column.name);
    let plain = match column.kind {
        Kind::Geography => format!("{name}::geometry"),
        _ => name.clone(),
    };
    let mut rules = conditions(ty, column.srid).into_iter().map(|it| it.replace("{}", &name));
    let mut troubles = Vec::new();
    if let Some(rule) = rules.next() {
        let reason =
            format!("'its SRID is ' || ST_SRID({plain}) || ', the layer''s {}'", column.srid);
        troubles.push(Trouble { condition: format!("NOT ({rule})"), reason });
    }
    let rules: Vec<String> = rules.map(|rule| format!("NOT ({rule})")).collect();
    if !rules.is_empty() {
        let reason = format!(
            "'it is a ' || ST_GeometryType({plain}) || ' with the flags ' || ST_Zmflag({plain})"
        );
        troubles.push(Trouble { condition: rules.join(" OR "), reason });
    }
    // says nothing aside, where ST_IsValid sends a notice for each
    let verdict = format!("ST_IsValidReason({plain})");
    let condition = format!("{name} IS NOT NULL AND {verdict} <> 'Valid Geometry'");
    troubles.push(Trouble { condition, reason: format!("'it is not valid: ' || {verdict}") });
    troubles
}

impl Trouble {
    fn told(
        &self,
        link: &Link,
        table: &Table,
        relation: &str,
        field: &Field,
        count: u64,
    ) -> Result<Problem, Failure> {
        let carrier = Carrier::new(table, "", Kind::Uuid);
        let (shown, sorted) = carrier.key();
        let (condition, reason) = (&self.condition, &self.reason);
        let sql = format!(
            "SELECT ({shown})::text, {reason} FROM {relation} WHERE {condition} \
             ORDER BY {sorted} LIMIT {EXAMPLES}"
        );
        let rows = link.query(&sql, &[])?;
        let first = rows.first().and_then(|row| row.get::<_, Option<String>>(1));
        let message = format!("field `{}`: {}", field.name, first.unwrap_or_default());
        let examples = rows.iter().filter_map(|row| carrier.fid(row.get(0))).collect();
        Ok(Problem::new(table, FindingKind::Geometry, message, None).in_rows(count, examples))
    }
}
