//! `tiepoint invert`: the change set that takes another back.
use super::changes::put;
use crate::args::InvertArgs;
use tiepoint::{ChangeSetId, Result};

pub(super) fn run(args: &InvertArgs) -> Result<()> {
    let changes = tiepoint::read_changes(&args.changes)?;
    let inverse = changes.inverted().named(ChangeSetId::mint());
    put(&inverse, None, &args.output)
}
