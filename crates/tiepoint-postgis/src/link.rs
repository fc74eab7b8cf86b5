//! One connection to a server, used by one thread at a time.
use crate::address::PostgisAddress;
use crate::boundary::Boundary;
use crate::dial::{self, Cable, Call};
use crate::error::{Failure, Site};
use crate::runtime;
use crate::server::Server;
use crate::statements::Statements;
use crate::streams::{CopyIn, Flow, Rows, Traffic};
use bytes::Bytes;
use std::cell::{Cell, RefCell};
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tiepoint_core::ErrorKind;
use tiepoint_store::{ReadControl, Result, StoreError};
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Row, SimpleQueryMessage, Statement};

/// How long an idle connection may take to show that it is alive.
const PATIENCE_WITH_THE_SILENT: Duration = Duration::from_secs(5);

/// A connection, what it knows of its server, and the statements it has prepared there.
///
/// While [`Rows`] of it are being read it can do nothing else: what is asked meanwhile fails, as
/// waiting for it would never end.
pub(crate) struct Link {
    call: Call,
    server: Server,
    address: PostgisAddress,
    site: Site,
    statements: RefCell<Statements>,
    flow: Flow,
    in_transaction: Cell<bool>,
    /// Whether something that was to be cancelled may still be cancelled late.
    tainted: Cell<bool>,
    born: Instant,
    /// The process that connected; a fork must not use it.
    process: u32,
}

type Parameters<'a> = &'a [&'a (dyn ToSql + Sync)];

impl Link {
    pub(crate) fn connect(address: &PostgisAddress, site: &Site) -> Result<Self> {
        let (call, server) = dial::dial(address, site)?;
        Ok(Self {
            call,
            server,
            address: address.clone(),
            site: site.clone(),
            statements: RefCell::default(),
            flow: Flow::default(),
            in_transaction: Cell::new(false),
            tainted: Cell::new(false),
            born: Instant::now(),
            process: std::process::id(),
        })
    }

    pub(crate) fn server(&self) -> &Server {
        &self.server
    }

    #[cfg(test)]
    pub(crate) fn site(&self) -> &Site {
        &self.site
    }

    /// Asks again what the server has, as after `CREATE EXTENSION`.
    pub(crate) fn refresh_server(&mut self) -> Result<(), Failure> {
        self.ready()?;
        if let Some(server) = self.ask(None, Server::probe(self.client(), &self.address))? {
            self.server = server;
        }
        self.forget_statements();
        Ok(())
    }

    pub(crate) fn query(&self, sql: &str, parameters: Parameters<'_>) -> Result<Vec<Row>, Failure> {
        self.prepared(sql, None, |statement| {
            self.ask(None, self.client().query(statement, parameters))
        })
    }

    /// The same, until the control says stop.
    pub(crate) fn query_with(
        &self,
        sql: &str,
        parameters: Parameters<'_>,
        control: &ReadControl,
    ) -> Result<Vec<Row>, Failure> {
        self.prepared(sql, Some(control), |statement| {
            self.ask(Some(control), self.client().query(statement, parameters))
        })
    }

    pub(crate) fn query_one(&self, sql: &str, parameters: Parameters<'_>) -> Result<Row, Failure> {
        self.prepared(sql, None, |statement| {
            self.ask(None, self.client().query_one(statement, parameters))
        })
    }

    pub(crate) fn query_opt(
        &self,
        sql: &str,
        parameters: Parameters<'_>,
    ) -> Result<Option<Row>, Failure> {
        self.prepared(sql, None, |statement| {
            self.ask(None, self.client().query_opt(statement, parameters))
        })
    }

    /// The same without preparing: for what is asked once, its parameters' types as the server
    /// infers them.
    pub(crate) fn query_once(
        &self,
        sql: &str,
        parameters: &[(&(dyn ToSql + Sync), Type)],
    ) -> Result<Vec<Row>, Failure> {
        self.ready()?;
        self.refuse_nul(sql)?;
        self.heard(runtime::wait(self.client().query_typed(sql, parameters)))
    }

    /// How many rows it has touched.
    pub(crate) fn execute(&self, sql: &str, parameters: Parameters<'_>) -> Result<u64, Failure> {
        self.prepared(sql, None, |statement| {
            self.ask(None, self.client().execute(statement, parameters))
        })
    }

    /// Runs statements without parameters, and without their results. The only place where
    /// transactions begin and end, each in a batch of its own.
    pub(crate) fn batch(&self, sql: &str) -> Result<(), Failure> {
        self.ready()?;
        self.refuse_nul(sql)?;
        let done = self.ask(None, self.client().batch_execute(sql));
        match Boundary::of(sql) {
            // also where it fails: what begins a batch may have been done
            Some(Boundary::Begin) => self.in_transaction.set(true),
            // a commit that fails has rolled back
            Some(Boundary::End) => self.in_transaction.set(false),
            None => {}
        }
        done
    }

    /// The number of the transaction that it is in; one that has written nothing has none.
    pub(crate) fn transaction_number(&self) -> Result<Option<i64>, Failure> {
        self.ready()?;
        let sql = "SELECT txid_current_if_assigned()";
        let said = self.ask(None, self.client().simple_query(sql))?;
        Ok(first_value(&said).and_then(|number| number.parse().ok()))
    }

    pub(crate) fn prepare(&self, sql: &str) -> Result<Statement, Failure> {
        self.prepare_with(sql, None)
    }

    pub(crate) fn rows(&self, sql: &str, parameters: Parameters<'_>) -> Result<Rows, Failure> {
        self.stream(sql, parameters, None)
    }

    /// The same, until the control says stop: the server may think for long before the first row.
    pub(crate) fn rows_with(
        &self,
        sql: &str,
        parameters: Parameters<'_>,
        control: &ReadControl,
    ) -> Result<Rows, Failure> {
        self.stream(sql, parameters, Some(control))
    }

    pub(crate) fn copy_in(&self, sql: &str) -> Result<CopyIn, Failure> {
        self.ready()?;
        self.refuse_nul(sql)?;
        let sink = self.ask(None, self.client().copy_in::<_, Bytes>(sql))?;
        Ok(CopyIn::new(sink, self.flow.clone()))
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.client().is_closed()
    }

    /// Forgets what was prepared, and the types that were looked up, as after DDL.
    pub(crate) fn forget_statements(&self) {
        self.statements.borrow_mut().clear();
        self.client().clear_type_cache();
    }

    /// Whether a transaction was begun and not ended.
    pub(crate) fn is_in_transaction(&self) -> bool {
        self.in_transaction.get()
    }

    /// Whether somebody else may have it after us.
    pub(crate) fn is_reusable(&self) -> bool {
        !self.is_closed() && !self.tainted.get() && self.process == std::process::id()
    }

    /// Whether its server answers, now.
    pub(crate) fn is_alive(&self) -> bool {
        let asked = self.client().simple_query("");
        let control = ReadControl::default().time_out(PATIENCE_WITH_THE_SILENT);
        let answers = matches!(runtime::wait_with(asked, &control), Ok(Ok(_)));
        if !answers {
            self.call.cable.cut();
        }
        answers
    }

    pub(crate) fn born(&self) -> Instant {
        self.born
    }

    pub(crate) fn traffic(&self) -> Traffic {
        self.flow.traffic()
    }

    pub(crate) fn client(&self) -> &Client {
        &self.call.client
    }

    /// What can interrupt it from another thread.
    pub(crate) fn cable(&self) -> Arc<Cable> {
        Arc::clone(&self.call.cable)
    }

    /// Ends a transaction that nobody ended, without waiting: whatever is asked next comes after.
    pub(crate) fn roll_back_unheard(&self) {
        if self.in_transaction.replace(false) {
            runtime::nudge(self.client().batch_execute("ROLLBACK"));
        }
    }

    /// Waits for an answer. One that is not waited for to its end is in the way of the next.
    fn ask<T>(
        &self,
        control: Option<&ReadControl>,
        asked: impl Future<Output = Result<T, tokio_postgres::Error>>,
    ) -> Result<T, Failure> {
        let Some(control) = control else { return self.heard(runtime::wait(asked)) };
        control.check()?;
        let stopped = |_: &StoreError| self.flow.set(Traffic::Left);
        self.heard(runtime::wait_with(asked, control).inspect_err(stopped)?)
    }

    fn prepare_with(&self, sql: &str, control: Option<&ReadControl>) -> Result<Statement, Failure> {
        self.ready()?;
        if let Some(statement) = self.statements.borrow_mut().get(sql) {
            return Ok(statement);
        }
        self.refuse_nul(sql)?;
        let statement = self.ask(control, self.client().prepare(sql))?;
        self.statements.borrow_mut().keep(sql, &statement);
        Ok(statement)
    }

    fn stream(
        &self,
        sql: &str,
        parameters: Parameters<'_>,
        control: Option<&ReadControl>,
    ) -> Result<Rows, Failure> {
        let stream = self.prepared(sql, control, |statement| {
            self.ask(control, self.client().query_raw(statement, parameters.iter().copied()))
        })?;
        Ok(Rows::new(stream, self.flow.clone()))
    }

    /// Runs with the prepared statement. One that does not fit its tables any more, as others have
    /// changed them, is prepared anew, unless a transaction has failed over it.
    fn prepared<T>(
        &self,
        sql: &str,
        control: Option<&ReadControl>,
        mut run: impl FnMut(&Statement) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        match run(&self.prepare_with(sql, control)?) {
            Err(failure) if is_outdated(&failure) => {
                self.statements.borrow_mut().forget(sql);
                if self.is_in_transaction() {
                    return Err(failure);
                }
                run(&self.prepare_with(sql, control)?)
            }
            answer => answer,
        }
    }

    /// Sees that nothing is in the way of the next question.
    fn ready(&self) -> Result<(), Failure> {
        match self.traffic() {
            Traffic::Idle => Ok(()),
            Traffic::Left => self.clear_the_way(),
            Traffic::Reading => {
                Err(self.is_busy("rows of the same connection are still being read"))
            }
            Traffic::Copying => {
                Err(self.is_busy("data is still being sent on the same connection"))
            }
        }
    }

    /// The driver would take it for a broken connection.
    fn refuse_nul(&self, sql: &str) -> Result<(), Failure> {
        if sql.contains('\0') {
            let reason = "PostgreSQL takes no NUL in a name or a text";
            return Err(self.site.invalid(reason).into());
        }
        Ok(())
    }

    fn is_busy(&self, reason: &str) -> Failure {
        self.site.driver("ask something", ErrorKind::Internal, reason.to_owned()).into()
    }

    /// Has the server break off what nobody waits for any more.
    fn clear_the_way(&self) -> Result<(), Failure> {
        self.tainted.set(true);
        let cable = self.cable();
        // if it cannot be broken off, its end is waited for
        let _ = runtime::run(async move { cable.cancel().await });
        self.heard(runtime::wait(self.client().simple_query("")))?;
        self.flow.set(Traffic::Idle);
        Ok(())
    }

    /// A closed connection has the server's last words as its reason.
    fn heard<T>(&self, answer: Result<T, tokio_postgres::Error>) -> Result<T, Failure> {
        answer.map_err(|error| match self.call.cable.last_words().filter(|_| error.is_closed()) {
            Some(reason) => self.site.lost(reason).into(),
            None => error.into(),
        })
    }
}

fn first_value(said: &[SimpleQueryMessage]) -> Option<&str> {
    said.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0),
        _ => None,
    })
}

/// Whether a prepared statement no longer is what it was: its result would have other columns, or
/// somebody has discarded it.
fn is_outdated(failure: &Failure) -> bool {
    let Failure::Server(error) = failure else { return false };
    let routine = error.as_db_error().and_then(tokio_postgres::error::DbError::routine);
    match failure.code() {
        Some("0A000") => routine == Some("RevalidateCachedQuery"),
        Some("26000") => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_may_change_threads() {
        fn is_send<T: Send>() {}
        is_send::<Link>();
        is_send::<Rows>();
        is_send::<CopyIn>();
    }
}
