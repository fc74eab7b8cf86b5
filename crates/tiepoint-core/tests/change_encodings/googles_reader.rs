//! Google's own protobuf reads what we write, by the published schema, and writes what we read.
