//! The matrix as `geo` computes it.
use geo::Relate as _;
use tiepoint_core::{Dimension, Geometry, IntersectionMatrix, Part};

/// None for an empty geometry.
pub(super) fn to_planar(geometry: &Geometry) -> Option<geo::Geometry<f64>> {
    if geometry.is_empty() { None } else { geometry.to_geo_types().ok().map(|(it, _)| it) }
}

pub(super) fn related(
    first: Option<&geo::Geometry<f64>>,
    second: Option<&geo::Geometry<f64>>,
) -> IntersectionMatrix {
    let nothing = geo::Geometry::MultiPoint(geo::MultiPoint(Vec::new()));
    let matrix = first.unwrap_or(&nothing).relate(second.unwrap_or(&nothing));
    let part = |part| match part {
        Part::Interior => geo::coordinate_position::CoordPos::Inside,
        Part::Boundary => geo::coordinate_position::CoordPos::OnBoundary,
        Part::Exterior => geo::coordinate_position::CoordPos::Outside,
    };
    let mut found = IntersectionMatrix::NOTHING;
    for a in Part::ALL {
        for b in Part::ALL {
            found.raise(
                a,
                b,
                match matrix.get(part(a), part(b)) {
                    geo::dimensions::Dimensions::Empty => Dimension::Empty,
                    geo::dimensions::Dimensions::ZeroDimensional => Dimension::Point,
                    geo::dimensions::Dimensions::OneDimensional => Dimension::Curve,
                    geo::dimensions::Dimensions::TwoDimensional => Dimension::Surface,
                },
            );
        }
    }
    found
}
