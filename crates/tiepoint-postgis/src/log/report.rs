//! Telling what has been noted.
use super::{exists, log_of};
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
    let rows = link.query("SELECT layer::oid FROM tiepoint.logged", &[])?;
    let mut layers: Vec<String> =
        rows.iter().filter_map(|row| names.get(&row.get(0)).cloned()).collect();
    layers.sort_unstable();
    let sql = "SELECT coalesce(sum(cardinality(keys)), 0)::int8, \
               (extract(epoch FROM min(at)) * 1000)::int8 FROM tiepoint.changes WHERE keys IS NOT NULL";
    let noted = link.query_one(sql, &[])?;
    let keep = link.query_opt("SELECT keep FROM tiepoint.noting", &[])?;
    let keep = if layers.is_empty() { None } else { keep };
    Ok(ChangeLog {
        layers,
        entries: noted.get::<_, i64>(0).unsigned_abs(),
        oldest: noted.get::<_, Option<i64>>(1).map(moment),
        keep: keep.map_or(0, |row| row.get::<_, i64>(0).unsigned_abs()),
        watchers: watchers(link)?,
    })
}

/// Since when everything that happened to a table is noted, and still kept.
pub(crate) fn since(link: &Link, site: &Site, table: &Table) -> Result<Option<SystemTime>> {
    let since = || {
        let Some(log) = log_of(link, table.oid)? else { return Ok(None) };
        let sql = "SELECT (extract(epoch FROM coalesce( \
                   (SELECT at FROM tiepoint.changes WHERE log = $1 AND keys IS NULL \
                    ORDER BY seq DESC LIMIT 1), \
                   (SELECT min(at) FROM tiepoint.changes))) * 1000)::int8";
        let row = link.query_one(sql, &[&log.number])?;
        Ok(row.get::<_, Option<i64>>(0).map(moment))
    };
    since().map_err(site.failed("tell since when changes are noted"))
}

fn watchers(link: &Link) -> Result<Vec<NamedWatcher>, Failure> {
    let rows = link.query("SELECT name, checkpoint FROM tiepoint.watcher", &[])?;
    let mut watchers = Vec::with_capacity(rows.len());
    for row in rows {
        let waiting = match row.get::<_, &str>(1).parse::<Place>() {
            Ok(place) => waiting(link, &place)?.0,
            Err(()) => 0,
        };
        watchers.push(NamedWatcher { name: row.get(0), waiting });
    }
    watchers.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    Ok(watchers)
}

/// How many rows have been noted after a place, and since when the oldest of them waits.
pub(crate) fn waiting(link: &Link, place: &Place) -> Result<(u64, Option<SystemTime>), Failure> {
    let sql = "SELECT coalesce(sum(greatest(cardinality(keys) - \
                 CASE WHEN (last, seq) = ($4, $5) THEN $6 ELSE 0 END, 0)), 0)::int8, \
               (extract(epoch FROM min(at)) * 1000)::int8 \
               FROM (SELECT *, max(seq) OVER (PARTITION BY xid) AS last FROM tiepoint.changes \
                     WHERE (xid >= $1::text::xid8 OR xid = ANY ($2::text[]::xid8[])) \
                       AND keys IS NOT NULL) AS e \
               WHERE (last, seq) >= ($4, $5) OR NOT pg_visible_in_snapshot(xid, $3::text::pg_snapshot)";
    let (beyond, among) = place.since.unseen();
    let until = place.within.as_ref().map_or_else(|| place.since.clone(), |it| it.until.clone());
    let at = place.within.as_ref().map_or((0, 0, 0), |it| (it.last, it.seq, it.given()));
    let row = link.query_one(sql, &[&beyond, &among, &until.to_string(), &at.0, &at.1, &at.2])?;
    Ok((row.get::<_, i64>(0).unsigned_abs(), row.get::<_, Option<i64>>(1).map(moment)))
}

/// Milliseconds since 1970.
pub(crate) fn moment(ms: i64) -> SystemTime {
    let distance = Duration::from_millis(ms.unsigned_abs());
    if ms < 0 { SystemTime::UNIX_EPOCH - distance } else { SystemTime::UNIX_EPOCH + distance }
}
