//! The first pass: the whole document is looked at, for a type inferred from its beginning can be
//! wrong at its end.
use super::candidates::{Candidates, Chosen};
use super::columns::{UniqueNames, named, numbered_names};
use super::dialect::{Dialect, HEAD_BYTES, detect, fixed_mark};
use super::encoding::Encoding;
use super::evidence::{Evidence, shown};
use super::geometry::{GeometrySource, WKT_NAMES};
use super::options::{ReadOptions, ShortRecords};
use super::records::{Record, Records, Row};
use super::scan::{MAX_COLUMNS, Scanner};
use super::transcode::{Utf8Source, read_full};
use crate::infer::{DecimalMark, trimmed};
use crate::{CodecError, Place, Result, Survey};
use std::io::{Cursor, Read};
use std::sync::Arc;
use tiepoint_core::{Field, FieldType, Identity, ObjectId, Schema};

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

/// What is known while records go by.
struct Surveyor<'o> {
    options: &'o ReadOptions,
    dialect: Dialect,
    columns: Vec<String>,
    /// Which columns the header has no name for.
    unnamed: Vec<bool>,
    evidence: Vec<Evidence>,
    candidates: Candidates,
    id: Option<IdColumn>,
    features: u64,
    short: u64,
    notes: Vec<String>,
}

/// The column that is named like one of object ids.
struct IdColumn {
    column: usize,
    /// A cell that is none, and its line.
    refuted_by: Option<(String, u64)>,
}

impl<'o> Surveyor<'o> {
    /// Reads the header, or learns from the first record how many columns there are.
    fn first(
        records: &mut Records<impl Read>,
        dialect: Dialect,
        options: &'o ReadOptions,
    ) -> Result<Self> {
        let Some(record) = records.next()? else {
            return Err(CodecError::BadDocument {
                place: Place::default(),
                reason: "the document is empty, it has neither header nor records".to_owned(),
            });
        };
        if record.cells() > MAX_COLUMNS {
            let reason = format!("{} columns, at most {MAX_COLUMNS} can be read", record.cells());
            return Err(bad_document(record.line, reason));
        }
        if dialect.header {
            let header = header_cells(&record)?;
            let (columns, notes) = named(&header);
            let mut surveyor = Self::new(columns, notes, dialect, options, record.line)?;
            surveyor.unnamed = header.iter().map(|cell| cell.trim().is_empty()).collect();
            return Ok(surveyor);
        }
        let columns = numbered_names(record.cells());
        let note = match options.header {
            Some(_) => Vec::new(),
            None => vec!["the first line looks like data, so columns are numbered".to_owned()],
        };
        let mut surveyor = Self::new(columns, note, dialect, options, record.line)?;
        surveyor.observe(&record);
        Ok(surveyor)
    }

    fn new(
        columns: Vec<String>,
        notes: Vec<String>,
        dialect: Dialect,
        options: &'o ReadOptions,
        line: u64,
    ) -> Result<Self> {
        let mark = fixed_mark(options, dialect.delimiter);
        let candidates =
            Candidates::new(&columns, options).map_err(|reason| bad_document(line, reason))?;
        let id = columns.iter().position(|name| name == Identity::DEFAULT_COLUMN);
        Ok(Self {
            options,
            dialect,
            evidence: vec![Evidence::new(mark); columns.len()],
            unnamed: vec![false; columns.len()],
            columns,
            candidates,
            id: id.map(|column| IdColumn { column, refuted_by: None }),
            features: 0,
            short: 0,
            notes,
        })
    }

    fn observe(&mut self, record: &Record<'_>) {
        self.features += 1;
        self.short += u64::from(record.cells() < self.columns.len());
        let Ok(row) = fitting(record, self.columns.len(), self.options.short_records) else {
            return;
        };
        for (index, evidence) in self.evidence.iter_mut().enumerate() {
            if !evidence.is_settled() {
                evidence.observe(&row.cell(index).text, record.line);
            }
        }
        self.candidates.observe(row);
        if let Some(id) = &mut self.id {
            id.observe(&row.cell(id.column).text, record.line);
        }
    }

    fn finish(mut self) -> Result<CsvSurvey> {
        let mark = match fixed_mark(self.options, self.dialect.delimiter) {
            Some(mark) => mark,
            None => Evidence::decimal_mark(&self.evidence),
        };
        self.dialect.decimal_comma = mark == DecimalMark::Comma;
        let chosen = self.candidates.choose(mark, self.options.crs.as_ref());
        let roles: Vec<_> =
            (0..self.columns.len()).map(|index| self.role(index, chosen.source, mark)).collect();
        self.add_notes(&roles, &chosen, mark);
        let schema = schema(&self.columns, &roles, &chosen)?;
        let survey = Survey {
            schema: Arc::new(schema),
            features: self.features,
            name: None,
            kinds: chosen.kinds,
            id_field: None,
            notes: self.notes,
        };
        Ok(CsvSurvey {
            survey,
            dialect: self.dialect,
            geometry: chosen.source,
            columns: self.columns,
            roles,
            srid: chosen.srid,
            short_records: self.options.short_records,
        })
    }

    fn role(&self, index: usize, source: GeometrySource, mark: DecimalMark) -> Role {
        match source {
            GeometrySource::Xy { x, .. } if x == index => Role::X,
            GeometrySource::Xy { y, .. } if y == index => Role::Y,
            GeometrySource::Wkt { column } if column == index => Role::Wkt,
            _ if self.is_id(index) => Role::Id,
            _ if self.unnamed[index] && self.evidence[index].is_empty() => Role::Unused,
            _ if self.options.all_text => Role::Field(FieldType::TEXT),
            _ => Role::Field(self.evidence[index].field_type(mark)),
        }
    }

    fn is_id(&self, index: usize) -> bool {
        self.id.as_ref().is_some_and(|id| id.column == index && id.refuted_by.is_none())
    }

    fn add_notes(&mut self, roles: &[Role], chosen: &Chosen, mark: DecimalMark) {
        self.notes.extend(chosen.note.clone());
        if self.options.encoding.is_none() && self.dialect.encoding == Encoding::WINDOWS_1252 {
            self.notes.push("the text is not UTF-8, it is read as windows-1252".to_owned());
        }
        if self.short > 0 {
            let (short, columns) = (self.short, self.columns.len());
            self.notes.push(format!("records with fewer than {columns} cells: {short}"));
        }
        if let Some((cell, line)) = self.id.as_ref().and_then(|id| id.refuted_by.as_ref()) {
            let name = Identity::DEFAULT_COLUMN;
            self.notes.push(format!("column `{name}` is data: `{cell}` on line {line} is no id"));
        }
        for (index, role) in roles.iter().enumerate() {
            let note = self.column_note(index, role, mark);
            self.notes.extend(note);
        }
    }

    fn column_note(&self, index: usize, role: &Role, mark: DecimalMark) -> Option<String> {
        let (name, number) = (&self.columns[index], index + 1);
        if *role == Role::Unused {
            return Some(format!("column {number} is left out: it has neither name nor values"));
        }
        if self.unnamed[index] {
            return Some(format!("column {number} has no name, it is called `{name}`"));
        }
        let is_inferred = matches!(role, Role::Field(_)) && !self.options.all_text;
        if !is_inferred || name == Identity::DEFAULT_COLUMN {
            return None;
        }
        let why = self.evidence[index].why_text(mark)?;
        Some(format!("column `{name}` is text {why}"))
    }
}

impl IdColumn {
    fn observe(&mut self, cell: &str, line: u64) {
        let is_id = trimmed(cell).is_empty() || cell.parse::<ObjectId>().is_ok();
        if self.refuted_by.is_none() && !is_id {
            self.refuted_by = Some((shown(cell), line));
        }
    }
}

fn schema(columns: &[String], roles: &[Role], chosen: &Chosen) -> Result<Schema> {
    let mut unique = UniqueNames::default();
    let is_field = |role: &Role| matches!(role, Role::Field(_));
    for (name, _) in columns.iter().zip(roles).filter(|(_, role)| is_field(role)) {
        unique.claim(name);
    }
    let geometry = chosen.ty.clone().map(FieldType::Geometry);
    let mut fields = Vec::with_capacity(columns.len());
    for (name, role) in columns.iter().zip(roles) {
        match (role, &geometry) {
            (Role::Field(ty), _) => fields.push(Field::new(name, ty.clone())),
            (Role::X | Role::Wkt, Some(ty)) => {
                let name = unique.claim(geometry_name(name, role));
                fields.push(Field::new(name, ty.clone()));
            }
            _ => {}
        }
    }
    Schema::new(fields).map_err(|error| bad_document(1, error.to_string()))
}

/// A column's own name, unless it only says how geometry is spelled.
fn geometry_name<'a>(column: &'a str, role: &Role) -> &'a str {
    let is_spelling = *role == Role::X || column.eq_ignore_ascii_case(WKT_NAMES[0]);
    if is_spelling { "geometry" } else { column }
}
