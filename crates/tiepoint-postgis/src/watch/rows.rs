//! What entries say, and what rows say now: everything that changes of one layer are told from.
use super::headers::Header;
use crate::error::{Failure, Site};
use crate::link::Link;
use crate::metadata::{Sql, Table};
use crate::reading::FeatureReader;
use crate::select::{self, FIELDS_AT, Shape, parameters};
use crate::spelling::Spelling;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use tiepoint_core::{Feature, Fid, Ids, ObjectId, Query};
use tiepoint_store::sql::Fragment;
use tiepoint_store::{Question, Result};
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

/// One row of one entry.
#[derive(Debug)]
pub(crate) struct Noted {
    /// What it is known by; `None` where somebody had taken that away.
    pub(crate) key: Option<String>,
    pub(crate) seq: i64,
    /// Its position in the entry, from 0.
    pub(crate) at: u32,
    /// What it said before; `None` where it was not there.
    pub(crate) before: Option<Feature>,
}

/// Why rows could not be had.
#[derive(Debug)]
pub(crate) enum Unread {
    /// The server could not.
    Server(Failure),
    /// What the log of this number says makes no sense any more.
    Nonsense(i32),
    /// The table has been emptied since the look began, and does not show what there was then.
    Emptied,
}

/// Reads what was noted of one layer.
pub(crate) struct Notes<'l> {
    pub(crate) link: &'l Link,
    pub(crate) site: &'l Site,
    pub(crate) table: &'l Arc<Table>,
    /// The number of the layer's log.
    pub(crate) log: i32,
}

impl Notes<'_> {
    /// What the rows of some entries said, as SQL: of those whose transactions are $1 and numbers
    /// $2, and of these what `join` leaves.
    fn rows_of_entries(&self, join: &str) -> String {
        format!(
            "SELECT u.key AS \"tiepoint key\", e.seq AS \"tiepoint seq\", u.at AS \"tiepoint at\", \
               u.before::tiepoint.row_{} AS \"tiepoint row\", \
               u.before IS NOT NULL AS \"tiepoint was\" \
             FROM unnest($1::text[]::xid8[], $2::int8[]) AS w(xid, seq) \
             JOIN tiepoint.changes e ON e.xid = w.xid AND e.seq = w.seq \
             CROSS JOIN LATERAL unnest(e.keys, e.before) WITH ORDINALITY AS u(key, before, at) \
             {join} OFFSET 0",
            self.log
        )
    }

    /// All rows of these entries, in order.
    pub(crate) fn of(&self, headers: &[&Header]) -> Result<Vec<Noted>, Unread> {
        let from = self.rows_of_entries("");
        let transactions: Vec<&str> = headers.iter().map(|it| it.transaction.as_str()).collect();
        let seqs: Vec<i64> = headers.iter().map(|it| it.seq).collect();
        self.decoded(&from, &[&transactions, &seqs])
    }

    /// What the first entry says of each of these rows that is later than the one named beside it
    /// and has been committed after `since`. Where it is is looked for among the keys alone, as
    /// what rows said is much to read.
    pub(crate) fn later(
        &self,
        rows: &[(&str, i64)],
        since: &(String, Vec<String>),
    ) -> Result<HashMap<String, Option<Feature>>, Unread> {
        let sql = "SELECT DISTINCT ON (u.key) e.xid::text, e.seq, u.at \
                   FROM (SELECT xid, seq, keys FROM tiepoint.changes WHERE log = $6 AND seq > $5 \
                     AND (xid >= $3::text::xid8 OR xid = ANY ($4::text[]::xid8[])) OFFSET 0) AS e \
                   CROSS JOIN LATERAL unnest(e.keys) WITH ORDINALITY AS u(key, at) \
                   JOIN unnest($1::text[], $2::int8[]) AS w(key, seq) \
                     ON w.key = u.key AND e.seq > w.seq \
                   ORDER BY u.key, e.seq, u.at";
        let keys: Vec<&str> = rows.iter().map(|(key, _)| *key).collect();
        let seqs: Vec<i64> = rows.iter().map(|(_, seq)| *seq).collect();
        let first = seqs.iter().copied().min().unwrap_or_default();
        let parameters: &[&(dyn ToSql + Sync)] =
            &[&keys, &seqs, &since.0, &since.1, &first, &self.log];
        let found = self.link.query(sql, parameters).map_err(|failure| self.unread(failure))?;
        let places: Vec<(i64, i64)> = found.iter().map(|row| (row.get(1), row.get(2))).collect();
        let entries: BTreeMap<i64, &str> =
            found.iter().map(|row| (row.get(1), row.get(0))).collect();
        let noted = self.at_places(&entries, &places)?;
        Ok(noted.into_iter().filter_map(|it| Some((it.key?, it.before))).collect())
    }

    /// What single rows of entries said.
    fn at_places(
        &self,
        entries: &BTreeMap<i64, &str>,
        places: &[(i64, i64)],
    ) -> Result<Vec<Noted>, Unread> {
        if places.is_empty() {
            return Ok(Vec::new());
        }
        let from = self.rows_of_entries(
            "JOIN unnest($3::int8[], $4::int8[]) AS p(seq, at) ON p.seq = e.seq AND p.at = u.at",
        );
        let (seqs, transactions): (Vec<i64>, Vec<&str>) =
            entries.iter().map(|(seq, transaction)| (*seq, *transaction)).unzip();
        let (in_entries, at): (Vec<i64>, Vec<i64>) = places.iter().copied().unzip();
        self.decoded(&from, &[&transactions, &seqs, &in_entries, &at])
    }

    /// Rows noted, of which `from` gives the key, the place and the text.
    fn decoded(
        &self,
        from: &str,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Noted>, Unread> {
        let schema = self.table.layer.schema();
        let shape = Shape::of_fields(schema, 0..schema.fields().len());
        let fields = shape.columns.len();
        let sql = format!(
            "SELECT {columns}, \"tiepoint key\", \"tiepoint seq\", \"tiepoint at\", \"tiepoint was\" \
             FROM (SELECT (q.\"tiepoint row\").*, q.\"tiepoint key\", q.\"tiepoint seq\", \
                     q.\"tiepoint at\", q.\"tiepoint was\" FROM ({from}) AS q) AS noted \
             ORDER BY \"tiepoint seq\", \"tiepoint at\"",
            columns = self.columns(&shape)
        );
        let reader = FeatureReader::new(self.site.clone(), Arc::clone(self.table), shape);
        let rows = self.link.query(&sql, parameters).map_err(|failure| self.unread(failure))?;
        let noted = rows.iter().map(|row| noted(&reader, row, FIELDS_AT + fields));
        noted.collect::<Option<_>>().ok_or(Unread::Nonsense(self.log))
    }

    /// The columns as any reading has them, the row's key and its object id first.
    fn columns(&self, shape: &Shape) -> String {
        let null = || Fragment::text("NULL");
        let table = self.table;
        let mut columns: Vec<Sql> = vec![
            table.key_sql().unwrap_or_else(null).then(" AS \"tiepoint fid\""),
            table.id_sql().unwrap_or_else(null).then(" AS \"tiepoint id\""),
        ];
        let fields = shape.columns.iter().flatten();
        columns.extend(fields.map(|(_, at)| table.columns[*at].read_sql()));
        Fragment::joined(columns, ", ").spell(&Spelling { table }).sql
    }

    /// What these rows say now, those that are there.
    pub(crate) fn present(&self, keys: Vec<&str>) -> Result<HashMap<String, Feature>, Unread> {
        if keys.is_empty() {
            return Ok(HashMap::new());
        }
        let name = self.table.layer.name();
        let select = Question::of(&self.table.layer, &Query::layer(name).ids(self.ids(keys)))
            .and_then(|question| select::select(self.site, Arc::clone(self.table), question));
        let select = select.map_err(|error| Unread::Server(error.into()))?;
        let rows = self.link.query(&select.statement.sql, &parameters(&select.statement));
        let rows = rows.map_err(|failure| self.unread(failure))?;
        if self.was_emptied()? {
            return Err(Unread::Emptied);
        }
        let reader = FeatureReader::new(self.site.clone(), Arc::clone(self.table), select.shape);
        let features = rows.iter().map(|row| reader.feature(row).ok());
        let keyed = features.map(|it| it.map(|feature| (self.key_of(&feature), feature)));
        keyed.collect::<Option<_>>().ok_or(Unread::Nonsense(self.log))
    }

    /// Whether the table has been truncated or written anew since the look began: whoever reads by an
    /// older snapshot then finds it empty, so this is asked when it has been read. The catalogue
    /// shows the file that was there at the snapshot, the function the one that is there now.
    fn was_emptied(&self) -> Result<bool, Unread> {
        let sql = "SELECT EXISTS (SELECT FROM pg_class c \
                   WHERE (c.oid = $1 OR c.oid IN (SELECT relid FROM pg_partition_tree($1))) \
                     AND c.relfilenode <> coalesce(pg_relation_filenode(c.oid), 0))";
        let row = self.link.query_one(sql, &[&self.table.oid]).map_err(Unread::Server)?;
        Ok(row.get(0))
    }

    /// Texts that are no values, and what others have just altered or dropped.
    fn unread(&self, failure: Failure) -> Unread {
        match failure.code().map(|code| &code[..2]) {
            Some("22" | "23" | "42") => Unread::Nonsense(self.log),
            _ => Unread::Server(failure),
        }
    }

    fn ids(&self, keys: Vec<&str>) -> Ids {
        if self.table.tie.is_some() {
            return Ids::Objects(
                keys.into_iter().filter_map(|it| it.parse::<ObjectId>().ok()).collect(),
            );
        }
        let whole = self.table.fid_kind().is_whole();
        let fid = |key: &str| match key.parse() {
            Ok(number) if whole => Fid::Int(number),
            _ => Fid::Text(key.to_owned()),
        };
        Ids::Fids(keys.into_iter().map(fid).collect())
    }

    fn key_of(&self, feature: &Feature) -> String {
        let id = feature.id.as_ref().filter(|_| self.table.tie.is_some()).map(ToString::to_string);
        id.or_else(|| feature.fid.as_ref().map(ToString::to_string)).unwrap_or_default()
    }
}

/// `None` where what it said before is no feature any more.
fn noted(reader: &FeatureReader, row: &Row, at: usize) -> Option<Noted> {
    let was: bool = row.get(at + 3);
    let before = if was { Some(reader.feature(row).ok()?) } else { None };
    Some(Noted {
        key: row.get(at),
        seq: row.get(at + 1),
        at: u32::try_from(row.get::<_, i64>(at + 2) - 1).unwrap_or_default(),
        before,
    })
}
