//! What a newer program said that this one does not know, kept to be passed on.
use super::DecodeFault;
use super::json_members::{self, Member};
use super::{base64, number};
use crate::protobuf::{Field, Writer};
use crate::{Json, Target};
use std::collections::BTreeMap;

/// What one message or JSON object said beyond what is known here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in super::super) struct Unknown {
    /// Fields of the protobuf form, as they came.
    protobuf: Vec<u8>,
    /// Members of the JSON form, in their order.
    json: Vec<(String, Json)>,
}

/// The same of a layer and what is in it; hardly any change has something.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in super::super) struct LayerUnknown {
    pub(super) layer: Unknown,
    pub(super) changes: BTreeMap<Target, ChangeUnknown>,
}

/// The same of a change and, by their positions, of the fields it updates.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in super::super) struct ChangeUnknown {
    pub(super) change: Unknown,
    pub(super) fields: BTreeMap<usize, Unknown>,
}

/// The member of the JSON form in which fields of the protobuf form are kept.
const PROTOBUF: &str = "protobuf";

impl Unknown {
    pub(in super::super) fn is_empty(&self) -> bool {
        self.protobuf.is_empty() && self.json.is_empty()
    }

    /// Keeps a field that the schema does not have, or what the JSON form said.
    pub(super) fn keep_field(&mut self, field: &Field<'_>) -> Result<(), DecodeFault> {
        if field.number() != number::UNKNOWN_JSON {
            self.protobuf.extend_from_slice(field.raw());
            return Ok(());
        }
        for member in json_members::whole(field.text()?)? {
            self.json.push((member.name.clone(), member.json()?));
        }
        Ok(())
    }

    pub(super) fn write(&self, out: &mut Writer) {
        out.raw(&self.protobuf);
        if !self.json.is_empty() {
            let members = self
                .json
                .iter()
                .map(|(name, value)| format!("{}:{value}", serde_json::Value::from(name.as_str())));
            let members: Vec<String> = members.collect();
            out.text(number::UNKNOWN_JSON, &format!("{{{}}}", members.join(",")));
        }
    }

    /// Keeps a member that the JSON form does not have, or what the protobuf form said.
    pub(super) fn keep_member(&mut self, member: &Member<'_>) -> Result<(), DecodeFault> {
        if member.name != PROTOBUF {
            self.json.push((member.name.clone(), member.json()?));
            return Ok(());
        }
        let bytes = base64::decode(&member.text()?);
        let bytes = bytes.ok_or_else(|| DecodeFault::invalid("`protobuf` is not base64"))?;
        let mut fields = crate::protobuf::Reader::new(&bytes);
        while fields.next()?.is_some() {}
        self.protobuf.extend_from_slice(&bytes);
        Ok(())
    }

    /// The members to write, each with its JSON text.
    pub(super) fn members(&self) -> impl Iterator<Item = (&str, String)> {
        let json = self.json.iter().map(|(name, value)| (name.as_str(), value.to_string()));
        let protobuf = (!self.protobuf.is_empty()).then(|| {
            let mut text = "\"".to_owned();
            base64::encode(&self.protobuf, &mut text);
            (PROTOBUF, text + "\"")
        });
        json.chain(protobuf)
    }
}

impl ChangeUnknown {
    pub(super) fn is_empty(&self) -> bool {
        self.change.is_empty() && self.fields.is_empty()
    }
}

impl LayerUnknown {
    pub(in super::super) fn is_empty(&self) -> bool {
        self.layer.is_empty() && self.changes.is_empty()
    }

    /// Forgets what was said of a change that is no longer what it was.
    pub(in super::super) fn forget(&mut self, target: &Target) {
        self.changes.remove(target);
    }
}
