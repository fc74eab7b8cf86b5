//! Every example of the standard, in both encodings: see `cql2/ORIGIN.md`.
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use tiepoint_codecs::cql2;
use tiepoint_core::{Crs, Expr, Function, field};

/// The examples that call functions which the standard made up for them.
const FOREIGN_FUNCTIONS: [(&str, &str); 5] = [
    ("clause6_01", "avg"),
    ("clause6_02b", "avg"),
    ("clause7_18", "Buffer"),
    ("example68", "Foo"),
    ("example69", "Bar"),
];

/// The examples of an encoding, by name.
fn examples(encoding: &str) -> BTreeMap<String, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cql2").join(encoding);
    let read = |path: PathBuf| {
        let name = path.file_stem().expect("has a name").to_string_lossy().into_owned();
        (name, fs::read_to_string(path).expect("is text"))
    };
    let files = fs::read_dir(folder).expect("the examples are here");
    files.map(|file| read(file.expect("can be listed").path())).collect()
}

fn calls_a_foreign_function(name: &str) -> Option<&'static str> {
    FOREIGN_FUNCTIONS.iter().find(|(it, _)| *it == name).map(|(_, function)| *function)
}

/// What the examples say, but for those that call foreign functions.
fn known(encoding: &str) -> BTreeMap<String, Expr> {
    let read = if encoding == "text" { cql2::parse } else { cql2::parse_json };
    let known = examples(encoding).into_iter();
    let known = known.filter(|(name, _)| calls_a_foreign_function(name).is_none());
    known
        .map(|(name, text)| match read(&text, &Crs::CRS84) {
            Ok(expr) => (name, expr),
            Err(error) => panic!("{name}: {error}\n{}", error.caret().unwrap_or_default()),
        })
        .collect()
}

#[test]
fn every_example_is_read() {
    assert_eq!(known("text").len(), 120 - FOREIGN_FUNCTIONS.len());
    assert_eq!(known("json").len(), 109 - FOREIGN_FUNCTIONS.len());
}

#[test]
fn functions_that_the_standard_made_up_are_named_as_unknown() {
    for (encoding, read) in
        [("text", cql2::parse as fn(&str, &Crs) -> _), ("json", cql2::parse_json)]
    {
        let examples = examples(encoding);
        for (name, function) in FOREIGN_FUNCTIONS {
            let error = read(&examples[name], &Crs::CRS84).expect_err(name);
            let words = format!("no function is named `{function}`");
            assert!(error.to_string().ends_with(&words), "{name}: {error}");
        }
    }
}

/// The alternatives say what the example says, in other words; one spells -1 * foo as - foo.
#[test]
fn an_example_says_the_same_in_text_and_in_json() {
    let json = known("json");
    for (name, mut from_text) in known("text") {
        if name == "example85-alt01" {
            from_text = with_negation_as_product(from_text);
        }
        let base = name.split("-alt").next().expect("split gives one");
        assert_eq!(from_text, json[base], "{name}");
    }
}

fn with_negation_as_product(expr: Expr) -> Expr {
    match expr {
        Expr::Call(Function::Negate, arguments) => {
            let factors = std::iter::once(Expr::from(-1_i64)).chain(arguments);
            Expr::call(Function::Mul, factors)
        }
        Expr::Call(function, arguments) => {
            Expr::call(function, arguments.into_iter().map(with_negation_as_product))
        }
        other => other,
    }
}

#[test]
fn an_example_written_again_is_read_as_the_same() {
    for (name, expr) in known("text").into_iter().chain(known("json")) {
        let text = cql2::to_text(&expr).expect(&name);
        assert_eq!(cql2::parse(&text, &Crs::CRS84).as_ref(), Ok(&expr), "{name}: {text}");
        let json = cql2::to_json(&expr).expect(&name);
        assert_eq!(cql2::parse_json(&json, &Crs::CRS84).as_ref(), Ok(&expr), "{name}: {json}");
    }
}

#[test]
fn examples_mean_what_they_say() {
    let known = known("text");
    let floors = || field("floors").gt(5_i64);
    assert_eq!(known["example15"], floors() & field("swimming_pool").eq(true));
    assert_eq!(
        known["example18"],
        !field("floors").lt(5_i64) | field("swimming_pool").eq(true),
        "NOT binds closer than OR"
    );
    assert_eq!(known["example13"], !field("owner").like("%Mike%"));
    assert_eq!(known["example39"], field("value").is_in([1.0, 2.0, 3.0]), "points make reals");
    assert_eq!(known["clause7_03b"], !field("category").is_in([1_i64, 2, 3, 4]));
    assert_eq!(known["clause7_19"], field("vehicle_height").gt(field("bridge_clearance") - 1_i64));
}
