//! Lengths, areas, distances and centres: in the plane, and on the ellipsoid.
