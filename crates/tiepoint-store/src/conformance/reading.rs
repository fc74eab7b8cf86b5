//! Promises about queries.
use super::fixture::{
    WRITES, all, bbox, created, inserted, many_places, names, place, places, untied_notes,
};
use super::promises;
use crate::{Question, Store, WriteMode};
use std::collections::HashSet;
use tiepoint_core::{BBox, Direction, ErrorKind, Feature, Fid, Ids, ObjectId, Query, field};

promises! {
    WRITES => {
        everything_comes_back_once,
        two_readings_agree_on_the_order,
        objects_are_found_by_id,
        rows_are_found_by_fid,
        a_box_finds_what_brute_force_finds,
        a_box_over_the_antimeridian_finds_both_sides,
        a_box_may_be_as_small_as_a_position,
        what_has_no_place_meets_no_box,
        a_box_of_a_layer_without_geometry_is_invalid,
        a_swapped_box_is_invalid,
        fields_come_as_asked,
        an_unknown_field_is_invalid_and_met_with_a_suggestion,
        sorting_follows_the_one_order,
        limit_and_offset_cut_the_same_order,
        facts_are_exact,
    }
}

fn with_places(store: &dyn Store, count: u32) -> Vec<(Fid, Option<ObjectId>)> {
    created(store, &places());
    inserted(store, "places", many_places(count), WriteMode::Bulk)
}

fn everything_comes_back_once(store: &dyn Store) {
    let written = with_places(store, 1_000);
    let read = all(store, &Query::layer("places"));
    let keys: HashSet<_> = read.iter().map(|it| (it.fid.clone(), it.id)).collect();
    let expected: HashSet<_> = written.into_iter().map(|(fid, id)| (Some(fid), id)).collect();
    assert_eq!((read.len(), keys), (1_000, expected));
}

fn two_readings_agree_on_the_order(store: &dyn Store) {
    with_places(store, 200);
    for query in [
        Query::layer("places"),
        Query::layer("places").order_by(field("rank"), Direction::Ascending),
    ] {
        assert_eq!(all(store, &query), all(store, &query));
    }
}

fn objects_are_found_by_id(store: &dyn Store) {
    let written = with_places(store, 50);
    let wanted: Vec<_> = [7, 3, 7].iter().filter_map(|at| written[*at].1).collect();
    let mut asked = wanted.clone();
    asked.push(ObjectId::mint());
    let found = all(store, &Query::layer("places").ids(Ids::Objects(asked)));
    let ids: HashSet<_> = found.iter().filter_map(|it| it.id).collect();
    assert_eq!(
        (found.len(), ids),
        (2, wanted.into_iter().collect()),
        "each once, unknown ones passed over"
    );
}

fn rows_are_found_by_fid(store: &dyn Store) {
    let written = with_places(store, 50);
    let asked = vec![written[9].0.clone(), Fid::Int(i64::MAX), Fid::Text("no such row".to_owned())];
    let found = all(store, &Query::layer("places").ids(Ids::Fids(asked)));
    assert_eq!(found.iter().map(|it| it.id).collect::<Vec<_>>(), [written[9].1]);
    let many: Vec<_> = written.iter().map(|(fid, _)| fid.clone()).collect();
    assert_eq!(all(store, &Query::layer("places").ids(Ids::Fids(many))).len(), 50);
}

fn a_box_finds_what_brute_force_finds(store: &dyn Store) {
    with_places(store, 2_000);
    let everything = all(store, &Query::layer("places"));
    for step in 0..60 {
        let (x, y) = (f64::from(step * 37 % 360) - 180.0, f64::from(step * 53 % 180) - 90.0);
        let size = f64::from(step % 12) * 3.3;
        same_as_brute_force(
            store,
            &everything,
            bbox(x, y, (x + size).min(180.0), (y + size).min(90.0)),
        );
    }
}

fn a_box_over_the_antimeridian_finds_both_sides(store: &dyn Store) {
    with_places(store, 2_000);
    let everything = all(store, &Query::layer("places"));
    let both = bbox(175.0, -90.0, -175.0, 90.0);
    same_as_brute_force(store, &everything, both);
    let found = all(store, &Query::layer("places").within(both));
    let side = |east: bool| found.iter().filter(|it| is_east(it) == east).count();
    assert!(side(true) > 0 && side(false) > 0, "{} and {}", side(true), side(false));
}

fn is_east(feature: &Feature) -> bool {
    feature
        .geometry()
        .and_then(tiepoint_core::Geometry::envelope)
        .is_some_and(|it| it.min().x > 0.0)
}

fn same_as_brute_force(store: &dyn Store, everything: &[Feature], bbox: BBox) {
    let query = Query::layer("places").within(bbox);
    let layer = store.layer("places").expect("is there");
    let question = Question::of(&layer, &query).expect("is a box");
    let everything = everything.iter().cloned().map(Ok);
    let expected = question.finish_whole(&question.all_of_it(), everything).expect("is a box");
    let expected: HashSet<_> = expected.map(|it| it.expect("was read before").fid).collect();
    let found = all(store, &query);
    assert_eq!(found.len(), expected.len(), "{bbox:?}");
    assert_eq!(found.into_iter().map(|it| it.fid).collect::<HashSet<_>>(), expected, "{bbox:?}");
}

/// Doubles that no single-precision index can hold exactly.
fn a_box_may_be_as_small_as_a_position(store: &dyn Store) {
    created(store, &places());
    let (x, y) = (13.377_704_012_345_678_f64, 52.516_274_987_654_32);
    let neighbour = f64::from_bits(x.to_bits() + 1);
    let features = vec![place("here", 1, x, y), place("next", 2, neighbour, y)];
    inserted(store, "places", features, WriteMode::Rows);
    let found = all(store, &Query::layer("places").within(bbox(x, y, x, y)));
    assert_eq!(names(&found), ["here"]);
}

fn what_has_no_place_meets_no_box(store: &dyn Store) {
    created(store, &places());
    let mut nowhere = place("null", 1, 0.0, 0.0);
    nowhere.set("geom", tiepoint_core::Value::Null).expect("nullable");
    let mut unset = place("unset", 1, 0.0, 0.0);
    unset.unset("geom");
    let mut empty = place("empty", 2, 0.0, 0.0);
    let geometry = tiepoint_core::Geometry::from_wkt("POINT EMPTY").expect("empty point");
    empty.set("geom", geometry.into()).expect("fits");
    inserted(
        store,
        "places",
        vec![nowhere, unset, empty, place("zero", 3, 0.0, 0.0)],
        WriteMode::Bulk,
    );
    let found = all(store, &Query::layer("places").within(bbox(-180.0, -90.0, 180.0, 90.0)));
    assert_eq!(names(&found), ["zero"]);
    let read = all(store, &Query::layer("places"));
    assert_eq!(read.iter().filter(|it| it.is_spatial()).count(), 2, "empty is not null");
}

fn a_box_of_a_layer_without_geometry_is_invalid(store: &dyn Store) {
    created(store, &untied_notes());
    let refused = store.read(&Query::layer("notes").within(bbox(0.0, 0.0, 1.0, 1.0)));
    assert_eq!(refused.expect_err("no geometry").kind(), ErrorKind::Invalid);
}

fn a_swapped_box_is_invalid(store: &dyn Store) {
    created(store, &places());
    for wrong in [bbox(0.0, 10.0, 1.0, 5.0), bbox(f64::NAN, 0.0, 1.0, 1.0)] {
        let refused = store.read(&Query::layer("places").within(wrong));
        assert_eq!(refused.expect_err("is no box").kind(), ErrorKind::Invalid);
    }
}

fn fields_come_as_asked(store: &dyn Store) {
    with_places(store, 3);
    let read = all(store, &Query::layer("places").fields(["rank", "name"]));
    for feature in &read {
        let fields: Vec<_> = feature.schema().fields().iter().map(|it| it.name.as_str()).collect();
        assert_eq!(fields, ["rank", "name"]);
        assert!(feature.id.is_some() && feature.fid.is_some(), "ids always come");
    }
    assert_eq!(names(&read), ["place 00000", "place 00001", "place 00002"]);
    let none = all(store, &Query::layer("places").fields(Vec::<String>::new()));
    assert_eq!(none.iter().map(|it| it.values().len()).collect::<Vec<_>>(), [0, 0, 0]);
    let boxed = Query::layer("places").fields(["name"]).within(bbox(-180.0, -90.0, 180.0, 90.0));
    assert_eq!(all(store, &boxed).len(), 3, "a box needs no geometry among the fields");
    let sorted =
        Query::layer("places").fields(["name"]).order_by(field("rank"), Direction::Descending);
    assert_eq!(names(&all(store, &sorted))[0], "place 00002", "nor does an order need its field");
}

fn an_unknown_field_is_invalid_and_met_with_a_suggestion(store: &dyn Store) {
    created(store, &places());
    let asked = Query::layer("places").fields(["nane"]);
    let sorted = Query::layer("places").order_by(field("nane"), Direction::Ascending);
    for query in [asked, sorted] {
        let refused = store.read(&query).expect_err("no such field");
        assert_eq!(refused.kind(), ErrorKind::Invalid);
        assert!(refused.to_string().contains("did you mean `name`"), "{refused}");
    }
}

fn sorting_follows_the_one_order(store: &dyn Store) {
    created(store, &places());
    let mut nameless = place("", 5, 0.0, 0.0);
    nameless.set("name", tiepoint_core::Value::Null).expect("nullable");
    let mut features = vec![nameless];
    for (rank, name) in [(1, "b"), (2, "B"), (3, "ä"), (4, "a"), (1, "a"), (6, "\u{10FFFF}")] {
        features.push(place(name, rank, 0.0, 0.0));
    }
    inserted(store, "places", features, WriteMode::Rows);
    let up = Query::layer("places").order_by(field("name"), Direction::Ascending);
    let up = up.order_by(field("rank"), Direction::Descending);
    assert_eq!(names(&all(store, &up)), ["-", "B", "a", "a", "b", "ä", "\u{10FFFF}"]);
    assert_eq!(all(store, &up)[2].get("rank"), Some(&4.into()));
    let down = Query::layer("places").order_by(field("name"), Direction::Descending).limit(2);
    assert_eq!(names(&all(store, &down)), ["\u{10FFFF}", "ä"]);
}

fn limit_and_offset_cut_the_same_order(store: &dyn Store) {
    with_places(store, 40);
    let query = Query::layer("places").order_by(field("rank"), Direction::Ascending);
    let everything = names(&all(store, &query));
    for (offset, limit) in [(0, 5), (5, 5), (38, 5), (40, 5), (0, 0), (3, u64::MAX)] {
        let page = names(&all(store, &query.clone().offset(offset).limit(limit)));
        let from = usize::try_from(offset).expect("small");
        let expected: Vec<_> =
            everything.iter().skip(from).take(usize::try_from(limit).unwrap_or(99)).collect();
        assert_eq!(page.iter().collect::<Vec<_>>(), expected, "{offset} {limit}");
    }
    assert_eq!(names(&all(store, &query.offset(39))), everything[39..]);
}

fn facts_are_exact(store: &dyn Store) {
    created(store, &places());
    let empty = store.facts("places").expect("reads");
    assert_eq!((empty.count, empty.extent), (0, None));
    inserted(
        store,
        "places",
        vec![place("a", 1, -1.5, 2.0), place("b", 2, 3.0, -4.25)],
        WriteMode::Bulk,
    );
    let facts = store.facts("places").expect("reads");
    let extent = facts.extent.expect("two places");
    assert_eq!((facts.count, extent.min().x, extent.min().y), (2, -1.5, -4.25));
    assert_eq!((extent.max().x, extent.max().y), (3.0, 2.0));
}
