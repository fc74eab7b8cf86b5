//! The real command in real folders: what a person at a terminal meets.
mod changes;
mod conflicts;
mod documents;
mod edits;
mod export;
mod folder;
mod help;
mod ids;
mod import;
mod interrupted;
mod messages;
mod postgis;
mod query;
mod questions;
mod readme;
mod recovery;
mod tour;
