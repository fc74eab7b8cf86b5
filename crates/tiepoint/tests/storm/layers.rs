//! The layers that storms rage over.
use crate::random::Random;
use tiepoint::core::{GeometryType, KindRule};
use tiepoint::store::LogOptions;
use tiepoint::{
    Crs, Feature, Field, FieldType, Geometry, GeometryKind, Identity, LayerDefinition, Schema,
    Store, TransactionOptions, Value,
};

pub(crate) const TREES: &str = "trees";
pub(crate) const NOTES: &str = "notes";
pub(crate) const CODES: &str = "codes";
pub(crate) const ALL: [&str; 3] = [TREES, NOTES, CODES];

/// Points that are tied; rows that are not; and tied rows without geometry, of unique codes.
pub(crate) fn definitions() -> Vec<LayerDefinition> {
    let points = GeometryType::xy(KindRule::Only(GeometryKind::Point), Crs::epsg(4326));
    let geometry = Field::new("geom", FieldType::Geometry(points));
    let (name, number) =
        (Field::new("name", FieldType::TEXT), Field::new("number", FieldType::INT));
    let unique = Field { unique: true, ..Field::new("code", FieldType::TEXT) };
    let layer = |name: &str, fields: Vec<Field>| {
        LayerDefinition::new(name, Schema::new(fields).expect("distinct names"))
    };
    let notes = layer(NOTES, vec![name.clone(), number.clone()]);
    vec![
        layer(TREES, vec![geometry, name, number.clone()]),
        LayerDefinition { identity: Identity::None, ..notes },
        layer(CODES, vec![unique, number]),
    ]
}

/// Makes the layers, and the logs of them.
pub(crate) fn create(store: &dyn Store) {
    let mut transaction = store.begin(TransactionOptions::default()).expect("begins");
    for definition in definitions() {
        transaction.create_layer(&definition).expect("is created");
        let installed = transaction.install_log(&definition.name, &LogOptions::default());
        installed.expect("a log is installed");
    }
    transaction.commit().expect("commits");
}

/// A new feature of a layer.
pub(crate) fn feature(layer: &str, random: &mut Random) -> Feature {
    let definition = definitions().into_iter().find(|it| it.name == layer);
    let mut feature = Feature::new(definition.expect("is one of them").schema);
    for field in feature.schema().clone().fields() {
        let value = value(&field.name, random);
        feature.set(&field.name, value).expect("fits");
    }
    feature
}

/// A value for a field of this name.
pub(crate) fn value(field: &str, random: &mut Random) -> Value {
    match field {
        "geom" => {
            let wkt = format!("POINT({} {})", random.small(180), random.small(90));
            Geometry::from_wkt(&wkt).expect("a point").into()
        }
        "number" => random.small(1_000).into(),
        "code" => format!("code {}", random.below(100_000)).into(),
        _ if random.below(10) == 0 => Value::Null,
        _ => format!("name {}", random.below(1_000)).into(),
    }
}
