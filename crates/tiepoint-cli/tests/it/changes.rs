//! Change sets from a shell: found, applied, taken back, merged, on files and databases alike.
use crate::folder::{Folder, Run};
use tiepoint::testing::{TestSchema, server_or_skip};

const TREES: &str = "object_id,name,height,lon,lat\n\
    0190a6f0-5c3e-7d21-9b6a-2f4d8c1e7a90,oak,21.5,24.95,60.15\n\
    0190a6f0-5c3e-7d21-9b6a-2f4d8c1e7a91,elm,17.0,24.96,60.16\n\
    0190a6f0-5c3e-7d21-9b6a-2f4d8c1e7a92,fir,30.0,24.97,60.17\n";
const NOTES: &str = "object_id,note,rank\n\
    0190a6f0-5c3e-7d21-9b6a-2f4d8c1e7b90,first,1\n\
    0190a6f0-5c3e-7d21-9b6a-2f4d8c1e7b91,second,2\n";

/// Three stores that say the same, and what they are made of.
pub(crate) struct Stores {
    pub(crate) base: String,
    pub(crate) mine: String,
    pub(crate) theirs: String,
    _schemas: Vec<TestSchema>,
}

/// Files, and schemas of a database where there is a server; each has a layer with geometries and
/// one without.
pub(crate) fn each_kind(what: &str, test: impl Fn(&Folder, &Stores)) {
    let folder = Folder::new();
    let [base, mine, theirs] = ["base.gpkg", "mine.gpkg", "theirs.gpkg"].map(str::to_owned);
    let files = Stores { base, mine, theirs, _schemas: Vec::new() };
    fill(&folder, &files);
    test(&folder, &files);

    let Some(server) = server_or_skip(what) else { return };
    let schemas = vec![server.schema(), server.schema(), server.schema()];
    let [base, mine, theirs] = [0, 1, 2].map(|at| format!("'{}'", schemas[at].url()));
    let folder = Folder::new();
    let databases = Stores { base, mine, theirs, _schemas: schemas };
    fill(&folder, &databases);
    test(&folder, &databases);
}

fn fill(folder: &Folder, stores: &Stores) {
    folder.write("trees.csv", TREES);
    folder.write("notes.csv", NOTES);
    for store in [&stores.base, &stores.mine, &stores.theirs] {
        for layer in ["trees", "notes"] {
            ok(folder, &format!("tiepoint import {layer}.csv {store}"));
        }
    }
}

#[track_caller]
pub(crate) fn ok(folder: &Folder, line: &str) -> Run {
    exits(folder, line, 0)
}

#[track_caller]
pub(crate) fn exits(folder: &Folder, line: &str, code: i32) -> Run {
    let run = folder.shell(line);
    assert_eq!(run.code, Some(code), "{line}\n{}{}", run.out, run.err);
    run
}

/// All that a store says, whatever the order and the rows.
pub(crate) fn says(folder: &Folder, store: &str) -> Vec<String> {
    let layers = ["trees", "notes"].iter();
    let text: String = layers
        .map(|it| ok(folder, &format!("tiepoint query {store} {it} --format csv")).out)
        .collect();
    let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
    lines.sort();
    lines
}

/// Changes every kind of thing in a store, and commits.
fn edited(folder: &Folder, store: &str) {
    ok(
        folder,
        &format!(
            "tiepoint edit {store} trees -c 'set name=oak height=22.5' -c 'delete name=elm' \
             -c 'add name=ash height=3 at 24.98,60.18' -c 'move name=fir by 0.001,0' \
             -c 'layer notes' -c 'set rank=1 note=null' -c 'add note=third' -c commit"
        ),
    );
}

#[test]
fn what_diff_finds_apply_writes_once_and_invert_takes_back() {
    each_kind("what_diff_finds_apply_writes_once_and_invert_takes_back", |folder, stores| {
        let Stores { base, mine, .. } = stores;
        let before = says(folder, base);
        ok(folder, &format!("tiepoint diff {base} {mine}"));
        edited(folder, mine);
        let told = exits(folder, &format!("tiepoint diff {base} {mine}"), 1).out;
        for part in ["layer `trees`: 2 changed, 1 new, 1 deleted", "height: 21.5 → 22.5"] {
            assert!(told.contains(part), "{told}");
        }
        assert!(
            told.contains("moved by 56 m") && told.contains("note: \"first\" → null"),
            "{told}"
        );
        exits(folder, &format!("tiepoint diff {base} {mine} -o changes.tpc"), 1);
        exits(folder, &format!("tiepoint diff {base} {mine} -o changes.json"), 1);

        let preview = ok(folder, &format!("tiepoint apply {base} changes.tpc --dry-run"));
        assert!(preview.out.contains("22.5") && preview.err.contains("nothing has been written"));
        assert_eq!(says(folder, base), before);
        let told = ok(folder, &format!("tiepoint apply {base} changes.tpc")).err;
        assert!(told.contains("layer `trees`: 2 changed, 1 new, 1 deleted"), "{told}");
        ok(folder, &format!("tiepoint diff {base} {mine}"));
        let told = ok(folder, &format!("tiepoint apply {base} changes.tpc")).err;
        assert!(told.contains("already applied"), "{told}");
        let told = ok(folder, &format!("tiepoint apply {base} changes.json")).err;
        assert!(told.contains("says all of it already"), "{told}");

        ok(folder, "tiepoint invert changes.tpc -o back.json");
        ok(folder, &format!("tiepoint apply {base} back.json"));
        assert_eq!(says(folder, base), before);
        ok(folder, &format!("tiepoint apply {base} - --again < changes.json"));
        ok(folder, &format!("tiepoint diff {base} {mine}"));
    });
}

#[test]
fn a_set_without_a_name_is_applied_once_too() {
    let folder = Folder::new();
    folder.write("trees.csv", TREES);
    folder.ok("import trees.csv a.gpkg");
    folder.write(
        "add.json",
        r#"{"version": 1, "layers": {"trees": {"changes": [
            {"insert": {"row": 70}, "values": {"name": "yew"}}
        ]}}}"#,
    );
    folder.write(
        "set.json",
        r#"{"version": 1, "layers": {"trees": {"changes": [
            {"update": "0190a6f0-5c3e-7d21-9b6a-2f4d8c1e7a90",
             "fields": {"name": {"before": "oak", "after": "old oak"}}}
        ]}}}"#,
    );
    folder.ok("apply a.gpkg set.json");
    assert!(folder.ok("apply a.gpkg set.json").err.contains("already applied"));
    assert!(folder.csv("a.gpkg", "trees", "").contains("old oak"));
    folder.ok("apply a.gpkg add.json");
    assert_eq!(folder.count("a.gpkg", "trees"), 4);
}

#[test]
fn layers_without_ids_are_compared_by_a_key_or_by_rows() {
    let folder = Folder::new();
    folder.write("a.csv", "code,n\nx,1\ny,2\n");
    folder.write("b.csv", "code,n\ny,2\nx,5\n");
    for name in ["a", "b"] {
        folder.ok(&format!("import {name}.csv {name}.gpkg --layer t"));
        folder.ok(&format!("untie {name}.gpkg"));
    }
    let run = folder.run("diff a.gpkg b.gpkg");
    assert_eq!(run.code, Some(1), "{}", run.err);
    assert!(run.out.is_empty() && run.err.contains("was not compared"), "{}", run.err);
    let run = folder.run("diff a.gpkg b.gpkg --key code -o c.tpc");
    assert_eq!(run.code, Some(1), "{}", run.err);
    folder.ok("apply a.gpkg c.tpc");
    folder.ok("diff a.gpkg b.gpkg --key code");
    assert_eq!(folder.run("diff a.gpkg b.gpkg --by-row --summary").out, "layer `t`: 2 changed\n");
}

#[test]
fn a_file_and_a_database_are_kept_alike_by_change_sets() {
    let Some(server) = server_or_skip("a_file_and_a_database_are_kept_alike") else { return };
    let (schema, folder) = (server.schema(), Folder::new());
    let url = format!("'{}'", schema.url());
    folder.write("trees.csv", TREES);
    folder.write("notes.csv", NOTES);
    for store in ["a.gpkg", &url] {
        ok(&folder, &format!("tiepoint import trees.csv {store}"));
        ok(&folder, &format!("tiepoint import notes.csv {store}"));
    }
    ok(&folder, &format!("tiepoint diff a.gpkg {url}"));
    edited(&folder, &url);
    exits(&folder, &format!("tiepoint diff a.gpkg {url} -o c.tpc"), 1);
    ok(&folder, "tiepoint apply a.gpkg c.tpc");
    ok(&folder, &format!("tiepoint diff a.gpkg {url}"));
    exits(&folder, &format!("tiepoint diff a.gpkg {url}'&layer=trees' --layer notes"), 0);
    assert_eq!(says(&folder, "a.gpkg"), says(&folder, &url));
}

#[test]
fn layers_of_two_names_are_compared() {
    let folder = Folder::new();
    folder.write("trees.csv", TREES);
    folder.ok("import trees.csv a.gpkg");
    folder.ok("import trees.csv b.gpkg --layer arbres");
    folder.ok("diff a.gpkg b.gpkg --layer trees=arbres");
    folder.shell("tiepoint edit b.gpkg arbres -c 'set name=oak height=9' -c commit");
    let run = folder.run("diff a.gpkg b.gpkg --layer trees=arbres -o c.tpc");
    assert_eq!(run.code, Some(1), "{}", run.err);
    folder.ok("apply a.gpkg c.tpc");
    folder.ok("diff a.gpkg b.gpkg --layer trees=arbres");
}

#[test]
fn everything_a_store_refuses_is_told_and_nothing_written() {
    let Some(server) = server_or_skip("everything_a_store_refuses_is_told") else { return };
    let (schema, folder) = (server.schema(), Folder::new());
    schema.execute(
        "CREATE TABLE t (fid int PRIMARY KEY, n int CHECK (n < 10), u int UNIQUE);
         INSERT INTO t VALUES (1, 1, 1), (2, 2, 2), (3, 3, 3)",
    );
    folder.write(
        "c.json",
        r#"{"version": 1, "layers": {"t": {"changes": [
            {"update": {"row": 1}, "fields": {"n": {"before": 1, "after": 5}}},
            {"update": {"row": 2}, "fields": {"n": {"before": 2, "after": 20}}},
            {"update": {"row": 3}, "fields": {"n": {"before": 3, "after": 30}}}
        ]}}}"#,
    );
    let run = exits(&folder, &format!("tiepoint apply '{}' c.json", schema.url()), 5);
    assert_eq!(run.err.matches(" refused: ").count(), 2, "{}", run.err);
    assert_eq!(schema.value("SELECT sum(n)::text FROM t"), "6");
}

#[test]
fn what_is_no_change_set_is_refused_with_the_place() {
    let folder = Folder::new();
    folder.write("trees.csv", TREES);
    folder.ok("import trees.csv a.gpkg");
    folder.write("bad.json", "{\"version\": 1, \"layers\": {\"trees\": 7}}");
    folder.write("cut.json", "{\"version\": 1,");
    folder.write("newer.json", "{\"version\": 99, \"layers\": {}}");
    folder.write("bytes.tpc", "\u{1}\u{2}\u{3} what is this");
    folder.write("other.json", r#"{"version": 1, "layers": {"shrubs": {"changes": [{"delete": {"row": 1}, "values": {}}]}}}"#);
    folder.write("notes.txt", "hello");
    folder.write("odd.json", r#"{"version": 1, "conflicts": [{"resolve": 7}]}"#);
    folder.write("empty.json", "{\"version\": 1, \"layers\": {}}");
    for (args, code, says) in [
        ("apply a.gpkg bad.json", 9, "layer `trees`"),
        ("apply a.gpkg cut.json", 9, "cut.json"),
        ("apply a.gpkg newer.json", 6, "version 99"),
        ("apply a.gpkg bytes.tpc", 9, "bytes.tpc"),
        ("apply a.gpkg other.json", 3, "shrubs"),
        ("apply a.gpkg none.tpc", 3, "none.tpc"),
        ("apply none.gpkg empty.json", 3, "none.gpkg"),
        ("apply a.gpkg empty.json --resolutions notes.txt", 2, "notes.txt"),
        ("apply a.gpkg empty.json --resolutions bad.json", 2, "conflicts"),
        (
            "apply a.gpkg empty.json --resolutions odd.json",
            2,
            "conflict 1: \"resolve\" cannot be 7",
        ),
        ("invert bytes.tpc", 9, "bytes.tpc"),
        ("invert empty.json -o trees.csv", 4, "trees.csv"),
        ("invert empty.json -o b.gpkg", 6, "b.gpkg"),
        ("diff a.gpkg none.gpkg", 3, "none.gpkg"),
        ("diff a.gpkg a.gpkg --layer tree", 3, "did you mean `trees`?"),
        ("diff a.gpkg a.gpkg --layer =b", 2, "--layer"),
        ("merge a.gpkg empty.json empty.json --into", 2, "--into"),
        ("merge a.gpkg none.tpc empty.json", 3, "none.tpc"),
    ] {
        let run = folder.fails(args, code);
        assert!(run.err.contains(says), "{args}\n{}", run.err);
        assert!(run.out.is_empty() && !run.err.contains("panicked"), "{args}\n{}", run.err);
    }
}

#[cfg(unix)]
#[test]
fn ctrl_c_in_an_apply_leaves_the_store_as_it_was() {
    use std::fmt::Write as _;
    let folder = Folder::new();
    let mut rows = String::from("object_id,n,x,y\n");
    for row in 0..60_000 {
        writeln!(rows, "0190a6f0-5c3e-7d21-9b6a-{row:012x},{row},1,2").expect("memory takes it");
    }
    folder.write("t.csv", &rows);
    folder.ok("import t.csv a.gpkg");
    folder.write("t.csv", "object_id,n,x,y\n0190a6f0-5c3e-7d21-9b6a-ffffffffffff,1,1,2\n");
    folder.ok("import t.csv b.gpkg");
    folder.run("diff b.gpkg a.gpkg -o c.tpc");
    let before = folder.csv("b.gpkg", "t", "");
    let moments = [5, 20, 60, 120, 200, 300];
    for (stopped, millis) in moments.into_iter().enumerate() {
        let child = folder.spawn("apply b.gpkg c.tpc");
        std::thread::sleep(std::time::Duration::from_millis(millis));
        let id = child.id().to_string();
        // it may have ended
        let _ = std::process::Command::new("kill").args(["-INT", &id]).output();
        let run = Run::of(child);
        if run.code == Some(0) {
            assert_eq!(folder.count("b.gpkg", "t"), 60_000);
            folder.ok("check b.gpkg");
            assert!(stopped > 0, "nothing was stopped");
            return;
        }
        assert!(matches!(run.code, Some(130) | None), "{:?} {}", run.code, run.err);
        assert_eq!(folder.csv("b.gpkg", "t", ""), before);
    }
    folder.ok("apply b.gpkg c.tpc");
    assert_eq!(folder.count("b.gpkg", "t"), 60_000);
}
