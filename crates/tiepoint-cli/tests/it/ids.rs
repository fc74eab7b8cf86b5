//! Identity from the outside: ids kept, made, given and taken away.
use crate::folder::Folder;

const NAMESPACE: &str = "0d3a9a3e-3f0e-4f55-9d5c-0f3c4c1a7a10";

/// The first cell of every row but the head.
fn first_cells(csv: &str) -> Vec<String> {
    csv.lines().skip(1).filter_map(|row| row.split(',').next()).map(str::to_owned).collect()
}

#[test]
fn an_object_keeps_its_id_from_document_to_document() {
    let folder = Folder::after_tour();
    let ids = first_cells(&folder.csv("tour.gpkg", "countries", "--order name --fields name"));
    assert_eq!(ids.len(), 177);
    folder.ok("export tour.gpkg countries countries.csv");
    folder.ok("import countries.csv a.gpkg");
    folder.ok("export a.gpkg countries a.geojsonl");
    folder.ok("import a.geojsonl b.gpkg --layer countries");
    assert_eq!(first_cells(&folder.csv("b.gpkg", "countries", "--order name --fields name")), ids);
}

#[test]
fn a_key_names_the_same_object_on_every_import() {
    let folder = Folder::new();
    folder.write("a.csv", "code,n\nx,1\ny,2\n");
    let key = format!("--key-field code --key-namespace {NAMESPACE}");
    folder.ok(&format!("import a.csv one.gpkg {key}"));
    folder.ok(&format!("import a.csv two.gpkg {key}"));
    let ids = first_cells(&folder.csv("one.gpkg", "a", ""));
    assert_eq!(ids, first_cells(&folder.csv("two.gpkg", "a", "")));
    assert_ne!(ids[0], ids[1]);
    let id = &ids[1];
    let shown = folder.ok(&format!("get one.gpkg a {id} --format table")).out;
    assert!(shown.contains("code") && shown.contains('y'), "{shown}");
}

#[test]
fn a_layer_that_is_tied_by_a_key_names_what_an_import_names() {
    let folder = Folder::new();
    folder.write("a.csv", "code,n\nx,1\ny,2\n");
    folder.ok(&format!("import a.csv a.gpkg --key-field code --key-namespace {NAMESPACE}"));
    let ids = first_cells(&folder.csv("a.gpkg", "a", ""));
    folder.ok("untie a.gpkg a");
    let run = folder.ok(&format!("tie a.gpkg a --key-field code --key-namespace {NAMESPACE}"));
    let expected = format!("layer `a` is tied by `code` in namespace {NAMESPACE}: 2 features");
    assert!(run.err.contains(&expected), "{}", run.err);
    assert_eq!(first_cells(&folder.csv("a.gpkg", "a", "")), ids);
    for again in ["tie a.gpkg a", "tie a.gpkg a --key-field code"] {
        assert!(folder.ok(again).err.contains(&expected), "{again} keeps the namespace");
    }
    assert!(folder.ok("layers a.gpkg").out.contains("by `code`"));
    let shown = folder.ok(&format!("get a.gpkg a {} --format table", ids[1])).out;
    assert!(shown.contains(&ids[1]) && shown.contains('y'), "{shown}");
    folder.write("b.csv", "code,n\ny,3\nz,4\n");
    let run = folder.ok("import b.csv a.gpkg --layer a --mode upsert");
    assert!(run.err.contains('1'), "{}", run.err);
    assert_eq!(folder.count("a.gpkg", "a"), 3, "y is updated, z is new");
    let run = folder.fails("import b.csv a.gpkg --layer a --mode append", 4);
    assert!(run.err.contains("already has a feature"), "{}", run.err);
    let run = folder.fails("tie a.gpkg a --column uid", 2);
    assert!(run.err.contains("the natural key `code`"), "{}", run.err);
    let run = folder.fails("tie a.gpkg a --key-field code --key-namespace 7", 2);
    assert!(run.err.contains("--key-namespace"), "{}", run.err);
    folder.ok("untie a.gpkg a");
    let run = folder.ok("tie a.gpkg a --key-field n");
    assert!(run.err.contains("in namespace "), "one is minted: {}", run.err);
}

#[test]
fn ids_come_from_a_field_that_holds_some() {
    let folder = Folder::new();
    let id = "67e55044-10b1-426f-9247-bb680e5fe0c8";
    folder.write("a.csv", &format!("uid,n\n{{{}}},1\n", id.to_uppercase()));
    folder.ok("import a.csv a.gpkg --id-field uid");
    let table = folder.csv("a.gpkg", "a", "");
    assert_eq!(first_cells(&table), [id], "{table}");
    folder.write("bad.csv", "uid,n\ntree 7,1\n");
    let run = folder.fails("import bad.csv b.gpkg --id-field uid", 2);
    assert!(run.err.contains("`tree 7`") && run.err.contains("feature 1"), "{}", run.err);
    let run = folder.fails("import a.csv b.gpkg --id-field uidd", 2);
    assert!(run.err.contains("did you mean `uid`?"), "{}", run.err);
}

#[test]
fn a_layer_is_untied_and_tied_again() {
    let folder = Folder::after_tour();
    folder.ok("untie tour.gpkg cities");
    let run = folder.fails("get tour.gpkg cities 67e55044-10b1-426f-9247-bb680e5fe0c8", 2);
    assert!(run.err.contains("not tied"), "{}", run.err);
    assert_eq!(folder.count("tour.gpkg", "cities"), 243);
    let run = folder.ok("tie tour.gpkg cities --column uid");
    assert!(run.err.contains("243 minted"), "{}", run.err);
    assert!(folder.csv("tour.gpkg", "cities", "").starts_with("object_id,"), "by its usual name");
    let run = folder.ok("tie tour.gpkg cities");
    assert!(run.err.contains("243 object ids kept, 0 minted"), "{}", run.err);
    let run = folder.fails("tie tour.gpkg cities --column other", 2);
    assert!(run.err.contains("`uid` already"), "{}", run.err);
}

#[test]
fn a_row_is_found_by_what_its_store_calls_it() {
    let folder = Folder::after_tour();
    let shown = folder.ok("get tour.gpkg countries fid:1 --format table").out;
    assert!(shown.contains("Fiji"), "{shown}");
    let run = folder.fails("get tour.gpkg countries fid:100000", 3);
    assert!(run.err.contains("fid:100000"), "{}", run.err);
}
