//! What must hold of every pair, whatever the geometries.
use proptest::prelude::*;
use tiepoint_core::testing::{arb_geometry, arb_plain_geometry};
use tiepoint_core::{Dimension, Envelope, Geometry, Part, SpatialPredicate, Xy};
use tiepoint_spatial::relate::{Prepared, decided_by_envelopes, matches, relate};
use tiepoint_spatial::validity::is_valid;

#[allow(dead_code, reason = "shared with the comparison with GEOS")]
#[path = "others/relate_cases.rs"]
mod relate_cases;
use relate_cases::{Grain, pair};

/// Numbers of pairs that no other test looks at.
fn any_pair() -> impl Strategy<Value = u64> {
    1_000_000..2_000_000_u64
}

fn geometries(number: u64) -> (Geometry, Geometry) {
    let (first, second, _) = pair(number);
    (first.geometry(), second.geometry())
}

/// Every predicate asked in every way.
fn answers(first: &Geometry, second: &Geometry) -> Vec<(SpatialPredicate, bool, bool)> {
    let prepared = Prepared::new(first);
    let all = SpatialPredicate::ALL.into_iter();
    all.map(|it| (it, matches(it, first, second), prepared.matches(it, second))).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_other_way_round_is_the_transposed_matrix(number in any_pair()) {
        let (first, second) = geometries(number);
        let matrix = relate(&first, &second);
        prop_assert_eq!(relate(&second, &first), matrix.transposed());
        prop_assert_eq!(Prepared::new(&first).relate(&second), matrix);
        prop_assert_eq!(matrix.get(Part::Exterior, Part::Exterior), Dimension::Surface);
        // of an invalid polygon that has no area nothing may be left
        if is_valid(&first) {
            prop_assert_eq!(matrix.dimensions().0 > Dimension::Empty, !first.is_empty());
        }
    }

    #[test]
    fn every_geometry_equals_itself(number in any_pair()) {
        let (geometry, _) = geometries(number);
        prop_assume!(is_valid(&geometry));
        let matrix = relate(&geometry, &geometry);
        prop_assert!(SpatialPredicate::Equals.holds(&matrix), "{matrix}");
        prop_assert!(Prepared::new(&geometry).matches(SpatialPredicate::Equals, &geometry));
    }

    #[test]
    fn shifting_by_whole_numbers_changes_nothing(
        number in any_pair(), x in -(1_i32 << 30)..1 << 30, y in -(1_i32 << 30)..1 << 30,
    ) {
        let (first, second, grain) = pair(number);
        prop_assume!(grain == Grain::Whole);
        let shifted = |at: [f64; 2]| [at[0] + f64::from(x), at[1] + f64::from(y)];
        let matrix = relate(&first.geometry(), &second.geometry());
        let [first, second] = [first, second].map(|it| it.moved(&shifted).geometry());
        prop_assert_eq!(relate(&first, &second), matrix);
    }

    #[test]
    fn scaling_by_powers_of_two_changes_nothing(number in any_pair(), power in -900..900_i32) {
        let (first, second, grain) = pair(number);
        prop_assume!(grain != Grain::Far);
        let matrix = relate(&first.geometry(), &second.geometry());
        let by = 2_f64.powi(power);
        let [first, second] = [first, second].map(|it| it.moved(&|at| at.map(|it| it * by)));
        let [first, second] = [first.geometry(), second.geometry()];
        prop_assert_eq!(relate(&first, &second), matrix);
        prop_assert_eq!(Prepared::new(&first).relate(&second), matrix);
    }

    #[test]
    fn heights_and_measures_do_not_matter(number in any_pair()) {
        let (first, second) = geometries(number);
        prop_assume!(!second.is_empty());
        let mut high = second.to_wkt();
        let ends: Vec<_> = high.match_indices([',', ')']).map(|(at, _)| at).collect();
        for at in ends.into_iter().rev() {
            if high[..at].ends_with(|it: char| it.is_ascii_digit()) {
                high.insert_str(at, " 7");
            }
        }
        prop_assume!(!high.contains("COLLECTION") && !high.contains("EMPTY"));
        let tag = high.find(' ').expect("a keyword");
        high.insert_str(tag, " Z");
        let high = Geometry::from_wkt(&high).expect("three ordinates");
        prop_assert_eq!(relate(&first, &high), relate(&first, &second));
        prop_assert_eq!(answers(&first, &high), answers(&first, &second));
    }

    #[test]
    fn boxes_never_lie(number in any_pair()) {
        let (first, second) = geometries(number);
        prop_assume!(is_valid(&first) && is_valid(&second));
        let matrix = relate(&first, &second);
        for predicate in SpatialPredicate::ALL {
            let decided = decided_by_envelopes(predicate, first.envelope(), second.envelope());
            prop_assert!(decided.is_none_or(|it| it == predicate.holds(&matrix)), "{predicate}");
        }
    }
}

proptest! {
    // any bits, nested and crossing at random: some cost a second in a debug build
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn whatever_is_well_formed_gets_the_same_answers_twice(
        first in arb_geometry(), second in arb_geometry(),
    ) {
        prop_assert_eq!(relate(&first, &second), relate(&first, &second));
        let answers = || {
            let prepared = Prepared::new(&first);
            SpatialPredicate::ALL.map(|it| prepared.matches(it, &second))
        };
        prop_assert_eq!(answers(), answers());
        prop_assert_eq!(relate(&first, &first), relate(&first, &first));
    }

    #[test]
    fn crossing_rings_and_overlapping_parts_get_the_same_answers_twice(
        first in arb_plain_geometry(), second in arb_plain_geometry(),
    ) {
        prop_assert_eq!(relate(&first, &second), relate(&first, &second));
        let answers = || {
            let prepared = Prepared::new(&first);
            SpatialPredicate::ALL.map(|it| prepared.matches(it, &second))
        };
        prop_assert_eq!(answers(), answers());
    }
}

#[test]
fn boxes_apart_decide_everything() {
    let at = |x: f64| Envelope::of([Xy { x, y: 0.0 }, Xy { x: x + 1.0, y: 1.0 }]).expect("finite");
    for predicate in SpatialPredicate::ALL {
        let expected = Some(predicate == SpatialPredicate::Disjoint);
        assert_eq!(decided_by_envelopes(predicate, at(0.0), at(2.0)), expected, "{predicate}");
        assert_eq!(decided_by_envelopes(predicate, at(0.0), None), expected, "{predicate}");
    }
}

#[test]
fn a_prepared_geometry_can_be_shared_between_threads() {
    fn shared<T: Send + Sync + Clone>() {}
    shared::<Prepared>();
}
