//! How two geometries lie to one another: the DE-9IM and its named predicates.
