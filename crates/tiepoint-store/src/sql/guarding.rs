//! Guards: what keeps a misfit value in a column from coming out as what it is not.
use super::{Doubt, Fragment};
use tiepoint_core::{Bound, Function};

/// How much a misfit value in a column may spoil.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Guarding {
    /// Only truth counts.
    Positive,
    /// Null must come out as null.
    Full,
}

impl Guarding {
    /// What to ask of both sides of a comparison, if they are fields.
    pub(super) fn doubts(self, function: &Function, a: &Bound, b: &Bound) -> [Doubt; 2] {
        let beside_a_constant = a.as_constant().is_some() || b.as_constant().is_some();
        match function {
            _ if self == Self::Full || !beside_a_constant => [Doubt::Any; 2],
            Function::Eq => [Doubt::Equal; 2],
            Function::Lt | Function::Le => [Doubt::Smaller, Doubt::Larger],
            Function::Gt | Function::Ge => [Doubt::Larger, Doubt::Smaller],
            _ => [Doubt::Any; 2],
        }
    }

    pub(super) fn applied<B>(self, guards: Vec<Fragment<B>>, sql: Fragment<B>) -> Fragment<B> {
        match (guards.is_empty(), self) {
            (true, _) => sql.in_parentheses(),
            (false, Self::Positive) => {
                let all = std::iter::once(sql).chain(guards);
                Fragment::joined(all, " AND ").in_parentheses()
            }
            (false, Self::Full) => guarded(guards, sql),
        }
    }
}

/// A value where all of these hold, else null.
pub(super) fn guarded<B>(
    guards: impl IntoIterator<Item = Fragment<B>>,
    sql: Fragment<B>,
) -> Fragment<B> {
    let holds = Fragment::joined(guards, " AND ");
    Fragment::text("CASE WHEN ").then(holds).then(" THEN ").then(sql).then(" END").in_parentheses()
}
