//! Where features are put: places in longitude and latitude, shifts in units of the layer.
use crate::command::{place, select::wrong};
use tiepoint::spatial::transform::Transform;
use tiepoint::{Crs, Error, Geometry, GeometryKind, Layer, Result};

/// The name and the CRS of the layer's geometry.
pub(super) fn geometry_field(layer: &Layer) -> Result<(&str, &Crs)> {
    let found = layer.schema().geometry();
    let (at, ty) = found.ok_or_else(|| Error::Options {
        reason: format!("layer `{}` has no geometry", layer.name()),
        hint: None,
    })?;
    Ok((&layer.schema().fields()[at].name, &ty.crs))
}

/// `lon,lat` as a point of the layer.
pub(super) fn point(layer: &Layer, text: &str) -> Result<Geometry> {
    let (_, crs) = geometry_field(layer)?;
    let transform = Transform::new(&Crs::CRS84, crs).map_err(|error| wrong(text, &error))?;
    transform.geometry(&place::lonlat("at", text)?).map_err(|error| wrong(text, &error))
}

/// Where X and Y are in the WKB of a point: behind the byte order and the type.
const XY: std::ops::Range<usize> = 5..21;

/// A point moved to `lon,lat`; its Z and M stay.
pub(super) fn moved_to(layer: &Layer, geometry: &Geometry, text: &str) -> Result<Geometry> {
    if geometry.kind() != GeometryKind::Point {
        return Err(Error::Options {
            reason: format!("a {} cannot be moved to one place", geometry.kind()),
            hint: Some("move it `by` dx,dy, or give it a new geometry".to_owned()),
        });
    }
    let (mut moved, place) = (geometry.as_wkb().to_vec(), point(layer, text)?);
    moved[XY].copy_from_slice(&place.as_wkb()[XY]);
    Geometry::from_wkb(&moved).map_err(|error| wrong(text, &error))
}

/// A geometry moved by `dx,dy`, in units of its CRS.
pub(super) fn moved_by(geometry: &Geometry, text: &str) -> Result<Geometry> {
    let refused = || wrong(text, &"write how far: dx,dy, in units of the layer's coordinates");
    let (dx, dy) = text.split_once(',').ok_or_else(refused)?;
    let number = |text: &str| text.trim().parse::<f64>().ok().filter(|it| it.is_finite());
    let (dx, dy) = number(dx).zip(number(dy)).ok_or_else(refused)?;
    geometry.translated(dx, dy).map_err(|error| wrong(text, &error))
}
