//! Promises about filters, computed values, orders, pages, other CRSs and aggregates.
use super::fixture::{
    WRITES, all, bbox, created, inserted, many_places, names, place, places, points,
};
use super::promises;
use crate::{ReadControl, Store, StoreError, WriteMode, page_mark};
use std::collections::HashSet;
use std::time::Duration;
use tiepoint_core::{
    Aggregate, Crs, Direction, ErrorKind, Expr, Feature, Field, FieldType, Fields, Geometry, Ids,
    InvalidGeometries, LayerDefinition, Metres, Nulls, Query, Schema, Simplify, Value, field,
    place as at,
};

promises! {
    WRITES => {
        a_filter_keeps_what_is_true_and_nothing_else,
        a_filter_agrees_with_box_and_ids,
        a_filter_that_does_not_fit_is_invalid_at_once,
        computed_values_follow_the_fields,
        equal_features_come_once_when_asked,
        nulls_sort_where_they_are_told_to,
        orders_may_be_computed,
        pages_by_mark_walk_through_everything_once,
        geometries_come_in_the_crs_that_is_asked_for,
        a_box_may_be_in_another_crs,
        detail_is_lost_only_when_asked,
        geometries_may_stay_behind,
        invalid_geometries_are_kept_passed_over_or_refused,
        the_nearest_are_those_that_brute_force_finds,
        aggregates_agree_with_the_features,
        a_reading_stops_when_it_is_told_to,
        an_explanation_tells_what_came_out,
    }
}

fn point(x: f64, y: f64) -> Expr {
    at(geometry(&format!("POINT({x:?} {y:?})")), Crs::CRS84)
}

fn geometry(wkt: &str) -> Geometry {
    Geometry::from_wkt(wkt).expect(wkt)
}

fn with_places(store: &dyn Store, count: u32) {
    created(store, &places());
    inserted(store, "places", many_places(count), WriteMode::Bulk);
}

fn query() -> Query {
    Query::layer("places")
}

fn a_filter_keeps_what_is_true_and_nothing_else(store: &dyn Store) {
    created(store, &places());
    let mut unknown = place("unknown", 0, 0.0, 0.0);
    unknown.set("rank", Value::Null).expect("nullable");
    inserted(
        store,
        "places",
        vec![place("low", 1, 0.0, 0.0), place("high", 9, 1.0, 0.0), unknown],
        WriteMode::Rows,
    );
    for (filter, expected) in [
        (field("rank").gt(5), vec!["high"]),
        (!field("rank").gt(5), vec!["low"]),
        (field("rank").is_null(), vec!["unknown"]),
        (field("rank").gt(5) | field("name").like("l%"), vec!["low", "high"]),
        (field("geom").within_distance(point(0.0, 0.0), Metres(1_000.0)), vec!["low", "unknown"]),
        (Expr::NULL, vec![]),
        (Expr::from(true), vec!["low", "high", "unknown"]),
    ] {
        let words = filter.to_string();
        assert_eq!(names(&all(store, &query().filter(filter))), expected, "{words}");
    }
}

fn a_filter_agrees_with_box_and_ids(store: &dyn Store) {
    with_places(store, 500);
    let everything = all(store, &query());
    let (west, low) = (bbox(-180.0, -90.0, 0.0, 90.0), field("rank").lt(3));
    let some: Vec<_> = everything.iter().step_by(2).filter_map(|it| it.id).collect();
    let chosen = query().ids(Ids::Objects(some.clone())).within(west).filter(low);
    let expected: HashSet<_> = everything
        .iter()
        .filter(|it| some.contains(&it.id.expect("is tied")))
        .filter(|it| it.get("rank").is_some_and(|rank| rank.order(&3.into()).is_lt()))
        .filter(|it| it.geometry().and_then(Geometry::envelope).expect("a point").min().x <= 0.0)
        .map(|it| it.id)
        .collect();
    let found = all(store, &chosen);
    assert_eq!(found.len(), expected.len());
    assert_eq!(found.iter().map(|it| it.id).collect::<HashSet<_>>(), expected);
}

fn a_filter_that_does_not_fit_is_invalid_at_once(store: &dyn Store) {
    created(store, &places());
    let elsewhere = at(geometry("POINT(0 0)"), Crs::epsg(25832));
    for (filter, words) in [
        (field("nane").eq("x"), "did you mean `name`"),
        (field("rank").eq("x"), "cannot be compared"),
        (field("geom").intersects(elsewhere), "EPSG:25832"),
        (field("rank") + 1, "true or false"),
    ] {
        let refused = store.read(&query().filter(filter)).expect_err(words);
        assert_eq!(refused.kind(), ErrorKind::Invalid, "{refused}");
        assert!(refused.to_string().contains(words), "{refused}");
    }
}

fn computed_values_follow_the_fields(store: &dyn Store) {
    created(store, &places());
    inserted(store, "places", vec![place("a", 20, 2.0, 3.0)], WriteMode::Rows);
    let asked = query()
        .fields(["name"])
        .compute("double", field("rank") * 2)
        .compute("east", field("geom").x());
    let read = all(store, &asked);
    let fields: Vec<_> = read[0].schema().fields().iter().map(|it| it.name.as_str()).collect();
    assert_eq!(fields, ["name", "double", "east"]);
    assert_eq!(read[0].values(), [Some("a".into()), Some(40.into()), Some(2.0.into())]);
    assert!(read[0].id.is_some(), "ids always come");
    let twice = query().compute("name", field("rank"));
    assert_eq!(store.read(&twice).expect_err("two of a name").kind(), ErrorKind::Invalid);
}

fn equal_features_come_once_when_asked(store: &dyn Store) {
    with_places(store, 40);
    let ranks = query().fields(["rank"]).distinct().order_by(field("rank"), Direction::Descending);
    let read = all(store, &ranks);
    let values: Vec<_> = read.iter().map(|it| it.get("rank").cloned()).collect();
    assert_eq!(values, (0..10).rev().map(|rank: i64| Some(rank.into())).collect::<Vec<_>>());
    assert!(read.iter().all(|it| it.id.is_none() && it.fid.is_none()), "they stand for many");
    assert_eq!(all(store, &ranks.offset(8).limit(5)).len(), 2, "cut after they were told apart");
}

fn nulls_sort_where_they_are_told_to(store: &dyn Store) {
    created(store, &places());
    let mut nameless = place("", 3, 0.0, 0.0);
    nameless.set("name", Value::Null).expect("nullable");
    inserted(
        store,
        "places",
        vec![place("b", 1, 0.0, 0.0), nameless, place("a", 2, 0.0, 0.0)],
        WriteMode::Rows,
    );
    for (direction, nulls, expected) in [
        (Direction::Ascending, Nulls::First, ["-", "a", "b"]),
        (Direction::Ascending, Nulls::Last, ["a", "b", "-"]),
        (Direction::Descending, Nulls::First, ["-", "b", "a"]),
        (Direction::Descending, Nulls::Last, ["b", "a", "-"]),
    ] {
        let sorted = query().order_by_with(field("name"), direction, nulls);
        assert_eq!(names(&all(store, &sorted)), expected, "{direction:?} {nulls:?}");
    }
}

fn orders_may_be_computed(store: &dyn Store) {
    created(store, &places());
    let features = [("a", 3), ("B", 2), ("c", -5)].map(|(name, rank)| place(name, rank, 0.0, 0.0));
    inserted(store, "places", features.to_vec(), WriteMode::Rows);
    let by = |key: Expr| names(&all(store, &query().order_by(key, Direction::Ascending)));
    assert_eq!(by(field("rank").abs()), ["B", "a", "c"]);
    assert_eq!(by(field("name").casei()), ["a", "B", "c"]);
    assert_eq!(by(field("name")), ["B", "a", "c"]);
}

fn pages_by_mark_walk_through_everything_once(store: &dyn Store) {
    with_places(store, 95);
    for asked in [
        query(),
        query().order_by(field("rank"), Direction::Descending),
        query()
            .order_by(field("rank"), Direction::Ascending)
            .order_by(field("name"), Direction::Descending),
    ] {
        let everything = all(store, &asked);
        let (mut walked, mut next) = (Vec::new(), asked.clone().limit(10));
        loop {
            let page = all(store, &next);
            let Some(last) = page.last() else { break };
            next = next.after(page_mark(&asked, last).expect("has its fields"));
            walked.extend(page);
        }
        assert_eq!(walked, everything);
    }
}

fn geometries_come_in_the_crs_that_is_asked_for(store: &dyn Store) {
    created(store, &places());
    let mut nowhere = place("pole", 2, 0.0, 90.0);
    nowhere.set("geom", geometry("POINT(0 90)").into()).expect("fits");
    inserted(store, "places", vec![place("a", 1, 9.0, 0.0), nowhere], WriteMode::Rows);
    let read = all(store, &query().crs(Crs::epsg(3857)));
    let envelope = read[0].geometry().and_then(Geometry::envelope).expect("a point");
    assert!((envelope.min().x - 1_001_875.417).abs() < 0.001, "{envelope:?}");
    assert_eq!(read[1].get("geom"), Some(&Value::Null), "the pole has no place in Mercator");
    let (_, ty) = read[0].schema().geometry().expect("has one");
    assert_eq!(ty.crs, Crs::epsg(3857));
    let unknown = query().crs(Crs::UndefinedCartesian);
    assert!(store.read(&unknown).is_err(), "nobody knows where that is");
}

fn a_box_may_be_in_another_crs(store: &dyn Store) {
    with_places(store, 500);
    let mercator = bbox(0.0, 0.0, 2_000_000.0, 2_000_000.0);
    let found = all(store, &query().within_in(mercator, Crs::epsg(3857)));
    let plain = all(store, &query().within(bbox(0.0, 0.0, 17.966_305_7, 17.680_691_3)));
    assert!(!found.is_empty());
    assert_eq!(names(&found), names(&plain));
}

fn detail_is_lost_only_when_asked(store: &dyn Store) {
    let schema = Schema::new(vec![Field::new("geom", lines())]).expect("one field");
    let definition = LayerDefinition::new("roads", schema);
    created(store, &definition);
    let road = geometry("LINESTRING(0 0,1 0.1,2 0,3 0)");
    let feature = Feature::with_values(definition.schema.clone(), vec![Some(road.clone().into())]);
    inserted(store, "roads", vec![feature], WriteMode::Rows);
    for keep_valid in [false, true] {
        let coarse = Query::layer("roads").simplify(Simplify { tolerance: 0.5, keep_valid });
        assert_eq!(all(store, &coarse)[0].geometry(), Some(&geometry("LINESTRING(0 0,3 0)")));
    }
    assert_eq!(all(store, &Query::layer("roads"))[0].geometry(), Some(&road));
}

fn lines() -> FieldType {
    let FieldType::Geometry(mut ty) = points(Crs::epsg(4326)) else { unreachable!("is one") };
    ty.kind = tiepoint_core::KindRule::Any;
    FieldType::Geometry(ty)
}

fn geometries_may_stay_behind(store: &dyn Store) {
    with_places(store, 3);
    let read = all(store, &query().without_geometry());
    assert!(read.iter().all(|it| it.schema().geometry().is_none() && it.values().len() == 2));
    let near = field("geom").is_not_null() & field("rank").ge(1);
    assert_eq!(all(store, &query().without_geometry().filter(near)).len(), 2);
    let asked = Query { fields: Fields::AllButGeometry, ..query() };
    assert_eq!(all(store, &asked), read);
}

fn invalid_geometries_are_kept_passed_over_or_refused(store: &dyn Store) {
    let schema = Schema::new(vec![Field::new("geom", lines())]).expect("one field");
    let definition = LayerDefinition::new("areas", schema);
    created(store, &definition);
    for wkt in ["POLYGON((0 0,4 0,4 4,0 0))", "POLYGON((0 0,1 1,1 0,0 1,0 0))", "POINT(1 1)"] {
        let values = vec![Some(geometry(wkt).into())];
        let feature = Feature::with_values(definition.schema.clone(), values);
        inserted(store, "areas", vec![feature], WriteMode::Rows);
    }
    let asked = |rule| Query::layer("areas").invalid_geometries(rule);
    assert_eq!(all(store, &asked(InvalidGeometries::Keep)).len(), 3);
    assert_eq!(all(store, &asked(InvalidGeometries::Skip)).len(), 2);
    let one = asked(InvalidGeometries::Skip).limit(1).offset(1);
    assert_eq!(all(store, &one)[0].geometry(), Some(&geometry("POINT(1 1)")));
    let refused =
        store.read(&asked(InvalidGeometries::Refuse)).expect("fits").find_map(Result::err);
    let refused = refused.expect("the bow tie is refused");
    assert!(refused.to_string().contains("Self-intersection"), "{refused}");
}

fn the_nearest_are_those_that_brute_force_finds(store: &dyn Store) {
    with_places(store, 2_000);
    let layer_crs = Crs::epsg(4326);
    for (x, y) in [(8.5, 47.3), (179.99, -17.0), (-179.99, 0.05), (33.0, 89.9), (12.0, -90.0)] {
        let to = geometry(&format!("POINT({x:?} {y:?})"));
        let nearest = query().nearest(to.clone(), layer_crs.clone(), 7);
        let everything = query().compute("m", field("geom").distance(at(to, layer_crs.clone())));
        let mut all_of_them = all(store, &everything);
        all_of_them.sort_by(|a, b| {
            let metres = |it: &Feature| it.get("m").cloned().expect("computed");
            metres(a).order(&metres(b))
        });
        let expected: Vec<_> = all_of_them.iter().take(7).map(|it| it.fid.clone()).collect();
        let found: Vec<_> = all(store, &nearest).into_iter().map(|it| it.fid).collect();
        assert_eq!(found, expected, "near {x} {y}");
    }
    let few = query().filter(field("name").lt("place 00004")).nearest(
        geometry("POINT(0 0)"),
        layer_crs,
        9,
    );
    assert_eq!(all(store, &few).len(), 4, "where there are fewer, all of them");
}

fn aggregates_agree_with_the_features(store: &dyn Store) {
    with_places(store, 100);
    let asked = [
        Aggregate::Count,
        Aggregate::Sum(field("rank")),
        Aggregate::Average(field("rank")),
        Aggregate::Min(field("name")),
        Aggregate::Max(field("rank")),
        Aggregate::CountDistinct(field("rank")),
        Aggregate::CountOf(field("name")),
    ];
    let values = store.aggregate(&query().filter(field("rank").lt(5)), &asked).expect("answers");
    let expected: [Value; 7] =
        [50.into(), 100.into(), 2.0.into(), "place 00000".into(), 4.into(), 5.into(), 50.into()];
    assert_eq!(values, expected);
    let extent = [Aggregate::Extent(field("geom")), Aggregate::Count];
    let facts = store.facts("places").expect("reads");
    let whole = store.aggregate(&query(), &extent).expect("answers");
    assert_eq!(whole, [facts.extent.expect("has places").to_geometry().into(), 100.into()]);
    let none = store.aggregate(&query().filter(field("rank").gt(99)), &extent).expect("answers");
    assert_eq!(none, [Value::Null, 0.into()]);
    let cut = store.aggregate(&query().limit(30).offset(90), &[Aggregate::Count]).expect("answers");
    assert_eq!(cut, [10.into()]);
    let wrong = store.aggregate(&query(), &[Aggregate::Sum(field("name"))]);
    assert_eq!(wrong.expect_err("texts have no sum").kind(), ErrorKind::Invalid);
}

fn a_reading_stops_when_it_is_told_to(store: &dyn Store) {
    with_places(store, 1_000);
    let control = ReadControl::default();
    let mut reading = store.read_with(&query(), &control).expect("begins");
    assert!(reading.next().is_some_and(|it| it.is_ok()));
    control.stop();
    let end = reading.by_ref().find_map(Result::err).expect("is stopped");
    assert!(matches!(end, StoreError::Stopped), "{end}");
    assert!(reading.next().is_none(), "and ends");
    let late = ReadControl::default().time_out(Duration::ZERO);
    let outcome = store.read_with(&query(), &late);
    let end = outcome.map_or_else(Some, |mut reading| reading.find_map(Result::err));
    assert!(matches!(end, Some(StoreError::TimedOut { .. })), "{end:?}");
    let watched = ReadControl::default();
    let read =
        store.read_with(&query().filter(field("rank").eq(3)), &watched).expect("begins").count();
    assert!(read == 100 && watched.examined() >= 100, "{} of {}", read, watched.examined());
}

fn an_explanation_tells_what_came_out(store: &dyn Store) {
    with_places(store, 300);
    let asked = query().within(bbox(0.0, 0.0, 40.0, 40.0)).filter(field("rank").lt(5)).limit(3);
    let plan = store.explain(&asked).expect("explains");
    assert_eq!(plan.returned, all(store, &asked).len() as u64);
    assert!(plan.examined >= plan.returned, "{plan}");
    let decided = plan.in_store.len() + plan.in_memory.len();
    assert!(decided >= 2, "box and filter are decided somewhere:\n{plan}");
    assert!(plan.to_string().contains("rank < 5"), "{plan}");
}
