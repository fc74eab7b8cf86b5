//! What a test has to itself on a server: a schema, a database, a role.
use uuid::Uuid;

use super::address::Address;
use super::server::{kill_backends, make_database};
use super::session::{Rows, ask};

/// A schema of one test's own. Dropping it drops what it holds.
///
/// Statements run in a session of their own each, with the schema before `public` in the search
/// path.
#[derive(Debug)]
pub struct TestSchema {
    name: String,
    address: Address,
}

impl TestSchema {
    pub(super) fn create(address: &Address) -> Self {
        let schema = Self { name: fresh_name(), address: address.clone() };
        must(address, &[&format!("CREATE SCHEMA {}", schema.name)]);
        schema
    }

    /// Its name: lower-case letters, digits and underscores.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The URL that opens it as a store: that of the database, with `?schema=` and its name.
    #[must_use]
    pub fn url(&self) -> String {
        self.address.with_schema(&self.name).to_string()
    }

    /// The same for a role, who may do nothing in it yet: grant what the test needs.
    #[must_use]
    pub fn url_as(&self, role: &TestRole) -> String {
        role.at(&self.address).with_schema(&self.name).to_string()
    }

    /// Runs SQL, several statements if need be.
    ///
    /// # Panics
    ///
    /// With the server's message where it refuses.
    #[track_caller]
    pub fn execute(&self, sql: &str) {
        self.must(sql);
    }

    /// The first column of the first row of an answer, as text.
    ///
    /// # Panics
    ///
    /// With the server's message where it refuses, and where there is no row or a null.
    #[must_use]
    #[track_caller]
    pub fn value(&self, sql: &str) -> String {
        only_value(sql, self.must(sql))
    }

    #[track_caller]
    fn must(&self, sql: &str) -> Rows {
        must(&self.address, &[&format!("SET search_path = {}, public", self.name), sql])
    }
}

impl Drop for TestSchema {
    /// Gives up where somebody holds it for long, or the server is gone.
    fn drop(&mut self) {
        let drop = format!("DROP SCHEMA {} CASCADE", self.name);
        let _ = ask(&self.address, &[PATIENCE, &drop]);
    }
}

/// A database of one test's own, with PostGIS. Dropping it ends who is connected.
#[derive(Debug)]
pub struct TestDatabase {
    name: String,
    address: Address,
    server: Address,
}

impl TestDatabase {
    pub(super) fn create(server: &Address) -> Self {
        let name = fresh_name();
        make_database(server, &name).unwrap_or_else(|error| panic!("no fresh database: {error}"));
        Self { address: server.with_database(&name), name, server: server.clone() }
    }

    /// Its name: lower-case letters, digits and underscores.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its URL.
    #[must_use]
    pub fn url(&self) -> String {
        self.address.to_string()
    }

    /// The same for a role.
    #[must_use]
    pub fn url_as(&self, role: &TestRole) -> String {
        role.at(&self.address).to_string()
    }

    /// Runs SQL, several statements if need be.
    ///
    /// # Panics
    ///
    /// With the server's message where it refuses.
    #[track_caller]
    pub fn execute(&self, sql: &str) {
        must(&self.address, &[sql]);
    }

    /// The first column of the first row of an answer, as text.
    ///
    /// # Panics
    ///
    /// With the server's message where it refuses, and where there is no row or a null.
    #[must_use]
    #[track_caller]
    pub fn value(&self, sql: &str) -> String {
        only_value(sql, must(&self.address, &[sql]))
    }

    /// Ends every connection to it; returns how many there were.
    ///
    /// # Panics
    ///
    /// Where that is not allowed.
    #[expect(clippy::must_use_candidate, reason = "done for what it does")]
    #[track_caller]
    pub fn kill_backends(&self) -> usize {
        kill_backends(&self.server, &format!("datname = '{}'", self.name))
    }
}

impl Drop for TestDatabase {
    /// Gives up where the server is gone.
    fn drop(&mut self) {
        let _ = ask(&self.server, &[&format!("DROP DATABASE {} WITH (FORCE)", self.name)]);
    }
}

/// A role of one test's own, with a password. Dropping it drops what it owns in the shared
/// database; in a [`TestDatabase`] it must own nothing by then.
#[derive(Debug)]
pub struct TestRole {
    name: String,
    password: String,
    server: Address,
    tcp_host: Option<String>,
}

impl TestRole {
    pub(super) fn create(server: &Address, tcp_host: Option<String>) -> Self {
        let (name, password) = (fresh_name(), fresh_name());
        must(server, &[&format!("CREATE ROLE {name} LOGIN PASSWORD '{password}'")]);
        Self { name, password, server: server.clone(), tcp_host }
    }

    /// Its name: lower-case letters, digits and underscores.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its password: of the same letters.
    #[must_use]
    pub fn password(&self) -> &str {
        &self.password
    }

    /// The shared database's URL for this role.
    #[must_use]
    pub fn url(&self) -> String {
        self.at(&self.server).to_string()
    }

    /// The same through TCP, where the password is asked for; [`None`] of a server that is not ours.
    #[must_use]
    pub fn tcp_url(&self) -> Option<String> {
        let host = self.tcp_host.clone()?;
        Some(Address { host, ..self.at(&self.server) }.to_string())
    }

    fn at(&self, address: &Address) -> Address {
        address.with_user(&self.name, &self.password)
    }
}

impl Drop for TestRole {
    /// Gives up where it owns something elsewhere, or the server is gone.
    fn drop(&mut self) {
        let owned = format!("DROP OWNED BY {} CASCADE", self.name);
        let role = format!("DROP ROLE {}", self.name);
        let _ = ask(&self.server, &[PATIENCE, &owned, &role]);
    }
}

/// Waiting for a lock of somebody who has not let go must not hang the tests.
const PATIENCE: &str = "SET lock_timeout = '5s'";

/// A name that nothing else has, nor will have.
fn fresh_name() -> String {
    format!("test_{}", Uuid::now_v7().simple())
}

#[track_caller]
fn must(address: &Address, statements: &[&str]) -> Rows {
    ask(address, statements).unwrap_or_else(|error| panic!("{statements:?}: {error}"))
}

#[track_caller]
fn only_value(sql: &str, rows: Rows) -> String {
    let value = rows.into_iter().next().and_then(|row| row.into_iter().next());
    value.flatten().unwrap_or_else(|| panic!("no value, but nothing or null: {sql}"))
}
