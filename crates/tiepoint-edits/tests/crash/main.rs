//! What is acknowledged survives: children that are killed, disks that fail and servers that restart
//! over real stores, and an oracle that says what must be there afterwards.
mod child;
mod disk;
mod model;
mod named;
mod ops;
mod points;
mod random;
mod world;
