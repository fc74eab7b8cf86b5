//! Making layers: the table, its constraints, its indexes, its identity.
use crate::catalogue::Catalogue;
use crate::encode::misfit;
use crate::error::Site;
use crate::geometry::declaration;
use crate::kind::{Kind, TypeFacts, nearest_type, sql_type};
use crate::lease::Lease;
use crate::link::Link;
use crate::spelling::{literal, quoted};
use crate::srid::Systems;
use crate::store::PostgisStore;
use crate::{side, srid, tie};
use std::fmt::Write as _;
use tiepoint_core::{
    Domain, Edges, Field, FieldDefault, FieldType, Identity, Index, IndexExtras, IndexMethod,
    IntWidth, LayerDefinition, SpatialIndexKind, Value,
};
use tiepoint_store::{NaturalKey, Result, StoreError};

/// Names are cut off by the server beyond this many bytes (`NAMEDATALEN`).
pub(crate) const LONGEST_NAME: usize = 63;

/// Sees to it that there is PostGIS, where a layer needs it and the role may install it.
pub(crate) fn ensure_postgis(
    lease: &mut Lease,
    store: &PostgisStore,
    definition: &LayerDefinition,
) -> Result<()> {
    let is_spatial = |field: &Field| matches!(field.ty, FieldType::Geometry(_));
    let needed = definition.schema.fields().iter().any(is_spatial);
    if !needed || lease.server().postgis.is_some() {
        return Ok(());
    }
    // another connection may have seen to it since
    let failed = || store.site.failed("look for PostGIS");
    lease.refresh_server().map_err(failed())?;
    if lease.server().postgis.is_some() {
        return Ok(());
    }
    if lease.batch("CREATE EXTENSION IF NOT EXISTS postgis").is_err() {
        return Err(store.site.no_postgis());
    }
    lease.refresh_server().map_err(failed())
}

/// Creates an empty layer.
pub(crate) fn create_layer(
    link: &Link,
    site: &Site,
    catalogue: &Catalogue,
    definition: &LayerDefinition,
) -> Result<()> {
    let plan = Plan::of(link, site, catalogue, definition)?;
    let what = format!("create layer `{}`", definition.name);
    let taken = "SELECT EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
                 WHERE n.nspname = $1 AND c.relname = $2)";
    let row = link.query_one(taken, &[&plan.schema, &plan.name]).map_err(site.failed(&what))?;
    if row.get(0) {
        let (store, layer) = (site.name.clone(), definition.name.clone());
        return Err(StoreError::LayerExists { store, layer });
    }
    for (at, sql) in plan.statements()?.iter().enumerate() {
        link.batch(sql).map_err(|failure| match failure.code().filter(|_| at == 0) {
            // somebody has made one of that name meanwhile
            Some("42P07" | "23505") => {
                StoreError::LayerExists { store: site.name.clone(), layer: definition.name.clone() }
            }
            _ => site.driver_error(failure, &what),
        })?;
    }
    let oid = "SELECT format('%I.%I', $1::text, $2::text)::regclass::oid";
    let row = link.query_one(oid, &[&plan.schema, &plan.name]).map_err(site.failed(&what))?;
    let oid: u32 = row.get(0);
    side::note_layer(link, site, oid, definition.title.as_deref())?;
    side::note_fields(link, site, oid, &definition.schema)?;
    if let Identity::Column(column) = &definition.identity {
        tie::install(link, site, oid, column)?;
    }
    if let Identity::NaturalKey { field, namespace } = &definition.identity {
        side::ensure(link, site)?;
        side::note_key(link, oid, field, namespace).map_err(site.failed(&what))?;
    }
    Ok(())
}

/// What the new table will look like.
struct Plan<'a> {
    site: &'a Site,
    definition: &'a LayerDefinition,
    schema: String,
    name: String,
    key: String,
    /// The SRID of each field that is a geometry.
    srids: Vec<i32>,
}

impl<'a> Plan<'a> {
    fn of(
        link: &Link,
        site: &'a Site,
        catalogue: &Catalogue,
        definition: &'a LayerDefinition,
    ) -> Result<Self> {
        let mut srids = Vec::new();
        for field in definition.schema.fields() {
            let FieldType::Geometry(ty) = &field.ty else {
                srids.push(0);
                continue;
            };
            if ty.edges == Edges::Geodesic {
                srid::refuse_planar(site, &ty.crs)?;
            }
            srids.push(Systems::srid(link, site, &ty.crs)?);
        }
        let (schema, name) = catalogue.place(link, site, &definition.name)?;
        let plan = Self { site, definition, schema, name, key: key_name(definition), srids };
        plan.refuse_names()?;
        NaturalKey::check_definition(definition)?;
        Ok(plan)
    }

    fn refuse_names(&self) -> Result<()> {
        let fields = self.definition.schema.fields().iter().map(|field| &field.name);
        let id = match &self.definition.identity {
            Identity::Column(column) => Some(column),
            Identity::None | Identity::NaturalKey { .. } => None,
        };
        let indexes = self.definition.indexes.iter().filter_map(|it| it.name.as_ref());
        let checks = self.definition.checks.iter().filter_map(|it| it.name.as_ref());
        if let Some(name) = checks.clone().find(|it| it.starts_with("tiepoint_")) {
            let reason = format!("a check cannot be called `{name}`: names like that are ours");
            return Err(self.site.invalid(reason));
        }
        for name in fields.chain(id).chain([&self.name]).chain(indexes).chain(checks) {
            if name.is_empty() || name.contains('\0') || name.len() > LONGEST_NAME {
                let reason = format!(
                    "`{name}` cannot be a name: PostgreSQL takes 1 to {LONGEST_NAME} bytes, none of them NUL"
                );
                return Err(self.site.invalid(reason));
            }
        }
        let id_taken = id.is_some_and(|id| self.definition.schema.position(id).is_some());
        if id_taken {
            return Err(self.site.invalid("the column of ids and a field have the same name"));
        }
        Ok(())
    }

    /// Everything but what ties the layer.
    fn statements(&self) -> Result<Vec<String>> {
        let mut parts = vec![format!(
            "{} bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY",
            quoted(&self.key)
        )];
        let fields = self.definition.schema.fields();
        for (field, srid) in fields.iter().zip(&self.srids) {
            parts.push(self.column(field, *srid)?);
        }
        if let Identity::Column(column) = &self.definition.identity {
            parts.push(format!("{} uuid", quoted(column)));
        }
        for check in &self.definition.checks {
            let name = check.name.as_ref().map(|name| format!("CONSTRAINT {} ", quoted(name)));
            parts.push(format!("{}CHECK ({})", name.unwrap_or_default(), check.expression));
        }
        let mut statements = vec![format!("CREATE TABLE {} ({})", self.sql(), parts.join(", "))];
        if let Some(description) = &self.definition.description {
            statements.push(format!("COMMENT ON TABLE {} IS {}", self.sql(), literal(description)));
        }
        for field in fields {
            if let Some(description) = &field.description {
                let (table, column) = (self.sql(), quoted(&field.name));
                let text = literal(description);
                statements.push(format!("COMMENT ON COLUMN {table}.{column} IS {text}"));
            }
        }
        statements.extend(self.indexes());
        Ok(statements)
    }

    fn sql(&self) -> String {
        format!("{}.{}", quoted(&self.schema), quoted(&self.name))
    }

    fn column(&self, field: &Field, srid: i32) -> Result<String> {
        let name = quoted(&field.name);
        let (ty, mut conditions) = match &field.ty {
            FieldType::Geometry(ty) => {
                let declared = declaration(ty, srid);
                (declared.ty, declared.conditions)
            }
            ty => (sql_type(ty).ok_or_else(|| self.refused_type(field))?, Vec::new()),
        };
        conditions.extend(limits(&field.ty));
        let mut sql = format!("{name} {ty}");
        if !field.nullable {
            sql.push_str(" NOT NULL");
        }
        if field.unique {
            sql.push_str(" UNIQUE");
        }
        if let Some(default) = self.default(field)? {
            let filled = if field.generated {
                format!(" GENERATED ALWAYS AS ({default}) STORED")
            } else {
                format!(" DEFAULT {default}")
            };
            sql.push_str(&filled);
        }
        for condition in conditions {
            write!(sql, " CHECK ({})", condition.replace("{}", &name))
                .expect("a string takes everything");
        }
        if let Some(condition) = field.domain.as_ref().and_then(|it| closed_set(&name, it)) {
            let constraint = self.constraint_name(&field.name);
            write!(sql, " CONSTRAINT {constraint} CHECK ({condition})")
                .expect("a string takes everything");
        }
        Ok(sql)
    }

    fn refused_type(&self, field: &Field) -> StoreError {
        let what = format!("keep `{}` as {} exactly", field.name, field.ty);
        let near = nearest_type(&field.ty);
        let hint = (near != field.ty).then(|| format!("use {near}"));
        self.site.unsupported(what, hint.as_deref())
    }

    /// Marks a constraint as ours: the field says the same by its closed set.
    fn constraint_name(&self, field: &str) -> String {
        let short: String = field.chars().take(LONGEST_NAME / 8).collect();
        let number = self.definition.schema.position(field).unwrap_or_default();
        quoted(&format!("tiepoint_{number}_{short}"))
    }

    fn default(&self, field: &Field) -> Result<Option<String>> {
        Ok(match &field.default {
            None => None,
            Some(FieldDefault::Expression(expression)) => Some(format!("({expression})")),
            Some(FieldDefault::Value(value)) => Some(value_literal(value).ok_or_else(|| {
                let what = format!("take such a default for `{}`", field.name);
                self.site.unsupported(what, Some("state it as an expression"))
            })?),
        })
    }

    /// One spatial index for each geometry, however often it is declared, and what else is asked.
    fn indexes(&self) -> Vec<String> {
        let declared = &self.definition.indexes;
        let mut statements = Vec::new();
        for field in self.definition.schema.fields() {
            let asked = declared.iter().any(|it| {
                matches!(it.method, IndexMethod::Spatial | IndexMethod::SpatialAs(_))
                    && it.fields == [field.name.clone()]
                    && it.extras == IndexExtras::default()
            });
            if matches!(field.ty, FieldType::Geometry(_)) && !asked {
                let column = quoted(&field.name);
                statements.push(format!("CREATE INDEX ON {} USING gist ({column})", self.sql()));
            }
        }
        let mut made: Vec<&Index> = Vec::new();
        for index in declared {
            let nameless = |it: &Index| Index { name: None, ..it.clone() };
            if !made.iter().any(|it| nameless(it) == nameless(index)) {
                made.push(index);
                statements.push(self.index(index));
            }
        }
        statements
    }

    fn index(&self, index: &Index) -> String {
        let unique = if index.unique { "UNIQUE " } else { "" };
        let name = index.name.as_ref().map(|name| quoted(name) + " ").unwrap_or_default();
        let (method, class) = match index.method {
            IndexMethod::BTree => ("btree", ""),
            IndexMethod::Spatial => ("gist", ""),
            IndexMethod::SpatialAs(SpatialIndexKind::SpGist) => ("spgist", ""),
            IndexMethod::SpatialAs(SpatialIndexKind::Brin) => ("brin", ""),
            IndexMethod::SpatialAs(SpatialIndexKind::AllDimensions) => {
                ("gist", " gist_geometry_ops_nd")
            }
        };
        let columns = if let Some(expression) = &index.extras.expression {
            format!("({expression}){class}")
        } else {
            let columns = index.fields.iter().map(|field| format!("{}{class}", quoted(field)));
            columns.collect::<Vec<_>>().join(", ")
        };
        let mut sql =
            format!("CREATE {unique}INDEX {name}ON {} USING {method} ({columns})", self.sql());
        let IndexExtras { condition, including, .. } = &index.extras;
        if !including.is_empty() {
            let columns: Vec<String> = including.iter().map(|it| quoted(it)).collect();
            write!(sql, " INCLUDE ({})", columns.join(", ")).expect("a string takes everything");
        }
        if let Some(condition) = condition {
            write!(sql, " WHERE {condition}").expect("a string takes everything");
        }
        sql
    }
}

/// The condition that only values of a closed set fulfil.
fn closed_set(column: &str, domain: &Domain) -> Option<String> {
    match domain {
        Domain::OneOf(values) if !values.is_empty() => {
            let values: Option<Vec<String>> =
                values.iter().map(|(value, _)| value_literal(value)).collect();
            Some(format!("{column} IN ({})", values?.join(", ")))
        }
        Domain::Range { min, max } => {
            let side = |bound: &Option<(Value, bool)>, strict: &str| {
                let (value, inclusive) = bound.as_ref()?;
                let equal = if *inclusive { "=" } else { "" };
                Some(format!("{column} {strict}{equal} {}", value_literal(value)?))
            };
            let sides = [side(min, ">"), side(max, "<")];
            let sides: Vec<String> = sides.into_iter().flatten().collect();
            (!sides.is_empty()).then(|| sides.join(" AND "))
        }
        Domain::OneOf(_) | Domain::Glob(_) => None,
    }
}

/// Limits that a type of the server's does not set by itself.
fn limits(ty: &FieldType) -> Option<String> {
    match ty {
        FieldType::Int(IntWidth::W8) => Some("{} >= -128 AND {} <= 127".to_owned()),
        FieldType::Bytes { max_bytes: Some(limit) } => {
            Some(format!("octet_length({{}}) <= {limit}"))
        }
        _ => None,
    }
}

/// A value as an SQL literal; `None` for the few that no literal spells.
fn value_literal(value: &Value) -> Option<String> {
    let facts = TypeFacts {
        name: "text".to_owned(),
        known: true,
        modifier: -1,
        labels: None,
        element: None,
    };
    let typed = |text: String, ty: &str| format!("{}::{ty}", literal(&text));
    Some(match value {
        Value::Null => "NULL".to_owned(),
        Value::Bool(truth) => truth.to_string(),
        Value::Int(number) if *number < 0 => format!("({number})"),
        Value::Int(number) => number.to_string(),
        Value::Real(number) => typed(number.to_string(), "float8"),
        Value::Decimal(number) => typed(number.as_str().to_owned(), "numeric"),
        Value::Text(_) if misfit(&Kind::of(&facts), value).is_some() => return None,
        Value::Text(text) => literal(text),
        Value::Date(date) => typed(date.to_string(), "date"),
        Value::Time(time) if time.offset.is_some() => typed(time.to_string(), "timetz"),
        Value::Time(time) => typed(time.to_string(), "time"),
        Value::DateTime(time) if time.offset.is_some() => typed(time.to_string(), "timestamptz"),
        Value::DateTime(time) => typed(time.to_string(), "timestamp"),
        Value::Json(json) => typed(json.as_str().to_owned(), "json"),
        Value::Uuid(uuid) => typed(uuid.to_string(), "uuid"),
        Value::Bytes(_) | Value::Geometry(_) => return None,
    })
}

/// `fid`, or the next free name when a field has it.
fn key_name(definition: &LayerDefinition) -> String {
    let taken = |name: &str| {
        let is_id = matches!(&definition.identity, Identity::Column(id) if id == name);
        is_id || definition.schema.position(name).is_some()
    };
    let more = (1..).map(|number| format!("fid_{number}"));
    std::iter::once("fid".to_owned()).chain(more).find(|name| !taken(name)).unwrap_or_default()
}
