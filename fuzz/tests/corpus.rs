//! Every input that a fuzzer once found interesting is tried again, on the stable toolchain.
use std::fs;
use std::path::Path;

type Target = fn(&[u8]);

/// Runs `target` over its corpus and says how many inputs there were.
fn replayed(name: &str, target: Target) -> usize {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(name);
    let files = fs::read_dir(&folder).expect("every target has a corpus");
    let mut count = 0;
    for file in files {
        let path = file.expect("the folder can be listed").path();
        target(&fs::read(&path).expect("the file can be read"));
        count += 1;
    }
    count
}

#[test]
fn no_known_input_breaks_a_reader() {
    let targets: [(&str, Target); 7] = [
        ("wkb", tiepoint_fuzz::wkb),
        ("wkt", tiepoint_fuzz::wkt),
        ("gpkg_blob", tiepoint_fuzz::gpkg_blob),
        ("geojson", tiepoint_fuzz::geojson),
        ("csv", tiepoint_fuzz::csv),
        ("cql2", tiepoint_fuzz::cql2),
        ("change_set", tiepoint_fuzz::change_set),
    ];
    for (name, target) in targets {
        assert!(replayed(name, target) > 0, "{name} has no corpus");
    }
}
