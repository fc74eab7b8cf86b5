//! Expressions as SQL: one renderer for every database.
//!
//! A [`Dialect`] answers only the questions on which databases differ; [`split`] divides a filter
//! between the database and us, [`order_by`] spells an order. What a user wrote enters SQL as a
//! bind or as a quoted name, never as text: a [`Fragment`] has no other way in.
mod dialect;
mod fragment;
mod guarding;
mod order;
mod render;
mod room;
mod split;
#[cfg(test)]
mod tests;

pub use dialect::{Dialect, Doubt, TextUse};
pub use fragment::{Append, Fragment, Statement};
pub use order::order_by;
pub use render::{condition, value};
pub use split::{NativeError, Split, check_native, split};
