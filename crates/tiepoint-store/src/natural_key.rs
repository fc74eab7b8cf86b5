//! Natural keys: what every store must know of a field whose values name the objects.
use crate::{Finding, FindingKind, Result, StoreError, TieReport};
use std::collections::HashSet;
use tiepoint_core::{
    FeatureError, Fid, Identity, Layer, LayerDefinition, Mismatch, ObjectId, Schema, Value,
};

/// How many rows a message names.
const EXAMPLES: usize = 5;

/// The natural key of one layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NaturalKey {
    layer: String,
    field: String,
    position: usize,
    namespace: ObjectId,
}

impl NaturalKey {
    /// The natural key of a layer, if it has one.
    #[must_use]
    pub fn of(layer: &Layer) -> Option<Self> {
        Self::of_definition(&layer.definition)
    }

    fn of_definition(definition: &LayerDefinition) -> Option<Self> {
        let Identity::NaturalKey { field, namespace } = &definition.identity else { return None };
        let position = definition.schema.position(field)?;
        let (layer, field) = (definition.name.clone(), field.clone());
        Some(Self { layer, field, position, namespace: *namespace })
    }

    /// Looks whether a field can be a natural key, going by its type.
    ///
    /// # Errors
    ///
    /// [`StoreError::Schema`] for a field that is not there; [`StoreError::BadIds`] for a type that
    /// has no one spelling: truths, real numbers, times, bytes, JSON, geometries.
    pub fn check(layer: &str, schema: &Schema, field: &str) -> Result<()> {
        let position = schema.require(field);
        let position =
            position.map_err(|reason| StoreError::Schema { layer: layer.to_owned(), reason })?;
        let ty = &schema.fields()[position].ty;
        if ty.may_be_key() {
            return Ok(());
        }
        let reason = format!(
            "{ty} is no key: take a field of text, whole or decimal numbers, dates or UUIDs"
        );
        Err(bad_ids(layer, field, reason))
    }

    /// The same of a layer to be; nothing where it has no natural key.
    ///
    /// # Errors
    ///
    /// As [`NaturalKey::check`].
    pub fn check_definition(definition: &LayerDefinition) -> Result<()> {
        match &definition.identity {
            Identity::NaturalKey { field, .. } => {
                Self::check(&definition.name, &definition.schema, field)
            }
            Identity::None | Identity::Column(_) => Ok(()),
        }
    }

    /// The field's name.
    #[must_use]
    pub fn field(&self) -> &str {
        &self.field
    }

    /// Where the field is.
    #[must_use]
    pub fn position(&self) -> usize {
        self.position
    }

    /// The object that a value of the field names; none for null.
    #[must_use]
    pub fn id_of(&self, key: &Value) -> Option<ObjectId> {
        ObjectId::from_key_value(&self.namespace, key)
    }

    /// The id of a new feature, from its accepted values in the layer's order; `None` where the
    /// store itself fills the key in. The caller looks whether it is taken.
    ///
    /// # Errors
    ///
    /// A key that is null, and an id that is not the one that the key names.
    pub fn id_of_new(
        &self,
        store: &str,
        values: &[Option<Value>],
        asked: Option<ObjectId>,
    ) -> Result<Option<ObjectId>> {
        let id = match &values[self.position] {
            Some(key) => Some(self.id_of(key).ok_or_else(|| self.null_key())?),
            None => None,
        };
        match (asked, id) {
            (Some(asked), Some(id)) if asked != id => {
                Err(self.refused_id(store, asked, Some((&values[self.position], id))))
            }
            (Some(asked), None) => Err(self.refused_id(store, asked, None)),
            _ => Ok(id),
        }
    }

    /// Refuses an update that would make a row another object. `old` is the object that the row
    /// stands for.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unsupported`] for a key that names another object, or none.
    pub fn refuse_change(
        &self,
        store: &str,
        old: Option<ObjectId>,
        values: &[Option<Value>],
    ) -> Result<()> {
        let Some(new) = &values[self.position] else { return Ok(()) };
        if old.is_some() && self.id_of(new) == old {
            return Ok(());
        }
        let (layer, field) = (&self.layer, &self.field);
        Err(StoreError::Unsupported {
            store: store.to_owned(),
            what: format!(
                "change `{field}` in layer `{layer}`: it is the natural key, so the row would stand for another object"
            ),
            hint: Some("delete the feature and insert another".to_owned()),
        })
    }

    fn null_key(&self) -> StoreError {
        let reason = FeatureError::Value { field: self.field.clone(), reason: Mismatch::Null };
        let (layer, feature) = (self.layer.clone(), "a new feature".to_owned());
        StoreError::Value { layer, feature, reason }
    }

    fn refused_id(
        &self,
        store: &str,
        asked: ObjectId,
        named: Option<(&Option<Value>, ObjectId)>,
    ) -> StoreError {
        let (layer, field) = (&self.layer, &self.field);
        let named = match named {
            Some((key, id)) => {
                let key = key.as_ref().and_then(Value::as_key).unwrap_or_default();
                format!("by which `{key}` is object {id}")
            }
            None => "which the store fills in".to_owned(),
        };
        let reason = format!(
            "layer `{layer}` has the natural key `{field}`, {named}: it cannot be object {asked}"
        );
        StoreError::Invalid { store: store.to_owned(), reason }
    }
}

fn bad_ids(layer: &str, field: &str, reason: String) -> StoreError {
    StoreError::BadIds { layer: layer.to_owned(), column: field.to_owned(), reason }
}

/// What the rows of a layer say of a natural key, told one after another, the oldest first.
#[derive(Debug, Default)]
pub struct KeySurvey {
    rows: u64,
    seen: HashSet<ObjectId>,
    missing: Named,
    shared: Named,
}

/// Rows that have the same thing wrong: how many, and the first of them.
#[derive(Debug, Default)]
struct Named {
    rows: u64,
    fids: Vec<Fid>,
    texts: Vec<String>,
}

impl Named {
    fn add(&mut self, fid: Option<Fid>, nth: u64) {
        self.rows += 1;
        if self.texts.len() < EXAMPLES {
            self.texts.push(fid.as_ref().map_or_else(|| format!("number {nth}"), Fid::to_string));
            self.fids.extend(fid);
        }
    }

    fn sentence(&self, what: &str) -> Option<String> {
        let more = if self.rows > self.texts.len() as u64 { ", …" } else { "" };
        let rows = self.texts.join(", ");
        (self.rows > 0).then(|| format!("{} {what} (rows {rows}{more})", self.rows))
    }

    fn finding(self, layer: &str, message: String) -> Option<Finding> {
        let (rows, examples, layer) = (self.rows, self.fids, Some(layer.to_owned()));
        let kind = FindingKind::Identity;
        (rows > 0).then_some(Finding { layer, kind, message, rows, examples, mended: false })
    }
}

impl KeySurvey {
    /// Takes one row into account.
    pub fn add(&mut self, fid: Option<Fid>, id: Option<ObjectId>) {
        self.rows += 1;
        match id {
            None => self.missing.add(fid, self.rows),
            Some(id) if !self.seen.insert(id) => self.shared.add(fid, self.rows),
            Some(_) => {}
        }
    }

    /// What tying by the key did.
    ///
    /// # Errors
    ///
    /// [`StoreError::BadIds`], with the first rows, where keys are null or shared.
    pub fn into_report(self, key: &NaturalKey) -> Result<TieReport> {
        let parts = [
            self.missing.sentence("null"),
            self.shared.sentence("that an earlier row has already"),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        if parts.is_empty() {
            return Ok(TieReport { kept: self.rows, ..TieReport::default() });
        }
        let reason = format!("keys that cannot be used: {}", parts.join("; "));
        Err(bad_ids(&key.layer, &key.field, reason))
    }

    /// What a check has to say. Nothing of it can be mended: the key is somebody else's.
    #[must_use]
    pub fn into_findings(self, key: &NaturalKey) -> Vec<Finding> {
        let said = |what| format!("the natural key `{}` {what}", key.field);
        let missing =
            self.missing.finding(&key.layer, said("is null, so the row has no object id"));
        let shared = said("is that of an earlier row, so both stand for one object");
        missing.into_iter().chain(self.shared.finding(&key.layer, shared)).collect()
    }
}
