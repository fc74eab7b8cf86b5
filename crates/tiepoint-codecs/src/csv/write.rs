//! Features to CSV: RFC 4180 in UTF-8, a header always.
use super::cells::Cells;
use super::columns::UniqueNames;
use super::geometry::WKT_NAMES;
use super::options::{Quote, ReadOptions};
use crate::{CodecError, DocumentWriter, Result};
use std::io::{BufWriter, Write};
use std::sync::Arc;
use tiepoint_core::{Feature, GeometryType, Identity, Schema, Value};

/// How to write a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriteOptions {
    /// What separates cells: an ASCII character.
    pub delimiter: u8,
    /// How the geometry that maps mean is laid out; others are always WKT, under their own names.
    pub geometry: GeometryLayout,
    /// Whether the object id is the first column; `None`: if the first feature has one.
    pub object_ids: Option<bool>,
    /// Whether to begin with a byte order mark, without which Excel does not see UTF-8.
    pub byte_order_mark: bool,
}

/// Which columns a geometry becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GeometryLayout {
    /// One column of WKT, named `wkt` unless a field is. All of the geometry survives, its CRS
    /// does not.
    Wkt,
    /// Two columns, `lon` and `lat` or `x` and `y`, for points with nothing but x and y.
    Xy,
    /// None.
    None,
}

impl Default for WriteOptions {
    fn default() -> Self {
        let geometry = GeometryLayout::Wkt;
        Self { delimiter: b',', geometry, object_ids: None, byte_order_mark: false }
    }
}

/// Writes a document, feature by feature.
///
/// Null and unset are an empty cell, an empty text is `""`; but in a document of one column, where
/// an empty line would be no record, both are `""`. Numbers are the shortest that read back to the
/// same bits; dates and times are ISO 8601, bytes hexadecimal, UUIDs with hyphens. NaN and
/// infinity are written by name and read back as text; an empty point in two columns reads back as
/// null. Only cells that need quotes get them.
///
/// # Examples
///
/// ```
/// use tiepoint_codecs::DocumentWriter;
/// use tiepoint_codecs::csv::{WriteOptions, Writer};
/// use tiepoint_core::{Feature, Field, FieldType, Schema};
/// let schema = std::sync::Arc::new(Schema::new(vec![
///     Field::new("name", FieldType::TEXT),
///     Field::new("height", FieldType::REAL),
/// ])?);
/// let mut oak = Feature::new(schema.clone());
/// oak.set("name", "the \"old\" oak".into())?;
/// let mut document = Vec::new();
/// let mut writer = Box::new(Writer::new(&mut document, schema, WriteOptions::default())?);
/// writer.write(&oak)?;
/// writer.finish()?;
/// assert_eq!(document, b"name,height\r\n\"the \"\"old\"\" oak\",\r\n");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Writer<W: Write> {
    output: BufWriter<W>,
    schema: Arc<Schema>,
    options: WriteOptions,
    columns: Vec<Column>,
    stage: Stage,
    /// How many features have been written.
    features: u64,
    cell: Cells,
}

/// One column of the document.
#[derive(Debug, Clone, PartialEq)]
struct Column {
    name: String,
    content: Content,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Content {
    Id,
    /// The field at this position.
    Field(usize),
    X(usize),
    Y(usize),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// The header waits for the first feature, which tells whether there are ids.
    BeforeHeader,
    InRecords,
}

impl<W: Write> Writer<W> {
    /// A writer of features with that schema.
    ///
    /// # Errors
    ///
    /// [`CodecError::Unsupported`] for a delimiter that cannot be one.
    pub fn new(output: W, schema: Arc<Schema>, options: WriteOptions) -> Result<Self> {
        ReadOptions {
            delimiter: Some(options.delimiter),
            quote: Some(Quote::Char(b'"')),
            ..ReadOptions::default()
        }
        .check()?;
        let columns = columns(&schema, options.geometry);
        let cell = Cells::new(options.delimiter);
        let (output, stage) = (BufWriter::new(output), Stage::BeforeHeader);
        Ok(Self { output, schema, options, columns, stage, features: 0, cell })
    }

    fn begin(&mut self, first_has_id: bool) -> Result<()> {
        self.stage = Stage::InRecords;
        if self.options.object_ids.unwrap_or(first_has_id) {
            self.add_id_column()?;
        }
        if self.options.byte_order_mark {
            self.output.write_all("\u{feff}".as_bytes())?;
        }
        for column in &self.columns {
            self.cell.text(&column.name);
        }
        self.end_record()
    }

    fn add_id_column(&mut self) -> Result<()> {
        let name = Identity::DEFAULT_COLUMN.to_owned();
        if self.columns.iter().any(|column| column.name == name) {
            let hint = Some(
                "leave the field out, or choose a format that keeps ids apart, such as GeoJSON"
                    .to_owned(),
            );
            let what =
                format!("CSV cannot have the field `{name}` beside the column of object ids");
            return Err(CodecError::Unsupported { what, hint });
        }
        self.columns.insert(0, Column { name, content: Content::Id });
        Ok(())
    }

    fn end_record(&mut self) -> Result<()> {
        self.cell.take_record(|line| self.output.write_all(line))
    }

    fn check(&self, feature: &Feature) -> Result<()> {
        let has_id_column = self.columns.first().is_some_and(|it| it.content == Content::Id);
        if feature.id.is_some() && !has_id_column && self.options.object_ids.is_none() {
            let what = format!(
                "feature {} has an object id and the first had none, so no column is there for it",
                self.features
            );
            let hint = Some("say whether object ids are to be written".to_owned());
            return Err(CodecError::Unsupported { what, hint });
        }
        if !Arc::ptr_eq(feature.schema(), &self.schema) && **feature.schema() != *self.schema {
            let what = format!("feature {} has other fields than the document", self.features);
            return Err(CodecError::Unsupported { what, hint: None });
        }
        Ok(())
    }

    fn cells(&mut self, feature: &Feature) -> Result<()> {
        for column in &self.columns {
            let value = |index: usize| feature.values()[index].as_ref().unwrap_or(&Value::Null);
            match column.content {
                Content::Id => {
                    self.cell
                        .plain(feature.id.map(|id| id.to_string()).unwrap_or_default().as_bytes());
                }
                Content::Field(index) => self.cell.value(value(index)),
                Content::X(index) => self.cell.ordinate(value(index), 0, self.features)?,
                Content::Y(index) => self.cell.ordinate(value(index), 1, self.features)?,
            }
        }
        Ok(())
    }
}

impl<W: Write> DocumentWriter for Writer<W> {
    fn write(&mut self, feature: &Feature) -> Result<()> {
        self.features += 1;
        if self.stage == Stage::BeforeHeader {
            self.begin(feature.id.is_some())?;
        }
        self.check(feature)?;
        let written = self.cells(feature);
        if written.is_err() {
            self.cell.forget();
        }
        written.and_then(|()| self.end_record())
    }

    fn finish(mut self: Box<Self>) -> Result<()> {
        if self.stage == Stage::BeforeHeader {
            self.begin(false)?;
        }
        Ok(self.output.flush()?)
    }
}

/// The columns in the schema's order.
fn columns(schema: &Schema, layout: GeometryLayout) -> Vec<Column> {
    let main = schema.geometry();
    let mut names = UniqueNames::default();
    for (index, field) in schema.fields().iter().enumerate() {
        if main.is_none_or(|(main, _)| main != index) {
            names.claim(&field.name);
        }
    }
    let mut columns = Vec::with_capacity(schema.fields().len() + 1);
    for (index, field) in schema.fields().iter().enumerate() {
        if let Some((_, ty)) = main.filter(|(main, _)| *main == index) {
            columns.extend(geometry_columns(index, ty, layout, &mut names));
        } else {
            let (name, content) = (field.name.clone(), Content::Field(index));
            columns.push(Column { name, content });
        }
    }
    columns
}

fn geometry_columns(
    index: usize,
    ty: &GeometryType,
    layout: GeometryLayout,
    names: &mut UniqueNames,
) -> Vec<Column> {
    match layout {
        GeometryLayout::None => Vec::new(),
        GeometryLayout::Wkt => {
            let free = WKT_NAMES.iter().find(|name| !names.is_taken(name));
            let name = names.claim(free.unwrap_or(&WKT_NAMES[0]));
            vec![Column { name, content: Content::Field(index) }]
        }
        GeometryLayout::Xy => {
            let (x, y) = if ty.crs.is_lonlat() { ("lon", "lat") } else { ("x", "y") };
            vec![
                Column { name: names.claim(x), content: Content::X(index) },
                Column { name: names.claim(y), content: Content::Y(index) },
            ]
        }
    }
}
