//! A table with a change log in QGIS: whatever it does is heard.
use super::plots::{ids_are_right, make_plots};
use super::session::{DIRECT, Qgis, Session, WITHOUT_GEOMETRY};
use super::{have_qgis, source};
use std::time::Duration;
use tiepoint_core::Identity;
use tiepoint_postgis::PostgisStore;
use tiepoint_postgis::testing::{TestSchema, server_or_skip};
use tiepoint_store::{LogOptions, Store, TieOptions, Transaction, TransactionOptions};

/// What its users do, and what of it is heard.
const EDITS: [(&str, &str); 14] = [
    ("add", "+"),
    ("edit_values", "~~~~~~"),
    ("edit_geometry", "~"),
    ("undo", "~"),
    ("roll_back", ""),
    ("abandoned_group", ""),
    ("group", "+~"),
    ("duplicate", "+"),
    ("paste", "++"),
    ("merge", "~-"),
    ("split", "~~++"),
    ("cut_paste", "-+"),
    ("several", "~~~-++"),
    ("edit_null", "~"),
];
/// After so long a log that could be made anew has been.
const MENDED: Duration = Duration::from_millis(1_200);

fn place(test: &str) -> Option<TestSchema> {
    let server = server_or_skip(test)?;
    have_qgis().then(|| server.schema())
}

fn open(place: &TestSchema) -> PostgisStore {
    PostgisStore::open(&place.url()).expect("opens")
}

fn committed(store: &PostgisStore, work: impl FnOnce(&mut dyn Transaction)) {
    let mut transaction = store.begin(TransactionOptions::default()).expect("begins");
    work(transaction.as_mut());
    transaction.commit().expect("commits");
}

fn log(store: &PostgisStore) {
    committed(store, |it| it.install_log("plots", &LogOptions::default()).expect("is installed"));
}

fn logged(place: &TestSchema) -> PostgisStore {
    let store = open(place);
    make_plots(&store, Identity::column());
    log(&store);
    store
}

/// Five rectangles with a name, in a table that somebody else made.
fn plots_of_theirs(place: &TestSchema) {
    place.execute(
        "CREATE TABLE plots (fid serial PRIMARY KEY, name text, geom geometry(Polygon, 4326));
         INSERT INTO plots (name, geom)
           SELECT 'plot ' || n, ST_MakeEnvelope(n * 10, 0, n * 10 + 10, 10, 4326)
           FROM generate_series(0, 4) AS n",
    );
}

#[test]
fn what_users_do_is_heard() {
    let Some(place) = place("what QGIS does is heard") else { return };
    let store = logged(&place);
    let mut session = Session::open(&store, &source(&place), "plots");
    session.tells(&EDITS);
    session.tells(&[("rename_id", ""), ("add_with_ids", "+++")]);
    ids_are_right(&store, "plots");
}

#[test]
fn what_plugins_do_is_heard() {
    let Some(place) = place("what plugins of QGIS do is heard") else { return };
    let store = logged(&place);
    let mut session = Session::open(&store, &source(&place), "plots");
    session.tells(&DIRECT);
    assert_eq!(session.closed().next(MENDED).expect("listens"), None, "that is all");
}

/// The table gets its ids and its log while QGIS has it open, and knows of neither.
#[test]
fn a_table_that_was_open_before_it_had_a_log_is_heard() {
    let Some(place) = place("a log under QGIS's feet") else { return };
    plots_of_theirs(&place);
    let store = open(&place);
    let mut qgis = Qgis::open(&source(&place), "plots");
    qgis.does("edit_values");
    qgis.does("begin");
    log(&store);
    let mut session = Session::watching(&store, qgis, "plots");
    session.tells(&[("finish", "~")]);
    session.tells(&EDITS);
    committed(&store, |it| {
        it.tie("plots", &TieOptions::default()).expect("is tied");
    });
    assert_eq!(session.told("nothing"), "!", "other ids");
    session.tells(&[("add", "+"), ("paste", "++"), ("delete", "-")]);
    ids_are_right(&store, "plots");
}

#[test]
fn a_table_without_geometry_is_heard() {
    let Some(place) = place("a table without geometry in QGIS") else { return };
    plots_of_theirs(&place);
    place.execute("ALTER TABLE plots DROP COLUMN geom");
    let store = open(&place);
    log(&store);
    let source = source(&place).replace(" (geom)", "").replace("srid=4326 type=Polygon ", "");
    let mut session = Session::open(&store, &source, "plots");
    session.tells(&WITHOUT_GEOMETRY);
}

/// A log is made anew as soon as that can be, a second later at the latest; until then the layer is
/// to be read again.
#[test]
fn fields_that_come_go_and_are_renamed_are_heard() {
    let Some(place) = place("what QGIS does to fields") else { return };
    let store = logged(&place);
    let mut session = Session::open(&store, &source(&place), "plots");
    for (operation, then) in [
        ("add_field", "edit_new_field"),
        ("rename_field", "edit_renamed_field"),
        ("add_field_and_fill", "edit_new_field"),
        ("delete_renamed_field_and_edit", "provider_geometry"),
    ] {
        let told = session.told(operation);
        std::thread::sleep(MENDED);
        let told = told + &session.told("nothing");
        assert!(told.contains('!'), "{operation}: {told}");
        session.tells(&[(then, "~~~~~")]);
    }
    ids_are_right(&store, "plots");
}

#[test]
fn what_the_server_refuses_is_not_heard() {
    let Some(place) = place("what QGIS is refused") else { return };
    let store = logged(&place);
    place.execute("ALTER TABLE plots ADD CHECK (name <> 'added'), ADD CHECK (name <> 'plot 3!')");
    let mut session = Session::open(&store, &source(&place), "plots");
    for operation in ["add", "edit_values"] {
        let (told, reasons) = session.told_of_refused(operation);
        assert_eq!(told, "", "all or nothing: {operation}");
        assert!(reasons.contains("violates check constraint"), "{reasons}");
    }
    session.tells(&[("edit_geometry", "~")]);
}
