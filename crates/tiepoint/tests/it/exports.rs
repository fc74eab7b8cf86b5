//! Documents that are written: whole or not at all, and what they say.
use crate::{bring, count, csv};
use std::fs;
use tiepoint::{
    ErrorKind, ExportOptions, ImportOptions, MemoryStore, Overwrite, Progress, Query, Source,
    Store, Target, export, import,
};

const TREES: &str = r#"{"type":"FeatureCollection","features":[
{"type":"Feature","properties":{"name":"oak","height":21.5,"planted":"1901-04-30"},"geometry":{"type":"Point","coordinates":[24.94,60.17]}},
{"type":"Feature","properties":{"name":"elm, \"old\"","height":17.0,"planted":null},"geometry":{"type":"Point","coordinates":[-0.1,51.5]}},
{"type":"Feature","properties":{"name":"nowhere","height":0.1,"planted":"2024-02-29"},"geometry":null}]}"#;

fn trees() -> MemoryStore {
    let store = MemoryStore::new();
    bring(&store, "trees.geojson", TREES, &ImportOptions::default()).expect("imports");
    store
}

/// All features without what the store calls them.
fn all(store: &dyn Store, layer: &str, fields: &[&str]) -> Vec<tiepoint::Feature> {
    let query = Query::layer(layer).fields(fields.iter().copied());
    let features = store.read(&query).expect("the layer is there");
    let bare = |mut feature: tiepoint::Feature| {
        feature.fid = None;
        feature
    };
    features.map(|feature| bare(feature.expect("can be read"))).collect()
}

#[test]
fn what_is_written_reads_back_ids_and_all() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = trees();
    for name in ["a.geojson", "a.geojsonl", "a.csv"] {
        let path = folder.path().join(name);
        let target = Target::File(path.clone());
        let query = Query::layer("trees");
        let written = export(&store, &query, &target, &ExportOptions::default(), &()).expect(name);
        assert_eq!(written, 3);
        let back = MemoryStore::new();
        let source = Source::parse(path.to_str().expect("a plain path")).expect("a document");
        import(&source, &back, &ImportOptions::default(), &()).expect(name);
        let fields = ["name", "height", "planted"];
        let (was, is) = (all(&store, "trees", &fields), all(&back, "a", &fields));
        for (was, is) in was.iter().zip(&is) {
            assert_eq!((was.id, was.values()), (is.id, is.values()), "{name}");
        }
        let geometry = |store: &MemoryStore, layer: &str| -> Vec<_> {
            let features = store.read(&Query::layer(layer)).expect("reads");
            features.map(|it| it.expect("can be read").geometry().cloned()).collect()
        };
        assert_eq!(geometry(&store, "trees"), geometry(&back, "a"), "{name}");
        assert_eq!(count(&back, "a"), 3, "{name}");
    }
}

#[test]
fn a_file_that_is_there_stays_unless_it_may_go() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("a.csv");
    fs::write(&path, "precious").expect("can be written");
    let (store, query, target) = (trees(), Query::layer("trees"), Target::File(path.clone()));
    let refused = export(&store, &query, &target, &ExportOptions::default(), &());
    assert_eq!(refused.expect_err("is there").kind(), ErrorKind::AlreadyExists);
    assert_eq!(fs::read_to_string(&path).expect("is there"), "precious");
    let options = ExportOptions { overwrite: Overwrite::Allow, ..ExportOptions::default() };
    export(&store, &query, &target, &options, &()).expect("may go");
    assert!(fs::read_to_string(&path).expect("is there").contains("oak"));
}

struct Impatient;

impl Progress for Impatient {
    fn should_stop(&self) -> bool {
        true
    }
}

#[test]
fn a_failed_export_leaves_nothing_behind() {
    let store = MemoryStore::new();
    bring(&store, "a.csv", &csv("n", 500, |row| row.to_string()), &ImportOptions::default())
        .expect("imports");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let target = Target::File(folder.path().join("a.csv"));
    let options = ExportOptions::default();
    let stopped = export(&store, &Query::layer("a"), &target, &options, &Impatient);
    assert!(stopped.is_err());
    let unknown = export(&store, &Query::layer("a").fields(["m"]), &target, &options, &());
    assert!(unknown.is_err());
    let lost = Target::File(folder.path().join("no such folder/a.csv"));
    let error = export(&store, &Query::layer("a"), &lost, &options, &()).expect_err("no folder");
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert_eq!(fs::read_dir(folder.path()).expect("is there").count(), 0);
}

#[cfg(unix)]
#[test]
fn a_link_keeps_pointing_at_what_is_replaced() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (real, link) = (folder.path().join("real.csv"), folder.path().join("link.csv"));
    fs::write(&real, "old").expect("can be written");
    fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).expect("is ours");
    symlink(&real, &link).expect("can be linked");
    let options = ExportOptions { overwrite: Overwrite::Allow, ..ExportOptions::default() };
    export(&trees(), &Query::layer("trees"), &Target::File(link.clone()), &options, &())
        .expect("exports");
    assert!(fs::symlink_metadata(&link).expect("is there").is_symlink());
    assert!(fs::read_to_string(&real).expect("is there").contains("oak"));
    assert_eq!(fs::metadata(&real).expect("is there").permissions().mode() & 0o777, 0o640);
}
