//! A layer with a change log in QGIS: whatever it does is heard, and what it may no longer do harms
//! nothing.
use crate::session::{Copy, DIRECT, Qgis, Session, WITHOUT_GEOMETRY};
use crate::tools::{
    folder, have_gdal, have_qgis, ids_are_right, plot, plots, run, validates, with_plots,
};
use std::path::Path;
use std::time::{Duration, Instant};
use tiepoint_core::{Edit, Feature, Identity, LayerDefinition, Schema};
use tiepoint_gpkg::GpkgStore;
use tiepoint_store::{
    Author, LogOptions, Repair, Store, TieOptions, Transaction, TransactionOptions, WatchEvent,
    WatchOptions,
};

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
    ("merge", "~~-"),
    ("split", "~~++"),
    ("cut_paste", "-+"),
    ("several", "~~~~-++"),
    ("edit_null", "~"),
];

fn committed(store: &GpkgStore, work: impl FnOnce(&mut dyn Transaction)) {
    let mut transaction = store.begin(TransactionOptions::default()).expect("begins");
    work(transaction.as_mut());
    transaction.commit().expect("commits");
}

fn log(store: &GpkgStore, layer: &str) {
    committed(store, |it| it.install_log(layer, &LogOptions::default()).expect("is installed"));
}

fn logged(path: &Path, identity: Identity) -> GpkgStore {
    let store = with_plots(path, identity);
    log(&store, "plots");
    store
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a plain path")
}

/// All that a file must be when QGIS is done with it.
fn is_sound(store: &GpkgStore, path: &Path) {
    let findings = store.check(Repair::Yes).expect("checks");
    assert!(findings.iter().all(|it| it.mended), "{findings:?}");
    validates(path);
}

#[test]
fn what_users_do_is_heard() {
    if !have_qgis() || !have_gdal() {
        return;
    }
    for identity in [Identity::column(), Identity::None] {
        let (_folder, path) = folder();
        let store = logged(&path, identity.clone());
        let (begun, mut copy) = (store.watch(&WatchOptions::from_now()), Copy::of(&store, "plots"));
        let begun = begun.expect("watches").checkpoint();
        let mut session = Session::open(&store, text(&path), "plots");
        session.tells(&EDITS);
        if identity != Identity::None {
            session.tells(&[("rename_id", ""), ("add_with_ids", "+++")]);
            ids_are_right(&store, "plots");
        }
        drop(session);
        let mut late = store.watch(&WatchOptions::after(begun)).expect("watches");
        while let Some(event) = late.next(Duration::ZERO).expect("can be read") {
            let WatchEvent::Changed(changed) = event else { panic!("{event:?}") };
            copy.apply(&changed);
        }
        assert_eq!(copy, Copy::of(&store, "plots"), "whoever was away hears the same");
        is_sound(&store, &path);
    }
}

#[test]
fn what_plugins_do_is_heard() {
    if !have_qgis() || !have_gdal() {
        return;
    }
    let (_folder, path) = folder();
    let store = logged(&path, Identity::column());
    Session::open(&store, text(&path), "plots").tells(&DIRECT);
    is_sound(&store, &path);
}

/// The layer gets its ids and its log while QGIS has it open, and knows of neither.
#[test]
fn a_layer_that_was_open_before_it_had_a_log_is_heard() {
    if !have_qgis() || !have_gdal() {
        return;
    }
    let (_folder, path) = folder();
    let store = with_plots(&path, Identity::None);
    let mut qgis = Qgis::open(text(&path), "plots");
    qgis.does("edit_values");
    qgis.does("begin");
    committed(&store, |it| {
        it.tie("plots", &TieOptions::default()).expect("is tied");
    });
    log(&store, "plots");
    let mut session = Session::watching(&store, qgis, "plots");
    session.tells(&[("finish", "~")]);
    session.tells(&EDITS);
    ids_are_right(&store, "plots");
    drop(session);
    is_sound(&store, &path);
}

#[test]
fn a_layer_without_geometry_is_heard() {
    if !have_qgis() || !have_gdal() {
        return;
    }
    let (_folder, path) = folder();
    let store = GpkgStore::create(&path).expect("is created");
    let fields = plots(Identity::None).schema.fields()[1..].to_vec();
    let schema = Schema::new(fields).expect("distinct names");
    let definition = LayerDefinition::new("notes", schema);
    committed(&store, |transaction| {
        transaction.create_layer(&definition).expect("is created");
        for number in 0..5 {
            let values = vec![Some(format!("plot {number}").into())];
            let note = Feature::with_values(definition.schema.clone(), values);
            transaction.write("notes", Edit::Insert(note)).expect("is written");
        }
    });
    log(&store, "notes");
    let mut session = Session::open(&store, text(&path), "notes");
    session.tells(&WITHOUT_GEOMETRY);
    ids_are_right(&store, "notes");
    drop(session);
    is_sound(&store, &path);
}

#[test]
fn fields_that_are_added_and_renamed_are_heard() {
    if !have_qgis() || !have_gdal() {
        return;
    }
    let (_folder, path) = folder();
    let store = logged(&path, Identity::column());
    let mut session = Session::open(&store, text(&path), "plots");
    session.tells(&[
        ("add_field", "!"),
        ("edit_new_field", "~~~~~"),
        ("rename_field", ""),
        ("edit_renamed_field", "~~~~~"),
        ("edit_new_field", "~~~~~"),
    ]);
    let told = session.told("add_field_and_fill");
    assert!(told.starts_with('!') && told[1..].chars().all(|it| it == '~'), "{told}");
    session.tells(&[("edit_renamed_field", "~~~~~")]);
    ids_are_right(&store, "plots");
    drop(session);
    is_sound(&store, &path);
}

/// QGIS says which trigger is in its way; what else it commits with it is written, and heard.
#[test]
fn a_field_stays_as_long_as_there_is_a_log() {
    if !have_qgis() || !have_gdal() {
        return;
    }
    let (_folder, path) = folder();
    let store = logged(&path, Identity::column());
    let mut session = Session::open(&store, text(&path), "plots");
    for (operation, told) in [("delete_field", ""), ("delete_field_and_edit", "~")] {
        let (heard, reasons) = session.told_of_refused(operation);
        assert_eq!(heard, told, "{operation}");
        assert!(reasons.contains("error in trigger gpkg_tiepoint_log_1_"), "{reasons}");
    }
    session.tells(&[("edit_values", "~~~~~"), ("add", "+"), ("delete", "-")]);
    drop(session);
    is_sound(&store, &path);
    committed(&store, |it| assert!(it.remove_log("plots").expect("is removed")));
    Qgis::open(text(&path), "plots").does("delete_field");
    assert_eq!(store.layer("plots").expect("is there").schema().position("name"), None);
    ids_are_right(&store, "plots");
    log(&store, "plots");
    Session::open(&store, text(&path), "plots").tells(&[("provider_geometry", "~~~~~")]);
    is_sound(&store, &path);
}

#[test]
fn it_is_known_what_is_ours_and_what_is_its() {
    if !have_qgis() {
        return;
    }
    let (_folder, path) = folder();
    let store = logged(&path, Identity::column());
    let sister = GpkgStore::open(&path).expect("opens");
    let mut watch = store.watch(&WatchOptions::from_now()).expect("watches");
    let mut qgis = Qgis::open(text(&path), "plots");
    let add = |store: &GpkgStore, number: i32| {
        let plot = plot(&plots(Identity::column()), number);
        committed(store, |it| drop(it.write("plots", Edit::Insert(plot)).expect("is written")));
    };
    add(&store, 5);
    qgis.does("add");
    add(&sister, 6);
    qgis.does("delete");
    let next = || watch.next(Duration::from_millis(100)).expect("can be read");
    let author = |event| match event {
        WatchEvent::Changed(changed) => changed.author,
        WatchEvent::Reset(reset) => panic!("{reset:?}"),
    };
    let authors: Vec<_> = std::iter::from_fn(next).map(author).collect();
    assert_eq!(authors, [Author::This, Author::Other, Author::Tiepoint, Author::Other]);
}

/// Asked of another program: closing the file here would take SQLite's locks off it.
fn is_in_rollback_mode(path: &Path) -> bool {
    run("od", &["-An", "-tu1", "-j18", "-N1", text(path)]).trim() == "1"
}

/// QGIS has a file in WAL mode while it writes, and puts it back when it closes it.
#[test]
fn a_file_that_goes_to_wal_and_back_is_heard() {
    if !have_qgis() || !have_gdal() {
        return;
    }
    let (folder, path) = folder();
    let store = logged(&path, Identity::column());
    let mut session = Session::open(&store, text(&path), "plots");
    let mut other = Qgis::open(text(&path), "plots");
    for _ in 0..3 {
        other.does("provider_change");
        session.tells(&[("nothing", "~~~~~"), ("edit_values", "~~~~~"), ("add", "+")]);
        other.does("provider_delete_newest");
        session.tells(&[("nothing", "-")]);
    }
    drop(other);
    session.tells(&[("edit_geometry", "~")]);
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(4) {
        session.tells(&[("nothing", "")]);
    }
    let watch = session.closed();
    assert!(is_in_rollback_mode(&path), "although somebody listens");
    is_sound(&store, &path);
    let left = std::fs::read_dir(folder.path()).expect("lists").count();
    assert_eq!(left, 1, "no journal is left behind");
    drop(watch);
}
