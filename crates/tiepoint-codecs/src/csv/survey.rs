//! The first pass: the whole document is looked at, for a type inferred from its beginning can be
//! wrong at its end.
use super::dialect::{Dialect, HEAD_BYTES, detect};
use super::encoding::Encoding;
use super::geometry::GeometrySource;
use super::options::{ReadOptions, ShortRecords};
use super::records::{Record, Records, Row};
use super::scan::Scanner;
use super::surveyor::Surveyor;
use super::transcode::{Utf8Source, read_full};
use crate::{CodecError, Place, Result, Survey};
use std::io::{Cursor, Read};
use std::sync::Arc;
use tiepoint_core::{FieldType, Schema};

/// What a first pass over a document found; a [`Reader`](super::Reader) needs it.
#[derive(Debug, Clone)]
pub struct CsvSurvey {
    /// What every format finds.
    pub survey: Survey,
    /// How the document is spelled.
    pub dialect: Dialect,
    /// Which columns the geometry comes from.
    pub geometry: GeometrySource,
    /// The columns' names, as in the header made unique.
    pub columns: Vec<String>,
    pub(super) roles: Vec<Role>,
    /// The SRID that geometries may name.
    pub(super) srid: Option<i32>,
    pub(super) short_records: ShortRecords,
}

impl CsvSurvey {
    /// The same findings, but the fields at these positions of the schema are read as text, as
    /// they are spelled, whatever type holds all their values.
    ///
    /// # Panics
    ///
    /// Never: names that were told apart stay so.
    #[must_use]
    pub fn with_text(mut self, positions: &[usize]) -> Self {
        let mut fields = self.survey.schema.fields().to_vec();
        let makes_field = |role: &&mut Role| matches!(role, Role::Field(_) | Role::X | Role::Wkt);
        let roles = self.roles.iter_mut().filter(makes_field);
        for (position, (field, role)) in fields.iter_mut().zip(roles).enumerate() {
            if let (true, Role::Field(ty)) = (positions.contains(&position), role) {
                *ty = FieldType::TEXT;
                field.ty = FieldType::TEXT;
            }
        }
        self.survey.schema = Arc::new(Schema::new(fields).expect("the names are as they were"));
        self
    }
}

/// What a column's cells become.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Role {
    /// A value of this type.
    Field(FieldType),
    /// The feature's id.
    Id,
    /// A geometry, with the y that stands elsewhere.
    X,
    /// Part of what stands at x.
    Y,
    /// A geometry.
    Wkt,
    /// Nothing: it has neither name nor values, as spreadsheets leave them behind.
    Unused,
}

/// Looks at a whole document: how it is spelled, which columns it has and what they hold.
///
/// Memory is bounded by the longest record. Features that cannot be read are counted, have no say,
/// and are the reader's to report.
///
/// # Errors
///
/// [`CodecError::BadDocument`] when there is neither header nor record, a quote is never closed,
/// there are too many columns, or `options` name columns that are not there;
/// [`CodecError::Unsupported`] for delimiters that cannot be; [`CodecError::Io`].
///
/// # Examples
///
/// ```
/// use tiepoint_codecs::csv::{ReadOptions, survey};
/// let text = "plz;lon;lat;einwohner\n01067;13,73;51,05;9041\n12043;13,44;52,48;\n";
/// let found = survey(text.as_bytes(), &ReadOptions::default())?;
/// let fields: Vec<_> = found.survey.schema.fields().iter()
///     .map(|field| format!("{}: {}", field.name, field.ty)).collect();
/// assert_eq!(fields, ["plz: text", "geometry: Point XY, OGC:CRS84", "einwohner: integer"]);
/// # Ok::<(), tiepoint_codecs::CodecError>(())
/// ```
pub fn survey(mut input: impl Read, options: &ReadOptions) -> Result<CsvSurvey> {
    options.check()?;
    let mut head = vec![0; HEAD_BYTES];
    let read = read_full(&mut input, &mut head)?;
    head.truncate(read);
    let dialect = detect(&head, options);
    let encoding = options.encoding.or_else(|| Encoding::shown_by(&head));
    let source = Utf8Source::new(Cursor::new(head).chain(input), encoding);
    let mut records = open(source, &dialect)?;
    let mut surveyor = Surveyor::first(&mut records, dialect, options)?;
    while let Some(record) = records.next()? {
        surveyor.observe(&record);
    }
    surveyor.dialect.encoding = records.encoding();
    surveyor.finish()
}

/// Records of a document from the header on.
pub(super) fn open<R: Read>(source: Utf8Source<R>, dialect: &Dialect) -> Result<Records<R>> {
    let scanner = Scanner::new(dialect.delimiter, dialect.quote);
    let mut records = Records::new(source, scanner);
    if dialect.separator_line {
        records.next()?;
    }
    Ok(records)
}

/// The cells of the header.
pub(super) fn header_cells(record: &Record<'_>) -> Result<Vec<String>> {
    let row = record.row().map_err(|reason| bad_document(record.line, reason))?;
    Ok((0..row.len()).map(|index| row.cell(index).text.into_owned()).collect())
}

/// Checks that a record is text and has one cell for each column. Cells beyond the columns may be
/// there if they are empty: spreadsheets leave delimiters behind.
pub(super) fn fitting<'a>(
    record: &Record<'a>,
    columns: usize,
    short_records: ShortRecords,
) -> Result<Row<'a>, String> {
    let row = record.row()?;
    let is_short = record.cells() < columns && short_records == ShortRecords::Refuse;
    if is_short || record.filled_cells() > columns {
        return Err(format!("{} cells where {columns} should be", record.cells()));
    }
    Ok(row)
}

pub(super) fn bad_document(line: u64, reason: String) -> CodecError {
    let place = Place { line: Some(line), ..Place::default() };
    CodecError::BadDocument { place, reason }
}
