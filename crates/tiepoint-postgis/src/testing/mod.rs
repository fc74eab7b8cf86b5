//! For tests, yours and ours: a throw-away PostGIS, layers to fill it with, and assertions about
//! geometries that allow a tolerance.
//!
//! Behind the feature `testing`. A [`Server`] is started from the PostgreSQL and PostGIS that the
//! system has installed (on Debian, `postgresql-postgis`), in a second or two, and is gone when the
//! process that started it is, even a killed one. Each test takes a [schema](Server::schema) of its
//! own, or a [database](Server::database) where it changes what schemas share.
//!
//! ```
//! use tiepoint_postgis::testing::{assert_geometries_near, server_or_skip};
//! use tiepoint_core::Geometry;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let Some(server) = server_or_skip("a tree moves a little") else { return Ok(()) };
//! let schema = server.schema();
//! schema.execute("CREATE TABLE trees (id int, geom geometry(Point, 4326))");
//! schema.execute("INSERT INTO trees VALUES (1, 'SRID=4326;POINT (8.5 47.4)')");
//! let moved = schema.value("SELECT ST_AsText(ST_Translate(geom, 1e-9, 0)) FROM trees");
//! let (moved, expected) = (Geometry::from_wkt(&moved)?, Geometry::from_wkt("POINT (8.5 47.4)")?);
//! assert_geometries_near(&moved, &expected, 1e-8);
//! # Ok(())
//! # }
//! ```
//!
//! A `static` is never dropped, so what the [shared](Server::shared) server leaves behind is not
//! left to [`Drop`]: a shell keeps the server for as long as a pipe to this process is open.
mod address;
mod assertions;
mod cluster;
pub mod fixtures;
mod fresh;
mod programs;
mod server;
mod session;
mod unavailable;

pub use assertions::{assert_geometries_near, assert_same_region, assert_within_metres};
pub use fresh::{TestDatabase, TestRole, TestSchema};
pub use server::Server;
pub use unavailable::{Unavailable, server_or_skip};
