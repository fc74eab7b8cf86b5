//! Keeps what could not be imported: one JSON line per feature, with the place and the reason.
use super::supply::Spot;
use crate::{Error, Result};
use std::io::{BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// The file of rejects being written. It appears under its name when it is complete, and not at
/// all when nothing was rejected.
pub(super) struct Rejects {
    path: PathBuf,
    file: Option<BufWriter<NamedTempFile>>,
}

impl Rejects {
    /// Promises a file at `path`.
    pub(super) fn at(path: &Path) -> Result<Self> {
        if path.exists() {
            return Err(Error::exists(path, "choose another file for the rejects, or remove it"));
        }
        Ok(Self { path: path.to_owned(), file: None })
    }

    /// Adds one line: `{"place":…,"reason":…,"source":…}`.
    pub(super) fn add(&mut self, spot: &Spot, reason: &str, source: &str) -> Result<()> {
        let line =
            serde_json::json!({ "place": spot.to_string(), "reason": reason, "source": source });
        let line = format!("{line}\n");
        let written = self.file().and_then(|file| file.write_all(line.as_bytes()));
        written.map_err(|error| Error::file("write", self.path.display(), error))
    }

    /// How long the file is; `None` before the first line.
    pub(super) fn mark(&mut self) -> Result<Option<u64>> {
        let length = self.file.as_mut().map(Seek::stream_position).transpose();
        length.map_err(|error| Error::file("write", self.path.display(), error))
    }

    /// Takes lines back until the file is as long as it was.
    pub(super) fn back_to(&mut self, mark: Option<u64>) -> Result<()> {
        let Some(length) = mark else {
            self.file = None;
            return Ok(());
        };
        let Some(file) = &mut self.file else { return Ok(()) };
        let cut = file
            .seek(SeekFrom::Start(length))
            .and_then(|_| file.get_ref().as_file().set_len(length));
        cut.map_err(|error| Error::file("write", self.path.display(), error))
    }

    /// Gives the file its name, and tells it where there is one.
    pub(super) fn publish(self) -> Result<Option<PathBuf>> {
        let Some(file) = self.file else { return Ok(None) };
        let failed = |error| Error::file("write", self.path.display(), error);
        let file = file.into_inner().map_err(|error| failed(error.into_error()))?;
        file.persist_noclobber(&self.path).map_err(|error| failed(error.error))?;
        Ok(Some(self.path))
    }

    fn file(&mut self) -> std::io::Result<&mut BufWriter<NamedTempFile>> {
        if self.file.is_none() {
            self.file = Some(BufWriter::new(crate::export::draft_beside(&self.path)?));
        }
        Ok(self.file.as_mut().expect("made above"))
    }
}
