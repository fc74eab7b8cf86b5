//! `tiepoint layers`: what a store holds.
use crate::args::LayersArgs;
use crate::terminal::{Table, plain, say};
use tiepoint::{Identity, Layer, Result, Store};

pub(super) fn run(args: &LayersArgs) -> Result<()> {
    list(&*tiepoint::open(&args.store)?)
}

/// Prints the layers of a store as a table.
pub(super) fn list(store: &dyn Store) -> Result<()> {
    let layers = store.layers()?;
    if layers.is_empty() {
        say(&format!("{} has no layers", plain(store.name())));
        return Ok(());
    }
    let mut table = Table::new(["layer", "features", "geometry", "CRS", "object ids"]);
    for layer in &layers {
        // one that cannot be read, such as a view that fails, hides none of the others
        let count = store.facts(layer.name()).map(|facts| facts.count.to_string());
        let count = count.unwrap_or_else(|error| {
            say(&format!("layer `{}` cannot be read: {error}", plain(layer.name())));
            "?".to_owned()
        });
        table.row(vec![
            plain(layer.name()).into_owned(),
            count,
            layer.geometry().map_or_else(|| "none".to_owned(), |ty| ty.kind.to_string()),
            layer.geometry().map_or_else(String::new, |ty| plain(&ty.crs.to_string()).into_owned()),
            identity(layer),
        ])?;
    }
    table.finish()
}

/// Where the object ids are, in a few words.
pub(super) fn identity(layer: &Layer) -> String {
    match layer.identity() {
        Identity::Column(column) => format!("in `{}`", plain(column)),
        Identity::NaturalKey { field, .. } => format!("by `{}`", plain(field)),
        Identity::None => "none".to_owned(),
    }
}
