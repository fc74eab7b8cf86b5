//! Known values, and what must hold for any input.
use proptest::prelude::*;
use tiepoint_core::testing::{arb_geometry, arb_ordinate};
use tiepoint_core::{BBox, Crs, Envelope, ErrorKind, Geometry, Xy};

use super::definition::METHODS;
use super::{Refusal, Transform, TransformError, served};

fn transform(from: &Crs, to: &Crs) -> Transform {
    Transform::new(from, to).unwrap_or_else(|error| panic!("{error}"))
}

fn refusal(crs: &Crs) -> Refusal {
    match Transform::new(crs, &Crs::CRS84) {
        Err(TransformError::Refused { refusal, .. }) => refusal,
        other => panic!("{crs}: {other:?}"),
    }
}

fn dms(degrees: f64, minutes: f64, seconds: f64) -> f64 {
    let size = degrees.abs() + minutes / 60.0 + seconds / 3600.0;
    size.copysign(degrees)
}

fn xy(x: f64, y: f64) -> Xy {
    Xy { x, y }
}

fn distance(a: Xy, b: Xy) -> f64 {
    (a.x - b.x).hypot(a.y - b.y)
}

/// The worked examples of IOGP 373-7-2 (EPSG Guidance Note 7-2), by the section that they are in:
/// the projected CRS, its geographic CRS, longitude and latitude, easting and northing, and how
/// near the digits that are printed allow to come, in the unit of the projected CRS.
#[test]
fn worked_examples_of_guidance_note_7_2_come_out() {
    let lambert_1sp = "+proj=lcc +lat_1=18 +lat_0=18 +lon_0=-77 +k_0=1 +x_0=250000 +y_0=150000 \
                       +ellps=clrk66 +towgs84=0,0,0 +units=m";
    let cases = [
        // Transverse Mercator, 3.5.3.1: OSGB36 / British National Grid
        (Crs::epsg(27700), Crs::epsg(4277), xy(0.5, 50.5), xy(577_274.99, 69_740.50), 0.01),
        // Lambert Conic Conformal (1SP), 3.2.2
        (
            Crs::Proj(lambert_1sp.into()),
            Crs::Proj("+proj=longlat +ellps=clrk66 +towgs84=0,0,0".into()),
            xy(dms(-76.0, 56.0, 37.26), dms(17.0, 55.0, 55.80)),
            xy(255_966.58, 142_493.51),
            0.01,
        ),
        // Lambert Azimuthal Equal Area, 3.3.1: ETRS89-extended / LAEA Europe
        (Crs::epsg(3035), Crs::epsg(4258), xy(5.0, 50.0), xy(3_962_799.45, 2_999_718.85), 0.01),
        // Oblique Stereographic, 3.3.2.1: Amersfoort / RD New
        (Crs::epsg(28992), Crs::epsg(4289), xy(6.0, 53.0), xy(196_105.283, 557_057.739), 0.001),
        // Polar Stereographic (variant A), 3.3.2.2: WGS 84 / UPS North
        (Crs::epsg(32661), Crs::epsg(4326), xy(44.0, 73.0), xy(3_320_416.75, 632_668.43), 0.01),
        // Polar Stereographic (variant B): WGS 84 / Australian Antarctic Polar
        (Crs::epsg(3032), Crs::epsg(4326), xy(120.0, -75.0), xy(7_255_380.79, 7_053_389.56), 0.01),
        // Popular Visualisation Pseudo Mercator, 3.5.1.1
        (
            Crs::epsg(3857),
            Crs::epsg(4326),
            xy(dms(-100.0, 20.0, 0.0), dms(24.0, 22.0, 54.433)),
            xy(-11_169_055.58, 2_800_000.00),
            0.01,
        ),
    ];
    for (projected, geographic, lonlat, plane, tolerance) in cases {
        let there = transform(&geographic, &projected).position(lonlat).expect("is on the map");
        assert!(distance(there, plane) <= tolerance * 1.01, "{projected}: {there:?} for {plane:?}");
        let back = transform(&projected, &geographic).position(plane).expect("is on Earth");
        assert!(distance(back, lonlat) * 111_320.0 <= tolerance * 2.0, "{projected}: {back:?}");
    }
}

#[test]
fn units_axes_and_meridians_of_definitions_are_kept() {
    for (code, lonlat, plane) in [
        // as cs2cs 9.1 says: US survey feet, degrees from Bern, westing and southing
        (2263, xy(-74.0, 40.7), xy(984_250.000_0, 194_305.338_9)),
        (4801, xy(7.5, 47.0), xy(0.061_377_9, 47.001_328_1)),
        (2053, xy(28.0, -26.0), xy(100_120.866_5, 2_877_217.611_7)),
    ] {
        let there = transform(&Crs::CRS84, &Crs::epsg(code)).position(lonlat).expect("is there");
        let tolerance = if code == 4801 { 1e-7 } else { 1e-3 };
        assert!(distance(there, plane) < tolerance, "EPSG:{code}: {there:?}");
    }
}

#[test]
fn the_same_positions_stay_bit_for_bit() {
    let same = transform(&Crs::CRS84, &Crs::epsg(4326));
    assert!(same.is_identity());
    let unserved = Crs::Authority("ESRI".into(), "102100".into());
    assert!(transform(&unserved, &unserved).is_identity(), "needs no definition");
    let etrs89 = transform(&Crs::CRS84, &Crs::epsg(4258));
    assert_eq!(etrs89.position(xy(9.123_456_789, 48.1)), Ok(xy(9.123_456_789, 48.1)));
}

#[test]
fn what_cannot_be_transformed_is_refused_by_name() {
    for (crs, expected) in [
        (Crs::epsg(99_999), Refusal::UnknownCode),
        (Crs::epsg(4156), Refusal::ByRegion),
        (Crs::Authority("ESRI".into(), "102100".into()), Refusal::OtherAuthority),
        (Crs::Wkt("LOCAL_CS[\"site\",UNIT[\"metre\",1]]".into()), Refusal::PlainWkt),
        (Crs::Proj("+proj=utm +zone=32 +ellps=bessel".into()), Refusal::NoDatumShift),
        (Crs::Proj("+proj=goode +datum=WGS84".into()), Refusal::Method { name: "goode".into() }),
        (
            Crs::Proj("+proj=longlat +ellps=intl +nadgrids=/etc/passwd".into()),
            Refusal::NeedsGrid { grid: "/etc/passwd".into() },
        ),
    ] {
        assert_eq!(refusal(&crs), expected, "{crs}");
    }
    assert!(matches!(refusal(&Crs::epsg(4267)), Refusal::NeedsGrid { .. }));
    assert!(matches!(
        refusal(&Crs::Proj("+proj=utm +zone=99 +datum=WGS84".into())),
        Refusal::Unreadable { .. }
    ));
    for undefined in [Crs::UndefinedCartesian, Crs::UndefinedGeographic] {
        let error = Transform::new(&Crs::CRS84, &undefined).expect_err("nobody knows");
        assert!(matches!(error, TransformError::Undefined { .. }), "{error}");
    }
}

#[test]
fn an_error_names_the_code_and_what_to_do() {
    let error = Transform::new(&Crs::CRS84, &Crs::epsg(4267)).expect_err("NAD27 needs grids");
    assert!(error.to_string().contains("EPSG:4267") && error.hint().is_some(), "{error}");
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    let error = transform(&Crs::CRS84, &Crs::epsg(3857)).position(xy(10.0, 90.0));
    let message = error.expect_err("is infinitely far").to_string();
    for part in ["(10, 90)", "OGC:CRS84", "EPSG:3857"] {
        assert!(message.contains(part), "{message}");
    }
}

#[test]
fn wkt_is_taken_for_the_code_it_names() {
    let wkt = Crs::epsg(25832).wkt().expect("is defined").to_owned();
    let (by_wkt, by_code) = (Crs::Wkt(wkt.into()), Crs::epsg(25832));
    let at = xy(11.5, 48.1);
    let position = |to: &Crs| transform(&Crs::CRS84, to).position(at);
    assert_eq!(position(&by_wkt), position(&by_code));
}

#[test]
fn every_method_that_users_may_name_is_one_that_is_served() {
    let defined = |code| Crs::epsg(code).proj().expect("is defined").to_owned();
    let mut used: Vec<String> = served()
        .filter_map(|code| {
            Some(defined(code).split_once("+proj=")?.1.split(' ').next()?.to_owned())
        })
        .collect();
    used.sort();
    used.dedup();
    assert_eq!(used, METHODS);
}

#[test]
fn every_served_code_can_be_made_ready_and_counts_degrees_or_lengths() {
    for crs in served().map(Crs::epsg) {
        transform(&Crs::CRS84, &crs);
        let wkt = crs.wkt().unwrap_or_default();
        assert!(!crs.is_lonlat() || !wkt.contains("UNIT[\"grad\""), "{crs}: {wkt}");
    }
}

#[test]
fn longitudes_come_out_between_the_antimeridians() {
    let from_pacific = transform(&Crs::epsg(3832), &Crs::CRS84);
    let fiji = from_pacific.position(xy(3_500_000.0, -2_000_000.0)).expect("is on Earth");
    assert!((-180.0..-178.0).contains(&fiji.x), "{fiji:?}");
    let turned = transform(&Crs::CRS84, &Crs::epsg(4258)).position(xy(190.0, 5.0));
    assert_eq!(turned, Ok(xy(-170.0, 5.0)));
    for kept in [180.0, -180.0] {
        let at = transform(&Crs::CRS84, &Crs::epsg(4258)).position(xy(kept, 5.0));
        assert_eq!(at, Ok(xy(kept, 5.0)));
    }
}

#[test]
fn all_but_x_and_y_stays_bit_for_bit() {
    let to_utm = transform(&Crs::CRS84, &Crs::epsg(32632));
    let wkt = "GEOMETRYCOLLECTION ZM (POINT ZM EMPTY,POLYGON ZM ((9 48 -0 1,10 48 2 3,10 49 4 5,9 48 -0 1)),\
               CIRCULARSTRING ZM (9 48 1 1,9.5 48.5 NaN 7,9 49 2 2))";
    let before = Geometry::from_wkt(wkt).expect("is well-formed");
    let after = to_utm.geometry(&before).expect("is near");
    assert_eq!((after.kind(), after.dims()), (before.kind(), before.dims()));
    let strip = |geometry: &Geometry| {
        let mut wkb = geometry.as_wkb().to_vec();
        blank_xy(geometry, &mut wkb);
        wkb
    };
    assert_eq!(strip(&before), strip(&after));
    assert_ne!(before, after);
}

/// Overwrites what a transform may change: the first position's bytes tell where each is.
fn blank_xy(geometry: &Geometry, wkb: &mut [u8]) {
    fn runs(part: tiepoint_core::GeometryRef<'_>, out: &mut Vec<(usize, usize, usize)>) {
        use tiepoint_core::Parts;
        let mut run = |it: tiepoint_core::Positions<'_>| {
            out.push((it.as_bytes().as_ptr().addr(), it.len(), it.dims().size()));
        };
        match part.parts() {
            Parts::Positions(it) => run(it),
            Parts::Rings(rings) => rings.for_each(run),
            Parts::Members(members) => members.for_each(|member| runs(member, out)),
        }
    }
    let mut found = Vec::new();
    runs(geometry.as_ref(), &mut found);
    for (start, count, size) in found {
        for index in 0..count {
            let at = start - geometry.as_wkb().as_ptr().addr() + index * size * 8;
            wkb[at..at + 16].fill(0);
        }
    }
}

#[test]
fn a_ring_whose_ends_differ_in_the_sign_of_zero_stays_closed() {
    let to_lonlat = transform(&Crs::epsg(3031), &Crs::CRS84);
    let ring = "POLYGON ((0 -1000000,500000 -900000,500000 -500000,-0 -1000000))";
    let ring = Geometry::from_wkt(ring).expect("is closed");
    assert!(to_lonlat.geometry(&ring).is_ok());
}

#[test]
fn a_transform_can_be_shared_between_threads() {
    fn check<T: Send + Sync + Clone>() {}
    check::<Transform>();
}

#[test]
fn a_box_around_a_pole_has_all_longitudes() {
    let from_polar = transform(&Crs::epsg(3995), &Crs::CRS84);
    let around = Envelope::of([xy(-1e6, -1e6), xy(2e6, 1e6)]).expect("finite").expect("a box");
    let found = from_polar.envelope(&around).expect("is on Earth");
    assert_eq!((found.min().x, found.max()), (-180.0, xy(180.0, 90.0)));
    assert!((69.5..70.0).contains(&found.min().y), "{found:?}");
}

#[test]
fn a_box_over_the_antimeridian_becomes_two() {
    let boxes = transform(&Crs::epsg(3832), &Crs::CRS84)
        .boxes(BBox { min_x: 3e6, min_y: -2e6, max_x: 4e6, max_y: -1e6 })
        .expect("a box");
    assert_eq!(boxes.len(), 2, "{boxes:?}");
    let meridians = [boxes[0].max().x, boxes[1].min().x].map(f64::to_bits);
    assert_eq!(meridians, [180.0, -180.0].map(f64::to_bits), "{boxes:?}");
}

#[test]
fn the_whole_earth_is_found_in_every_projection() {
    let world = BBox { min_x: -180.0, min_y: -90.0, max_x: 180.0, max_y: 90.0 };
    for code in [3857, 25832, 3035, 3031, 2056, 3832, 8857, 32760] {
        let to_plane = transform(&Crs::CRS84, &Crs::epsg(code));
        let boxes = to_plane.boxes(world).expect("a box");
        for (lon, lat) in
            [(8.0, 47.0), (-179.99, 0.0), (179.99, -60.0), (150.0, 85.0), (-30.1, -80.0)]
        {
            if let Ok(at) = to_plane.position(xy(lon, lat)) {
                assert!(holds(&boxes, at), "EPSG:{code}: {at:?} in {boxes:?}");
            }
        }
    }
}

#[test]
fn a_box_with_swapped_sides_is_refused_in_metres() {
    let bbox = BBox { min_x: 5.0, min_y: 0.0, max_x: 1.0, max_y: 1.0 };
    let error = transform(&Crs::epsg(25832), &Crs::CRS84).boxes(bbox).expect_err("no wrapping");
    assert!(matches!(error, TransformError::Box(_)), "{error}");
}

fn holds(boxes: &[Envelope], at: Xy) -> bool {
    let point = Envelope::of([at]).expect("finite").expect("one position");
    boxes.iter().any(|envelope| envelope.intersects(&point))
}

/// Codes of every method and of each unit, with a place in the middle of their area of use.
const ALL_SORTS: [(u32, f64, f64); 16] = [
    (3857, 10.0, 20.0),
    (25832, 9.0, 50.0),
    (2056, 8.0, 47.0),
    (2154, 3.0, 47.0),
    (28992, 5.5, 52.0),
    (27700, -2.0, 53.0),
    (3035, 10.0, 50.0),
    (5070, -96.0, 40.0),
    (3031, 70.0, -75.0),
    (3413, -45.0, 75.0),
    (2263, -74.0, 40.7),
    (2053, 28.0, -26.0),
    (27572, 2.0, 47.0),
    (3078, -85.0, 44.0),
    (32761, 100.0, -85.0),
    (3832, 179.0, -17.0),
];

fn any_served() -> impl Strategy<Value = Crs> {
    let codes: Vec<u32> = served().collect();
    proptest::sample::select(codes).prop_map(Crs::epsg)
}

/// PROJ strings that are nearly right: parameters that methods know, with any values.
fn any_proj_string() -> impl Strategy<Value = String> {
    const NAMES: [&str; 26] = [
        "lat_0", "lon_0", "lat_1", "lat_2", "lat_ts", "lonc", "alpha", "gamma", "k", "k_0", "x_0",
        "y_0", "a", "b", "R", "rf", "ellps", "datum", "towgs84", "units", "to_meter", "pm", "axis",
        "zone", "south", "over",
    ];
    const VALUES: [&str; 24] = [
        "0",
        "90",
        "-90",
        "45",
        "-45",
        "180",
        "1e300",
        "-1e-300",
        "nan",
        "inf",
        "GRS80",
        "bessel",
        "WGS84",
        "1,2,3",
        "1,2,3,4,5,6,1e9",
        "us-ft",
        "paris",
        "wsu",
        "neu",
        "33",
        "\"",
        "é",
        "",
        "2d30'E",
    ];
    let parameter =
        (proptest::sample::select(NAMES.to_vec()), proptest::sample::select(VALUES.to_vec()));
    let rest = proptest::collection::vec(parameter, 0..8);
    (proptest::sample::select(METHODS.to_vec()), rest).prop_map(|(method, rest)| {
        let rest: Vec<_> = rest.iter().map(|(name, value)| format!(" +{name}={value}")).collect();
        let rest = rest.concat();
        format!("+proj={method}{rest} +datum=WGS84")
    })
}

proptest! {
    #[test]
    fn no_proj_string_panics_and_nothing_but_finite_comes_out(
        proj in any_proj_string(), x in arb_ordinate(), y in arb_ordinate(),
    ) {
        let crs = Crs::Proj(proj.as_str().into());
        for (from, to) in [(&Crs::CRS84, &crs), (&crs, &Crs::CRS84)] {
            let Ok(transform) = Transform::new(from, to) else { continue };
            for at in [xy(x, y), xy(x % 180.0, y % 90.0)] {
                let found = transform.position(at);
                prop_assert!(found.is_err() || found.is_ok_and(|at| at.x.is_finite() && at.y.is_finite()));
            }
            let bbox = BBox { min_x: -1.0, min_y: y % 80.0, max_x: 1.0, max_y: y % 80.0 + 1.0 };
            let _ = transform.boxes(bbox);
        }
    }

    #[test]
    fn no_finite_input_panics_and_nothing_but_finite_comes_out(
        from in any_served(), to in any_served(), x in arb_ordinate(), y in arb_ordinate(),
    ) {
        prop_assume!(from != to);
        let transform = transform(&from, &to);
        if let Ok(at) = transform.position(xy(x, y)) {
            prop_assert!(at.x.is_finite() && at.y.is_finite());
            if to.is_lonlat() {
                prop_assert!(at.x.abs() <= 180.0 && at.y.abs() <= 90.0, "{at:?}");
            }
        }
    }

    #[test]
    fn positions_come_back_from_where_they_went(
        (code, lon, lat) in proptest::sample::select(ALL_SORTS.as_slice()),
        dx in -0.5..0.5_f64, dy in -0.5..0.5_f64,
    ) {
        let (there, back) = (
            transform(&Crs::CRS84, &Crs::epsg(code)),
            transform(&Crs::epsg(code), &Crs::CRS84),
        );
        let start = xy(lon + dx, lat + dy);
        let end = back.position(there.position(start).expect("is near")).expect("comes back");
        let off = (end.x - start.x + 180.0).rem_euclid(360.0) - 180.0;
        prop_assert!((off.abs() + (end.y - start.y).abs()) * 111_320.0 < 5e-3, "{start:?} {end:?}");
    }

    #[test]
    fn any_geometry_is_transformed_or_refused(geometry in arb_geometry(), to in any_served()) {
        let transform = transform(&Crs::CRS84, &to);
        if let Ok(moved) = transform.geometry(&geometry) {
            prop_assert_eq!(moved.kind(), geometry.kind());
            prop_assert_eq!(moved.num_positions(), geometry.num_positions());
        }
    }

    #[test]
    fn one_by_one_is_as_many_at_once(
        (code, lon, lat) in proptest::sample::select(ALL_SORTS.as_slice()),
        offsets in proptest::collection::vec((-0.5..0.5_f64, -0.5..0.5_f64), 2..700),
    ) {
        let transform = transform(&Crs::CRS84, &Crs::epsg(code));
        let mut positions: Vec<Xy> = offsets.iter().map(|(dx, dy)| xy(lon + dx, lat + dy)).collect();
        let single: Vec<Xy> = positions.iter().map(|at| transform.position(*at).expect("near")).collect();
        transform.positions(&mut positions).expect("near");
        prop_assert_eq!(positions, single);
    }

    #[test]
    fn nothing_in_a_box_falls_outside_of_its_boxes(
        (from, lon, lat) in proptest::sample::select(ALL_SORTS.as_slice()),
        (to, ..) in proptest::sample::select(ALL_SORTS.as_slice()),
        width in 0.0..3e6_f64, height in 0.0..3e6_f64,
        inside in proptest::collection::vec((0.0..=1.0_f64, 0.0..=1.0_f64), 50),
    ) {
        prop_assume!(from != to);
        let centre = transform(&Crs::CRS84, &Crs::epsg(from)).position(xy(lon, lat)).expect("is near");
        let (min_x, min_y) = (centre.x - width / 2.0, centre.y - height / 2.0);
        let bbox = BBox { min_x, min_y, max_x: min_x + width, max_y: min_y + height };
        let transform = transform(&Crs::epsg(from), &Crs::epsg(to));
        let boxes = transform.boxes(bbox).expect("a box");
        for (u, v) in inside {
            if let Ok(at) = transform.position(xy(min_x + u * width, min_y + v * height)) {
                prop_assert!(holds(&boxes, at), "EPSG:{from} to {to}: {at:?} in {boxes:?}");
            }
        }
    }

    #[test]
    fn nothing_in_a_box_of_degrees_falls_outside_of_its_boxes(
        (to, ..) in proptest::sample::select(ALL_SORTS.as_slice()),
        west in -180.0..180.0_f64, south in -90.0..90.0_f64,
        width in 0.0..360.0_f64, height in 0.0..180.0_f64,
        inside in proptest::collection::vec((0.0..=1.0_f64, 0.0..=1.0_f64), 50),
    ) {
        let (east, north) = (west + width, (south + height).min(90.0));
        let max_x = if east > 180.0 { east - 360.0 } else { east };
        prop_assume!(max_x < west || east <= 180.0);
        let transform = transform(&Crs::CRS84, &Crs::epsg(to));
        let boxes = transform.boxes(BBox { min_x: west, min_y: south, max_x, max_y: north }).expect("a box");
        for (u, v) in inside {
            if let Ok(at) = transform.position(xy(west + u * width, south + v * (north - south))) {
                prop_assert!(holds(&boxes, at), "to {to}: {at:?} in {boxes:?}");
            }
        }
    }
}
