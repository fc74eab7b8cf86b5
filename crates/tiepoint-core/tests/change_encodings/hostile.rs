//! What is no change set is refused, with its place, at no cost.
use crate::arbitrary::arb_change_set;
use proptest::prelude::*;
use tiepoint_core::ChangeSet;

/// What is read of any bytes is a change set like any other.
fn read_again(bytes: &[u8]) {
    if let Ok(set) = ChangeSet::from_protobuf(bytes) {
        assert_eq!(ChangeSet::from_protobuf(&set.to_protobuf()).as_ref(), Ok(&set));
    }
    if let Ok(set) = ChangeSet::from_json(&String::from_utf8_lossy(bytes)) {
        assert_eq!(ChangeSet::from_json(&set.to_json()).as_ref(), Ok(&set));
    }
}

proptest! {
    #[test]
    fn damaged_sets_are_read_or_refused(
        set in arb_change_set(),
        damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in any::<prop::sample::Index>(),
    ) {
        for mut bytes in [set.to_protobuf(), set.to_json().into_bytes()] {
            for (at, byte) in &damage {
                let at = at.index(bytes.len());
                bytes[at] = *byte;
            }
            read_again(&bytes);
            read_again(&bytes[..cut.index(bytes.len())]);
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes: Vec<u8>) {
        read_again(&bytes);
    }
}

#[test]
fn a_set_that_was_cut_off_is_no_shorter_set() {
    let text = format!(
        r#"{{"version": 1, "id": "{ID}", "layers": {{
            "benches": {{"changes": [{{"insert": {{"row": 1}}, "values": {{"a": 1}}}}]}},
            "trees": {{"changes": [{{"insert": {{"row": 1}}, "values": {{"a": 1}}}}]}}
        }}}}"#
    );
    let bytes = ChangeSet::from_json(&text).expect("is a set").to_protobuf();
    for length in 0..bytes.len() {
        let read = ChangeSet::from_protobuf(&bytes[..length]);
        assert!(read.is_err(), "{length} of {} bytes: {read:?}", bytes.len());
    }
    let empty = ChangeSet::new().to_protobuf();
    assert!(ChangeSet::from_protobuf(&empty[..2]).is_err(), "only its version");
    assert!(ChangeSet::from_protobuf(&[bytes.clone(), empty].concat()).is_ok(), "two pieces");
}

const HEAD: &str = r#"{"version": 1, "layers": {"trees": {"fields": ["a", "b"], "changes": ["#;
const ID: &str = "67e55044-10b1-426f-9247-bb680e5fe0c8";

#[test]
fn every_mistake_is_told_with_its_place() {
    let here = "layer `trees`: object 67e55044-10b1-426f-9247-bb680e5fe0c8: ";
    let cases = [
        (r#""update": ID, "fields": {}"#, "an update is of at least one field"),
        (r#""update": ID, "fields": {"a": {"before": 1, "after": 1}}"#, "field `a`: it says the"),
        (r#""update": ID, "fields": {"a": {"after": 99999999999999999999}}"#, "field `a`: `9999"),
        (r#""update": ID, "fields": {"a": {"after": 1e999}}"#, "field `a`: `1e999` is not a dou"),
        (r#""update": ID, "fields": {"a": {"after": [1]}}"#, "field `a`: `[1]` is not a value; "),
        (r#""insert": ID, "values": {"a": {"date": "May"}}"#, "field `a`: "),
        (r#""insert": ID, "values": {"a": {"date": "2024-01-01", "b": 1}}"#, "field `a`: `{"),
        (r#""insert": ID, "values": {"a": {"geometry": "POINT (1"}}"#, "field `a`: "),
        (r#""insert": ID, "values": {"a": {"bytes": "Zg"}}"#, "field `a`: `Zg` is not base64"),
        (r#""insert": ID, "values": {"a": 1, "a": 2}"#, "`a` is said twice"),
        (r#""insert": ID"#, "an update has `fields`, an insert or delete has `values`"),
        (r#""insert": ID, "delete": ID"#, "it is both insert and delete"),
        (r#""insert": ID, "fid": 1.5, "values": {}"#, "`1.5` is not a fid, an integer or a text"),
    ];
    for (change, expected) in cases {
        let change = change.replace("ID", &format!("\"{ID}\""));
        let text = format!("{HEAD}{{{change}}}]}}}}}}");
        let error = ChangeSet::from_json(&text).expect_err(&change).to_string();
        assert!(error.starts_with(&format!("{here}{expected}")), "{change}: {error}");
    }
    let elsewhere = [
        (String::new(), "not JSON: EOF while parsing a value at line 1 column 0"),
        (format!("{HEAD}\n]}}"), "not JSON: "),
        ("[]".to_owned(), "`[]` is not an object"),
        ("{}".to_owned(), "it does not say its version"),
        (r#"{"version": "1"}"#.to_owned(), "`\"1\"` is not a version"),
        (r#"{"version": 1, "id": "me"}"#.to_owned(), "`me` is not an object id"),
        (format!(r#"{HEAD}{{"delete": "tree"}}]}}}}}}"#), "layer `trees`: `tree` is not an obj"),
    ];
    for (text, expected) in elsewhere {
        let error = ChangeSet::from_json(&text).expect_err(&text).to_string();
        assert!(error.starts_with(expected), "{text}: {error}");
    }
}

#[test]
fn what_is_unset_costs_no_memory_beyond_measure() {
    let names: Vec<String> = (0..20_000).map(|name| format!("\"{name}\"")).collect();
    let changes: Vec<String> = (0..20_000)
        .map(|row| format!(r#"{{"insert": {{"row": {row}}}, "values": {{}}}}"#))
        .collect();
    let (names, changes) = (names.join(","), changes.join(","));
    let text = format!(
        r#"{{"version": 1, "layers": {{"a": {{"fields": [{names}], "changes": [{changes}]}}}}}}"#
    );
    let error = ChangeSet::from_json(&text).expect_err("asks for twelve gigabytes");
    assert_eq!(error.to_string(), "layer `a`: far more is left unset than is said");
}

#[test]
fn people_need_not_say_everything() {
    let text = format!(
        r#"{{
  "version": 1,
  "layers": {{
    "trees": {{"changes": [
      {{"insert": {{"row": "T 7"}}, "values": {{"name": "oak", "height": 2e1, "age": null}}}},
      {{"update": "{ID}", "fields": {{
        "planted": {{"after": {{"date": "2024-02-29"}}}},
        "height":  {{"before": 20, "after": 20.0}}
      }}}}
    ]}}
  }}
}}"#
    );
    let set = ChangeSet::from_json(&text).expect("says enough");
    let trees = set.layer("trees").expect("is there");
    assert_eq!(trees.fields()[..], ["name", "height", "age", "planted"]);
    let shown: Vec<String> = trees.iter().map(|(target, it)| format!("{target}: {it:?}")).collect();
    assert_eq!(
        shown,
        [
            format!(
                "object {ID}: Update([FieldChange {{ field: 1, before: Some(Int(20)), after: \
                 Some(Real(20.0)) }}, FieldChange {{ field: 3, before: None, after: \
                 Some(Date(2024-02-29)) }}])"
            ),
            "row T 7: Insert(Image { fid: None, values: [Some(Text(\"oak\")), Some(Real(20.0)), \
             Some(Null), None] })"
                .to_owned(),
        ]
    );
}
