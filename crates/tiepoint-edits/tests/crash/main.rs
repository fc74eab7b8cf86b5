//! What is acknowledged survives: children that are killed, disks that fail and servers that restart
//! over real stores, and an oracle that says what must be there afterwards.
mod child;
mod disk;
mod model;
mod named;
mod ops;
mod points;
#[cfg(target_os = "linux")]
mod proxy;
mod random;
#[cfg(target_os = "linux")]
mod server;
mod several;
mod speed;
mod world;
