//! stub
use crate::error::Site;
use crate::link::Link;
use tiepoint_store::{Book, Result};
pub(crate) struct PgBook;
impl PgBook {
    pub(crate) fn new(_: &Link, _: &Site, _: &str) -> Self {
        Self
    }
}
impl Book for PgBook {
    fn get(&self, _: &[u8]) -> Result<Option<Vec<u8>>> {
        Ok(None)
    }
    fn put(&mut self, _: &[u8], _: &[u8]) -> Result<()> {
        Ok(())
    }
    fn remove(&mut self, _: &[u8]) -> Result<bool> {
        Ok(false)
    }
    fn range(&self, _: &[u8], _: usize) -> Result<Vec<(Vec<u8>, Vec<u8>)>> {
        Ok(vec![])
    }
}
