//! Layers and features that the promises are tried on.
use crate::{Store, Transaction, TransactionOptions, WriteMode, Written};
use tiepoint_core::{
    BBox, Crs, Edit, Feature, Fid, Field, FieldType, Geometry, GeometryKind, GeometryType,
    Identity, KindRule, LayerDefinition, ObjectId, Query, Schema, Value,
};

/// Whatever the store: it writes.
pub(super) const WRITES: fn(&crate::Capabilities) -> bool = |it| it.write && it.define_layers;

/// Points with a name and a number, tied.
pub(super) fn places() -> LayerDefinition {
    LayerDefinition::new("places", places_schema())
}

pub(super) fn places_schema() -> Schema {
    Schema::new(vec![
        Field::new("geom", points(Crs::epsg(4326))),
        Field::new("name", FieldType::TEXT),
        Field::new("rank", FieldType::INT),
    ])
    .expect("distinct names")
}

pub(super) fn points(crs: Crs) -> FieldType {
    FieldType::Geometry(GeometryType::xy(KindRule::Only(GeometryKind::Point), crs))
}

/// The same without geometry and without identity.
pub(super) fn untied_notes() -> LayerDefinition {
    let schema = Schema::new(vec![Field::new("text", FieldType::TEXT)]).expect("distinct names");
    LayerDefinition { identity: Identity::None, ..LayerDefinition::new("notes", schema) }
}

pub(super) fn begin(store: &dyn Store) -> Box<dyn Transaction + '_> {
    store.begin(TransactionOptions::default()).expect("a transaction opens")
}

/// Runs `work` in a transaction of its own and commits.
pub(super) fn committed<T>(store: &dyn Store, work: impl FnOnce(&mut dyn Transaction) -> T) -> T {
    let mut transaction = begin(store);
    let result = work(transaction.as_mut());
    transaction.commit().expect("commits");
    result
}

pub(super) fn created(store: &dyn Store, definition: &LayerDefinition) {
    committed(store, |transaction| transaction.create_layer(definition).expect("is created"));
}

/// A place at (x, y).
pub(super) fn place(name: &str, rank: i64, x: f64, y: f64) -> Feature {
    let mut feature = Feature::new(places_schema());
    let wkt = format!("POINT({x:?} {y:?})");
    feature.set("geom", Geometry::from_wkt(&wkt).expect("a point").into()).expect("fits");
    feature.set("name", name.into()).expect("fits");
    feature.set("rank", rank.into()).expect("fits");
    feature
}

/// `count` places spread over the world by a fixed rule.
pub(super) fn many_places(count: u32) -> Vec<Feature> {
    (0..count)
        .map(|number| {
            let x = f64::from(number * 7_919 % 3_600) / 10.0 - 180.0;
            let y = f64::from(number * 104_729 % 1_800) / 10.0 - 90.0;
            place(&format!("place {number:05}"), i64::from(number % 10), x, y)
        })
        .collect()
}

/// Inserts features and gives back what became of each.
pub(super) fn inserted(
    store: &dyn Store,
    layer: &str,
    features: Vec<Feature>,
    mode: WriteMode,
) -> Vec<(Fid, Option<ObjectId>)> {
    committed(store, |transaction| {
        let mut writer = transaction.writer(layer, mode).expect("opens");
        let write = |feature| match writer.write(Edit::Insert(feature)).expect("is written") {
            Written::Inserted { fid, id, .. } => (fid, id),
            other => panic!("an insert is no {other:?}"),
        };
        let written: Vec<_> = features.into_iter().map(write).collect();
        writer.finish().expect("finishes");
        written
    })
}

pub(super) fn insert_one(
    store: &dyn Store,
    layer: &str,
    feature: Feature,
) -> (Fid, Option<ObjectId>) {
    inserted(store, layer, vec![feature], WriteMode::Rows).remove(0)
}

pub(super) fn all(store: &dyn Store, query: &Query) -> Vec<Feature> {
    store.read(query).expect("reads").collect::<Result<_, _>>().expect("every row reads")
}

pub(super) fn names(features: &[Feature]) -> Vec<String> {
    let name = |it: &Feature| it.get("name").and_then(Value::as_text).unwrap_or("-").to_owned();
    features.iter().map(name).collect()
}

pub(super) fn bbox(min_x: f64, min_y: f64, max_x: f64, max_y: f64) -> BBox {
    BBox { min_x, min_y, max_x, max_y }
}
