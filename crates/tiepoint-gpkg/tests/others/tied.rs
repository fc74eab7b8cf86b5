//! A tied file in the hands of GDAL and of plain SQLite.
use crate::tools::{
    PYTHON, folder, have_gdal, ids_are_right, ogr_layers, output, rows, run, validates, with_plots,
};
use std::fs;
use std::path::Path;
use tiepoint_core::Identity;
use tiepoint_gpkg::GpkgStore;
use tiepoint_store::{FindingKind, Repair, Store};

fn text(path: &Path) -> &str {
    path.to_str().expect("a plain path")
}

/// Python's sqlite3 with the functions that the standard triggers call, as others have them.
fn python(path: &Path, script: &str) {
    let functions = "import sqlite3, sys\nc = sqlite3.connect(sys.argv[1])\n\
        def blank(b): return 1 if b is None or (b[3] & 16) else 0\n\
        import struct\n\
        def bound(n): return lambda b: struct.unpack_from('<d', b, 8 + 8 * n)[0]\n\
        c.create_function('ST_IsEmpty', 1, blank, deterministic=True)\n\
        for n, f in enumerate(['ST_MinX', 'ST_MaxX', 'ST_MinY', 'ST_MaxY']): c.create_function(f, 1, bound(n), deterministic=True)\n";
    run(PYTHON, &["-c", &format!("{functions}{script}\nc.commit()\n"), text(path)]);
}

#[test]
fn no_table_of_ours_is_listed() {
    if !have_gdal() {
        return;
    }
    let (_folder, path) = folder();
    drop(with_plots(&path, Identity::column()));
    assert_eq!(ogr_layers(&path), ["1: plots (Polygon)"]);
    validates(&path);
}

#[test]
fn rows_that_ogr2ogr_appends_get_ids() {
    if !have_gdal() {
        return;
    }
    let (folder, path) = folder();
    let before = rows(&with_plots(&path, Identity::column()), "plots");
    let copy = folder.path().join("copy.gpkg");
    run("ogr2ogr", &["-f", "GPKG", text(&copy), text(&path)]);
    run("ogr2ogr", &["-append", text(&path), text(&copy), "plots"]);
    let store = GpkgStore::open(&path).expect("opens");
    ids_are_right(&store, "plots");
    let after = rows(&store, "plots");
    assert_eq!((after.len(), &after[..5]), (10, &before[..]), "copies got their own ids");
    drop(store);
    validates(&path);
}

#[test]
fn a_copy_is_noticed_as_another_store() {
    let (folder, path) = folder();
    let store = with_plots(&path, Identity::column());
    let is_copy = |store: &GpkgStore| {
        let findings = store.check(Repair::No).expect("checks");
        findings.iter().any(|it| it.kind == FindingKind::Copy)
    };
    assert!(!is_copy(&store));
    drop(store);
    let copy = folder.path().join("copy.gpkg");
    fs::copy(&path, &copy).expect("copies");
    assert!(is_copy(&GpkgStore::open(&copy).expect("opens")));
    assert!(!is_copy(&GpkgStore::open(&path).expect("opens")), "the original is still itself");
}

#[test]
fn a_copy_by_ogr2ogr_has_nothing_of_ours_but_the_column() {
    if !have_gdal() {
        return;
    }
    let (folder, path) = folder();
    let before = rows(&with_plots(&path, Identity::column()), "plots");
    let copy = folder.path().join("copy.gpkg");
    run("ogr2ogr", &["-f", "GPKG", text(&copy), text(&path)]);
    let store = GpkgStore::open(&copy).expect("opens");
    let layer = store.layer("plots").expect("is there");
    assert_eq!(layer.identity(), &Identity::None, "nobody tied this file");
    assert!(layer.schema().position("object_id").is_some());
    assert_eq!(rows(&store, "plots").len(), before.len());
}

#[test]
fn vacuum_changes_nothing() {
    let (_folder, path) = folder();
    let before = rows(&with_plots(&path, Identity::column()), "plots");
    python(&path, "c.isolation_level = None\nc.execute('VACUUM')");
    let store = GpkgStore::open(&path).expect("opens");
    assert_eq!(rows(&store, "plots"), before);
    assert_eq!(store.check(Repair::No).expect("checks"), []);
}

#[test]
fn rows_that_others_write_get_right_ids() {
    let (_folder, path) = folder();
    let before = rows(&with_plots(&path, Identity::column()), "plots");
    python(
        &path,
        "rows = c.execute('select geom, object_id from plots').fetchall()\n\
         c.execute('insert into plots(geom, name) values (?, ?)', (rows[0][0], 'without'))\n\
         c.execute('insert into plots(geom, name, object_id) values (?, ?, ?)', (rows[0][0], 'empty', ''))\n\
         c.execute('insert into plots(geom, name, object_id) values (?, ?, ?)', (rows[0][0], 'copy', rows[0][1]))\n\
         c.execute(\"update plots set object_id = '22222222-2222-4222-8222-222222222222' where name = 'plot 1'\")\n\
         c.execute('update plots set object_id = NULL where name = ?', ('plot 2',))",
    );
    let store = GpkgStore::open(&path).expect("opens");
    ids_are_right(&store, "plots");
    let after = rows(&store, "plots");
    assert_eq!((after.len(), &after[..5]), (8, &before[..]));
}

#[test]
fn our_triggers_stop_nobody_who_could_write_before() {
    let (_folder, path) = folder();
    drop(with_plots(&path, Identity::column()));
    // Without the standard's functions deleting still works, and it did before.
    run(
        PYTHON,
        &[
            "-c",
            "import sqlite3, sys\nc = sqlite3.connect(sys.argv[1])\n\
        c.execute('pragma recursive_triggers = on')\n\
        c.execute(\"delete from plots where name = 'plot 4'\")\nc.commit()",
            text(&path),
        ],
    );
    python(
        &path,
        "c.execute('pragma recursive_triggers = on')\n\
        c.execute(\"update plots set name = 'renamed', object_id = 'x' where name = 'plot 3'\")\n\
        c.execute(\"insert or replace into plots(fid, geom, name) select fid, geom, 'replaced' from plots where name = 'plot 2'\")",
    );
    let store = GpkgStore::open(&path).expect("opens");
    ids_are_right(&store, "plots");
    assert_eq!(rows(&store, "plots").len(), 4);
}

#[test]
fn untying_leaves_the_file_as_it_was() {
    let (_folder, path) = folder();
    let store = with_plots(&path, Identity::None);
    let schema = || {
        run(
            PYTHON,
            &[
                "-c",
                "import sqlite3, sys\nc = sqlite3.connect(sys.argv[1])\n\
        print(sorted(map(str, c.execute('select type, name, tbl_name, sql from sqlite_master').fetchall())))",
                text(&path),
            ],
        )
    };
    let before = (schema(), rows(&store, "plots"));
    let within = |work: &dyn Fn(&mut dyn tiepoint_store::Transaction)| {
        let mut transaction =
            store.begin(tiepoint_store::TransactionOptions::default()).expect("opens");
        work(transaction.as_mut());
        transaction.commit().expect("commits");
    };
    within(&|it| {
        it.tie("plots", &tiepoint_store::TieOptions::default()).expect("ties");
    });
    ids_are_right(&store, "plots");
    assert_ne!(schema(), before.0);
    within(&|it| drop(it.untie(None).expect("unties")));
    assert_eq!((schema(), rows(&store, "plots")), before);
}

#[test]
fn reading_and_checking_change_no_byte() {
    let (folder, path) = folder();
    drop(with_plots(&path, Identity::column()));
    let before = fs::read(&path).expect("reads");
    let modified = fs::metadata(&path).and_then(|it| it.modified()).expect("has a time");
    let store = GpkgStore::open(&path).expect("opens");
    rows(&store, "plots");
    store.facts("plots").expect("reads");
    store.check(Repair::No).expect("checks");
    store.freshness().expect("reads");
    drop(store);
    assert_eq!(fs::read(&path).expect("reads"), before);
    assert_eq!(fs::metadata(&path).and_then(|it| it.modified()).expect("has a time"), modified);
    let files = fs::read_dir(folder.path()).expect("lists").count();
    assert_eq!(files, 1, "no journal is left behind");
}

#[test]
fn the_bare_shell_can_still_read() {
    let (_folder, path) = folder();
    drop(with_plots(&path, Identity::column()));
    let said = output(
        PYTHON,
        &[
            "-c",
            "import sqlite3, sys\n\
        print(sqlite3.connect(sys.argv[1]).execute('select count(*) from plots').fetchone()[0])",
            text(&path),
        ],
    );
    assert_eq!(String::from_utf8_lossy(&said.stdout).trim(), "5");
}
