//! What is known of a document while its records go by, and what follows from it in the end.
use super::candidates::{Candidates, Chosen};
use super::columns::{UniqueNames, named, numbered_names};
use super::dialect::{Dialect, fixed_mark};
use super::encoding::Encoding;
use super::evidence::{Evidence, shown};
use super::geometry::{GeometrySource, WKT_NAMES};
use super::options::ReadOptions;
use super::records::{Record, Records};
use super::scan::MAX_COLUMNS;
use super::survey::{CsvSurvey, Role, bad_document, fitting, header_cells};
use crate::infer::{DecimalMark, trimmed};
use crate::{CodecError, Place, Result, Survey};
use std::io::Read;
use std::sync::Arc;
use tiepoint_core::{Field, FieldType, Identity, ObjectId, Schema};

/// What is known while records go by.
pub(super) struct Surveyor<'o> {
    options: &'o ReadOptions,
    pub(super) dialect: Dialect,
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
    pub(super) fn first(
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

    pub(super) fn observe(&mut self, record: &Record<'_>) {
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

    pub(super) fn finish(mut self) -> Result<CsvSurvey> {
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
