//! A query's box as a condition in the layer's CRS.
use crate::{Result, StoreError};
use tiepoint_core::{Expr, Layer, Query, field, place};
use tiepoint_spatial::transform::Transform;

/// The condition that a geometry's envelope meets the query's box; `None` without a box. A box in
/// another CRS is asked for there, and beforehand, for indexes, as the boxes in the layer's CRS
/// that hold it.
pub(super) fn condition(layer: &Layer, query: &Query) -> Result<Option<Expr>> {
    let Some(bbox) = query.bbox else { return Ok(None) };
    let name = || layer.name().to_owned();
    let Some((position, geometry)) = layer.schema().geometry() else {
        return Err(StoreError::NoGeometry { layer: name() });
    };
    let subject = field(&layer.schema().fields()[position].name);
    let (from, to) = (query.bbox_crs.as_ref().unwrap_or(&geometry.crs), &geometry.crs);
    if from.same_positions(to) {
        return Ok(Some(subject.meets_box(bbox, to.clone())));
    }
    bbox.split(from.is_lonlat()).map_err(|reason| StoreError::Box { layer: name(), reason })?;
    let transformed = Transform::new(from, to).and_then(|transform| transform.boxes(bbox));
    let envelopes = transformed
        .map_err(|reason| StoreError::Transform { layer: name(), reason: Box::new(reason) })?;
    let meets = envelopes
        .into_iter()
        .map(|it| subject.clone().boxes_meet(place(it.to_geometry(), to.clone())));
    let near = meets.reduce(Expr::or).unwrap_or(Expr::from(false));
    Ok(Some(near & subject.transform(from.clone()).meets_box(bbox, from.clone())))
}
