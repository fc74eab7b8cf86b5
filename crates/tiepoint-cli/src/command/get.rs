//! `tiepoint get`: the one feature that stands for an object.
use super::query::document_format;
use super::select::{layer_name, wrong};
use super::show;
use crate::args::GetArgs;
use std::io::BufWriter;
use std::sync::Arc;
use tiepoint::store::Features;
use tiepoint::{Error, Fid, Ids, Query, Result};

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
    match document_format(args.format) {
        None => show::lines(&layer, &feature),
        Some(format) => {
            let out = Box::new(BufWriter::new(std::io::stdout().lock()));
            let schema = Arc::clone(feature.schema());
            let features = Features::new(schema, std::iter::once(Ok(feature)));
            tiepoint::write_features(features, &layer, format, (&args.write).into(), out)?;
            Ok(())
        }
    }
}

fn ids(id: &str) -> Result<Ids> {
    if let Some(fid) = id.strip_prefix("fid:") {
        let fid = fid.parse().map_or_else(|_| Fid::Text(fid.to_owned()), Fid::Int);
        return Ok(Ids::Fids(vec![fid]));
    }
    Ok(Ids::Objects(vec![id.parse().map_err(|error| wrong("ID", &error))?]))
}
