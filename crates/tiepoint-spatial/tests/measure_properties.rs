//! What always holds between measures, whatever the geometries: bounds bound, searches miss
//! nothing, quick answers are the exact ones, and nothing panics.
use proptest::prelude::*;
use tiepoint_core::testing::{arb_geometry, arb_plain_geometry};
use tiepoint_core::{Envelope, Geometry, Xy};
use tiepoint_spatial::linear::linear;
use tiepoint_spatial::measure::{
    DistanceTo, Ellipsoid, Metric, SearchBox, area, centroid, distance, length, perimeter,
};

const WGS84: Metric = Metric::Geodesic(Ellipsoid::WGS84);

/// How many cases are tried; `TIEPOINT_CASES` asks for more.
fn cases(default: u32) -> ProptestConfig {
    let asked = std::env::var("TIEPOINT_CASES").ok().and_then(|text| text.parse().ok());
    ProptestConfig::with_cases(asked.unwrap_or(default))
}

/// A place to be near to: anywhere, at poles, on the antimeridian, on the equator.
fn arb_centre() -> impl Strategy<Value = [f64; 2]> {
    let lon = || -180.0..=180.0_f64;
    prop_oneof![
        4 => (lon(), -90.0..=90.0_f64).prop_map(|(lon, lat)| [lon, lat]),
        1 => (lon(), prop::sample::select(vec![-90.0, 90.0, 89.999, -89.5]))
            .prop_map(|(lon, lat)| [lon, lat]),
        1 => (-1.0..1.0_f64, -90.0..=90.0_f64).prop_map(|(lon, lat)| [180.0 + lon, lat]),
        1 => (lon(), -0.1..0.1_f64).prop_map(|(lon, lat)| [lon, lat]),
    ]
}

/// Coordinates around a centre, within `size` degrees; longitudes wrapped like a file would, or
/// running on past 180.
fn around([lon, lat]: [f64; 2], size: f64) -> impl Strategy<Value = [f64; 2]> {
    let offset = || -1.0..=1.0_f64;
    (offset(), offset(), prop::bool::weighted(0.3)).prop_map(move |(x, y, runs_on)| {
        let lat = (lat + y * size).clamp(-90.0, 90.0);
        let stretch = lat.to_radians().cos().max(0.01);
        let lon = lon + (x * size / stretch).clamp(-179.0, 179.0);
        let wrapped = (lon + 180.0).rem_euclid(360.0) - 180.0;
        [if runs_on { lon.clamp(-360.0, 360.0) } else { wrapped }, lat]
    })
}

/// A point, line, polygon (of any order of corners, so crossing itself too) or some of them.
fn arb_part(centre: [f64; 2], size: f64) -> impl Strategy<Value = String> {
    let places = move |count: std::ops::Range<usize>| {
        prop::collection::vec(around(centre, size), count)
            .prop_map(|places| places.iter().map(|[x, y]| format!("{x} {y}")).collect::<Vec<_>>())
    };
    prop_oneof![
        3 => places(1..2).prop_map(|it| format!("POINT ({})", it[0])),
        2 => places(2..6).prop_map(|it| format!("LINESTRING ({})", it.join(","))),
        3 => places(3..7).prop_map(|it| format!("POLYGON (({},{}))", it.join(","), it[0])),
        1 => (places(3..5), places(3..5)).prop_map(|(a, b)| {
            let (a_end, b_end) = (a[0].clone(), b[0].clone());
            format!("POLYGON (({},{a_end}),({},{b_end}))", a.join(","), b.join(","))
        }),
    ]
}

fn arb_lonlat(centre: [f64; 2], size: f64) -> impl Strategy<Value = Geometry> {
    let one = arb_part(centre, size);
    let some = prop::collection::vec(arb_part(centre, size), 0..4);
    let some = some.prop_map(|parts| {
        let empty = parts.is_empty();
        let members = if empty { "EMPTY".to_owned() } else { format!("({})", parts.join(",")) };
        format!("GEOMETRYCOLLECTION {members}")
    });
    prop_oneof![5 => one, 1 => some].prop_map(|wkt| Geometry::from_wkt(&wkt).expect("well-formed"))
}

/// Two geometries not far from one another, and a length of their size in metres.
fn arb_pair() -> impl Strategy<Value = (Geometry, Geometry, f64)> {
    (arb_centre(), -4.0..2.2_f64, 0.0..1.0_f64).prop_flat_map(|(centre, magnitude, apart)| {
        let size = 10_f64.powf(magnitude);
        let other = around(centre, size * 3.0 * apart);
        other.prop_flat_map(move |other| {
            let pair = (arb_lonlat(centre, size), arb_lonlat(other, size), 0.0..3.0_f64);
            pair.prop_map(move |(a, b, share)| (a, b, share * size * 111_000.0))
        })
    })
}

fn finds(boxes: &[SearchBox], envelope: &Envelope) -> bool {
    let width = envelope.max().x - envelope.min().x;
    boxes.iter().any(|it| {
        it.envelope.intersects(envelope) && it.wider_than.is_none_or(|least| width > least)
    })
}

/// Everything that must hold of a pair, at some limits.
fn check(a: &Geometry, b: &Geometry, metric: Metric, limits: &[f64]) -> Result<(), TestCaseError> {
    let target = DistanceTo::new(a, metric);
    let distance = target.distance(b);
    let back = DistanceTo::new(b, metric).distance(a);
    prop_assert_eq!(distance.is_some(), back.is_some());
    let Some((distance, back)) = distance.zip(back) else {
        prop_assert!(limits.iter().all(|limit| !target.within(b, *limit)));
        return Ok(());
    };
    prop_assert!(distance >= 0.0, "{}", distance);
    let tolerance = if metric == Metric::Planar { 1e-12 * distance } else { 2e-6 };
    prop_assert!(
        (distance - back).abs() <= tolerance || distance.to_bits() == back.to_bits(),
        "{distance} {back}"
    );
    let envelope = linear(b).envelope().expect("not empty");
    let bound = target.lower_bound(&envelope);
    prop_assert!(bound <= distance, "{bound} is no bound of {distance}");
    let own = [distance, distance.next_down().max(0.0), distance.next_up(), 0.0];
    for limit in
        own.into_iter().chain([distance * 0.999, distance * 1.001]).chain(limits.iter().copied())
    {
        prop_assert_eq!(target.within(b, limit), distance <= limit, "{} {}", distance, limit);
        if distance <= limit {
            let boxes = target.search_boxes(limit);
            prop_assert!(finds(&boxes, &envelope), "{boxes:?} miss {envelope:?} at {distance}");
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(cases(1500))]

    #[test]
    fn on_the_ellipsoid_bounds_hold_and_searches_miss_nothing((a, b, limit) in arb_pair()) {
        check(&a, &b, WGS84, &[limit])?;
    }

    #[test]
    fn in_the_plane_bounds_hold_and_searches_miss_nothing((a, b, limit) in arb_pair()) {
        check(&a, &b, Metric::Planar, &[limit / 111_000.0])?;
    }

    #[test]
    fn sides_of_a_triangle_are_no_longer_than_the_others((a, b, _) in arb_pair(), at in arb_centre()) {
        let via = Geometry::from_wkt(&format!("POINT ({} {})", at[0], at[1])).expect("a point");
        for metric in [WGS84, Metric::Planar] {
            let measure = |a: &Geometry, b: &Geometry| distance(a, b, metric);
            let (direct, detour) = (measure(&a, &b), measure(&a, &via).zip(measure(&via, &b)));
            if let (Some(direct), Some((first, second))) = (direct, detour) {
                prop_assert!(direct <= (first + second) * (1.0 + 1e-12) + 1e-5, "{metric:?}");
            }
        }
    }
}

proptest! {
    #![proptest_config(cases(1000))]

    #[test]
    fn nothing_panics_and_no_measure_is_nan(a in arb_geometry(), b in arb_geometry()) {
        for metric in [Metric::Planar, WGS84] {
            for measure in [area, length, perimeter] {
                prop_assert!(measure(&a, metric).is_none_or(|it| it >= 0.0), "{metric:?}");
            }
            check(&a, &b, metric, &[0.0, 1.0, 1e9, f64::MAX, f64::INFINITY])?;
            let target = DistanceTo::new(&a, metric);
            prop_assert!(!target.within(&b, f64::NAN) && !target.within(&b, -1.0));
            prop_assert!(target.search_boxes(f64::NAN).is_empty());
        }
        prop_assert_eq!(centroid(&a).is_none(), a.is_empty());
    }

    #[test]
    fn a_geometry_is_at_no_distance_from_itself_and_its_parts(a in arb_plain_geometry()) {
        prop_assert_eq!(distance(&a, &a, Metric::Planar), (!a.is_empty()).then_some(0.0));
    }

    #[test]
    fn envelopes_inside_an_envelope_are_no_nearer((a, b, _) in arb_pair(), x in 0.0..1.0_f64, y in 0.0..1.0_f64) {
        let Some(outer) = b.envelope() else { return Ok(()) };
        let (min, max) = (outer.min(), outer.max());
        let at = Xy { x: min.x + x * (max.x - min.x), y: min.y + y * (max.y - min.y) };
        let inner = Envelope::of([at, max]).expect("finite").expect("two corners");
        for metric in [Metric::Planar, WGS84] {
            let target = DistanceTo::new(&a, metric);
            let (inner, outer) = (target.lower_bound(&inner), target.lower_bound(&outer));
            prop_assert!(outer <= inner * (1.0 + 1e-9) + 1e-6, "{metric:?} {outer} {inner}");
        }
    }
}
