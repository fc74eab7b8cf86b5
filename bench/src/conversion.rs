//! Whole conversions, command against command: GeoJSON into a GeoPackage and back.
use crate::dataset::Dataset;
use crate::measure::{self, CommandLine, Usage};
use crate::outcome::{Row, Target};
use crate::stage::Stage;
use crate::{Outcome, profile};
use memchr::memmem;
use rusqlite::{Connection, OpenFlags};
use std::ffi::OsString;
use std::path::Path;

const MOST_BYTES: f64 = 150e6;

/// GeoJSON into a new GeoPackage with an R-tree; ours also gives every feature an object id.
pub(crate) fn import(stage: &Stage, dataset: Dataset) -> Outcome<Vec<Row>> {
    let from = stage.geojson(dataset, stage.size(dataset))?;
    let (ours, theirs) = (stage.result("ours.gpkg")?, stage.result("theirs.gpkg")?);
    let contest = Contest {
        figure: format!("GeoJSON → GeoPackage, {}", described(stage, dataset)),
        ours: import_command(stage, &from, &ours),
        peers: vec![Peer {
            name: "ogr2ogr",
            command: measure::ogr2ogr("GPKG", &theirs, &from, &[]),
            limit: Some((0.25, "≤ 1/4 CPU")),
        }],
    };
    let rows = contest.held(stage, &["ours.gpkg", "theirs.gpkg"])?;
    check_geopackage(&ours, dataset, stage.size(dataset))?;
    Ok(rows)
}

/// A GeoPackage into GeoJSON. The peer at the precision that we write, 17 digits behind the point
/// instead of the 15 of its default, is what the target is about; its default is told beside it.
pub(crate) fn export(stage: &Stage, dataset: Dataset) -> Outcome<Vec<Row>> {
    let from = stage.geopackage(dataset, stage.size(dataset))?;
    let (ours, theirs) = (stage.result("ours.geojson")?, stage.result("theirs.geojson")?);
    let full = ["-lco", "COORDINATE_PRECISION=17", "-lco", "RFC7946=NO"].map(OsString::from);
    let contest = Contest {
        figure: format!("GeoPackage → GeoJSON, {}", described(stage, dataset)),
        ours: export_command(stage, &from, dataset, &ours),
        peers: vec![
            Peer {
                name: "ogr2ogr, 17 digits",
                command: measure::ogr2ogr("GeoJSON", &theirs, &from, &full),
                limit: Some((1.0 / 15.0, "≤ 1/15 CPU")),
            },
            Peer {
                name: "ogr2ogr, its default",
                command: measure::ogr2ogr("GeoJSON", &theirs, &from, &[]),
                limit: None,
            },
        ],
    };
    let rows = contest.held(stage, &["ours.geojson", "theirs.geojson"])?;
    check_geojson(&ours, stage.size(dataset))?;
    Ok(rows)
}

/// Our command that brings a document into a new GeoPackage.
pub(crate) fn import_command(stage: &Stage, from: &Path, to: &Path) -> CommandLine {
    vec![stage.tiepoint(), "import".into(), from.into(), to.into()]
}

/// Our command that takes the layer of a GeoPackage out into a document.
pub(crate) fn export_command(
    stage: &Stage,
    from: &Path,
    dataset: Dataset,
    to: &Path,
) -> CommandLine {
    vec![stage.tiepoint(), "export".into(), from.into(), dataset.name().into(), to.into()]
}

/// Our command and those of others, doing the same.
struct Contest {
    figure: String,
    ours: CommandLine,
    peers: Vec<Peer>,
}

struct Peer {
    name: &'static str,
    command: CommandLine,
    /// The most that our CPU seconds may be of theirs, and how that is said.
    limit: Option<(f64, &'static str)>,
}

impl Contest {
    /// Runs all in turn, round after round, each writing to files that are not there yet.
    fn held(self, stage: &Stage, results: &[&str]) -> Outcome<Vec<Row>> {
        let afresh = |command: &CommandLine| -> Outcome<Usage> {
            stage.clear(results)?;
            measure::once(command)
        };
        let mut ours = Vec::new();
        let mut theirs = vec![Vec::new(); self.peers.len()];
        for _ in 0..stage.rounds {
            for (peer, usages) in self.peers.iter().zip(&mut theirs) {
                usages.push(afresh(&peer.command)?);
            }
            ours.push(afresh(&self.ours)?);
        }
        let (ours, theirs) =
            (measure::summary(&ours), theirs.iter().map(|it| measure::summary(it)));
        let mut rows: Vec<Row> = self
            .peers
            .iter()
            .zip(theirs)
            .map(|(peer, theirs)| self.row(peer, ours, theirs))
            .collect();
        if rows.iter().any(Row::is_missed) {
            stage.clear(results)?;
            rows[0].profile = Some(profile::of(&self.ours, stage.result("perf.data")?));
        }
        Ok(rows)
    }

    fn row(&self, peer: &Peer, ours: Usage, theirs: Usage) -> Row {
        let ratio = ours.cpu_s / theirs.cpu_s;
        let target = peer.limit.map_or(Target::None, |(limit, wording)| {
            Target::at_most(ratio, limit, wording).and(within_memory(ours.peak_bytes))
        });
        Row {
            figure: self.figure.clone(),
            ours: format!("{:.3} s ({:.2} in the kernel)", ours.cpu_s, ours.system_s),
            peer: format!("{:.3} s {}, {:.0} MB", theirs.cpu_s, peer.name, theirs.peak_bytes / 1e6),
            ratio: format!("{ratio:.3} = 1/{:.1}", 1.0 / ratio),
            target,
            peak: format!("{:.0} MB", ours.peak_bytes / 1e6),
            profile: None,
        }
    }
}

/// Whether a conversion kept within the memory it may use.
pub(crate) fn within_memory(peak_bytes: f64) -> Target {
    Target::at_most(peak_bytes, MOST_BYTES, "< 150 MB")
}

fn described(stage: &Stage, dataset: Dataset) -> String {
    format!("{} {}", stage.size(dataset), dataset.name())
}

/// Holds a GeoPackage of ours to having every feature, and each in its R-tree.
fn check_geopackage(path: &Path, dataset: Dataset, count: u32) -> Outcome {
    let file = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let sql = "SELECT table_name, column_name FROM gpkg_geometry_columns";
    let (table, column): (String, String) =
        file.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let quoted = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
    for name in [table.clone(), format!("rtree_{table}_{column}")] {
        let sql = format!("SELECT count(*) FROM {}", quoted(&name));
        let found: u32 = file.query_row(&sql, [], |row| row.get(0))?;
        if found != count {
            return Err(format!("{} holds {found} of {count} {}", name, dataset.name()).into());
        }
    }
    Ok(())
}

/// Holds GeoJSON of ours to having every feature.
fn check_geojson(path: &Path, count: u32) -> Outcome {
    let text = std::fs::read(path)?;
    let found = memmem::find_iter(&text, "\"Feature\"").count();
    if found != count as usize {
        return Err(format!("{} holds {found} features of {count}", path.display()).into());
    }
    Ok(())
}
