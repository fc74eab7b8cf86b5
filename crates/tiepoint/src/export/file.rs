//! A file that appears under its name when it is complete, and not before.
use super::Overwrite;
use crate::{Error, Result};
use std::fs::File;
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// What to do about a file that is there already.
const HINT: &str = "choose another name, or allow it to be overwritten (`--overwrite`)";

/// A file that is being written.
pub(crate) struct Draft {
    path: PathBuf,
    overwrite: Overwrite,
    place: Place,
}

enum Place {
    /// Beside the file, to be renamed.
    Beside(NamedTempFile),
    /// What is there is a pipe or a device: it is written to as it is.
    Itself(File),
}

impl Draft {
    /// Begins the file at `path`. A symbolic link keeps pointing at what is replaced.
    pub(crate) fn of(path: &Path, overwrite: Overwrite) -> Result<Self> {
        let failed = |error| Error::file("write", path.display(), error);
        let there = std::fs::metadata(path).ok();
        if there.as_ref().is_some_and(|it| !it.is_file() && !it.is_dir()) {
            let file = File::options().write(true).open(path).map_err(failed)?;
            return Ok(Self { path: path.into(), overwrite, place: Place::Itself(file) });
        }
        if there.as_ref().is_some_and(std::fs::Metadata::is_dir) {
            return Err(failed(io::Error::from(io::ErrorKind::IsADirectory)));
        }
        if there.is_some() && overwrite == Overwrite::Refuse {
            return Err(Error::exists(path, HINT));
        }
        let real = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let file = draft_beside(&real).map_err(failed)?;
        if let Some(there) = there {
            file.as_file().set_permissions(there.permissions()).map_err(failed)?;
        }
        Ok(Self { path: real, overwrite, place: Place::Beside(file) })
    }

    /// Where to write.
    pub(crate) fn writer(&self) -> Result<BufWriter<File>> {
        let file = match &self.place {
            Place::Beside(file) => file.as_file(),
            Place::Itself(file) => file,
        };
        let file = file.try_clone();
        file.map(BufWriter::new).map_err(|error| Error::file("write", self.path.display(), error))
    }

    /// Gives the file its name, once its bytes are on the disk.
    pub(crate) fn publish(self) -> Result<()> {
        let Place::Beside(file) = self.place else { return Ok(()) };
        let failed = |error| Error::file("write", self.path.display(), error);
        file.as_file().sync_all().map_err(failed)?;
        match self.overwrite {
            Overwrite::Allow => file.persist(&self.path),
            Overwrite::Refuse => file.persist_noclobber(&self.path),
        }
        .map_err(|error| match error.error.kind() {
            io::ErrorKind::AlreadyExists => Error::exists(&self.path, HINT),
            _ => failed(error.error),
        })?;
        Ok(())
    }
}

/// A temporary file in the folder of `path`, readable as any new file is; gone when it is dropped.
pub(crate) fn draft_beside(path: &Path) -> io::Result<NamedTempFile> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let prefix = format!(".{name}.");
    let mut builder = tempfile::Builder::new();
    builder.prefix(&prefix).suffix(".part");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(folder.unwrap_or(Path::new(".")))
}
