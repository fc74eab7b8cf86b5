//! Why an expression does not fit a schema.
use super::{Expr, ExprType};
use crate::{BoxError, Crs, SchemaError};

/// Why an expression cannot be asked of a layer. Names both sides; [`hint`](Self::hint) says what
/// to do. Whoever asked has to ask otherwise: [`ErrorKind::Invalid`](crate::ErrorKind::Invalid).
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum BindError {
    /// No such field.
    #[error(transparent)]
    Field(#[from] SchemaError),
    /// Too few or too many arguments.
    #[error("`{function}` takes {expected}, found {found}")]
    Arity {
        /// The function's name.
        function: String,
        /// What it takes.
        expected: &'static str,
        /// How many there are.
        found: usize,
    },
    /// An argument of the wrong kind.
    #[error("`{function}` takes {expected}, but `{argument}` is {found}")]
    Argument {
        /// The function's name.
        function: String,
        /// What it takes there.
        expected: &'static str,
        /// The argument as written.
        argument: String,
        /// What the argument is.
        found: ExprType,
    },
    /// Two values that cannot be compared.
    #[error("`{left}` is {left_type} and `{right}` is {right_type}: they cannot be compared")]
    Incomparable {
        /// One side as written.
        left: String,
        /// What it is.
        left_type: Box<ExprType>,
        /// The other side as written.
        right: String,
        /// What it is.
        right_type: Box<ExprType>,
    },
    /// Two geometries in different CRSs.
    #[error("`{left}` is in {left_crs} and `{right}` is in {right_crs}")]
    MixedCrs {
        /// One side as written.
        left: String,
        /// Its CRS.
        left_crs: Box<Crs>,
        /// The other side as written.
        right: String,
        /// Its CRS.
        right_crs: Box<Crs>,
    },
    /// A geometry that came without its CRS.
    #[error("the geometry `{geometry}` says nothing of its CRS")]
    NoCrs {
        /// The geometry as written.
        geometry: String,
    },
    /// A length in degrees.
    #[error("`{geometry}` is in {crs}, whose units are degrees, and degrees are no lengths")]
    Degrees {
        /// The geometry as written.
        geometry: String,
        /// Its CRS.
        crs: Crs,
    },
    /// A length in metres where nobody knows how long the CRS's unit is.
    #[error("`{geometry}` is in {crs}, and nobody says how long its unit is in metres")]
    UnknownUnit {
        /// The geometry as written.
        geometry: String,
        /// Its CRS.
        crs: Crs,
    },
    /// A filter that is not true or false.
    #[error("a filter must be true or false, but `{expression}` is {found}")]
    NotAFilter {
        /// The expression as written.
        expression: String,
        /// What it is.
        found: ExprType,
    },
    /// Four numbers that make no box.
    #[error(transparent)]
    Box(#[from] BoxError),
    /// Nested deeper than [`Expr::MAX_DEPTH`].
    #[error("the expression is nested more than {} deep", Expr::MAX_DEPTH)]
    TooDeep,
}

impl BindError {
    /// What to ask instead, where there is something to say.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::MixedCrs { left_crs, right, .. } => {
                format!("bring both to one CRS, such as transform({right}, '{left_crs}')")
            }
            Self::NoCrs { .. } => {
                "give it as a place, with the CRS that its coordinates are in".to_owned()
            }
            Self::Degrees { .. } => {
                "ask in metres, such as within_distance(…, 500, 'm')".to_owned()
            }
            Self::UnknownUnit { .. } => {
                "ask in its own units, such as within_distance(…, 500, 'crs')".to_owned()
            }
            Self::Incomparable { left_type, right_type, .. } => {
                return comparison_hint(left_type, right_type);
            }
            _ => return None,
        })
    }
}

fn comparison_hint(a: &ExprType, b: &ExprType) -> Option<String> {
    let either = |wanted: &ExprType| a == wanted || b == wanted;
    Some(match (a, b) {
        (ExprType::Geometry(_), _) | (_, ExprType::Geometry(_)) => {
            "compare geometries with s_equals, or ask for `IS NULL`".to_owned()
        }
        _ if either(&ExprType::Text) && either(&ExprType::Date) => {
            "write the date as DATE('2024-02-29')".to_owned()
        }
        _ if either(&ExprType::Text) && either(&ExprType::DateTime) => {
            "write the moment as TIMESTAMP('2024-02-29T12:30:00Z')".to_owned()
        }
        _ if either(&ExprType::Text) && (a.is_number() || b.is_number()) => {
            "write a number without quotes, or a text with them".to_owned()
        }
        _ if either(&ExprType::Json) => {
            "compare arrays with a_equals or a_contains, or cast(…, 'text')".to_owned()
        }
        _ => return None,
    })
}
