//! The layers that the cases ask, read from their tables.
use crate::cell::value;
use crate::split::split;
use std::collections::BTreeMap;
use std::sync::Arc;
use tiepoint_core::{
    Crs, Edges, ExprType, Feature, Field, FieldType, GeometryKind, GeometryType, KindRule,
    LayerDefinition, OrdinateRule, Schema, Value, ZoneRule,
};

/// A layer and its rows, in the order in which they are written.
pub(crate) struct Table {
    pub(crate) definition: LayerDefinition,
    pub(crate) features: Vec<Feature>,
}

macro_rules! files {
    ($folder:literal: $($name:literal)*) => {
        [$(($name, include_str!(concat!("../", $folder, "/", $name, ".txt"))),)*]
    };
}
pub(crate) use files;

/// All layers by name.
pub(crate) fn tables() -> BTreeMap<&'static str, Table> {
    let files = files!("layers": "collections" "newyork" "numbers" "places" "plan" "points"
        "survey" "things" "times" "truths" "web" "words");
    files.into_iter().map(|(name, text)| (name, Table::read(name, text))).collect()
}

impl Table {
    /// Reads `fields: name type | …` and rows of cells; an empty cell is null.
    fn read(name: &str, text: &str) -> Self {
        let lines = text.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty());
        let (mut schema, mut features) = (None, Vec::new());
        for line in lines {
            match (line.strip_prefix("fields:"), &schema) {
                (Some(fields), _) => {
                    let fields = split(fields, "|").into_iter().map(field).collect();
                    schema = Some(Arc::new(Schema::new(fields).expect("names are distinct")));
                }
                (None, Some(schema)) => features.push(row(name, line, schema)),
                (None, None) => panic!("{name}: rows before `fields:`"),
            }
        }
        let schema = schema.unwrap_or_else(|| panic!("{name}: no `fields:`"));
        Self { definition: LayerDefinition::new(name, schema), features }
    }

    /// What the coordinates of a layer mean, and those in questions about it.
    pub(crate) fn crs(&self) -> Crs {
        self.definition.schema.geometry().map_or(Crs::CRS84, |(_, ty)| ty.crs.clone())
    }

    /// The rows' keys in the order in which they are written.
    pub(crate) fn pks(&self) -> Vec<i64> {
        self.features.iter().map(|it| pk(it).expect("every row has a pk")).collect()
    }
}

/// The row's key.
pub(crate) fn pk(feature: &Feature) -> Option<i64> {
    match feature.get("pk") {
        Some(Value::Int(pk)) => Some(*pk),
        _ => None,
    }
}

fn row(layer: &str, line: &str, schema: &Arc<Schema>) -> Feature {
    let cells = split(line, "|");
    let fields = schema.fields();
    assert_eq!(cells.len(), fields.len(), "{layer}: cells in `{line}`");
    let cell = |(text, field): (&str, &Field)| {
        let text = if text.is_empty() { "null" } else { text };
        let value = value(text, &ExprType::of_field(&field.ty));
        Some(value.unwrap_or_else(|| panic!("{layer}: `{text}` is no {}", field.ty)))
    };
    Feature::with_values(schema.clone(), cells.into_iter().zip(fields).map(cell).collect())
}

fn field(text: &str) -> Field {
    let (name, ty) = text.split_once(' ').expect("a name and a type");
    let ty = match ty.split_once(" EPSG:") {
        Some((kind, code)) => geometry(kind, Crs::epsg(code.parse().expect("a code"))),
        None => plain(ty),
    };
    Field::new(name, ty)
}

fn plain(ty: &str) -> FieldType {
    match ty {
        "integer" => FieldType::INT,
        "real" => FieldType::REAL,
        "decimal" => FieldType::Decimal { precision: None, scale: None },
        "text" => FieldType::TEXT,
        "boolean" => FieldType::Bool,
        "bytes" => FieldType::Bytes { max_bytes: None },
        "date" => FieldType::Date,
        "time" => FieldType::Time(ZoneRule::Without),
        "datetime" => FieldType::DateTime(ZoneRule::Without),
        "datetime with offset" => FieldType::DateTime(ZoneRule::With),
        "json" => FieldType::Json,
        "uuid" => FieldType::Uuid,
        other => panic!("no field is of type `{other}`"),
    }
}

fn geometry(kind: &str, crs: Crs) -> FieldType {
    FieldType::Geometry(match kind {
        "point" => GeometryType::xy(KindRule::Only(GeometryKind::Point), crs),
        "geometry" => {
            let (z, m) = (OrdinateRule::Optional, OrdinateRule::Optional);
            GeometryType { kind: KindRule::Any, z, m, crs, edges: Edges::Planar }
        }
        other => panic!("no geometry is of type `{other}`"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;
    use tiepoint_core::Geometry;

    #[test]
    fn the_layers_have_what_is_hard_to_get_right() {
        let tables = tables();
        let geometries = || {
            let features = tables.values().flat_map(|it| &it.features);
            features.filter(|it| it.schema().geometry().is_some()).map(Feature::geometry)
        };
        assert!(geometries().any(|it| it.is_none()), "null");
        assert!(geometries().flatten().any(Geometry::is_empty), "empty");
        assert!(geometries().flatten().any(|it| it.dims().has_z() && it.dims().has_m()), "z and m");
        let kinds: HashSet<_> = geometries().flatten().map(Geometry::kind).collect();
        assert!(kinds.len() >= 10, "{kinds:?}");
        let mut widths = geometries().flatten().filter_map(Geometry::envelope);
        assert!(widths.any(|it| it.max().x - it.min().x >= 360.0), "around the world");
    }

    #[test]
    fn keys_are_distinct() {
        for (name, table) in tables() {
            let mut pks = table.pks();
            pks.sort_unstable();
            pks.dedup();
            assert_eq!(pks.len(), table.features.len(), "{name}");
        }
    }
}
