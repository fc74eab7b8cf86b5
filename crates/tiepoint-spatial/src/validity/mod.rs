//! Whether a geometry is valid in the sense of OGC simple features, and if not, why and where.
