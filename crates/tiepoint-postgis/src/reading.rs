//! Rows becoming features.
use crate::decode::{Bytes, Reader};
use crate::error::Failure;
use crate::error::Site;
use crate::kind::Kind;
use crate::metadata::Table;
use crate::select::{Select, Shape};
use std::sync::Arc;
use tiepoint_core::{Feature, Fid, ObjectId, Value};
use tiepoint_store::{Features, ReadControl, Result, StoreError};
use tokio_postgres::Row;

/// How many rows pass between two looks at the clock.
const ROWS_BETWEEN_CHECKS: u64 = 64;

/// Where rows come from, one after another.
pub(crate) trait RowSource {
    /// The next row; after an error there are no more.
    fn next_row(&mut self, control: Option<&ReadControl>) -> Result<Option<Row>, Failure>;

    /// Takes a row back that has been read.
    fn take_back(&mut self, row: Row) {
        drop(row);
    }
}

/// What makes features of rows.
#[derive(Debug, Clone)]
pub(crate) struct FeatureReader {
    pub(crate) site: Site,
    pub(crate) table: Arc<Table>,
    pub(crate) shape: Shape,
    fid_kind: Kind,
    id_is_uuid: bool,
}

impl FeatureReader {
    pub(crate) fn new(site: Site, table: Arc<Table>, shape: Shape) -> Self {
        let fid_kind = table.fid_kind();
        let id_is_uuid = table.tie.as_ref().is_some_and(|tie| tie.kind == Kind::Uuid);
        Self { site, table, shape, fid_kind, id_is_uuid }
    }

    /// The feature in a row.
    pub(crate) fn feature(&self, row: &Row) -> Result<Feature> {
        let fid = self.fid(bytes(row, 0));
        let mut values = Vec::with_capacity(self.shape.columns.len());
        for column in &self.shape.columns {
            values.push(match column {
                None => None,
                Some((at, of)) => Some(self.value(row, *at, *of, fid.as_ref())?),
            });
        }
        let feature = Feature::with_values(Arc::clone(&self.shape.schema), values);
        Ok(feature.with_fid(fid).with_id(self.id(bytes(row, 1))))
    }

    /// The value of a field that is in a column of the result, and is one of the table's columns.
    fn value(&self, row: &Row, at: usize, of: usize, fid: Option<&Fid>) -> Result<Value> {
        let Some(bytes) = bytes(row, at) else { return Ok(Value::Null) };
        let column = &self.table.columns[of];
        Reader { kind: &column.kind, srid: column.srid }.value(bytes).map_err(|reason| {
            let row = fid.map_or_else(|| "a row".to_owned(), |fid| format!("row {fid}"));
            let (layer, field) = (self.table.layer.name(), &column.name);
            self.site.corrupt(&format!("layer `{layer}`, {row}, field `{field}`"), reason)
        })
    }

    fn fid(&self, bytes: Option<&[u8]>) -> Option<Fid> {
        let value = Reader { kind: &self.fid_kind, srid: 0 }.value(bytes?);
        match value.ok()? {
            Value::Int(number) => Some(Fid::Int(number)),
            Value::Text(text) => Some(Fid::Text(text)),
            _ => None,
        }
    }

    fn id(&self, bytes: Option<&[u8]>) -> Option<ObjectId> {
        let bytes = bytes?;
        if let Some(key) = &self.table.natural_key {
            let kind = &self.table.columns[key.position()].kind;
            return key.id_of(&Reader { kind, srid: 0 }.value(bytes).ok()?);
        }
        if self.id_is_uuid {
            return ObjectId::from_bytes(bytes.try_into().ok()?).ok();
        }
        std::str::from_utf8(bytes).ok()?.parse().ok()
    }
}

fn bytes(row: &Row, at: usize) -> Option<&[u8]> {
    row.try_get::<_, Option<Bytes<'_>>>(at).ok().flatten().map(|Bytes(bytes)| bytes)
}

impl Select {
    /// The features of the rows that the statement gives, finished.
    pub(crate) fn features<'a>(
        self,
        site: Site,
        source: impl RowSource + 'a,
        control: Option<ReadControl>,
    ) -> Result<Features<'a>> {
        let doing = self.doing();
        let reader = FeatureReader::new(site, self.table, self.shape);
        let sorted_later = control.clone().filter(|_| self.rest.sort);
        let reading = Reading { reader, source, control, doing, passed: 0, ended: false };
        let features = self.question.finish(&self.rest, reading)?;
        Ok(match sorted_later {
            Some(control) => control.stopping(features),
            None => features,
        })
    }
}

struct Reading<S> {
    reader: FeatureReader,
    source: S,
    control: Option<ReadControl>,
    doing: String,
    passed: u64,
    ended: bool,
}

impl<S: RowSource> Iterator for Reading<S> {
    type Item = Result<Feature>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        if let Some(stop) = self.stop() {
            return Some(Err(stop));
        }
        match self.source.next_row(self.control.as_ref()) {
            Ok(Some(row)) => {
                self.passed += 1;
                let feature = self.reader.feature(&row);
                self.source.take_back(row);
                Some(feature)
            }
            Ok(None) => {
                self.end();
                None
            }
            Err(failure) => {
                self.end();
                Some(Err(self.reader.site.driver_error(failure, &self.doing)))
            }
        }
    }
}

impl<S> Reading<S> {
    /// The error that ends the reading, when it is time to stop.
    fn stop(&mut self) -> Option<StoreError> {
        let control = self.control.as_ref()?;
        if self.passed > 0 && self.passed < ROWS_BETWEEN_CHECKS {
            return None;
        }
        let stop = control.check().err();
        control.examine_many(std::mem::take(&mut self.passed));
        self.ended = stop.is_some();
        stop
    }

    fn end(&mut self) {
        self.ended = true;
        if let Some(control) = &self.control {
            control.examine_many(std::mem::take(&mut self.passed));
        }
    }
}
