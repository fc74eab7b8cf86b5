//! A tied file in QGIS: every edit leaves ids, layer list and validator right.
mod ids;

use crate::session::SCRIPT;
use crate::tools::{
    PYTHON, Row, folder, have_gdal, have_qgis, ids_are_right, rows, run, validates, with_plots,
};
use std::path::Path;
use tiepoint_core::Identity;
use tiepoint_gpkg::GpkgStore;

fn in_qgis(path: &Path, operation: &str) -> String {
    run(PYTHON, &[SCRIPT, path.to_str().expect("a plain path"), "plots", operation])
}

/// One edit, committed; then everything is asked again. Gives the rows before and after.
fn edited(operation: &str) -> Option<[Vec<Row>; 2]> {
    if !have_qgis() || !have_gdal() {
        return None;
    }
    let (_folder, path) = folder();
    let before = rows(&with_plots(&path, Identity::column()), "plots");
    let said = in_qgis(&path, operation);
    assert!(said.contains(r#""done": true, "committed": true"#), "{operation}: {said}");
    let store = GpkgStore::open(&path).expect("opens");
    ids_are_right(&store, "plots");
    let after = rows(&store, "plots");
    drop(store);
    let listed = in_qgis(&path, "layers");
    assert_eq!(listed.trim(), r#"{"sublayers": ["plots"], "queried": ["plots"]}"#, "{operation}");
    validates(&path);
    Some([before, after])
}
