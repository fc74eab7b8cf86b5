//! Asking other programs, and saying so where they are not there.
use crate::plots::make_plots;
pub(crate) use crate::plots::{Row, ids_are_right, plot, plots, rows};
pub(crate) use crate::session::PYTHON;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;
use tiepoint_core::Identity;
use tiepoint_gpkg::GpkgStore;

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

/// A file with one layer of five plots.
pub(crate) fn with_plots(path: &Path, identity: Identity) -> GpkgStore {
    let store = GpkgStore::create(path).expect("is created");
    make_plots(&store, identity);
    store
}
