//! `tiepoint get`: the one feature that stands for an object.
use super::query::document_format;
use super::select::{layer_name, wrong};
use super::show;
use crate::args::{GetArgs, WriteArgs};
use std::io::BufWriter;
use std::sync::Arc;
use tiepoint::store::Features;
use tiepoint::{Error, Feature, Fid, Format, Ids, Layer, Query, Result};

pub(super) fn run(args: GetArgs) -> Result<()> {
    let ids = ids(&args.id)?;
    let name = layer_name(&args.store, args.layer)?;
    let store = tiepoint::open(&args.store)?;
    let layer = store.layer(&name)?;
    if matches!(ids, Ids::Objects(_)) && !layer.is_tied() {
        return Err(Error::Options {
            reason: format!(
                "layer `{}` is not tied, so its features have no object ids",
                layer.name()
            ),
            hint: Some("tie the layer, or look for a row: `fid:1`".to_owned()),
        });
    }
    let query = Query::layer(layer.name()).ids(ids);
    let found = store.read(&query)?.next().transpose()?;
    let feature = found.ok_or_else(|| Error::FeatureNotFound {
        store: store.name().to_owned(),
        layer: layer.name().to_owned(),
        feature: args.id.clone(),
    })?;
    show_one(&layer, feature, document_format(args.format), &args.write)
}

/// Shows a feature of a layer as a document, or line by line for people.
pub(super) fn show_one(
    layer: &Layer,
    feature: Feature,
    format: Option<Format>,
    write: &WriteArgs,
) -> Result<()> {
    let Some(format) = format else { return show::lines(layer, &feature) };
    let out = Box::new(BufWriter::new(std::io::stdout().lock()));
    let schema = Arc::clone(feature.schema());
    let features = Features::new(schema, std::iter::once(Ok(feature)));
    tiepoint::write_features(features, layer, format, write.into(), out)?;
    Ok(())
}

/// Which feature an argument means: an object id, or `fid:` and a row.
pub(super) fn ids(id: &str) -> Result<Ids> {
    if let Some(fid) = id.strip_prefix("fid:") {
        let fid = fid.parse().map_or_else(|_| Fid::Text(fid.to_owned()), Fid::Int);
        return Ok(Ids::Fids(vec![fid]));
    }
    Ok(Ids::Objects(vec![id.parse().map_err(|error| wrong("ID", &error))?]))
}
