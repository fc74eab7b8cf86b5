//! Changing many rows at once: the changes go into a temporary table, and from there to the rows.
use crate::copy::{CHUNK, HEADER, TRAILER, append_cell};
use crate::error::{Failure, Site};
use crate::kind::Kind;
use crate::link::Link;
use crate::metadata::{Key, Table};
use crate::spelling::{Spelling, quoted};
use crate::streams::CopyIn;
use bytes::Bytes;
use std::collections::{BTreeSet, HashSet};
use tiepoint_core::{Fid, Target, Value};
use tokio_postgres::types::ToSql;

/// More changes than this are made before more are taken: each time costs the server a pass over the
/// table, and one that is refused among them the making of those before it one by one.
const MOST_CHANGES: usize = 32_768;
/// More bytes of geometry, too.
const MOST_BYTES: usize = 16 << 20;

/// Where changes wait until they are made.
const WAITING: &str = "pg_temp.tiepoint_changes";

/// Changes that wait.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    pub(crate) waiting: Vec<Waiting>,
    groups: Vec<Group>,
    targets: HashSet<Target>,
    bytes: usize,
}

/// One change.
#[derive(Debug)]
pub(crate) struct Waiting {
    pub(crate) target: Target,
    /// One for each column of its group.
    values: Vec<Value>,
    group: usize,
}

/// Changes that one statement makes: it names only the columns that change.
#[derive(Debug)]
struct Group {
    by_fid: bool,
    /// `None` deletes.
    columns: Option<Vec<usize>>,
}

/// For each column of the temporary table which of a change's values goes there.
type Places = Vec<Option<usize>>;

impl Changes {
    /// Whether a change of this row can wait; that of a row that the server must search for by
    /// something else than a number cannot, nor can one that may touch a natural key.
    pub(crate) fn may_wait(table: &Table, target: &Target) -> bool {
        match (target, &table.key) {
            _ if table.natural_key.is_some() => false,
            (Target::Id(_), _) => table.tie.is_some(),
            (Target::Fid(Fid::Int(_)), Key::Column(key)) => key.is_whole(),
            (Target::Fid(_), _) => false,
        }
    }

    /// Whether a change of the same row waits already.
    pub(crate) fn concern(&self, target: &Target) -> bool {
        self.targets.contains(target)
    }

    pub(crate) fn is_full(&self) -> bool {
        self.waiting.len() >= MOST_CHANGES || self.bytes >= MOST_BYTES
    }

    pub(crate) fn add(&mut self, target: Target, values: Option<Vec<Option<Value>>>) {
        let by_fid = matches!(target, Target::Fid(_));
        let known = self.groups.iter().position(|it| it.makes(by_fid, values.as_deref()));
        let group = known.unwrap_or_else(|| {
            let columns = values.as_deref().map(|values| written(values).collect());
            self.groups.push(Group { by_fid, columns });
            self.groups.len() - 1
        });
        let values: Vec<Value> = values.into_iter().flatten().flatten().collect();
        self.bytes += values.iter().map(size).sum::<usize>();
        self.targets.insert(target.clone());
        self.waiting.push(Waiting { target, values, group });
    }

    /// The rows that are to change and what they are to say, in the order in which they came;
    /// `None` for those that are to go.
    pub(crate) fn into_rows(
        self,
        table: &Table,
    ) -> impl Iterator<Item = (Target, Option<Vec<Option<Value>>>)> {
        let (groups, width) = (self.groups, table.columns.len());
        self.waiting.into_iter().map(move |change| {
            let columns = groups[change.group].columns.as_ref();
            let values = columns.map(|columns| {
                let mut values = vec![None; width];
                for (at, value) in columns.iter().zip(change.values) {
                    values[*at] = Some(value);
                }
                values
            });
            (change.target, values)
        })
    }

    /// Makes them; of how many the rows are not there. Must run within a mark: where it fails, some
    /// may have been made.
    pub(crate) fn make(&self, link: &Link, site: &Site, table: &Table) -> Result<u64, Failure> {
        let columns: BTreeSet<usize> =
            self.groups.iter().flat_map(|group| group.columns.iter().flatten().copied()).collect();
        link.batch(&create_sql(table, &columns))?;
        self.send(link, site, table, &columns)?;
        let mut made = 0;
        for (number, group) in self.groups.iter().enumerate() {
            let row = link.query_once(&group.sql(number, table), NOTHING)?;
            made += row.first().map_or(0, |row| row.get::<_, i64>(0));
        }
        link.batch(&format!("DROP TABLE {WAITING}"))?;
        Ok((self.waiting.len() as u64).saturating_sub(made.unsigned_abs()))
    }

    fn send(
        &self,
        link: &Link,
        site: &Site,
        table: &Table,
        columns: &BTreeSet<usize>,
    ) -> Result<(), Failure> {
        let mut copy = link.copy_in(&format!("COPY {WAITING} FROM STDIN (FORMAT binary)"))?;
        let places: Vec<Places> = self.groups.iter().map(|group| group.places(columns)).collect();
        let mut chunk = HEADER.to_vec();
        for change in &self.waiting {
            change.append(site, table, columns, &places[change.group], &mut chunk)?;
            if chunk.len() >= CHUNK {
                copy = sent(copy, std::mem::take(&mut chunk))?;
            }
        }
        chunk.extend(TRAILER);
        sent(copy, chunk)?.finish().map(drop)
    }
}

/// No parameters.
const NOTHING: &[(&(dyn ToSql + Sync), tokio_postgres::types::Type)] = &[];

/// What the server has against the data is said at the end of it.
fn sent(mut copy: CopyIn, chunk: Vec<u8>) -> Result<CopyIn, Failure> {
    match copy.send(Bytes::from(chunk)) {
        Ok(()) => Ok(copy),
        Err(failure) => Err(copy.finish().err().unwrap_or(failure)),
    }
}

fn written(values: &[Option<Value>]) -> impl Iterator<Item = usize> {
    values.iter().enumerate().filter(|(_, value)| value.is_some()).map(|(at, _)| at)
}

fn size(value: &Value) -> usize {
    match value {
        Value::Geometry(geometry) => geometry.as_wkb().len(),
        Value::Text(text) => text.len(),
        Value::Json(json) => json.as_str().len(),
        Value::Bytes(bytes) => bytes.len(),
        _ => 0,
    }
}

/// A table of the same types without any constraints: group, number, id, fields.
fn create_sql(table: &Table, columns: &BTreeSet<usize>) -> String {
    let id = table.tie.as_ref().map_or("NULL::uuid".to_owned(), |tie| quoted(&tie.column));
    let fields =
        columns.iter().map(|at| format!(", {} AS c{at}", quoted(&table.columns[*at].name)));
    let (from, fields) = (name(table), fields.collect::<String>());
    format!(
        "CREATE TEMP TABLE tiepoint_changes ON COMMIT DROP AS \
         SELECT 0::int4 AS n, NULL::int8 AS k, {id} AS i{fields} FROM {from} WITH NO DATA"
    )
}

fn name(table: &Table) -> String {
    table.sql().spell(&Spelling { table }).sql
}

impl Waiting {
    fn append(
        &self,
        site: &Site,
        table: &Table,
        columns: &BTreeSet<usize>,
        places: &Places,
        out: &mut Vec<u8>,
    ) -> Result<(), Failure> {
        let count = i16::try_from(columns.len() + 3).unwrap_or(i16::MAX);
        out.extend(count.to_be_bytes());
        let group = i64::try_from(self.group).unwrap_or(i64::MAX);
        append_cell(&Kind::Int4, 0, &group.into(), out, site, table)?;
        let (fid, id) = match &self.target {
            Target::Fid(Fid::Int(number)) => ((*number).into(), Value::Null),
            Target::Fid(Fid::Text(_)) => (Value::Null, Value::Null),
            Target::Id(id) => (Value::Null, Value::Uuid(*id.as_uuid())),
        };
        append_cell(&Kind::Int8, 0, &fid, out, site, table)?;
        let id_kind = table.tie.as_ref().map_or(&Kind::Uuid, |tie| &tie.kind);
        append_cell(id_kind, 0, &id, out, site, table)?;
        for (at, place) in columns.iter().zip(places) {
            let column = &table.columns[*at];
            let value = place.map_or(&Value::Null, |place| &self.values[place]);
            append_cell(&column.kind, column.srid, value, out, site, table)?;
        }
        Ok(())
    }
}

impl Group {
    /// Whether a change is one of these.
    fn makes(&self, by_fid: bool, values: Option<&[Option<Value>]>) -> bool {
        let same = match (&self.columns, values) {
            (Some(columns), Some(values)) => columns.iter().copied().eq(written(values)),
            (None, None) => true,
            _ => false,
        };
        same && self.by_fid == by_fid
    }

    fn places(&self, columns: &BTreeSet<usize>) -> Places {
        let place = |at: &usize| self.columns.as_ref()?.binary_search(at).ok();
        columns.iter().map(place).collect()
    }

    /// The statement that makes the changes of a group, and says how many it made.
    fn sql(&self, number: usize, table: &Table) -> String {
        let into = name(table);
        let (list, rows) = (format!("{WAITING} s"), self.rows(number, table));
        let change = match &self.columns {
            None => format!("DELETE FROM {into} t USING {list} WHERE {rows}"),
            Some(columns) => {
                let sets = columns
                    .iter()
                    .map(|at| format!("{} = s.c{at}", quoted(&table.columns[*at].name)));
                let sets = sets.collect::<Vec<_>>().join(", ");
                format!("UPDATE {into} t SET {sets} FROM {list} WHERE {rows}")
            }
        };
        format!("WITH made AS ({change} RETURNING 1) SELECT count(*) FROM made")
    }

    /// The rows that are meant; of several that share an id, the oldest.
    fn rows(&self, number: usize, table: &Table) -> String {
        let key = match &table.key {
            Key::Column(key) => Some(key),
            Key::None | Key::Several(_) => None,
        };
        let meant = match (&table.tie, key) {
            (_, Some(key)) if self.by_fid => format!("t.{} = s.k", quoted(&key.name)),
            (Some(tie), key) => {
                let id = quoted(&tie.column);
                let older = key.filter(|key| key.name != tie.column && key.is_whole());
                let first = older.map(|key| {
                    let (from, key) = (name(table), quoted(&key.name));
                    format!(
                        " AND NOT EXISTS (SELECT FROM {from} o WHERE o.{id} = s.i AND o.{key} < t.{key})"
                    )
                });
                format!("t.{id} = s.i{}", first.unwrap_or_default())
            }
            (None, _) => "FALSE".to_owned(),
        };
        format!("s.n = {number} AND {meant}")
    }
}
