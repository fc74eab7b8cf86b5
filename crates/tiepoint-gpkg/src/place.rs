//! Which file this is: what stays when it is written to, renamed or moved within its disk, and
//! differs in every copy.
use std::fs;
use std::path::Path;
use std::time::UNIX_EPOCH;

/// Tells one file from its copies.
///
/// Made of the inode and the moment the file came to be, where the system tells that, else the
/// device. Asked of the path, never of the open file: closing a second handle on a database would
/// drop the locks that SQLite holds on it (sqlite.org/howtocorrupt.html, section 2.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FileIdentity(String);

impl FileIdentity {
    /// The identity of the file at `path`, if there is one.
    pub(crate) fn of(path: &Path) -> Option<Self> {
        let metadata = fs::metadata(path).ok()?;
        let born = metadata.created().ok().and_then(|it| it.duration_since(UNIX_EPOCH).ok());
        let (inode, device) = inode_and_device(&metadata);
        Some(Self(match born {
            Some(born) => format!("{inode}:{}", born.as_nanos()),
            None => format!("{inode}@{device}"),
        }))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(unix)]
fn inode_and_device(metadata: &fs::Metadata) -> (u64, u64) {
    use std::os::unix::fs::MetadataExt;
    (metadata.ino(), metadata.dev())
}

#[cfg(not(unix))]
fn inode_and_device(_metadata: &fs::Metadata) -> (u64, u64) {
    (0, 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_is_another_file_and_a_renamed_one_is_not() {
        let folder = tempfile::tempdir().expect("a folder");
        let [first, second, third] = ["a", "b", "c"].map(|name| folder.path().join(name));
        fs::write(&first, "x").expect("writes");
        let identity = FileIdentity::of(&first).expect("is there");
        fs::copy(&first, &second).expect("copies");
        assert_ne!(FileIdentity::of(&second), Some(identity.clone()));
        fs::write(&first, "longer").expect("writes");
        fs::rename(&first, &third).expect("renames");
        assert_eq!(FileIdentity::of(&third), Some(identity));
        assert_eq!(FileIdentity::of(&first), None);
    }
}
