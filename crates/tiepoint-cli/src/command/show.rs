//! Features for people, as a table or line by line.
use crate::terminal::{self, Table, aligned, plain, summary};
use tiepoint::store::Features;
use tiepoint::{Feature, Identity, Layer, Result};

/// Prints features as a table, with the object id in front where there is one.
pub(super) fn table(layer: &Layer, features: Features<'_>) -> Result<u64> {
    let id_column = id_column(layer);
    let fields = features.schema().fields().iter().map(|field| plain(&field.name).into_owned());
    let mut table = Table::new(id_column.into_iter().chain(fields));
    let mut shown = 0;
    for feature in features {
        let feature = feature?;
        let id = layer.is_tied().then(|| id_text(&feature));
        let values = feature.values().iter().map(|value| summary(value.as_ref()));
        table.row(id.into_iter().chain(values).collect())?;
        shown += 1;
    }
    table.finish()?;
    Ok(shown)
}

/// Prints one feature, a line per field.
pub(super) fn lines(layer: &Layer, feature: &Feature) -> Result<()> {
    let mut rows = Vec::new();
    if let Some(column) = id_column(layer) {
        rows.push((column, id_text(feature)));
    }
    for (field, value) in feature.schema().fields().iter().zip(feature.values()) {
        rows.push((plain(&field.name).into_owned(), summary(value.as_ref())));
    }
    terminal::write_out(&aligned(&rows))
}

fn id_column(layer: &Layer) -> Option<String> {
    match layer.identity() {
        Identity::Column(column) => Some(plain(column).into_owned()),
        Identity::None => None,
    }
}

fn id_text(feature: &Feature) -> String {
    feature.id.map_or_else(String::new, |id| id.to_string())
}
