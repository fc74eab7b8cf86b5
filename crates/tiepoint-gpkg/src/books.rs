//! Side tables of callers, all kept in the one of ours.
use crate::error::Site;
use crate::side_table;
use rusqlite::Connection;
use tiepoint_store::{Book, Result};

/// One book within a transaction.
pub(crate) struct GpkgBook<'t> {
    connection: &'t Connection,
    site: &'t Site,
    name: String,
}

impl<'t> GpkgBook<'t> {
    pub(crate) fn new(connection: &'t Connection, site: &'t Site, name: &str) -> Self {
        Self { connection, site, name: format!("book/{name}") }
    }

    fn exists(&self) -> Result<bool> {
        side_table::exists(self.connection).map_err(self.site.failed("read a book"))
    }
}

impl Book for GpkgBook<'_> {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>> {
        if !self.exists()? {
            return Ok(None);
        }
        let read = side_table::get(self.connection, &self.name, key);
        read.map_err(self.site.failed("read a book"))
    }

    fn put(&mut self, key: &[u8], value: &[u8]) -> Result<()> {
        let write = || {
            side_table::ensure(self.connection)?;
            side_table::put(self.connection, &self.name, key, value)
        };
        write().map_err(self.site.failed("write a book"))
    }

    fn remove(&mut self, key: &[u8]) -> Result<bool> {
        if !self.exists()? {
            return Ok(false);
        }
        let removed = side_table::delete(self.connection, &self.name, key);
        removed.map_err(self.site.failed("write a book"))
    }

    fn range(&self, from: &[u8], limit: usize) -> Result<Vec<(Vec<u8>, Vec<u8>)>> {
        if !self.exists()? {
            return Ok(Vec::new());
        }
        let read = side_table::range(self.connection, &self.name, from, limit);
        read.map_err(self.site.failed("read a book"))
    }
}
