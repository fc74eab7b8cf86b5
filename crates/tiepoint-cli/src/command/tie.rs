//! `tiepoint tie` and `tiepoint untie`: giving a layer identity, and taking it away.
use super::select::layer_name;
use crate::args::{TieArgs, UntieArgs};
use crate::terminal::{count, plain, say};
use tiepoint::{BadIds, Identity, Location, Result, TieOptions, TransactionOptions};

pub(super) fn tie(args: TieArgs) -> Result<()> {
    let store = tiepoint::open(&args.store)?;
    let layer = layer_name(&args.store, args.layer)?;
    let bad_ids = if args.replace_bad_ids { BadIds::Replace } else { BadIds::Report };
    let mut transaction = store.begin(TransactionOptions::default())?;
    let present = match transaction.layer(&layer)?.identity() {
        Identity::Column(column) => column.clone(),
        Identity::None => Identity::DEFAULT_COLUMN.to_owned(),
    };
    let options = TieOptions { column: args.column.unwrap_or(present), bad_ids };
    let report = transaction.tie(&layer, &options)?;
    transaction.commit()?;
    let mut parts = vec![
        format!("{} kept", count(report.kept, "object id")),
        format!("{} minted", report.minted),
    ];
    if report.replaced > 0 {
        parts.push(format!("{} replaced", report.replaced));
    }
    say(&format!("layer `{}` is tied: {}", plain(&layer), parts.join(", ")));
    Ok(())
}

pub(super) fn untie(args: &UntieArgs) -> Result<()> {
    let store = tiepoint::open(&args.store)?;
    let mut transaction = store.begin(TransactionOptions::default())?;
    let named = Location::parse(&args.store)?.layer().map(str::to_owned);
    let layer = args.layer.clone().or(named);
    let report = transaction.untie(layer.as_deref())?;
    transaction.commit()?;
    if report.layers.is_empty() {
        say("nothing was tied; nothing has changed");
    }
    for layer in &report.layers {
        say(&format!("layer `{}` is no longer tied", plain(layer)));
    }
    for column in &report.columns_dropped {
        say(&format!(" column `{}` is gone", plain(column)));
    }
    Ok(())
}
