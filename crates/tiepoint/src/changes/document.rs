//! Change sets in files: protobuf for programs, JSON for people, told apart by what is in them.
use crate::export::{Draft, Overwrite, Target};
use crate::location::without_secrets;
use crate::{Error, Location, Result};
use std::io::{self, Read, Write};
use std::path::Path;
use tiepoint_core::ChangeSet;

/// How a change set is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChangeFormat {
    /// Protobuf, by the published schema `tiepoint/change.proto`: `.tpc`.
    Protobuf,
    /// JSON, to be read and edited: `.json`.
    Json,
}

/// What a change set in JSON may begin with, and one in protobuf never does.
const BRACE: u8 = b'{';

impl ChangeFormat {
    /// By the extension of a file's name: JSON for `.json`, else protobuf.
    #[must_use]
    pub fn of(path: &Path) -> Self {
        let json = path.extension().is_some_and(|it| it.eq_ignore_ascii_case("json"));
        if json { Self::Json } else { Self::Protobuf }
    }

    fn encoded(self, changes: &ChangeSet) -> Vec<u8> {
        match self {
            Self::Protobuf => changes.to_protobuf(),
            Self::Json => changes.to_json().into_bytes(),
        }
    }
}

/// Reads a change set from a file, or from the standard input for `-`; whether it is protobuf or
/// JSON, its content tells.
///
/// ```
/// use tiepoint::{ChangeSet, Overwrite, Target, read_changes, write_changes};
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("a.tpc");
/// let nothing = ChangeSet::new();
/// write_changes(&nothing, &Target::File(path.clone()), None, Overwrite::Refuse)?;
/// assert_eq!(read_changes(path.to_str().expect("a plain path"))?, nothing);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// When the file cannot be read, and [`Error::Changes`] where it is no change set.
pub fn read_changes(from: &str) -> Result<ChangeSet> {
    let bytes = read(from)?;
    let decoded = match bytes.trim_ascii_start().first() {
        Some(&BRACE) => ChangeSet::from_json(&text(from, bytes)?),
        _ => ChangeSet::from_protobuf(&bytes),
    };
    decoded.map_err(|reason| Error::changes(from, reason))
}

/// Writes a change set; without a format, the file's name tells it, and the standard output gets
/// JSON. A file appears when all of it is written.
///
/// # Errors
///
/// [`Error::TargetExists`] for a file that is there and may not be overwritten, and when it cannot
/// be written.
pub fn write_changes(
    changes: &ChangeSet,
    target: &Target,
    format: Option<ChangeFormat>,
    overwrite: Overwrite,
) -> Result<()> {
    match target {
        Target::Stdout => {
            let bytes = format.unwrap_or(ChangeFormat::Json).encoded(changes);
            let mut out = io::stdout().lock();
            out.write_all(&bytes).and_then(|()| out.flush()).map_err(Error::on_stdout)
        }
        Target::File(path) => {
            let draft = Draft::of(path, overwrite)?;
            let bytes = format.unwrap_or_else(|| ChangeFormat::of(path)).encoded(changes);
            let mut out = draft.writer()?;
            let written = out.write_all(&bytes).and_then(|()| out.flush());
            written.map_err(|error| Error::file("write", path.display(), error))?;
            drop(out);
            draft.publish()
        }
    }
}

/// All bytes of a file, or of the standard input for `-`.
pub(super) fn read(from: &str) -> Result<Vec<u8>> {
    if Location::looks_like_store(from) {
        return Err(Error::Options {
            reason: format!("`{}` is a store, not a change set", without_secrets(from)),
            hint: Some("`tiepoint diff A B -o FILE` makes a change set of two stores".to_owned()),
        });
    }
    let mut bytes = Vec::new();
    let read = if from == "-" {
        io::stdin().lock().read_to_end(&mut bytes)
    } else {
        std::fs::File::open(from).and_then(|mut file| file.read_to_end(&mut bytes))
    };
    read.map_err(|error| Error::file("read", from, error))?;
    Ok(bytes)
}

/// Bytes that must be text.
pub(super) fn text(from: &str, bytes: Vec<u8>) -> Result<String> {
    String::from_utf8(bytes).ok().ok_or_else(|| Error::Options {
        reason: format!("{from}: it is not UTF-8"),
        hint: Some("JSON is always UTF-8; save it so".to_owned()),
    })
}
