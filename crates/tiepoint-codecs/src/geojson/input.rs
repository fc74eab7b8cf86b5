//! A window onto a document that is read in chunks, and where in the document it stands.
use crate::{CodecError, Place, Result};
use std::io::{self, Read};

/// How much is asked for at once; the window grows beyond it only for a longer feature.
pub(super) const CHUNK_BYTES: usize = 256 << 10;

/// The part of a document that is in memory: from the first byte not consumed, to the last read.
pub(super) struct Input<R> {
    source: R,
    buffer: Vec<u8>,
    /// The window within the buffer.
    start: usize,
    end: usize,
    /// How long the window is at first.
    chunk_bytes: usize,
    /// How long the window may become.
    limit_bytes: usize,
    exhausted: bool,
    bytes_read: u64,
    /// Up to where in the buffer `lines` and `columns` are counted.
    counted: usize,
    /// Line ends before `counted`.
    lines: u64,
    /// Characters between the last of them and `counted`.
    columns: u64,
}

impl<R: Read> Input<R> {
    pub(super) fn new(source: R, chunk_bytes: usize, limit_bytes: usize) -> Self {
        Self {
            source,
            buffer: Vec::new(),
            start: 0,
            end: 0,
            chunk_bytes,
            limit_bytes,
            exhausted: false,
            bytes_read: 0,
            counted: 0,
            lines: 0,
            columns: 0,
        }
    }

    /// What can be looked at.
    #[inline]
    pub(super) fn window(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    /// Whether the window reaches to the end of the document.
    pub(super) fn is_exhausted(&self) -> bool {
        self.exhausted
    }

    pub(super) fn bytes_read(&self) -> u64 {
        self.bytes_read
    }

    /// Moves the window's start past its first `count` bytes.
    pub(super) fn consume(&mut self, count: usize) {
        self.start = self.end.min(self.start + count);
    }

    /// Makes the window longer; says whether it did, or reached the document's end before.
    ///
    /// Reads until the buffer is full, so that whoever starts over with the longer window does so
    /// a few times only, however little the source yields at once.
    pub(super) fn extend(&mut self) -> Result<bool> {
        if self.exhausted {
            return Ok(false);
        }
        self.make_room()?;
        let before = self.end;
        while self.end < self.buffer.len() {
            match self.source.read(&mut self.buffer[self.end..]) {
                Ok(0) => {
                    self.exhausted = true;
                    break;
                }
                Ok(count) => {
                    self.end += count;
                    self.bytes_read += count as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(self.end > before)
    }

    fn make_room(&mut self) -> Result<()> {
        if self.start > 0 {
            self.count_to(self.start);
            self.buffer.copy_within(self.start..self.end, 0);
            (self.start, self.end, self.counted) = (0, self.end - self.start, 0);
        }
        let length = self.end;
        if length >= self.limit_bytes {
            let reason = format!(
                "one feature or member is longer than the limit of {} bytes",
                self.limit_bytes
            );
            return Err(CodecError::BadDocument { place: self.place(0, None), reason });
        }
        if length > self.buffer.len() / 2 || self.buffer.is_empty() {
            let wanted = (self.buffer.len() * 2).max(self.chunk_bytes).min(self.limit_bytes);
            self.buffer.resize(wanted.max(length + 1), 0);
        }
        Ok(())
    }

    /// The line and column of the byte at `at` of the window.
    pub(super) fn place(&self, at: usize, feature: Option<u64>) -> Place {
        let until = self.end.min(self.start + at);
        let (lines, columns) = counted(&self.buffer[self.counted..until]);
        let columns = if lines == 0 { self.columns + columns } else { columns };
        Place { feature, line: Some(self.lines + lines + 1), column: Some(columns + 1) }
    }

    fn count_to(&mut self, until: usize) {
        let (lines, columns) = counted(&self.buffer[self.counted..until]);
        self.columns = if lines == 0 { self.columns + columns } else { columns };
        self.lines += lines;
        self.counted = until;
    }
}

/// How many line ends are in `bytes`, and how many characters behind the last.
fn counted(bytes: &[u8]) -> (u64, u64) {
    let lines = memchr::memchr_iter(b'\n', bytes).count() as u64;
    let line = memchr::memrchr(b'\n', bytes).map_or(bytes, |last| &bytes[last + 1..]);
    let is_start_of_character = |byte: &&u8| **byte & 0b1100_0000 != 0b1000_0000;
    (lines, line.iter().filter(is_start_of_character).count() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_survive_that_their_text_is_gone() {
        let text = format!("{}\nä{}x", "-".repeat(CHUNK_BYTES), "=".repeat(CHUNK_BYTES));
        let mut input = Input::new(text.as_bytes(), CHUNK_BYTES, 1 << 30);
        while input.extend().expect("reads") {
            input.consume(input.window().len() - 1);
        }
        assert_eq!(input.window(), b"x");
        let place = input.place(0, None);
        assert_eq!((place.line, place.column), (Some(2), Some(CHUNK_BYTES as u64 + 2)));
        assert_eq!(input.bytes_read(), text.len() as u64);
    }

    #[test]
    fn a_window_beyond_the_limit_is_refused() {
        let mut input = Input::new(io::repeat(b'['), CHUNK_BYTES, 1 << 20);
        let refused = std::iter::repeat_with(|| input.extend()).find_map(Result::err);
        assert!(refused.expect("the limit").to_string().contains("1048576 bytes"));
    }
}
