//! Giving a layer identity in place.
use crate::carrier::{self, Carrier, Tally, Verdict};
use crate::catalogue::Catalogue;
use crate::error::{Failure, Site};
use crate::link::Link;
use crate::metadata::{Key, Relation, Table};
use crate::spelling::quoted;
use crate::{guards, natural_keys, side};
use tiepoint_core::Fid;
use tiepoint_store::{
    BadIds, Carrier as By, NaturalKey, Result, StoreError, TieOptions, TieReport,
};

pub(crate) use crate::untie::untie;

/// Ties a layer. By a natural key nothing of it is touched, so it can be of any kind. The caller
/// undoes everything when this fails.
///
/// Ids are minted by one UPDATE. Rewriting the table by a volatile default would be a little faster
/// and leave no dead rows, but whoever reads an older state of the database would then find the
/// table empty.
pub(crate) fn tie(
    link: &Link,
    site: &Site,
    catalogue: &Catalogue,
    table: &Table,
    options: &TieOptions,
) -> Result<TieReport> {
    let layer = table.layer.name();
    let failed = || site.failed(&format!("tie layer `{layer}`"));
    if table.layer.is_tied() {
        options.carrier.same_as_before(&site.name, &table.layer)?;
        return Ok(TieReport { kept: count(link, site, table)?, ..TieReport::default() });
    }
    let column = match &options.carrier {
        By::Column(column) => column,
        By::NaturalKey { field, namespace } => {
            NaturalKey::check(layer, table.layer.schema(), field)?;
            side::ensure(link, site)?;
            side::note_key(link, table.oid, field, namespace).map_err(failed())?;
            let table = catalogue.anew().table(link, site, layer)?;
            let survey = natural_keys::survey(link, site, &table)?;
            let key = table.natural_key.as_ref().ok_or_else(|| site.layer_not_found(layer, []))?;
            return survey.into_report(key);
        }
    };
    refuse_relation(site, table)?;
    refuse_parent(link, site, table)?;
    let (carrier, added) = carrier::choose(link, site, table, column)?;
    side::ensure(link, site)?;
    let sql = format!("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE", carrier.table_sql());
    link.batch(&sql).map_err(failed())?;
    let report = if added {
        add(link, &carrier).map_err(failed())?
    } else {
        take_over(link, table, &carrier, options.bad_ids).map_err(|bad| match bad {
            Bad::Failure(failure) => failed()(failure),
            Bad::Reported(error) => error,
        })?
    };
    finish(link, &carrier, added).map_err(failed())?;
    Ok(report)
}

/// Ties a layer that was just made, with its column.
pub(crate) fn install(link: &Link, site: &Site, oid: u32, column: &str) -> Result<()> {
    side::ensure(link, site)?;
    let sql = "SELECT n.nspname::text, c.relname::text FROM pg_class c \
               JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = $1";
    let install = || {
        let row = link.query_one(sql, &[&oid])?;
        finish(link, &Carrier::fresh(oid, row.get(0), row.get(1), column), true)
    };
    install().map_err(site.failed(&format!("tie by column `{column}`")))
}

fn finish(link: &Link, carrier: &Carrier, added: bool) -> Result<(), Failure> {
    guards::remove(link, carrier.oid)?;
    guards::ensure_index(link, carrier)?;
    guards::install(link, carrier)?;
    side::note_tie(link, carrier.oid, &carrier.column, added)
}

fn count(link: &Link, site: &Site, table: &Table) -> Result<u64> {
    let layer = table.layer.name();
    let sql = format!("SELECT count(*) FROM {}.{}", quoted(&table.schema), quoted(&table.name));
    let row = link.query_one(&sql, &[]).map_err(site.failed(&format!("count layer `{layer}`")))?;
    Ok(row.get::<_, i64>(0).unsigned_abs())
}

/// A table without a key is read-only only as long as it is not tied.
/// Rows of tables that inherit from another are its rows, too, and its triggers do not see them.
fn refuse_parent(link: &Link, site: &Site, table: &Table) -> Result<()> {
    if table.relation == Relation::Partitioned {
        return Ok(());
    }
    let what = format!("tie layer `{}`", table.layer.name());
    let sql = "SELECT min(inhrelid::regclass::text) FROM pg_inherits WHERE inhparent = $1";
    let row = link.query_one(sql, &[&table.oid]).map_err(site.failed(&what))?;
    let Some(child) = row.get::<_, Option<String>>(0) else { return Ok(()) };
    let what = format!("{what}: table `{child}` inherits from it, and would go unguarded");
    Err(site.unsupported(what, Some("tie the tables that inherit, or make it a partitioned one")))
}

fn refuse_relation(site: &Site, table: &Table) -> Result<()> {
    let is_table = table.has_rows_of_its_own();
    match &table.layer.read_only {
        Some(_) if is_table && table.key == Key::None => Ok(()),
        Some(reason) => Err(site.read_only(format!("layer `{}`: {reason}", table.layer.name()))),
        None if is_table => Ok(()),
        None => {
            let what = format!("tie layer `{}`: its rows are another server's", table.layer.name());
            Err(site.unsupported(what, Some("tie it where it is a table")))
        }
    }
}

fn add(link: &Link, carrier: &Carrier) -> Result<TieReport, Failure> {
    let (table, column) = (carrier.table_sql(), carrier.column_sql());
    link.batch(&format!("ALTER TABLE {table} ADD COLUMN {column} uuid"))?;
    let minted = quietly(link, carrier, || carrier.mint_all(link))?;
    analyze(link, carrier, minted)?;
    Ok(TieReport { minted, ..TieReport::default() })
}

enum Bad {
    Failure(Failure),
    Reported(StoreError),
}

impl From<Failure> for Bad {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

fn take_over(
    link: &Link,
    table: &Table,
    carrier: &Carrier,
    on_bad_ids: BadIds,
) -> Result<TieReport, Bad> {
    let tally = carrier.tally(link)?;
    let replaced = tally.of(Verdict::Malformed) + tally.of(Verdict::Shared);
    if replaced > 0 && on_bad_ids == BadIds::Report {
        let reason = bad_ids(link, carrier, &tally)?;
        let (layer, column) = (table.layer.name().to_owned(), carrier.column.clone());
        return Err(Bad::Reported(StoreError::BadIds { layer, column, reason }));
    }
    let minted = tally.of(Verdict::Missing);
    let changed = minted + replaced + tally.of(Verdict::Misspelt);
    if changed > 0 {
        quietly(link, carrier, || carrier.settle(link))?;
        analyze(link, carrier, changed)?;
    }
    Ok(TieReport { kept: tally.rows - minted - replaced, minted, replaced })
}

fn bad_ids(link: &Link, carrier: &Carrier, tally: &Tally) -> Result<String, Failure> {
    let mut parts = Vec::new();
    for (verdict, what) in
        [(Verdict::Malformed, "no id at all"), (Verdict::Shared, "the id of an older row")]
    {
        let count = tally.of(verdict);
        if count > 0 {
            let rows = carrier.examples(link, verdict)?;
            let more = if count > rows.len() as u64 { ", …" } else { "" };
            let rows: Vec<String> = rows.iter().map(Fid::to_string).collect();
            parts.push(format!("{count} {what} (rows {}{more})", rows.join(", ")));
        }
    }
    Ok(format!("ids that cannot be used: {}", parts.join("; ")))
}

/// Runs something while no trigger of others on the table fires: none is to take ids for edits.
fn quietly<T>(
    link: &Link,
    carrier: &Carrier,
    run: impl FnOnce() -> Result<T, Failure>,
) -> Result<T, Failure> {
    let triggers = link.query(include_str!("sql/triggers.sql"), &[&carrier.oid])?;
    for row in &triggers {
        let (table, name): (&str, &str) = (row.get(0), row.get(1));
        link.batch(&format!("ALTER TABLE ONLY {table} DISABLE TRIGGER {name}"))?;
    }
    let outcome = run()?;
    for row in &triggers {
        let (table, name): (&str, &str) = (row.get(0), row.get(1));
        let when = match row.get::<_, &str>(2) {
            "A" => "ALWAYS ",
            "R" => "REPLICA ",
            _ => "",
        };
        link.batch(&format!("ALTER TABLE ONLY {table} ENABLE {when}TRIGGER {name}"))?;
    }
    Ok(outcome)
}

/// The server would think for a day that all ids are the same.
fn analyze(link: &Link, carrier: &Carrier, changed: u64) -> Result<(), Failure> {
    if changed == 0 {
        return Ok(());
    }
    link.batch(&format!("ANALYZE {} ({})", carrier.table_sql(), carrier.column_sql()))
}
