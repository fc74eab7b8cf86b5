//! stub
use crate::error::Failure;
use crate::error::Site;
use crate::link::Link;
use std::collections::HashMap;
use tiepoint_core::{Domain, Schema};
use tiepoint_store::Result;
pub(crate) struct TieNote {
    pub(crate) title: Option<String>,
    pub(crate) column: Option<String>,
    pub(crate) added: bool,
}
pub(crate) struct FieldNote {
    pub(crate) field: String,
    pub(crate) title: Option<String>,
    pub(crate) domain: Option<Domain>,
}
pub(crate) fn ties_of(_: &Link, _: &[u32]) -> Result<HashMap<u32, Vec<TieNote>>, Failure> {
    Ok(HashMap::new())
}
pub(crate) fn notes_of(_: &Link, _: &[u32]) -> Result<HashMap<u32, Vec<FieldNote>>, Failure> {
    Ok(HashMap::new())
}
pub(crate) fn note_layer(_: &Link, _: &Site, _: u32, _: Option<&str>) -> Result<()> {
    Ok(())
}
pub(crate) fn note_fields(_: &Link, _: &Site, _: u32, _: &Schema) -> Result<()> {
    Ok(())
}
pub(crate) fn forget_layer(_: &Link, _: u32) -> Result<(), Failure> {
    Ok(())
}
