//! What is to become of one source: the layer it comes into, and which field goes where.
use super::fit::Move;
use super::ids::IdSource;
use super::names::{distinct, names, shortened};
use super::promote::{multi_of, rule_for};
use super::supply::Supply;
use super::{IdRule, ImportMode, ImportOptions, InvalidRule, UnknownFields};
use crate::{Error, Result};
use std::cell::Cell;
use std::sync::Arc;
use tiepoint_core::{
    Field, FieldDefault, FieldType, GeometryKind, Identity, Index, IndexExtras, KindRule, Layer,
    LayerDefinition, Schema, ZoneRule, nearest_name,
};
use tiepoint_store::{Capabilities, StoreError, Transaction};

/// The layer, where ids are found, and which value goes where.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) layer: Arc<Layer>,
    pub(super) created: bool,
    pub(super) ids: IdSource,
    /// For each field of the source, in its order.
    pub(super) moves: Vec<Move>,
    /// Fields of the source that are to be read as text, since that is what the layer keeps:
    /// as they are spelled, whatever else they may look like.
    pub(super) as_text: Vec<usize>,
    pub(super) notes: Vec<String>,
    /// Whether the store tells minus zero from zero.
    pub(super) keeps_minus_zero: bool,
    /// Whether a minus zero has come in as zero.
    pub(super) met_minus_zero: Cell<bool>,
    /// Whether a feature had an object id that the layer has no place for.
    pub(super) dropped_ids: Cell<bool>,
}

impl Plan {
    /// Decides, and makes the layer where the mode says so.
    pub(super) fn make(
        transaction: &mut dyn Transaction,
        supply: &Supply,
        options: &ImportOptions,
        store: &Capabilities,
    ) -> Result<Self> {
        let name = layer_name(supply, options, store)?;
        let mut plan = Self::into(transaction, supply, options, store, &name)?;
        let asked = options.layer.as_ref().or(supply.layer_name.as_ref());
        if let Some(asked) = asked.filter(|asked| **asked != name) {
            plan.notes.push(format!("the layer is called `{name}` instead of `{asked}`"));
        }
        Ok(plan)
    }

    fn into(
        transaction: &mut dyn Transaction,
        supply: &Supply,
        options: &ImportOptions,
        store: &Capabilities,
        name: &str,
    ) -> Result<Self> {
        match options.mode {
            ImportMode::Create => {
                Self::into_new(transaction, supply, options, store, name.to_owned())
            }
            ImportMode::Replace => {
                match transaction.drop_layer(name) {
                    Ok(()) | Err(StoreError::LayerNotFound { .. }) => {}
                    Err(error) => return Err(error.into()),
                }
                Self::into_new(transaction, supply, options, store, name.to_owned())
            }
            ImportMode::Append | ImportMode::Upsert => {
                let layer = transaction.layer(name)?;
                Self::into_existing(&layer, supply, options, store)
            }
        }
    }

    fn into_new(
        transaction: &mut dyn Transaction,
        supply: &Supply,
        options: &ImportOptions,
        store: &Capabilities,
        name: String,
    ) -> Result<Self> {
        let column = id_column(supply, &options.ids, store.longest_name);
        let ids = IdSource::find(&options.ids, &supply.schema, &column, &supply.source_name)?;
        let names = names(&supply.schema, ids.consumed(), &column, store.longest_name);
        let nearest = |ty: &FieldType| transaction.nearest_type(ty);
        let fields = NewFields::of(supply, &names, options, &nearest);
        let schema = Schema::new(fields.fields).expect("the names were made distinct");
        let definition = LayerDefinition {
            name,
            identity: Identity::Column(column),
            indexes: indexes(supply, &schema),
            schema: schema.into(),
            ..supply.definition.clone()
        };
        let layer = transaction.create_layer(&definition)?;
        let moves = aligned(&layer, &names);
        let as_text = read_as_text(supply, &moves, &layer);
        let mut plan = Self::of(layer, store, ids, moves, as_text, fields.notes);
        plan.created = true;
        Ok(plan)
    }

    fn into_existing(
        layer: &Arc<Layer>,
        supply: &Supply,
        options: &ImportOptions,
        store: &Capabilities,
    ) -> Result<Self> {
        let column = match layer.identity() {
            Identity::Column(column) => column.clone(),
            Identity::None if options.mode == ImportMode::Upsert || options.ids != IdRule::Mint => {
                return Err(Error::options(
                    format!(
                        "layer `{}` is not tied, so its features have no object ids",
                        layer.name()
                    ),
                    "tie the layer first",
                ));
            }
            Identity::None | Identity::NaturalKey { .. } => String::new(),
        };
        let ids = IdSource::find(
            &id_rule(layer, &options.ids),
            &supply.schema,
            &column,
            &supply.source_name,
        )?;
        let names = names(&supply.schema, ids.consumed(), &column, store.longest_name);
        let (mut notes, mut moves) = (Vec::new(), Vec::new());
        for (at, field) in supply.schema.fields().iter().enumerate() {
            let to = match target_field(layer, &supply.schema, at, names[at].as_deref()) {
                Some(to) if layer.schema().fields()[to].generated => {
                    notes.push(format!(
                        "field `{}` was passed over: the store takes no values for it",
                        field.name
                    ));
                    None
                }
                Some(to) => Some(to),
                None if ids.consumed() == Some(at) => None,
                None if options.unknown_fields == UnknownFields::Ignore => {
                    notes.push(format!(
                        "field `{}` was passed over: the layer has none",
                        field.name
                    ));
                    None
                }
                None => return Err(unknown_field(layer, supply, field)),
            };
            notes.extend(to.and_then(|to| moment_note(field, &layer.schema().fields()[to])));
            moves.push(Move::new(to, layer));
        }
        check_crs(layer, supply, &names)?;
        let as_text = read_as_text(supply, &moves, layer);
        Ok(Self::of(Arc::clone(layer), store, ids, moves, as_text, notes))
    }

    fn of(
        layer: Arc<Layer>,
        store: &Capabilities,
        ids: IdSource,
        moves: Vec<Move>,
        as_text: Vec<usize>,
        notes: Vec<String>,
    ) -> Self {
        let (met_minus_zero, dropped_ids) = (Cell::default(), Cell::default());
        let keeps_minus_zero = store.minus_zero;
        Self {
            layer,
            created: false,
            ids,
            moves,
            as_text,
            notes,
            keeps_minus_zero,
            met_minus_zero,
            dropped_ids,
        }
    }
}

/// What the layer is called: as somebody says, or as the source does, cut where the store has no
/// longer names. What stands before a dot may be a schema, and is no part of the name then.
pub(super) fn layer_name(
    supply: &Supply,
    options: &ImportOptions,
    store: &Capabilities,
) -> Result<String> {
    let name = options.layer.as_ref().or(supply.layer_name.as_ref());
    let name = name.ok_or_else(|| {
        let reason = format!("{} does not say what its layer is called", supply.source_name);
        Error::options(reason, "name the layer")
    })?;
    let fits = |part: &str| store.longest_name.is_none_or(|longest| part.len() <= longest);
    if name.split('.').all(fits) {
        return Ok(name.clone());
    }
    Ok(shortened(name, store.longest_name).to_owned())
}

/// Where ids come from that a layer's own key would name anyway.
fn id_rule(layer: &Layer, asked: &IdRule) -> IdRule {
    match (layer.identity(), asked) {
        (Identity::NaturalKey { field, namespace }, IdRule::Mint) => {
            IdRule::FromKey { field: field.clone(), namespace: *namespace }
        }
        _ => asked.clone(),
    }
}

/// The column that carries ids in a new layer: the field they come from, the column they were in,
/// or the usual name, numbered where the source has data under it.
fn id_column(supply: &Supply, rule: &IdRule, longest: Option<usize>) -> String {
    if let IdRule::FromField(field) = rule {
        return shortened(field, longest).to_owned();
    }
    let usual = match &supply.definition.identity {
        Identity::Column(column) => column.as_str(),
        Identity::None | Identity::NaturalKey { .. } => Identity::DEFAULT_COLUMN,
    };
    let is_data = |name: &str| {
        supply.schema.fields().iter().any(|field| {
            let may_hold_ids = matches!(field.ty, FieldType::Text { .. } | FieldType::Uuid);
            field.name.eq_ignore_ascii_case(name) && !(field.name == usual && may_hold_ids)
        })
    };
    distinct(usual, longest, |name| !is_data(name))
}

/// The fields of a new layer.
struct NewFields {
    fields: Vec<Field>,
    notes: Vec<String>,
}

impl NewFields {
    /// Takes over the fields of the source that have a name in the layer.
    fn of(
        supply: &Supply,
        names: &[Option<String>],
        options: &ImportOptions,
        nearest: &dyn Fn(&FieldType) -> FieldType,
    ) -> Self {
        let mut new = Self { fields: Vec::new(), notes: Vec::new() };
        for (field, name) in supply.schema.fields().iter().zip(names) {
            let Some(name) = name else { continue };
            if *name != field.name {
                new.notes.push(format!("field `{}` is called `{name}` in the layer", field.name));
            }
            let mut new_field = new_field(field, name.clone(), supply, options.invalid);
            new.notes.extend(promotion_note(field, &new_field));
            let ty = nearest(&new_field.ty);
            if ty != new_field.ty {
                new.notes.push(type_note(&new_field, &ty));
                new_field.ty = ty;
            }
            new.fields.push(new_field);
        }
        new
    }
}

/// What becomes of a type that the store does not have.
fn type_note(field: &Field, ty: &FieldType) -> String {
    let near = Field { ty: ty.clone(), ..field.clone() };
    moment_note(field, &near).unwrap_or_else(|| {
        format!("field `{}` is {ty} in the layer: the store has no {}", field.name, field.ty)
    })
}

/// A moment told in UTC is the same moment.
fn moment_note(from: &Field, to: &Field) -> Option<String> {
    let loses_zone = matches!(from.ty, FieldType::DateTime(ZoneRule::With))
        && to.ty == FieldType::DateTime(ZoneRule::Utc);
    let note = || format!("field `{}` keeps the moment, not the zone it was written in", to.name);
    loses_zone.then(note)
}

/// Fields of a document that are to be read as they are spelled.
fn read_as_text(supply: &Supply, moves: &[Move], layer: &Layer) -> Vec<usize> {
    let fields = supply.schema.fields().iter().zip(moves).enumerate();
    let is_text_there =
        |step: &Move| step.target().is_some_and(|to| is_text(&layer.schema().fields()[to]));
    let spelled = fields.filter(|(_, (field, step))| is_text_there(step) && !is_text(field));
    spelled.map(|(at, _)| at).collect()
}

/// The source's indexes on fields that the layer has, named by the store: names may be taken. What
/// only the source's own language can say is left out.
fn indexes(supply: &Supply, schema: &Schema) -> Vec<Index> {
    let indexes = supply.definition.indexes.iter();
    let is_plain = |it: &Index| it.extras.condition.is_none() && it.extras.expression.is_none();
    let has_fields = |it: &Index| it.fields.iter().all(|name| schema.position(name).is_some());
    let kept = indexes.filter(|it| is_plain(it) && has_fields(it));
    let anew = |it: &Index| Index { name: None, extras: IndexExtras::default(), ..it.clone() };
    kept.map(anew).collect()
}

fn is_text(field: &Field) -> bool {
    matches!(field.ty, FieldType::Text { .. })
}

/// The field as its layer will have it: never computed, no expression in another store's language,
/// and nothing demanded of features to come only because a document happens to keep to it.
fn new_field(field: &Field, name: String, supply: &Supply, invalid: InvalidRule) -> Field {
    let ty = match &field.ty {
        FieldType::Geometry(ty) => {
            let mut ty = ty.clone();
            if !supply.kinds.is_empty() {
                ty.kind = rule_for(&supply.kinds);
            }
            if invalid == InvalidRule::Repair {
                ty.kind = with_room_for_repairs(ty.kind);
            }
            FieldType::Geometry(ty)
        }
        other => other.clone(),
    };
    let default = field.default.clone().filter(|it| matches!(it, FieldDefault::Value(_)));
    let nullable = field.nullable || supply.is_document();
    Field { name, ty, nullable, default, generated: false, ..field.clone() }
}

/// A line or polygon that crosses itself is repaired by making several of it.
fn with_room_for_repairs(rule: KindRule) -> KindRule {
    match rule {
        KindRule::Only(kind @ (GeometryKind::LineString | GeometryKind::Polygon)) => {
            multi_of(kind).map_or(rule, KindRule::Only)
        }
        other => other,
    }
}

fn promotion_note(from: &Field, to: &Field) -> Option<String> {
    match (&from.ty, &to.ty) {
        (FieldType::Geometry(from), FieldType::Geometry(to)) if from.kind != to.kind => {
            Some(format!("the layer is of {}: single ones become its only member", to.kind))
        }
        _ => None,
    }
}

fn aligned(layer: &Arc<Layer>, names: &[Option<String>]) -> Vec<Move> {
    let to = |name: &Option<String>| name.as_ref().and_then(|name| layer.schema().position(name));
    names.iter().map(|name| Move::new(to(name), layer)).collect()
}

/// Where in the layer a field of the source goes: by name, by the name it would have in a new
/// layer, or from the first geometry field to the first geometry field.
fn target_field(layer: &Layer, source: &Schema, at: usize, as_new: Option<&str>) -> Option<usize> {
    let position = |name: &str| layer.schema().position(name);
    let by_name = position(&source.fields()[at].name).or_else(|| as_new.and_then(position));
    let first = source.geometry().is_some_and(|(first, _)| first == at);
    by_name.or_else(|| layer.schema().geometry().filter(|_| first).map(|(position, _)| position))
}

fn unknown_field(layer: &Layer, supply: &Supply, field: &Field) -> Error {
    let names = layer.schema().fields().iter().map(|field| field.name.as_str());
    Error::UnknownField {
        source_name: supply.source_name.clone(),
        field: field.name.clone(),
        layer: layer.name().to_owned(),
        nearest: nearest_name(&field.name, names).map(str::to_owned),
    }
}

/// Refuses coordinates that mean something else than those of the field they go into.
fn check_crs(layer: &Layer, supply: &Supply, names: &[Option<String>]) -> Result<()> {
    for (at, field) in supply.schema.fields().iter().enumerate() {
        let target = target_field(layer, &supply.schema, at, names[at].as_deref());
        let into = target.map(|position| &layer.schema().fields()[position].ty);
        if let (FieldType::Geometry(from), Some(FieldType::Geometry(into))) = (&field.ty, into)
            && !from.crs.same_positions(&into.crs)
        {
            return Err(Error::CrsMismatch {
                source_name: supply.source_name.clone(),
                source_crs: Box::new(from.crs.clone()),
                layer: layer.name().to_owned(),
                layer_crs: Box::new(into.crs.clone()),
            });
        }
    }
    Ok(())
}
