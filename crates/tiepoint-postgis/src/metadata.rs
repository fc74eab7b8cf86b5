//! What is known of one table: its layer, and how the server keeps it.
use crate::encode::Bind;
use crate::kind::Kind;
use std::sync::Arc;
use tiepoint_core::{Layer, Value};
use tiepoint_store::NaturalKey;
use tiepoint_store::sql::Fragment;

/// A piece of SQL for this server.
pub(crate) type Sql = Fragment<Bind>;

/// A table, view or foreign table that is a layer.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    pub(crate) layer: Arc<Layer>,
    /// The server's number for it: the same after every rename.
    pub(crate) oid: u32,
    pub(crate) schema: String,
    pub(crate) name: String,
    pub(crate) relation: Relation,
    /// One for each field of the layer, in the same order.
    pub(crate) columns: Vec<Column>,
    pub(crate) key: Key,
    pub(crate) tie: Option<Tie>,
    /// The field that names the objects, where there is one.
    pub(crate) natural_key: Option<NaturalKey>,
    /// The field that was to name the objects, where it is none any more.
    pub(crate) lost_key: Option<String>,
    pub(crate) indexes: Vec<TableIndex>,
    /// What it was when this was read: see `sql/stamps.sql`.
    pub(crate) stamp: String,
}

/// What sort of thing rows come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Relation {
    Table,
    Partitioned,
    View,
    MaterializedView,
    Foreign,
}

/// How the server keeps a field.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) number: i16,
    pub(crate) kind: Kind,
    /// Of a geometry: the SRID that all have.
    pub(crate) srid: i32,
    pub(crate) collation: Collation,
    /// Whether values are always made by the server.
    pub(crate) generated: bool,
}

/// How the server compares texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Collation {
    /// Texts of other bytes may be equal.
    Loose,
    /// Texts are equal only if all of their bytes are; they sort as people of some language do.
    Deterministic,
    /// Texts also sort by code point.
    CodePoint,
}

/// What tells one row from another.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Key {
    /// Nothing does.
    None,
    /// One column.
    Column(KeyColumn),
    /// Several columns together.
    Several(Vec<KeyColumn>),
}

/// A column of the key.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct KeyColumn {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    /// Its field, where it is one.
    pub(crate) position: Option<usize>,
    /// The sequence that numbers rows.
    pub(crate) sequence: Option<String>,
}

/// The column that carries object ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tie {
    pub(crate) column: String,
    /// `uuid`, or a kind of text.
    pub(crate) kind: Kind,
    /// Whether the column is ours.
    pub(crate) added: bool,
}

/// An index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TableIndex {
    pub(crate) name: String,
    pub(crate) method: String,
    pub(crate) unique: bool,
    pub(crate) primary: bool,
    pub(crate) partial: bool,
    /// The columns by number; 0 is an expression.
    pub(crate) columns: Vec<i16>,
}

impl Table {
    /// Whether it keeps its rows itself: no view, and no table of another server.
    pub(crate) fn has_rows_of_its_own(&self) -> bool {
        matches!(self.relation, Relation::Table | Relation::Partitioned)
    }

    /// Its name, quoted, with its schema.
    pub(crate) fn sql(&self) -> Sql {
        Fragment::name(&self.schema).then(".").then_name(&self.name)
    }

    /// What its rows are sorted and told apart by, as the text or number that a fid is.
    pub(crate) fn key_sql(&self) -> Option<Sql> {
        match &self.key {
            Key::None => None,
            Key::Column(column) => Some(column.fid_sql()),
            Key::Several(columns) => {
                let columns = columns.iter().map(|it| Fragment::name(&it.name));
                let list = Fragment::call("pg_catalog.json_build_array", columns);
                Some(list.then("::pg_catalog.text COLLATE pg_catalog.\"C\""))
            }
        }
    }

    /// What object ids are read from: their own column, or the natural key as its field is read.
    pub(crate) fn id_sql(&self) -> Option<Sql> {
        let own = self.tie.as_ref().map(|tie| Fragment::name(&tie.column));
        own.or_else(|| Some(self.columns[self.natural_key.as_ref()?.position()].read_sql()))
    }

    /// What rows are sorted by last: as fids sort, and by an index where there is one.
    pub(crate) fn order_sql(&self) -> Option<Sql> {
        match &self.key {
            // cast, because a bare name may mean what is selected under it: the fid's text
            Key::Column(column) if column.kind == Kind::Uuid => {
                Some(Fragment::name(&column.name).then("::uuid"))
            }
            _ => self.key_sql(),
        }
    }

    /// The kind of the fids' bytes.
    pub(crate) fn fid_kind(&self) -> Kind {
        match &self.key {
            Key::Column(column) if column.is_whole() => column.kind.clone(),
            _ => Kind::Text,
        }
    }

    /// The spatial index of a field that holds all rows.
    pub(crate) fn spatial_index(&self, position: usize) -> Option<&TableIndex> {
        let number = self.columns.get(position)?.number;
        self.indexes.iter().find(|it| {
            matches!(it.method.as_str(), "gist" | "spgist" | "brin")
                && !it.partial
                && it.columns.first() == Some(&number)
        })
    }
}

impl Column {
    /// The column as its values are read.
    pub(crate) fn read_sql(&self) -> Sql {
        let name = Fragment::name(&self.name);
        let as_text = self.kind.is_read_as_text() || matches!(self.kind, Kind::Enum { .. });
        if as_text { name.then("::text") } else { name }
    }
}

impl KeyColumn {
    /// Whether it numbers rows.
    pub(crate) fn is_whole(&self) -> bool {
        matches!(self.kind, Kind::Int2 | Kind::Int4 | Kind::Int8)
    }

    fn fid_sql(&self) -> Sql {
        let name = Fragment::name(&self.name);
        match self.kind {
            _ if self.is_whole() => name,
            Kind::Text => name.then(" COLLATE pg_catalog.\"C\""),
            _ => name.then("::pg_catalog.text COLLATE pg_catalog.\"C\""),
        }
    }
}

/// A value as a bind of a kind, its type said, so that the server need not guess.
pub(crate) fn bound(kind: Kind, cast: &'static str, value: impl Into<Value>) -> Sql {
    Fragment::bind(Bind::new(kind, value)).then(cast)
}
