//! What we ask a server right after connecting, and how we set up the session.
//!
//! Everything goes in one round trip. The user's `search_path` keeps its order; the schema that
//! PostGIS is in is only appended, because our SQL calls its functions by their plain names and
//! because users may have it in a schema of its own. `standard_conforming_strings` is what our
//! literals are written for. Values travel in binary form, so neither `extra_float_digits` nor
//! `DateStyle` and `IntervalStyle` matter, and the time zone stays the user's.
use crate::address::{PATIENCE_MS, PostgisAddress};
use std::fmt::Write as _;
use tokio_postgres::{Client, Error, SimpleQueryMessage, SimpleQueryRow};

const FACTS: &str = "
SELECT current_setting('server_version_num'), current_database(), current_user,
       current_schema(), extension.extversion, home.nspname,
       pg_is_in_recovery(), current_setting('transaction_read_only')
FROM (SELECT) AS always
LEFT JOIN pg_catalog.pg_extension AS extension ON extension.extname = 'postgis'
LEFT JOIN pg_catalog.pg_namespace AS home ON home.oid = extension.extnamespace;
SELECT set_config('search_path', concat_ws(', ',
           nullif(nullif(trim(current_setting('search_path')), ''), '\"\"'),
           quote_ident(home.nspname)), false)
FROM pg_catalog.pg_extension AS extension
JOIN pg_catalog.pg_namespace AS home ON home.oid = extension.extnamespace
WHERE extension.extname = 'postgis' AND home.nspname <> ALL (current_schemas(true));";

/// What a connection knows of its server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Server {
    /// Major version times 10,000 plus minor version: 150,004.
    pub(crate) version: u32,
    pub(crate) postgis: Option<PostgisVersion>,
    /// Where new layers go.
    pub(crate) schema: String,
    pub(crate) database: String,
    pub(crate) user: String,
    /// Whether it only follows another server.
    pub(crate) is_standby: bool,
    /// Whether transactions are read-only unless they ask for more.
    pub(crate) is_read_only: bool,
}

/// Which PostGIS the database has, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PostgisVersion {
    pub(crate) schema: String,
    /// Major and minor.
    pub(crate) version: (u32, u32),
    /// As the database has it: `3.3.2`.
    pub(crate) full: String,
}

impl Server {
    /// Sets up the session as the address says, and asks; nothing if the answer makes no sense.
    pub(crate) async fn probe(
        client: &Client,
        address: &PostgisAddress,
    ) -> Result<Option<Self>, Error> {
        let sql = settings(address) + FACTS;
        let answers = client.simple_query(&sql).await?;
        let row = answers.iter().find_map(|answer| match answer {
            SimpleQueryMessage::Row(row) => Some(row),
            _ => None,
        });
        Ok(row.and_then(|row| Self::of(row, address)))
    }

    fn of(row: &SimpleQueryRow, address: &PostgisAddress) -> Option<Self> {
        let text = |column: usize| row.try_get(column).ok().flatten();
        let first = address.schemas().first().map(String::as_str);
        let postgis = text(4).zip(text(5)).map(|(full, schema)| PostgisVersion {
            schema: schema.to_owned(),
            version: major_and_minor(full),
            full: full.to_owned(),
        });
        Some(Self {
            version: text(0)?.parse().ok()?,
            postgis,
            schema: first.or(text(3)).unwrap_or("public").to_owned(),
            database: text(1)?.to_owned(),
            user: text(2)?.to_owned(),
            is_standby: text(6)? == "t",
            is_read_only: text(7)? == "on",
        })
    }
}

/// As statements and not among the parameters that open the session: poolers refuse those.
fn settings(address: &PostgisAddress) -> String {
    // a plan made once serves every execution: planning a spatial statement costs more than running it
    let mut sql =
        "SET standard_conforming_strings = on;SET plan_cache_mode = force_generic_plan;".to_owned();
    write!(
        sql,
        "DO $$BEGIN IF current_setting('lock_timeout') = '0' THEN \
         PERFORM set_config('lock_timeout', '{PATIENCE_MS}', false); END IF; END$$;"
    )
    .expect("a string takes everything");
    let limits = [
        ("statement_timeout", address.statement_timeout_ms()),
        ("lock_timeout", address.lock_timeout_ms()),
    ];
    for (name, ms) in limits.into_iter().filter_map(|(name, ms)| Some((name, ms?))) {
        write!(sql, "SET {name} = {ms};").expect("a string takes everything");
    }
    sql
}

fn major_and_minor(version: &str) -> (u32, u32) {
    let mut numbers = version.split(|c: char| !c.is_ascii_digit()).map(|part| part.parse().ok());
    let mut number = || numbers.next().flatten().unwrap_or(0);
    (number(), number())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_as_postgis_writes_them() {
        assert_eq!(major_and_minor("3.3.2"), (3, 3));
        assert_eq!(major_and_minor("3.10.0dev"), (3, 10));
        assert_eq!(major_and_minor("4"), (4, 0));
        assert_eq!(major_and_minor("unpackaged"), (0, 0));
    }
}
