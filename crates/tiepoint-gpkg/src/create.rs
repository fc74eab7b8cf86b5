//! Making and dropping layers: the table, its registration, its R-tree, its identity.
use crate::dialect::{literal, quoted, value_literal};
use crate::error::{Site, words};
use crate::natural_keys::{self, Note};
use crate::{
    data_columns, definition, drop_layer, guards, indexes, rtree, side_table, srs, ties, types,
};
use rusqlite::{Connection, params};
use tiepoint_core::{Field, FieldDefault, FieldType, GeometryType, Identity, LayerDefinition};
use tiepoint_store::Result;

/// Creates an empty layer.
pub(crate) fn create_layer(
    connection: &Connection,
    site: &Site,
    definition: &LayerDefinition,
) -> Result<()> {
    let name = definition.name.as_str();
    definition::check(connection, site, definition)?;
    let failed = || site.failed(&format!("create layer `{name}`"));
    drop_layer::forget(connection, name).map_err(failed())?;
    let plan = Plan::new(connection, site, definition)?;
    connection.execute_batch(&plan.table_sql(definition)).map_err(|error| {
        let what = format!("create layer `{name}`: {}", words(&error));
        site.unsupported(what, Some("SQLite must understand every default and check"))
    })?;
    register(connection, definition, &plan).map_err(failed())?;
    describe(connection, site, definition, &plan)?;
    if let Some(shape) = &plan.shape {
        rtree::create(connection, name, &shape.column, &quoted(&plan.key)).map_err(failed())?;
    }
    if let Identity::Column(column) = &definition.identity {
        side_table::ensure(connection).map_err(failed())?;
        let tie = ties::add(connection, name, column, true).map_err(failed())?;
        guards::create_index(connection, &tie).map_err(failed())?;
        guards::install(connection, &tie, &quoted(&plan.key)).map_err(failed())?;
    }
    if let Identity::NaturalKey { field, namespace } = &definition.identity {
        let (table, field, namespace) = (name.to_owned(), field.clone(), *namespace);
        let note = Note { table, field, namespace };
        natural_keys::note(connection, &note).map_err(failed())?;
    }
    for index in &definition.indexes {
        indexes::create(connection, name, index).map_err(failed())?;
    }
    Ok(())
}

/// The column of the geometry that is registered.
struct Shape<'a> {
    column: String,
    ty: &'a GeometryType,
    srs_id: i32,
}

/// What the new table will look like.
struct Plan<'a> {
    key: String,
    shape: Option<Shape<'a>>,
    /// The `srs_id` of each field that is a geometry.
    srs_ids: Vec<i32>,
}

impl<'a> Plan<'a> {
    fn new(connection: &Connection, site: &Site, definition: &'a LayerDefinition) -> Result<Self> {
        let mut shape = None;
        let mut srs_ids = Vec::new();
        for field in definition.schema.fields() {
            let FieldType::Geometry(ty) = &field.ty else {
                srs_ids.push(0);
                continue;
            };
            let srs_id = srs::ensure(connection, site, &ty.crs)?;
            srs_ids.push(srs_id);
            shape.get_or_insert(Shape { column: field.name.clone(), ty, srs_id });
        }
        Ok(Self { key: key_name(definition), shape, srs_ids })
    }

    fn table_sql(&self, definition: &LayerDefinition) -> String {
        let mut parts =
            vec![format!("{} INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL", quoted(&self.key))];
        parts.extend(definition.schema.fields().iter().map(|field| self.column_sql(field)));
        if let Identity::Column(column) = &definition.identity {
            parts.push(format!("{} TEXT", quoted(column)));
        }
        for check in &definition.checks {
            let name = check.name.as_ref().map(|name| format!("CONSTRAINT {} ", quoted(name)));
            parts.push(format!("{}CHECK ({})", name.unwrap_or_default(), check.expression));
        }
        format!("CREATE TABLE {} ({})", quoted(&definition.name), parts.join(", "))
    }

    fn column_sql(&self, field: &Field) -> String {
        let registered = self.shape.as_ref().filter(|shape| shape.column == field.name);
        let declared = match registered {
            Some(shape) => types::kind_word(shape.ty.kind).to_owned(),
            None => types::declared(&field.ty),
        };
        let mut sql = format!("{} {declared}", quoted(&field.name));
        if !field.nullable {
            sql.push_str(" NOT NULL");
        }
        if field.unique {
            sql.push_str(" UNIQUE");
        }
        let default = match &field.default {
            Some(FieldDefault::Value(value)) => value_literal(value),
            Some(FieldDefault::Expression(expression)) => Some(format!("({expression})")),
            None => None,
        };
        if let Some(default) = default {
            sql.push_str(" DEFAULT ");
            sql.push_str(&default);
        }
        sql
    }
}

/// `fid`, or the next free name when a field has it.
fn key_name(definition: &LayerDefinition) -> String {
    let taken = |name: &str| {
        let is_id =
            matches!(&definition.identity, Identity::Column(id) if id.eq_ignore_ascii_case(name));
        is_id
            || definition.schema.fields().iter().any(|field| field.name.eq_ignore_ascii_case(name))
    };
    let more = (1..).map(|number| format!("fid_{number}"));
    std::iter::once("fid".to_owned()).chain(more).find(|name| !taken(name)).unwrap_or_default()
}

fn register(
    connection: &Connection,
    definition: &LayerDefinition,
    plan: &Plan<'_>,
) -> rusqlite::Result<()> {
    let name = &definition.name;
    let kind = if plan.shape.is_some() { "features" } else { "attributes" };
    let identifier = identifier(connection, definition)?;
    connection.execute(
        "INSERT INTO gpkg_contents (table_name, data_type, identifier, description, srs_id) \
         VALUES (?1, ?2, ?3, ?4, ?5)",
        params![
            name,
            kind,
            identifier,
            definition.description.as_deref().unwrap_or_default(),
            plan.shape.as_ref().map(|shape| shape.srs_id)
        ],
    )?;
    if let Some(shape) = &plan.shape {
        let kind = types::kind_word(shape.ty.kind);
        let (z, m) = (types::ordinate_code(shape.ty.z), types::ordinate_code(shape.ty.m));
        let row = params![name, shape.column, kind, shape.srs_id, z, m];
        ensure_geometry_columns(connection)?;
        connection
            .execute("INSERT INTO gpkg_geometry_columns VALUES (?1, ?2, ?3, ?4, ?5, ?6)", row)?;
        if types::is_extension_kind(kind) {
            register_kind(connection, name, &shape.column, kind)?;
        }
    }
    count_rows(connection, name)
}

/// A file of attributes only need not have the table.
fn ensure_geometry_columns(connection: &Connection) -> rusqlite::Result<()> {
    if side_table::table_exists(connection, "gpkg_geometry_columns")? {
        return Ok(());
    }
    let all = include_str!("sql/geopackage.sql");
    let statement = all.split_inclusive(';').find(|sql| sql.contains("gpkg_geometry_columns"));
    connection.execute_batch(statement.unwrap_or_default())
}

/// The title, which must differ from every other layer's; a title that does not goes to our side
/// table, with the layer's name in its place.
fn identifier(
    connection: &Connection,
    definition: &LayerDefinition,
) -> rusqlite::Result<Option<String>> {
    let free = |identifier: &str| {
        let sql = "SELECT NOT EXISTS (SELECT 1 FROM gpkg_contents WHERE identifier = ?1)";
        connection.query_row(sql, [identifier], |row| row.get::<_, bool>(0))
    };
    if let Some(title) = definition.title.as_ref() {
        if free(title)? {
            return Ok(Some(title.clone()));
        }
        side_table::ensure(connection)?;
        side_table::put(connection, "title", definition.name.as_bytes(), title.as_bytes())?;
    }
    Ok(free(&definition.name)?.then(|| definition.name.clone()))
}

/// Declares that a column holds geometries of a kind beyond the core ones.
pub(crate) fn register_kind(
    connection: &Connection,
    table: &str,
    column: &str,
    kind: &str,
) -> rusqlite::Result<()> {
    side_table::ensure_extensions(connection)?;
    let definition = "http://www.geopackage.org/spec120/#extension_geometry_types";
    connection.execute(
        "INSERT OR IGNORE INTO gpkg_extensions VALUES (?1, ?2, 'gpkg_geom_' || ?3, ?4, 'read-write')",
        params![table, column, kind, definition],
    )?;
    Ok(())
}

/// Lets GDAL know the number of rows without counting, in files where it expects that.
fn count_rows(connection: &Connection, name: &str) -> rusqlite::Result<()> {
    if !side_table::table_exists(connection, "gpkg_ogr_contents")? {
        return Ok(());
    }
    connection.execute("INSERT OR REPLACE INTO gpkg_ogr_contents VALUES (?1, 0)", [name])?;
    for (event, sign) in [("insert", '+'), ("delete", '-')] {
        connection.execute_batch(&format!(
            "CREATE TRIGGER {trigger} AFTER {event} ON {table} BEGIN \
             UPDATE gpkg_ogr_contents SET feature_count = feature_count {sign} 1 \
             WHERE lower(table_name) = lower({literal}); END",
            trigger = quoted(&count_trigger(event, name)),
            table = quoted(name),
            literal = literal(name),
        ))?;
    }
    Ok(())
}

/// GDAL's name for the trigger that keeps its count of rows.
pub(crate) fn count_trigger(event: &str, table: &str) -> String {
    format!("trigger_{event}_feature_count_{table}")
}

/// Writes what the declared types do not tell: true types, titles, closed sets of values.
fn describe(
    connection: &Connection,
    site: &Site,
    definition: &LayerDefinition,
    plan: &Plan<'_>,
) -> Result<()> {
    let failed = || site.failed(&format!("describe the fields of layer `{}`", definition.name));
    for (field, srs_id) in definition.schema.fields().iter().zip(&plan.srs_ids) {
        data_columns::write(connection, site, &definition.name, field)?;
        let is_registered = plan.shape.as_ref().is_some_and(|shape| shape.column == field.name);
        let told = types::from_declared(&types::declared(&field.ty)) == field.ty;
        if !is_registered && !told && field.ty != FieldType::Json {
            side_table::ensure(connection).map_err(failed())?;
            let key = side_table::pair(&definition.name, &field.name);
            let record = types::recorded(&field.ty, *srs_id);
            side_table::put(connection, "type", &key, record.as_bytes()).map_err(failed())?;
        }
    }
    Ok(())
}
