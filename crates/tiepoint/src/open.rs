//! The one list of drivers: opens a store by its path or URL.
use crate::{Location, Result};
use tiepoint_gpkg::GpkgStore;
use tiepoint_store::{MemoryStore, Store};

/// Opens a store that is there.
///
/// # Errors
///
/// [`Error::UnknownStore`](crate::Error::UnknownStore) for what no driver opens,
/// [`StoreNotFound`](crate::StoreError::StoreNotFound), and whatever the driver cannot read.
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
        Location::Memory => Box::new(MemoryStore::new()),
    })
}

/// Creates an empty store.
///
/// # Errors
///
/// [`Error::UnknownStore`](crate::Error::UnknownStore),
/// [`StoreExists`](crate::StoreError::StoreExists), and when the place cannot be written to.
pub fn create(location: &str) -> Result<Box<dyn Store>> {
    Ok(match Location::parse(location)? {
        Location::GeoPackage(path) => Box::new(GpkgStore::create(path)?),
        Location::Memory => Box::new(MemoryStore::new()),
    })
}

/// Opens a store, or creates it where there is none.
///
/// # Errors
///
/// As [`open`] and [`create`].
pub fn open_or_create(location: &str) -> Result<Box<dyn Store>> {
    Ok(match Location::parse(location)? {
        Location::GeoPackage(path) => Box::new(GpkgStore::open_or_create(path)?),
        Location::Memory => Box::new(MemoryStore::new()),
    })
}
