//! The entries that a look is to give, in the order in which they are given, without what they say.
use super::place::{Place, Snapshot};
use crate::error::Failure;
use crate::link::Link;
use crate::log::moment;
use std::collections::VecDeque;
use std::time::SystemTime;
use tokio_postgres::Row;

/// An entry without what it says.
#[derive(Debug, Clone)]
pub(crate) struct Header {
    pub(crate) seq: i64,
    pub(crate) transaction: String,
    /// The number of its layer's log.
    pub(crate) log: i32,
    pub(crate) kind: u8,
    pub(crate) rows: usize,
    /// The last entry of the transaction.
    pub(crate) last: i64,
    pub(crate) at: SystemTime,
    pub(crate) who: String,
    pub(crate) handle: Option<String>,
}

impl Header {
    fn of(row: &Row) -> Self {
        Self {
            seq: row.get(0),
            transaction: row.get(1),
            log: row.get(2),
            kind: row.get::<_, i8>(3).to_ne_bytes()[0],
            rows: usize::try_from(row.get::<_, i32>(4)).unwrap_or_default(),
            last: row.get(5),
            at: moment(row.get(6)),
            who: row.get(7),
            handle: row.get(8),
        }
    }

    /// Whether it tells of rows, and not of the log.
    pub(crate) fn tells_of_rows(&self) -> bool {
        matches!(self.kind, b'i' | b'u' | b'd')
    }
}

/// The first so many entries that `until` sees and the place has not been given, from the one on that
/// it is in.
///
/// Transactions go by their last entries. Whoever changes a row holds it until the transaction ends,
/// so of any one row this is the order of the commits; and what belongs together stays together.
pub(crate) fn headers(
    link: &Link,
    place: &Place,
    until: &Snapshot,
    most: i64,
) -> Result<VecDeque<Header>, Failure> {
    let sql = "SELECT seq, xid::text, log, kind, rows, last, \
                 (extract(epoch FROM at) * 1000)::int8, who, handle \
               FROM (SELECT seq, xid, log, kind, rows, at, who, handle, \
                       max(seq) OVER (PARTITION BY xid) AS last FROM tiepoint.changes \
                     WHERE (xid >= $1::text::xid8 OR xid = ANY ($2::text[]::xid8[])) \
                       AND pg_visible_in_snapshot(xid, $3::text::pg_snapshot)) AS e \
               WHERE (last, seq) >= ($4, $5) ORDER BY last, seq LIMIT $6";
    let (beyond, among) = place.since.unseen();
    let (last, seq) = place.within.as_ref().map_or((0, 0), |it| (it.last, it.seq));
    let rows = link.query(sql, &[&beyond, &among, &until.to_string(), &last, &seq, &most])?;
    Ok(rows.iter().map(Header::of).collect())
}
