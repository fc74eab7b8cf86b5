//! What CRSs are measured in, and sizes that are known.
use tiepoint_core::{Crs, Geometry};
use tiepoint_spatial::measure::{
    DistanceTo, Ellipsoid, Metric, MetricError, area, distance, length, perimeter,
};

const WGS84: Metric = Metric::Geodesic(Ellipsoid::WGS84);

/// The surface of WGS 84 in square metres.
const EARTH: f64 = 510_065_621_724_088.44;

fn read(wkt: &str) -> Geometry {
    Geometry::from_wkt(wkt).expect(wkt)
}

#[test]
fn a_crs_is_measured_as_its_definition_says() {
    let clarke = |rf| Metric::Geodesic(Ellipsoid::new(6_378_249.2, rf).expect("sound"));
    let wkt2 = r#"GEOGCRS["x",DATUM["y",ELLIPSOID["z",6378249.2,293.5,LENGTHUNIT["metre",1]]],
        PRIMEM["Paris",2.5969213,ANGLEUNIT["grad",0.0157079632679489]],CS[ellipsoidal,2],
        AXIS["lat",north,ANGLEUNIT["degree",0.0174532925199433]]]"#;
    let local = r#"LOCAL_CS["site",UNIT["metre",1]]"#;
    for (crs, metric) in [
        (Crs::CRS84, WGS84),
        (Crs::epsg(4326), WGS84),
        (Crs::UndefinedGeographic, WGS84),
        (Crs::UndefinedCartesian, Metric::Planar),
        (Crs::epsg(3857), Metric::Planar),
        (Crs::epsg(25832), Metric::Planar),
        (Crs::from_authority("IAU_2015", "49900"), Metric::Planar),
        (Crs::Proj("+proj=longlat +datum=WGS84".into()), WGS84),
        (Crs::Proj("+proj=longlat +a=6378249.2 +rf=293.5 +pm=paris".into()), clarke(293.5)),
        (Crs::Proj("+proj=utm +zone=32 +ellps=GRS80".into()), Metric::Planar),
        (Crs::Wkt(wkt2.into()), clarke(293.5)),
        (Crs::Wkt(local.into()), Metric::Planar),
    ] {
        assert_eq!(Metric::of(&crs), Ok(metric), "{crs}");
    }
}

#[test]
fn longitudes_and_latitudes_are_found_under_heights_and_radii_in_feet() {
    assert!(matches!(Metric::of(&Crs::epsg(5498)), Ok(Metric::Geodesic(_))));
    let feet = r#"GEOGCS["x",DATUM["y",ELLIPSOID["z",20925832.2,293.5,LENGTHUNIT["f",0.3048]]]]"#;
    let Ok(Metric::Geodesic(feet)) = Metric::of(&Crs::Wkt(feet.into())) else { panic!("{feet}") };
    assert!((feet.equatorial_radius_m() - 6_378_193.65).abs() < 0.01, "{feet:?}");
}

#[test]
fn what_cannot_be_measured_in_is_refused_by_name() {
    let refused = |crs: Crs| Metric::of(&crs).expect_err("is refused");
    let grads = refused(Crs::epsg(4807));
    assert!(matches!(grads, MetricError::AngularUnit { .. }), "{grads}");
    assert!(grads.to_string().contains("EPSG:4807 are in grad,"), "{grads}");
    let geocentric = refused(Crs::Proj("+proj=geocent +ellps=GRS80".into()));
    assert!(matches!(geocentric, MetricError::Geocentric { .. }), "{geocentric}");
    let unknown = refused(Crs::Proj("+proj=longlat +ellps=flat".into()));
    assert!(matches!(unknown, MetricError::NoEllipsoid { .. }), "{unknown}");
    let odd = refused(Crs::Proj("+proj=longlat +a=1e7 +b=1".into()));
    assert!(matches!(odd, MetricError::BadEllipsoid { .. }), "{odd}");
    let wkt = r#"GEOGCS["x",DATUM["y"],UNIT["degree",0.0174532925199433]]"#;
    assert!(matches!(refused(Crs::Wkt(wkt.into())), MetricError::NoEllipsoid { .. }));
}

#[test]
fn both_definitions_of_each_epsg_code_tell_one_ellipsoid() {
    let mut geographic = 0;
    for code in 2000..=u32::from(u16::MAX) {
        let crs = Crs::epsg(code);
        let Some(proj) = crs.proj().filter(|proj| proj.contains("+proj=longlat")) else { continue };
        let by_proj = Metric::of(&Crs::Proj(proj.into()));
        match (Metric::of(&crs), by_proj) {
            (Ok(Metric::Geodesic(wkt)), Ok(Metric::Geodesic(proj))) => {
                geographic += 1;
                // PROJ's clrk80 is rounded: its polar radius is 0.1 m off
                let near = |a: f64, b: f64| (a - b).abs() < 0.12;
                let same = near(wkt.equatorial_radius_m(), proj.equatorial_radius_m())
                    && near(wkt.polar_radius_m(), proj.polar_radius_m());
                assert!(same, "{crs}: {wkt:?} {proj:?}");
            }
            (Err(MetricError::AngularUnit { .. }), Ok(_)) => {}
            other => panic!("{crs}: {other:?}"),
        }
    }
    assert!(geographic > 500, "{geographic}");
}

#[test]
fn rings_go_round_the_smaller_part_whichever_way_they_run() {
    for wkt in ["POLYGON ((0 0,90 0,0 90,0 0))", "POLYGON ((0 0,0 90,90 0,0 0))"] {
        assert!((area(&read(wkt), WGS84).expect("on it") - EARTH / 8.0).abs() < 1.0, "{wkt}");
    }
    let round_the_pole = read("POLYGON ((0 80,120 80,-120 80,0 80))");
    let cap = area(&round_the_pole, WGS84).expect("on it");
    assert!(cap > 1e12 && cap < 2e12, "{cap}");
    assert_eq!(distance(&round_the_pole, &read("POINT (77 90)"), WGS84), Some(0.0));
    assert!(distance(&round_the_pole, &read("POINT (77 -90)"), WGS84) > Some(1.8e7));
}

#[test]
fn a_world_of_straight_edges_is_nothing_to_geodesics() {
    // up the antimeridian and down again
    let world = read("POLYGON ((-180 -90,180 -90,180 90,-180 90,-180 -90))");
    assert!(area(&world, WGS84).expect("on it") < 1.0);
    assert_eq!(area(&world, Metric::Planar), Some(64_800.0));
}

#[test]
fn antarctica_may_be_drawn_with_a_seam_to_the_pole() {
    let mut ring: Vec<_> = (-18..=18).map(|step| format!("{} -70", step * 10)).collect();
    ring.extend(["180 -90", "-180 -90", "-180 -70"].map(str::to_owned));
    let antarctica = read(&format!("POLYGON (({}))", ring.join(",")));
    for (inside, wkt) in [
        (true, "POINT (0 -90)"),
        (true, "POINT (179.9 -80)"),
        (true, "POINT (-180 -80)"),
        (true, "POINT (33 -71)"),
        (false, "POINT (33 -69)"),
        (false, "POINT (33 80)"),
    ] {
        let apart = distance(&antarctica, &read(wkt), WGS84);
        assert_eq!(apart.is_some_and(|it| it < 1e-6), inside, "{wkt}: {apart:?}");
    }
}

#[test]
fn longitudes_are_taken_as_they_are_meant() {
    let fiji = read("POLYGON ((177 -19,182 -19,182 -16,177 -16,177 -19))");
    let target = DistanceTo::new(&fiji, WGS84);
    for wkt in ["POINT (-179 -17)", "POINT (181 -17)", "POINT (-180 -17)", "POINT (180 -17)"] {
        assert_eq!(target.distance(&read(wkt)), Some(0.0), "{wkt}");
        assert!(target.within(&read(wkt), 0.0), "{wkt}");
    }
    assert!(target.distance(&read("POINT (0 -17)")) > Some(1e7));
}

#[test]
fn what_is_off_the_ellipsoid_has_no_measures() {
    let here = read("POINT (0 0)");
    for wkt in ["LINESTRING (0 0,0 90.1)", "LINESTRING (0 0,361 0)", "LINESTRING (0 0,1e300 0)"] {
        let line = read(wkt);
        assert_eq!(length(&line, WGS84), None, "{wkt}");
        assert_eq!(distance(&line, &here, WGS84), None, "{wkt}");
        assert!(!DistanceTo::new(&here, WGS84).within(&line, f64::INFINITY), "{wkt}");
        assert!(length(&line, Metric::Planar).is_some(), "{wkt}");
    }
}

#[test]
fn nothing_is_at_no_distance_and_of_no_size() {
    let nothing = read("GEOMETRYCOLLECTION (POINT EMPTY,POLYGON EMPTY)");
    for metric in [WGS84, Metric::Planar] {
        assert_eq!(distance(&nothing, &read("POINT (0 0)"), metric), None);
        assert_eq!(area(&nothing, metric), Some(0.0));
        assert!(DistanceTo::new(&nothing, metric).search_boxes(1e9).is_empty());
    }
}

#[test]
fn curves_count_by_their_segments() {
    let circle = read("CURVEPOLYGON (CIRCULARSTRING (0 0,2 0,0 0))");
    let measured = area(&circle, Metric::Planar).expect("in the plane");
    assert!((measured - std::f64::consts::PI).abs() < 2e-3, "{measured}");
    assert_eq!(distance(&circle, &read("POINT (1 0.5)"), Metric::Planar), Some(0.0));
    let tin = read("TIN (((0 0,3 0,0 4,0 0)))");
    assert_eq!(area(&tin, Metric::Planar), Some(6.0));
    assert_eq!(perimeter(&tin, Metric::Planar), Some(12.0));
}

#[test]
fn search_boxes_are_tight() {
    let target = DistanceTo::new(&read("POINT (25 60)"), WGS84);
    for limit in [100.0, 1000.0, 100_000.0] {
        let first = target.search_boxes(limit)[0];
        let (min, max) = (first.envelope.min(), first.envelope.max());
        // a degree at 60° is 111.4 km long and 55.8 km wide
        let ideal = [2.0 * limit / 111_412.0, 2.0 * limit / 55_800.0];
        let [height, width] = [max.y - min.y, max.x - min.x];
        assert!(first.wider_than.is_none() && height < ideal[0] * 1.03, "{limit}: {height}");
        assert!(width < ideal[1] * 1.03, "{limit}: {width}");
    }
}
