//! The one list of drivers: opens a store by its path or URL.
use crate::{Location, Result};
use tiepoint_gpkg::GpkgStore;
use tiepoint_postgis::PostgisStore;
use tiepoint_store::{MemoryStore, Store, StoreError};

/// Opens a store that is there.
///
/// # Errors
///
/// [`Error::UnknownStore`](crate::Error::UnknownStore) for what no driver opens,
/// [`StoreNotFound`](crate::StoreError::StoreNotFound), a server that cannot be reached or does
/// not let us in, and whatever the driver cannot read.
///
/// ```
/// let missing = tiepoint::open("nowhere.gpkg").err().expect("there is no such file");
/// assert_eq!(missing.kind(), tiepoint::ErrorKind::NotFound);
/// ```
pub fn open(location: &str) -> Result<Box<dyn Store>> {
    open_at(&Location::parse(location)?)
}

pub(crate) fn open_at(location: &Location) -> Result<Box<dyn Store>> {
    Ok(match location {
        Location::GeoPackage(path) => Box::new(GpkgStore::open(path)?),
        Location::Postgis(address) => Box::new(PostgisStore::open_at((**address).clone())?),
        Location::Memory => Box::new(MemoryStore::new()),
    })
}

/// Creates an empty store.
///
/// # Errors
///
/// [`Error::UnknownStore`](crate::Error::UnknownStore),
/// [`StoreExists`](crate::StoreError::StoreExists), when the place cannot be written to, and
/// [`Unsupported`](crate::StoreError::Unsupported) for a database: its server makes those.
///
/// ```
/// let refused = tiepoint::create("postgres://anna@db.example/gis").err().expect("no database");
/// assert_eq!(refused.hint().as_deref(), Some("create it with `createdb`, then open it"));
/// ```
pub fn create(location: &str) -> Result<Box<dyn Store>> {
    Ok(match Location::parse(location)? {
        Location::GeoPackage(path) => Box::new(GpkgStore::create(path)?),
        Location::Postgis(address) => return Err(not_created(&address.to_string()).into()),
        Location::Memory => Box::new(MemoryStore::new()),
    })
}

/// Opens a store, or creates it where there is none. A database must be there: only layers are
/// made in it.
///
/// # Errors
///
/// As [`open`] and [`create`].
pub fn open_or_create(location: &str) -> Result<Box<dyn Store>> {
    open_or_create_at(&Location::parse(location)?)
}

pub(crate) fn open_or_create_at(location: &Location) -> Result<Box<dyn Store>> {
    match location {
        Location::GeoPackage(path) => Ok(Box::new(GpkgStore::open_or_create(path)?)),
        Location::Postgis(_) | Location::Memory => open_at(location),
    }
}

fn not_created(store: &str) -> StoreError {
    StoreError::Unsupported {
        store: store.to_owned(),
        what: "be created from here: a server makes its databases itself".to_owned(),
        hint: Some("create it with `createdb`, then open it".to_owned()),
    }
}
