//! What a layer to be must not ask for: names that are taken or reserved, and what the file has no
//! way to keep.
use crate::dialect::value_literal;
use crate::error::Site;
use crate::sql_text;
use rusqlite::Connection;
use tiepoint_core::{Edges, FieldDefault, FieldType, Identity, LayerDefinition, SchemaError};
use tiepoint_store::{NaturalKey, Result, StoreError};

const RESERVED: [&str; 3] = ["gpkg_", "rtree_", "sqlite_"];

/// Refuses what cannot be created, before anything is made.
pub(crate) fn check(
    connection: &Connection,
    site: &Site,
    definition: &LayerDefinition,
) -> Result<()> {
    check_names(site, definition)?;
    NaturalKey::check_definition(definition)?;
    refuse_taken(connection, site, &definition.name)?;
    refuse_what_cannot_be_kept(site, definition)
}

/// SQLite takes any name but those with a NUL and its own; GeoPackage reserves two prefixes.
fn check_names(site: &Site, definition: &LayerDefinition) -> Result<()> {
    let name = &definition.name;
    let lower = name.to_ascii_lowercase();
    if let Some(prefix) = RESERVED.iter().find(|prefix| lower.starts_with(**prefix)) {
        let reason = format!("a layer cannot be named `{name}`: `{prefix}` is reserved");
        return Err(site.invalid(reason));
    }
    let id = match &definition.identity {
        Identity::Column(column) => Some(column),
        Identity::None | Identity::NaturalKey { .. } => None,
    };
    let columns = definition.schema.fields().iter().map(|field| &field.name).chain(id);
    let mut seen: Vec<String> = Vec::new();
    for column in columns {
        let lower = column.to_ascii_lowercase();
        if seen.contains(&lower) {
            let reason = SchemaError::DuplicateField { name: column.clone() };
            return Err(StoreError::Schema { layer: name.clone(), reason });
        }
        seen.push(lower);
    }
    let nameless = |name: &str| name.is_empty() || name.contains('\0');
    if nameless(name) || seen.iter().any(|column| nameless(column)) {
        return Err(site.invalid("a name must have at least one character, and no NUL"));
    }
    Ok(())
}

fn refuse_taken(connection: &Connection, site: &Site, name: &str) -> Result<()> {
    let sql = "SELECT 1 FROM sqlite_master WHERE name = ?1 COLLATE NOCASE";
    let taken = connection.prepare_cached(sql).and_then(|mut statement| statement.exists([name]));
    if taken.map_err(site.failed("look for the layer"))? {
        let (store, layer) = (site.name.clone(), name.to_owned());
        return Err(StoreError::LayerExists { store, layer });
    }
    Ok(())
}

/// What the file has no way to keep is refused before anything is made.
fn refuse_what_cannot_be_kept(site: &Site, definition: &LayerDefinition) -> Result<()> {
    for field in definition.schema.fields() {
        let refuse = |what: &str| {
            let what = format!("{what} (field `{}` of layer `{}`)", field.name, definition.name);
            Err(site.unsupported(what, None))
        };
        if field.generated {
            return refuse("compute a field");
        }
        match &field.default {
            Some(FieldDefault::Expression(text)) if !sql_text::is_one_expression(text) => {
                return refuse("take a default that is not one expression of SQLite");
            }
            Some(FieldDefault::Value(value)) if value_literal(value).is_none() => {
                return refuse("keep such a default");
            }
            _ => {}
        }
        match &field.ty {
            FieldType::Geometry(ty) if ty.edges == Edges::Geodesic => {
                return refuse("keep geometries with geodesic edges");
            }
            _ => {}
        }
    }
    for check in &definition.checks {
        if !sql_text::is_one_expression(&check.expression) {
            let what =
                format!("take the check `{}`: not one expression of SQLite", check.expression);
            return Err(site.unsupported(what, None));
        }
    }
    Ok(())
}
