//! What can be asked of many features at once.
use super::Expr;

/// One value made of many features. Nulls are passed over, as in SQL.
#[derive(Debug, Clone, PartialEq)]
pub enum Aggregate {
    /// How many features there are: an integer.
    Count,
    /// How many of the values are not null: an integer.
    CountOf(Expr),
    /// How many different values there are, null not counted: an integer.
    CountDistinct(Expr),
    /// Their sum: exact for whole numbers (an integer, or a decimal where that is too small),
    /// measured for others. Null where there are none.
    Sum(Expr),
    /// Their mean, a real number, measured; null where there are none.
    Average(Expr),
    /// The smallest; null where there are none.
    Min(Expr),
    /// The largest; null where there are none.
    Max(Expr),
    /// The box around geometries, as a polygon; null where there are none. Exact.
    Extent(Expr),
}

impl Aggregate {
    /// What it is made of; `None` for a count of features.
    #[must_use]
    pub fn argument(&self) -> Option<&Expr> {
        match self {
            Self::Count => None,
            Self::CountOf(of)
            | Self::CountDistinct(of)
            | Self::Sum(of)
            | Self::Average(of)
            | Self::Min(of)
            | Self::Max(of)
            | Self::Extent(of) => Some(of),
        }
    }
}
