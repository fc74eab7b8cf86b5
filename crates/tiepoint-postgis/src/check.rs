//! stub
use crate::error::Site;
use crate::link::Link;
use crate::metadata::Table;
use std::sync::Arc;
use tiepoint_store::{Finding, Repair, Result};
pub(crate) fn check(_: &Link, _: &Site, _: &[Arc<Table>], _: Repair) -> Result<Vec<Finding>> {
    Ok(vec![])
}
