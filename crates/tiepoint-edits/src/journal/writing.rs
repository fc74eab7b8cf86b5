//! Writing one file: units at its end, cut into sealed frames.
use super::JournalError;
use super::frame::{FRAME, Frame, Head, PIECE, Part, Salt};
use super::record::{Record, unit};
use super::session::Files;
use crc32c::crc32c;
use std::fs::File;
use std::sync::Arc;

/// The bytes of one append, with the checksums of their pieces: all that can be made ready while
/// others write.
pub(crate) struct Unit {
    bytes: Vec<u8>,
    checksums: Vec<u32>,
}

/// The open file of a session.
pub(crate) struct Writing {
    pub(crate) file: Arc<File>,
    salt: Salt,
    /// Up to here the file is written.
    pub(crate) length: u64,
    /// Up to here it is known to be on stable storage.
    pub(crate) durable: u64,
    /// The seal of the last frame.
    last: u32,
}

impl Unit {
    pub(crate) fn of<'a>(records: impl IntoIterator<Item = &'a Record>) -> Self {
        let bytes = unit(records);
        let checksums = bytes.chunks(PIECE).map(crc32c).collect();
        Self { bytes, checksums }
    }
}

impl Writing {
    /// Begins a file that is not in its place yet, with these units; all of it is on stable storage
    /// when this returns.
    pub(crate) fn begin(
        files: &Files,
        head: &Head,
        units: impl IntoIterator<Item = Unit>,
    ) -> Result<Self, JournalError> {
        let path = files.fresh();
        files.disk.delete(&path)?;
        let file = Arc::new(files.disk.create(&path, true)?);
        let bytes = head.to_bytes();
        files.disk.write(&file, &path, 0, &bytes)?;
        let (salt, length) = (head.salt(), bytes.len() as u64);
        let mut begun = Self { file, salt, length, durable: 0, last: salt.seal() };
        for unit in units {
            begun.write(files, &path, &unit)?;
        }
        files.disk.sync(&begun.file, &path)?;
        begun.durable = begun.length;
        Ok(begun)
    }

    /// Adds a unit. Where that fails, the file is cut back to what it was.
    ///
    /// The outer error says that it could not be cut back, so that the file is not to be trusted.
    pub(crate) fn append(
        &mut self,
        files: &Files,
        unit: &Unit,
    ) -> Result<Result<(), JournalError>, JournalError> {
        let (path, before) = (files.journal(), (self.length, self.last));
        let Err(error) = self.write(files, &path, unit) else { return Ok(Ok(())) };
        (self.length, self.last) = before;
        match files.disk.cut(&self.file, &path, self.length) {
            Ok(()) => Ok(Err(error)),
            Err(_) => Err(error),
        }
    }

    /// Writes frame by frame, holding no more than one beside the unit.
    fn write(
        &mut self,
        files: &Files,
        path: &std::path::Path,
        unit: &Unit,
    ) -> Result<(), JournalError> {
        let mut buffer = Vec::with_capacity(FRAME + unit.bytes.len().min(PIECE));
        let pieces = unit.bytes.chunks(PIECE).zip(&unit.checksums).enumerate();
        for (index, (piece, checksum)) in pieces {
            let mut frame = Frame {
                part: Part::of(index, unit.checksums.len()),
                length: piece.len(),
                checksum: *checksum,
                durable: self.durable,
                before: self.last,
                seal: 0,
            };
            buffer.clear();
            buffer.extend_from_slice(&frame.seal(self.salt, self.length));
            buffer.extend_from_slice(piece);
            files.disk.write(&self.file, path, self.length, &buffer)?;
            self.length += buffer.len() as u64;
            self.last = frame.seal;
        }
        Ok(())
    }
}
