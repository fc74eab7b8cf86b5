//! Features for people, as a table or line by line.
use crate::terminal::{self, Table, aligned, plain, summary};
use tiepoint::store::Features;
use tiepoint::{Feature, FieldType, Identity, Layer, Result};

/// Where the columns of a table stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Columns {
    /// In the order that was asked for.
    AsAsked,
    /// With geometries last: their summaries say the least.
    GeometryLast,
}

/// Prints features as a table, with the object id in front where there is one.
pub(super) fn table(layer: &Layer, features: Features<'_>, columns: Columns) -> Result<()> {
    let fields = features.schema().fields();
    let mut order: Vec<usize> = (0..fields.len()).collect();
    if columns == Columns::GeometryLast {
        order.sort_by_key(|at| matches!(fields[*at].ty, FieldType::Geometry(_)));
    }
    let names = order.iter().map(|at| plain(&fields[*at].name).into_owned());
    let mut table = Table::new(id_column(layer).into_iter().chain(names));
    for feature in features {
        let feature = feature?;
        let id = layer.is_tied().then(|| id_text(&feature));
        let values = order.iter().map(|at| summary(feature.values()[*at].as_ref()));
        table.row(id.into_iter().chain(values).collect())?;
    }
    table.finish()
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
        Identity::NaturalKey { .. } => Some(Identity::DEFAULT_COLUMN.to_owned()),
        Identity::None => None,
    }
}

fn id_text(feature: &Feature) -> String {
    feature.id.map_or_else(String::new, |id| id.to_string())
}
