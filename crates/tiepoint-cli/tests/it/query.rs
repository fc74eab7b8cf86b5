//! Looking: tables for people, documents for programs, and pipes that end early.
use crate::folder::{Folder, Run};
use std::io::Read as _;

#[test]
fn a_pipe_gets_geojson_and_a_person_a_table() {
    let folder = Folder::after_tour();
    let run = folder.ok("query tour.gpkg countries --order -pop_est --limit 2");
    let document: serde_json::Value = serde_json::from_str(&run.out).expect("is JSON");
    assert_eq!(document["features"].as_array().map(Vec::len), Some(2));
    let table =
        folder.ok("query tour.gpkg countries --order pop_est:desc --limit 2 --format table").out;
    let lines: Vec<_> = table.lines().collect();
    assert_eq!(lines.len(), 3, "{table}");
    assert!(lines[0].starts_with("object_id") && lines[0].contains("name"), "{table}");
    assert!(lines[1].contains("China") && lines[2].contains("India"), "{table}");
    assert!(lines[1].contains("positions"), "geometries are summed up: {table}");
}

#[test]
fn a_pipe_that_ends_early_ends_quietly() {
    let folder = Folder::after_tour();
    for format in ["geojson", "csv", "table", "geojsonseq"] {
        let mut child = folder.spawn(&format!("query tour.gpkg countries --format {format}"));
        let mut out = child.stdout.take().expect("is piped");
        out.read_exact(&mut [0; 10]).expect("begins to write");
        drop(out);
        let run = Run::of(child);
        assert_eq!(run.code, Some(0), "{format}: {}", run.err);
        assert!(run.err.is_empty(), "{format}: {}", run.err);
    }
}

#[test]
fn layers_and_info_describe_what_is_there() {
    let folder = Folder::after_tour();
    let layers = folder.ok("layers tour.gpkg").out;
    let countries = layers.lines().find(|line| line.starts_with("countries")).expect("is listed");
    assert!(countries.contains("177") && countries.contains("MultiPolygon"), "{layers}");
    assert!(countries.contains("4326") && countries.contains("object_id"), "{layers}");
    let info = folder.ok("info tour.gpkg countries").out;
    for part in ["177", "pop_est", "gdp_md_est", "text", "-180", "83.6"] {
        assert!(info.contains(part), "{part}\n{info}");
    }
    let store = folder.ok("info tour.gpkg").out;
    assert!(store.contains("able") && store.contains("cities"), "{store}");
}

#[test]
fn values_give_no_orders_to_a_terminal() {
    let folder = Folder::new();
    let text = r#"{"type":"Feature","properties":{"n":"a\u001b[2Jb\nc"},"geometry":null}"#;
    folder.write("evil.geojson", text);
    folder.ok("import evil.geojson a.gpkg");
    let table = folder.ok("query a.gpkg evil --format table").out;
    assert!(!table.contains('\u{1b}') && table.lines().count() == 2, "{table:?}");
    let shown = folder.ok("get a.gpkg evil fid:1 --format table").out;
    assert!(!shown.contains('\u{1b}'), "{shown:?}");
}

#[test]
fn a_sound_store_has_no_faults() {
    let folder = Folder::after_tour();
    let run = folder.ok("check tour.gpkg");
    assert!(run.err.contains("nothing is wrong"), "{}{}", run.out, run.err);
    folder.ok("check tour.gpkg --fix");
}

#[test]
fn geojson_keeps_its_geometry_whichever_fields_are_asked_for() {
    let folder = Folder::after_tour();
    let piped = folder.ok("query tour.gpkg cities --fields name --limit 1").out;
    assert!(
        piped.contains(r#""properties":{"name":"#) && piped.contains(r#""type":"Point""#),
        "{piped}"
    );
    folder.ok("export tour.gpkg cities c.geojsonl --fields name --limit 1");
    assert!(folder.read("c.geojsonl").contains(r#""type":"Point""#));
    let csv = folder.csv("tour.gpkg", "cities", "--fields name --limit 1");
    assert!(csv.starts_with("object_id,name\r\n"), "{csv}");
}
