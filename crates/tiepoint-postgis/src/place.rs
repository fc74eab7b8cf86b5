//! Which database this is, whoever asks and by whatever name.
use crate::error::{Failure, Site};
use crate::link::Link;
use tiepoint_store::Result;

/// What tells a database from all others.
pub(crate) fn database(link: &Link, site: &Site) -> Result<String> {
    let ask = || -> Result<String, Failure> {
        let sql = "SELECT oid::text FROM pg_database WHERE datname = current_database()";
        let oid: String = link.query_one(sql, &[])?.get(0);
        Ok(format!("{}/{oid}", system(link)?))
    };
    ask().map_err(site.failed("ask what server it is"))
}

/// The same for the schema that new layers go to; by its name while it is not there.
pub(crate) fn home(link: &Link, site: &Site) -> Result<String> {
    let schema = &link.server().schema;
    let sql = "SELECT coalesce((SELECT oid::text FROM pg_namespace WHERE nspname = $1), $1)";
    let row = link.query_one(sql, &[schema]).map_err(site.failed("ask what server it is"))?;
    Ok(format!("{}/schema {}", database(link, site)?, row.get::<_, &str>(0)))
}

/// The server: what was written down when its data folder was made, else where it listens.
fn system(link: &Link) -> Result<String, Failure> {
    let may_ask = "SELECT has_function_privilege('pg_catalog.pg_control_system()', 'EXECUTE')";
    let sql = if link.query_one(may_ask, &[])?.get(0) {
        "SELECT 'system ' || system_identifier FROM pg_control_system()"
    } else {
        "SELECT format('host %s:%s', coalesce(host(inet_server_addr()), \
         current_setting('unix_socket_directories')), current_setting('port'))"
    };
    Ok(link.query_one(sql, &[])?.get(0))
}
