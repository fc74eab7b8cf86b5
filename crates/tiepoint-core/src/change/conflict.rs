//! Conflicts: what two sides did to one thing, kept as values until somebody decides.
use super::Image;
use crate::{Target, Value};
use std::collections::BTreeMap;

/// What a feature says, by the names of its fields; one that is unset is left out.
pub type NamedValues = BTreeMap<String, Value>;

/// What two sides did to one feature so that only one of them can have it.
#[derive(Debug, Clone, PartialEq)]
pub struct Conflict {
    /// The layer's name.
    pub layer: String,
    /// The feature.
    pub target: Target,
    /// What each side did.
    pub clash: Clash,
}

/// What each side did. *Mine* is the side that was to be put on top of *theirs*.
#[derive(Debug, Clone, PartialEq)]
pub enum Clash {
    /// Both gave a field another value. A geometry is one field. `None` is unset.
    Field {
        /// The field's name.
        field: String,
        /// What it said before either.
        base: Option<Value>,
        /// What I made of it.
        mine: Option<Value>,
        /// What they made of it.
        theirs: Option<Value>,
    },
    /// I changed what they deleted.
    TheyDeleted {
        /// What it said before either.
        base: NamedValues,
        /// What I made of it: all of it.
        mine: NamedValues,
    },
    /// I deleted what they changed.
    IDeleted {
        /// What it said before either.
        base: NamedValues,
        /// What they made of it: all of it.
        theirs: NamedValues,
    },
    /// Both inserted a feature for one object, and they do not say the same.
    BothInserted {
        /// What mine says.
        mine: NamedValues,
        /// What theirs says.
        theirs: NamedValues,
    },
    /// Two features have one value in a field where each must have its own.
    Unique {
        /// The field's name.
        field: String,
        /// The value.
        value: Value,
        /// The feature of theirs that has it.
        other: Target,
        /// What mine says where I inserted it, which waits as a whole; `None` where I changed the
        /// field of a feature that was there.
        inserted: Option<NamedValues>,
        /// What the field of mine said before.
        base: Option<Value>,
    },
}

/// How a conflict is decided.
#[derive(Debug, Clone, PartialEq)]
pub enum Resolution {
    /// What I did.
    Mine,
    /// What they did.
    Theirs,
    /// Neither: the field is to say this.
    Value(Value),
}

impl Clash {
    /// The field that it is about; `None` where a whole feature is in question.
    #[must_use]
    pub fn field(&self) -> Option<&str> {
        match self {
            Self::Field { field, .. } | Self::Unique { field, .. } => Some(field),
            Self::TheyDeleted { .. } | Self::IDeleted { .. } | Self::BothInserted { .. } => None,
        }
    }
}

/// What an image says, by the names of its fields.
pub(super) fn named(image: &Image, fields: &[String]) -> NamedValues {
    let said = fields.iter().zip(&image.values);
    said.filter_map(|(name, value)| Some((name.clone(), value.clone()?))).collect()
}
