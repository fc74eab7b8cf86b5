//! The disk as a journal sees it: a few operations, each of which a test can make fail.
use super::JournalError;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::Path;

/// What errors say of a write.
const WRITE: &str = "write to this journal";

/// What is asked of the disk.
#[cfg_attr(not(feature = "testing"), expect(unreachable_pub, reason = "only tests name it"))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// Make a folder.
    CreateFolder,
    /// Make a file.
    Create,
    /// Write bytes into a file.
    Write,
    /// Bring what was written to stable storage.
    Sync,
    /// Cut a file back to a length.
    Cut,
    /// Put a file in the place of another.
    Rename,
    /// Delete a file.
    Delete,
    /// Bring the names in a folder to stable storage.
    SyncFolder,
}

/// What becomes of an operation, in a test.
#[cfg(feature = "testing")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It is done.
    None,
    /// It is not done, and fails with this.
    Fail(io::ErrorKind),
    /// This many bytes are written, then it fails with that.
    Short(usize, io::ErrorKind),
}

/// Decides what becomes of operations, in a test; may kill the process, too.
#[cfg(feature = "testing")]
pub trait Faults: Send + Sync + std::fmt::Debug {
    /// Called before each operation; `bytes` is how many are to be written.
    fn before(&self, operation: Operation, path: &Path, bytes: usize) -> Fault;
    /// Called after each operation that was done, and after a short write.
    fn after(&self, operation: Operation, path: &Path);
}

/// The disk: the system's, and in tests one that fails when told to.
#[derive(Debug, Clone, Default)]
pub(crate) struct Disk {
    #[cfg(feature = "testing")]
    pub(crate) faults: Option<std::sync::Arc<dyn Faults>>,
}

impl Disk {
    /// Makes a folder, and those around it, so that they are there after a power failure.
    pub(crate) fn create_folder(&self, path: &Path) -> Result<(), JournalError> {
        let missing = path.ancestors().take_while(|it| !it.exists()).count();
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        self.run(Operation::CreateFolder, path, || builder.create(path))
            .map_err(JournalError::on(path, "make this folder for journals"))?;
        // The innermost is asked for even where it is there: another may just have made it.
        for around in path.ancestors().skip(1).take(missing.max(1)) {
            let here = around.as_os_str().is_empty();
            self.sync_folder(if here { Path::new(".") } else { around })?;
        }
        Ok(())
    }

    /// A new file that only this user may read, or the one that is there where `anew` is false.
    pub(crate) fn create(&self, path: &Path, anew: bool) -> Result<File, JournalError> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).create_new(anew).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        self.run(Operation::Create, path, || options.open(path))
            .map_err(JournalError::on(path, "make this file"))
    }

    /// Writes all of it at `offset`.
    pub(crate) fn write(
        &self,
        file: &File,
        path: &Path,
        offset: u64,
        bytes: &[u8],
    ) -> Result<(), JournalError> {
        let write = |bytes: &[u8]| {
            let mut file = file;
            file.seek(SeekFrom::Start(offset))?;
            file.write_all(bytes)
        };
        #[cfg(feature = "testing")]
        if let Some(faults) = &self.faults {
            let fault = faults.before(Operation::Write, path, bytes.len());
            let failed = |kind: io::ErrorKind| JournalError::on(path, WRITE)(kind.into());
            match fault {
                Fault::None => {}
                Fault::Fail(kind) => return Err(failed(kind)),
                Fault::Short(count, kind) => {
                    write(&bytes[..count.min(bytes.len())])
                        .map_err(JournalError::on(path, WRITE))?;
                    faults.after(Operation::Write, path);
                    return Err(failed(kind));
                }
            }
        }
        self.run(Operation::Write, path, || write(bytes)).map_err(JournalError::on(path, WRITE))
    }

    pub(crate) fn sync(&self, file: &File, path: &Path) -> Result<(), JournalError> {
        self.run(Operation::Sync, path, || file.sync_data())
            .map_err(JournalError::on(path, "bring this journal to stable storage"))
    }

    pub(crate) fn cut(&self, file: &File, path: &Path, length: u64) -> Result<(), JournalError> {
        self.run(Operation::Cut, path, || file.set_len(length))
            .map_err(JournalError::on(path, "cut this journal back"))
    }

    pub(crate) fn rename(&self, from: &Path, to: &Path) -> Result<(), JournalError> {
        self.run(Operation::Rename, to, || fs::rename(from, to))
            .map_err(JournalError::on(to, "put this file in its place"))
    }

    /// Deletes a file; one that is gone already is no error.
    pub(crate) fn delete(&self, path: &Path) -> Result<(), JournalError> {
        let deleted = self.run(Operation::Delete, path, || fs::remove_file(path));
        match deleted {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            other => other.map_err(JournalError::on(path, "delete this file")),
        }
    }

    /// Brings the names in a folder to stable storage, where the system has that.
    pub(crate) fn sync_folder(&self, path: &Path) -> Result<(), JournalError> {
        let sync = || if cfg!(unix) { File::open(path)?.sync_all() } else { Ok(()) };
        self.run(Operation::SyncFolder, path, sync)
            .map_err(JournalError::on(path, "bring this folder to stable storage"))
    }

    #[cfg(feature = "testing")]
    fn run<T>(
        &self,
        operation: Operation,
        path: &Path,
        act: impl FnOnce() -> io::Result<T>,
    ) -> io::Result<T> {
        let Some(faults) = &self.faults else { return act() };
        // A write has been asked about by its caller, who knows how long it is.
        if operation != Operation::Write
            && let Fault::Fail(kind) | Fault::Short(_, kind) = faults.before(operation, path, 0)
        {
            return Err(kind.into());
        }
        let done = act()?;
        faults.after(operation, path);
        Ok(done)
    }

    #[cfg(not(feature = "testing"))]
    #[expect(clippy::unused_self, reason = "tests build it with faults")]
    fn run<T>(&self, _: Operation, _: &Path, act: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        act()
    }
}
