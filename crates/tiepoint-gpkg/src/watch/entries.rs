//! Entries of the log, as they are read.
use super::lineage::{Lineage, Said};
use crate::log::{self, Kind};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Result, Row, params};
use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::sync::Arc;
use tiepoint_store::ResetReason;

/// So many rows an entry is believed to stand for.
const MOST_ROWS: i64 = 1 << 20;
/// An entry that says more than this counts as several rows, so that a window of the longest ones
/// fits in memory.
const ROW_BYTES: usize = 8 * 1024;
/// Where the values begin in a row that [`Reader`] asks for.
const FIRST: usize = 8;

/// The layers that have logs, by the numbers of their lineages.
pub(super) type Lineages = HashMap<u32, Arc<Lineage>>;

#[derive(Debug)]
pub(super) struct Entry {
    pub(super) seq: i64,
    pub(super) layer: u32,
    pub(super) at: i64,
    pub(super) stamp: u32,
    pub(super) note: Note,
}

/// What an entry notes.
#[derive(Debug)]
pub(super) enum Note {
    /// The rows with these keys came.
    Came(RangeInclusive<i64>),
    /// Some fields of a row said this before.
    Was(i64, Vec<(usize, tiepoint_core::Value)>),
    /// All of a row said this before.
    WasAll(i64, Said),
    /// A row said this before it went, if it did.
    Gone(i64, Said),
    /// A row said this and had the first key before it got the second.
    Moved(i64, i64, Said),
    /// A transaction of ours ended, of which this was the first entry, by the handle of this token.
    Commit(i64, String),
    /// What happened to a layer cannot be known.
    Reset(String, ResetReason),
    /// Nothing that matters here.
    Nothing,
}

/// Which rows an entry is about.
pub(super) fn rows_of(note: &Note) -> impl Iterator<Item = i64> + use<> {
    let (rows, other) = match note {
        Note::Came(rows) => (Some(rows.clone()), None),
        Note::Was(fid, _) | Note::WasAll(fid, _) | Note::Gone(fid, _) => (None, Some(*fid)),
        Note::Moved(old, new, _) => (Some(*old..=*old), Some(*new)),
        Note::Commit(..) | Note::Reset(..) | Note::Nothing => (None, None),
    };
    rows.into_iter().flatten().chain(other)
}

/// How many bytes of text and the like a row of the log has.
fn length(row: &Row<'_>) -> usize {
    let value = |at| row.get_ref(at).ok();
    let lengths = (FIRST..).map_while(value).map(|value| match value {
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => bytes.len(),
        _ => 0,
    });
    lengths.sum()
}

/// Reads entries of the log.
pub(super) struct Reader<'c> {
    connection: &'c Connection,
    lineages: &'c Lineages,
    columns: String,
}

impl<'c> Reader<'c> {
    pub(super) fn new(connection: &'c Connection, lineages: &'c Lineages) -> Result<Self> {
        let fixed = ["seq", "layer", "kind", "at", "fid", "upto", "mask", "id"];
        let values = (0..log::width(connection)?).map(|slot| format!("b{slot}"));
        let columns: Vec<_> = fixed.map(str::to_owned).into_iter().chain(values).collect();
        let columns = columns.join(", ");
        Ok(Self { connection, lineages, columns })
    }

    /// Entries from `from` on that stand for up to `most` rows of usual length, and at least for one.
    pub(super) fn window(&self, from: i64, most: u64) -> Result<Vec<Entry>> {
        let sql =
            format!("SELECT {} FROM {} WHERE seq >= ?1 ORDER BY seq", self.columns, log::NAME);
        let mut statement = self.connection.prepare_cached(&sql)?;
        let mut rows = statement.query([from])?;
        let (mut entries, mut count) = (Vec::new(), 0);
        while count < most {
            let Some(row) = rows.next()? else { break };
            let entry = self.entry(row)?;
            count += (rows_of(&entry.note).count().max(1) + length(row) / ROW_BYTES) as u64;
            entries.push(entry);
        }
        Ok(entries)
    }

    /// The entries after `end` that are about rows that `matters` knows, and the ends of
    /// transactions, the newest first.
    pub(super) fn later(
        &self,
        end: i64,
        matters: impl Fn(u32, i64) -> bool,
        mut found: impl FnMut(Entry),
    ) -> Result<()> {
        let keys = format!(
            "SELECT seq, layer, kind, fid, upto FROM {} WHERE seq > ?1 ORDER BY seq DESC",
            log::NAME
        );
        let one = format!("SELECT {} FROM {} WHERE seq = ?1", self.columns, log::NAME);
        let mut keys = self.connection.prepare_cached(&keys)?;
        let mut one = self.connection.prepare_cached(&one)?;
        let mut rows = keys.query(params![end])?;
        while let Some(row) = rows.next()? {
            let (seq, layer): (i64, _) = (row.get(0)?, log::lineage(row, 1)?);
            let kind = log::number(row, 2)?.and_then(Kind::of);
            let (fid, upto) = (log::number(row, 3)?, log::number(row, 4)?);
            let wanted = match kind {
                Some(Kind::Commit) => true,
                Some(Kind::Insert) => {
                    fid.is_some_and(|fid| believed(fid, upto).any(|fid| matters(layer, fid)))
                }
                Some(Kind::Reset) | None => false,
                Some(_) => fid.into_iter().chain(upto).any(|fid| matters(layer, fid)),
            };
            if wanted {
                found(one.query_row([seq], |row| self.entry(row))?);
            }
        }
        Ok(())
    }

    fn entry(&self, row: &Row<'_>) -> Result<Entry> {
        let (seq, layer) = (row.get(0)?, log::lineage(row, 1)?);
        let (at, fid) = (log::number(row, 3)?.unwrap_or(0), log::number(row, 4)?);
        let note = self.note(row, layer, fid)?;
        Ok(Entry { seq, layer, at, stamp: log::stamp_of(layer, at, fid), note })
    }

    fn note(&self, row: &Row<'_>, layer: u32, fid: Option<i64>) -> Result<Note> {
        let kind = log::number(row, 2)?.and_then(Kind::of);
        let (upto, mask) = (log::number(row, 5)?, log::number(row, 6)?);
        let text = || match row.get_ref(7)? {
            ValueRef::Text(text) => Ok(String::from_utf8_lossy(text).into_owned()),
            _ => Ok::<_, rusqlite::Error>(String::new()),
        };
        match kind {
            Some(Kind::Commit) => return Ok(Note::Commit(fid.unwrap_or(0), text()?)),
            Some(Kind::Reset) => return Ok(Note::Reset(text()?, log::reason_of(mask))),
            _ => {}
        }
        let (Some(kind), Some(lineage), Some(fid)) = (kind, self.lineages.get(&layer), fid) else {
            return Ok(Note::Nothing);
        };
        let whole = || lineage.whole(row, 7, FIRST);
        Ok(match (kind, mask, upto) {
            (Kind::Insert, ..) => Note::Came(believed(fid, upto)),
            (Kind::Update, Some(mask), _) => Note::Was(fid, lineage.some(row, mask, FIRST)?),
            (Kind::Update, None, _) => Note::WasAll(fid, whole()?),
            (Kind::Gone, ..) => Note::Gone(fid, whole()?),
            (Kind::Moved, _, Some(upto)) => Note::Moved(fid, upto, whole()?),
            _ => Note::Nothing,
        })
    }
}

fn believed(fid: i64, upto: Option<i64>) -> RangeInclusive<i64> {
    fid..=upto.unwrap_or(fid).min(fid.saturating_add(MOST_ROWS - 1))
}
