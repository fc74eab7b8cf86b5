//! What edits in QGIS leave of a layer's ids, whatever the store: `edited` says how one is made
//! there, and gives the rows before and after.
use super::{Row, edited};

fn named<'a>(rows: &'a [Row], name: &str) -> Vec<&'a Option<String>> {
    rows.iter().filter(|(_, _, it)| it == name).map(|(_, id, _)| id).collect()
}

#[test]
fn a_feature_added_in_qgis_gets_an_id() {
    let Some([before, after]) = edited("add") else { return };
    assert_eq!(after.len(), 6);
    assert_eq!(after[..5], before[..], "nobody else's id changed");
}

#[test]
fn a_pasted_copy_gets_its_own_id_and_the_original_keeps_its() {
    let Some([before, after]) = edited("paste") else { return };
    assert_eq!(after.len(), 7);
    assert_eq!(after[..5], before[..]);
}

#[test]
fn what_is_cut_and_pasted_keeps_its_id() {
    let Some([before, after]) = edited("cut_paste") else { return };
    assert_eq!(after.len(), 5);
    assert_eq!(named(&after, "plot 3"), named(&before, "plot 3"));
}

#[test]
fn a_split_leaves_the_id_with_one_part() {
    let Some([before, after]) = edited("split") else { return };
    assert_eq!(after.len(), 6);
    assert!(named(&after, "plot 2").contains(&named(&before, "plot 2")[0]));
}

#[test]
fn the_survivor_of_a_merge_keeps_its_own_id() {
    let Some([before, after]) = edited("merge") else { return };
    assert_eq!(after.len(), 4);
    assert_eq!(
        named(&after, "plot 1"),
        named(&before, "plot 0"),
        "although it took the other's values"
    );
}

#[test]
fn a_deleted_feature_takes_its_id_with_it() {
    let Some([before, after]) = edited("delete") else { return };
    assert_eq!(after[..], before[..4]);
}

#[test]
fn a_rewritten_id_is_put_back() {
    let Some([before, after]) = edited("rename_id") else { return };
    assert_eq!(after, before);
}
