//! Sorting has one order, and it is an order.
use proptest::prelude::*;
use std::cmp::Ordering;
use tiepoint_core::{Decimal, Value};

/// Numbers where integers, doubles and decimals meet, and a few values of other types.
fn arb_value() -> impl Strategy<Value = Value> {
    let near = prop_oneof![
        Just(0.0),
        Just(-0.0),
        Just(9_007_199_254_740_992.0),
        Just(9_223_372_036_854_775_808.0),
        Just(f64::INFINITY),
        Just(f64::NEG_INFINITY),
        Just(f64::NAN),
        any::<f64>(),
        -3.0..3.0_f64,
    ];
    let whole = prop_oneof![
        Just(i64::MAX),
        Just(i64::MIN),
        Just(9_007_199_254_740_993),
        -3..3_i64,
        any::<i64>(),
    ];
    let decimal =
        "-?[0-9]{1,25}(\\.[0-9]{1,9})?".prop_map(|text| text.parse::<Decimal>().expect("is one"));
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        near.prop_map(Value::Real),
        whole.prop_map(Value::Int),
        decimal.prop_map(Value::Decimal),
        "[a-cA-Cä\u{10ffff}]{0,3}".prop_map(Value::Text),
    ]
}

proptest! {
    #[test]
    fn turning_the_question_around_turns_the_answer_around(a in arb_value(), b in arb_value()) {
        prop_assert_eq!(a.order(&b), b.order(&a).reverse());
        prop_assert_eq!(a.order(&a), Ordering::Equal);
    }

    #[test]
    fn what_is_before_something_is_before_what_comes_after_it(
        a in arb_value(), b in arb_value(), c in arb_value(),
    ) {
        if a.order(&b) != Ordering::Greater && b.order(&c) != Ordering::Greater {
            prop_assert_ne!(a.order(&c), Ordering::Greater);
        }
    }

    #[test]
    fn a_sorted_list_is_sorted_pair_by_pair(mut values in prop::collection::vec(arb_value(), 0..40)) {
        values.sort_by(Value::order);
        prop_assert!(values.windows(2).all(|pair| pair[0].order(&pair[1]) != Ordering::Greater));
    }

    #[test]
    fn decimals_sort_as_the_numbers_they_are(a in any::<i64>(), b in any::<i64>(), scale in 0_u32..6) {
        let decimal = |number: i64| format!("{number}e-{scale}").parse::<Decimal>().expect("is one");
        prop_assert_eq!(decimal(a).order(&decimal(b)), a.cmp(&b));
    }
}
