//! `tiepoint tie` and `tiepoint untie`: giving a layer identity, and taking it away.
use super::select::{layer_name, wrong};
use crate::args::{TieArgs, UntieArgs};
use crate::terminal::{count, plain, say};
use tiepoint::{BadIds, Carrier, Location, Result, TieOptions, TransactionOptions};

pub(super) fn tie(args: TieArgs) -> Result<()> {
    let layer = layer_name(&args.store, args.layer)?;
    let store = tiepoint::open(&args.store)?;
    let bad_ids = if args.replace_bad_ids { BadIds::Replace } else { BadIds::Report };
    let mut transaction = store.begin(TransactionOptions::default())?;
    let present = transaction.layer(&layer)?.identity().clone();
    let namespace = args.key_namespace.map(|text| text.parse());
    let namespace = namespace.transpose().map_err(|error| wrong("--key-namespace", &error))?;
    let carrier = Carrier::chosen(&present, args.column, args.key_field, namespace);
    let report = transaction.tie(&layer, &TieOptions { carrier: carrier.clone(), bad_ids })?;
    transaction.commit()?;
    let mut parts = vec![
        format!("{} kept", count(report.kept, "object id")),
        format!("{} minted", report.minted),
    ];
    if report.replaced > 0 {
        parts.push(format!("{} replaced", report.replaced));
    }
    if let Carrier::NaturalKey { field, namespace } = carrier {
        let (layer, field) = (plain(&layer), plain(&field));
        let named = count(report.kept, "feature");
        say(&format!("layer `{layer}` is tied by `{field}` in namespace {namespace}: {named}"));
        return Ok(());
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
