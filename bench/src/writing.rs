//! Features in memory into GeoJSON text: how fast, and whether every double survives.
use crate::dataset::Dataset;
use crate::outcome::{Row, Target};
use crate::stage::Stage;
use crate::{Outcome, measure as meter, profile, reading};
use memchr::memmem;
use std::io::{self, Write};
use std::sync::Arc;
use tiepoint_codecs::{DocumentWriter, geojson};
use tiepoint_core::{Feature, GeometryRef, Parts, Value};

/// Writes all features to a sink that only counts, then to memory, where each double is read back
/// by the standard library.
pub(crate) fn measure(stage: &Stage, dataset: Dataset) -> Outcome<Vec<Row>> {
    let count = stage.size(dataset);
    let features = reading::features(&stage.geopackage(dataset, count)?, dataset)?;
    let mut rates = Vec::new();
    for _ in 0..stage.turns() {
        rates.push(bytes_a_second(&features)?);
    }
    let rate = meter::median(rates);
    let mut row = Row {
        figure: format!("memory → GeoJSON, {count} {}", dataset.name()),
        ours: format!("{:.0} MB/s", rate / 1e6),
        peer: String::new(),
        ratio: format!("{} doubles bit-equal", doubles_read_back(&features)?),
        target: Target::at_least(rate, 1e9, "≥ 1 GB/s"),
        peak: String::new(),
        profile: None,
    };
    if row.is_missed() {
        let alone = stage.alone(&format!("write-{}", dataset.name()))?;
        row.profile = Some(profile::of(&alone, stage.result("perf.data")?));
    }
    Ok(vec![row])
}

/// Our side, once more for a profiler; it reads the features first.
pub(crate) fn alone(stage: &Stage, dataset: Dataset) -> Outcome {
    let features = reading::features(&stage.geopackage(dataset, stage.size(dataset))?, dataset)?;
    (0..10 * stage.rounds).try_for_each(|_| bytes_a_second(&features).map(|_| ()))
}

/// A sink that only counts.
struct Counted(u64);

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn bytes_a_second(features: &[Feature]) -> Outcome<f64> {
    let mut sink = Counted(0);
    let (written, cpu_s) = meter::cpu_s(|| write_all(features, &mut sink));
    written?;
    #[expect(clippy::cast_precision_loss, reason = "fewer bytes than 2^53")]
    let bytes = sink.0 as f64;
    Ok(bytes / cpu_s)
}

fn write_all(features: &[Feature], out: &mut dyn Write) -> Outcome {
    let Some(first) = features.first() else { return Ok(()) };
    let options = geojson::WriteOptions::default();
    let mut writer = geojson::Writer::new(out, Arc::clone(first.schema()), options)?;
    for feature in features {
        writer.write(feature)?;
    }
    Ok(Box::new(writer).finish()?)
}

/// How many doubles came back with the very bits they were written from: all of them, or it is an
/// error.
fn doubles_read_back(features: &[Feature]) -> Outcome<u64> {
    let mut text = Vec::new();
    write_all(features, &mut text)?;
    let mut coordinates = memmem::find_iter(&text, "\"coordinates\":");
    let mut values = memmem::find_iter(&text, "\"value\":");
    let mut same = 0;
    for (number, feature) in features.iter().enumerate() {
        let mut expected = Vec::new();
        if let Some(geometry) = feature.geometry() {
            append_ordinates(geometry.as_ref(), &mut expected);
        }
        if let Some(Value::Real(value)) = feature.get("value") {
            expected.push(*value);
        }
        let mut found = doubles_at(&text, coordinates.next());
        found.extend(doubles_at(&text, values.next()).first());
        let bits = |doubles: &[f64]| doubles.iter().map(|it| it.to_bits()).collect::<Vec<_>>();
        if bits(&found) != bits(&expected) {
            return Err(format!("feature {number} came back with other doubles").into());
        }
        same += found.len() as u64;
    }
    Ok(same)
}

fn append_ordinates(geometry: GeometryRef<'_>, out: &mut Vec<f64>) {
    match geometry.parts() {
        Parts::Positions(positions) => out.extend(positions.arrays::<2>().flatten()),
        Parts::Rings(rings) => rings.for_each(|ring| out.extend(ring.arrays::<2>().flatten())),
        Parts::Members(members) => members.for_each(|member| append_ordinates(member, out)),
    }
}

/// The numbers of the member that starts at `at`, nested however deep.
fn doubles_at(text: &[u8], at: Option<usize>) -> Vec<f64> {
    let Some(at) = at else { return Vec::new() };
    let behind_name = text[at..].splitn(2, |byte| *byte == b':').nth(1).unwrap_or_default();
    let is_numeric = |byte: &u8| b"[]0123456789.eE+-, \n".contains(byte);
    let end = behind_name.iter().position(|byte| !is_numeric(byte)).unwrap_or(behind_name.len());
    let tokens = behind_name[..end].split(|byte| b"[], \n".contains(byte));
    let parse = |token: &[u8]| std::str::from_utf8(token).ok()?.parse().ok();
    tokens.filter(|token| !token.is_empty()).filter_map(parse).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_found_behind_the_name_and_nowhere_else() {
        let text = br#"{"coordinates":[[1.5,-2e-3],[3,4]],"x":5}"#;
        assert_eq!(doubles_at(text, Some(1)), [1.5, -2e-3, 3.0, 4.0]);
        assert_eq!(doubles_at(text, None), [0.0; 0]);
    }
}
