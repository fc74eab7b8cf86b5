//! How much a database is given to decide.
use tiepoint_core::Bound;

/// The most nodes of a filter, or of all keys of an order, that the database is given, and the most
/// of them one within another: it has limits for its binds (SQLite: 32,766) and for the depth of
/// its trees (1,000; of parentheses 30 or so), and takes longer to plan than we to decide.
const MOST_NODES: usize = 16_000;
const DEEPEST: usize = 10;

/// How much of expressions the database is still to be given.
pub(super) struct Room(usize);

impl Room {
    pub(super) fn new() -> Self {
        Self(MOST_NODES)
    }

    /// Whether there is room for this too; then it is taken.
    pub(super) fn takes(&mut self, it: &Bound) -> bool {
        let mut nodes = 0;
        it.visit(&mut |_| nodes += 1);
        let fits = nodes <= self.0 && !is_deeper(it, DEEPEST);
        if fits {
            self.0 -= nodes;
        }
        fits
    }
}

fn is_deeper(it: &Bound, than: usize) -> bool {
    match it.as_call() {
        Some((_, arguments)) => than == 0 || arguments.iter().any(|it| is_deeper(it, than - 1)),
        None => false,
    }
}
