//! Reading one file, unit by unit, from bytes of any origin: what is whole, and where and why it ends.
use super::frame::{FRAME, Frame, Head, MAGIC, MAX_HEAD, PREFIX, Part, Salt, VERSION};
use super::record::{Record, RecordFault, records_of};
use super::{JournalError, SessionId};
use crc32c::{crc32c, crc32c_append};
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// What is wrong with a journal, and where. What stands before is whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// Where it starts, in bytes from the start of the file.
    pub offset: u64,
    /// What is wrong there.
    pub reason: String,
}

/// Why there is nothing more in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum End {
    /// It ends behind a whole unit.
    Whole,
    /// What follows was never acknowledged: power or process failed while it was written.
    Torn,
    /// What follows was acknowledged, and is not there any more.
    Damaged(Damage),
    /// A newer build wrote it.
    Newer,
    /// It may not be read.
    Denied,
}

/// A file that is being read. It holds one unit at a time.
pub(crate) struct Reading {
    path: PathBuf,
    file: BufReader<File>,
    pub(crate) head: Head,
    salt: Salt,
    offset: u64,
    last: u32,
}

/// What was found at a place.
enum Found {
    Nothing,
    Piece(Part),
    Bad(&'static str),
}

impl Reading {
    /// Reads the head of a session's journal.
    pub(crate) fn open(path: &Path, session: SessionId) -> Result<Result<Self, End>, JournalError> {
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                return Ok(Err(End::Denied));
            }
            Err(error) => return Err(JournalError::on(path, "open this journal")(error)),
        };
        Self::of(path, file, session).map_err(JournalError::on(path, "read this journal"))
    }

    fn of(path: &Path, file: File, session: SessionId) -> io::Result<Result<Self, End>> {
        let mut file = BufReader::with_capacity(64 << 10, file);
        let (head, length) = match read_head(&mut file)? {
            Ok(found) => found,
            Err(end) => return Ok(Err(end)),
        };
        if head.session != session {
            return Ok(Err(damaged(0, "it is the journal of another session than its name says")));
        }
        let salt = head.salt();
        let (path, last) = (path.to_owned(), salt.seal());
        Ok(Ok(Self { path, file, head, salt, offset: length, last }))
    }

    /// The records of the next unit, or why there is none.
    pub(crate) fn next(&mut self) -> Result<Result<Vec<Record>, End>, JournalError> {
        let start = self.offset;
        let unit = self.unit().map_err(JournalError::on(&self.path, "read this journal"))?;
        Ok(unit.and_then(|unit| match records_of(&unit) {
            Ok(records) => Ok(records),
            Err(RecordFault::Unknown) => Err(End::Newer),
            Err(fault) => Err(damaged(start, fault.to_string())),
        }))
    }

    /// Brings what was read to stable storage, where that has not happened yet.
    pub(crate) fn file(&self) -> &File {
        self.file.get_ref()
    }

    fn unit(&mut self) -> io::Result<Result<Vec<u8>, End>> {
        let (start, mut unit, mut begun) = (self.offset, Vec::new(), false);
        loop {
            match self.piece(&mut unit)? {
                Found::Piece(part) if part.starts() == begun => {
                    return self.judge(start, "a record is missing a part");
                }
                Found::Piece(part) if part.ends() => return Ok(Ok(unit)),
                Found::Piece(_) => begun = true,
                Found::Nothing if begun => return Ok(Err(End::Torn)),
                Found::Nothing => return Ok(Err(End::Whole)),
                Found::Bad(reason) => return self.judge(start, reason),
            }
        }
    }

    /// Adds the next piece to a unit. Its length is believed no further than a piece may be long.
    fn piece(&mut self, unit: &mut Vec<u8>) -> io::Result<Found> {
        let mut bytes = [0; FRAME];
        match fill(&mut self.file, &mut bytes)? {
            0 => return Ok(Found::Nothing),
            FRAME => {}
            _ => return Ok(Found::Bad("it ends within a record")),
        }
        let Some(frame) = Frame::read(&bytes, self.salt, self.offset) else {
            return Ok(Found::Bad("what stands here is no record"));
        };
        if frame.before != self.last {
            return Ok(Found::Bad("what stands here does not follow what stands before"));
        }
        let start = unit.len();
        let read = (&mut self.file).take(frame.length as u64).read_to_end(unit)?;
        if read < frame.length {
            return Ok(Found::Bad("it ends within a record"));
        }
        if crc32c(&unit[start..]) != frame.checksum {
            return Ok(Found::Bad("a record is not as it was written"));
        }
        self.offset += (FRAME + frame.length) as u64;
        self.last = frame.seal;
        Ok(Found::Piece(frame.part))
    }

    /// Whether what is bad from `start` on had been on stable storage, as a later frame says.
    fn judge(&mut self, start: u64, reason: &'static str) -> io::Result<Result<Vec<u8>, End>> {
        let known = self.later_frames(start, |frame| frame.durable > start)?;
        Ok(Err(if known { damaged(start, reason) } else { End::Torn }))
    }

    /// Whether some frame behind `start` is like this. Looks at every byte once.
    fn later_frames(&mut self, start: u64, is: impl Fn(&Frame) -> bool) -> io::Result<bool> {
        let mut window = vec![0; 64 << 10];
        let (mut offset, mut kept) = (start, 0);
        self.file.seek(SeekFrom::Start(start))?;
        loop {
            let read = fill(&mut self.file, &mut window[kept..])?;
            let held = &window[..kept + read];
            let places = held.windows(FRAME).zip(offset..);
            let mut frames = places.filter_map(|(bytes, at)| {
                // Most bytes are told by this one.
                let possible = matches!(bytes[3], 1..=4);
                possible.then(|| Frame::read(bytes.first_chunk()?, self.salt, at)).flatten()
            });
            if frames.any(|frame| is(&frame)) {
                return Ok(true);
            }
            if read == 0 {
                return Ok(false);
            }
            let next = held.len().saturating_sub(FRAME - 1);
            (offset, kept) = (offset + next as u64, held.len() - next);
            window.copy_within(next..next + kept, 0);
        }
    }
}

/// The head, and where the first frame starts.
fn read_head(file: &mut impl Read) -> io::Result<Result<(Head, u64), End>> {
    let mut prefix = [0; PREFIX];
    let read = fill(file, &mut prefix)?;
    if read < PREFIX || prefix[..8] != MAGIC {
        return Ok(Err(damaged(0, "it does not start as a journal does")));
    }
    let number = |at: usize| prefix[at..].first_chunk().map_or(0, |it| u32::from_le_bytes(*it));
    if number(8) > VERSION {
        return Ok(Err(End::Newer));
    }
    let length = number(12) as usize;
    let mut head = Vec::new();
    if length <= MAX_HEAD {
        file.take(length as u64).read_to_end(&mut head)?;
    }
    let checksum = crc32c_append(crc32c(&prefix[8..16]), &head);
    if head.len() < length || checksum != number(16) {
        return Ok(Err(damaged(12, "what says whose journal it is is not as it was written")));
    }
    Ok(match Head::read(&head) {
        Ok(Some(head)) => Ok((head, (PREFIX + length) as u64)),
        Ok(None) => Err(damaged(20, "it does not say whose journal it is")),
        Err(error) => Err(damaged(20, error.to_string())),
    })
}

fn damaged(offset: u64, reason: impl Into<String>) -> End {
    End::Damaged(Damage { offset, reason: reason.into() })
}

/// Reads as much as there is, up to the whole buffer.
fn fill(file: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}
