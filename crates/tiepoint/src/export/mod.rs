//! Taking features out of a store: into a file that appears when it is complete, or a stream.
mod file;
mod write;

pub(crate) use file::{Draft, draft_beside};
pub use write::WriteOptions;
pub(crate) use write::as_json_line;

use crate::progress::FEATURES_PER_LOOK;
use crate::{Error, Location, Phase, Progress, Result, Step, Unit};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use tiepoint_codecs::Format;
use tiepoint_core::{Crs, GeometryType, Layer, Query};
use tiepoint_store::{Features, Store, StoreError};

/// Where features go.
///
/// ```
/// use tiepoint::Target;
/// assert_eq!(Target::parse("out.csv").ok(), Some(Target::File("out.csv".into())));
/// assert_eq!(Target::parse("-").ok(), Some(Target::Stdout));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A file, written beside its place and renamed when it is complete.
    File(PathBuf),
    /// The standard output.
    Stdout,
}

/// How features are taken out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExportOptions {
    /// The format; `None` goes by the file's extension, and is GeoJSON on the standard output.
    pub format: Option<Format>,
    /// What happens to a file that is there already.
    pub overwrite: Overwrite,
    /// How the document is written.
    pub document: WriteOptions,
}

/// What happens to a file that is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Overwrite {
    /// It stays, and the export fails.
    Refuse,
    /// The new one takes its place once it is complete.
    Allow,
}

impl Default for ExportOptions {
    fn default() -> Self {
        let document = WriteOptions::default();
        Self { format: None, overwrite: Overwrite::Refuse, document }
    }
}

impl Target {
    /// Reads what somebody typed: `-` or a path.
    ///
    /// # Errors
    ///
    /// [`Unsupported`](crate::StoreError::Unsupported) for a store: those are imported into.
    pub fn parse(text: &str) -> Result<Self> {
        if text == "-" {
            return Ok(Self::Stdout);
        }
        if Location::looks_like_store(text) {
            return Err(StoreError::Unsupported {
                store: Location::parse(text)?.to_string(),
                what: "be written as a document".to_owned(),
                hint: Some("import into it instead, with this store as the source".to_owned()),
            }
            .into());
        }
        Ok(Self::File(text.into()))
    }

    /// The format that a document here is written in: the one that is asked for, else the one its
    /// extension names, and GeoJSON on the standard output.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownFormat`] for a file whose extension names none.
    pub fn format(&self, asked: Option<Format>) -> Result<Format> {
        let by_name = |path: &Path| Format::from_extension(path.extension()?.to_str()?);
        match (self, asked) {
            (_, Some(format)) => Ok(format),
            (Self::Stdout, None) => Ok(Format::GeoJson),
            (Self::File(path), None) => by_name(path)
                .ok_or_else(|| Error::UnknownFormat { document: path.display().to_string() }),
        }
    }
}

/// Writes the features that `query` asks for to `target`, and says how many there were.
///
/// Memory does not grow with their number, unless the query sorts. A file is there when all of
/// it is, and never a part of it.
///
/// # Errors
///
/// What the store cannot read or the format cannot hold; [`Error::TargetExists`];
/// [`Error::UnknownFormat`]; [`Error::Stopped`]. A file that was there is then as it was.
pub fn export(
    store: &dyn Store,
    query: &Query,
    target: &Target,
    options: &ExportOptions,
    progress: &dyn Progress,
) -> Result<u64> {
    let layer = store.layer(&query.layer)?;
    let format = target.format(options.format)?;
    let query = &for_document(query.clone(), &layer, format, options.document);
    match target {
        Target::Stdout => {
            let out = BufWriter::new(std::io::stdout().lock());
            let work = Work { layer: &layer, format, options: options.document, target: "-" };
            work.write(store.read_with(query, &progress.control())?, Box::new(out), progress)
        }
        Target::File(path) => {
            let draft = Draft::of(path, options.overwrite)?;
            let name = path.display().to_string();
            let work = Work { layer: &layer, format, options: options.document, target: &name };
            let written = work.write(
                store.read_with(query, &progress.control())?,
                Box::new(draft.writer()?),
                progress,
            )?;
            draft.publish()?;
            Ok(written)
        }
    }
}

/// The same query with geometries in the CRS that documents of the format are in: longitude and
/// latitude on WGS 84 for GeoJSON (RFC 7946, section 4), unless the document is to name another
/// or the query asks for one. [`export`] does this by itself.
#[must_use]
pub fn for_document(
    mut query: Query,
    layer: &Layer,
    format: Format,
    options: WriteOptions,
) -> Query {
    let names_its_crs = options.crs_member || format == Format::Csv;
    let elsewhere = |ty: &GeometryType| !ty.crs.same_positions(&Crs::CRS84);
    if !names_its_crs && query.crs.is_none() && layer.geometry().is_some_and(elsewhere) {
        query.crs = Some(Crs::CRS84);
    }
    query
}

/// Writes features of `layer` as a document to a stream, and says how many there were.
///
/// # Errors
///
/// What cannot be read, written, or held by the format.
pub fn write_features<'a>(
    features: Features<'a>,
    layer: &Layer,
    format: Format,
    options: WriteOptions,
    out: Box<dyn Write + 'a>,
) -> Result<u64> {
    Work { layer, format, options, target: "the output" }.write(features, out, &())
}

/// One document being written.
struct Work<'w> {
    layer: &'w Layer,
    format: Format,
    options: WriteOptions,
    target: &'w str,
}

impl Work<'_> {
    fn write<'a>(
        &self,
        features: Features<'a>,
        out: Box<dyn Write + 'a>,
        progress: &dyn Progress,
    ) -> Result<u64> {
        let subject = self.layer.name();
        let step = Step { phase: Phase::Exporting, subject, unit: Unit::Features, total: None };
        progress.step(&step);
        let failed = |error| Error::document(self.target, error);
        let schema = features.schema();
        let writer = write::writer(self.format, self.layer, schema, self.options, out);
        let mut writer = writer.map_err(failed)?;
        let mut count = 0;
        for feature in features {
            let feature = feature.map_err(|error| self.or_stopped(error, progress))?;
            writer.write(&feature).map_err(failed)?;
            count += 1;
            if count % FEATURES_PER_LOOK == 0 {
                progress.advance(count);
                if progress.should_stop() {
                    return Err(Error::Stopped { target: self.target.to_owned() });
                }
            }
        }
        writer.finish().map_err(failed)?;
        Ok(count)
    }

    /// A reading that was stopped because the watcher asked for it.
    fn or_stopped(&self, error: StoreError, progress: &dyn Progress) -> Error {
        match error {
            StoreError::Stopped if progress.should_stop() => {
                Error::Stopped { target: self.target.to_owned() }
            }
            other => other.into(),
        }
    }
}
