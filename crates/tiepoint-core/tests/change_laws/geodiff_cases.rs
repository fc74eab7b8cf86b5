//! The cases that geodiff documents for its rebase, and what becomes of them here.
//!
//! Facts from `docs/rebase.md` and the issues of `MerginMaps/geodiff`; the words are ours.
