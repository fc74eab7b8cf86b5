//! What a connection knows of the file's layers, read once a state of the file.
use crate::error::Site;
use crate::metadata::{self, Table};
use crate::srs;
use rusqlite::Connection;
use std::collections::HashMap;
use std::sync::Arc;
use tiepoint_core::{Crs, Layer};
use tiepoint_store::Result;

/// Layers by name, as far as somebody asked, and the state of the file that they were read from.
#[derive(Debug, Default)]
pub(crate) struct Catalogue {
    version: Option<i64>,
    names: Option<Arc<[String]>>,
    crs: Option<Arc<HashMap<i32, Crs>>>,
    tables: HashMap<String, Arc<Table>>,
    utf8: Option<bool>,
}

impl Catalogue {
    /// Notes the file's `data_version`, and forgets everything if it is another.
    pub(crate) fn seen_at(&mut self, version: i64) {
        if self.version != Some(version) {
            *self = Self { version: Some(version), ..Self::default() };
        }
    }

    /// Forgets everything: the layers were changed through this very connection.
    pub(crate) fn forget(&mut self) {
        *self = Self { version: self.version, ..Self::default() };
    }

    /// The names of all layers, sorted.
    pub(crate) fn names(&mut self, connection: &Connection, site: &Site) -> Result<Arc<[String]>> {
        if let Some(names) = &self.names {
            return Ok(Arc::clone(names));
        }
        let names: Arc<[String]> =
            metadata::layer_names(connection).map_err(site.failed("list its layers"))?.into();
        self.names = Some(Arc::clone(&names));
        Ok(names)
    }

    /// All layers, sorted by name.
    pub(crate) fn layers(
        &mut self,
        connection: &Connection,
        site: &Site,
    ) -> Result<Vec<Arc<Layer>>> {
        let names = self.names(connection, site)?;
        let layer = |name: &String| Ok(Arc::clone(&self.table(connection, site, name)?.layer));
        names.iter().map(layer).collect()
    }

    /// One layer by its exact name.
    pub(crate) fn table(
        &mut self,
        connection: &Connection,
        site: &Site,
        name: &str,
    ) -> Result<Arc<Table>> {
        if let Some(table) = self.tables.get(name) {
            return Ok(Arc::clone(table));
        }
        let names = self.names(connection, site)?;
        if !names.iter().any(|it| it == name) {
            return Err(site.layer_not_found(name, names.iter().map(String::as_str)));
        }
        let crs = self.crs(connection, site)?;
        let place = format!("read the definition of layer `{name}`");
        let table = Arc::new(metadata::load(connection, name, &crs).map_err(site.failed(&place))?);
        self.tables.insert(name.to_owned(), Arc::clone(&table));
        Ok(table)
    }

    /// Whether texts are stored in UTF-8.
    pub(crate) fn is_utf8(&mut self, connection: &Connection) -> rusqlite::Result<bool> {
        if let Some(utf8) = self.utf8 {
            return Ok(utf8);
        }
        let encoding: String = connection.pragma_query_value(None, "encoding", |row| row.get(0))?;
        Ok(*self.utf8.insert(encoding == "UTF-8"))
    }

    fn crs(&mut self, connection: &Connection, site: &Site) -> Result<Arc<HashMap<i32, Crs>>> {
        if let Some(crs) = &self.crs {
            return Ok(Arc::clone(crs));
        }
        let what = "read its coordinate reference systems";
        let crs = Arc::new(srs::read_all(connection).map_err(site.failed(what))?);
        self.crs = Some(Arc::clone(&crs));
        Ok(crs)
    }
}
