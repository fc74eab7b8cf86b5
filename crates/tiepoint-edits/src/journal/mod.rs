//! The journal: what an edit is before it is committed, on disk, so that no crash loses it.
