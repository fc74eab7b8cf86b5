//! What differs between stores, wherever they are, by the fastest way there is for the two.
use crate::open::open_at;
use crate::{Location, Result};
use std::sync::Arc;
use tiepoint_core::{Layer, LayerDefinition};
use tiepoint_gpkg::GpkgStore;
use tiepoint_store::{
    DiffOptions, Difference, Isolation, Store, Transaction, TransactionOptions, diff_by,
};

/// The changes that make the later store of the earlier, as
/// [`store::diff`](tiepoint_store::diff) finds them; two `GeoPackage`s are compared by their bytes.
///
/// Layers that the locations name are the ones that are compared, unless the options name others.
///
/// ```
/// use tiepoint::{DiffOptions, Location};
/// let empty = Location::parse("memory:")?;
/// assert!(tiepoint::diff(&empty, &empty, &DiffOptions::default())?.changes.is_empty());
/// # Ok::<(), tiepoint::Error>(())
/// ```
///
/// # Errors
///
/// As [`open`](crate::open) and [`store::diff`](tiepoint_store::diff).
pub fn diff(before: &Location, after: &Location, options: &DiffOptions) -> Result<Difference> {
    let named = [before.layer(), after.layer()];
    if let ([Some(earlier), Some(later)], None) = (named, &options.layers)
        && earlier != later
    {
        let (before, after) = (open_at(before)?, open_at(after)?);
        return diff_layers((&*before, earlier), (&*after, later), options);
    }
    let mut options = options.clone();
    options.layers = options.layers.or_else(|| Some([named[0].or(named[1])?.to_owned()].into()));
    if let (Location::GeoPackage(before), Location::GeoPackage(after)) = (before, after) {
        let (before, after) = (GpkgStore::open(before)?, GpkgStore::open(after)?);
        return Ok(tiepoint_gpkg::diff(&before, &after, &options)?);
    }
    let (before, after) = (open_at(before)?, open_at(after)?);
    Ok(tiepoint_store::diff(&*before, &*after, &options)?)
}

/// The changes that make one layer of another, whatever the two are called; the changes call the
/// layer as the earlier store does.
///
/// # Errors
///
/// As [`store::diff`](tiepoint_store::diff), and
/// [`LayerNotFound`](crate::StoreError::LayerNotFound).
pub fn diff_layers(
    before: (&dyn Store, &str),
    after: (&dyn Store, &str),
    options: &DiffOptions,
) -> Result<Difference> {
    let [old, new] = [reading(before.0)?, reading(after.0)?];
    let (layer, other) = (old.layer(before.1)?, new.layer(after.1)?);
    let options = DiffOptions { layers: None, ..options.clone() };
    let other = called(&other, layer.name());
    Ok(diff_by(vec![layer], vec![other], &options, |layer| {
        let query = layer.query();
        let rows = old.read(&query)?;
        let query = tiepoint_core::Query { layer: after.1.to_owned(), ..query };
        layer.read_both(rows, new.read(&query)?, &options.control)
    })?)
}

fn called(layer: &Layer, name: &str) -> Arc<Layer> {
    let definition = LayerDefinition { name: name.to_owned(), ..layer.definition.clone() };
    Arc::new(Layer { definition, ..layer.clone() })
}

/// One committed state, where the store can keep to one.
fn reading(store: &dyn Store) -> Result<Box<dyn Transaction + '_>> {
    let level = Isolation::RepeatableRead;
    let isolation = store.capabilities().isolation.contains(&level).then_some(level);
    Ok(store.begin(TransactionOptions { isolation, read_only: true, deferrable: false })?)
}
