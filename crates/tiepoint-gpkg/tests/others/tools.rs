//! Asking other programs, and saying so where they are not there.
pub(crate) use crate::session::PYTHON;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;
use tiepoint_core::{
    Crs, Edit, Feature, Field, FieldType, Geometry, GeometryKind, GeometryType, Identity, KindRule,
    LayerDefinition, Query, Schema,
};
use tiepoint_gpkg::GpkgStore;
use tiepoint_store::{Store, TransactionOptions, WriteMode};

/// Whether a program is there; where it is not, says what could not be tried, or fails when
/// `TIEPOINT_NO_SKIP` is set.
pub(crate) fn have(what: &str, package: &str, program: &str, arguments: &[&str]) -> bool {
    let answers = Command::new(program).args(arguments).output();
    let is_there = answers.is_ok_and(|output| output.status.success());
    if !is_there {
        let note = format!("{what} (apt-get install {package})");
        assert!(std::env::var_os("TIEPOINT_NO_SKIP").is_none(), "missing: {note}");
        // past the test harness, which keeps what passing tests print to itself
        writeln!(std::io::stdout(), "SKIPPED: {note}").expect("stdout takes a line");
    }
    is_there
}

pub(crate) fn have_gdal() -> bool {
    have("what GDAL makes of our files", "gdal-bin python3-gdal", "ogrinfo", &["--version"])
        && have(
            "what GDAL's validator says of our files",
            "python3-gdal",
            PYTHON,
            &["-c", "import osgeo_utils.samples.validate_gpkg"],
        )
}

pub(crate) fn have_qgis() -> bool {
    have("what QGIS does to our files", "python3-qgis", PYTHON, &["-c", "import qgis.core"])
}

/// Runs a program that must succeed.
pub(crate) fn run(program: &str, arguments: &[&str]) -> String {
    let output = output(program, arguments);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {arguments:?}: {text}{complaint}");
    text
}

pub(crate) fn output(program: &str, arguments: &[&str]) -> Output {
    let mut command = Command::new(program);
    command.args(arguments).env("QT_QPA_PLATFORM", "offscreen");
    command.output().unwrap_or_else(|error| panic!("{program} starts: {error}"))
}

/// GDAL's validator must accept the file without an error and without a warning.
pub(crate) fn validates(path: &Path) {
    let path = path.to_str().expect("a plain path");
    let output = output(PYTHON, &["-m", "osgeo_utils.samples.validate_gpkg", "-k", path]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.trim().is_empty(), "{path}: {said}");
}

/// The layers that `ogrinfo` lists, as it prints them: `1: name (Point)`.
pub(crate) fn ogr_layers(path: &Path) -> Vec<String> {
    let text = run("ogrinfo", &["-ro", "-q", path.to_str().expect("a plain path")]);
    text.lines().filter(|line| line.contains(": ")).map(str::to_owned).collect()
}

/// A folder of its own and the path of a file in it.
pub(crate) fn folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("our own.gpkg");
    (folder, path)
}

/// Rectangles with a name: (x, 0) to (x + 10, 10).
pub(crate) fn plots(identity: Identity) -> LayerDefinition {
    let polygons = GeometryType::xy(KindRule::Only(GeometryKind::Polygon), Crs::epsg(4326));
    let schema = Schema::new(vec![
        Field::new("geom", FieldType::Geometry(polygons)),
        Field::new("name", FieldType::TEXT),
    ]);
    LayerDefinition { identity, ..LayerDefinition::new("plots", schema.expect("distinct names")) }
}

pub(crate) fn plot(definition: &LayerDefinition, number: i32) -> Feature {
    let (x, far) = (number * 10, number * 10 + 10);
    let wkt = format!("POLYGON(({x} 0, {far} 0, {far} 10, {x} 10, {x} 0))");
    let geometry = Geometry::from_wkt(&wkt).expect("a rectangle");
    let values = vec![Some(geometry.into()), Some(format!("plot {number}").into())];
    Feature::with_values(definition.schema.clone(), values)
}

/// A file with one layer of five plots.
pub(crate) fn with_plots(path: &Path, identity: Identity) -> GpkgStore {
    let store = GpkgStore::create(path).expect("is created");
    let definition = plots(identity);
    let mut transaction = store.begin(TransactionOptions::default()).expect("opens");
    transaction.create_layer(&definition).expect("is created");
    let mut writer = transaction.writer("plots", WriteMode::Bulk).expect("opens");
    for number in 0..5 {
        writer.write(Edit::Insert(plot(&definition, number))).expect("is written");
    }
    writer.finish().expect("finishes");
    transaction.commit().expect("commits");
    store
}

/// A feature's fid, object id and name.
pub(crate) type Row = (String, Option<String>, String);

/// Every feature of the layer, by fid.
pub(crate) fn rows(store: &dyn Store, layer: &str) -> Vec<Row> {
    let features = store.read(&Query::layer(layer)).expect("reads");
    let row = |it: Feature| {
        let name = it.get("name").and_then(|it| it.as_text()).unwrap_or("-").to_owned();
        let fid = it.fid.as_ref().expect("is stored").to_string();
        (fid, it.id.map(|id| id.to_string()), name)
    };
    features.map(|it| row(it.expect("every row reads"))).collect()
}

/// Every feature has an id, and no two the same.
pub(crate) fn ids_are_right(store: &dyn Store, layer: &str) {
    let rows = rows(store, layer);
    let ids: std::collections::HashSet<_> = rows.iter().map(|(_, id, _)| id.clone()).collect();
    assert!(!ids.contains(&None), "{rows:?}");
    assert_eq!(ids.len(), rows.len(), "{rows:?}");
}
