//! Both forms, exactly, and one after the other.
use crate::arbitrary::arb_change_set;
use proptest::prelude::*;
use tiepoint_core::{ChangeSet, FieldNames};

fn field_lists(set: &ChangeSet) -> Vec<&FieldNames> {
    set.layers().map(|(_, changes)| changes.fields()).collect()
}

proptest! {
    #[test]
    fn protobuf_comes_back(set in arb_change_set()) {
        let again = ChangeSet::from_protobuf(&set.to_protobuf());
        prop_assert_eq!(again.as_ref(), Ok(&set));
        let again = again?;
        prop_assert_eq!(field_lists(&again), field_lists(&set));
    }

    #[test]
    fn json_comes_back(set in arb_change_set()) {
        let text = set.to_json();
        let again = ChangeSet::from_json(&text);
        prop_assert_eq!(again.as_ref(), Ok(&set), "{}", text);
        let again = again?;
        prop_assert_eq!(field_lists(&again), field_lists(&set));
        let other = ChangeSet::from_protobuf(&ChangeSet::from_json(&text)?.to_protobuf())?;
        prop_assert_eq!(other.to_json(), text);
    }

    #[test]
    fn sets_in_pieces_are_one_set(set in arb_change_set()) {
        let mut bytes = ChangeSet::new().to_protobuf();
        for (layer, changes) in set.layers() {
            for (target, change) in changes.iter() {
                let mut piece = ChangeSet::new();
                piece.id = set.id;
                let change = change.clone();
                piece.record(layer, changes.fields(), target.clone(), change).expect("is alone");
                bytes.extend(piece.to_protobuf());
            }
        }
        let together = ChangeSet::from_protobuf(&bytes)?;
        prop_assert!(together == set || set.is_empty());
    }
}
