//! What the server said no to.
use crate::error::{Failure, Site, words};
use crate::metadata::Table;
use tiepoint_core::Fid;
use tiepoint_store::StoreError;

/// What the server said no to, in the words of the contract.
pub(crate) fn refusal(
    site: &Site,
    table: &Table,
    failure: Failure,
    fid: Option<Fid>,
    feature: &str,
) -> StoreError {
    let layer = table.layer.name().to_owned();
    let (class, constraint, reason) = match &failure {
        Failure::Server(error) => {
            let said = error.as_db_error();
            let class = said.map_or("", |it| &it.code().code()[..2]).to_owned();
            (class, said.and_then(|it| it.constraint()).map(str::to_owned), words(error))
        }
        Failure::Stopped(_) => (String::new(), None, String::new()),
    };
    let primary =
        table.indexes.iter().any(|it| it.primary && Some(&it.name) == constraint.as_ref());
    match (class.as_str(), fid) {
        ("23", Some(fid)) if primary => StoreError::DuplicateFid { layer, fid: fid.to_string() },
        ("22" | "23" | "P0", _) => {
            StoreError::Constraint { layer, feature: feature.to_owned(), reason }
        }
        _ => site.driver_error(failure, &format!("write to layer `{layer}`")),
    }
}
