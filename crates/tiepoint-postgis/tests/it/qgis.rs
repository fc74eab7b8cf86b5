//! A tied table in QGIS: every edit leaves ids right.
#[path = "../../../tiepoint-gpkg/tests/others/session.rs"]
mod session;
mod watched;

use session::{PYTHON, SCRIPT};
use std::io::Write as _;
use std::process::{Command, Output};
use tiepoint_core::{
    Crs, Edit, Feature, Field, FieldType, Geometry, GeometryKind, GeometryType, KindRule,
    LayerDefinition, Query, Schema,
};
use tiepoint_postgis::PostgisStore;
use tiepoint_postgis::testing::{TestSchema, server_or_skip};
use tiepoint_store::{Store, TransactionOptions};

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

/// Five rectangles with a name, tied.
fn plots(store: &dyn Store) {
    let polygons = GeometryType::xy(KindRule::Only(GeometryKind::Polygon), Crs::epsg(4326));
    let fields = vec![
        Field::new("geom", FieldType::Geometry(polygons)),
        Field::new("name", FieldType::TEXT),
    ];
    let definition = LayerDefinition::new("plots", Schema::new(fields).expect("distinct names"));
    let mut transaction = store.begin(TransactionOptions::default()).expect("begins");
    transaction.create_layer(&definition).expect("is created");
    for number in 0..5 {
        let (x, far) = (number * 10, number * 10 + 10);
        let wkt = format!("POLYGON(({x} 0, {far} 0, {far} 10, {x} 10, {x} 0))");
        let geometry = Geometry::from_wkt(&wkt).expect("a rectangle");
        let values = vec![Some(geometry.into()), Some(format!("plot {number}").into())];
        let plot = Feature::with_values(definition.schema.clone(), values);
        transaction.write("plots", Edit::Insert(plot)).expect("is written");
    }
    transaction.commit().expect("commits");
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

/// A feature's fid, object id and name.
type Row = (String, Option<String>, String);

fn rows(store: &dyn Store) -> Vec<Row> {
    let features = store.read(&Query::layer("plots")).expect("reads");
    let row = |it: Feature| {
        let name = it.get("name").and_then(|it| it.as_text()).unwrap_or("-").to_owned();
        let fid = it.fid.as_ref().expect("is stored").to_string();
        (fid, it.id.map(|id| id.to_string()), name)
    };
    features.map(|it| row(it.expect("every row reads"))).collect()
}

/// One edit, committed. Gives the rows before and after; no two have the same id.
fn edited(operation: &str) -> Option<[Vec<Row>; 2]> {
    let server = server_or_skip(operation)?;
    if !have_qgis() {
        return None;
    }
    let place = server.schema();
    let store = PostgisStore::open(&place.url()).expect("opens");
    plots(&store);
    let before = rows(&store);
    let output = python(&[SCRIPT, &source(&place), "plots", operation]).expect("starts");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        said.contains(r#""done": true, "committed": true"#),
        "{operation}: {said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let after = rows(&store);
    let ids: std::collections::HashSet<_> = after.iter().map(|(_, id, _)| id.clone()).collect();
    assert!(!ids.contains(&None) && ids.len() == after.len(), "{after:?}");
    Some([before, after])
}

fn named<'a>(rows: &'a [Row], name: &str) -> Vec<&'a Option<String>> {
    rows.iter().filter(|(_, _, it)| it == name).map(|(_, id, _)| id).collect()
}

#[test]
fn a_feature_added_in_qgis_gets_an_id() {
    let Some([before, after]) = edited("add") else { return };
    assert_eq!((after.len(), &after[..5]), (6, &before[..]));
}

#[test]
fn a_pasted_copy_gets_its_own_id_and_the_original_keeps_its() {
    let Some([before, after]) = edited("paste") else { return };
    assert_eq!((after.len(), &after[..5]), (7, &before[..]));
}

#[test]
fn what_is_cut_and_pasted_is_one_feature_with_an_id() {
    let Some([before, after]) = edited("cut_paste") else { return };
    assert_eq!(after.len(), 5);
    assert_eq!(named(&after, "plot 3"), named(&before, "plot 3"));
}

#[test]
fn a_split_leaves_the_id_with_one_part() {
    let Some([before, after]) = edited("split") else { return };
    assert_eq!(after.len(), 6);
    assert!(named(&after, "plot 2").contains(&named(&before, "plot 2")[0]));
}

#[test]
fn the_survivor_of_a_merge_keeps_its_own_id() {
    let Some([before, after]) = edited("merge") else { return };
    assert_eq!(after.len(), 4);
    assert_eq!(named(&after, "plot 1"), named(&before, "plot 0"));
}

#[test]
fn a_deleted_feature_takes_its_id_with_it() {
    let Some([before, after]) = edited("delete") else { return };
    assert_eq!(after[..], before[..4]);
}

#[test]
fn a_rewritten_id_is_put_back() {
    let Some([before, after]) = edited("rename_id") else { return };
    assert_eq!(after, before);
}
