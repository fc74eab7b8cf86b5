//! A layer that has a log, as its entries and its rows are read.
use crate::dialect::quoted;
use crate::log::NotedColumns;
use crate::metadata::Table;
use crate::{reading, values};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Result, Row};
use std::sync::Arc;
use tiepoint_core::{Fid, FieldNames, FieldType, Image, ObjectId, Target, Value};

#[derive(Debug)]
pub(super) struct Lineage {
    table: Arc<Table>,
    /// Where the values of each field are in the log.
    slots: Vec<usize>,
    pub(super) name: Arc<str>,
    pub(super) fields: FieldNames,
}

/// What a row says, or said.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Said {
    pub(super) id: Option<ObjectId>,
    pub(super) values: Vec<Option<Value>>,
}

impl Said {
    pub(super) fn image(&self, fid: i64) -> Image {
        Image { fid: Some(Fid::Int(fid)), values: self.values.clone() }
    }

    pub(super) fn target(&self, fid: i64) -> Target {
        self.id.map_or(Target::Fid(Fid::Int(fid)), Target::Id)
    }
}

impl Lineage {
    pub(super) fn new(table: Arc<Table>, columns: &NotedColumns) -> Self {
        let fields = table.layer.schema().fields();
        let fields = fields.iter().map(|it| it.name.clone()).collect();
        Self { slots: columns.slots(), name: table.name().into(), fields, table }
    }

    /// The field that names the objects, where there is one.
    pub(super) fn key_field(&self) -> Option<usize> {
        self.table.natural_key.as_ref().map(tiepoint_store::NaturalKey::position)
    }

    /// The object that values stand for, where a field names it.
    pub(super) fn named(&self, values: &[Option<Value>]) -> Option<ObjectId> {
        let key = self.table.natural_key.as_ref()?;
        key.id_of(values[key.position()].as_ref()?)
    }

    /// All that an entry says, whose values begin at column `first` and whose id is in column `id`.
    pub(super) fn whole(&self, row: &Row<'_>, id: usize, first: usize) -> Result<Said> {
        let value =
            |(at, slot): (usize, &usize)| Ok(Some(self.value(at, row.get_ref(first + slot)?)));
        let values = self.slots.iter().enumerate().map(value).collect::<Result<Vec<_>>>()?;
        Ok(self.said(row.get_ref(id)?, values))
    }

    /// What an entry says of the fields whose bits are set.
    pub(super) fn some(
        &self,
        row: &Row<'_>,
        mask: i64,
        first: usize,
    ) -> Result<Vec<(usize, Value)>> {
        let slots = self.slots.iter().enumerate();
        let set = slots.filter(|(_, slot)| **slot < 63 && mask >> **slot & 1 == 1);
        set.map(|(at, slot)| Ok((at, self.value(at, row.get_ref(first + slot)?)))).collect()
    }

    /// What the rows with these keys say now; `fids` ascend.
    pub(super) fn rows(
        &self,
        connection: &Connection,
        fids: &[i64],
        mut found: impl FnMut(i64, Said),
    ) -> Result<()> {
        let id = self.table.tie.as_ref().map_or("NULL".to_owned(), |tie| quoted(&tie.column));
        let fields = self.fields.iter().map(|name| quoted(name));
        let columns: Vec<String> = std::iter::once(id).chain(fields).collect();
        let key = self.table.key_sql().expect("only layers with keys have logs");
        let (columns, table) = (columns.join(", "), self.table.sql());
        let sql = format!("SELECT {key}, {columns} FROM {table} WHERE {key} BETWEEN ?1 AND ?2");
        let mut statement = connection.prepare_cached(&sql)?;
        for run in fids.chunk_by(|a, b| a.checked_add(1) == Some(*b)) {
            let mut rows = statement.query([run[0], run[run.len() - 1]])?;
            while let Some(row) = rows.next()? {
                let value = |at: usize| Ok(Some(self.value(at, row.get_ref(at + 2)?)));
                let values = (0..self.fields.len()).map(value).collect::<Result<Vec<_>>>()?;
                found(row.get(0)?, self.said(row.get_ref(1)?, values));
            }
        }
        Ok(())
    }

    fn said(&self, id: ValueRef<'_>, values: Vec<Option<Value>>) -> Said {
        let id =
            if self.key_field().is_some() { self.named(&values) } else { reading::object_id(id) };
        Said { id, values }
    }

    /// A value of a field; a geometry that cannot be read is its bytes.
    fn value(&self, field: usize, stored: ValueRef<'_>) -> Value {
        let ty: &FieldType = &self.table.layer.schema().fields()[field].ty;
        values::decode(stored, ty).unwrap_or_else(|_| match stored {
            ValueRef::Blob(bytes) => Value::Bytes(bytes.to_vec()),
            _ => Value::Null,
        })
    }
}
