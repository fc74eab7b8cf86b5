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

    /// What is read.
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

#[cfg(test)]
mod tests {
    use super::super::StoreLabel;
    use super::*;
    use proptest::prelude::*;
    use std::time::SystemTime;
    use tempfile::tempdir;

    fn head() -> Head {
        let store = StoreLabel { place: "trees".into(), address: "trees.gpkg".into() };
        let (session, began) = (SessionId::mint(), SystemTime::UNIX_EPOCH);
        Head { session, generation: 1, store, began }
    }

    /// A file of frames that are sealed as they should be, whatever they say.
    fn sealed(head: &Head, pieces: &[(Part, Vec<u8>, u64)]) -> Vec<u8> {
        let (mut bytes, salt) = (head.to_bytes(), head.salt());
        let mut before = salt.seal();
        for (part, piece, durable) in pieces {
            let (offset, length) = (bytes.len() as u64, piece.len());
            let (checksum, durable) = (crc32c(piece), *durable);
            let mut frame = Frame { part: *part, length, checksum, durable, before, seal: 0 };
            bytes.extend_from_slice(&frame.seal(salt, offset));
            bytes.extend_from_slice(piece);
            before = frame.seal;
        }
        bytes
    }

    fn end(head: &Head, bytes: &[u8]) -> End {
        let folder = tempdir().expect("a folder");
        let path = folder.path().join("it.journal");
        std::fs::write(&path, bytes).expect("is written");
        let mut reading = match Reading::open(&path, head.session).expect("is read") {
            Ok(reading) => reading,
            Err(end) => return end,
        };
        loop {
            if let Err(end) = reading.next().expect("is read") {
                return end;
            }
        }
    }

    fn arb_part() -> impl Strategy<Value = Part> {
        prop::sample::select(vec![Part::Whole, Part::First, Part::Middle, Part::Last])
    }

    proptest! {
        #[test]
        fn sealed_frames_of_any_order_and_content_come_to_an_end(
            pieces in prop::collection::vec((arb_part(), any::<Vec<u8>>(), any::<u64>()), 0..8),
            cut: prop::sample::Index,
        ) {
            let head = head();
            let bytes = sealed(&head, &pieces);
            end(&head, &bytes);
            end(&head, &bytes[..cut.index(bytes.len())]);
        }
    }

    #[test]
    fn a_unit_without_its_last_part_is_torn_and_a_part_without_a_unit_is_damage() {
        let head = head();
        let whole = (Part::Whole, Vec::new(), 0);
        assert_eq!(end(&head, &sealed(&head, std::slice::from_ref(&whole))), End::Whole);
        let torn = [whole, (Part::First, vec![10], 0)];
        assert_eq!(end(&head, &sealed(&head, &torn)), End::Torn);
        let start = head.to_bytes().len() as u64;
        let lost = [(Part::First, vec![10], 0), (Part::Whole, Vec::new(), start + 1)];
        assert!(
            matches!(end(&head, &sealed(&head, &lost)), End::Damaged(it) if it.offset == start)
        );
    }

    #[test]
    fn frames_of_another_file_are_none_of_this_one() {
        let (mine, theirs) = (head(), head());
        let pieces = [(Part::Whole, Vec::new(), 0)];
        let start = mine.to_bytes().len();
        let mixed = [&mine.to_bytes(), &sealed(&theirs, &pieces)[start..]].concat();
        assert_eq!(end(&mine, &mixed), End::Torn);
        assert!(matches!(end(&mine, &sealed(&theirs, &pieces)), End::Damaged(_)));
    }
}
