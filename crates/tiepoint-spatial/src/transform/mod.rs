//! From one coordinate reference system to another.
