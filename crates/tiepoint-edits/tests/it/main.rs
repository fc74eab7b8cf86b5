//! What the edit buffer and its journal promise, over real stores.
mod as_store;
mod commits;
mod disk;
mod drift;
mod fixture;
mod follow;
mod followed;
mod frail;
mod handlers;
mod model;
mod rules;
mod speed;
mod together;
