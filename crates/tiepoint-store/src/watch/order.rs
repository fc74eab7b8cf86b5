//! The order in which the changes of one commit are given.

/// Where a feature's change comes among those of its layer, by whether there was such a feature
/// before and is one after: what went first, what came last.
///
/// So whoever applies them one after another finds a value that must be unique free again before
/// a feature that came takes it. Features that hand such values on among themselves have no order
/// that is right for all of them; they are applied together.
pub(crate) fn turn_of(before: bool, after: bool) -> u8 {
    match (before, after) {
        (_, false) => 0,
        (true, true) => 1,
        (false, true) => 2,
    }
}
