//! Looking for what is wrong in one layer: rows first, all in one reading, then what is recorded
//! about them.
use crate::dialect::quoted;
use crate::error::Site;
use crate::geometry::{Head, blob_envelope};
use crate::log::Fault;
use crate::metadata::Table;
use crate::tie::Ids;
use crate::{contents, guards, natural_keys, side_table, values};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, Result, Row};
use tiepoint_core::{Envelope, Fid, FieldType, Value};
use tiepoint_store::{Finding, FindingKind, StoreError};

/// How many rows a finding names.
const EXAMPLES: usize = 5;

/// Something that is wrong, and how it can be mended.
#[derive(Debug)]
pub(crate) struct Problem {
    pub(crate) finding: Finding,
    pub(crate) remedy: Option<Remedy>,
}

/// What mends a problem without losing anything.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Remedy {
    /// Give rows without an id one.
    MintIds,
    /// Spell ids the one way.
    SpellIds,
    /// Give these rows new ids, and note the old.
    ReplaceIds(Vec<i64>),
    /// Make the index on the ids.
    IdIndex,
    /// Make the triggers that keep ids right.
    Guards,
    /// Have the log note what it must again.
    Log(Fault),
    /// Forget that the layer was tied.
    ForgetTie,
    /// Make the R-tree and its triggers anew.
    RTree,
    /// Record the extent that is.
    Extent(Option<Envelope>),
    /// Record the number of rows that is.
    Count,
}

/// All that is wrong with a layer.
pub(crate) fn layer(
    connection: &Connection,
    site: &Site,
    table: &Table,
) -> std::result::Result<Vec<Problem>, StoreError> {
    let inspect = || {
        let mut problems = Vec::new();
        if let Some(reason) = table.layer.read_only.as_ref().filter(|it| *it != "it is a view") {
            problems.push(problem(
                table,
                FindingKind::Catalogue,
                &format!("can only be read: {reason}"),
                &[],
                None,
            ));
        }
        let extent = rows(connection, table, &mut problems)?;
        identity(connection, table, &mut problems)?;
        records(connection, table, extent, &mut problems)?;
        spatial_index(connection, table, &mut problems)?;
        Ok(problems)
    };
    inspect().map_err(site.failed(&format!("check layer `{}`", table.name())))
}

fn problem(
    table: &Table,
    kind: FindingKind,
    message: &str,
    rows: &[i64],
    remedy: Option<Remedy>,
) -> Problem {
    let finding = Finding {
        layer: Some(table.name().to_owned()),
        kind,
        message: message.to_owned(),
        rows: rows.len() as u64,
        examples: rows.iter().take(EXAMPLES).copied().map(Fid::Int).collect(),
        mended: false,
    };
    Problem { finding, remedy }
}

/// Rows that have the same thing wrong: how many, and the first of them.
#[derive(Debug, Default)]
struct Tally {
    rows: u64,
    examples: Vec<Fid>,
    first_reason: String,
}

impl Tally {
    fn add(&mut self, row: Option<i64>, reason: impl FnOnce() -> String) {
        if self.rows == 0 {
            self.first_reason = reason();
        }
        self.rows += 1;
        if self.examples.len() < EXAMPLES {
            self.examples.extend(row.map(Fid::Int));
        }
    }

    fn into_problem(self, table: &Table, kind: FindingKind, field: &str) -> Option<Problem> {
        let message = format!("field `{field}`: {}", self.first_reason);
        let (rows, examples) = (self.rows, self.examples);
        let layer = Some(table.name().to_owned());
        let finding = Finding { layer, kind, message, rows, examples, mended: false };
        (rows > 0).then_some(Problem { finding, remedy: None })
    }
}

/// Reads every value of every row. Gives the exact extent on the way.
fn rows(
    connection: &Connection,
    table: &Table,
    problems: &mut Vec<Problem>,
) -> Result<Option<Envelope>> {
    let fields = table.layer.schema().fields();
    let columns: Vec<String> = std::iter::once(table.key_sql().unwrap_or("NULL").to_owned())
        .chain(fields.iter().map(|field| quoted(&field.name)))
        .collect();
    let sql = format!("SELECT {} FROM {}", columns.join(", "), table.sql());
    let mut statement = connection.prepare(&sql)?;
    let mut rows = statement.query([])?;
    let mut tallies: Vec<Tally> = fields.iter().map(|_| Tally::default()).collect();
    let mut all = contents::Touched::default();
    while let Some(row) = rows.next()? {
        let fid = row.get(0).ok();
        for (at, tally) in tallies.iter_mut().enumerate() {
            if let Err(reason) = value(table, at, row) {
                tally.add(fid, || reason);
            }
        }
        let geometry = table.geometry.as_ref().map(|geometry| row.get_ref(geometry.position + 1));
        if let Some(ValueRef::Blob(blob)) = geometry.transpose()? {
            all.grow(blob_envelope(blob).ok().flatten());
        }
    }
    for (field, tally) in fields.iter().zip(tallies) {
        let kind = match field.ty {
            FieldType::Geometry(_) => FindingKind::Geometry,
            _ => FindingKind::Value,
        };
        problems.extend(tally.into_problem(table, kind, &field.name));
    }
    Ok(all.grown)
}

/// Whether a value is one that its field allows, and if not, why.
fn value(table: &Table, at: usize, row: &Row<'_>) -> std::result::Result<(), String> {
    let field = &table.layer.schema().fields()[at];
    let stored = row.get_ref(at + 1).map_err(|error| error.to_string())?;
    let value = values::decode(stored, &field.ty).map_err(|reason| reason.to_string())?;
    if let (Value::Geometry(_), ValueRef::Blob(blob)) = (&value, stored) {
        same_srs(blob, table.srs_ids[at])?;
    }
    if value.is_null() && !field.nullable {
        return Err("null is not allowed".to_owned());
    }
    if value.is_null() {
        return Ok(());
    }
    field.accept(value).map(drop).map_err(|reason| reason.to_string())
}

fn same_srs(blob: &[u8], expected: i32) -> std::result::Result<(), String> {
    match Head::read(blob) {
        Ok(head) if head.srs_id != expected => {
            Err(format!("its srs_id is {}, the layer's {expected}", head.srs_id))
        }
        _ => Ok(()),
    }
}

fn identity(connection: &Connection, table: &Table, problems: &mut Vec<Problem>) -> Result<()> {
    if let Some(key) = &table.natural_key {
        let findings = natural_keys::survey(connection, table, key)?.into_findings(key);
        problems.extend(findings.into_iter().map(|finding| Problem { finding, remedy: None }));
    }
    let (Some(tie), Some(key)) = (&table.tie, table.key_sql()) else { return Ok(()) };
    let ids = Ids { connection, table: table.sql(), key, column: quoted(&tie.column) };
    let mut add = |rows: Vec<i64>, message: &str, remedy: fn(&[i64]) -> Remedy| {
        if !rows.is_empty() {
            let remedy = Some(remedy(&rows));
            problems.push(problem(table, FindingKind::Identity, message, &rows, remedy));
        }
    };
    add(ids.missing()?, "the object id is missing", |_| Remedy::MintIds);
    add(ids.misspelt()?, "the object id is not spelled in lower case with hyphens", |_| {
        Remedy::SpellIds
    });
    add(ids.malformed()?, "the object id is no UUID", |rows| Remedy::ReplaceIds(rows.to_vec()));
    let shared = "the object id is that of an older row";
    add(ids.shared()?, shared, |rows| Remedy::ReplaceIds(rows.to_vec()));
    if !guards::index_exists(connection, tie)? {
        let message = "the index on the object ids is missing";
        problems.push(problem(table, FindingKind::Index, message, &[], Some(Remedy::IdIndex)));
    }
    if !guards::are_in_place(connection, tie, key)? {
        let message = "the triggers that keep object ids right are missing or altered";
        problems.push(problem(table, FindingKind::Guard, message, &[], Some(Remedy::Guards)));
    }
    Ok(())
}

/// What the file records of the layer's extent and of the number of its rows.
fn records(
    connection: &Connection,
    table: &Table,
    extent: Option<Envelope>,
    problems: &mut Vec<Problem>,
) -> Result<()> {
    if table.geometry.is_some() && contents::recorded_extent(connection, table.name())? != extent {
        let message = "the recorded extent is not that of the geometries";
        let remedy = Some(Remedy::Extent(extent));
        problems.push(problem(table, FindingKind::Extent, message, &[], remedy));
    }
    if side_table::table_exists(connection, "gpkg_ogr_contents")? {
        let sql = format!(
            "SELECT feature_count <> (SELECT count(*) FROM {}) FROM gpkg_ogr_contents \
             WHERE lower(table_name) = lower(?1) AND feature_count IS NOT NULL",
            table.sql()
        );
        let wrong = connection.query_row(&sql, [table.name()], |row| row.get(0)).optional()?;
        if wrong == Some(true) {
            let message = "the number of rows that GDAL and QGIS go by is wrong";
            problems.push(problem(
                table,
                FindingKind::Catalogue,
                message,
                &[],
                Some(Remedy::Count),
            ));
        }
    }
    Ok(())
}

fn spatial_index(
    connection: &Connection,
    table: &Table,
    problems: &mut Vec<Problem>,
) -> Result<()> {
    let (Some(geometry), Some(key)) = (&table.geometry, table.key_sql()) else { return Ok(()) };
    if !geometry.claims_rtree || table.layer.read_only.is_some() {
        return Ok(());
    }
    let mut add = |message: &str, rows: &[i64]| {
        problems.push(problem(table, FindingKind::Index, message, rows, Some(Remedy::RTree)));
    };
    let Some(tree) = &geometry.rtree else {
        add("the spatial index or one of its triggers is missing", &[]);
        return Ok(());
    };
    let verdict: String =
        connection.query_row("SELECT rtreecheck(?1)", [tree], |row| row.get(0))?;
    if verdict != "ok" {
        add(
            &format!(
                "the spatial index is damaged: {}",
                verdict.lines().next().unwrap_or_default()
            ),
            &[],
        );
        return Ok(());
    }
    let wrong = rtree_mismatches(connection, table, &geometry.name, key, tree)?;
    if !wrong.is_empty() {
        add("the spatial index does not hold what the layer holds", &wrong);
    }
    Ok(())
}

/// Rows whose entry in the R-tree is missing or too small, and entries without a row.
fn rtree_mismatches(
    connection: &Connection,
    table: &Table,
    column: &str,
    key: &str,
    tree: &str,
) -> Result<Vec<i64>> {
    let (name, tree) = (table.sql(), quoted(tree));
    let sql = format!(
        "SELECT t.{key}, t.{}, r.minx, r.maxx, r.miny, r.maxy FROM {name} AS t \
         LEFT JOIN {tree} AS r ON r.id = t.{key}",
        quoted(column)
    );
    let mut statement = connection.prepare(&sql)?;
    let mut rows = statement.query([])?;
    let mut wrong = Vec::new();
    while let Some(row) = rows.next()? {
        let envelope = match row.get_ref(1)? {
            ValueRef::Blob(blob) => blob_envelope(blob).ok().flatten(),
            _ => None,
        };
        if !agrees(envelope, row)? {
            wrong.push(row.get(0)?);
        }
    }
    let sql = format!("SELECT id FROM {tree} WHERE id NOT IN (SELECT {key} FROM {name})");
    let mut orphans = connection.prepare(&sql)?;
    let orphans = orphans.query_map([], |row| row.get(0))?.collect::<Result<Vec<i64>>>()?;
    wrong.extend(orphans);
    Ok(wrong)
}

fn agrees(envelope: Option<Envelope>, row: &Row<'_>) -> Result<bool> {
    let bound = |at| row.get::<_, Option<f64>>(at);
    let entry = [bound(2)?, bound(3)?, bound(4)?, bound(5)?];
    Ok(match (envelope, entry) {
        (None, [None, ..]) => true,
        (Some(it), [Some(min_x), Some(max_x), Some(min_y), Some(max_y)]) => {
            min_x <= it.min().x && it.max().x <= max_x && min_y <= it.min().y && it.max().y <= max_y
        }
        _ => false,
    })
}
