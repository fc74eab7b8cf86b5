//! Why an expression that fits its schema cannot be evaluated here.
use tiepoint_core::{Crs, ErrorKind};

use crate::measure::MetricError;
use crate::transform::TransformError;

/// Why an expression cannot be evaluated in memory, whatever the rows; [`hint`](Self::hint) says
/// what to do.
#[derive(Debug, thiserror::Error)]
pub enum EvaluateError {
    /// A text that is no regular expression, or one too large.
    #[error("`{pattern}` is no regular expression: {reason}{}", place(*at))]
    Regex {
        /// The text.
        pattern: String,
        /// What is wrong with it.
        reason: String,
        /// The character at which it is wrong, counted from 1; none where it is too large.
        at: Option<usize>,
    },
    /// A regular expression that differs from row to row.
    #[error("`matches` takes a regular expression as a literal, found `{pattern}`")]
    RegexOfRow {
        /// The expression that it is made with.
        pattern: String,
    },
    /// A transform that is not served.
    #[error("`{expression}`: {source}")]
    Transform {
        /// The call.
        expression: String,
        /// What is in the way.
        source: TransformError,
    },
    /// Lengths or areas in a CRS that nobody can measure in.
    #[error("`{expression}`: {source}")]
    Metric {
        /// The call.
        expression: String,
        /// What is in the way.
        source: MetricError,
    },
    /// A function that only a store has.
    #[error("`{name}` is a function of {store} stores and runs nowhere else")]
    Native {
        /// The kind of store.
        store: String,
        /// The function's name there.
        name: String,
    },
    /// An interval where a value is wanted.
    #[error("`{expression}` is an interval, and intervals are no values")]
    Interval {
        /// The call.
        expression: String,
    },
}

impl EvaluateError {
    /// Whose move it is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Regex { .. } | Self::RegexOfRow { .. } | Self::Interval { .. } => {
                ErrorKind::Invalid
            }
            Self::Native { .. } => ErrorKind::Unsupported,
            Self::Transform { source, .. } => source.kind(),
            Self::Metric { source, .. } => source.kind(),
        }
    }

    /// What to ask instead, where there is something to say.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Regex { .. } => {
                "write it in the syntax of the `regex` crate; a backslash takes a special character as it is"
                    .to_owned()
            }
            Self::RegexOfRow { .. } => "it must be the same for all rows; `like` takes any text as a pattern".to_owned(),
            Self::Transform { source, .. } => match source.hint() {
                Some(hint) => hint.to_owned(),
                None => format!("ask in the CRS that the layer is in, or in {}", Crs::CRS84),
            },
            Self::Metric { .. } => "transform the geometry first, such as to EPSG:4326".to_owned(),
            Self::Native { store, .. } => {
                format!("ask a {store} store, of nothing that it cannot decide itself")
            }
            Self::Interval { .. } => {
                "use it within a temporal predicate, such as t_during".to_owned()
            }
        })
    }
}

fn place(at: Option<usize>) -> String {
    at.map_or_else(String::new, |at| format!(", at character {at}"))
}
