//! Ctrl-C and worse, in the middle of an import.
#![cfg(unix)]
use crate::folder::{Folder, Run};
use std::process::{Child, Command};
use std::time::Duration;

/// A document large enough to be interrupted.
fn large() -> String {
    let rows = (0..400_000)
        .map(|row| format!("{row},name of row {row},{}.5,{}.25\n", row % 180, row % 90));
    format!("n,name,x,y\n{}", rows.collect::<String>())
}

fn signal(child: &Child, name: &str) {
    let id = child.id().to_string();
    let sent = Command::new("kill").args([name, &id]).status().expect("there is kill");
    assert!(sent.success());
}

/// Starts an import of the document and waits until the store's file grows under it.
fn underway(folder: &Folder, args: &str) -> Child {
    let before = sizes(folder);
    let mut child = folder.spawn(args);
    for _ in 0..3_000 {
        std::thread::sleep(Duration::from_millis(5));
        if sizes(folder) > before + (1 << 16) {
            return child;
        }
    }
    child.kill().expect("is still there");
    child.wait().expect("ends");
    panic!("the import never began");
}

/// How many bytes the store and what SQLite keeps beside it have.
fn sizes(folder: &Folder) -> u64 {
    let names = folder.names();
    let of_store = names.iter().filter(|name| name.contains(".gpkg"));
    of_store.filter_map(|name| folder.path(name).metadata().ok()).map(|it| it.len()).sum()
}

#[test]
fn ctrl_c_leaves_no_new_store() {
    let folder = Folder::new();
    folder.write("large.csv", &large());
    let child = underway(&folder, "import large.csv new.gpkg");
    signal(&child, "-INT");
    let run = Run::of(child);
    assert_eq!(run.code, Some(130), "{}", run.err);
    assert!(run.err.contains("stopped on request"), "{}", run.err);
    assert_eq!(folder.names(), ["large.csv"]);
}

#[test]
fn ctrl_c_leaves_an_old_store_as_it_was() {
    let folder = Folder::after_tour();
    folder.write("large.csv", &large());
    let before = folder.csv("tour.gpkg", "cities", "");
    let child = underway(&folder, "import large.csv tour.gpkg");
    signal(&child, "-INT");
    let run = Run::of(child);
    assert_eq!(run.code, Some(130), "{}", run.err);
    assert_eq!(folder.csv("tour.gpkg", "cities", ""), before);
    folder.fails("query tour.gpkg large", 3);
    folder.ok("check tour.gpkg");
}

#[test]
fn a_killed_import_leaves_a_store_as_it_was() {
    let folder = Folder::after_tour();
    folder.write("large.csv", &large());
    let before = folder.csv("tour.gpkg", "cities", "");
    let mut child = underway(&folder, "import large.csv tour.gpkg");
    child.kill().expect("can be killed");
    child.wait().expect("ends");
    assert_eq!(folder.csv("tour.gpkg", "cities", ""), before);
    folder.fails("query tour.gpkg large", 3);
    folder.ok("check tour.gpkg");
}

#[test]
fn a_killed_import_leaves_a_new_store_that_can_be_used() {
    let folder = Folder::new();
    folder.write("large.csv", &large());
    folder.write("small.csv", "n\n1\n");
    let mut child = underway(&folder, "import large.csv new.gpkg");
    child.kill().expect("can be killed");
    child.wait().expect("ends");
    assert!(!folder.has("new.gpkg"), "it shows when it is complete");
    folder.ok("import small.csv new.gpkg");
    folder.fails("query new.gpkg large", 3);
    folder.ok("check new.gpkg");
}
