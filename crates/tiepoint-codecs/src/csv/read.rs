//! The second pass: features, one record each.
use super::columns::named;
use super::evidence::shown;
use super::geometry::{
    GeometrySource, Pair, geometry, outside_the_globe, pair, point, why_no_pair,
};
use super::records::{CellText, Record, Records, Row};
use super::survey::{CsvSurvey, Role, fitting, header_cells, open};
use super::transcode::Utf8Source;
use crate::infer::{DecimalMark, parse, trimmed};
use crate::{CodecError, DocumentReader, Place, Result};
use std::io::Read;
use std::sync::Arc;
use tiepoint_core::{Feature, FieldType, GeometryWriter, ObjectId, Schema, Value};

/// A document's features, one after another, in bounded memory.
///
/// A record that makes no sense is a [`CodecError::BadFeature`] with its number, its line and its
/// text; reading can go on after it.
pub struct Reader<R> {
    records: Records<R>,
    features: Features,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum State {
    Running,
    Ended,
}

/// Reads the features of a document that was surveyed before.
///
/// # Errors
///
/// [`CodecError::Changed`] when the header is not the one surveyed; [`CodecError::Io`].
///
/// # Examples
///
/// ```
/// use tiepoint_codecs::csv::{ReadOptions, reader, survey};
/// let text = "name,lon,lat\nHelsinki,24.94,60.17\nAtlantis,,\n";
/// let found = survey(text.as_bytes(), &ReadOptions::default())?;
/// for feature in reader(text.as_bytes(), &found)? {
///     let feature = feature?;
///     println!("{:?} is at {:?}", feature.get("name"), feature.get("geometry"));
/// }
/// # Ok::<(), tiepoint_codecs::CodecError>(())
/// ```
pub fn reader<R: Read>(input: R, survey: &CsvSurvey) -> Result<Reader<R>> {
    let source = Utf8Source::new(input, Some(survey.dialect.encoding));
    let mut records = open(source, &survey.dialect)?;
    if survey.dialect.header {
        let header = match records.next()? {
            Some(record) => header_cells(&record)?,
            None => Vec::new(),
        };
        if named(&header).0 != survey.columns {
            return Err(CodecError::Changed { what: "the header is another".to_owned() });
        }
    }
    Ok(Reader { records, features: Features::new(survey), state: State::Running })
}

impl<R: Read> Iterator for Reader<R> {
    type Item = Result<Feature>;

    fn next(&mut self) -> Option<Result<Feature>> {
        if self.state == State::Ended {
            return None;
        }
        let feature = match self.records.next() {
            Ok(None) => None,
            Ok(Some(record)) => Some(self.features.feature(&record)),
            Err(error) => Some(Err(error)),
        };
        let goes_on = match &feature {
            None => false,
            Some(Ok(_)) => true,
            Some(Err(error)) => error.is_recoverable(),
        };
        if !goes_on {
            self.state = State::Ended;
        }
        feature
    }
}

impl<R: Read> DocumentReader for Reader<R> {
    fn schema(&self) -> &Arc<Schema> {
        &self.features.schema
    }

    fn bytes_read(&self) -> u64 {
        self.records.bytes_read()
    }
}

/// Makes features out of records.
struct Features {
    survey: CsvSurvey,
    schema: Arc<Schema>,
    mark: DecimalMark,
    /// Whether coordinates are degrees.
    is_lonlat: bool,
    writer: GeometryWriter,
    /// How many records have been read.
    number: u64,
}

/// Why there is no feature.
enum Refusal {
    /// It makes no sense.
    Bad(String),
    /// The survey saw something else.
    Changed(String),
}

impl Features {
    fn new(survey: &CsvSurvey) -> Self {
        let mark =
            if survey.dialect.decimal_comma { DecimalMark::Comma } else { DecimalMark::Point };
        let schema = Arc::clone(&survey.survey.schema);
        Self {
            survey: survey.clone(),
            is_lonlat: schema.geometry().is_some_and(|(_, ty)| ty.crs.is_lonlat()),
            schema,
            mark,
            writer: GeometryWriter::new(),
            number: 0,
        }
    }

    fn feature(&mut self, record: &Record<'_>) -> Result<Feature> {
        self.number += 1;
        let columns = self.survey.columns.len();
        let built = fitting(record, columns, self.survey.short_records)
            .map_err(Refusal::Bad)
            .and_then(|row| self.build(row));
        built.map_err(|refusal| match refusal {
            Refusal::Bad(reason) => CodecError::BadFeature {
                place: self.place(record),
                reason,
                source_text: record.source_text(),
            },
            Refusal::Changed(what) => {
                CodecError::Changed { what: format!("{}: {what}", self.place(record)) }
            }
        })
    }

    fn place(&self, record: &Record<'_>) -> Place {
        Place { feature: Some(self.number), line: Some(record.line), column: None }
    }

    fn build(&mut self, row: Row<'_>) -> Result<Feature, Refusal> {
        let mut values = Vec::with_capacity(self.schema.fields().len());
        let mut id = None;
        for index in 0..self.survey.roles.len() {
            match &self.survey.roles[index] {
                Role::Field(ty) => values.push(Some(self.value(index, row.cell(index), ty)?)),
                Role::Id => id = object_id(&row.cell(index).text)?,
                Role::X => values.push(Some(self.point(row).map_err(Refusal::Bad)?)),
                Role::Wkt => values.push(Some(self.geometry(index, row).map_err(Refusal::Bad)?)),
                Role::Y | Role::Unused => {}
            }
        }
        let mut feature = Feature::with_values(Arc::clone(&self.schema), values);
        feature.id = id;
        Ok(feature)
    }

    /// An empty cell is null, but for a quoted one in a column of text: that is an empty text.
    /// The only cell of a record must be quoted to be seen, and is null.
    fn value(&self, index: usize, cell: CellText<'_>, ty: &FieldType) -> Result<Value, Refusal> {
        if let FieldType::Text { .. } = ty {
            let is_null = cell.text.is_empty() && !(cell.quoted && self.survey.columns.len() > 1);
            return Ok(if is_null { Value::Null } else { Value::Text(cell.text.into_owned()) });
        }
        parse(&cell.text, ty, self.mark).ok_or_else(|| {
            let (column, cell) = (&self.survey.columns[index], shown(&cell.text));
            Refusal::Changed(format!("column `{column}`: `{cell}` is no {ty}"))
        })
    }

    fn point(&mut self, row: Row<'_>) -> Result<Value, String> {
        let GeometrySource::Xy { x, y } = self.survey.geometry else { return Ok(Value::Null) };
        let (x_cell, y_cell) = (row.cell(x).text, row.cell(y).text);
        match pair(&x_cell, &y_cell, self.mark) {
            Pair::Absent => Ok(Value::Null),
            Pair::At(x, y) => {
                let point = point(&mut self.writer, x, y)?;
                self.checked(point)
            }
            Pair::Bad => {
                let names = &self.survey.columns;
                Err(why_no_pair((&names[x], &x_cell), (&names[y], &y_cell), self.mark))
            }
        }
    }

    fn geometry(&self, index: usize, row: Row<'_>) -> Result<Value, String> {
        let column = &self.survey.columns[index];
        let located = geometry(&row.cell(index).text)
            .map_err(|error| format!("column `{column}`: {error}"))?;
        match (located, self.survey.srid) {
            (None, _) => Ok(Value::Null),
            (Some((_, Some(srid))), Some(expected)) if srid != expected => Err(format!(
                "column `{column}`: SRID {srid} in a document that has {expected} before"
            )),
            (Some((geometry, _)), _) => self.checked(geometry),
        }
    }

    fn checked(&self, geometry: tiepoint_core::Geometry) -> Result<Value, String> {
        match outside_the_globe(&geometry).filter(|_| self.is_lonlat) {
            Some(reason) => Err(reason),
            None => Ok(Value::Geometry(geometry)),
        }
    }
}

fn object_id(cell: &str) -> Result<Option<ObjectId>, Refusal> {
    if trimmed(cell).is_empty() {
        return Ok(None);
    }
    let id =
        cell.parse().map_err(|_no_id| Refusal::Changed(format!("`{}` is no id", shown(cell))))?;
    Ok(Some(id))
}
