//! What must hold of reading, however the document comes in and wherever it breaks.
use super::reader::read_records;
use super::records::Records;
use super::survey::survey_records;
use super::{Framing, ReadOptions};
use crate::{CodecError, Result, Survey};
use proptest::prelude::*;
use std::io::{self, Read};
use tiepoint_core::Feature;

/// A document with most of what there can be in one.
const COLLECTION: &str = r#"{ "type": "FeatureCollection", "name": "Bäume", "crs": null, "foreign": [1, {"a": "]"}],
  "features": [
  {"type": "Feature", "id": "67e55044-10b1-426f-9247-bb680e5fe0c8", "properties": {"naïve \"key\"": "a\\\"ä\ud83d\ude00", "n": 1, "x": -1.5e-7,
     "big": 123456789012345678901, "when": "2024-02-29", "nested": {"a": [1.10, "}"]}, "ok": true}, "geometry": {"type": "Point", "coordinates": [ 24.94, 60.17 ]}},
  {"geometry": {"coordinates": [[[0, 0, 1], [1, 0], [1, 1, 2], [0, 0, 1]], [[0.1,0.1],[0.2,0.1],[0.2,0.2],[0.1,0.1]]], "type": "Polygon"}, "type": "Feature", "properties": null},
  {"type": "Feature", "properties": {"n": null}, "geometry": {"type": "GeometryCollection", "geometries": [{"type": "MultiPoint", "coordinates": [[1,2],[]]}, {"type": "LineString", "coordinates": []}]}},
  {"type": "Feature", "properties": {"n": 5}, "geometry": {"type": "Polygon", "coordinates": [[[0,0],[1,0],[1,1],[0,1]]]}},
  {"type": "Feature", "properties": {"when": null}, "geometry": null}
  ], "bbox": [0, 0, 1, 1], "after": "ä" }
"#;

/// One feature that is all of its document.
const SINGLE: &str = r#"{"id": 7, "properties": {"a": [], "b": false}, "crs": {"type": "name",
  "properties": {"name": "EPSG:3857"}}, "type": "Feature", "geometry": {"type": "MultiPolygon",
  "coordinates": [[[[0,0,1],[1e3,0,2],[1e3,1e3,3],[0,0,4]]],[]]}}"#;

/// What became of a document: the survey, and each feature or complaint in words.
#[derive(Debug, PartialEq)]
struct Outcome {
    survey: std::result::Result<String, String>,
    features: Vec<std::result::Result<Feature, String>>,
}

fn outcome(
    document: &[u8],
    options: &ReadOptions,
    chunk_bytes: usize,
    source_bytes: usize,
) -> Outcome {
    let source = || Dripping { rest: document, count: source_bytes };
    let surveyed = survey_records(Records::in_chunks(source(), options, chunk_bytes), options);
    let features = match &surveyed {
        Ok(survey) => {
            let records = Records::in_chunks(source(), options, chunk_bytes);
            read_records(records, survey, options).map(in_words).collect()
        }
        Err(_) => Vec::new(),
    };
    Outcome {
        survey: surveyed.map(|survey| survey_in_words(&survey)).map_err(|error| error.to_string()),
        features,
    }
}

fn survey_in_words(survey: &Survey) -> String {
    format!(
        "{:?} {} {:?} {:?} {:?}",
        survey.schema.fields(),
        survey.features,
        survey.name,
        survey.kinds,
        survey.notes
    )
}

fn in_words(read: Result<Feature>) -> std::result::Result<Feature, String> {
    read.map_err(|error| match error {
        CodecError::BadFeature { place, reason, source_text } => {
            format!("{place}: {reason}: {source_text}")
        }
        other => other.to_string(),
    })
}

/// Yields a few bytes at a time.
struct Dripping<'a> {
    rest: &'a [u8],
    count: usize,
}

impl Read for Dripping<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.count.min(buffer.len()).min(self.rest.len());
        let (now, later) = self.rest.split_at(count);
        buffer[..count].copy_from_slice(now);
        self.rest = later;
        Ok(count)
    }
}

fn lines() -> String {
    let lines = [
        r#"{"type":"Feature","properties":{"a":1},"geometry":{"type":"Point","coordinates":[1,2]}}"#,
        r#"{"type":"Feature","properties":{"a":1},"geometry":{"type":"Point","coordi"#,
        "",
        r#"{"type":"LineString","coordinates":[[0,0],[1,1]]}"#,
        r#"{"type":"Feature","properties":{"b":"ä"},"geometry":null} x"#,
        r#"{"type":"Feature","properties":{"b":"ö"},"geometry":null}"#,
    ];
    lines.join("\r\n")
}

fn documents() -> [(String, ReadOptions); 5] {
    let sequence = ReadOptions { framing: Framing::Sequence, ..ReadOptions::default() };
    let separated =
        lines().replace("\r\n", "\n\u{1e}").replace(",\"geometry\"", ",\n \"geometry\"");
    [
        (COLLECTION.to_owned(), ReadOptions::default()),
        (format!("\u{feff}{COLLECTION}"), ReadOptions::default()),
        (lines(), sequence),
        (format!("\u{1e}{separated}"), ReadOptions::default()),
        (SINGLE.to_owned(), ReadOptions::default()),
    ]
}

#[test]
fn chunk_boundaries_change_nothing() {
    for (document, options) in documents() {
        let whole = outcome(document.as_bytes(), &options, 1 << 20, 1 << 20);
        for chunk in 1..80 {
            let parts = outcome(document.as_bytes(), &options, chunk, 1 + chunk % 7);
            assert_eq!(parts, whole, "in chunks of {chunk}: {document}");
        }
    }
}

#[test]
fn the_documents_of_these_tests_are_read_as_far_as_they_make_sense() {
    let counts = documents().map(|(document, options)| {
        let outcome = outcome(document.as_bytes(), &options, 16, 16);
        assert!(outcome.survey.is_ok(), "{:?}", outcome.survey);
        let good = outcome.features.iter().filter(|feature| feature.is_ok()).count();
        (good, outcome.features.len() - good)
    });
    assert_eq!(counts, [(4, 1), (4, 1), (3, 2), (3, 2), (1, 0)]);
}

#[test]
fn a_document_cut_off_anywhere_ends_in_words_and_not_in_panic() {
    for (document, options) in documents() {
        for length in 0..document.len() {
            let cut = &document.as_bytes()[..length];
            let outcome = outcome(cut, &options, 64, 64);
            let complaints = outcome.features.iter().filter(|feature| feature.is_err()).count();
            let is_collection = document.contains("FeatureCollection");
            let rest_is_space = document.as_bytes()[length..].trim_ascii().is_empty();
            if is_collection && !rest_is_space {
                assert!(
                    outcome.survey.is_err() || complaints > 0,
                    "{:?}",
                    String::from_utf8_lossy(cut)
                );
            }
        }
    }
}

#[test]
fn one_feature_beyond_the_limit_is_refused_in_bounded_memory() {
    let options = ReadOptions { max_feature_bytes: 1 << 16, ..ReadOptions::default() };
    for start in [
        "{\"type\":\"FeatureCollection\",\"features\":[{\"a\":\"",
        "[",
        "{\"a\":[",
        "\u{1e}{",
        "{\"features\":[",
    ] {
        for filler in [b'[', b'x', b' ', b'0'] {
            let endless = start.as_bytes().chain(io::repeat(filler).take(1 << 22));
            let outcome = survey_records(Records::new(endless, &options), &options);
            assert!(outcome.is_err(), "{start}{}", char::from(filler));
        }
    }
}

proptest! {
    #[test]
    fn damaged_documents_end_in_words_and_not_in_panic(
        which in 0..5_usize,
        damages in proptest::collection::vec((any::<proptest::sample::Index>(), damage()), 1..6),
        chunk in 1..100_usize,
    ) {
        let (document, options) = documents()[which].clone();
        let mut bytes = document.into_bytes();
        for (at, damage) in damages {
            let at = at.index(bytes.len());
            match damage {
                Damage::Replace(byte) => bytes[at] = byte,
                Damage::Insert(byte) => bytes.insert(at, byte),
                Damage::Remove(count) => drop(bytes.drain(at..bytes.len().min(at + count))),
                Damage::Repeat(count) => {
                    let again = bytes[at..bytes.len().min(at + count)].to_vec();
                    bytes.splice(at..at, again);
                }
            }
            prop_assume!(!bytes.is_empty());
        }
        let whole = outcome(&bytes, &options, 1 << 20, 1 << 20);
        prop_assert_eq!(&outcome(&bytes, &options, chunk, chunk), &whole);
        let changed = whole.features.iter().any(|feature| {
            feature.as_ref().is_err_and(|words| words.contains("changed while"))
        });
        prop_assert!(!changed, "survey and reader disagree: {:?}", whole);
    }
}

#[derive(Debug, Clone)]
enum Damage {
    Replace(u8),
    Insert(u8),
    Remove(usize),
    Repeat(usize),
}

fn damage() -> impl Strategy<Value = Damage> {
    let byte = || {
        prop_oneof![
            any::<u8>(),
            proptest::sample::select(b"{}[]\",:\\0123456789.-eE nulltrue \n\x1e".to_vec())
        ]
    };
    prop_oneof![
        byte().prop_map(Damage::Replace),
        byte().prop_map(Damage::Insert),
        (1..60_usize).prop_map(Damage::Remove),
        (1..200_usize).prop_map(Damage::Repeat),
    ]
}
