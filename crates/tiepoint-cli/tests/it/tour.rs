//! The tour: the first thing that a newcomer runs.
use crate::folder::Folder;
use std::time::{Duration, Instant};

#[test]
fn the_tour_does_the_whole_job_in_an_empty_folder() {
    let folder = Folder::new();
    let begun = Instant::now();
    let run = folder.ok("tour");
    assert!(begun.elapsed() < Duration::from_secs(20), "took {:?}", begun.elapsed());
    assert_eq!(folder.names(), ["tour.geojson", "tour.gpkg"]);
    assert!(run.out.contains("177 features into layer `countries`"), "{}", run.out);
    assert!(run.out.contains("243 features into layer `cities`"), "{}", run.out);
    assert!(run.out.contains("420 in all"), "{}", run.out);
    assert!(run.out.contains("Kenya"), "{}", run.out);
    assert!(run.out.contains("QGIS"), "{}", run.out);
    assert_eq!(folder.count("tour.gpkg", "countries"), 177);
    assert_eq!(folder.count("tour.gpkg", "cities"), 243);
}

#[test]
fn what_the_tour_suggests_next_works() {
    let folder = Folder::new();
    let told = folder.ok("tour").out;
    let bin = env!("CARGO_BIN_EXE_tiepoint");
    let suggested: Vec<_> = told.lines().filter(|line| line.trim().starts_with(bin)).collect();
    assert!(suggested.len() > 3, "{told}");
    for line in suggested {
        let run = folder.shell(line.trim());
        assert_eq!(run.code, Some(0), "{line}\n{}", run.err);
    }
}

#[test]
fn a_second_tour_makes_its_own_layers_anew_and_keeps_the_rest() {
    let folder = Folder::after_tour();
    let before = folder.csv("tour.gpkg", "countries", "");
    folder.write("mine.csv", "name,x,y\nhere,1,2\n");
    folder.ok("import mine.csv tour.gpkg");
    folder.ok("untie tour.gpkg cities");
    let run = folder.ok("tour");
    assert!(run.out.starts_with("An earlier tour was here"), "{}", run.out);
    assert_eq!(folder.csv("tour.gpkg", "countries", ""), before, "the same objects");
    assert_eq!(folder.count("tour.gpkg", "cities"), 243);
    assert_eq!(folder.count("tour.gpkg", "mine"), 1, "what others made stays");
    assert_eq!(folder.names(), ["mine.csv", "tour.geojson", "tour.gpkg"]);
}

#[test]
fn a_tour_knows_its_document_without_its_store() {
    let folder = Folder::after_tour();
    let before = folder.read("tour.geojson");
    std::fs::remove_file(folder.path("tour.gpkg")).expect("is there");
    folder.ok("tour");
    assert_eq!(folder.read("tour.geojson"), before);
}

#[test]
fn files_that_no_tour_made_are_never_touched() {
    let folder = Folder::new();
    folder.write("mine.csv", "name\nprecious\n");
    folder.ok("import mine.csv tour.gpkg");
    let mine = folder.bytes("tour.gpkg");
    let run = folder.fails("tour", 4);
    assert!(run.err.contains("`tour.gpkg`") && run.err.contains("hint: "), "{}", run.err);
    assert!(folder.bytes("tour.gpkg") == mine && !folder.has("tour.geojson"));

    let folder = Folder::new();
    folder.write("tour.geojson", "{}");
    let run = folder.fails("tour", 4);
    assert!(run.err.contains("`tour.geojson`"), "{}", run.err);
    assert_eq!(folder.names(), ["tour.geojson"], "nothing was begun");
    assert_eq!(folder.read("tour.geojson"), "{}");

    let folder = Folder::after_tour();
    folder.write("tour.geojson", "edited by hand");
    folder.fails("tour", 4);
    assert_eq!(folder.read("tour.geojson"), "edited by hand");
}

#[test]
fn a_file_that_is_no_geopackage_is_not_taken_for_one() {
    let folder = Folder::new();
    folder.write("tour.gpkg", "not a database at all, but long enough to be looked at");
    let run = folder.run("tour");
    assert!(run.code.is_some_and(|code| code > 1) && run.err.starts_with("error: "), "{}", run.err);
    assert!(folder.read("tour.gpkg").starts_with("not a database"));
}

#[test]
fn a_tour_leaves_what_is_pending_of_others_alone() {
    let folder = Folder::after_tour();
    folder.shell(
        "tiepoint edit tour.gpkg cities --journal beside -c 'set name=Oslo name=Christiania'",
    );
    let run = folder.ok("tour");
    assert!(run.out.contains("2 pending edits"), "{}", run.out);
    assert_eq!(folder.names(), [".tour.gpkg.journals", "tour.geojson", "tour.gpkg"]);
    assert!(folder.ok("recover tour.gpkg").out.contains("Christiania"));
    folder.ok("recover tour.gpkg --commit");
    assert!(folder.csv("tour.gpkg", "cities", "").contains("Christiania"));
    assert_eq!(folder.names(), ["tour.geojson", "tour.gpkg"]);
}
