//! The triggers that note what happens to a table, in built-in SQL only.
use super::columns::{NotedColumn, NotedColumns, UniqueIndex};
use super::table::{self, NOW};
use super::{Kind, NAME};
use crate::dialect::quoted;
use crate::guards::squeezed;
use crate::template::fill;
use rusqlite::{Connection, Result};

const TRIGGERS: &str = include_str!("../sql/log_triggers.sql");
const UPDATE: &str = include_str!("../sql/log_update.sql");
const REPLACED: &str = include_str!("../sql/log_replaced.sql");
const PARTS: [&str; 6] = ["insert", "replace", "displace", "move", "delete", "update"];
/// The trigger by which the table is found again: no loading of ours puts it aside.
const ANCHOR: &str = "delete";
/// So many columns have a bit each that says which of them an entry is about; in a wider table it
/// is about all.
const MOST_BITS: usize = 62;

fn name(number: u32, part: &str) -> String {
    format!("{NAME}_{number}_{part}")
}

/// The name of the trigger by which the table of a lineage is found again.
pub(super) fn anchor(number: u32) -> String {
    name(number, ANCHOR)
}

/// The names of the triggers that note what comes, which a loading of ours puts aside.
pub(crate) fn insert_triggers(number: u32) -> [String; 2] {
    ["insert", "replace"].map(|part| name(number, part))
}

/// Makes the triggers. `table` is a name.
pub(super) fn create(
    connection: &Connection,
    number: u32,
    table: &str,
    columns: &NotedColumns,
) -> Result<()> {
    connection.execute_batch(&text(number, table, columns))
}

/// Removes the triggers, those that are there.
pub(super) fn drop_all(connection: &Connection, number: u32) -> Result<()> {
    for part in PARTS {
        let name = quoted(&name(number, part));
        connection.execute_batch(&format!("DROP TRIGGER IF EXISTS {name}"))?;
    }
    Ok(())
}

/// What is there of the triggers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// All, and they say what they must.
    InPlace,
    /// All, and they say something else: the columns are others, or their types.
    Outdated,
    /// Not all.
    Missing,
}

/// What is there of the triggers.
pub(super) fn standing(
    connection: &Connection,
    number: u32,
    table: &str,
    columns: &NotedColumns,
) -> Result<Standing> {
    let sql = "SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name = ?1";
    let mut statement = connection.prepare_cached(sql)?;
    let wanted = squeezed(&text(number, table, columns));
    let mut standing = Standing::InPlace;
    if !table::exists(connection)? {
        // others have dropped what they write to
        return Ok(Standing::Missing);
    }
    for part in PARTS.iter().filter(|part| **part != "update" || !columns.noted.is_empty()) {
        let mut found = statement.query([name(number, part)])?;
        let Some(row) = found.next()? else { return Ok(Standing::Missing) };
        if !wanted.contains(&squeezed(&row.get::<_, String>(0)?)) {
            standing = Standing::Outdated;
        }
    }
    Ok(standing)
}

fn text(number: u32, table: &str, columns: &NotedColumns) -> String {
    let (table, layer, types) = (quoted(table), number.to_string(), columns.types.to_string());
    let names = PARTS.map(|part| (format!("K_{part}"), quoted(&name(number, part))));
    let codes = [
        ("INSERT", Kind::Insert),
        ("UPDATE", Kind::Update),
        ("GONE", Kind::Gone),
        ("MOVED", Kind::Moved),
    ];
    let codes = codes.map(|(gap, kind)| (gap, kind.code().to_string()));
    let (shared, differs) = (shared(&columns.unique), differs(&columns.unique));
    let all = Whole::of(columns);
    let mut gaps: Vec<(&str, &str)> = vec![
        ("T", &table),
        ("L", &layer),
        ("F", &columns.key),
        ("TYPES", &types),
        ("NOW", NOW),
        ("SHARED", &shared),
        ("DIFFERS", &differs),
        ("INTO", &all.into),
        ("COLUMNS", &all.present),
        ("OLD", &all.old),
    ];
    gaps.extend(names.iter().map(|(gap, name)| (gap.as_str(), name.as_str())));
    gaps.extend(codes.iter().map(|(gap, code)| (*gap, code.as_str())));
    let mut text = fill(TRIGGERS, &gaps);
    if !columns.noted.is_empty() {
        text.push_str(&update(columns, &gaps));
    }
    text
}

/// The trigger on updates, where there is anything to update. A row whose place the updated one
/// takes goes first: it may stand for the very object that the other then stands for.
fn update(all: &NotedColumns, gaps: &[(&str, &str)]) -> String {
    let columns = &all.noted;
    let replaced = if all.unique.is_empty() { String::new() } else { fill(REPLACED, gaps) };
    let changed: Vec<String> = columns.iter().map(is_changed).collect();
    let any = any(&changed);
    let is_unique = |id: &&String| {
        all.unique.iter().flat_map(|index| &index.columns).any(|(name, _)| name == *id)
    };
    let of = all.id.iter().filter(is_unique).chain(columns.iter().map(|it| &it.name));
    let of: Vec<&str> = of.map(String::as_str).collect();
    let into: Vec<String> = columns.iter().map(|it| format!("b{}", it.slot)).collect();
    let is_wide = columns.iter().any(|it| it.slot >= MOST_BITS);
    let mask = changed.iter().zip(columns).map(|(it, at)| format!("({it} << {})", at.slot));
    let mask = if is_wide { "NULL".to_owned() } else { mask.collect::<Vec<_>>().join(" | ") };
    let old = changed.iter().zip(columns).map(|(it, column)| {
        let old = format!("OLD.{}", column.name);
        if is_wide { old } else { format!("CASE WHEN {it} THEN {old} END") }
    });
    let own = [
        ("REPLACED", replaced),
        ("C", of.join(", ")),
        ("ANY", any),
        ("MASK", mask),
        ("INTO", into.join(", ")),
        ("OLD", old.collect::<Vec<_>>().join(", ")),
    ];
    let own = own.iter().map(|(gap, text)| (*gap, text.as_str()));
    fill(UPDATE, &own.chain(gaps.iter().copied()).collect::<Vec<_>>())
}

/// Whether an update changes a column. Its own collation may take different texts for the same,
/// and numbers of two storage classes are equal.
fn is_changed(column: &NotedColumn) -> String {
    let name = &column.name;
    let differs = format!("OLD.{name} IS NOT NEW.{name} COLLATE BINARY");
    if column.any_class {
        format!("({differs} OR typeof(OLD.{name}) <> typeof(NEW.{name}))")
    } else {
        format!("({differs})")
    }
}

/// Whether any of these holds, in groups: SQLite refuses what is nested 1,000 levels deep, and each
/// `OR` of a row is a level.
fn any(conditions: &[String]) -> String {
    let groups = conditions.chunks(MOST_BITS).map(|group| format!("({})", group.join(" OR ")));
    groups.collect::<Vec<_>>().join(" OR ")
}

/// All columns of a row, in lists of the same order.
struct Whole {
    into: String,
    present: String,
    old: String,
}

impl Whole {
    fn of(columns: &NotedColumns) -> Self {
        let id = columns.id.iter().map(|it| ("id".to_owned(), it.as_str()));
        let values = columns.noted.iter().map(|it| (format!("b{}", it.slot), it.name.as_str()));
        let mut all: Vec<(String, &str)> = id.chain(values).collect();
        if all.is_empty() {
            all.push(("id".to_owned(), "NULL"));
        }
        let list = |text: &dyn Fn(&(String, &str)) -> String| {
            all.iter().map(text).collect::<Vec<_>>().join(", ")
        };
        Self {
            into: list(&|it| it.0.clone()),
            present: list(&|it| it.1.to_owned()),
            old: list(&|it| if it.1 == "NULL" { it.1.to_owned() } else { format!("OLD.{}", it.1) }),
        }
    }
}

/// The rows whose place the new one may take because they share what must be unique.
fn shared(unique: &[UniqueIndex]) -> String {
    let same = |index: &UniqueIndex| {
        let pairs =
            index.columns.iter().map(|(name, coll)| format!("{name} = NEW.{name} COLLATE {coll}"));
        let condition = index.condition.iter().map(|it| format!("({it})"));
        format!(" OR ({})", pairs.chain(condition).collect::<Vec<_>>().join(" AND "))
    };
    unique.iter().map(same).collect::<Vec<_>>().concat()
}

/// Whether an update gives a row other values of what must be unique, or brings it under the rule.
fn differs(unique: &[UniqueIndex]) -> String {
    if unique.iter().any(|index| index.condition.is_some()) {
        return " OR 1".to_owned();
    }
    let names = unique.iter().flat_map(|index| &index.columns);
    let differs = names.map(|(name, _)| format!(" OR NEW.{name} IS NOT OLD.{name} COLLATE BINARY"));
    differs.collect::<Vec<_>>().concat()
}
