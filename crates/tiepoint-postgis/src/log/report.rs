//! Telling what has been noted.
use super::{exists, log_of, logs};
use crate::error::{Failure, Site};
use crate::link::Link;
use crate::metadata::Table;
use crate::watch::Place;
use std::collections::HashMap;
use std::time::{Duration, SystemTime};
use tiepoint_store::{ChangeLog, NamedWatcher, Result};

/// What has been noted, of the layers that go by these names. Rows count, not entries of the table.
pub(crate) fn report(link: &Link, site: &Site, names: &HashMap<u32, String>) -> Result<ChangeLog> {
    tell(link, names).map_err(site.failed("tell what has been noted"))
}

fn tell(link: &Link, names: &HashMap<u32, String>) -> Result<ChangeLog, Failure> {
    if !exists(link)? {
        return Ok(ChangeLog::default());
    }
    let mut logs = logs(link)?;
    logs.retain(|it| it.is_there && it.is_readable && names.contains_key(&it.layer));
    let mut layers: Vec<String> = logs.iter().map(|it| names[&it.layer].clone()).collect();
    layers.sort_unstable();
    let Some(keep) = logs.iter().map(|it| it.keep).max() else { return Ok(ChangeLog::default()) };
    let numbers: Vec<i32> = logs.iter().map(|it| it.number).collect();
    let sql = "SELECT coalesce(sum(rows), 0)::int8, (extract(epoch FROM min(at)) * 1000)::int8 \
               FROM tiepoint.changes WHERE rows > 0 AND log = ANY ($1)";
    let noted = link.query_one(sql, &[&numbers])?;
    Ok(ChangeLog {
        layers,
        entries: noted.get::<_, i64>(0).unsigned_abs(),
        oldest: noted.get::<_, Option<i64>>(1).map(moment),
        keep: keep.unsigned_abs(),
        watchers: watchers(link, &numbers)?,
    })
}

/// Since when everything that happened to a table is noted, and still kept.
pub(crate) fn since(link: &Link, site: &Site, table: &Table) -> Result<Option<SystemTime>> {
    let since = || {
        let log = log_of(link, table.oid)?.filter(|it| it.is_readable);
        let Some(log) = log else { return Ok(None) };
        let sql = "SELECT (extract(epoch FROM coalesce( \
                   (SELECT at FROM tiepoint.changes WHERE log = $1 AND keys IS NULL \
                    ORDER BY seq DESC LIMIT 1), \
                   (SELECT min(at) FROM tiepoint.changes))) * 1000)::int8";
        let row = link.query_one(sql, &[&log.number])?;
        Ok(row.get::<_, Option<i64>>(0).map(moment))
    };
    since().map_err(site.failed("tell since when changes are noted"))
}

fn watchers(link: &Link, logs: &[i32]) -> Result<Vec<NamedWatcher>, Failure> {
    let sql = "SELECT name, checkpoint FROM tiepoint.watcher WHERE home = $1::text::name";
    let rows = link.query(sql, &[&link.server().schema])?;
    let mut watchers = Vec::with_capacity(rows.len());
    for row in rows {
        let waiting = match row.get::<_, &str>(1).parse::<Place>() {
            Ok(place) => waiting(link, &place, logs)?.0,
            Err(()) => 0,
        };
        watchers.push(NamedWatcher { name: row.get(0), waiting });
    }
    watchers.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    Ok(watchers)
}

/// How many rows have been noted in some logs after a place, and since when the oldest of them waits.
pub(crate) fn waiting(
    link: &Link,
    place: &Place,
    logs: &[i32],
) -> Result<(u64, Option<SystemTime>), Failure> {
    let sql = "SELECT coalesce(sum(greatest(rows - \
                 CASE WHEN (last, seq) = ($4, $5) THEN $6 ELSE 0 END, 0)), 0)::int8, \
               (extract(epoch FROM min(at)) * 1000)::int8 \
               FROM (SELECT xid, seq, log, rows, at, max(seq) OVER (PARTITION BY xid) AS last \
                     FROM tiepoint.changes \
                     WHERE xid >= $1::text::xid8 OR xid = ANY ($2::text[]::xid8[])) AS e \
               WHERE rows > 0 AND log = ANY ($7) AND ((last, seq) >= ($4, $5) \
                 OR NOT pg_visible_in_snapshot(xid, $3::text::pg_snapshot))";
    let (beyond, among) = place.since.unseen();
    let until = place.within.as_ref().map_or_else(|| place.since.clone(), |it| it.until.clone());
    let at = place.within.as_ref().map_or((0, 0, 0), |it| (it.last, it.seq, it.given()));
    let row =
        link.query_one(sql, &[&beyond, &among, &until.to_string(), &at.0, &at.1, &at.2, &logs])?;
    Ok((row.get::<_, i64>(0).unsigned_abs(), row.get::<_, Option<i64>>(1).map(moment)))
}

/// Milliseconds since 1970.
pub(crate) fn moment(ms: i64) -> SystemTime {
    let distance = Duration::from_millis(ms.unsigned_abs());
    if ms < 0 { SystemTime::UNIX_EPOCH - distance } else { SystemTime::UNIX_EPOCH + distance }
}
