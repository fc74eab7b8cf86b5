//! The files of the tour: made by it, known again by it, and nobody else's touched.
use super::{COUNTRIES, DOCUMENT, STORE, imports, namespace};
use std::path::Path;
use tiepoint::{
    Error, Format, MemoryStore, ObjectId, Query, Result, Store, TransactionOptions, WriteOptions,
    write_features,
};

/// The book in which the tour recognises its own files.
const BOOK: &str = "tour";
/// The entry that says: this store was made by a tour.
const MADE: &[u8] = b"made";
/// The entry that says what the tour wrote to its document.
const WRITTEN: &[u8] = b"written";

/// What the tour found where it was started.
pub(super) struct Files {
    again: bool,
}

impl Files {
    /// Opens the store of an earlier tour or makes a new one, and refuses files of others.
    pub(super) fn claim() -> Result<(Self, Box<dyn Store>)> {
        let again = Path::new(STORE).exists();
        let store = if again { reopened()? } else { fresh()? };
        Ok((Self { again }, store))
    }

    /// The first line.
    pub(super) fn greeting(&self) -> &'static str {
        if self.again {
            "An earlier tour was here: its two layers are made anew, all else in tour.gpkg stays.\n"
        } else {
            ""
        }
    }

    /// Remembers what the document says, so that the next tour knows it again.
    pub(super) fn remember_document(store: &dyn Store) -> Result<()> {
        match fingerprint()? {
            Some(fingerprint) => set_entry(store, WRITTEN, &fingerprint),
            None => Ok(()),
        }
    }
}

/// The store of an earlier tour; one without layers may be what a tour left that was interrupted.
fn reopened() -> Result<Box<dyn Store>> {
    let store = tiepoint::open(STORE)?;
    if entry(&*store, MADE)?.is_none() && !store.layers()?.is_empty() {
        return Err(not_ours(STORE));
    }
    refuse_foreign_document(entry(&*store, WRITTEN)?.as_deref())?;
    mark(&*store)?;
    Ok(store)
}

fn fresh() -> Result<Box<dyn Store>> {
    refuse_foreign_document(None)?;
    let store = tiepoint::create(STORE)?;
    mark(&*store)?;
    Ok(store)
}

fn mark(store: &dyn Store) -> Result<()> {
    set_entry(store, MADE, env!("CARGO_PKG_VERSION").as_bytes())
}

fn refuse_foreign_document(written: Option<&[u8]>) -> Result<()> {
    match fingerprint()? {
        Some(found) if written != Some(&found) && found != expected_fingerprint()? => {
            Err(not_ours(DOCUMENT))
        }
        _ => Ok(()),
    }
}

/// The name for what a tour writes where nobody has changed anything: made in memory.
fn expected_fingerprint() -> Result<Vec<u8>> {
    let store = MemoryStore::new();
    imports::bring_in(&store, &())?;
    let (layer, features) = (store.layer(COUNTRIES)?, store.read(&Query::layer(COUNTRIES))?);
    let mut text = Vec::new();
    let out = Box::new(&mut text);
    write_features(features, &layer, Format::GeoJson, WriteOptions::default(), out)?;
    Ok(fingerprint_of(&text))
}

fn not_ours(file: &str) -> Error {
    Error::TargetExists {
        target: file.to_owned(),
        hint: "no tour made it as it is now: move it away, or take the tour in another folder"
            .to_owned(),
    }
}

/// A name for what the document says now (UUID version 5 of its text); none without a document.
fn fingerprint() -> Result<Option<Vec<u8>>> {
    if !Path::new(DOCUMENT).exists() {
        return Ok(None);
    }
    let read = std::fs::read(DOCUMENT).map_err(|source| Error::File {
        what: "read",
        path: DOCUMENT.to_owned(),
        source,
    })?;
    Ok(Some(fingerprint_of(&read)))
}

fn fingerprint_of(document: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(document);
    ObjectId::from_key(&namespace(DOCUMENT), &text).as_bytes().to_vec()
}

fn entry(store: &dyn Store, key: &[u8]) -> Result<Option<Vec<u8>>> {
    let mut transaction = store.begin(TransactionOptions::default())?;
    let found = transaction.book(BOOK)?.get(key)?;
    transaction.rollback()?;
    Ok(found)
}

fn set_entry(store: &dyn Store, key: &[u8], value: &[u8]) -> Result<()> {
    let mut transaction = store.begin(TransactionOptions::default())?;
    transaction.book(BOOK)?.put(key, value)?;
    Ok(transaction.commit()?)
}
