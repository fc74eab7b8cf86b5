//! Reading what tables are from the server's catalogue.
use crate::constraints::{Stated, geometry_rules};
use crate::error::Failure;
use crate::error::Site;
use crate::kind::{Kind, TypeFacts};
use crate::link::Link;
use crate::metadata::{Collation, Column, Key, KeyColumn, Relation, Table, TableIndex, Tie};
use crate::side::FieldNote;
use crate::spelling::{literal, quoted};
use crate::srid::Systems;
use crate::{geometry, side};
use std::collections::HashMap;
use std::sync::Arc;
use tiepoint_core::{
    Check, FidRule, Field, FieldDefault, FieldType, Identity, Index, IndexMethod, Layer,
    LayerDefinition, Schema,
};
use tiepoint_store::{NaturalKey, Result};
use tokio_postgres::Row;

/// A table as `sql/tables.sql` tells of it.
#[derive(Debug, Clone)]
pub(crate) struct Listed {
    pub(crate) oid: u32,
    pub(crate) schema: String,
    pub(crate) name: String,
    relation: Relation,
    description: Option<String>,
    writable: bool,
}

/// A column as `sql/columns.sql` tells of it.
#[derive(Debug)]
struct Told {
    number: i16,
    name: String,
    facts: TypeFacts,
    not_null: bool,
    generated: bool,
    identity: String,
    default: Option<String>,
    description: Option<String>,
    collation: Collation,
    readable: bool,
}

/// The tables that may be layers, in these schemas or all.
pub(crate) fn listed(
    link: &Link,
    schemas: Option<&[String]>,
    only: Option<u32>,
) -> Result<Vec<Listed>, Failure> {
    let rows = link.query(include_str!("sql/tables.sql"), &[&schemas, &only])?;
    Ok(rows.iter().map(Listed::of).collect())
}

impl Listed {
    fn of(row: &Row) -> Self {
        let relation = match row.get::<_, &str>(3) {
            "p" => Relation::Partitioned,
            "v" => Relation::View,
            "m" => Relation::MaterializedView,
            "f" => Relation::Foreign,
            _ => Relation::Table,
        };
        Self {
            oid: row.get(0),
            schema: row.get(1),
            name: row.get(2),
            relation,
            description: row.get(4),
            writable: row.get(5),
        }
    }
}

/// What several tables are described with.
pub(crate) struct Describer<'l> {
    link: &'l Link,
    site: &'l Site,
    systems: &'l Systems,
    columns: HashMap<u32, Vec<Told>>,
    indexes: HashMap<u32, Vec<TableIndex>>,
    checks: HashMap<u32, Vec<Stated>>,
    ties: HashMap<u32, Vec<side::TieNote>>,
    notes: HashMap<u32, Vec<FieldNote>>,
}

impl<'l> Describer<'l> {
    /// Reads about all of these at once; our own notes, too, if there are any.
    pub(crate) fn of(
        link: &'l Link,
        site: &'l Site,
        systems: &'l Systems,
        oids: &[u32],
        has_notes: bool,
    ) -> Result<Self, Failure> {
        let columns = grouped(link.query(include_str!("sql/columns.sql"), &[&oids])?, told);
        let indexes = grouped(link.query(include_str!("sql/indexes.sql"), &[&oids])?, index);
        let checks = grouped(link.query(include_str!("sql/checks.sql"), &[&oids])?, |row| {
            Stated::new(row.get(1), row.get(2))
        });
        let (mut ties, mut notes) = (HashMap::new(), HashMap::new());
        if has_notes {
            ties = side::ties_of(link, oids)?;
            notes = side::notes_of(link, oids)?;
        }
        Ok(Self { link, site, systems, columns, indexes, checks, ties, notes })
    }

    /// One table, as a layer of this name.
    pub(crate) fn table(&self, listed: &Listed, name: &str, stamp: String) -> Result<Table> {
        let empty = Vec::new();
        let told = self.columns.get(&listed.oid).map_or(&empty[..], |it| it);
        let indexes = self.indexes.get(&listed.oid).cloned().unwrap_or_default();
        let tie = self.tie(listed.oid, told);
        let hidden = |it: &&Told| {
            it.readable
                && tie.as_ref().is_none_or(|tie| tie.column != it.name)
                && numbering(told, &indexes).is_none_or(|number| number.name != it.name)
        };
        let shown: Vec<&Told> = told.iter().filter(hidden).collect();
        let mut fields = Vec::with_capacity(shown.len());
        let mut columns = Vec::with_capacity(shown.len());
        for it in &shown {
            let (field, column) = self.field(listed, it, &indexes)?;
            fields.push(field);
            columns.push(column);
        }
        let schema = Schema::new(fields)
            .map_err(|error| self.site.corrupt(&format!("layer `{name}`"), error.to_string()))?;
        let note = self.ties.get(&listed.oid).and_then(|it| it.first());
        let noted = note.and_then(|it| it.natural_key.clone()).filter(|_| tie.is_none());
        let (named, lost): (Vec<_>, Vec<_>) = noted
            .into_iter()
            .partition(|(field, _)| NaturalKey::check(name, &schema, field).is_ok());
        let natural = named.first().and_then(|(field, _)| schema.position(field));
        let key = key(told, &shown, &indexes, tie.as_ref(), natural);
        let identity = match (&tie, named.into_iter().next()) {
            (Some(tie), _) => Identity::Column(tie.column.clone()),
            (None, Some((field, namespace))) => Identity::NaturalKey { field, namespace },
            (None, None) => Identity::None,
        };
        let layer = Layer {
            definition: LayerDefinition {
                name: name.to_owned(),
                title: note.and_then(|it| it.title.clone()),
                description: listed.description.clone(),
                identity,
                indexes: declared(&indexes, &schema, &columns),
                checks: self.declared_checks(listed.oid, &schema),
                schema: schema.into(),
            },
            fids: if key == Key::None { FidRule::Ephemeral } else { FidRule::Stable },
            fid_name: match &key {
                Key::Column(column) => Some(column.name.clone()),
                Key::None | Key::Several(_) => None,
            },
            read_only: read_only(listed, &key),
        };
        Ok(Table {
            natural_key: NaturalKey::of(&layer),
            lost_key: lost.into_iter().next().map(|(field, _)| field),
            layer: Arc::new(layer),
            oid: listed.oid,
            schema: listed.schema.clone(),
            name: listed.name.clone(),
            relation: listed.relation,
            columns,
            key,
            tie,
            indexes,
            stamp,
        })
    }

    fn tie(&self, oid: u32, told: &[Told]) -> Option<Tie> {
        let note = self.ties.get(&oid)?.iter().find(|it| it.column.is_some())?;
        let column = told.iter().find(|it| Some(&it.name) == note.column.as_ref())?;
        let kind = Kind::of(&column.facts);
        Some(Tie { column: column.name.clone(), kind, added: note.added })
    }

    fn field(
        &self,
        listed: &Listed,
        told: &Told,
        indexes: &[TableIndex],
    ) -> Result<(Field, Column)> {
        let kind = Kind::of(&told.facts);
        let stated = self.checks.get(&listed.oid).map_or(&[][..], |it| it);
        let note =
            self.notes.get(&listed.oid).and_then(|it| it.iter().find(|it| it.field == told.name));
        let (ty, srid) = match kind.field_type(&told.facts) {
            Some(ty) => (crate::constraints::narrowed(ty, &told.name, stated), 0),
            None => self.geometry_type(listed, told, &kind, stated)?,
        };
        let generated = told.generated || told.identity == "a" || !kind.is_written();
        let default = match &told.default {
            None if !told.identity.is_empty() => {
                let table =
                    literal(&format!("{}.{}", quoted(&listed.schema), quoted(&listed.name)));
                let next =
                    format!("nextval(pg_get_serial_sequence({table}, {}))", literal(&told.name));
                Some(FieldDefault::Expression(next))
            }
            Some(_) if told.generated => None,
            Some(text) => Some(crate::constraints::default(text, &ty)),
            None => None,
        };
        let unique =
            indexes.iter().any(|it| it.unique && !it.partial && it.columns == [told.number]);
        let domain = note.and_then(|it| it.domain.clone());
        let domain = domain.or_else(|| kind.domain());
        let domain = domain.or_else(|| crate::constraints::domain(&ty, &told.name, stated));
        let field = Field {
            name: told.name.clone(),
            nullable: !told.not_null,
            unique,
            default,
            domain,
            generated,
            title: note.and_then(|it| it.title.clone()),
            description: told.description.clone(),
            ty,
        };
        let column = Column {
            name: told.name.clone(),
            number: told.number,
            kind,
            srid,
            collation: told.collation,
            generated,
        };
        Ok((field, column))
    }

    fn geometry_type(
        &self,
        listed: &Listed,
        told: &Told,
        kind: &Kind,
        stated: &[Stated],
    ) -> Result<(FieldType, i32)> {
        let rules = geometry_rules(told.facts.modifier, &told.name, stated);
        let srid = match rules.srid {
            Some(srid) => srid,
            None if *kind == Kind::Geography => geometry::LONLAT_SRID,
            None => Systems::srid_in_use(
                self.link,
                self.site,
                (&listed.schema, &listed.name),
                &told.name,
            )?,
        };
        let crs = self.systems.crs(self.link, self.site, srid)?;
        Ok((FieldType::Geometry(rules.ty(crs, kind)), srid))
    }

    fn declared_checks(&self, oid: u32, schema: &Schema) -> Vec<Check> {
        let stated = self.checks.get(&oid).map_or(&[][..], |it| it);
        let ours = |it: &&Stated| !it.says_a_field(schema);
        let check = |it: &Stated| Check {
            name: Some(it.name.clone()),
            expression: it.expression().to_owned(),
        };
        stated.iter().filter(ours).map(check).collect()
    }
}

/// What tells rows apart: the primary key, else what is unique and never null, else the object id.
fn key(
    told: &[Told],
    shown: &[&Told],
    indexes: &[TableIndex],
    tie: Option<&Tie>,
    natural: Option<usize>,
) -> Key {
    let usable = |it: &&TableIndex| it.unique && !it.partial && !it.columns.contains(&0);
    let not_null = |it: &&TableIndex| {
        it.columns.iter().all(|number| told.iter().any(|it| it.number == *number && it.not_null))
    };
    let chosen = indexes.iter().find(|it| it.primary);
    let chosen = chosen.or_else(|| indexes.iter().filter(usable).find(not_null));
    let Some(chosen) = chosen else {
        let column = |name: &str, kind, position| {
            Key::Column(KeyColumn { name: name.to_owned(), kind, position, sequence: None })
        };
        return match (tie, natural) {
            (Some(tie), _) => column(&tie.column, tie.kind.clone(), None),
            (None, Some(at)) => column(&shown[at].name, Kind::of(&shown[at].facts), natural),
            (None, None) => Key::None,
        };
    };
    let column = |number: &i16| {
        let it = told.iter().find(|it| it.number == *number)?;
        Some(KeyColumn {
            name: it.name.clone(),
            kind: Kind::of(&it.facts),
            position: shown.iter().position(|shown| shown.number == *number),
            sequence: sequence(it),
        })
    };
    let mut columns: Vec<KeyColumn> = chosen.columns.iter().filter_map(column).collect();
    match (columns.len(), columns.pop()) {
        (1, Some(column)) => Key::Column(column),
        (_, Some(last)) => {
            columns.push(last);
            Key::Several(columns)
        }
        (_, None) => Key::None,
    }
}

fn grouped<T>(rows: Vec<Row>, read: impl Fn(&Row) -> T) -> HashMap<u32, Vec<T>> {
    let mut groups: HashMap<u32, Vec<T>> = HashMap::new();
    for row in rows {
        groups.entry(row.get(0)).or_default().push(read(&row));
    }
    groups
}

fn told(row: &Row) -> Told {
    Told {
        number: row.get(1),
        name: row.get(2),
        facts: TypeFacts {
            name: row.get(3),
            known: row.get::<_, Option<bool>>(4).unwrap_or_default(),
            modifier: row.get(5),
            labels: row.get(6),
            element: row.get(7),
        },
        not_null: row.get(8),
        generated: row.get(9),
        identity: row.get(10),
        default: row.get(11),
        description: row.get(12),
        collation: match (row.get(13), row.get(14)) {
            (true, _) => Collation::CodePoint,
            (false, true) => Collation::Deterministic,
            (false, false) => Collation::Loose,
        },
        // null where somebody has just dropped the table
        readable: row.get::<_, Option<bool>>(15).unwrap_or_default(),
    }
}

fn index(row: &Row) -> TableIndex {
    TableIndex {
        name: row.get(1),
        method: row.get(2),
        unique: row.get::<_, bool>(3) && row.get::<_, bool>(6),
        primary: row.get(4),
        partial: row.get(5),
        columns: row.get(7),
    }
}

/// The column that is but the server's number for a row: a whole number that is the key, that the
/// server counts itself, and that goes by a name which says so. It is the fid, and no field.
fn numbering<'t>(told: &'t [Told], indexes: &[TableIndex]) -> Option<&'t Told> {
    let primary = indexes.iter().find(|it| it.primary)?;
    let [number] = primary.columns[..] else { return None };
    let column = told.iter().find(|it| it.number == number)?;
    let whole = matches!(Kind::of(&column.facts), Kind::Int2 | Kind::Int4 | Kind::Int8);
    let said = is_named_as_fid(&column.name);
    (said && whole && sequence(column).is_some()).then_some(column)
}

/// `fid` and `fid_2`, as tiepoint and QGIS name it, or `ogc_fid`, as GDAL does.
fn is_named_as_fid(name: &str) -> bool {
    let number = name.strip_prefix("fid_").unwrap_or("0");
    matches!(name, "fid" | "ogc_fid")
        || number.bytes().all(|it| it.is_ascii_digit()) && name.starts_with("fid_")
}

/// How rows are numbered: `nextval('trees_fid_seq'::regclass)`, or an identity, whose sequence the
/// server is asked for.
fn sequence(told: &Told) -> Option<String> {
    if !told.identity.is_empty() {
        return Some(String::new());
    }
    let text = told.default.as_deref()?.strip_prefix("nextval('")?;
    text.strip_suffix("'::regclass)").map(|name| name.replace("''", "'"))
}

/// The indexes that somebody declared, beyond those that every layer has.
fn declared(indexes: &[TableIndex], schema: &Schema, columns: &[Column]) -> Vec<Index> {
    let name_of =
        |number: &i16| columns.iter().find(|it| it.number == *number).map(|it| it.name.clone());
    let declared = indexes.iter().filter(|it| !it.primary && !it.partial).filter_map(|it| {
        let fields: Vec<String> = it.columns.iter().map(name_of).collect::<Option<_>>()?;
        let method = match it.method.as_str() {
            "btree" => IndexMethod::BTree,
            "gist" | "spgist" | "brin" => IndexMethod::Spatial,
            _ => return None,
        };
        // what a field or its geometry says by itself
        let of_one = fields.len() == 1;
        let told = of_one && (it.unique || method == IndexMethod::Spatial);
        let known = fields.iter().all(|field| schema.position(field).is_some());
        (known && !told).then(|| Index {
            name: Some(it.name.clone()),
            unique: it.unique,
            method,
            ..Index::on(fields)
        })
    });
    declared.collect()
}

fn read_only(listed: &Listed, key: &Key) -> Option<String> {
    match listed.relation {
        Relation::View => return Some("it is a view".to_owned()),
        Relation::MaterializedView => return Some("it is a materialized view".to_owned()),
        Relation::Table | Relation::Partitioned | Relation::Foreign => {}
    }
    if !listed.writable {
        return Some("the server's role may not write to it".to_owned());
    }
    (*key == Key::None)
        .then(|| "it has no key to tell rows apart: give it a primary key, or tie it".to_owned())
}
