//! A tied table in QGIS: every edit leaves ids right.
#[path = "../../../tiepoint-gpkg/tests/others/qgis/ids.rs"]
mod ids;
#[path = "../../../tiepoint-gpkg/tests/others/plots.rs"]
mod plots;
#[path = "../../../tiepoint-gpkg/tests/others/session.rs"]
mod session;
mod watched;

use plots::{Row, ids_are_right, make_plots, rows};
use session::{PYTHON, SCRIPT};
use std::io::Write as _;
use std::process::{Command, Output};
use tiepoint_core::Identity;
use tiepoint_postgis::PostgisStore;
use tiepoint_postgis::testing::{TestSchema, server_or_skip};

fn python(arguments: &[&str]) -> Option<Output> {
    let mut command = Command::new(PYTHON);
    command.args(arguments).env("QT_QPA_PLATFORM", "offscreen").output().ok()
}

fn have_qgis() -> bool {
    let found = python(&["-c", "import qgis.core"]).is_some_and(|it| it.status.success());
    if !found {
        let note = "what QGIS does to our tables (apt-get install python3-qgis)";
        assert!(std::env::var_os("TIEPOINT_NO_SKIP").is_none(), "missing: {note}");
        writeln!(std::io::stdout(), "SKIPPED: {note}").expect("stdout takes a line");
    }
    found
}

/// What QGIS calls the table.
fn source(place: &TestSchema) -> String {
    let setting = |name: &str| place.value(&format!("SELECT current_setting('{name}')"));
    let host = setting("unix_socket_directories");
    let database = place.value("SELECT current_database()");
    let user = place.value("SELECT current_user");
    format!(
        "dbname='{database}' host={host} port={} user='{user}' sslmode=disable key='fid' \
         srid=4326 type=Polygon table=\"{}\".\"plots\" (geom)",
        setting("port"),
        place.name()
    )
}

/// One edit, committed. Gives the rows before and after; no two have the same id.
fn edited(operation: &str) -> Option<[Vec<Row>; 2]> {
    let server = server_or_skip(operation)?;
    if !have_qgis() {
        return None;
    }
    let place = server.schema();
    let store = PostgisStore::open(&place.url()).expect("opens");
    make_plots(&store, Identity::column());
    let before = rows(&store, "plots");
    let output = python(&[SCRIPT, &source(&place), "plots", operation]).expect("starts");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        said.contains(r#""done": true, "committed": true"#),
        "{operation}: {said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    ids_are_right(&store, "plots");
    let after = rows(&store, "plots");
    Some([before, after])
}
