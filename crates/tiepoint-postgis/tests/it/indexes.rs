//! Questions are answered by the default index, and as everything would be: rows 1.18 to 1.22 of
//! the checklist of what other mappers get wrong.
use tiepoint_core::{
    BBox, Crs, Direction, Expr, Geometry, Metres, Query, SpatialPredicate, field, place,
};
use tiepoint_postgis::PostgisStore;
use tiepoint_postgis::testing::{TestSchema, server_or_skip};
use tiepoint_store::conformance::oracle::agree;
use tiepoint_store::{Access, Place, Store};

/// Points all over the world, polygons on it, and both as geographies.
fn world(place: &TestSchema) -> PostgisStore {
    place.execute(
        "CREATE TABLE points (id serial PRIMARY KEY, n int, geom geometry(Point,4326));
         INSERT INTO points (n, geom) SELECT i % 7,
           ST_SetSRID(ST_MakePoint((i * 7919 % 36000) / 100.0 - 180, (i * 104729 % 18000) / 100.0 - 90), 4326)
         FROM generate_series(1, 20000) i;
         INSERT INTO points (n, geom) VALUES (8, NULL), (8, 'SRID=4326;POINT EMPTY'),
           (8, 'SRID=4326;POINT(180 10)'), (8, 'SRID=4326;POINT(-180 10)'), (8, 'SRID=4326;POINT(0 90)');
         CREATE INDEX ON points USING gist (geom);
         CREATE TABLE parcels (id serial PRIMARY KEY, geom geometry(Geometry,4326));
         INSERT INTO parcels (geom) SELECT ST_Buffer(geom, 0.05 + id % 5 / 10.0, 3) FROM points
           WHERE id % 4 = 0 AND ST_Y(geom) BETWEEN -80 AND 80;
         INSERT INTO parcels (geom) VALUES ('SRID=4326;LINESTRING(-179 60, 179 60)'),
           ('SRID=4326;LINESTRING(-60 50, 60 50)'), ('SRID=4326;LINESTRING(20 50, 28 50)'), (NULL),
           ('SRID=4326;POLYGON((-180 70, 180 70, 180 89, -180 89, -180 70))');
         CREATE INDEX ON parcels USING gist (geom);
         CREATE TABLE globe (id serial PRIMARY KEY, spot geography(Point,4326));
         INSERT INTO globe (spot) SELECT geom::geography FROM points WHERE id % 3 = 0;
         CREATE INDEX ON globe USING gist (spot);
         CREATE TABLE plan (id serial PRIMARY KEY, geom geometry(Point,25832));
         INSERT INTO plan (geom) SELECT ST_SetSRID(ST_MakePoint(500000 + i * 37 % 90000, 5000000 + i * 53 % 90000), 25832)
           FROM generate_series(1, 20000) i;
         CREATE INDEX ON plan USING gist (geom);
         ANALYZE",
    );
    PostgisStore::open(&place.url()).expect("opens")
}

fn spot(lon: f64, lat: f64) -> Expr {
    place(Geometry::from_wkt(&format!("POINT({lon} {lat})")).expect("a point"), Crs::epsg(4326))
}

const PLACES: &[(f64, f64)] = &[(24.95, 60.17), (0.0, 50.0), (179.99, 10.0), (-179.9, -16.0)];
/// Where everything around lies in a box of all longitudes.
const POLES: &[(f64, f64)] = &[(10.0, 89.5), (-70.0, -89.9)];

fn by_spatial_index(store: &dyn Store, query: &Query) -> usize {
    let plan = store.explain(query).expect("answers");
    plan.assert_uses_index();
    assert!(matches!(plan.access, Access::SpatialIndex { .. } | Access::Nearest { .. }), "{plan}");
    agree(store, query).len()
}

/// 1.18, 1.19, 1.20: an index scan first, then the exact test; in metres, on plain geometry.
#[test]
fn a_radius_in_metres_is_found_by_the_default_index() {
    let Some(server) = server_or_skip("a_radius_in_metres") else { return };
    let here = server.schema();
    let store = world(&here);
    let mut found = 0;
    for (lon, lat) in PLACES {
        for radius in [1_000.0, 50_000.0, 400_000.0] {
            for (layer, column) in [("points", "geom"), ("parcels", "geom"), ("globe", "spot")] {
                let near = field(column).within_distance(spot(*lon, *lat), Metres(radius));
                found += by_spatial_index(&store, &Query::layer(layer).filter(near));
            }
        }
    }
    assert!(found > 100, "{found}");
    for (lon, lat) in POLES {
        for (layer, column) in [("points", "geom"), ("parcels", "geom"), ("globe", "spot")] {
            let near = field(column).within_distance(spot(*lon, *lat), Metres(400_000.0));
            agree(&store, &Query::layer(layer).filter(near));
        }
    }
    let near = field("geom").within_distance(
        place(Geometry::from_wkt("POINT(530000 5030000)").expect("a point"), Crs::epsg(25832)),
        Metres(900.0),
    );
    assert!(by_spatial_index(&store, &Query::layer("plan").filter(near)) > 0);
}

/// 1.21: the nearest are the nearest in metres, not in degrees, and come by the index.
#[test]
fn the_nearest_are_so_in_true_metres() {
    let Some(server) = server_or_skip("the_nearest_are_so_in_true_metres") else { return };
    let here = server.schema();
    let store = world(&here);
    for (lon, lat) in PLACES {
        let to = Geometry::from_wkt(&format!("POINT({lon} {lat})")).expect("a point");
        for (layer, known) in [("points", "geom"), ("parcels", "geom"), ("globe", "spot")] {
            let by_distance = field(known).distance(spot(*lon, *lat));
            let nearest = Query::layer(layer).order_by_with(
                by_distance.clone(),
                Direction::Ascending,
                tiepoint_core::Nulls::Last,
            );
            assert_eq!(by_spatial_index(&store, &nearest.clone().limit(10)), 10);
            by_spatial_index(&store, &nearest.limit(7).offset(3));
        }
        let some = field("n").eq(3) & field("geom").intersects(spot(*lon, *lat)).is_not_null();
        let of_some = Query::layer("points").nearest(to, Crs::epsg(4326), 5).filter(some);
        assert_eq!(agree(&store, &of_some).len(), 5);
    }
    for (lon, lat) in POLES {
        for (layer, column) in [("points", "geom"), ("parcels", "geom"), ("globe", "spot")] {
            let key = field(column).distance(spot(*lon, *lat));
            let nearest = Query::layer(layer).order_by_with(
                key,
                Direction::Ascending,
                tiepoint_core::Nulls::Last,
            );
            assert_eq!(agree(&store, &nearest.limit(12)).len(), 12);
        }
    }
    let few = Query::layer("points").filter(field("n").eq(8));
    let few = few.order_by_with(
        field("geom").distance(spot(0.0, 0.0)),
        Direction::Ascending,
        tiepoint_core::Nulls::Last,
    );
    assert_eq!(agree(&store, &few.limit(10)).len(), 5, "those without a place come last");
}

#[test]
fn every_predicate_starts_with_the_index_and_ends_exactly() {
    let Some(server) = server_or_skip("every_predicate_starts_with_the_index") else { return };
    let here = server.schema();
    let store = world(&here);
    let district = Geometry::from_wkt("POLYGON((20 40, 30 40, 30 52, 25 45, 20 52, 20 40))");
    let district = || place(district.clone().expect("a polygon"), Crs::epsg(4326));
    for predicate in [
        SpatialPredicate::Intersects,
        SpatialPredicate::Within,
        SpatialPredicate::CoveredBy,
        SpatialPredicate::Contains,
        SpatialPredicate::Covers,
        SpatialPredicate::Touches,
        SpatialPredicate::Crosses,
        SpatialPredicate::Overlaps,
        SpatialPredicate::Equals,
    ] {
        for layer in ["points", "parcels"] {
            let function = tiepoint_core::Function::Spatial(predicate);
            let filter = Expr::call(function, [field("geom"), district()]);
            by_spatial_index(&store, &Query::layer(layer).filter(filter));
        }
    }
    let inside = Query::layer("parcels").filter(field("geom").intersects(district()));
    assert!(agree(&store, &inside).len() > 3);
    let disjoint = Query::layer("points").filter(field("geom").disjoint(district()));
    assert!(agree(&store, &disjoint).len() > 10_000);
}

#[test]
fn boxes_cross_the_antimeridian() {
    let Some(server) = server_or_skip("boxes_cross_the_antimeridian") else { return };
    let here = server.schema();
    let store = world(&here);
    let fiji = BBox { min_x: 177.0, min_y: -20.0, max_x: -178.0, max_y: 12.0 };
    for layer in ["points", "parcels"] {
        assert!(by_spatial_index(&store, &Query::layer(layer).within(fiji)) > 10);
    }
    let in_utm = BBox { min_x: 5e5, min_y: 5e6, max_x: 6e5, max_y: 5.1e6 };
    by_spatial_index(&store, &Query::layer("points").within_in(in_utm, Crs::epsg(25832)));
}

/// 1.22: the plan is there to be looked at: index, rows, pages, and what ran where.
#[test]
fn a_plan_says_what_happened() {
    let Some(server) = server_or_skip("a_plan_says_what_happened") else { return };
    let here = server.schema();
    let store = world(&here);
    let near = field("geom").within_distance(spot(24.95, 60.17), Metres(200_000.0));
    let query = Query::layer("points")
        .filter(near & field("n").lt(5))
        .order_by(field("n"), Direction::Descending);
    let plan = store.explain(&query).expect("answers");
    let words = plan.to_string();
    assert!(plan.examined < 200 && plan.returned > 0 && plan.buffers.is_some(), "{words}");
    assert_eq!((plan.in_store.len(), plan.in_memory.len()), (1, 1), "{words}");
    assert_eq!(plan.sorted, Place::Store, "{words}");
    for part in ["points_geom_idx", "pages:", "steps:", "statement:"] {
        assert!(words.contains(part), "{part} in\n{words}");
    }
    let by_number =
        store.explain(&Query::layer("points").filter(field("n").eq(5))).expect("answers");
    assert_eq!(by_number.access, Access::Scan);
    assert!(std::panic::catch_unwind(|| by_number.assert_uses_index()).is_err());
    here.execute("CREATE INDEX points_n ON points (n); ANALYZE points");
    let rare = store.explain(&Query::layer("points").filter(field("n").eq(8))).expect("answers");
    assert_eq!(rare.access, Access::Index { index: "points_n".to_owned() }, "{rare}");
}
