//! What goes wrong is said with what, where and what next, and told to scripts by a code.
use crate::folder::Folder;

#[test]
fn every_failure_says_what_and_where() {
    let folder = Folder::after_tour();
    folder.write("a.csv", "n\n1\n");
    folder.write("a.json", "{\"type\": \"FeatureCollection\", \"features\": [");
    folder.write("plain.gpkg", "this is no database, whatever its name says");
    std::fs::create_dir(folder.path("folder.csv")).expect("a folder");
    for (args, code, says) in [
        ("query none.gpkg a", 3, "none.gpkg"),
        ("query tour.gpkg contries", 3, "did you mean `countries`?"),
        ("query tour.gpkg countries --fields nmae", 2, "did you mean `name`?"),
        ("query tour.gpkg countries --order nmae", 2, "did you mean `name`?"),
        ("query tour.gpkg countries --bbox 1,2,3", 2, "--bbox"),
        ("query tour.gpkg countries --bbox 1,2,3,-5", 2, "lower edge"),
        ("get tour.gpkg countries 12", 2, "object id"),
        ("get tour.gpkg countries 67e55044-10b1-426f-9247-bb680e5fe0c8", 3, "67e55044"),
        ("import none.csv new.gpkg", 3, "none.csv"),
        ("import folder.csv new.gpkg", 2, "folder.csv"),
        ("import a.xyz new.gpkg", 6, "geojsonseq"),
        ("import a.json new.gpkg", 2, "a.json"),
        ("import a.csv new.shp", 6, ".gpkg"),
        ("import a.csv none.gpkg --mode append", 3, "none.gpkg"),
        ("import a.csv no/such/folder/new.gpkg", 3, "new.gpkg"),
        ("layers mysql://anna:hunter2@db/gis", 6, "postgres://"),
        ("tie tour.gpkg none", 3, "none"),
    ] {
        let run = folder.fails(args, code);
        assert!(run.err.contains(says), "{args}\n{}", run.err);
        assert!(run.out.is_empty(), "{args}: nothing on the standard output");
        assert!(
            !run.err.contains("hunter2") && !run.err.contains("panicked"),
            "{args}\n{}",
            run.err
        );
        assert!(run.err.lines().count() <= 4, "{args}\n{}", run.err);
    }
    assert!(!folder.has("new.gpkg"), "nothing was left behind");
}

#[test]
fn what_is_no_geopackage_is_not_read_as_one() {
    let folder = Folder::new();
    folder.write("plain.gpkg", &"this is no database, whatever its name says. ".repeat(100));
    let run = folder.run("layers plain.gpkg");
    assert!(matches!(run.code, Some(6 | 9)), "{:?} {}", run.code, run.err);
    assert!(run.err.contains("plain.gpkg"), "{}", run.err);
}

#[cfg(unix)]
#[test]
fn what_may_not_be_written_to_is_said_to_be() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = Folder::after_tour();
    folder.write("a.csv", "n\n1\n");
    std::fs::create_dir(folder.path("shut")).expect("a folder");
    let permissions = |mode| std::fs::Permissions::from_mode(mode);
    std::fs::set_permissions(folder.path("shut"), permissions(0o555)).expect("is ours");
    for args in ["import a.csv shut/new.gpkg", "export tour.gpkg cities shut/a.csv"] {
        let run = folder.as_nobody(args);
        assert_eq!(run.code, Some(7), "{args}\n{}", run.err);
        assert!(run.err.contains("shut/"), "{args}\n{}", run.err);
    }
    std::fs::set_permissions(folder.path("tour.gpkg"), permissions(0o444)).expect("is ours");
    let run = folder.as_nobody("import a.csv tour.gpkg");
    assert_eq!(run.code, Some(7), "{}", run.err);
    assert!(run.err.contains("tour.gpkg") && run.err.contains("read-only"), "{}", run.err);
    assert!(folder.as_nobody("layers tour.gpkg").out.contains("cities"), "it can be read");
    std::fs::set_permissions(folder.path("shut"), permissions(0o755)).expect("is ours");
}

#[test]
fn a_locked_store_is_unavailable_rather_than_broken() {
    let folder = Folder::after_tour();
    folder.write("a.csv", "n\n1\n");
    let lock = "import sqlite3,sys,time\nc=sqlite3.connect('tour.gpkg')\nc.execute('begin exclusive')\nprint('locked',flush=True)\ntime.sleep(60)\n";
    let Ok(mut holder) = std::process::Command::new("python3")
        .args(["-c", lock])
        .current_dir(folder.path(""))
        .stdout(std::process::Stdio::piped())
        .spawn()
    else {
        assert!(std::env::var_os("TIEPOINT_NO_SKIP").is_none(), "python3 is missing");
        println!("SKIPPED: a store that another program has locked (apt-get install python3)");
        return;
    };
    let mut line = String::new();
    let out = holder.stdout.take().expect("is piped");
    std::io::BufRead::read_line(&mut std::io::BufReader::new(out), &mut line).expect("says so");
    let run = folder.fails("import a.csv tour.gpkg", 8);
    holder.kill().expect("is still there");
    holder.wait().expect("ends");
    assert!(run.err.contains("locked") && run.err.contains("hint: "), "{}", run.err);
}
