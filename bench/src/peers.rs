//! Others' answers to the same questions: shapely's prepared geometries and `mod_spatialite`.
use crate::Outcome;
use crate::stage::Stage;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::Command;
use tiepoint_core::{Feature, Geometry};

/// How many polygons a second each peer tests against a district, in words.
pub(crate) fn district(stage: &Stage, polygons: &[Feature], district: &str) -> Outcome<String> {
    let (wkbs, wkt) = (stage.result("polygons.wkb")?, stage.result("district.wkt")?);
    let mut out = BufWriter::new(File::create(&wkbs)?);
    for wkb in polygons.iter().filter_map(Feature::geometry).map(Geometry::as_wkb) {
        out.write_all(&u32::try_from(wkb.len())?.to_le_bytes())?;
        out.write_all(wkb)?;
    }
    out.flush()?;
    fs::write(&wkt, district)?;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("district.py");
    let output = Command::new("python3").arg(script).arg(&wkbs).arg(&wkt).output()?;
    let said = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    Ok(if output.status.success() { said } else { "no peer could be run".to_owned() })
}
