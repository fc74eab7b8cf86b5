//! Layers, features and chance for the tests.
use tiepoint_core::{
    Crs, Edit, Feature, Field, FieldType, Geometry, GeometryKind, GeometryType, Identity, KindRule,
    LayerDefinition, Query, Schema, Target, Value,
};
use tiepoint_store::{LogOptions, Store, TransactionOptions};

/// Numbers without a pattern, the same each time.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0x5DEE_CE66)
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    pub(crate) fn small(&mut self, bound: u64) -> i64 {
        i64::try_from(self.below(bound)).expect("is small")
    }

    /// One of them, `None` where there is none.
    pub(crate) fn pick<T: Copy>(&mut self, of: &[T]) -> Option<T> {
        if of.is_empty() {
            return None;
        }
        let at = self.below(u64::try_from(of.len()).expect("is small"));
        of.get(usize::try_from(at).expect("is small")).copied()
    }
}

/// How often, unless somebody has time.
pub(crate) fn long_or(short: u64) -> u64 {
    std::env::var("TIEPOINT_LONG").ok().and_then(|it| it.parse().ok()).unwrap_or(short)
}

pub(crate) fn point(x: i64, y: i64) -> Value {
    Geometry::from_wkt(&format!("POINT({x} {y})")).expect("a point").into()
}

/// Points, tied: `geom`, `name`, `rank`.
pub(crate) fn trees() -> LayerDefinition {
    let points = GeometryType::xy(KindRule::Only(GeometryKind::Point), Crs::epsg(4326));
    let fields = vec![
        Field::new("geom", FieldType::Geometry(points)),
        Field::new("name", FieldType::TEXT),
        Field::new("rank", FieldType::INT),
    ];
    LayerDefinition::new("trees", Schema::new(fields).expect("distinct names"))
}

/// Without geometry and untied: `key`, `text`.
pub(crate) fn notes() -> LayerDefinition {
    let fields = vec![Field::new("key", FieldType::INT), Field::new("text", FieldType::TEXT)];
    let schema = Schema::new(fields).expect("distinct names");
    LayerDefinition { identity: Identity::None, ..LayerDefinition::new("notes", schema) }
}

pub(crate) fn created(store: &dyn Store, layers: &[LayerDefinition]) {
    let mut transaction = store.begin(TransactionOptions::default()).expect("begins");
    for layer in layers {
        transaction.create_layer(layer).expect("is created");
    }
    transaction.commit().expect("commits");
}

/// Has changes of these layers noted.
pub(crate) fn logged(store: &dyn Store, layers: &[&str]) {
    let mut transaction = store.begin(TransactionOptions::default()).expect("begins");
    for layer in layers {
        transaction.install_log(layer, &LogOptions::default()).expect("changes can be noted");
    }
    transaction.commit().expect("commits");
}

pub(crate) fn written(store: &dyn Store, layer: &str, edits: impl IntoIterator<Item = Edit>) {
    let mut transaction = store.begin(TransactionOptions::default()).expect("begins");
    for edit in edits {
        transaction.write(layer, edit).expect("is written");
    }
    transaction.commit().expect("commits");
}

pub(crate) fn all(store: &dyn Store, layer: &str) -> Vec<Feature> {
    let rows = store.read(&Query::layer(layer)).expect("reads");
    rows.collect::<Result<_, _>>().expect("every row reads")
}

/// New values for a feature; those left out stay.
pub(crate) fn patch(layer: &LayerDefinition, target: &Target, values: &[(&str, Value)]) -> Edit {
    let mut feature = Feature::new(layer.schema.clone());
    match target {
        Target::Id(id) => feature.id = Some(*id),
        Target::Fid(fid) => feature.fid = Some(fid.clone()),
    }
    for (field, value) in values {
        feature.set(field, value.clone()).expect("fits");
    }
    Edit::Update(feature)
}

pub(crate) fn tree(name: &str, rank: i64) -> Feature {
    let values = vec![Some(point(rank, rank)), Some(name.into()), Some(rank.into())];
    Feature::with_values(trees().schema, values)
}

pub(crate) fn target(feature: &Feature) -> Target {
    Target::of(feature).expect("is known by something")
}
