//! Why a document cannot be read or written, and where.
use std::fmt;
use std::io;
use tiepoint_core::ErrorKind;

/// What reading or writing a document yields.
pub type Result<T, E = CodecError> = std::result::Result<T, E>;

/// A place in a document, as far as the format knows it; all counted from one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    /// Which feature.
    pub feature: Option<u64>,
    /// Which line it is on, or starts on.
    pub line: Option<u64>,
    /// Which character of that line.
    pub column: Option<u64>,
}

/// Why a document cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum CodecError {
    /// One feature makes no sense; the ones after it can still be read.
    #[error("{place}: {reason}")]
    BadFeature {
        /// Where it stands.
        place: Place,
        /// What is wrong with it.
        reason: String,
        /// The feature as it stands in the document, shortened where it is very long.
        source_text: String,
    },
    /// The document makes no sense from here on.
    #[error("{place}: {reason}")]
    BadDocument {
        /// Where.
        place: Place,
        /// What is wrong.
        reason: String,
    },
    /// The format cannot hold what was to be written, or read.
    #[error("{what}")]
    Unsupported {
        /// What cannot be held.
        what: String,
        /// What to do instead.
        hint: Option<String>,
    },
    /// The document changed between survey and reading.
    #[error("the document changed while it was being read: {what}")]
    Changed {
        /// What is not as it was.
        what: String,
    },
    /// The document cannot be reached.
    #[error("the document cannot be read or written")]
    Io(#[from] io::Error),
}

impl CodecError {
    /// Whose move it is; see [`ErrorKind`].
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::BadFeature { .. } | Self::BadDocument { .. } => ErrorKind::Invalid,
            Self::Unsupported { .. } => ErrorKind::Unsupported,
            Self::Changed { .. } => ErrorKind::Conflict,
            Self::Io(error) => match error.kind() {
                io::ErrorKind::NotFound => ErrorKind::NotFound,
                io::ErrorKind::AlreadyExists => ErrorKind::AlreadyExists,
                io::ErrorKind::PermissionDenied => ErrorKind::Denied,
                _ => ErrorKind::Unavailable,
            },
        }
    }

    /// Whether only one feature is lost, and the next can be read.
    #[must_use]
    pub fn is_recoverable(&self) -> bool {
        matches!(self, Self::BadFeature { .. })
    }

    /// What the user can do next, where there is something.
    #[must_use]
    pub fn hint(&self) -> Option<&str> {
        match self {
            Self::Unsupported { hint, .. } => hint.as_deref(),
            _ => None,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        if let Some(feature) = self.feature {
            parts.push(format!("feature {feature}"));
        }
        if let Some(line) = self.line {
            parts.push(format!("line {line}"));
        }
        if let Some(column) = self.column {
            parts.push(format!("column {column}"));
        }
        f.write_str(if parts.is_empty() { "document" } else { "" })?;
        f.write_str(&parts.join(", "))
    }
}
