//! What a newer program says in places that are not known here is passed on.
use crate::arbitrary::arb_change_set;
use proptest::prelude::*;
use tiepoint_core::protobuf::{Payload, Reader, Writer};
use tiepoint_core::{Change, ChangeSet, DecodeFault, ErrorKind};

/// How deep what is known goes: set, layer, change, field; a value is the fifth.
const LEVELS: usize = 4;

/// Fields with these numbers are messages of the next level.
fn is_message(level: usize, number: u32) -> bool {
    matches!((level, number), (0 | 1, 3) | (2, 8))
}

/// Adds fields of every wire type to a message of a level and to those within.
fn with_unknown_fields(message: &[u8], level: usize, seed: u64) -> Vec<u8> {
    let mut out = Writer::new();
    let mut reader = Reader::new(message);
    while let Some(field) = reader.next().expect("is ours") {
        match field.payload() {
            Payload::Bytes(inner) if is_message(level, field.number()) => {
                out.bytes(field.number(), &with_unknown_fields(inner, level + 1, seed + 1));
            }
            _ => out.raw(field.raw()),
        }
    }
    let number = 17 + u32::try_from(seed % 100).expect("small");
    out.uint(number, seed);
    out.message(number + 1, |inner| inner.text(1, "later"));
    out.raw(&[0x9B, 0x7D, 0x08, 0x01, 0x9C, 0x7D]); // a group of number 2003
    out.into_bytes()
}

fn unknown_fields(message: &[u8], level: usize, found: &mut Vec<(usize, Vec<u8>)>) {
    let mut reader = Reader::new(message);
    while let Some(field) = reader.next().expect("is ours") {
        match field.payload() {
            Payload::Bytes(inner) if level < LEVELS && is_message(level, field.number()) => {
                unknown_fields(inner, level + 1, found);
            }
            _ if field.number() > 16 => found.push((level, field.raw().to_vec())),
            _ => {}
        }
    }
}

fn unknown_in(message: &[u8]) -> Vec<(usize, Vec<u8>)> {
    let mut found = Vec::new();
    unknown_fields(message, 0, &mut found);
    found
}

proptest! {
    #[test]
    fn fields_survive_at_every_level(set in arb_change_set(), seed in 0..1_000_000_u64) {
        let newer = with_unknown_fields(&set.to_protobuf(), 0, seed);
        let read = ChangeSet::from_protobuf(&newer).expect("newer is fine");
        prop_assert_eq!(unknown_in(&read.to_protobuf()), unknown_in(&newer));
        let through_json = ChangeSet::from_json(&read.to_json()).expect("is ours");
        prop_assert_eq!(&through_json, &read);
        prop_assert_eq!(unknown_in(&through_json.to_protobuf()), unknown_in(&newer));
        for (layer, changes) in set.layers() {
            for (target, change) in changes.iter() {
                prop_assert_eq!(read.get(layer, target), Some(change));
            }
        }
    }
}

const NEWER: &str = r#"{
  "version": 1,
  "layers": {
    "roads": {
      "fields": ["name"],
      "changes": [],
      "renamed from": "streets"
    },
    "trees": {
      "fields": ["name"],
      "changes": [
        {
          "update": {"row": 7},
          "fields": {
            "name": {"before": "oak", "after": "ash", "why": "\"seen\""}
          },
          "at": "noon"
        }
      ]
    }
  },
  "author": {"name": "Eva", "seen": [1, 2.50]}
}
"#;

#[test]
fn members_survive_at_every_level_and_through_protobuf() {
    let read = ChangeSet::from_json(NEWER).expect("newer is fine");
    assert_eq!(read.to_json(), NEWER);
    let through_protobuf = ChangeSet::from_protobuf(&read.to_protobuf()).expect("is ours");
    assert_eq!(through_protobuf, read);
    assert_eq!(through_protobuf.to_json(), NEWER);
}

#[test]
fn what_belongs_to_a_change_that_goes_on_is_forgotten_with_it() {
    let mut set = ChangeSet::from_json(NEWER).expect("newer is fine");
    let trees = set.layer("trees").expect("is there").clone();
    let (target, change) = trees.iter().next().expect("is there");
    let Change::Update(fields) = change.inverted() else { panic!("updated") };
    let mut on = fields[0].clone();
    on.after = Some("elm".into());
    set.record("trees", trees.fields(), target.clone(), Change::Update(vec![on])).expect("follows");
    let text = set.to_json();
    assert!(!text.contains("noon") && !text.contains("why"), "{text}");
    assert!(text.contains("elm") && text.contains("streets"), "{text}");
    assert!(!set.inverted().to_json().contains("streets"), "the inverse is another set");
}

#[test]
fn what_would_change_the_meaning_is_refused() {
    let text = NEWER.replace(r#""before": "oak""#, r#""before": {"wood": "oak"}"#);
    let error = ChangeSet::from_json(&text).expect_err("has an unknown value");
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert_eq!(
        error.to_string(),
        "layer `trees`: row 7: field `name`: the tag `wood` is unknown here; upgrade this program"
    );
    let text = NEWER.replace("\"update\"", "\"moved\"");
    let error = ChangeSet::from_json(&text).expect_err("has an unknown change");
    assert_eq!((error.layer.as_deref(), error.kind()), (Some("trees"), ErrorKind::Unsupported));
    let text = NEWER.replace("\"version\": 1", "\"version\": 2");
    let error = ChangeSet::from_json(&text).expect_err("is newer");
    assert_eq!(error.fault, DecodeFault::Version { version: 2 });

    let mut newer = Writer::new();
    newer.uint(1, 2);
    let error = ChangeSet::from_protobuf(newer.as_bytes()).expect_err("is newer");
    assert_eq!(error.fault, DecodeFault::Version { version: 2 });
    let of = |kind: u64, value: u32| {
        let mut set = Writer::new();
        set.uint(1, 1);
        set.message(3, |layer| {
            layer.text(1, "trees");
            layer.text(2, "name");
            layer.message(3, |change| {
                change.sint(2, 7);
                change.uint(4, kind);
                change.message(7, |it| it.text(value, "oak"));
            });
        });
        set.uint(16, 1);
        ChangeSet::from_protobuf(set.as_bytes())
    };
    assert!(of(1, 6).is_ok());
    let error = of(1, 99).expect_err("has an unknown value");
    assert_eq!(
        error.to_string(),
        "layer `trees`: row 7: field `name`: a value of kind 99 is unknown here; \
         upgrade this program"
    );
    assert_eq!(of(9, 6).expect_err("has an unknown change").kind(), ErrorKind::Unsupported);
}
