//! A layer of five plots, which QGIS edits, in any store; and what a store says of it.
use std::collections::HashSet;
use tiepoint_core::{
    Crs, Edit, Feature, Field, FieldType, Geometry, GeometryKind, GeometryType, Identity, KindRule,
    LayerDefinition, Query, Schema,
};
use tiepoint_store::{Store, TransactionOptions, WriteMode};

/// Rectangles with a name.
pub(crate) fn plots(identity: Identity) -> LayerDefinition {
    let polygons = GeometryType::xy(KindRule::Only(GeometryKind::Polygon), Crs::epsg(4326));
    let schema = Schema::new(vec![
        Field::new("geom", FieldType::Geometry(polygons)),
        Field::new("name", FieldType::TEXT),
    ]);
    LayerDefinition { identity, ..LayerDefinition::new("plots", schema.expect("distinct names")) }
}

/// The rectangle from (10 × number, 0), 10 wide and high.
pub(crate) fn plot(definition: &LayerDefinition, number: i32) -> Feature {
    let (x, far) = (number * 10, number * 10 + 10);
    let wkt = format!("POLYGON(({x} 0, {far} 0, {far} 10, {x} 10, {x} 0))");
    let geometry = Geometry::from_wkt(&wkt).expect("a rectangle");
    let values = vec![Some(geometry.into()), Some(format!("plot {number}").into())];
    Feature::with_values(definition.schema.clone(), values)
}

/// Makes the layer, with five plots.
pub(crate) fn make_plots(store: &dyn Store, identity: Identity) {
    let definition = plots(identity);
    let mut transaction = store.begin(TransactionOptions::default()).expect("opens");
    transaction.create_layer(&definition).expect("is created");
    let mut writer = transaction.writer("plots", WriteMode::Bulk).expect("opens");
    for number in 0..5 {
        writer.write(Edit::Insert(plot(&definition, number))).expect("is written");
    }
    writer.finish().expect("finishes");
    transaction.commit().expect("commits");
}

/// A feature's fid, object id and name.
pub(crate) type Row = (String, Option<String>, String);

/// Every feature of the layer, by fid.
pub(crate) fn rows(store: &dyn Store, layer: &str) -> Vec<Row> {
    let features = store.read(&Query::layer(layer)).expect("reads");
    let row = |it: Feature| {
        let name = it.get("name").and_then(|it| it.as_text()).unwrap_or("-").to_owned();
        let fid = it.fid.as_ref().expect("is stored").to_string();
        (fid, it.id.map(|id| id.to_string()), name)
    };
    features.map(|it| row(it.expect("every row reads"))).collect()
}

/// Every feature has an id, and no two the same.
pub(crate) fn ids_are_right(store: &dyn Store, layer: &str) {
    let rows = rows(store, layer);
    let ids: HashSet<_> = rows.iter().map(|(_, id, _)| id.clone()).collect();
    assert!(!ids.contains(&None), "{rows:?}");
    assert_eq!(ids.len(), rows.len(), "{rows:?}");
}
