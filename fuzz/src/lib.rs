//! What every reader must do with hostile bytes: say no, or say what it read so that it reads the
//! same again. Never panic, never ask for more memory than the bytes are worth.
#![expect(clippy::missing_panics_doc, reason = "panicking is how a target tells of a finding")]
use std::process::ExitCode;
use std::sync::Arc;
use tiepoint_codecs::{
    CodecError, DocumentReader, DocumentWriter, cql2 as cql2_codec, csv as csv_codec,
    geojson as geojson_codec,
};
use tiepoint_core::{ChangeSet, Crs, Feature, Geometry};

/// WKB and EWKB: what is read is canonical, and reads the same again.
pub fn wkb(bytes: &[u8]) {
    if let Ok(geometry) = Geometry::from_wkb(bytes) {
        reads_the_same(&geometry);
    }
    if let Ok((geometry, srid)) = Geometry::from_ewkb(bytes) {
        let again =
            Geometry::from_ewkb(&geometry.to_ewkb(srid)).expect("our own EWKB is well-formed");
        assert_eq!(again, (geometry, srid));
    }
}

/// WKT and EWKT likewise.
pub fn wkt(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Ok(geometry) = Geometry::from_wkt(&text) {
        reads_the_same(&geometry);
        let again = Geometry::from_wkt(&geometry.to_wkt()).expect("our own WKT is well-formed");
        assert_eq!(again, geometry);
    }
}

/// Geometry blobs of a GeoPackage: what is read reads the same from the WKB within.
pub fn gpkg_blob(bytes: &[u8]) {
    if let Ok((geometry, _srs_id)) = tiepoint_gpkg::decode_blob(bytes) {
        reads_the_same(&geometry);
    }
}

/// GeoJSON, whole or in sequence: a survey knows how many features there are and which values they
/// have; what can be written again reads the same.
pub fn geojson(bytes: &[u8]) {
    use geojson_codec::{Framing, Layout, ReadOptions, WriteOptions, Writer};
    for framing in [Framing::Detect, Framing::Sequence] {
        let options = ReadOptions { framing, max_feature_bytes: 1 << 20, ..ReadOptions::default() };
        let Ok(survey) = geojson_codec::survey(bytes, &options) else { continue };
        let features =
            good_features(geojson_codec::reader(bytes, &survey, &options), survey.features);
        let write =
            WriteOptions { layout: Layout::Lines, crs_member: true, ..WriteOptions::default() };
        let mut document = Vec::new();
        let Ok(writer) = Writer::new(&mut document, Arc::clone(&survey.schema), write) else {
            continue;
        };
        let written = write_all(Box::new(writer), &features);
        if written > 0 {
            let again = geojson_codec::survey(&document[..], &ReadOptions::default());
            assert_eq!(again.expect("our own GeoJSON is well-formed").features, written);
        }
    }
}

/// CSV: likewise.
pub fn csv(bytes: &[u8]) {
    use csv_codec::{ReadOptions, WriteOptions, Writer};
    let Ok(survey) = csv_codec::survey(bytes, &ReadOptions::default()) else { return };
    let Ok(reader) = csv_codec::reader(bytes, &survey) else { return };
    let features = good_features(reader, survey.survey.features);
    let mut document = Vec::new();
    let schema = Arc::clone(&survey.survey.schema);
    let Ok(writer) = Writer::new(&mut document, schema, WriteOptions::default()) else { return };
    write_all(Box::new(writer), &features);
    let text = String::from_utf8(document);
    assert!(text.is_ok(), "our own CSV is UTF-8");
}

/// CQL2, text and JSON: what is read can be written in both encodings, and reads the same; an error
/// says at which character.
pub fn cql2(bytes: &[u8]) {
    use cql2_codec::{Cql2Error, parse, parse_json, to_json, to_text};
    let text = String::from_utf8_lossy(bytes);
    let crs = Crs::CRS84;
    for outcome in [parse(&text, &crs), parse_json(&text, &crs)] {
        let expr = match outcome {
            Ok(expr) => expr,
            Err(error) => {
                assert!(error.at().is_some_and(|at| at <= text.chars().count()), "{error}");
                assert!(error.caret().is_some_and(|caret| caret.ends_with('^')));
                continue;
            }
        };
        let again = to_text(&expr).expect("what can be read can be said");
        assert_eq!(parse(&again, &crs).as_ref(), Ok(&expr), "{again}");
        match to_json(&expr) {
            Ok(json) => assert_eq!(parse_json(&json, &crs).as_ref(), Ok(&expr), "{json}"),
            Err(error) => assert!(matches!(error, Cql2Error::Unsayable { .. }), "{error}"),
        }
    }
}

/// Change sets, in both forms: what is read is written in both, and reads the same.
pub fn change_set(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let read = [ChangeSet::from_protobuf(bytes).ok(), ChangeSet::from_json(&text).ok()];
    for set in read.into_iter().flatten() {
        let again = ChangeSet::from_protobuf(&set.to_protobuf());
        assert_eq!(again.as_ref(), Ok(&set), "our own protobuf is well-formed");
        let again = ChangeSet::from_json(&set.to_json());
        assert_eq!(again.as_ref(), Ok(&set), "our own JSON is well-formed");
        assert_eq!(set.then(&set.inverted()), Ok(ChangeSet::new()));
    }
}

/// All features that can be read; every value is one that its field allows. A document may still
/// turn out to be broken, since a survey passes over numbers without reading them.
fn good_features(reader: impl DocumentReader, promised: u64) -> Vec<Feature> {
    let (mut good, mut bad) = (Vec::new(), 0);
    for outcome in reader {
        match outcome {
            Ok(feature) => good.push(feature),
            Err(error) if error.is_recoverable() => bad += 1,
            Err(_) => return good,
        }
    }
    assert_eq!(good.len() as u64 + bad, promised);
    good.iter().for_each(fits_its_schema);
    good
}

fn fits_its_schema(feature: &Feature) {
    for (field, value) in feature.schema().fields().iter().zip(feature.values()) {
        if let Some(value) = value {
            let accepted = field.accept(value.clone()).expect("the survey knows all values");
            assert_eq!(accepted, *value);
        }
    }
}

/// Writes what the format can hold, and says how many features that were.
fn write_all(mut writer: Box<dyn DocumentWriter + '_>, features: &[Feature]) -> u64 {
    let mut written = 0;
    for feature in features {
        match writer.write(feature) {
            Ok(()) => written += 1,
            Err(CodecError::Unsupported { .. }) => {}
            Err(other) => panic!("a buffer takes everything: {other}"),
        }
    }
    writer.finish().expect("a buffer takes everything");
    written
}

fn reads_the_same(geometry: &Geometry) {
    let again = Geometry::from_wkb(geometry.as_wkb()).expect("our own WKB is well-formed");
    assert_eq!(again.as_wkb(), geometry.as_wkb());
    let (old, new) = (geometry.envelope(), again.envelope());
    assert_eq!(old, new);
}

/// Runs a target over the files named on the command line, as a fuzzer's finding is looked into.
#[must_use]
pub fn replay(target: fn(&[u8])) -> ExitCode {
    for path in std::env::args_os().skip(1) {
        match std::fs::read(&path) {
            Ok(bytes) => target(&bytes),
            Err(_) => return ExitCode::FAILURE,
        }
    }
    ExitCode::SUCCESS
}
