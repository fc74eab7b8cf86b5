//! The column that carries a table's ids: which may, and statements about all ids in it.
use crate::error::{Failure, Site};
use crate::kind::Kind;
use crate::link::Link;
use crate::metadata::{Key, Table};
use crate::spelling::{Spelling, quoted};
use std::collections::HashMap;
use tiepoint_core::{Fid, FieldType};
use tiepoint_store::Result;

/// How many rows a message names.
pub(crate) const EXAMPLES: usize = 5;
/// The characters of an id.
const ID_CHARS: u32 = 36;
/// Names are cut off by the server beyond this many bytes (`NAMEDATALEN`).
const LONGEST_NAME: usize = 63;

/// A column of ids.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Carrier {
    pub(crate) oid: u32,
    pub(crate) schema: String,
    pub(crate) table: String,
    pub(crate) column: String,
    pub(crate) kind: Kind,
    /// What rows are told apart and sorted by: what is shown, and what is sorted.
    key: (String, String),
    whole_fids: bool,
}

/// What can be wrong with the id of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Verdict {
    Missing,
    Misspelt,
    Malformed,
    /// An older row has it.
    Shared,
}

impl Verdict {
    pub(crate) const ALL: [Self; 4] =
        [Self::Missing, Self::Misspelt, Self::Malformed, Self::Shared];

    fn name(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Misspelt => "misspelt",
            Self::Malformed => "malformed",
            Self::Shared => "shared",
        }
    }
}

/// How many rows there are, and how many of each verdict.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tally {
    pub(crate) rows: u64,
    found: HashMap<String, u64>,
}

impl Tally {
    pub(crate) fn of(&self, verdict: Verdict) -> u64 {
        self.found.get(verdict.name()).copied().unwrap_or_default()
    }
}

impl Carrier {
    pub(crate) fn new(table: &Table, column: &str, kind: Kind) -> Self {
        let spelled = |sql: crate::metadata::Sql| sql.spell(&Spelling { table }).sql;
        let key = table.key_sql().zip(table.order_sql());
        let key = key.map_or_else(place, |(shown, sorted)| (spelled(shown), spelled(sorted)));
        let whole_fids = matches!(table.fid_kind(), Kind::Int2 | Kind::Int4 | Kind::Int8);
        Self {
            oid: table.oid,
            schema: table.schema.clone(),
            table: table.name.clone(),
            column: column.to_owned(),
            kind,
            key,
            whole_fids: whole_fids && table.key != Key::None,
        }
    }

    /// The `uuid` column of a table without rows.
    pub(crate) fn fresh(oid: u32, schema: String, table: String, column: &str) -> Self {
        let (column, key) = (column.to_owned(), place());
        Self { oid, schema, table, column, kind: Kind::Uuid, key, whole_fids: false }
    }

    pub(crate) fn of_tie(table: &Table) -> Option<Self> {
        let tie = table.tie.as_ref()?;
        let mut carrier = Self::new(table, &tie.column, tie.kind.clone());
        if matches!(&table.key, Key::Column(key) if key.name == tie.column) {
            // without another key, the place decides which of several rows is the older
            carrier.key.1 = place().1;
        }
        Some(carrier)
    }

    pub(crate) fn table_sql(&self) -> String {
        format!("{}.{}", quoted(&self.schema), quoted(&self.table))
    }

    pub(crate) fn column_sql(&self) -> String {
        quoted(&self.column)
    }

    /// What ids are cast to for a comparison that the index serves.
    pub(crate) fn type_sql(&self) -> &'static str {
        match self.kind {
            Kind::Uuid => "uuid",
            Kind::Padded { .. } => "bpchar",
            _ => "text",
        }
    }

    /// Every row with a verdict, null where nothing is wrong. One scan and one sort.
    fn judged(&self) -> String {
        let (table, column) = (self.table_sql(), self.column_sql());
        let (shown, sorted) = &self.key;
        let id = match self.kind {
            Kind::Uuid => format!("nullif({column}, '00000000-0000-0000-0000-000000000000')"),
            _ => format!("tiepoint.canonical({column}::text) COLLATE \"C\""),
        };
        let given = match self.kind {
            Kind::Uuid => column,
            _ => format!("nullif(btrim({column}::text), '') COLLATE \"C\""),
        };
        format!(
            "SELECT part, place, fid, given, id, sorted, CASE WHEN given IS NULL THEN 'missing' \
             WHEN id IS NULL THEN 'malformed' WHEN nth > 1 THEN 'shared' \
             WHEN id <> given THEN 'misspelt' END AS verdict \
             FROM (SELECT tableoid AS part, ctid AS place, ({shown})::text AS fid, \
             {given} AS given, {id} AS id, ROW({sorted}) AS sorted, \
             row_number() OVER (PARTITION BY {id} ORDER BY {sorted}) AS nth FROM {table}) AS every"
        )
    }

    /// Counts what is wrong.
    pub(crate) fn tally(&self, link: &Link) -> Result<Tally, Failure> {
        let judged = self.judged();
        let sql = format!("SELECT verdict, count(*) FROM ({judged}) AS judged GROUP BY verdict");
        let mut tally = Tally::default();
        for row in link.query(&sql, &[])? {
            let count = row.get::<_, i64>(1).unsigned_abs();
            tally.rows += count;
            if let Some(verdict) = row.get::<_, Option<String>>(0) {
                tally.found.insert(verdict, count);
            }
        }
        Ok(tally)
    }

    /// The first rows of which something is wrong, as others can find them.
    pub(crate) fn examples(&self, link: &Link, verdict: Verdict) -> Result<Vec<Fid>, Failure> {
        let judged = self.judged();
        let sql = format!(
            "SELECT fid FROM ({judged}) AS judged WHERE verdict = '{}' \
             ORDER BY sorted LIMIT {EXAMPLES}",
            verdict.name()
        );
        let rows = link.query(&sql, &[])?;
        Ok(rows.iter().filter_map(|row| self.fid(row.get(0))).collect())
    }

    /// What rows are told apart by, and what they are sorted by.
    pub(crate) fn key(&self) -> (&str, &str) {
        (&self.key.0, &self.key.1)
    }

    /// A row's fid from its text.
    pub(crate) fn fid(&self, text: Option<String>) -> Option<Fid> {
        let text = text?;
        let number = self.whole_fids.then(|| text.parse().ok()).flatten();
        Some(number.map_or(Fid::Text(text), Fid::Int))
    }

    /// Gives every row an id.
    pub(crate) fn mint_all(&self, link: &Link) -> Result<u64, Failure> {
        let (table, column) = (self.table_sql(), self.column_sql());
        let ty = self.type_sql();
        link.execute(&format!("UPDATE {table} SET {column} = tiepoint.mint()::{ty}"), &[])
    }

    /// Sets right whatever is wrong, in one statement, and notes which ids were replaced: the
    /// oldest of several rows keeps what they share.
    pub(crate) fn settle(&self, link: &Link) -> Result<(), Failure> {
        let (table, column, ty) = (self.table_sql(), self.column_sql(), self.type_sql());
        let judged = self.judged();
        link.batch(&format!(
            "WITH judged AS ({judged}), fresh AS ( \
             UPDATE {table} AS t SET {column} = (CASE judged.verdict WHEN 'misspelt' \
               THEN judged.id::text ELSE tiepoint.mint()::text END)::{ty} \
             FROM judged WHERE t.ctid = judged.place AND t.tableoid = judged.part \
               AND judged.verdict IS NOT NULL \
             RETURNING t.{column}::text AS id, judged.verdict, \
               coalesce(judged.id::text, judged.given::text) AS made_of) \
             INSERT INTO tiepoint.origin (id, made_of) SELECT id::uuid, made_of FROM fresh \
             WHERE verdict IN ('malformed', 'shared')"
        ))
    }
}

/// What tells rows without a key apart, as long as a statement runs.
fn place() -> (String, String) {
    ("ctid".to_owned(), "tableoid, ctid".to_owned())
}

/// The column that is to carry the ids, and whether it must be added.
pub(crate) fn choose(
    link: &Link,
    site: &Site,
    table: &Table,
    wanted: &str,
) -> Result<(Carrier, bool)> {
    let layer = table.layer.name();
    refuse_name(site, wanted)?;
    let what = format!("read the columns of layer `{layer}`");
    let row = link.query_opt(include_str!("sql/carrier.sql"), &[&table.oid, &wanted]);
    let Some(row) = row.map_err(site.failed(&what))? else {
        return Ok((Carrier::new(table, wanted, Kind::Uuid), true));
    };
    if row.get::<_, bool>(0) {
        let reason =
            format!("`{wanted}` is PostgreSQL's own name for something else: name another column");
        return Err(site.invalid(reason));
    }
    let part_of_key: bool = row.get(1);
    match table.columns.iter().position(|column| column.name == wanted) {
        Some(at) if !part_of_key && may_carry(table, at) => {
            Ok((Carrier::new(table, wanted, table.columns[at].kind.clone()), false))
        }
        _ => Err(site.invalid(format!(
            "column `{wanted}` of layer `{layer}` has another purpose than carrying ids"
        ))),
    }
}

/// Whether a column has room for every id and is not made by the server.
fn may_carry(table: &Table, at: usize) -> bool {
    let column = &table.columns[at];
    let roomy = match (&column.kind, &table.layer.schema().fields()[at].ty) {
        (Kind::Uuid, _) => true,
        (Kind::Padded { chars }, _) => *chars == Some(ID_CHARS),
        (Kind::Text, FieldType::Text { max_chars }) => {
            max_chars.is_none_or(|most| most >= u64::from(ID_CHARS))
        }
        _ => false,
    };
    roomy && !column.generated
}

fn refuse_name(site: &Site, column: &str) -> Result<()> {
    if column.is_empty() || column.len() > LONGEST_NAME || column.contains('\0') {
        let reason = format!(
            "the column of ids must have a name of 1 to {LONGEST_NAME} bytes, none of them NUL"
        );
        return Err(site.invalid(reason));
    }
    Ok(())
}
