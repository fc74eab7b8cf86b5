//! The sequence that numbers rows.
use super::Writer;
use crate::error::Failure;
use crate::link::Link;
use crate::metadata::{Key, Table};
use tiepoint_store::Result;

impl Writer<'_> {
    /// The server's own numbers go on after those that somebody asked for.
    pub(super) fn move_sequence(&self) -> Result<()> {
        let (Some(largest), Key::Column(key)) = (self.largest_fid, &self.table.key) else {
            return Ok(());
        };
        if key.sequence.is_none() {
            return Ok(());
        }
        let what = format!("number the rows of layer `{}`", self.table.layer.name());
        let sequence = sequence(self.link, &self.table).map_err(self.site.failed(&what))?;
        let Some(sequence) = sequence else { return Ok(()) };
        let sql = format!(
            "SELECT setval($1::text::regclass, $2) FROM {sequence} \
             WHERE last_value < $2 OR (last_value = $2 AND NOT is_called)"
        );
        let moved = self.link.query(&sql, &[&sequence, &largest]);
        moved.map(drop).map_err(self.site.failed(&what))
    }
}

/// The name of the sequence that numbers rows, quoted.
pub(crate) fn sequence(link: &Link, table: &Table) -> Result<Option<String>, Failure> {
    let Key::Column(key) = &table.key else { return Ok(None) };
    let sql =
        "SELECT coalesce(pg_get_serial_sequence(format('%I.%I', $1::text, $2::text), $3), $4)";
    let noted = key.sequence.clone().filter(|it| !it.is_empty());
    let row = link.query_one(sql, &[&table.schema, &table.name, &key.name, &noted])?;
    Ok(row.get(0))
}
