//! Stores with tied layers, and things behind their features that know a secret: a value that the
//! ties never look at.
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tiepoint::core::{GeometryType, KindRule};
use tiepoint::{
    ChangeTarget, Crs, Edit, EditBuffer, Feature, Field, FieldType, Fields, Geometry, GeometryKind,
    Identity, LayerDefinition, LogOptions, MemoryStore, ObjectId, Query, Schema, Store, Ties,
    TransactionOptions, Value,
};
use tiepoint_postgis::testing::server_or_skip;

/// Points.
pub(crate) const TREES: &str = "trees";
/// Rows without geometry.
pub(crate) const NOTES: &str = "notes";
pub(crate) const LAYERS: [&str; 2] = [TREES, NOTES];

/// What stands behind a feature here.
#[derive(Debug)]
pub(crate) struct Thing {
    /// What the feature said its secret was.
    pub(crate) secret: i64,
    alive: Arc<AtomicUsize>,
}

/// Makes things, and counts those that are alive.
#[derive(Debug, Clone, Default)]
pub(crate) struct Maker(Arc<AtomicUsize>);

impl Maker {
    pub(crate) fn make(&self, feature: &Feature) -> Thing {
        self.0.fetch_add(1, Ordering::Relaxed);
        Thing { secret: secret(feature), alive: Arc::clone(&self.0) }
    }

    pub(crate) fn alive(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

impl Drop for Thing {
    fn drop(&mut self) {
        self.alive.fetch_sub(1, Ordering::Relaxed);
    }
}

pub(crate) fn secret(feature: &Feature) -> i64 {
    match feature.get("secret") {
        Some(Value::Int(secret)) => *secret,
        other => panic!("a feature without a secret: {other:?}"),
    }
}

fn definition(layer: &str) -> LayerDefinition {
    let points = GeometryType::xy(KindRule::Only(GeometryKind::Point), Crs::epsg(4326));
    let geometry = Field::new("geom", FieldType::Geometry(points));
    let fields = [Field::new("name", FieldType::TEXT), Field::new("secret", FieldType::INT)];
    let geometry = (layer == TREES).then_some(geometry);
    let fields: Vec<Field> = geometry.into_iter().chain(fields).collect();
    LayerDefinition::new(layer, Schema::new(fields).expect("distinct names"))
}

/// Makes both layers, with logs or without.
pub(crate) fn create(store: &dyn Store, logged: bool) {
    let mut transaction = store.begin(TransactionOptions::default()).expect("begins");
    for layer in LAYERS {
        transaction.create_layer(&definition(layer)).expect("is created");
        if logged {
            transaction.install_log(layer, &LogOptions::default()).expect("a log is installed");
        }
    }
    transaction.commit().expect("commits");
}

/// The same without identity, for layers that are tied afterwards.
pub(crate) fn untied(layer: &str) -> LayerDefinition {
    LayerDefinition { identity: Identity::None, ..definition(layer) }
}

/// Runs a test over every kind of store, each with both layers, empty.
pub(crate) fn over_each(name: &str, logged: bool, test: impl Fn(Arc<dyn Store>)) {
    let store = Arc::new(MemoryStore::new());
    create(&*store, logged);
    test(store);
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("ties.gpkg");
    let store = tiepoint::create(path.to_str().expect("a plain path")).expect("is created");
    create(&*store, logged);
    test(Arc::from(store));
    let Some(server) = server_or_skip(name) else { return };
    let schema = server.schema();
    let store = tiepoint::open(&schema.url()).expect("opens");
    create(&*store, logged);
    test(Arc::from(store));
}

/// A new feature with this secret.
pub(crate) fn feature(layer: &str, secret: i64) -> Feature {
    let mut feature = Feature::new(definition(layer).schema);
    if layer == TREES {
        let point = Geometry::from_wkt(&format!("POINT({} {})", secret % 180, secret % 90));
        feature.set("geom", point.expect("a point").into()).expect("fits");
    }
    feature.set("secret", secret.into()).expect("fits");
    feature
}

pub(crate) fn insert(layer: &str, secret: i64) -> Edit {
    Edit::Insert(feature(layer, secret))
}

pub(crate) fn rename(layer: &str, id: ObjectId, name: &str) -> Edit {
    let mut change = Feature::new(definition(layer).schema).with_id(id);
    change.set("name", name.into()).expect("fits");
    Edit::Update(change)
}

pub(crate) fn delete(id: ObjectId) -> Edit {
    Edit::Delete(ChangeTarget::Id(id))
}

/// Writes into the store itself, as others do.
pub(crate) fn written(store: &dyn Store, layer: &str, edits: impl IntoIterator<Item = Edit>) {
    let mut transaction = store.begin(TransactionOptions::default()).expect("begins");
    for edit in edits {
        transaction.write(layer, edit).expect("is written");
    }
    transaction.commit().expect("commits");
}

/// Writes into the buffer, in one step.
pub(crate) fn edited(buffer: &EditBuffer, layer: &str, edits: impl IntoIterator<Item = Edit>) {
    let made = buffer
        .edit("Edit", |it| edits.into_iter().try_for_each(|edit| it.write(layer, edit).map(drop)));
    made.expect("is edited");
}

pub(crate) fn all(store: &dyn Store, layer: &str) -> Vec<Feature> {
    let features = store.read(&Query::layer(layer)).expect("reads");
    features.collect::<Result<_, _>>().expect("every feature reads")
}

/// The feature with this secret.
pub(crate) fn with(store: &dyn Store, layer: &str, wanted: i64) -> Feature {
    let mut features = all(store, layer).into_iter();
    features.find(|it| secret(it) == wanted).expect("there is one")
}

pub(crate) fn id(feature: &Feature) -> ObjectId {
    feature.id.expect("the layer is tied")
}

/// Ties of both layers over a store.
pub(crate) fn tied_over(store: &Arc<dyn Store>) -> (Ties<Thing>, Maker) {
    with_both(Ties::over(Arc::clone(store)))
}

/// Ties of both layers over an edit buffer.
pub(crate) fn tied_over_buffer(buffer: &Arc<EditBuffer>) -> (Ties<Thing>, Maker) {
    with_both(Ties::over_buffer(buffer))
}

fn with_both(ties: Ties<Thing>) -> (Ties<Thing>, Maker) {
    let maker = Maker::default();
    for layer in LAYERS {
        let maker = maker.clone();
        ties.add_layer(layer, move |feature| maker.make(feature)).expect("the layer is tied");
    }
    (ties, maker)
}

/// A feature of which only some was read.
pub(crate) fn in_part(store: &dyn Store, layer: &str, id: ObjectId) -> Feature {
    let query = Query { fields: Fields::Only(vec!["name".to_owned()]), ..Query::object(layer, id) };
    store.read(&query).expect("reads").next().expect("is there").expect("reads")
}

/// Every feature that shows has an object with its secret, found in every way, and gives the
/// feature.
pub(crate) fn check(ties: &Ties<Thing>, store: &dyn Store) {
    for layer in LAYERS {
        let features = all(store, layer);
        for feature in &features {
            let thing = ties.object_of(feature).expect("has an object");
            assert_eq!(thing.secret, secret(feature), "crossed: {feature:?}");
            let same = |other: Arc<Thing>| assert!(Arc::ptr_eq(&thing, &other), "{feature:?}");
            same(ties.object_of(id(feature)).expect("found by id"));
            let fid = feature.fid.as_ref().expect("has a fid");
            same(ties.object_of((layer, fid)).expect("found by fid"));
            assert_eq!(&ties.feature_of(&thing).expect("has a feature"), feature);
        }
        assert_eq!(ties.len(layer).expect("is tied"), features.len(), "{layer}");
    }
}
