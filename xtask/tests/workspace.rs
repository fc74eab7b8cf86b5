//! What must be true of the workspace as a whole: who imports whom, and under which licences.
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

/// Each crate and the tiepoint crates it may name in `[dependencies]`; ARCHITECTURE.md says why.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("tiepoint-core", &[]),
    ("tiepoint-spatial", &["tiepoint-core"]),
    ("tiepoint-store", &["tiepoint-core", "tiepoint-spatial"]),
    ("tiepoint-gpkg", &["tiepoint-core", "tiepoint-spatial", "tiepoint-store"]),
    ("tiepoint-postgis", &["tiepoint-core", "tiepoint-spatial", "tiepoint-store"]),
    ("tiepoint-edits", &["tiepoint-core", "tiepoint-spatial", "tiepoint-store"]),
    ("tiepoint-objects", &["tiepoint-core", "tiepoint-spatial", "tiepoint-store"]),
    ("tiepoint-codecs", &["tiepoint-core", "tiepoint-spatial"]),
    ("tiepoint-cases", &["tiepoint-core", "tiepoint-store", "tiepoint-codecs"]),
    (
        "tiepoint",
        &[
            "tiepoint-core",
            "tiepoint-spatial",
            "tiepoint-store",
            "tiepoint-gpkg",
            "tiepoint-postgis",
            "tiepoint-edits",
            "tiepoint-objects",
            "tiepoint-codecs",
        ],
    ),
    ("tiepoint-cli", &["tiepoint"]),
    ("tiepoint-python", &["tiepoint"]),
    ("tiepoint-fuzz", &["tiepoint-core", "tiepoint-gpkg", "tiepoint-codecs"]),
    (
        "tiepoint-bench",
        &[
            "tiepoint",
            "tiepoint-core",
            "tiepoint-spatial",
            "tiepoint-store",
            "tiepoint-gpkg",
            "tiepoint-postgis",
            "tiepoint-edits",
            "tiepoint-objects",
            "tiepoint-codecs",
        ],
    ),
];

fn metadata(more: &[&str]) -> serde_json::Value {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version=1"])
        .args(more)
        .output()
        .expect("cargo metadata runs");
    serde_json::from_slice(&output.stdout).expect("is JSON")
}

/// The packages of both workspaces: ours, and that of the Python package.
fn packages(more: &[&str]) -> Vec<serde_json::Value> {
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("../python/Cargo.toml");
    let python = python.to_str().expect("a plain path");
    let there = metadata(&[more, &["--locked", "--manifest-path", python]].concat());
    [metadata(more), there].iter().flat_map(|it| list(it, "packages").to_vec()).collect()
}

fn list<'a>(document: &'a serde_json::Value, name: &str) -> &'a [serde_json::Value] {
    document[name].as_array().unwrap_or_else(|| panic!("has {name}"))
}

#[test]
fn crates_import_only_from_below() {
    for package in packages(&["--no-deps"]) {
        let name = package["name"].as_str().expect("is named");
        if !name.starts_with("tiepoint") {
            continue;
        }
        let (_, allowed) = MAY_IMPORT
            .iter()
            .find(|(listed, _)| *listed == name)
            .unwrap_or_else(|| panic!("{name} is new: give it a row in MAY_IMPORT"));
        for dependency in list(&package, "dependencies") {
            let to = dependency["name"].as_str().expect("is named");
            let real = dependency["kind"].is_null(); // dev and build dependencies are free
            assert!(
                !real || !to.starts_with("tiepoint") || allowed.contains(&to),
                "{name} must not import {to}"
            );
        }
    }
}

/// The functions in the words of their definitions: `Variant "name" Class "meaning";`.
#[test]
fn the_table_of_functions_is_that_of_the_code() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the workspace");
    let read = |name: &str| std::fs::read_to_string(root.join(name)).expect(name);
    let code = read("crates/tiepoint-core/src/expr/function.rs");
    let documented: BTreeSet<(String, String)> = read("docs/expressions.md")
        .lines()
        .filter_map(|line| {
            let mut cells = line.strip_prefix("| `")?.strip_suffix(" |")?.splitn(3, " | ");
            let name = cells.next()?.strip_suffix('`')?.to_owned();
            Some((name, cells.nth(1)?.to_owned()))
        })
        .collect();
    let defined: BTreeSet<(String, String)> = code
        .lines()
        .filter_map(|line| {
            let parts: Vec<&str> = line.strip_suffix("\";")?.splitn(4, '"').collect();
            let [_, name, _, meaning] = parts[..] else { return None };
            Some((name.to_owned(), meaning.to_owned()))
        })
        .collect();
    assert!(defined.len() > 80, "{defined:?}");
    assert_eq!(documented, defined);
}

#[test]
fn architecture_names_every_crate() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the workspace");
    let text = std::fs::read_to_string(root.join("ARCHITECTURE.md")).expect("is there");
    for package in packages(&["--no-deps"]) {
        let name = package["name"].as_str().expect("is named");
        assert!(text.contains(&format!("`{name}`")), "ARCHITECTURE.md does not name `{name}`");
    }
}

/// The licences that deny.toml allows.
fn allowed_licences() -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the workspace");
    let text = std::fs::read_to_string(root.join("deny.toml")).expect("is there");
    let allow = text.split("allow = [").nth(1).and_then(|rest| rest.split(']').next());
    let quoted = allow.expect("lists licences").split('"').skip(1).step_by(2);
    quoted.map(str::to_owned).collect()
}

/// Whether an SPDX expression can be kept with the allowed licences: one of the alternatives, all
/// of whose parts are allowed.
fn is_allowed(expression: &str, allowed: &BTreeSet<String>) -> bool {
    let plain = expression.replace('/', " OR ").replace(['(', ')'], "");
    let part = |part: &str| allowed.contains(part.trim());
    if expression.contains('(') {
        // `(A OR B) AND C`: every factor needs an allowed alternative.
        return expression
            .replace(['(', ')'], "")
            .split(" AND ")
            .all(|factor| factor.split(" OR ").any(part));
    }
    plain.split(" OR ").any(|alternative| alternative.split(" AND ").all(part))
}

#[test]
fn every_licence_is_one_that_we_allow() {
    let allowed = allowed_licences();
    assert!(allowed.len() > 3, "deny.toml was read");
    for package in packages(&[]) {
        let (name, licence) = (&package["name"], package["license"].as_str().unwrap_or("none"));
        assert!(is_allowed(licence, &allowed), "{name} is under {licence}");
    }
}
