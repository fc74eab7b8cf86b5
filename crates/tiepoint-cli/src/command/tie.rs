//! `tiepoint tie` and `tiepoint untie`: giving a layer identity, and taking it away.
use super::select::{layer_name, wrong};
use crate::args::{TieArgs, UntieArgs};
use crate::terminal::{count, plain, say};
use tiepoint::{
    BadIds, Carrier, Identity, Location, ObjectId, Result, TieOptions, TransactionOptions,
};

pub(super) fn tie(args: TieArgs) -> Result<()> {
    let layer = layer_name(&args.store, args.layer)?;
    let store = tiepoint::open(&args.store)?;
    let bad_ids = if args.replace_bad_ids { BadIds::Replace } else { BadIds::Report };
    let mut transaction = store.begin(TransactionOptions::default())?;
    let present = transaction.layer(&layer)?.identity().clone();
    let carrier = carrier(present, args.column, args.key_field, args.key_namespace)?;
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

/// What was asked for; what the layer is tied by already, or a usual column, where nothing was.
fn carrier(
    present: Identity,
    column: Option<String>,
    key_field: Option<String>,
    key_namespace: Option<String>,
) -> Result<Carrier> {
    let namespace: Option<ObjectId> = key_namespace
        .map(|text| text.parse().map_err(|error| wrong("--key-namespace", &error)))
        .transpose()?;
    Ok(match (column, key_field, present) {
        (Some(column), _, _) | (None, None, Identity::Column(column)) => Carrier::Column(column),
        (None, Some(field), Identity::NaturalKey { field: present, namespace: its })
            if field == present =>
        {
            Carrier::NaturalKey { field, namespace: namespace.unwrap_or(its) }
        }
        (None, Some(field), _) => {
            Carrier::NaturalKey { field, namespace: namespace.unwrap_or_else(ObjectId::mint) }
        }
        (None, None, Identity::NaturalKey { field, namespace }) => {
            Carrier::NaturalKey { field, namespace }
        }
        (None, None, Identity::None) => Carrier::Column(Identity::DEFAULT_COLUMN.to_owned()),
    })
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
