//! stub
use crate::error::Site;
use crate::link::Link;
use crate::metadata::Table;
use std::sync::Arc;
use tiepoint_store::{Result, TieOptions, TieReport, UntieReport};
pub(crate) fn tie(_: &Link, _: &Site, _: &Table, _: &TieOptions) -> Result<TieReport> {
    Ok(TieReport::default())
}
pub(crate) fn untie(_: &Link, _: &Site, _: &[Arc<Table>], _: Option<&str>) -> Result<UntieReport> {
    Ok(UntieReport::default())
}
pub(crate) fn install(_: &Link, _: &Site, _: u32, _: &str) -> Result<()> {
    Ok(())
}
