//! Why bytes or text are not the change set they should be, and where.
use crate::protobuf::WireError;
use crate::{ErrorKind, Target};
use std::fmt;

/// Why bytes or text are no change set, and where: the layer, the feature, the field, as far as
/// reading got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecodeError {
    /// The layer's name.
    pub layer: Option<String>,
    /// Which feature, for people.
    pub target: Option<String>,
    /// The field's name.
    pub field: Option<String>,
    /// What is wrong there.
    pub fault: DecodeFault,
}

/// What is wrong with a change set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeFault {
    /// The bytes are no protobuf message of this schema.
    #[error("not protobuf: {0}")]
    Wire(#[from] WireError),
    /// The text is no JSON.
    #[error("not JSON: {reason}")]
    Syntax {
        /// What is wrong, with line and column.
        reason: String,
    },
    /// It comes from a newer program, in a version that this one would misunderstand.
    #[error("it is of version {version}, of which this program knows nothing; upgrade it")]
    Version {
        /// The version it says it is.
        version: u64,
    },
    /// A kind of change or of value that this program does not know.
    #[error("{what} is unknown here; upgrade this program")]
    Unknown {
        /// What is not known.
        what: String,
    },
    /// It says what no change set says.
    #[error("{reason}")]
    Invalid {
        /// What is wrong.
        reason: String,
    },
}

impl DecodeError {
    /// Whose move it is: newer things are unsupported, everything else is corrupt.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self.fault {
            DecodeFault::Version { .. } | DecodeFault::Unknown { .. } => ErrorKind::Unsupported,
            DecodeFault::Wire(_) | DecodeFault::Syntax { .. } | DecodeFault::Invalid { .. } => {
                ErrorKind::Corrupt
            }
        }
    }

    pub(super) fn in_layer(self, layer: &str) -> Self {
        Self { layer: Some(layer.to_owned()), ..self }
    }

    pub(super) fn of_target(self, target: &Target) -> Self {
        Self { target: Some(target.to_string()), ..self }
    }

    pub(super) fn in_field(self, field: &str) -> Self {
        Self { field: Some(field.to_owned()), ..self }
    }
}

impl DecodeFault {
    pub(super) fn invalid(reason: impl Into<String>) -> Self {
        Self::Invalid { reason: reason.into() }
    }
}

impl From<DecodeFault> for DecodeError {
    fn from(fault: DecodeFault) -> Self {
        Self { layer: None, target: None, field: None, fault }
    }
}

impl From<WireError> for DecodeError {
    fn from(error: WireError) -> Self {
        DecodeFault::from(error).into()
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(layer) = &self.layer {
            write!(f, "layer `{layer}`: ")?;
        }
        if let Some(target) = &self.target {
            write!(f, "{target}: ")?;
        }
        if let Some(field) = &self.field {
            write!(f, "field `{field}`: ")?;
        }
        self.fault.fmt(f)
    }
}

impl std::error::Error for DecodeError {}
