//! The indexes on fields, the spatial ones and that on the ids excepted.
use crate::dialect::{quoted, quoted_list};
use crate::ties;
use rusqlite::{Connection, Result};
use tiepoint_core::{Field, Index, IndexMethod};

/// The indexes on fields; a unique one on a single field marks the field too.
pub(crate) fn read(
    connection: &Connection,
    table: &str,
    fields: &mut [Field],
    tie: Option<&ties::Tie>,
) -> Result<Vec<Index>> {
    let sql = "SELECT name, \"unique\", origin FROM pragma_index_list(?1) WHERE partial = 0 ORDER BY name";
    let mut statement = connection.prepare_cached(sql)?;
    let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
    let listed: Vec<(String, bool, String)> =
        statement.query_map([table], read)?.collect::<Result<_>>()?;
    let mut indexes = Vec::new();
    for (name, unique, origin) in listed {
        let Some(columns) = index_fields(connection, &name, fields)? else { continue };
        if tie.is_some_and(|tie| tie.index_name() == name) {
            continue;
        }
        if let ([only], true) = (columns.as_slice(), unique) {
            if let Some(field) = fields.iter_mut().find(|field| field.name == *only) {
                field.unique = true;
            }
            if origin != "c" {
                continue;
            }
        }
        let name = (origin == "c").then_some(name);
        indexes.push(Index { name, unique, ..Index::on(columns) });
    }
    Ok(indexes)
}

/// The fields of an index in order, or `None` when it is on something else than fields.
fn index_fields(
    connection: &Connection,
    index: &str,
    fields: &[Field],
) -> Result<Option<Vec<String>>> {
    let sql = "SELECT name FROM pragma_index_info(?1) ORDER BY seqno";
    let mut statement = connection.prepare_cached(sql)?;
    let names = statement.query_map([index], |row| row.get(0))?;
    let names = names.collect::<Result<Vec<Option<String>>>>()?;
    let names: Option<Vec<String>> = names.into_iter().collect();
    let known = |name: &String| fields.iter().any(|field| field.name == *name);
    Ok(names.filter(|names| !names.is_empty() && names.iter().all(known)))
}

/// Creates an index, under the next free name when its own is taken.
pub(crate) fn create(connection: &Connection, table: &str, index: &Index) -> Result<()> {
    if index.method != IndexMethod::BTree {
        return Ok(());
    }
    let wanted =
        index.name.clone().unwrap_or_else(|| format!("idx_{table}_{}", index.fields.join("_")));
    let numbered = (2..).map(|number| format!("{wanted}_{number}"));
    let mut names = std::iter::once(wanted.clone()).chain(numbered);
    let name = loop {
        let Some(name) = names.next() else { return Ok(()) };
        let sql = "SELECT 1 FROM sqlite_master WHERE name = ?1 COLLATE NOCASE";
        if !connection.prepare_cached(sql)?.exists([&name])? {
            break name;
        }
    };
    connection.execute_batch(&format!(
        "CREATE {} {} ON {} ({})",
        if index.unique { "UNIQUE INDEX" } else { "INDEX" },
        quoted(&name),
        quoted(table),
        quoted_list(&index.fields)
    ))
}
