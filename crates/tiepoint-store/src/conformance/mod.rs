//! The store contract as executable checks: a promise is written here once, and every store,
//! wrapped or not, keeps it in one line of its own tests.
mod books;
mod change_logs;
mod changes;
mod definitions;
mod ear;
mod fixture;
mod geometries;
mod identity;
mod natural_keys;
pub mod oracle;
mod questions;
mod reading;
mod tables;
mod transactions;
mod values;
mod watching;
mod writing;

use crate::{Capabilities, Store};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// A store made for one check, and whatever must outlive it (a temporary folder).
pub type Fresh<G> = (Box<dyn Store>, G);

/// One promise: its name, what a store must be able to do for it to matter, and how it is tried.
struct Promise {
    name: &'static str,
    applies: fn(&Capabilities) -> bool,
    keep: fn(&dyn Store),
}

/// Runs every promise that applies, each on a store of its own made by `fresh`.
///
/// `fresh` must return an empty store that can define layers and write.
///
/// # Panics
///
/// When promises are broken, naming each.
pub fn check<G>(fresh: impl Fn() -> Fresh<G>) {
    check_but(&[], fresh);
}

/// The same, where it is known that these promises are not kept; each must be broken indeed.
///
/// # Panics
///
/// When others are broken, or one of these is kept, naming each.
pub fn check_but<G>(known: &[&str], fresh: impl Fn() -> Fresh<G>) {
    let capabilities = fresh().0.capabilities();
    let broken: Vec<_> = all_promises()
        .filter(|promise| (promise.applies)(&capabilities))
        .filter(|promise| !promise.is_kept(&fresh))
        .map(|promise| promise.name)
        .collect();
    let unknown: Vec<_> = broken.iter().filter(|name| !known.contains(name)).collect();
    assert!(unknown.is_empty(), "broken promises: {unknown:#?}");
    let kept: Vec<_> = known.iter().filter(|name| !broken.contains(name)).collect();
    assert!(kept.is_empty(), "promises that are kept after all: {kept:#?}");
}

/// Whether one promise is kept, whatever the capabilities say.
///
/// # Panics
///
/// When there is no promise of this name.
pub fn is_kept<G>(promise: &str, fresh: impl Fn() -> Fresh<G>) -> bool {
    let found = all_promises().find(|it| it.name == promise);
    found.unwrap_or_else(|| panic!("there is no promise `{promise}`")).is_kept(&fresh)
}

fn all_promises() -> impl Iterator<Item = &'static Promise> {
    let lists = [
        definitions::PROMISES,
        reading::PROMISES,
        questions::PROMISES,
        writing::PROMISES,
        values::PROMISES,
        geometries::PROMISES,
        identity::PROMISES,
        natural_keys::PROMISES,
        transactions::PROMISES,
        books::PROMISES,
        changes::PROMISES,
        watching::PROMISES,
        change_logs::PROMISES,
    ];
    lists.into_iter().flatten()
}

impl Promise {
    fn is_kept<G>(&self, fresh: &impl Fn() -> Fresh<G>) -> bool {
        let (store, _guard) = fresh();
        catch_unwind(AssertUnwindSafe(|| (self.keep)(store.as_ref()))).is_ok()
    }
}

/// A list of promises, each named after the function that tries it.
macro_rules! promises {
    ($($applies:expr => { $($name:ident),* $(,)? })*) => {
        pub(super) const PROMISES: &[super::Promise] = &[$($(
            super::Promise { name: stringify!($name), applies: $applies, keep: $name },
        )*)*];
    };
}
use promises;
