//! What is written is read back, as far as CSV can tell.
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use std::sync::Arc;
use tiepoint_codecs::DocumentWriter;
use tiepoint_codecs::csv::{Encoding, Quote, ReadOptions, WriteOptions, Writer, reader, survey};
use tiepoint_core::testing::{arb_geometry, arb_ordinate};
use tiepoint_core::{
    Crs, Feature, Field, FieldType, GeometryType, KindRule, ObjectId, OrdinateRule, Schema, Value,
    ZoneRule,
};

proptest! {
    #[test]
    fn typed_values_come_back(rows in vec(arb_row(), 1..8), delimiter in arb_delimiter()) {
        let schema = Arc::new(typed_schema());
        let features: Vec<_> = rows.into_iter().map(|row| feature(&schema, row)).collect();
        let document = written(&schema, &features, delimiter);
        let found = survey(&document[..], &ReadOptions::default()).expect("our own document");
        let read: Vec<_> = reader(&document[..], &found).expect("the same").collect();
        prop_assert_eq!(read.len(), features.len());
        for (read, written) in read.into_iter().zip(&features) {
            let read = read.expect("our own feature");
            prop_assert_eq!(read.id, written.id);
            prop_assert_eq!(read.values(), written.values());
        }
    }

    #[test]
    fn any_text_comes_back(
        rows in vec(vec(option::of(any::<String>()), 2..4), 1..8),
        delimiter in arb_delimiter(),
    ) {
        let width = rows[0].len();
        let fields = (0..width).map(|index| Field::new(format!("f{index}"), FieldType::TEXT));
        let schema = Arc::new(Schema::new(fields.collect()).expect("distinct"));
        let features: Vec<_> = rows
            .into_iter()
            .map(|mut row| {
                row.resize(width, None);
                let values = row.into_iter().map(|text| Some(Value::from(text))).collect();
                Feature::with_values(Arc::clone(&schema), values)
            })
            .collect();
        let document = written(&schema, &features, delimiter);
        let found = survey(&document[..], &plain_text(delimiter, true)).expect("our own document");
        let read = reader(&document[..], &found).expect("the same");
        let read: Vec<_> = read.map(|feature| feature.expect("our own")).collect();
        prop_assert_eq!(read, features);
    }

    /// The `csv` crate is the other reader: where we find no fault, it finds the same cells.
    #[test]
    fn cells_are_cut_as_others_cut_them(text in "([a,\"\n\r]|\"\"|,\"|\",){0,40}") {
        let Ok(found) = survey(text.as_bytes(), &plain_text(b',', false)) else { return Ok(()) };
        let read: Result<Vec<_>, _> = reader(text.as_bytes(), &found).expect("the same").collect();
        let Ok(features) = read else { return Ok(()) };
        let width = found.columns.len();
        let mut others = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .from_reader(text.as_bytes());
        let others: Vec<Vec<String>> = others
            .records()
            .map(|record| {
                let record = record.expect("text");
                record.iter().take(width).map(str::to_owned).collect()
            })
            .collect();
        let ours: Vec<Vec<String>> = features.iter().map(cells).collect();
        prop_assert_eq!(ours, others);
    }
}

fn arb_delimiter() -> impl Strategy<Value = u8> {
    proptest::sample::select(b",;\t|".as_slice())
}

fn plain_text(delimiter: u8, header: bool) -> ReadOptions {
    ReadOptions {
        delimiter: Some(delimiter),
        quote: Some(Quote::Char(b'"')),
        encoding: Some(Encoding::UTF_8),
        header: Some(header),
        all_text: true,
        ..ReadOptions::default()
    }
}

fn cells(feature: &Feature) -> Vec<String> {
    let text = |value: &Option<Value>| value.as_ref().and_then(Value::as_text).unwrap_or("").into();
    feature.values().iter().map(text).collect()
}

fn written(schema: &Arc<Schema>, features: &[Feature], delimiter: u8) -> Vec<u8> {
    let mut document = Vec::new();
    let object_ids = Some(features.iter().any(|feature| feature.id.is_some()));
    let options = WriteOptions { delimiter, object_ids, ..WriteOptions::default() };
    let mut writer =
        Box::new(Writer::new(&mut document, Arc::clone(schema), options).expect("usable"));
    for feature in features {
        writer.write(feature).expect("can be written");
    }
    writer.finish().expect("memory");
    document
}

/// Fields whose values CSV can tell from one another.
fn typed_schema() -> Schema {
    let geometry = GeometryType {
        z: OrdinateRule::Optional,
        m: OrdinateRule::Optional,
        ..GeometryType::xy(KindRule::Any, Crs::CRS84)
    };
    Schema::new(vec![
        Field::new("geometry", FieldType::Geometry(geometry)),
        Field::new("text", FieldType::TEXT),
        Field::new("whole", FieldType::INT),
        Field::new("real", FieldType::REAL),
        Field::new("exact", FieldType::Decimal { precision: None, scale: None }),
        Field::new("truth", FieldType::Bool),
        Field::new("date", FieldType::Date),
        Field::new("time", FieldType::Time(ZoneRule::Without)),
        Field::new("instant", FieldType::DateTime(ZoneRule::Either)),
        Field::new("uuid", FieldType::Uuid),
    ])
    .expect("distinct")
}

#[derive(Debug, Clone)]
struct Row {
    id: Option<ObjectId>,
    values: Vec<Value>,
}

fn feature(schema: &Arc<Schema>, row: Row) -> Feature {
    let values = row.values.into_iter().map(Some).collect();
    let mut feature = Feature::with_values(Arc::clone(schema), values);
    feature.id = row.id;
    feature
}

fn arb_row() -> impl Strategy<Value = Row> {
    let parsed = |text: String| text;
    let date =
        (0..=9999_i16, 1..=12_u8, 1..=28_u8).prop_map(|(y, m, d)| format!("{y:04}-{m:02}-{d:02}"));
    let clock =
        (0..24_u8, 0..60_u8, 0..60_u8, proptest::sample::select(vec!["", ".5", ".123456789"]))
            .prop_map(|(h, m, s, fraction)| format!("{h:02}:{m:02}:{s:02}{fraction}"));
    let zone = proptest::sample::select(vec!["", "Z", "+05:30", "-12:00"]);
    let instant = (date.clone(), clock.clone(), zone).prop_map(|(d, c, z)| format!("{d}T{c}{z}"));
    let values = (
        nullable(arb_geometry().prop_map(Value::Geometry)),
        nullable(arb_text().prop_map(Value::Text)),
        nullable(any::<i64>().prop_map(Value::Int)),
        nullable(arb_ordinate().prop_map(Value::Real)),
        nullable(
            "-?[1-9][0-9]{20,40}(\\.[0-9]{1,40})?"
                .prop_map(|it| Value::Decimal(it.parse().expect("a decimal"))),
        ),
        nullable(any::<bool>().prop_map(Value::Bool)),
        nullable(date.prop_map(parsed).prop_map(|it| Value::Date(it.parse().expect("a date")))),
        nullable(clock.prop_map(|it| Value::Time(it.parse().expect("a time")))),
        nullable(instant.prop_map(|it| Value::DateTime(it.parse().expect("an instant")))),
        nullable(any::<[u8; 16]>().prop_map(|bytes| {
            ObjectId::from_bytes(bytes).map_or(Value::Null, |id| Value::Uuid(*id.as_uuid()))
        })),
    );
    let id = option::of(any::<[u8; 16]>())
        .prop_map(|it| it.and_then(|it| ObjectId::from_bytes(it).ok()));
    (id, values).prop_map(|(id, v)| Row {
        id,
        values: vec![v.0, v.1, v.2, v.3, v.4, v.5, v.6, v.7, v.8, v.9],
    })
}

fn nullable(value: impl Strategy<Value = Value>) -> impl Strategy<Value = Value> {
    option::weighted(0.8, value).prop_map(|it| it.unwrap_or(Value::Null))
}

/// Text that nothing else can be taken for, with all that could disturb a document.
fn arb_text() -> impl Strategy<Value = String> {
    let disturbing = [
        "'", "\"", "''", "\"\"", "sep=;", "\r", "\n", "\r\n", ",", ";", "\t", "|", " ", "\u{feff}",
        "=1+1",
    ];
    let part = prop_oneof![
        proptest::sample::select(disturbing.to_vec()).prop_map(str::to_owned),
        "[^\0]{0,3}",
    ];
    prop_oneof![
        1 => Just(String::new()),
        9 => vec(part, 0..6).prop_map(|parts| format!("{}§", parts.concat())),
    ]
}
