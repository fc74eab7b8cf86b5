//! Arbitrary queries of a layer.
use super::{arb_expr, arb_filter};
use proptest::prelude::*;
use tiepoint_core::{Direction, Nulls, Query, Schema};

/// Any filter, order and page of a layer.
pub fn arb_query(layer: &str, schema: &Schema) -> impl Strategy<Value = Query> + use<> {
    let layer = layer.to_owned();
    let filter = proptest::option::weighted(0.9, arb_filter(schema));
    let keys = proptest::collection::vec((arb_expr(schema), order()), 0..3);
    let limit = proptest::option::weighted(0.3, 0_u64..20);
    (filter, keys, limit, 0_u64..4).prop_map(move |(filter, keys, limit, offset)| {
        let mut query = Query::layer(&layer).offset(offset);
        query.limit = limit;
        query.filter = filter;
        keys.into_iter().fold(query, |query, (key, (direction, nulls))| {
            query.order_by_with(key, direction, nulls)
        })
    })
}

fn order() -> impl Strategy<Value = (Direction, Nulls)> {
    let direction = prop_oneof![Just(Direction::Ascending), Just(Direction::Descending)];
    (direction, prop_oneof![Just(Nulls::First), Just(Nulls::Last)])
}
