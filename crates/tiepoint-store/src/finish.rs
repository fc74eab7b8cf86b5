//! Finishing a query in memory: whatever a store could not do gets the same answer here.
use crate::{Features, Result, StoreError};
use std::cmp::Ordering;
use std::sync::Arc;
use tiepoint_core::{Direction, Envelope, Feature, Layer, OrderBy, Query, Schema};

/// Applies a query's box, order, offset, limit and field list to features that already pass its
/// filter and have all of the layer's fields.
///
/// Streams, unless the query sorts: then it holds all features that meet the box.
///
/// # Errors
///
/// An unknown field, a box that is none, or a box asked of a layer without geometry.
pub fn finish_query<'a>(
    layer: &Layer,
    query: &Query,
    rows: impl Iterator<Item = Result<Feature>> + 'a,
) -> Result<Features<'a>> {
    let boxes = boxes(layer, query)?;
    let keys = sort_keys(layer, &query.order)?;
    let (schema, picks) = project(layer, query)?;
    let inside =
        rows.filter(move |row| row.as_ref().map_or(true, |it| meets(it, boxes.as_deref())));
    let ordered: Box<dyn Iterator<Item = Result<Feature>> + 'a> = if keys.is_empty() {
        Box::new(inside)
    } else {
        Box::new(sorted(inside, &keys)?.into_iter().map(Ok))
    };
    let cut = ordered
        .skip(usize::try_from(query.offset).unwrap_or(usize::MAX))
        .take(query.limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX)));
    let out = Arc::clone(&schema);
    Ok(Features::new(schema, cut.map(move |row| row.map(|it| pick(it, &out, picks.as_deref())))))
}

/// The schema that a query's features have, and the positions of its fields in the layer's schema
/// where that is not all of them.
///
/// # Errors
///
/// An unknown field, or one asked for twice.
pub fn project(layer: &Layer, query: &Query) -> Result<(Arc<Schema>, Option<Vec<usize>>)> {
    let Some(names) = &query.fields else { return Ok((Arc::clone(layer.schema()), None)) };
    let schema = layer.schema().project(names).map_err(|reason| in_layer(layer, reason))?;
    let positions = names.iter().filter_map(|name| layer.schema().position(name)).collect();
    Ok((Arc::new(schema), Some(positions)))
}

fn in_layer(layer: &Layer, reason: tiepoint_core::SchemaError) -> StoreError {
    StoreError::Schema { layer: layer.name().to_owned(), reason }
}

fn boxes(layer: &Layer, query: &Query) -> Result<Option<Vec<Envelope>>> {
    let Some(bbox) = query.bbox else { return Ok(None) };
    let Some(geometry) = layer.geometry() else {
        return Err(StoreError::NoGeometry { layer: layer.name().to_owned() });
    };
    let split = bbox.split(geometry.crs.is_lonlat());
    split.map(Some).map_err(|reason| StoreError::Box { layer: layer.name().to_owned(), reason })
}

fn meets(feature: &Feature, boxes: Option<&[Envelope]>) -> bool {
    let Some(boxes) = boxes else { return true };
    let envelope = feature.geometry().and_then(tiepoint_core::Geometry::envelope);
    envelope.is_some_and(|envelope| boxes.iter().any(|wanted| wanted.intersects(&envelope)))
}

fn sort_keys(layer: &Layer, order: &[OrderBy]) -> Result<Vec<(usize, Direction)>> {
    let key = |by: &OrderBy| {
        let position = layer.schema().require(&by.field);
        position.map(|at| (at, by.direction)).map_err(|reason| in_layer(layer, reason))
    };
    order.iter().map(key).collect()
}

fn sorted(
    rows: impl Iterator<Item = Result<Feature>>,
    keys: &[(usize, Direction)],
) -> Result<Vec<Feature>> {
    let mut all = rows.collect::<Result<Vec<_>>>()?;
    all.sort_by(|a, b| {
        let by_key = keys.iter().map(|(at, direction)| compare(a, b, *at, *direction));
        by_key.fold(Ordering::Equal, Ordering::then)
    });
    Ok(all)
}

fn compare(a: &Feature, b: &Feature, at: usize, direction: Direction) -> Ordering {
    let null = tiepoint_core::Value::Null;
    let value = |it: &Feature| it.values()[at].clone().unwrap_or(null.clone());
    let ascending = match (&a.values()[at], &b.values()[at]) {
        (Some(a), Some(b)) => a.order(b),
        _ => value(a).order(&value(b)),
    };
    match direction {
        Direction::Ascending => ascending,
        Direction::Descending => ascending.reverse(),
    }
}

fn pick(feature: Feature, schema: &Arc<Schema>, picks: Option<&[usize]>) -> Feature {
    let Some(picks) = picks else { return feature };
    let (id, fid) = (feature.id, feature.fid.clone());
    let mut values = feature.into_values();
    let picked = picks.iter().map(|at| values[*at].take()).collect();
    Feature::with_values(Arc::clone(schema), picked).with_id(id).with_fid(fid)
}
