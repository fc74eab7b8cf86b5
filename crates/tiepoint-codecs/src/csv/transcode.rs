//! A document as UTF-8, block by block, whatever it was in.
use super::encoding::{Encoding, Sequences};
use encoding_rs::{Decoder, DecoderResult};
use std::io::{self, Read};

/// A byte that no UTF-8 has: stands for what its own encoding could not read, so that there is
/// one place where malformed text is noticed, the record it stands in.
const MALFORMED: u8 = 0xFF;
const BLOCK_BYTES: usize = 64 * 1024;
const UTF_8_MARK: &[u8] = b"\xEF\xBB\xBF";

/// A document as UTF-8, whatever it was in. Malformed UTF-8 is passed on as it is.
pub(super) struct Utf8Source<R> {
    input: R,
    how: How,
    /// Bytes read and not yet decoded.
    raw: Vec<u8>,
    raw_at: usize,
    input_ended: bool,
    at_start: bool,
    bytes_read: u64,
}

enum How {
    /// All ASCII so far; what is not decides.
    Undecided,
    Utf8,
    Decode(Encoding, Box<Decoder>, DecoderState),
}

#[derive(Clone, Copy, PartialEq)]
enum DecoderState {
    Running,
    Finished,
}

impl How {
    fn of(encoding: Encoding) -> Self {
        if encoding == Encoding::UTF_8 {
            return Self::Utf8;
        }
        Self::Decode(encoding, Box::new(encoding.decoder()), DecoderState::Running)
    }
}

impl<R: Read> Utf8Source<R> {
    /// Reads `input` in `encoding`; `None` decides when the first character beyond ASCII is met.
    pub(super) fn new(input: R, encoding: Option<Encoding>) -> Self {
        let how = encoding.map_or(How::Undecided, How::of);
        let (raw, raw_at) = (Vec::new(), 0);
        Self { input, how, raw, raw_at, input_ended: false, at_start: true, bytes_read: 0 }
    }

    /// What it is being read in; UTF-8 while it is all ASCII.
    pub(super) fn encoding(&self) -> Encoding {
        match &self.how {
            How::Decode(encoding, ..) => *encoding,
            How::Undecided | How::Utf8 => Encoding::UTF_8,
        }
    }

    pub(super) fn bytes_read(&self) -> u64 {
        self.bytes_read
    }

    /// Fills `out`, which has room for a block at least, as far as the document goes.
    pub(super) fn fill(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        while filled == 0 && !self.is_at_end() {
            filled = match &self.how {
                How::Undecided => self.fill_undecided(out)?,
                How::Utf8 => self.fill_utf_8(out)?,
                How::Decode(..) => self.fill_decoded(out)?,
            };
        }
        Ok(filled)
    }

    fn is_at_end(&self) -> bool {
        match &self.how {
            How::Decode(_, _, state) => *state == DecoderState::Finished,
            _ => self.input_ended && self.raw_at == self.raw.len(),
        }
    }

    fn fill_undecided(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.read_raw()?;
        let sequences = Sequences::in_bytes(&self.raw);
        let encoding = match sequences.encoding() {
            None if sequences.cut_off == 0 || !self.input_ended => {
                return Ok(self.take_raw(self.raw.len() - sequences.cut_off, out));
            }
            None => Encoding::WINDOWS_1252,
            Some(encoding) => encoding,
        };
        self.how = How::of(encoding);
        Ok(0)
    }

    fn fill_utf_8(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.raw_at < self.raw.len() {
            return Ok(self.take_raw(self.raw.len(), out));
        }
        let mut filled = read_full(&mut self.input, out)?;
        self.input_ended = filled < out.len();
        self.bytes_read += filled as u64;
        if std::mem::take(&mut self.at_start) && out[..filled].starts_with(UTF_8_MARK) {
            out.copy_within(UTF_8_MARK.len()..filled, 0);
            filled -= UTF_8_MARK.len();
        }
        Ok(filled)
    }

    fn fill_decoded(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.raw_at == self.raw.len() && !self.input_ended {
            self.read_raw()?;
        }
        let How::Decode(_, decoder, state) = &mut self.how else { return Ok(0) };
        let room = out.len() - 1;
        let (result, read, mut written) = decoder.decode_to_utf8_without_replacement(
            &self.raw[self.raw_at..],
            &mut out[..room],
            self.input_ended,
        );
        self.raw_at += read;
        match result {
            DecoderResult::InputEmpty if self.input_ended => *state = DecoderState::Finished,
            DecoderResult::InputEmpty | DecoderResult::OutputFull => {}
            DecoderResult::Malformed(..) => {
                out[written] = MALFORMED;
                written += 1;
            }
        }
        Ok(written)
    }

    /// Fills the raw block, keeping what is left of the last one.
    fn read_raw(&mut self) -> io::Result<()> {
        self.raw.drain(..self.raw_at);
        self.raw_at = 0;
        let kept = self.raw.len();
        self.raw.resize(BLOCK_BYTES, 0);
        let read = read_full(&mut self.input, &mut self.raw[kept..])?;
        self.raw.truncate(kept + read);
        self.input_ended = self.raw.len() < BLOCK_BYTES;
        self.bytes_read += read as u64;
        self.at_start = false;
        Ok(())
    }

    /// Hands out the raw bytes before `end` as they are.
    fn take_raw(&mut self, end: usize, out: &mut [u8]) -> usize {
        let taken = out.len().min(end - self.raw_at);
        out[..taken].copy_from_slice(&self.raw[self.raw_at..self.raw_at + taken]);
        self.raw_at += taken;
        taken
    }
}

/// Reads until `out` is full or the input ends, so that results do not depend on how it comes.
pub(super) fn read_full(input: &mut impl Read, out: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < out.len() {
        match input.read(&mut out[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}
