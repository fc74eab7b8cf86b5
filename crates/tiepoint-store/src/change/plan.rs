//! One layer of a change set beside the layer of the store that it is to be written to.
use super::outcome::ApplyOptions;
use crate::{Result, StoreError};
use std::collections::BTreeSet;
use std::sync::Arc;
use tiepoint_core::{
    Change, FeatureError, FidRule, FieldNames, Layer, LayerChanges, Mismatch, Target, Value,
};

/// What must be known of a layer to write changes to it.
#[derive(Debug)]
pub(super) struct LayerPlan<'c> {
    pub(super) layer: Arc<Layer>,
    pub(super) mine: &'c LayerChanges,
    /// For each field of the changes, where it is in the layer.
    pub(super) places: Vec<Option<usize>>,
    /// The field that counts changes: its position in the layer.
    pub(super) version: Option<usize>,
}

impl<'c> LayerPlan<'c> {
    /// Looks whether the changes fit the layer.
    pub(super) fn of(
        layer: Arc<Layer>,
        mine: &'c LayerChanges,
        options: &ApplyOptions,
    ) -> Result<Self> {
        let places = mine.fields().iter().map(|name| layer.schema().position(name)).collect();
        let version = options.version_fields.get(layer.name());
        let version = version.map(|name| position(&layer, name)).transpose()?;
        let plan = Self { layer, mine, places, version };
        plan.check_targets()?;
        plan.check_fields()?;
        Ok(plan)
    }

    pub(super) fn name(&self) -> &str {
        self.layer.name()
    }

    /// Whether a field of the changes is compared and written: the store counts versions itself.
    pub(super) fn is_ours(&self, field: usize) -> bool {
        self.places[field].is_some() && self.places[field] != self.version
    }

    /// The position in the layer of a field that can be written.
    pub(super) fn written_at(&self, field: usize) -> Option<usize> {
        let at = self.places[field].filter(|_| self.is_ours(field))?;
        (!self.layer.schema().fields()[at].generated).then_some(at)
    }

    /// Whether fids that were just read mean the same rows until the transaction ends.
    pub(super) fn has_fids(&self) -> bool {
        self.layer.fids != FidRule::Ephemeral
    }

    /// The fields of the changes, and after them those of the layer that they do not know.
    pub(super) fn all_names(&self) -> FieldNames {
        let mine = self.mine.fields();
        let more = self.layer.schema().fields().iter().map(|field| &field.name);
        let more = more.filter(|name| !mine.contains(name));
        mine.iter().chain(more).cloned().collect()
    }

    /// A feature is known by what outlives the changes.
    fn check_targets(&self) -> Result<()> {
        let tied = self.layer.is_tied();
        let stable = self.layer.fids == FidRule::Stable;
        let lost = self.mine.iter().find(|(target, change)| match target {
            Target::Id(_) => !tied,
            Target::Fid(_) => !stable && !matches!(change, Change::Insert(_)),
        });
        let Some((target, _)) = lost else { return Ok(()) };
        let why = match target {
            Target::Id(_) => "it is not tied",
            Target::Fid(_) => "its fids do not stay",
        };
        Err(StoreError::Unsupported {
            store: format!("layer `{}`", self.name()),
            what: format!("be changed by {target}: {why}"),
            hint: Some("tie the layer, and make the changes again".to_owned()),
        })
    }

    /// What the changes speak of must be there, and be of the type that it was.
    fn check_fields(&self) -> Result<()> {
        for (target, change) in self.mine.iter() {
            match change {
                Change::Update(fields) => {
                    for it in fields {
                        self.check_field(target, it.field, it.before.as_ref())?;
                    }
                }
                Change::Insert(image) | Change::Delete(image) => {
                    for (field, value) in image.values.iter().enumerate() {
                        let is_before = matches!(change, Change::Delete(_));
                        if value.is_some() {
                            let before = value.as_ref().filter(|_| is_before);
                            self.check_field(target, field, before)?;
                        }
                    }
                }
            }
        }
        Ok(())
    }

    #[inline]
    fn check_field(&self, target: &Target, field: usize, before: Option<&Value>) -> Result<()> {
        let Some(at) = self.places[field] else {
            return position(&self.layer, &self.mine.fields()[field]).map(drop);
        };
        let field = &self.layer.schema().fields()[at];
        let Some(before) = before.filter(|it| !it.is_null() && !field.keeps(it)) else {
            return Ok(());
        };
        let Err(reason @ Mismatch::Type { .. }) = field.ty.accept(before.clone()) else {
            return Ok(());
        };
        let reason = FeatureError::Value { field: field.name.clone(), reason };
        let (layer, feature) = (self.name().to_owned(), format!("{target} as it was"));
        Err(StoreError::Value { layer, feature, reason })
    }
}

/// The fields that the changes of some features speak of.
pub(super) fn spoken_of<'c>(changes: impl Iterator<Item = &'c Change>) -> BTreeSet<usize> {
    let mut fields = BTreeSet::new();
    for change in changes {
        match change {
            Change::Update(updated) => fields.extend(updated.iter().map(|it| it.field)),
            Change::Insert(image) | Change::Delete(image) => {
                let said = image.values.iter().enumerate().filter(|(_, it)| it.is_some());
                fields.extend(said.map(|(field, _)| field));
            }
        }
    }
    fields
}

fn position(layer: &Layer, field: &str) -> Result<usize> {
    let position = layer.schema().require(field);
    position.map_err(|reason| StoreError::Schema { layer: layer.name().to_owned(), reason })
}
