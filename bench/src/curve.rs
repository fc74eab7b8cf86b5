//! The cost of a feature, from ten thousand of them to a million.
use crate::conversion::{export_command, import_command, within_memory};
use crate::dataset::Dataset;
use crate::measure::{self, CommandLine};
use crate::outcome::{Row, Target};
use crate::stage::Stage;
use crate::{Outcome, profile};

const SIZES: [u32; 5] = [10_000, 30_000, 100_000, 300_000, 1_000_000];

/// The most that a feature among the most may cost, compared with one among the fewest, for the
/// curve to be called flat.
const FLAT: f64 = 1.25;

/// Imports and exports ever more features, and compares the cost of one.
pub(crate) fn trace(stage: &Stage, dataset: Dataset) -> Outcome<Vec<Row>> {
    let most = stage.size(dataset);
    let mut imports = Vec::new();
    let mut exports = Vec::new();
    for count in SIZES.into_iter().filter(|count| *count <= most) {
        let (document, store) = (stage.geojson(dataset, count)?, stage.geopackage(dataset, count)?);
        let (target, written) = (stage.result("curve.gpkg")?, stage.result("curve.geojson")?);
        let import = import_command(stage, &document, &target);
        imports.push(Spot::measured(stage, count, "curve.gpkg", import)?);
        let export = export_command(stage, &store, dataset, &written);
        exports.push(Spot::measured(stage, count, "curve.geojson", export)?);
    }
    let mut rows = rows(stage, "GeoJSON → GeoPackage", &imports)?;
    rows.extend(self::rows(stage, "GeoPackage → GeoJSON", &exports)?);
    Ok(rows)
}

/// One place on the curve.
struct Spot {
    count: u32,
    command: CommandLine,
    result: &'static str,
    /// CPU microseconds a feature.
    each_us: f64,
    peak_bytes: f64,
}

impl Spot {
    fn measured(
        stage: &Stage,
        count: u32,
        result: &'static str,
        command: CommandLine,
    ) -> Outcome<Self> {
        let mut usages = Vec::new();
        for _ in 0..stage.rounds {
            stage.clear(&[result])?;
            usages.push(measure::once(&command)?);
        }
        let usage = measure::summary(&usages);
        let each_us = usage.cpu_s * 1e6 / f64::from(count);
        Ok(Self { count, command, result, each_us, peak_bytes: usage.peak_bytes })
    }
}

fn rows(stage: &Stage, name: &str, spots: &[Spot]) -> Outcome<Vec<Row>> {
    let Some(first) = spots.first() else { return Ok(Vec::new()) };
    let mut rows = Vec::new();
    for spot in spots {
        let growth = spot.each_us / first.each_us;
        let target =
            Target::at_most(growth, FLAT, "flat (≤ 1.25)").and(within_memory(spot.peak_bytes));
        let mut row = Row {
            figure: format!("{name}, each of {} points", spot.count),
            ours: format!("{:.2} µs", spot.each_us),
            peer: String::new(),
            ratio: format!("{growth:.2} × the first"),
            target,
            peak: format!("{:.0} MB", spot.peak_bytes / 1e6),
            profile: None,
        };
        if row.is_missed() {
            stage.clear(&[spot.result])?;
            row.profile = Some(profile::of(&spot.command, stage.result("perf.data")?));
        }
        rows.push(row);
    }
    Ok(rows)
}
