//! Every example of the standard, in both encodings.
use std::fs;
use std::path::{Path, PathBuf};
use tiepoint_codecs::cql2;
use tiepoint_core::Crs;

/// The examples that call functions which the standard made up for them, and what is said then.
const FOREIGN_FUNCTIONS: [(&str, &str); 5] = [
    ("clause6_01", "no function is named `avg`"),
    ("clause6_02b", "no function is named `avg`"),
    ("clause7_18", "no function is named `Buffer`"),
    ("example68", "no function is named `Foo`"),
    ("example69", "no function is named `Bar`"),
];

fn folder(encoding: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cql2").join(encoding)
}

/// The examples' names and what they say, sorted.
fn examples(encoding: &str) -> Vec<(String, String)> {
    let files = fs::read_dir(folder(encoding)).expect("the examples are here");
    let read = |path: PathBuf| {
        let name = path.file_stem().expect("has a name").to_string_lossy().into_owned();
        (name, fs::read_to_string(path).expect("is text"))
    };
    let mut all: Vec<_> = files.map(|file| read(file.expect("can be listed").path())).collect();
    all.sort();
    all
}

fn foreign(name: &str) -> Option<&'static str> {
    FOREIGN_FUNCTIONS.iter().find(|(it, _)| *it == name).map(|(_, words)| *words)
}

#[test]
fn every_text_example_is_read_unless_it_calls_a_made_up_function() {
    let all = examples("text");
    assert_eq!(all.len(), 120);
    for (name, text) in all {
        let outcome = cql2::parse(&text, &Crs::CRS84);
        match (foreign(&name), outcome) {
            (None, Ok(_)) => {}
            (Some(words), Err(error)) => assert!(error.to_string().contains(words), "{error}"),
            (_, outcome) => panic!("{name}: {text}\n{outcome:?}"),
        }
    }
}
