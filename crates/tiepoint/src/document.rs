//! Documents by name: opened, surveyed, read again, and written, whatever their format.
use crate::{Error, Phase, Progress, Result, Step, Unit};
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::NamedTempFile;
use tiepoint_codecs::{DocumentReader, Format, Survey, csv, geojson};
use tiepoint_core::{FieldType, Schema};

/// How to read a document; what is not said is found out.
#[derive(Debug, Clone, Default)]
pub struct DocumentOptions {
    /// Its format; `None` goes by the extension of its name, and takes the standard input for
    /// GeoJSON.
    pub format: Option<Format>,
    /// How to read GeoJSON and its sequences.
    pub geojson: geojson::ReadOptions,
    /// How to read CSV.
    pub csv: csv::ReadOptions,
}

/// A document that can be read as often as needed.
pub(crate) struct Document {
    name: String,
    content: Content,
    bytes: u64,
    format: Format,
    options: DocumentOptions,
}

/// What a survey found, in the words of the document's format.
#[derive(Debug, Clone)]
pub(crate) enum Findings {
    GeoJson(Survey),
    Csv(csv::CsvSurvey),
}

enum Content {
    File(PathBuf),
    /// What could be read only once.
    Spool(NamedTempFile),
    Memory(Arc<[u8]>),
}

impl Findings {
    /// What every format finds.
    pub(crate) fn survey(&self) -> &Survey {
        match self {
            Self::GeoJson(survey) => survey,
            Self::Csv(found) => &found.survey,
        }
    }

    /// The same findings, with these fields to be read as text, as they are spelled.
    pub(crate) fn with_text(&self, fields: &[usize]) -> Self {
        match self {
            Self::GeoJson(survey) => Self::GeoJson(read_as_text(survey, fields)),
            Self::Csv(found) => Self::Csv(found.clone().with_text(fields)),
        }
    }
}

impl Document {
    /// Opens the file at `path`. A pipe is copied to a temporary file first.
    pub(crate) fn open(
        path: &Path,
        options: &DocumentOptions,
        progress: &dyn Progress,
    ) -> Result<Self> {
        let name = path.display().to_string();
        let failed = |error| Error::file("read", &name, error);
        let format = format_of(path, options)?;
        let mut file = File::open(path).map_err(failed)?;
        let facts = file.metadata().map_err(failed)?;
        if facts.is_dir() {
            return Err(failed(io::ErrorKind::IsADirectory.into()));
        }
        let (content, bytes) = if facts.is_file() {
            (Content::File(path.to_owned()), facts.len())
        } else {
            spooled(&mut file, &name, progress)?
        };
        Ok(Self { name, content, bytes, format, options: options.clone() })
    }

    /// Copies the standard input to a temporary file.
    pub(crate) fn from_stdin(options: &DocumentOptions, progress: &dyn Progress) -> Result<Self> {
        let name = "standard input".to_owned();
        let (content, bytes) = spooled(&mut io::stdin().lock(), &name, progress)?;
        let format = options.format.unwrap_or(Format::GeoJson);
        Ok(Self { name, content, bytes, format, options: options.clone() })
    }

    pub(crate) fn in_memory(
        name: &str,
        bytes: &Arc<[u8]>,
        options: &DocumentOptions,
    ) -> Result<Self> {
        Ok(Self {
            name: name.to_owned(),
            bytes: bytes.len() as u64,
            content: Content::Memory(Arc::clone(bytes)),
            format: format_of(Path::new(name), options)?,
            options: options.clone(),
        })
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// What its layer is called: the file's name without extension.
    pub(crate) fn layer_name(&self) -> Option<String> {
        let stem = match &self.content {
            Content::File(path) => path.file_stem(),
            Content::Memory(_) => Path::new(&self.name).file_stem(),
            Content::Spool(_) => None,
        };
        stem.map(|stem| stem.to_string_lossy().into_owned())
    }

    /// Reads all of it to learn its fields.
    pub(crate) fn survey(&self, progress: &dyn Progress) -> Result<Findings> {
        progress.step(&Step {
            phase: Phase::Surveying,
            subject: &self.name,
            unit: Unit::Bytes,
            total: Some(self.bytes),
        });
        let input = Watched { inner: self.reopened()?, read: 0, progress };
        let survey = match self.format {
            Format::GeoJson | Format::GeoJsonSeq => {
                geojson::survey(input, &self.geojson()).map(Findings::GeoJson)
            }
            Format::Csv => csv::survey(input, &self.options.csv).map(Findings::Csv),
        };
        survey.map_err(|error| stopped_or(progress, || Error::document(&self.name, error)))
    }

    /// Reads it from its beginning, as features of the survey's schema.
    pub(crate) fn reader(&self, findings: &Findings) -> Result<Box<dyn DocumentReader + '_>> {
        let input = self.reopened()?;
        Ok(match findings {
            Findings::GeoJson(survey) => Box::new(geojson::reader(input, survey, &self.geojson())),
            Findings::Csv(survey) => {
                let reader = csv::reader(input, survey);
                Box::new(reader.map_err(|error| Error::document(&self.name, error))?)
            }
        })
    }

    fn geojson(&self) -> geojson::ReadOptions {
        let mut options = self.options.geojson.clone();
        if self.format == Format::GeoJsonSeq {
            options.framing = geojson::Framing::Sequence;
        }
        options
    }

    fn reopened(&self) -> Result<Box<dyn Read + '_>> {
        let opened: io::Result<Box<dyn Read + '_>> = match &self.content {
            Content::File(path) => File::open(path).map(|file| Box::new(file) as _),
            Content::Spool(file) => file.reopen().map(|file| Box::new(file) as _),
            Content::Memory(bytes) => Ok(Box::new(&bytes[..])),
        };
        opened.map_err(|error| Error::file("read", &self.name, error))
    }
}

fn read_as_text(survey: &Survey, fields: &[usize]) -> Survey {
    let mut all = survey.schema.fields().to_vec();
    for at in fields {
        all[*at].ty = FieldType::TEXT;
    }
    let schema = Schema::new(all).expect("the names are as they were");
    Survey { schema: schema.into(), ..survey.clone() }
}

fn format_of(path: &Path, options: &DocumentOptions) -> Result<Format> {
    let by_name = || path.extension().and_then(|it| Format::from_extension(it.to_str()?));
    options
        .format
        .or_else(by_name)
        .ok_or_else(|| Error::UnknownFormat { document: path.display().to_string() })
}

fn spooled(from: &mut dyn Read, name: &str, progress: &dyn Progress) -> Result<(Content, u64)> {
    let spool = NamedTempFile::new();
    let mut spool = spool.map_err(|error| Error::file("keep a copy of", name, error))?;
    let step = Step { phase: Phase::Surveying, subject: name, unit: Unit::Bytes, total: None };
    progress.step(&step);
    let mut input = Watched { inner: from, read: 0, progress };
    let copied = io::copy(&mut input, &mut spool);
    let bytes = copied
        .map_err(|error| stopped_or(progress, || Error::file("keep a copy of", name, error)))?;
    Ok((Content::Spool(spool), bytes))
}

/// Reading ends with an error when it is to stop; then that is what is to be said.
fn stopped_or(progress: &dyn Progress, error: impl FnOnce() -> Error) -> Error {
    if progress.should_stop() {
        return Error::Stopped { target: "the store".to_owned() };
    }
    error()
}

/// Reading that somebody watches, and may end.
struct Watched<'p, R> {
    inner: R,
    read: u64,
    progress: &'p dyn Progress,
}

impl<R: Read> Read for Watched<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.progress.should_stop() {
            return Err(io::Error::other("stopped on request"));
        }
        let count = self.inner.read(buffer)?;
        self.read += count as u64;
        self.progress.advance(self.read);
        Ok(count)
    }
}
