//! The layers of one database: looked up by name, remembered, and checked before they are trusted.
use crate::describe::{Describer, Listed, listed};
use crate::error::Failure;
use crate::error::Site;
use crate::link::Link;
use crate::metadata::Table;
use crate::side;
use crate::srid::Systems;
use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tiepoint_store::Result;

/// What is known of the layers; shared by all connections of a store, or of one transaction.
#[derive(Debug, Default)]
pub(crate) struct Catalogue {
    /// The schemas to look in; all where there are none.
    schemas: Vec<String>,
    systems: Systems,
    /// Whether there are notes of ours, as far as is known.
    noted: AtomicBool,
    tables: Mutex<HashMap<String, Arc<Table>>>,
}

impl Catalogue {
    pub(crate) fn new(schemas: &[String]) -> Self {
        Self { schemas: schemas.to_vec(), ..Self::default() }
    }

    /// An empty one for the same schemas.
    pub(crate) fn anew(&self) -> Self {
        Self::new(&self.schemas)
    }

    pub(crate) fn schemas(&self) -> &[String] {
        &self.schemas
    }

    /// All tables that are layers, sorted by the layers' names.
    pub(crate) fn tables(&self, link: &Link, site: &Site) -> Result<Vec<Arc<Table>>> {
        let names = self.names(link).map_err(site.failed("list its layers"))?;
        let mut tables = Vec::with_capacity(names.len());
        let oids: Vec<u32> = names.iter().map(|(_, listed)| listed.oid).collect();
        let failed = || site.failed("describe its layers");
        let noted = self.look_for_notes(link).map_err(failed())?;
        let describer = Describer::of(link, site, &self.systems, &oids, noted).map_err(failed())?;
        let mut stamps = self.stamps(link, &oids).map_err(failed())?;
        for (name, listed) in &names {
            let stamp = stamps.remove(&listed.oid).unwrap_or_default();
            let table = Arc::new(describer.table(listed, name, stamp)?);
            self.known().insert(name.clone(), Arc::clone(&table));
            tables.push(table);
        }
        tables.sort_by(|a, b| a.layer.name().cmp(b.layer.name()));
        Ok(tables)
    }

    /// One table by its layer's name. Costs one small question when nothing has changed.
    pub(crate) fn table(&self, link: &Link, site: &Site, name: &str) -> Result<Arc<Table>> {
        let what = format!("describe layer `{name}`");
        let known = self.known().get(name).cloned();
        if let Some(known) = known {
            let stamps = self.stamps(link, &[known.oid]).map_err(site.failed(&what))?;
            if stamps.get(&known.oid) == Some(&known.stamp) {
                return Ok(known);
            }
            self.known().remove(name);
        }
        let names = self.names(link).map_err(site.failed(&what))?;
        let Some((_, listed)) = names.iter().find(|(it, _)| it == name) else {
            return Err(site.layer_not_found(name, names.iter().map(|(name, _)| name.as_str())));
        };
        let oids = [listed.oid];
        let noted = self.look_for_notes(link).map_err(site.failed(&what))?;
        let mut stamps = self.stamps(link, &oids).map_err(site.failed(&what))?;
        let stamp = stamps.remove(&listed.oid).unwrap_or_default();
        let describer = Describer::of(link, site, &self.systems, &oids, noted);
        let table = describer.map_err(site.failed(&what))?.table(listed, name, stamp)?;
        let table = Arc::new(table);
        self.known().insert(name.to_owned(), Arc::clone(&table));
        Ok(table)
    }

    /// One table by the server's number for it, where it is a layer of these schemas.
    pub(crate) fn numbered(
        &self,
        link: &Link,
        site: &Site,
        oid: u32,
    ) -> Result<Option<Arc<Table>>> {
        let known = self.known().values().find(|it| it.oid == oid).cloned();
        if let Some(known) = known {
            let stamps = self.stamps(link, &[oid]).map_err(site.failed("describe a layer"))?;
            if stamps.get(&oid) == Some(&known.stamp) {
                return Ok(Some(known));
            }
            self.known().remove(known.layer.name());
        }
        let names = self.names(link).map_err(site.failed("list its layers"))?;
        let Some((name, _)) = names.iter().find(|(_, it)| it.oid == oid) else { return Ok(None) };
        self.table(link, site, name).map(Some)
    }

    /// The names of all layers by the server's numbers for their tables.
    pub(crate) fn named(&self, link: &Link) -> Result<HashMap<u32, String>, Failure> {
        Ok(self.names(link)?.into_iter().map(|(name, it)| (it.oid, name)).collect())
    }

    pub(crate) fn forget(&self) {
        self.noted.store(false, Ordering::Relaxed);
        self.known().clear();
    }

    fn look_for_notes(&self, link: &Link) -> Result<bool, Failure> {
        let noted = side::holds(link)?;
        self.noted.store(noted, Ordering::Relaxed);
        Ok(noted)
    }

    /// What changes with the tables' definitions. A natural key changes nothing but our note, so
    /// that is looked at, too, where there are notes.
    fn stamps(&self, link: &Link, oids: &[u32]) -> Result<HashMap<u32, String>, Failure> {
        let ask = |note: &str| {
            let sql = include_str!("sql/stamps.sql").replace("{note}", note);
            let rows = link.query(&sql, &[&oids])?;
            Ok(rows.into_iter().map(|row| (row.get(0), row.get(1))).collect())
        };
        let unnoted = || ask("to_regclass('tiepoint.layer')::oid");
        if !self.noted.load(Ordering::Relaxed) {
            return unnoted();
        }
        match ask("(SELECT l.xmin::text FROM tiepoint.layer l WHERE l.layer::oid = c.oid)") {
            Err(failure) if side::is_missing(&failure) && !link.is_in_transaction() => {
                self.noted.store(false, Ordering::Relaxed);
                unnoted()
            }
            stamps => stamps,
        }
    }

    /// The schema and name of a table that is to be a layer of this name: `schema.table` in another
    /// schema than the first, if there is that schema.
    pub(crate) fn place(&self, link: &Link, site: &Site, name: &str) -> Result<(String, String)> {
        let home = || (link.server().schema.clone(), name.to_owned());
        let Some((schema, table)) = name.split_once('.').filter(|(_, table)| !table.is_empty())
        else {
            return Ok(home());
        };
        if !self.schemas.is_empty() && !self.schemas.iter().any(|it| it == schema) {
            return Ok(home());
        }
        let sql = "SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = $1)";
        let row = link.query_one(sql, &[&schema]).map_err(site.failed("look for a schema"))?;
        Ok(if row.get(0) { (schema.to_owned(), table.to_owned()) } else { home() })
    }

    /// Every table with its layer's name: bare in the schema where new layers go, with the schema
    /// in front elsewhere; quoted where a bare name looks the same.
    fn names(&self, link: &Link) -> Result<Vec<(String, Listed)>, Failure> {
        let schemas = (!self.schemas.is_empty()).then_some(&self.schemas[..]);
        let listed = listed(link, schemas, None)?;
        let home = &link.server().schema;
        let bare: HashSet<String> =
            listed.iter().filter(|it| it.schema == *home).map(|it| it.name.clone()).collect();
        let name = |it: &Listed| {
            if it.schema == *home {
                return it.name.clone();
            }
            let dotted = format!("{}.{}", it.schema, it.name);
            if bare.contains(&dotted) || it.schema.contains('.') {
                format!("\"{}\".\"{}\"", it.schema, it.name)
            } else {
                dotted
            }
        };
        Ok(listed.into_iter().map(|it| (name(&it), it)).collect())
    }

    fn known(&self) -> MutexGuard<'_, HashMap<String, Arc<Table>>> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
