//! Every trap in `fixtures/csv`: what a reader makes of it is written down beside it.
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use tiepoint_codecs::CodecError;
use tiepoint_codecs::csv::{CsvSurvey, Dialect, ReadOptions, reader, survey};
use tiepoint_core::{Feature, Value};

#[test]
fn every_trap_is_read_as_written_down() {
    let mut wrong = String::new();
    for path in fixtures() {
        let name = path.file_name().expect("a file").to_string_lossy().into_owned();
        let expected = directory().join("expected").join(format!("{name}.txt"));
        let document = fs::read(&path).expect("a fixture");
        let actual = report(&document, &ReadOptions::default());
        if std::env::var_os("WRITE_EXPECTED").is_some() {
            fs::write(&expected, &actual).expect("written");
        }
        let expected = fs::read_to_string(&expected).unwrap_or_default();
        if actual != expected {
            writeln!(wrong, "=== {name}: read as\n{actual}\ninstead of\n{expected}").expect("text");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/csv")
}

fn fixtures() -> Vec<PathBuf> {
    let entries = fs::read_dir(directory()).expect("the fixtures are there");
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("readable").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|it| it == "csv" || it == "tsv"));
    paths.sort();
    assert!(paths.len() > 30, "only {} fixtures", paths.len());
    paths
}

/// All that a reader finds, for people.
fn report(document: &[u8], options: &ReadOptions) -> String {
    match survey(document, options) {
        Ok(found) => format!("{}{}", survey_report(&found), features_report(document, &found)),
        Err(error) => format!("refused: {error}\n"),
    }
}

fn survey_report(found: &CsvSurvey) -> String {
    let mut out = format!("{}\n", dialect_report(&found.dialect));
    for field in found.survey.schema.fields() {
        writeln!(out, "field {}: {}", field.name, field.ty).expect("text");
    }
    for note in &found.survey.notes {
        writeln!(out, "note: {note}").expect("text");
    }
    out
}

fn dialect_report(dialect: &Dialect) -> String {
    let Dialect { delimiter, quote, encoding, decimal_comma, header, separator_line } = dialect;
    let quote = quote.map_or("no quote".to_owned(), |quote| format!("quote {}", char::from(quote)));
    let mark = if *decimal_comma { ", decimal comma" } else { "" };
    let header = if *header { ", header" } else { ", no header" };
    let line = if *separator_line { ", separator line" } else { "" };
    format!("delimiter {}, {quote}, {encoding}{mark}{header}{line}", delimiter.escape_ascii())
}

fn features_report(document: &[u8], found: &CsvSurvey) -> String {
    let mut out = String::new();
    let mut count = 0;
    for feature in reader(document, found).expect("the header is as surveyed") {
        count += 1;
        match feature {
            Ok(feature) => writeln!(out, "{}", feature_report(&feature)),
            Err(CodecError::BadFeature { place, reason, source_text }) => {
                writeln!(out, "bad: {place}: {reason}\n     {source_text:?}")
            }
            Err(error) => writeln!(out, "ended: {error}"),
        }
        .expect("text");
    }
    assert_eq!(count, found.survey.features, "features are counted the same in both passes");
    out
}

fn feature_report(feature: &Feature) -> String {
    let values = feature.values().iter().zip(feature.schema().fields());
    let cells: Vec<_> = values
        .map(|(value, field)| {
            let value = value.as_ref().expect("a reader sets every field");
            field.accept(value.clone()).expect("the schema holds every value");
            shown(value)
        })
        .collect();
    let id = feature.id.map_or(String::new(), |id| format!("[{id}] "));
    format!("{id}{}", cells.join(" | "))
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(truth) => truth.to_string(),
        Value::Int(number) => number.to_string(),
        Value::Real(number) => format!("{number:?}"),
        Value::Decimal(number) => format!("{number} exactly"),
        Value::Text(text) => format!("{text:?}"),
        Value::Date(date) => date.to_string(),
        Value::Time(time) => time.to_string(),
        Value::DateTime(time) => time.to_string(),
        Value::Uuid(uuid) => uuid.to_string(),
        Value::Geometry(geometry) => geometry.to_wkt(),
        Value::Bytes(_) | Value::Json(_) => panic!("CSV has none: {value:?}"),
    }
}
