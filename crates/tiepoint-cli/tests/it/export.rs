//! `tiepoint export`: files that are whole, and what goes into them.
use crate::folder::Folder;
use serde_json::Value;

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("is JSON")
}

#[test]
fn a_document_is_chosen_by_its_extension_or_by_format() {
    let folder = Folder::after_tour();
    for (name, starts) in [
        ("a.geojson", "{\"type\":\"FeatureCollection\""),
        ("a.geojsonl", "{\"type\":\"Feature\""),
        ("a.csv", "object_id,"),
    ] {
        let run = folder.ok(&format!("export tour.gpkg cities {name}"));
        assert!(run.out.is_empty() && run.err.contains("243 features"), "{}", run.err);
        assert!(folder.read(name).starts_with(starts), "{name}");
    }
    folder.ok("export tour.gpkg cities a.txt --format geojson");
    assert_eq!(folder.read("a.txt"), folder.read("a.geojson"));
    let run = folder.fails("export tour.gpkg cities a.xyz", 6);
    assert!(run.err.contains("geojsonseq") && !folder.has("a.xyz"), "{}", run.err);
}

#[test]
fn what_is_asked_for_is_what_is_written() {
    let folder = Folder::after_tour();
    let query = "--bbox -10,35,30,60 --fields name --order name --limit 3 --offset 1";
    let document = json(&folder.ok(&format!("export tour.gpkg cities - {query}")).out);
    let features = document["features"].as_array().expect("has features");
    assert_eq!(features.len(), 3);
    for feature in features {
        assert_eq!(feature["geometry"]["type"], "Point", "GeoJSON has it besides");
        assert_eq!(feature["properties"].as_object().map(serde_json::Map::len), Some(1));
    }
}

#[test]
fn a_box_may_cross_the_antimeridian() {
    let folder = Folder::after_tour();
    let table = folder.csv("tour.gpkg", "countries", "--bbox 177,-19,-178,-16 --fields name");
    assert!(table.contains("Fiji") && table.lines().count() < 6, "{table}");
}

#[test]
fn a_file_that_is_there_stays_unless_it_may_go() {
    let folder = Folder::after_tour();
    folder.write("a.csv", "precious");
    let run = folder.fails("export tour.gpkg cities a.csv", 4);
    assert!(run.err.contains("--overwrite"), "{}", run.err);
    assert_eq!(folder.read("a.csv"), "precious");
    folder.ok("export tour.gpkg cities a.csv --overwrite");
    assert!(folder.read("a.csv").contains("Vaduz"));
    folder.fails("export tour.gpkg cities a.csv --overwrite --fields nme", 2);
    assert!(folder.read("a.csv").contains("Vaduz"), "a failed export takes nothing away");
    assert_eq!(folder.names(), ["a.csv", "tour.geojson", "tour.gpkg"], "no drafts left");
}

#[test]
fn geojson_keeps_metres_only_where_they_are_declared() {
    let folder = Folder::new();
    folder.write("m.csv", "n,x,y\n1,500000,5500000\n");
    folder.ok("import m.csv m.gpkg --x x --y y --crs EPSG:25832");
    folder.ok("export m.gpkg m m.geojson");
    folder.ok("import m.geojson lonlat.gpkg");
    assert!(folder.ok("info lonlat.gpkg m").out.contains("EPSG:4326"));
    let run = folder.fails("export m.gpkg m n.geojson --crs EPSG:25833", 6);
    assert!(run.err.contains("EPSG:25833") && !folder.has("n.geojson"), "{}", run.err);
    folder.ok("export m.gpkg m m.geojson --crs-member --overwrite");
    folder.ok("import m.geojson back.gpkg");
    assert!(folder.ok("info back.gpkg m").out.contains("EPSG:25832"));
}

#[test]
fn a_store_is_no_target_of_an_export() {
    let folder = Folder::after_tour();
    let run = folder.fails("export tour.gpkg cities other.gpkg", 6);
    assert!(run.err.contains("import"), "{}", run.err);
    assert!(!folder.has("other.gpkg"));
}
