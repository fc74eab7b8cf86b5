//! Which part of a filter the database decides, and which we do.
use super::{Dialect, Fragment, render};
use tiepoint_core::{Bound, Function};

/// A filter, divided.
#[derive(Debug)]
pub struct Split<B> {
    /// What the database decides, as SQL that is true where all of it is.
    pub condition: Option<Fragment<B>>,
    /// A condition in front of that for an index to answer; it lets through more than passes.
    pub prefilter: Option<Fragment<B>>,
    /// What is left to us; true where nothing is.
    pub rest: Bound,
}

/// A function that only one store has, asked of where it cannot run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NativeError {
    /// Another store's function.
    #[error("`{name}` is a function of {of} stores, and this is one of {here}")]
    OfAnotherStore {
        /// The function's name.
        name: String,
        /// Whose it is.
        of: String,
        /// What it was asked of.
        here: &'static str,
    },
    /// A name that no function can have.
    #[error("`{name}` cannot be the name of a function: it is empty or has a NUL in it")]
    NoName {
        /// That name.
        name: String,
    },
    /// A function of this store within something that the store cannot do.
    #[error("`{expression}` calls a function that only the store has within what it cannot do")]
    Entangled {
        /// The whole condition or value.
        expression: String,
    },
}

/// Divides a filter: conditions that the database decides exactly, one by one, and the rest.
///
/// Only what is exact or measured may decide in a database which features pass.
///
/// # Errors
///
/// [`NativeError`].
pub fn split<D: Dialect>(dialect: &D, filter: &Bound) -> Result<Split<D::Bind>, NativeError> {
    check_native(dialect, filter)?;
    let conditions = filter.conjuncts().iter().filter(|it| **it != Bound::TRUE);
    let (asked, kept): (Vec<_>, Vec<_>) =
        conditions.partition(|it| it.equality().may_be_pushed_down());
    let mut split = render::conjuncts(dialect, asked.into_iter());
    split.rest.extend(kept);
    for part in &split.rest {
        only_here(part)?;
    }
    Ok(Split {
        prefilter: dialect.prefilter(filter),
        rest: Bound::all(split.rest.iter().copied().cloned()),
        condition: split.sql,
    })
}

/// Refuses an expression that calls functions of another kind of store, or without a name.
///
/// # Errors
///
/// [`NativeError::OfAnotherStore`] and [`NativeError::NoName`].
pub fn check_native<D: Dialect>(dialect: &D, expr: &Bound) -> Result<(), NativeError> {
    let mut refused = None;
    expr.visit(&mut |it| {
        let Some((Function::Native(native), _)) = it.as_call() else { return };
        let (name, of, here) = (native.name.clone(), native.store.clone(), dialect.store());
        if of != here {
            refused = Some(NativeError::OfAnotherStore { name, of, here });
        } else if name.is_empty() || name.contains('\0') {
            refused = Some(NativeError::NoName { name });
        }
    });
    refused.map_or(Ok(()), Err)
}

fn only_here(part: &Bound) -> Result<(), NativeError> {
    if part.native_stores().is_empty() {
        Ok(())
    } else {
        Err(NativeError::Entangled { expression: part.to_string() })
    }
}
