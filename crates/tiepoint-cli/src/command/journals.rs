//! Which journals are meant, and edit buffers that keep one.
use super::select::wrong;
use crate::terminal::{plain, say};
use std::path::Path;
use std::sync::Arc;
use tiepoint::edits::journal::Damage;
use tiepoint::{EditBuffer, JournalFolder, Location, Recovered, Result, Store};

/// The folder that `--journal` names; `None` where no journal is to be kept.
pub(super) fn folder(named: &str, location: &Location) -> Result<Option<JournalFolder>> {
    match named {
        "none" => Ok(None),
        "user" => Ok(Some(JournalFolder::of_user()?)),
        "beside" => beside(location).map(Some).ok_or_else(|| {
            wrong("--journal", &format!("{location} is no file that a journal could lie beside"))
        }),
        "" => Err(wrong("--journal", &"it names no folder")),
        folder => Ok(Some(JournalFolder::at(Path::new(folder)))),
    }
}

/// The journals beside a file.
pub(super) fn beside(location: &Location) -> Option<JournalFolder> {
    match location {
        Location::GeoPackage(path) => Some(JournalFolder::beside(path)),
        Location::Postgis(_) | Location::Memory => None,
    }
}

/// A buffer over a store, with a journal where a folder for it is named.
pub(super) fn buffer(store: Arc<dyn Store>, folder: Option<&JournalFolder>) -> Result<EditBuffer> {
    Ok(match folder {
        Some(folder) => EditBuffer::journalled(store, folder)?,
        None => EditBuffer::over(store),
    })
}

/// Says what is odd about what was taken over.
pub(super) fn tell(recovered: &Recovered) {
    if recovered.committed.is_some() {
        say("a commit that was under way had happened");
    }
    if let Some(damage) = &recovered.damage {
        say(&format!("the journal is {}", damaged(damage)));
    }
}

/// What is wrong with a journal, in words.
pub(super) fn damaged(damage: &Damage) -> String {
    let Damage { offset, reason } = damage;
    format!("damaged from byte {offset} on, what stands before is whole: {}", plain(reason))
}
