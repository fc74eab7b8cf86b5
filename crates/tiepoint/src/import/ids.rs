//! Where an imported feature's object id is found.
use super::IdRule;
use crate::{Error, Result};
use tiepoint_core::{Feature, FieldType, Identity, ObjectId, Schema, Value};

/// Where the object ids of one source are found.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum IdSource {
    /// In the feature itself, if anywhere.
    Carried,
    /// In the feature itself, in every one of them.
    AllCarried,
    /// In the field at this position, else in the feature itself.
    Field(usize),
    /// By name, from the field at this position.
    Key { at: usize, namespace: ObjectId },
}

impl IdSource {
    /// Finds the field that a rule means; under [`IdRule::Mint`] a text field called as the layer's
    /// id column is one.
    pub(super) fn find(
        rule: &IdRule,
        schema: &Schema,
        column: &str,
        source_name: &str,
    ) -> Result<Self> {
        let require = |field: &str| {
            let hint = "name a field of the source to take object ids from";
            let position = schema.require(field);
            position.map_err(|error| Error::options(format!("{source_name}: {error}"), hint))
        };
        Ok(match rule {
            IdRule::FromField(field) if is_taken_as_id(field, schema) => Self::AllCarried,
            IdRule::FromField(field) => Self::Field(require(field)?),
            IdRule::FromKey { field, namespace } => {
                Self::Key { at: require(field)?, namespace: *namespace }
            }
            IdRule::Mint => match schema.position(column) {
                Some(at) if may_hold_ids(&schema.fields()[at].ty) => Self::Field(at),
                _ => Self::Carried,
            },
        })
    }

    /// The position of the field whose values become ids and nothing else.
    pub(super) fn consumed(&self) -> Option<usize> {
        match self {
            Self::Field(at) => Some(*at),
            Self::Carried | Self::AllCarried | Self::Key { .. } => None,
        }
    }

    /// The id that the source gives a feature.
    pub(super) fn id_of(&self, feature: &Feature) -> Result<Option<ObjectId>, String> {
        match self {
            Self::Carried => Ok(feature.id),
            Self::AllCarried => {
                feature.id.map(Some).ok_or_else(|| "it carries no object id".to_owned())
            }
            Self::Field(at) => match &feature.values()[*at] {
                None | Some(Value::Null) => Ok(feature.id),
                Some(Value::Text(text)) if text.trim().is_empty() => Ok(feature.id),
                Some(value) => parsed(value).map(Some).map_err(|e| in_field(feature, *at, &e)),
            },
            Self::Key { at, namespace } => match &feature.values()[*at] {
                None | Some(Value::Null) => {
                    Err(in_field(feature, *at, "the key is null, so it names no object"))
                }
                Some(value) => {
                    let no_key = || format!("a {} is no key", value.type_name());
                    let id = ObjectId::from_key_value(namespace, value);
                    id.map(Some).ok_or_else(|| in_field(feature, *at, &no_key()))
                }
            },
        }
    }
}

/// Whether the codecs have taken what is so called for the feature's own id already: a member `id`,
/// or a column with the name that we use ourselves.
fn is_taken_as_id(field: &str, schema: &Schema) -> bool {
    schema.position(field).is_none() && ["id", Identity::DEFAULT_COLUMN].contains(&field)
}

fn may_hold_ids(ty: &FieldType) -> bool {
    matches!(ty, FieldType::Text { .. } | FieldType::Uuid)
}

fn in_field(feature: &Feature, at: usize, reason: &str) -> String {
    format!("field `{}`: {reason}", feature.schema().fields()[at].name)
}

fn parsed(value: &Value) -> Result<ObjectId, String> {
    match value {
        Value::Text(text) => text.parse().map_err(|error| format!("{error}")),
        Value::Uuid(uuid) => ObjectId::from_uuid(*uuid).map_err(|error| error.to_string()),
        other => Err(format!("expected an object id, found {}", other.type_name())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tiepoint_core::Field;

    fn feature(ty: FieldType, value: Value) -> Feature {
        let schema = Schema::new(vec![Field::new("key", ty)]).expect("one field");
        Feature::with_values(schema.into(), vec![Some(value)])
    }

    #[test]
    fn a_key_is_the_same_object_as_text_and_as_number() {
        let namespace = ObjectId::mint();
        let source = IdSource::Key { at: 0, namespace };
        let as_text = source.id_of(&feature(FieldType::TEXT, "17".into()));
        let as_number = source.id_of(&feature(FieldType::INT, 17.into()));
        assert_eq!(as_text, as_number);
        assert_eq!(as_text, Ok(Some(ObjectId::from_key(&namespace, "17"))));
    }

    #[test]
    fn a_null_or_inexact_key_names_no_object() {
        let source = IdSource::Key { at: 0, namespace: ObjectId::mint() };
        assert!(source.id_of(&feature(FieldType::TEXT, Value::Null)).is_err());
        assert!(source.id_of(&feature(FieldType::REAL, 0.1.into())).is_err());
    }

    #[test]
    fn a_field_of_ids_may_be_silent_but_not_wrong() {
        let source = IdSource::Field(0);
        assert_eq!(source.id_of(&feature(FieldType::TEXT, Value::Null)), Ok(None));
        assert_eq!(source.id_of(&feature(FieldType::TEXT, " ".into())), Ok(None));
        let message =
            source.id_of(&feature(FieldType::TEXT, "tree 7".into())).expect_err("no UUID");
        assert!(message.contains("`key`") && message.contains("tree 7"), "{message}");
    }

    #[test]
    fn a_number_called_object_id_is_data() {
        let schema = |ty| Schema::new(vec![Field::new("object_id", ty)]).expect("one field");
        let find = |ty| IdSource::find(&IdRule::Mint, &schema(ty), "object_id", "trees.csv");
        assert_eq!(find(FieldType::INT).ok(), Some(IdSource::Carried));
        assert_eq!(find(FieldType::TEXT).ok(), Some(IdSource::Field(0)));
    }
}
