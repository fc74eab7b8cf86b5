//! Giving a layer in memory its identity, and taking it away.
use super::layer::Rows;
use crate::{BadIds, Carrier, KeySurvey, NaturalKey, Result, StoreError, TieOptions, TieReport};
use std::collections::{HashMap, HashSet};
use tiepoint_core::{Feature, Field, FieldType, Identity, Layer, ObjectId, Schema, Value};

/// Makes a carrier carry the ids.
pub(super) fn tie(rows: &mut Rows, options: &TieOptions) -> Result<TieReport> {
    if rows.layer.is_tied() {
        options.carrier.same_as_before(super::NAME, &rows.layer)?;
        return Ok(TieReport { kept: rows.by_fid.len() as u64, ..TieReport::default() });
    }
    match &options.carrier {
        Carrier::Column(column) => by_column(rows, column, options.bad_ids),
        Carrier::NaturalKey { field, .. } => by_key(rows, field, options.carrier.identity()),
    }
}

fn by_key(rows: &mut Rows, field: &str, identity: Identity) -> Result<TieReport> {
    NaturalKey::check(rows.layer.name(), rows.layer.schema(), field)?;
    let mut layer = Layer::clone(&rows.layer);
    layer.definition.identity = identity;
    let key = NaturalKey::of(&layer).expect("has one since a moment ago");
    let id_of = |row: &Feature| row.values()[key.position()].as_ref().and_then(|it| key.id_of(it));
    let mut survey = KeySurvey::default();
    rows.by_fid.values().for_each(|row| survey.add(row.fid.clone(), id_of(row)));
    let report = survey.into_report(&key)?;
    rows.rebuild(layer, |row| (id_of(row), row.values().to_vec()));
    Ok(report)
}

/// A field of the column's name gives up its values for it.
fn by_column(rows: &mut Rows, column: &str, bad_ids: BadIds) -> Result<TieReport> {
    let position = rows.layer.schema().position(column);
    let (ids, report) = choose_ids(rows, position, column, bad_ids)?;
    rows.id_column_is_ours = position.is_none();
    let layer = with_identity(&rows.layer, position, column);
    rows.rebuild(layer, |row| {
        let mut values = row.values().to_vec();
        if let Some(position) = position {
            values.remove(position);
        }
        (row.fid.as_ref().and_then(|fid| ids.get(fid).copied()), values)
    });
    Ok(report)
}

/// Removes the ids, or turns them back into the field that they came from. Says which column is
/// gone.
pub(super) fn untie(rows: &mut Rows) -> Option<String> {
    let mut layer = Layer::clone(&rows.layer);
    layer.definition.identity = Identity::None;
    let Identity::Column(column) = rows.layer.identity().clone() else {
        rows.rebuild(layer, |row| (None, row.values().to_vec()));
        return None;
    };
    let gives_back = !rows.id_column_is_ours;
    if gives_back {
        let mut fields = layer.schema().fields().to_vec();
        fields.push(Field::new(&column, FieldType::TEXT));
        layer.definition.schema =
            Schema::new(fields).expect("no field has the column's name").into();
    }
    rows.rebuild(layer, |row| {
        let mut values = row.values().to_vec();
        if gives_back {
            values.push(Some(row.id.map(|id| id.to_string()).into()));
        }
        (None, values)
    });
    (!gives_back).then_some(column)
}

fn with_identity(layer: &Layer, position: Option<usize>, column: &str) -> Layer {
    let mut layer = layer.clone();
    layer.definition.identity = Identity::Column(column.to_owned());
    if let Some(position) = position {
        let mut fields = layer.schema().fields().to_vec();
        fields.remove(position);
        layer.definition.schema = Schema::new(fields).expect("names were distinct before").into();
    }
    layer
}

type Ids = HashMap<tiepoint_core::Fid, ObjectId>;

fn choose_ids(
    rows: &Rows,
    position: Option<usize>,
    column: &str,
    bad_ids: BadIds,
) -> Result<(Ids, TieReport)> {
    let (mut ids, mut report) = (Ids::new(), TieReport::default());
    let (mut seen, mut bad) = (HashSet::new(), Vec::new());
    for row in rows.by_fid.values() {
        let fid = row.fid.clone().expect("every stored row has a fid");
        let id = match carried_id(row, position) {
            Carried::Nothing => {
                report.minted += 1;
                ObjectId::mint()
            }
            Carried::Id(id) if seen.insert(id) => {
                report.kept += 1;
                id
            }
            Carried::Id(_) | Carried::Malformed => {
                bad.push(fid.to_string());
                report.replaced += 1;
                ObjectId::mint()
            }
        };
        ids.insert(fid, id);
    }
    if bad.is_empty() || bad_ids == BadIds::Replace {
        return Ok((ids, report));
    }
    let first = bad.iter().take(5).map(String::as_str).collect::<Vec<_>>().join(", ");
    Err(StoreError::BadIds {
        layer: rows.layer.name().to_owned(),
        column: column.to_owned(),
        reason: format!("{} ids are malformed or shared, first in rows {first}", bad.len()),
    })
}

enum Carried {
    Nothing,
    Malformed,
    Id(ObjectId),
}

fn carried_id(row: &Feature, position: Option<usize>) -> Carried {
    let parsed = match position.and_then(|at| row.values()[at].as_ref()) {
        None | Some(Value::Null) => return Carried::Nothing,
        Some(Value::Text(text)) if text.is_empty() => return Carried::Nothing,
        Some(Value::Text(text)) => text.parse().ok(),
        Some(Value::Uuid(uuid)) => ObjectId::from_uuid(*uuid).ok(),
        Some(_) => None,
    };
    parsed.map_or(Carried::Malformed, Carried::Id)
}
