//! Writes geometry objects (RFC 7946, section 3.1) within CQL2 JSON, rings as they go.
use super::sayable::{Say, double, unsayable};
use tiepoint_core::{Dims, Geometry, GeometryKind, GeometryRef, Parts, Positions};

/// Appends a geometry that GeoJSON has, so that it is read as the same.
pub(super) fn write(geometry: &Geometry, out: &mut String) -> Say {
    let whole = geometry.as_ref();
    match geometry.dims() {
        Dims::Xym | Dims::Xyzm => Err(unsayable("measures (m) in JSON; text can")),
        Dims::Xyz if !has_height(whole) => {
            Err(unsayable("in JSON that a geometry without any height is XYZ; text can"))
        }
        Dims::Xy | Dims::Xyz => object(whole, out),
    }
}

fn has_height(geometry: GeometryRef<'_>) -> bool {
    let known = |positions: Positions<'_>| {
        positions.iter().any(|position| position.z().is_some_and(|z| !z.is_nan()))
    };
    match geometry.parts() {
        Parts::Positions(positions) => known(positions),
        Parts::Rings(mut rings) => rings.any(known),
        Parts::Members(mut members) => members.any(has_height),
    }
}

fn object(geometry: GeometryRef<'_>, out: &mut String) -> Say {
    let kind = geometry.kind();
    let member = match kind {
        GeometryKind::GeometryCollection => "geometries",
        GeometryKind::Point
        | GeometryKind::LineString
        | GeometryKind::Polygon
        | GeometryKind::MultiPoint
        | GeometryKind::MultiLineString
        | GeometryKind::MultiPolygon => "coordinates",
        other => return Err(unsayable(format!("a `{}` in JSON; text can", other.name()))),
    };
    out.extend([r#"{"type":""#, kind.name(), r#"",""#, member, r#"":"#]);
    match (kind, geometry.parts()) {
        (GeometryKind::GeometryCollection, Parts::Members(members)) => {
            list(members, out, object)?;
        }
        _ => coordinates(geometry, out)?,
    }
    out.push('}');
    Ok(())
}

fn coordinates(geometry: GeometryRef<'_>, out: &mut String) -> Say {
    match (geometry.kind(), geometry.parts()) {
        (GeometryKind::Point, Parts::Positions(positions)) => {
            let position = positions.get(0);
            ordinates(position.as_ref().map_or(&[], |it| it.ordinates()), out);
            Ok(())
        }
        (_, Parts::Positions(line)) => positions(line, out),
        (_, Parts::Rings(rings)) => list(rings, out, positions),
        (_, Parts::Members(members)) => list(members, out, coordinates),
    }
}

fn positions(line: Positions<'_>, out: &mut String) -> Say {
    list(line.iter(), out, |position, out| {
        ordinates(position.ordinates(), out);
        Ok(())
    })
}

/// A position, or none; an unknown height is left out.
fn ordinates(ordinates: &[f64], out: &mut String) {
    let known = ordinates.iter().filter(|ordinate| !ordinate.is_nan());
    let known: Vec<_> = known.map(|ordinate| double(*ordinate)).collect();
    out.extend(["[", &known.join(","), "]"]);
}

fn list<T>(
    items: impl Iterator<Item = T>,
    out: &mut String,
    item: impl Fn(T, &mut String) -> Say,
) -> Say {
    out.push('[');
    for (index, each) in items.enumerate() {
        if index > 0 {
            out.push(',');
        }
        item(each, out)?;
    }
    out.push(']');
    Ok(())
}
