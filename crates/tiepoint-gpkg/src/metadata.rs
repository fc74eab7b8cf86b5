//! What a file says of its layers: its own tables (OGC 12-128r19, sections 1.1.3 and 2.1) and
//! SQLite's pragmas.
use crate::dialect::quoted;
use crate::{
    affinity, columns, indexes, natural_keys, reading, rtree, side_table, sql_text, ties, values,
};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, Result};
use std::collections::HashMap;
use std::sync::Arc;
use tiepoint_core::{
    Crs, Edges, FidRule, Field, FieldType, GeometryType, Identity, KindRule, Layer,
    LayerDefinition, ObjectId, OrdinateRule, Schema,
};
use tiepoint_store::NaturalKey;
use tiepoint_store::sql::Fragment;

/// A layer and where its parts are stored.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) layer: Arc<Layer>,
    /// The `srs_id` that goes into the header of geometries, per field of the schema.
    pub(crate) srs_ids: Vec<i32>,
    /// Whether the column of each field may stand bare in comparisons.
    pub(crate) bare: Vec<bool>,
    key: RowKey,
    key_sql: Option<String>,
    /// How the ids are kept, where the layer is tied.
    pub(crate) tie: Option<ties::Tie>,
    /// The field that names the objects, where there is one.
    pub(crate) natural_key: Option<NaturalKey>,
    pub(crate) geometry: Option<GeometryColumn>,
}

/// What finds a row of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
enum RowKey {
    /// A column of whole numbers that is the key.
    Column(String),
    /// SQLite's own row number; no column shows it.
    RowId,
    /// Nothing: rows come without fid.
    Nothing,
}

/// The geometry that boxes mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GeometryColumn {
    pub(crate) name: String,
    pub(crate) position: usize,
    /// The R-tree's table, where there is one that is kept up to date.
    pub(crate) rtree: Option<String>,
    /// Whether the file says that there is an R-tree, sound or not.
    pub(crate) claims_rtree: bool,
}

impl Table {
    pub(crate) fn name(&self) -> &str {
        self.layer.name()
    }

    /// The table's name as SQL.
    pub(crate) fn sql(&self) -> String {
        quoted(self.name())
    }

    /// What object ids are read from: their own column, or the natural key.
    pub(crate) fn id_column(&self) -> Option<&str> {
        let own = self.tie.as_ref().map(|tie| tie.column.as_str());
        own.or_else(|| self.natural_key.as_ref().map(NaturalKey::field))
    }

    /// The object id that stands in that column, or that a natural key names; `None` for what is no
    /// id and no key, which a check reports.
    pub(crate) fn object_id(&self, stored: ValueRef<'_>) -> Option<ObjectId> {
        let Some(key) = &self.natural_key else { return reading::object_id(stored) };
        let ty = &self.layer.schema().fields()[key.position()].ty;
        key.id_of(&values::decode(stored, ty).ok()?)
    }

    /// The row's key as SQL, where there is one.
    pub(crate) fn key_sql(&self) -> Option<&str> {
        self.key_sql.as_deref()
    }

    /// The row's key as a piece of SQL, where there is one.
    pub(crate) fn key<B>(&self) -> Option<Fragment<B>> {
        match &self.key {
            RowKey::Column(name) => Some(Fragment::name(name)),
            RowKey::RowId => Some(Fragment::text("rowid")),
            RowKey::Nothing => None,
        }
    }
}

impl RowKey {
    fn sql(&self) -> Option<String> {
        match self {
            Self::Column(name) => Some(quoted(name)),
            Self::RowId => Some("rowid".to_owned()),
            Self::Nothing => None,
        }
    }
}

/// The names of everything that is a layer: registered as features or attributes, and there.
pub(crate) fn layer_names(connection: &Connection) -> Result<Vec<String>> {
    let mut statement = connection.prepare_cached(
        "SELECT c.table_name FROM gpkg_contents AS c \
         WHERE c.data_type IN ('features', 'attributes', 'aspatial') AND EXISTS \
         (SELECT 1 FROM sqlite_master AS s WHERE s.type IN ('table', 'view') \
          AND s.name = c.table_name COLLATE NOCASE AND s.sql NOT LIKE 'CREATE VIRTUAL%')",
    )?;
    let mut names = statement.query_map([], |row| row.get(0))?.collect::<Result<Vec<String>>>()?;
    names.sort_unstable();
    Ok(names)
}

/// Reads all there is to know of one layer.
pub(crate) fn load(connection: &Connection, name: &str, crs: &HashMap<i32, Crs>) -> Result<Table> {
    let source = source(connection, name)?;
    let tie = ties::of_table(connection, name)?;
    let shape = shape(connection, name)?;
    let mut columns = columns::read(connection, name)?;
    let key = row_key(&columns, &source);
    let id_column = tie.as_ref().map(|tie| tie.column.clone());
    columns.retain(|column| {
        Some(&column.name) != id_column.as_ref() && RowKey::Column(column.name.clone()) != key
    });
    let mut troubles = Vec::new();
    let mut reader = columns::FieldReader::new(connection, name, crs)?;
    let mut fields = Vec::with_capacity(columns.len());
    let mut srs_ids = Vec::with_capacity(columns.len());
    let mut bare = Vec::with_capacity(columns.len());
    for column in &columns {
        let registered = shape.as_ref().filter(|it| it.column.eq_ignore_ascii_case(&column.name));
        let (mut field, srs_id) = reader.field(column)?;
        let srs_id = match registered {
            Some(shape) => {
                field.ty = FieldType::Geometry(shape.geometry_type(crs, &mut troubles));
                shape.srs_id
            }
            None => srs_id,
        };
        bare.push(!source.is_view && affinity::compares_bare(&column.declared, &field.ty));
        fields.push(field);
        srs_ids.push(srs_id);
    }
    let indexes = indexes::read(connection, name, &mut fields, tie.as_ref())?;
    let (title, description) = titles(connection, name)?;
    let geometry = geometry_column(connection, name, &fields, shape.as_ref())?;
    // SQLite has refused two columns of one name before
    let schema = Schema::new(fields).expect("the columns of a table have distinct names");
    let identity = match id_column {
        Some(column) => Identity::Column(column),
        None => by_natural_key(connection, name, &schema)?,
    };
    let definition = LayerDefinition {
        name: name.to_owned(),
        title,
        description,
        schema: Arc::new(schema),
        identity,
        indexes,
        checks: if source.is_view { Vec::new() } else { sql_text::checks(&source.sql) },
    };
    let fid_name = match &key {
        RowKey::Column(name) => Some(name.clone()),
        _ => None,
    };
    let read_only = source.read_only(&key).or_else(|| troubles.into_iter().next());
    let layer = Layer { definition, fids: source.fid_rule(&key), fid_name, read_only };
    let key_sql = key.sql();
    let natural_key = NaturalKey::of(&layer);
    let layer = Arc::new(layer);
    Ok(Table { layer, srs_ids, bare, key, key_sql, tie, natural_key, geometry })
}

/// What is noted of a layer, as long as it has a field that can be a key.
fn by_natural_key(connection: &Connection, name: &str, schema: &Schema) -> Result<Identity> {
    Ok(match natural_keys::of_table(connection, name)? {
        Some(note) if NaturalKey::check(name, schema, &note.field).is_ok() => {
            Identity::NaturalKey { field: note.field, namespace: note.namespace }
        }
        _ => Identity::None,
    })
}

/// The statement that made a table or view.
struct Source {
    is_view: bool,
    without_rowid: bool,
    autoincrement: bool,
    sql: String,
}

impl Source {
    fn read_only(&self, key: &RowKey) -> Option<String> {
        match key {
            _ if self.is_view => Some("it is a view".to_owned()),
            RowKey::Nothing => Some("its table has no key of whole numbers".to_owned()),
            _ => None,
        }
    }

    fn fid_rule(&self, key: &RowKey) -> FidRule {
        match key {
            RowKey::Column(_) if self.autoincrement => FidRule::Stable,
            RowKey::Column(_) | RowKey::RowId => FidRule::Renumbering,
            RowKey::Nothing => FidRule::Ephemeral,
        }
    }
}

fn source(connection: &Connection, name: &str) -> Result<Source> {
    let sql = "SELECT type, sql FROM sqlite_master WHERE type IN ('table', 'view') AND name = ?1 COLLATE NOCASE";
    let (kind, sql): (String, String) =
        connection.prepare_cached(sql)?.query_row([name], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let is_view = kind == "view";
    let word = |word| !is_view && sql_text::has_word(&sql, word);
    let (autoincrement, without_rowid) = (word("AUTOINCREMENT"), word("WITHOUT") && word("ROWID"));
    Ok(Source { is_view, without_rowid, autoincrement, sql })
}

/// The integer primary key; of a view the first column, when it is declared as a whole number
/// (requirement 150).
fn row_key(columns: &[columns::Column], source: &Source) -> RowKey {
    let is_integer = |column: &&columns::Column| column.declared.eq_ignore_ascii_case("INTEGER");
    let column = if source.is_view {
        let named = columns.iter().find(|column| column.name.eq_ignore_ascii_case("OGC_FID"));
        named.or_else(|| columns.first().filter(is_integer))
    } else {
        let mut keys = columns.iter().filter(|column| column.key_part > 0);
        let first = keys.next().filter(is_integer);
        first.filter(|_| keys.next().is_none() && !source.without_rowid)
    };
    match column {
        Some(column) => RowKey::Column(column.name.clone()),
        None if source.is_view || source.without_rowid => RowKey::Nothing,
        None => RowKey::RowId,
    }
}

/// A row of `gpkg_geometry_columns`.
struct Shape {
    column: String,
    type_name: String,
    srs_id: i32,
    z: i64,
    m: i64,
}

impl Shape {
    fn geometry_type(&self, crs: &HashMap<i32, Crs>, troubles: &mut Vec<String>) -> GeometryType {
        let kind = crate::types::kind_from(&self.type_name);
        if kind.is_none() {
            troubles.push(format!("its geometry type `{}` is unknown", self.type_name));
        }
        let mut ordinate = |code| {
            crate::types::ordinate_from(code).unwrap_or_else(|| {
                troubles
                    .push(format!("it has {code} where GeoPackage knows 0, 1 and 2 for z and m"));
                OrdinateRule::Optional
            })
        };
        let (z, m) = (ordinate(self.z), ordinate(self.m));
        let known = match self.srs_id {
            -1 => Some(Crs::UndefinedCartesian),
            0 => Some(Crs::UndefinedGeographic),
            id => crs.get(&id).cloned(),
        };
        let crs = known.unwrap_or_else(|| {
            troubles.push(format!("the file does not define its srs_id {}", self.srs_id));
            Crs::UndefinedCartesian
        });
        GeometryType { kind: kind.unwrap_or(KindRule::Any), z, m, crs, edges: Edges::Planar }
    }
}

fn shape(connection: &Connection, name: &str) -> Result<Option<Shape>> {
    if !side_table::table_exists(connection, "gpkg_geometry_columns")? {
        return Ok(None);
    }
    let sql = "SELECT column_name, geometry_type_name, srs_id, z, m FROM gpkg_geometry_columns \
               WHERE table_name = ?1 COLLATE NOCASE";
    let read = |row: &rusqlite::Row<'_>| {
        let (column, type_name, srs_id) = (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok(Shape { column, type_name, srs_id, z: row.get(3)?, m: row.get(4)? })
    };
    connection.prepare_cached(sql)?.query_row([name], read).optional()
}

fn titles(connection: &Connection, name: &str) -> Result<(Option<String>, Option<String>)> {
    let sql = "SELECT identifier, description FROM gpkg_contents WHERE table_name = ?1";
    let said = |row: &rusqlite::Row<'_>, at| match row.get_ref(at)? {
        ValueRef::Text(text) => Ok(Some(String::from_utf8_lossy(text).into_owned())),
        _ => Ok::<_, rusqlite::Error>(None),
    };
    let read = |row: &rusqlite::Row<'_>| Ok((said(row, 0)?, said(row, 1)?));
    let (identifier, description): (Option<String>, Option<String>) =
        connection.prepare_cached(sql)?.query_row([name], read)?;
    let recorded = if side_table::exists(connection)? {
        side_table::get(connection, "title", name.as_bytes())?
    } else {
        None
    };
    let title = recorded.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    let differs = |text: &String| !text.is_empty() && text != name;
    Ok((title.or(identifier.filter(differs)), description.filter(|text| !text.is_empty())))
}

/// The R-tree counts only when the file says that there is one, and triggers keep it up to date.
fn geometry_column(
    connection: &Connection,
    table: &str,
    fields: &[Field],
    shape: Option<&Shape>,
) -> Result<Option<GeometryColumn>> {
    let of_shape =
        |field: &Field| shape.is_some_and(|shape| shape.column.eq_ignore_ascii_case(&field.name));
    let first = fields.iter().position(|field| matches!(field.ty, FieldType::Geometry(_)));
    let Some(position) = first else { return Ok(None) };
    let field = &fields[position];
    let column = if of_shape(field) { shape.map(|it| it.column.clone()) } else { None };
    let name = field.name.clone();
    let Some(column) = column else {
        return Ok(Some(GeometryColumn { name, position, rtree: None, claims_rtree: false }));
    };
    let claims_rtree = rtree::is_registered(connection, table, &column)?;
    let kept = claims_rtree && rtree::is_kept(connection, table, &column)?;
    let rtree = kept.then(|| rtree::name(table, &column));
    Ok(Some(GeometryColumn { name, position, rtree, claims_rtree }))
}
