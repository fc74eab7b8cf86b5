//! Change sets as bytes and as text: protobuf for programs, JSON for people; neither loses anything.
mod base64;
mod error;
mod from_json;
mod from_protobuf;
mod json_members;
mod json_value;
mod number;
mod protobuf_value;
mod to_json;
mod to_protobuf;
mod unknown;
mod value_text;

pub use error::{DecodeError, DecodeFault};
pub(super) use unknown::{LayerUnknown, Unknown};

use super::{Change, FieldNames, LayerChanges};
use crate::Target;
use std::collections::BTreeSet;

/// The version that is written, and the newest that is read.
const VERSION: u64 = 1;

/// A layer as it is read: checked to be one that could have been recorded.
struct LayerBuilder {
    fields: FieldNames,
    changes: Vec<(Target, Change)>,
    unknown: LayerUnknown,
}

impl LayerBuilder {
    fn new(fields: FieldNames) -> Result<Self, DecodeFault> {
        let mut seen = BTreeSet::new();
        match fields.iter().find(|name| !seen.insert(name.as_str())) {
            Some(twice) => Err(DecodeFault::invalid(format!("field `{twice}` is named twice"))),
            None => Ok(Self { fields, changes: Vec::new(), unknown: LayerUnknown::default() }),
        }
    }

    /// The layer, with one change per feature and at least one.
    fn finish(mut self) -> Result<LayerChanges, DecodeError> {
        self.changes.sort_by(|(a, _), (b, _)| a.cmp(b));
        if let Some(twice) = self.changes.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            let fault = DecodeFault::invalid("it has two changes");
            return Err(DecodeError::from(fault).of_target(&twice[0].0));
        }
        let changes = self.changes.into_iter().collect();
        Ok(LayerChanges::decoded(self.fields, changes, self.unknown))
    }
}
