//! Side tables of callers, all kept in one of ours, each schema's apart.
use crate::error::{Failure, Site};
use crate::link::Link;
use crate::side;
use tiepoint_store::{Book, Result};

/// One book within a transaction.
pub(crate) struct PgBook<'t> {
    link: &'t Link,
    site: &'t Site,
    name: String,
    /// Whether our tables are there, and stay until the transaction ends.
    ensured: bool,
}

impl<'t> PgBook<'t> {
    pub(crate) fn new(link: &'t Link, site: &'t Site, name: &str) -> Self {
        Self { link, site, name: name.to_owned(), ensured: false }
    }

    /// The schema that new layers go to: stores that differ in it share no book.
    fn home(&self) -> &str {
        &self.link.server().schema
    }

    /// Reads; a book that is not there has nothing in it.
    fn read<T: Default>(&self, read: impl FnOnce() -> Result<T, Failure>) -> Result<T> {
        let found =
            side::exists(self.link).and_then(|there| if there { read() } else { Ok(T::default()) });
        found.map_err(self.site.failed("read a book"))
    }
}

impl Book for PgBook<'_> {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>> {
        let sql = "SELECT value FROM tiepoint.book WHERE home = $1::text::name AND book = $2 AND key = $3";
        self.read(|| {
            let row = self.link.query_opt(sql, &[&self.home(), &self.name, &key])?;
            Ok(row.map(|row| row.get(0)))
        })
    }

    fn put(&mut self, key: &[u8], value: &[u8]) -> Result<()> {
        if !self.ensured {
            side::ensure(self.link, self.site)?;
            self.ensured = true;
        }
        let sql = "INSERT INTO tiepoint.book (home, book, key, value) VALUES ($1::text::name, $2, $3, $4) \
                   ON CONFLICT (home, book, key) DO UPDATE SET value = excluded.value";
        let written = self.link.execute(sql, &[&self.home(), &self.name, &key, &value]);
        written.map(drop).map_err(self.site.failed("write a book"))
    }

    fn remove(&mut self, key: &[u8]) -> Result<bool> {
        let sql =
            "DELETE FROM tiepoint.book WHERE home = $1::text::name AND book = $2 AND key = $3";
        self.read(|| Ok(self.link.execute(sql, &[&self.home(), &self.name, &key])? > 0))
    }

    fn range(&self, from: &[u8], limit: usize) -> Result<Vec<(Vec<u8>, Vec<u8>)>> {
        let sql = "SELECT key, value FROM tiepoint.book \
                   WHERE home = $1::text::name AND book = $2 AND key >= $3 ORDER BY key LIMIT $4";
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.read(|| {
            let rows = self.link.query(sql, &[&self.home(), &self.name, &from, &limit])?;
            Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
        })
    }
}
