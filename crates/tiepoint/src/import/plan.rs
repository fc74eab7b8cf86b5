//! What is to become of one source: the layer it comes into, and which field goes where.
use super::fit::Move;
use super::ids::IdSource;
use super::promote::rule_for;
use super::supply::Supply;
use super::{IdRule, ImportMode, ImportOptions, UnknownFields};
use crate::{Error, Result};
use std::cell::Cell;
use std::collections::HashSet;
use std::sync::Arc;
use tiepoint_core::{
    Field, FieldDefault, FieldType, Identity, Index, Layer, LayerDefinition, Schema, nearest_name,
};
use tiepoint_store::{StoreError, Transaction};

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
    ) -> Result<Self> {
        let name = layer_name(supply, options)?;
        match options.mode {
            ImportMode::Create => Self::into_new(transaction, supply, options, name),
            ImportMode::Replace => {
                match transaction.drop_layer(&name) {
                    Ok(()) | Err(StoreError::LayerNotFound { .. }) => {}
                    Err(error) => return Err(error.into()),
                }
                Self::into_new(transaction, supply, options, name)
            }
            ImportMode::Append | ImportMode::Upsert => {
                Self::into_existing(&transaction.layer(&name)?, supply, options)
            }
        }
    }

    fn into_new(
        transaction: &mut dyn Transaction,
        supply: &Supply,
        options: &ImportOptions,
        name: String,
    ) -> Result<Self> {
        let column = id_column(supply, &options.ids);
        let ids = IdSource::find(&options.ids, &supply.schema, &column, &supply.source_name)?;
        let fields = NewFields::of(supply, &ids, &column);
        let schema = Schema::new(fields.fields).expect("the names were made distinct");
        let definition = LayerDefinition {
            name,
            identity: Identity::Column(column),
            indexes: indexes(supply, &schema),
            schema: schema.into(),
            ..supply.definition.clone()
        };
        let layer = transaction.create_layer(&definition)?;
        let moves = aligned(&layer, &fields.moves);
        let as_text = Vec::new();
        let (notes, met_minus_zero, dropped_ids) = (fields.notes, Cell::default(), Cell::default());
        Ok(Self { layer, created: true, ids, moves, as_text, notes, met_minus_zero, dropped_ids })
    }

    fn into_existing(layer: &Arc<Layer>, supply: &Supply, options: &ImportOptions) -> Result<Self> {
        let column = match layer.identity() {
            Identity::Column(column) => column.clone(),
            // the key is a field like others, and makes the ids
            Identity::NaturalKey { .. } => String::new(),
            Identity::None if options.mode == ImportMode::Upsert || options.ids != IdRule::Mint => {
                return Err(Error::options(
                    format!(
                        "layer `{}` is not tied, so its features have no object ids",
                        layer.name()
                    ),
                    "tie the layer first",
                ));
            }
            Identity::None => String::new(),
        };
        let ids = IdSource::find(&options.ids, &supply.schema, &column, &supply.source_name)?;
        let (mut notes, mut as_text) = (Vec::new(), Vec::new());
        let mut moves = Vec::new();
        for (at, field) in supply.schema.fields().iter().enumerate() {
            let to = match target_field(layer, &supply.schema, at) {
                Some(to) if layer.schema().fields()[to].generated => None,
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
            if to.is_some_and(|to| is_text(&layer.schema().fields()[to])) && !is_text(field) {
                as_text.push(at);
            }
            moves.push(Move::new(to, layer));
        }
        check_crs(layer, supply)?;
        let layer = Arc::clone(layer);
        let (met_minus_zero, dropped_ids) = (Cell::default(), Cell::default());
        Ok(Self { layer, created: false, ids, moves, as_text, notes, met_minus_zero, dropped_ids })
    }
}

fn layer_name(supply: &Supply, options: &ImportOptions) -> Result<String> {
    let name = options.layer.as_ref().or(supply.layer_name.as_ref());
    name.cloned().ok_or_else(|| {
        let reason = format!("{} does not say what its layer is called", supply.source_name);
        Error::options(reason, "name the layer")
    })
}

/// The column that carries ids in a new layer: the field they come from, the column they were in,
/// or the usual name, numbered where the source has data under it.
fn id_column(supply: &Supply, rule: &IdRule) -> String {
    if let IdRule::FromField(field) = rule {
        return field.clone();
    }
    let usual = match &supply.definition.identity {
        Identity::Column(column) => column.as_str(),
        Identity::None | Identity::NaturalKey { .. } => Identity::DEFAULT_COLUMN,
    };
    let data = |name: &str| {
        supply.schema.fields().iter().any(|field| {
            let may_hold_ids = matches!(field.ty, FieldType::Text { .. } | FieldType::Uuid);
            field.name.eq_ignore_ascii_case(name) && !(field.name == usual && may_hold_ids)
        })
    };
    distinct(usual, |name| data(name))
}

/// `name`, or the first of `name_2`, `name_3`, ... that is not taken.
fn distinct(name: &str, taken: impl Fn(&str) -> bool) -> String {
    let numbered = (2..).map(|number: u64| format!("{name}_{number}"));
    let mut names = std::iter::once(name.to_owned()).chain(numbered);
    names.find(|name| !taken(name)).expect("numbers do not end")
}

/// The fields of a new layer.
struct NewFields {
    fields: Vec<Field>,
    /// For each field of the source, its name in the layer.
    moves: Vec<Option<String>>,
    notes: Vec<String>,
}

impl NewFields {
    /// Takes over the fields of the source, the one that becomes the id column excepted. Names
    /// that differ in nothing but case are numbered, since SQL cannot tell them apart.
    fn of(supply: &Supply, ids: &IdSource, column: &str) -> Self {
        let mut new = Self { fields: Vec::new(), moves: Vec::new(), notes: Vec::new() };
        let mut taken = HashSet::from([column.to_lowercase()]);
        for (at, field) in supply.schema.fields().iter().enumerate() {
            if ids.consumed() == Some(at) {
                new.moves.push(None);
                continue;
            }
            let name =
                distinct(&usable(&field.name, at), |name| taken.contains(&name.to_lowercase()));
            if name != field.name {
                new.notes.push(format!("field `{}` is called `{name}` in the layer", field.name));
            }
            taken.insert(name.to_lowercase());
            let new_field = new_field(field, name.clone(), supply);
            new.notes.extend(promotion_note(field, &new_field));
            new.fields.push(new_field);
            new.moves.push(Some(name));
        }
        new
    }
}

/// The source's indexes on fields that the layer has, named by the store: names may be taken.
fn indexes(supply: &Supply, schema: &Schema) -> Vec<Index> {
    let indexes = supply.definition.indexes.iter();
    let kept = indexes.filter(|it| it.fields.iter().all(|name| schema.position(name).is_some()));
    kept.map(|index| Index { name: None, ..index.clone() }).collect()
}

fn is_text(field: &Field) -> bool {
    matches!(field.ty, FieldType::Text { .. })
}

/// The field as its layer will have it: never computed, no expression in another store's language,
/// and nothing demanded of features to come only because a document happens to keep to it.
fn new_field(field: &Field, name: String, supply: &Supply) -> Field {
    let ty = match &field.ty {
        FieldType::Geometry(ty) if !supply.kinds.is_empty() => {
            let mut ty = ty.clone();
            ty.kind = rule_for(&supply.kinds);
            FieldType::Geometry(ty)
        }
        other => other.clone(),
    };
    let default = field.default.clone().filter(|it| matches!(it, FieldDefault::Value(_)));
    let nullable = field.nullable || supply.is_document();
    Field { name, ty, nullable, default, generated: false, ..field.clone() }
}

/// The name, without what no store takes; a name that is nothing else is the field's number.
fn usable(name: &str, at: usize) -> String {
    let usable = name.replace('\0', "");
    if usable.is_empty() { format!("field_{}", at + 1) } else { usable }
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

/// Where in the layer a field of the source goes: by name, or from the first geometry field to the
/// first geometry field.
fn target_field(layer: &Layer, source: &Schema, at: usize) -> Option<usize> {
    let field = &source.fields()[at];
    let by_name = layer.schema().position(&field.name);
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
fn check_crs(layer: &Layer, supply: &Supply) -> Result<()> {
    for (at, field) in supply.schema.fields().iter().enumerate() {
        let target = target_field(layer, &supply.schema, at);
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
