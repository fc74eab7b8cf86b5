//! `tiepoint import`: modes, errors, and that it is all or nothing.
use crate::folder::Folder;

const TREES: &str = "code,name,height\nA1,oak,21.5\nB2,elm,17\nC3,ash,\n";
const KEY: &str = "--key-field code --key-namespace 0d3a9a3e-3f0e-4f55-9d5c-0f3c4c1a7a10";

fn with_trees() -> Folder {
    let folder = Folder::new();
    folder.write("trees.csv", TREES);
    folder.ok(&format!("import trees.csv city.gpkg {KEY}"));
    folder
}

#[test]
fn the_layer_is_called_as_the_file_unless_it_is_named() {
    let folder = with_trees();
    folder.ok("import trees.csv city.gpkg --layer forest");
    let layers = folder.ok("layers city.gpkg").out;
    assert!(layers.contains("trees") && layers.contains("forest"), "{layers}");
}

#[test]
fn create_refuses_a_layer_that_is_there() {
    let folder = with_trees();
    let before = folder.bytes("city.gpkg");
    let run = folder.fails("import trees.csv city.gpkg", 4);
    assert!(run.err.contains("`trees`") && run.err.contains("hint: "), "{}", run.err);
    assert!(folder.bytes("city.gpkg") == before);
}

#[test]
fn append_adds_to_a_layer_that_must_be_there() {
    let folder = with_trees();
    folder.write("more.csv", "name,code,height\nlime,D4,9.25\n");
    folder.ok(&format!("import more.csv city.gpkg --layer trees --mode append {KEY}"));
    let table = folder.csv("city.gpkg", "trees", "--fields code,name,height --order code");
    assert!(table.contains("D4,lime,9.25"), "{table}");
    assert_eq!(table.lines().count(), 5);
    let run = folder.fails("import more.csv city.gpkg --layer trews --mode append", 3);
    assert!(run.err.contains("did you mean `trees`?"), "{}", run.err);
}

#[test]
fn append_refuses_an_object_that_is_there() {
    let folder = with_trees();
    let run = folder.fails(&format!("import trees.csv city.gpkg --mode append {KEY}"), 4);
    assert!(run.err.contains("trees.csv") && run.err.contains("upsert"), "{}", run.err);
    assert_eq!(folder.count("city.gpkg", "trees"), 3);
}

#[test]
fn upsert_writes_only_what_differs() {
    let folder = with_trees();
    let before = folder.csv("city.gpkg", "trees", "--order code");
    let run = folder.ok(&format!("import trees.csv city.gpkg --mode upsert {KEY}"));
    assert!(run.err.contains("0 features added, 0 changed, 3 as before"), "{}", run.err);
    assert_eq!(folder.csv("city.gpkg", "trees", "--order code"), before);

    folder.write("new.csv", "code,height\nA1,22\nB2,17\nE5,3\n");
    let run = folder.ok(&format!("import new.csv city.gpkg --layer trees --mode upsert {KEY}"));
    assert!(run.err.contains("1 feature added, 1 changed, 1 as before"), "{}", run.err);
    let table = folder.csv("city.gpkg", "trees", "--fields code,name,height --order code");
    let rows: Vec<_> =
        table.lines().skip(1).map(|row| row.split_once(',').expect("cells").1).collect();
    assert_eq!(rows, ["A1,oak,22.0", "B2,elm,17.0", "C3,ash,", "E5,,3.0"], "what is unset stays");
}

#[test]
fn upsert_needs_something_to_find_objects_by() {
    let folder = with_trees();
    let run = folder.fails("import trees.csv city.gpkg --mode upsert", 2);
    assert!(run.err.contains("no object id") && run.err.contains("hint: "), "{}", run.err);
}

#[test]
fn replace_makes_the_layer_anew() {
    let folder = with_trees();
    folder.write("trees.csv", "species,age\noak,120\n");
    folder.ok("import trees.csv city.gpkg --mode replace");
    assert!(folder.csv("city.gpkg", "trees", "").contains("oak,120"));
    folder.write("fresh.csv", "a\n1\n");
    folder.ok("import fresh.csv city.gpkg --mode replace");
    assert_eq!(folder.count("city.gpkg", "fresh"), 1, "nor need it be there");
}

#[test]
fn an_unknown_field_is_refused_with_a_suggestion_or_ignored() {
    let folder = with_trees();
    folder.write("more.csv", "code,nmae\nD4,lime\n");
    let args = format!("import more.csv city.gpkg --layer trees --mode append {KEY}");
    let run = folder.fails(&args, 2);
    assert!(run.err.contains("`nmae`") && run.err.contains("did you mean `name`?"), "{}", run.err);
    assert_eq!(folder.count("city.gpkg", "trees"), 3);
    let run = folder.ok(&format!("{args} --ignore-unknown"));
    assert!(run.err.contains("note: ") && run.err.contains("`nmae`"), "{}", run.err);
    assert_eq!(folder.count("city.gpkg", "trees"), 4);
}

const BAD: &str = r#"{"type":"FeatureCollection","features":[
{"type":"Feature","properties":{"n":1},"geometry":{"type":"Point","coordinates":[1,2]}},
{"type":"Feature","properties":{"n":2},"geometry":{"type":"Point","coordinates":["east",2]}},
{"type":"Feature","properties":{"n":3},"geometry":{"type":"Polygon","coordinates":[[[0,0],[1,1]]]}},
{"type":"Feature","properties":{"n":4},"geometry":{"type":"Point","coordinates":[3,4]}}]}"#;

#[test]
fn a_bad_feature_stops_the_import_and_leaves_nothing() {
    let folder = Folder::new();
    folder.write("bad.geojson", BAD);
    let run = folder.fails("import bad.geojson new.gpkg", 2);
    assert!(run.err.contains("bad.geojson") && run.err.contains("feature 2"), "{}", run.err);
    assert!(run.err.contains("line 3"), "{}", run.err);
    assert_eq!(folder.names(), ["bad.geojson"], "no store was left behind");
}

#[test]
fn bad_features_are_skipped_into_the_rejects() {
    let folder = Folder::new();
    folder.write("bad.geojson", BAD);
    let run = folder.ok("import bad.geojson new.gpkg --on-error skip --rejects no.jsonl");
    assert!(run.err.contains("2 features added") && run.err.contains("2 SKIPPED"), "{}", run.err);
    assert_eq!(folder.count("new.gpkg", "bad"), 2);
    let rejects = folder.read("no.jsonl");
    assert_eq!(rejects.lines().count(), 2);
    for (line, place) in rejects.lines().zip(["feature 2", "feature 3"]) {
        let reject: serde_json::Value = serde_json::from_str(line).expect("each line is JSON");
        assert!(reject["place"].as_str().is_some_and(|it| it.contains(place)), "{line}");
        assert!(reject["reason"].as_str().is_some_and(|it| !it.is_empty()), "{line}");
        assert!(reject["source"].as_str().is_some_and(|it| it.contains("\"n\"")), "{line}");
    }
    let run = folder.fails("import bad.geojson b.gpkg --on-error skip --rejects no.jsonl", 4);
    assert!(run.err.contains("`no.jsonl`"), "{}", run.err);
    assert_eq!(folder.read("no.jsonl"), rejects, "an older file is never overwritten");
}

#[test]
fn a_feature_that_the_layer_refuses_is_skipped_too() {
    let folder = with_trees();
    folder.write("more.csv", "code,height\nD4,12\nD4,13\n");
    let args = format!("import more.csv city.gpkg --layer trees --mode append {KEY}");
    let run = folder.fails(&args, 4);
    assert!(run.err.contains("feature 2") && run.err.contains("feature 1"), "{}", run.err);
    let run = folder.ok(&format!("{args} --on-error skip --rejects no.jsonl"));
    assert!(run.err.contains("1 feature added") && run.err.contains("1 SKIPPED"), "{}", run.err);
    assert!(folder.read("no.jsonl").contains("13"));
}

#[test]
fn repeated_ids_of_a_new_layer_are_skipped_one_by_one() {
    let folder = Folder::new();
    folder.write("a.csv", "code,n\nZ,1\nA,2\nZ,3\nB,x,y\nA,4\nC,5\n");
    let run = folder.ok(&format!("import a.csv a.gpkg {KEY} --on-error skip --rejects no.jsonl"));
    assert!(run.err.contains("3 features added, 3 SKIPPED"), "{}", run.err);
    let table = folder.csv("a.gpkg", "a", "--fields code,n");
    let rows: Vec<_> = table.lines().skip(1).filter_map(|row| row.split_once(',')).collect();
    let rows: Vec<_> = rows.iter().map(|(_, row)| *row).collect();
    assert_eq!(rows, ["Z,1", "A,2", "C,5"], "the first keeps its object");
    let rejects = folder.read("no.jsonl");
    let places: Vec<_> =
        rejects.lines().map(|line| line.split('"').nth(3).expect("a place")).collect();
    assert_eq!(places, ["feature 3", "feature 4, line 5", "feature 5"], "each once, in order");
}

#[test]
fn no_rejects_no_file() {
    let folder = Folder::new();
    folder.write("trees.csv", TREES);
    folder.ok("import trees.csv city.gpkg --on-error skip --rejects no.jsonl");
    assert!(!folder.has("no.jsonl"));
}

#[test]
fn coordinates_of_another_crs_are_refused() {
    let folder = Folder::new();
    folder.write("metres.csv", "name,x,y\na,500000,5500000\n");
    folder.write("degrees.csv", "name,x,y\nb,9,50\n");
    folder.ok("import metres.csv c.gpkg --crs EPSG:25832 --x x --y y");
    let run = folder.fails(
        "import degrees.csv c.gpkg --layer metres --mode append --x x --y y --crs EPSG:4326",
        2,
    );
    assert!(run.err.contains("EPSG:25832") && run.err.contains("EPSG:4326"), "{}", run.err);
    assert_eq!(folder.count("c.gpkg", "metres"), 1);
}

#[test]
fn another_store_is_a_source_too() {
    let folder = Folder::after_tour();
    folder.ok("import tour.gpkg copy.gpkg");
    for layer in ["countries", "cities"] {
        let order = "--order name";
        assert_eq!(
            folder.csv("copy.gpkg", layer, order),
            folder.csv("tour.gpkg", layer, order),
            "object ids and all"
        );
    }
    folder.ok("import tour.gpkg one.gpkg --source-layer cities --layer towns");
    assert_eq!(folder.count("one.gpkg", "towns"), 243);
    let run = folder.fails("import tour.gpkg two.gpkg --layer both", 2);
    assert!(run.err.contains("hint: "), "{}", run.err);
    assert!(!folder.has("two.gpkg"), "nothing was left behind");
    let run = folder.fails("import tour.gpkg ./tour.gpkg --source-layer cities --layer towns", 6);
    assert!(run.err.contains("hint: "), "{}", run.err);
}

#[test]
fn singles_and_multis_make_a_layer_of_multis() {
    let folder = Folder::after_tour();
    let info = folder.ok("info tour.gpkg countries").out;
    assert!(info.contains("MultiPolygon"), "{info}");
    assert!(!info.contains("no    "), "a document demands nothing of features to come: {info}");
    let seq = folder.ok("query tour.gpkg countries --format geojsonseq").out;
    assert!(seq.lines().all(|line| line.contains("MultiPolygon")), "all are");
}

#[test]
fn a_minus_zero_comes_in_as_zero_and_is_noted() {
    let folder = Folder::new();
    folder.write("a.geojson", r#"{"type":"Feature","properties":{"v":-0.0},"geometry":null}"#);
    let run = folder.ok("import a.geojson a.gpkg");
    assert!(run.err.contains("-0.0 became 0.0"), "{}", run.err);
    let row = folder.csv("a.gpkg", "a", "--fields v");
    assert!(row.trim_end().ends_with(",0.0"), "{row}");
}

#[test]
fn json_comes_back_from_csv_as_the_json_it_was() {
    let folder = Folder::new();
    let id = "0190a6f0-5c3e-7d21-9b6a-2f4d8c1e7a90";
    let document = r#"{"type":"Feature","id":"ID","geometry":null,"properties":{"j":{"a":1}}}"#;
    folder.write("j.geojson", &document.replace("ID", id));
    folder.ok("import j.geojson j.gpkg");
    folder.ok("export j.gpkg j j.csv");
    let run = folder.ok("import j.csv j.gpkg --mode upsert");
    assert!(run.err.contains("0 changed") || run.err.contains("1 unchanged"), "{}", run.err);
    assert!(folder.ok("export j.gpkg j -").out.contains(r#""j":{"a":1}"#));
}

#[test]
fn ids_that_a_layer_has_no_place_for_are_noted() {
    let folder = Folder::new();
    folder.write("a.csv", "n\nx\n");
    folder.ok("import a.csv a.gpkg");
    folder.ok("untie a.gpkg");
    folder.write("b.csv", "object_id,n\n0190a6f0-5c3e-7d21-9b6a-2f4d8c1e7a90,y\n");
    let run = folder.ok("import b.csv a.gpkg --layer a --mode append");
    assert!(run.err.contains("ids of the source were passed over"), "{}", run.err);
}

#[test]
fn a_broken_row_of_another_store_can_be_skipped() {
    let folder = Folder::after_tour();
    let spoil = "import sqlite3\nc = sqlite3.connect('tour.gpkg')\n\
        for (name,) in c.execute(\"select name from sqlite_master where type = 'trigger'\").fetchall():\n\
        \x20   c.execute(f'drop trigger \"{name}\"')\n\
        c.execute(\"update cities set geom = x'4750' where fid = 1\")\nc.commit()\n";
    folder.write("spoil.py", spoil);
    assert_eq!(folder.shell("python3 spoil.py").code, Some(0));
    folder.fails("import tour.gpkg new.gpkg --source-layer cities", 9);
    let run = folder.ok("import tour.gpkg new.gpkg --source-layer cities --on-error skip");
    assert!(run.err.contains("1 SKIPPED"), "{}", run.err);
    assert_eq!(folder.count("new.gpkg", "cities"), 242);
}
