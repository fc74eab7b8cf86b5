//! The language of `tiepoint edit`, as it is typed and as it is told off.
use crate::folder::{Folder, Run};
use tiepoint::testing::server_or_skip;

const TREES: &str = "object_id,name,height,planted,lon,lat\n\
    0190a6f0-5c3e-7d21-9b6a-2f4d8c1e7a90,oak,21.5,1990-05-01,24.95,60.15\n\
    0190a6f0-5c3e-7d21-9b6a-2f4d8c1e7a91,elm,17.0,1991-05-01,24.96,60.16\n\
    0190a6f0-5c3e-7d21-9b6a-2f4d8c1e7a92,elm,18.0,,24.97,60.17\n";

fn with_trees() -> Folder {
    let folder = Folder::new();
    folder.write("trees.csv", TREES);
    folder.ok("import trees.csv a.gpkg");
    folder
}

fn scripted(folder: &Folder, script: &str) -> Run {
    scripted_in(folder, "trees", script)
}

fn scripted_in(folder: &Folder, layer: &str, script: &str) -> Run {
    folder.piped(&format!("edit a.gpkg {layer}"), script)
}

#[test]
fn edits_are_undone_redone_and_committed() {
    let folder = with_trees();
    let run = scripted(
        &folder,
        "# a script\n\
         set name=oak height=22 name='old oak'\n\
         move 0190a6f0-5c3e-7d21-9b6a-2f4d8c1e7a91 24.5,60.5\n\
         move fid:3 by 0.5,-0.5\n\
         geometry fid:3 POINT (24 60)\n\
         delete height=17.0\n\
         undo\n\
         undo\n\
         redo\n\
         add name=ash height=null at 25,61\n\
         status\n\
         changes\n\
         commit\n\
         status\n",
    );
    assert_eq!(run.code, Some(0), "{}", run.err);
    assert!(run.out.contains("layer `trees`: 3 changed, 1 new"), "{}", run.out);
    assert!(run.out.contains("name: \"oak\" → \"old oak\""), "{}", run.out);
    assert!(run.out.contains("nothing is pending"), "{}", run.out);
    assert!(run.err.contains("undid: delete height=17.0"), "{}", run.err);
    assert!(run.err.contains("redid: geometry fid:3 POINT (24 60)"), "{}", run.err);
    assert!(run.err.contains("committed: layer `trees`: 3 changed, 1 new"), "{}", run.err);
    let csv = folder.csv("a.gpkg", "trees", "");
    for part in
        ["old oak,22.0,1990", "elm,17.0,1991-05-01,POINT (24.5 60.5)", "POINT (24 60)", "ash,,"]
    {
        assert!(csv.contains(part), "{part}\n{csv}");
    }
    assert_eq!(std::fs::read_dir(folder.journals()).map_or(0, Iterator::count), 0, "nothing stays");
    assert!(folder.ok("recover a.gpkg").err.contains("nothing was left behind"));
}

#[test]
fn several_steps_are_one_command_or_none() {
    let folder = with_trees();
    let run = scripted(
        &folder,
        "begin 'Raise all'\nset name=oak height=1\nset fid:2 height=2\nend\nundo\nstatus\nredo\n\
         begin other\nset fid:3 height=3\nabandon\nchanges\nbegin third\nset fid:3 height=3\n",
    );
    assert_eq!(run.code, Some(0), "{}", run.err);
    assert!(run.err.contains("undid: Raise all") && run.err.contains("`other` is abandoned"));
    assert!(run.out.contains("nothing is pending\n0 steps to undo, 1 step to redo"), "{}", run.out);
    assert!(run.out.contains("layer `trees`: 2 changed"), "{}", run.out);
    assert!(run.err.contains("`third` was not ended: its edits are taken back"), "{}", run.err);
    assert!(run.err.contains("edits of 2 features are pending"), "{}", run.err);
}

#[test]
fn what_is_pending_at_the_end_stays_or_is_dropped() {
    let folder = with_trees();
    let before = folder.csv("a.gpkg", "trees", "");
    let run = scripted(&folder, "set name=oak height=1\nquit\nset name=oak height=2\n");
    assert!(run.err.contains("hint: `tiepoint recover a.gpkg --commit`"), "{}", run.err);
    assert_eq!(folder.csv("a.gpkg", "trees", ""), before);
    let run = folder
        .piped("edit a.gpkg trees --resume", "set fid:2 height=2\nundo\nundo\nredo\ncommit\n");
    assert_eq!(run.code, Some(0), "{}", run.err);
    assert!(folder.csv("a.gpkg", "trees", "").contains("oak,1.0"), "{}", run.err);
    let run = folder.piped("edit a.gpkg trees --discard", "set name=oak height=5\n");
    assert!(run.err.contains("dropped") && !run.err.contains("recover"), "{}", run.err);
    let run = folder.piped("edit a.gpkg trees --journal none", "set name=oak height=5\n");
    assert!(run.err.contains("lost"), "{}", run.err);
    assert!(folder.ok("recover").err.contains("nothing was left behind"));
}

#[test]
fn a_script_stops_at_the_first_mistake_and_says_the_line() {
    for (line, code, says) in [
        ("sett name=oak height=1", 2, "did you mean `set`?"),
        ("set name=oak", 2, "field=value"),
        ("set name=oak heigt=1", 2, "did you mean `height`?"),
        ("set name=oak height=tall", 2, "`tall` is no real"),
        ("set name=oak planted=2023-02-29", 2, "planted"),
        ("set name=elm height=1", 2, "more than one feature has this"),
        ("set name=yew height=1", 3, "name=yew"),
        ("set fid:99 height=1", 3, "fid:99"),
        ("set 0190a6f0-5c3e-7d21-9b6a-2f4d8c1e7aff height=1", 3, "7aff"),
        ("set oak height=1", 2, "write an object id"),
        ("set name='oak height=1", 2, "never closed"),
        ("move name=oak 200,5", 2, "longitude"),
        ("move name=oak by 1", 2, "dx,dy"),
        ("move name=oak by 1e999,0", 2, "dx,dy"),
        ("geometry name=oak POINT (1", 2, "geom"),
        ("geometry name=oak LINESTRING (0 0,1 1)", 2, "expected"),
        ("resolve 1 mine", 2, "0 conflicts"),
        ("end", 2, "no edit command is open"),
        ("layer shrubs", 3, "shrubs"),
        ("add name=x at 1,2,3", 2, "at"),
        ("delete", 2, "needs other words"),
        ("'; DROP TABLE trees; --'", 2, "no command"),
        ("set \"name='; DROP TABLE trees; --\" height=1", 3, "DROP"),
    ] {
        let folder = with_trees();
        let before = folder.csv("a.gpkg", "trees", "");
        let run =
            scripted(&folder, &format!("set fid:2 height=1\n{line}\nset fid:2 height=2\ncommit\n"));
        assert_eq!(run.code, Some(code), "{line}\n{}", run.err);
        assert!(run.err.contains(says), "{line}\n{}", run.err);
        assert!(run.err.contains("error: standard input, line 2: "), "{line}\n{}", run.err);
        assert!(!run.err.contains("panicked"), "{line}\n{}", run.err);
        assert_eq!(folder.csv("a.gpkg", "trees", ""), before, "{line}");
        assert!(run.err.contains("edits of 1 feature are pending"), "{line}\n{}", run.err);
    }
}

#[test]
fn null_and_a_text_that_says_so_differ() {
    let folder = with_trees();
    let run = scripted(&folder, "set fid:1 name=null\nset fid:2 \"name=null\"\nchanges\n");
    assert_eq!(run.code, Some(0), "{}", run.err);
    assert!(run.out.contains("name: \"oak\" → null"), "{}", run.out);
    assert!(run.out.contains("name: \"elm\" → \"null\""), "{}", run.out);
}

#[test]
fn what_others_commit_meanwhile_is_merged_or_told() {
    let folder = with_trees();
    let run = scripted(&folder, "set name=oak height=22\nset fid:3 height=30\n");
    assert_eq!(run.code, Some(0), "{}", run.err);
    let theirs = folder.piped(
        "edit a.gpkg trees",
        "set name=oak height=23\nset fid:3 name=ulm\nset fid:2 height=2\ncommit\n",
    );
    assert_eq!(theirs.code, Some(0), "{}", theirs.err);
    let run = folder.piped("edit a.gpkg trees --resume", "conflicts\ncommit\n");
    assert_eq!(run.code, Some(5), "{}", run.err);
    assert!(
        run.out.contains("conflict 1: ") && run.out.contains("mine 22, theirs 23"),
        "{}",
        run.out
    );
    let script = "conflicts\nresolve 2 mine\n";
    assert_eq!(folder.piped("edit a.gpkg trees --resume", script).code, Some(2));
    let script = "merge\nresolve 1 value 22.5\nstatus\ncommit\n";
    let run = folder.piped("edit a.gpkg trees --resume", script);
    assert_eq!(run.code, Some(0), "{}", run.err);
    let csv = folder.csv("a.gpkg", "trees", "");
    assert!(
        csv.contains("oak,22.5") && csv.contains("ulm,30.0") && csv.contains("elm,2.0"),
        "{csv}"
    );
}

#[test]
fn a_layer_without_geometry_or_ids_is_edited_too() {
    let folder = Folder::new();
    folder.write("notes.csv", "note,rank\nfirst,1\nsecond,2\n");
    folder.ok("import notes.csv a.gpkg");
    folder.ok("untie a.gpkg");
    let script = "set rank=1 note=1st\nadd note=third rank=3\nset rank=3 note=3rd\ndelete fid:2\ncommit\n\
                  undo\nredo\nchanges\n";
    let run = folder.piped("edit a.gpkg notes", script);
    assert_eq!(run.code, Some(0), "{}", run.err);
    let csv = folder.csv("a.gpkg", "notes", "");
    assert!(csv.contains("1st,1") && csv.contains("3rd,3") && !csv.contains("second"), "{csv}");
    let run = folder.piped("edit a.gpkg notes", "move rank=1 1,2\n");
    assert!(run.err.contains("has no geometry"), "{}", run.err);
}

#[test]
fn a_row_that_shares_its_object_with_another_is_not_mistaken_for_it() {
    let folder = Folder::new();
    folder.write("lamps.csv", "number,colour\n1,red\n2,green\n3,blue\n");
    folder.ok("import lamps.csv a.gpkg");
    folder.ok("untie a.gpkg");
    folder.ok("tie a.gpkg lamps --key-field number");
    let other = "import sqlite3\nc = sqlite3.connect('a.gpkg')\n\
                 c.execute('UPDATE lamps SET number = 1 WHERE fid = 3')\nc.commit()\n";
    folder.write("other.py", other);
    assert_eq!(folder.shell("python3 other.py").code, Some(0));
    for edit in ["set colour=blue colour=white", "delete fid:3", "set fid:1 colour=white"] {
        let run = scripted_in(&folder, "lamps", &format!("show fid:3\n{edit}\ncommit\n"));
        assert_eq!(run.code, Some(2), "{edit}: {}", run.err);
        assert!(run.err.contains("stand for the same object"), "{}", run.err);
    }
    let run = scripted_in(&folder, "lamps", "set number=1 colour=white\n");
    assert!(run.err.contains("name one of fid:1, fid:3"), "{}", run.err);
    let run = scripted_in(&folder, "lamps", "set number=2 colour=white\ncommit\n");
    assert_eq!(run.code, Some(0), "{}", run.err);
    let csv = folder.csv("a.gpkg", "lamps", "");
    assert!(csv.contains("red") && csv.contains("white") && csv.contains("blue"), "{csv}");
}

#[test]
fn a_point_that_is_moved_to_a_place_keeps_its_height_and_measure() {
    let folder = Folder::new();
    folder.write("masts.csv", "name,wkt\nold,POINT ZM (1 2 3 4)\n");
    folder.ok("import masts.csv a.gpkg");
    let run = scripted_in(&folder, "masts", "move name=old 5.5,6\nshow name=old\ncommit\n");
    assert_eq!(run.code, Some(0), "{}", run.err);
    assert!(run.out.contains("POINT ZM (5.5 6 3 4)"), "{}", run.out);
}

#[test]
fn a_script_that_is_no_text_is_told() {
    let folder = with_trees();
    std::fs::write(folder.path("script"), b"status\nset \xff\n").expect("is ours");
    let run = folder.fails("edit a.gpkg trees --script script", 2);
    assert!(run.err.contains("script: not UTF-8"), "{}", run.err);
}

#[test]
fn a_database_is_edited_as_a_file_is_and_no_secret_is_kept() {
    let Some(server) = server_or_skip("a_database_is_edited_as_a_file_is") else { return };
    let (schema, role, folder) = (server.schema(), server.role(), with_trees());
    folder.ok(&format!("import trees.csv {}", schema.url()));
    let grants = [
        "USAGE, CREATE ON SCHEMA",
        "ALL ON ALL TABLES IN SCHEMA",
        "ALL ON ALL SEQUENCES IN SCHEMA",
    ];
    for grant in grants {
        schema.execute(&format!("GRANT {grant} {} TO {}", schema.name(), role.name()));
    }
    schema.execute(&format!(
        "GRANT ALL ON SCHEMA tiepoint TO {0}; GRANT ALL ON ALL TABLES IN SCHEMA tiepoint TO {0}",
        role.name()
    ));
    let bare = schema.url_as(&role);
    let secret = role.password();
    let url = bare.replacen(&format!("{}@", role.name()), &format!("{}:{secret}@", role.name()), 1);
    let run = folder.piped(&format!("edit {url} trees"), "set name=oak height=22\nchanges\n");
    assert_eq!(run.code, Some(0), "{}", run.err);
    let listed = folder.ok("recover");
    let mut said = [run.out, run.err, listed.out.clone(), listed.err].concat();
    for entry in walk(folder.journals()) {
        said.push_str(&String::from_utf8_lossy(&std::fs::read(entry).expect("is ours")));
    }
    assert!(said.contains("height") && !said.contains(secret), "{said}");
    assert!(listed.out.contains("layer `trees`: 1 changed"), "{}", listed.out);
    let run = folder.ok(&format!("recover {url} --commit"));
    assert!(run.err.contains("1 changed"), "{}", run.err);
    assert!(folder.csv(&schema.url(), "trees", "").contains("oak,22"));
}

fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).expect("can be listed") {
        let path = entry.expect("can be read").path();
        if path.is_dir() { files.extend(walk(&path)) } else { files.push(path) }
    }
    files
}

#[test]
fn a_password_in_an_argument_is_never_said() {
    let folder = Folder::new();
    let url = "postgres://anna:hunter2@localhost:1/gis";
    folder.write("c.json", "{\"version\": 1, \"layers\": {}}");
    for args in [
        format!("diff {url} {url}"),
        format!("apply {url} c.json"),
        format!("merge {url} c.json c.json"),
        format!("merge {url} {url} {url} --into"),
        format!("edit {url} trees -c status"),
        format!("edit {url} trees --journal beside -c status"),
        format!("recover {url} --commit"),
        format!("recover {url} --list"),
        format!("invert {url}"),
        format!("apply c.json {url}"),
        format!("diff c.gpkg c.gpkg -o {url}"),
    ] {
        let run = folder.run(&args);
        assert!(run.code.is_some_and(|code| code > 1), "{args}\n{}", run.err);
        assert!(
            !run.err.contains("hunter2") && !run.err.contains("panicked"),
            "{args}\n{}",
            run.err
        );
    }
}
