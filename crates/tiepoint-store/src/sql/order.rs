//! Sort keys as SQL.
use super::{Dialect, Fragment, render};
use tiepoint_core::{Bound, Direction, ExprType, Nulls};

/// One sort key, bound to its layer.
#[derive(Debug, Clone, Copy)]
pub struct SortKey<'a> {
    /// What to sort by.
    pub key: &'a Bound,
    /// Which way.
    pub direction: Direction,
    /// Where nulls go.
    pub nulls: Nulls,
}

/// The list of an `ORDER BY` that sorts as [`Value::order`](tiepoint_core::Value::order) does;
/// `None` where the database would sort one of the keys otherwise.
///
/// Nothing is said of ties: whoever asks appends what decides them.
pub fn order_by<'a, D: Dialect>(
    dialect: &D,
    keys: impl IntoIterator<Item = SortKey<'a>>,
) -> Option<Fragment<D::Bind>> {
    let keys: Option<Vec<_>> = keys.into_iter().map(|key| sort_key(dialect, key)).collect();
    Some(Fragment::joined(keys?, ", "))
}

fn sort_key<D: Dialect>(dialect: &D, by: SortKey<'_>) -> Option<Fragment<D::Bind>> {
    if !dialect.sorts(by.key) {
        return None;
    }
    let value = render::value(dialect, by.key)?;
    let value = if *by.key.ty() == ExprType::Text { dialect.collated(value) } else { value };
    let value = value.then(match by.direction {
        Direction::Ascending => " ASC",
        Direction::Descending => " DESC",
    });
    Some(value.then(match by.nulls {
        Nulls::First => " NULLS FIRST",
        Nulls::Last => " NULLS LAST",
    }))
}
