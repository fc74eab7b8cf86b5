//! Sort keys as SQL.
use super::room::Room;
use super::{Dialect, Fragment, TextUse, render};
use crate::SortKey;
use tiepoint_core::{Direction, ExprType, Nulls};

/// More keys are sorted by in memory.
const MOST_KEYS: usize = 100;

/// The list of an `ORDER BY` that sorts as [`Value::order`](tiepoint_core::Value::order) does;
/// `None` where the database would sort one of the keys otherwise.
///
/// Nothing is said of ties: whoever asks appends what decides them.
pub fn order_by<D: Dialect>(dialect: &D, keys: &[SortKey]) -> Option<Fragment<D::Bind>> {
    let mut room = Room::new();
    if keys.len() > MOST_KEYS || !keys.iter().all(|by| room.takes(&by.key)) {
        return None;
    }
    let keys: Option<Vec<_>> = keys.iter().map(|key| sort_key(dialect, key)).collect();
    Some(Fragment::joined(keys?, ", "))
}

fn sort_key<D: Dialect>(dialect: &D, by: &SortKey) -> Option<Fragment<D::Bind>> {
    if !dialect.sorts(&by.key) {
        return None;
    }
    let value = render::value(dialect, &by.key)?;
    let is_text = *by.key.ty() == ExprType::Text;
    let value = if is_text { dialect.collated(&by.key, value, TextUse::Order) } else { value };
    let value = value.then(match by.direction {
        Direction::Ascending => " ASC",
        Direction::Descending => " DESC",
    });
    Some(value.then(match by.nulls {
        Nulls::First => " NULLS FIRST",
        Nulls::Last => " NULLS LAST",
    }))
}
