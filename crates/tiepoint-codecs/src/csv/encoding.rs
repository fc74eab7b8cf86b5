//! Which bytes stand for which characters: told by a mark, guessed from the bytes, or given.
use encoding_rs::{Decoder, DecoderResult};
use std::fmt;
use std::io::{self, Read};
use std::str::FromStr;

/// A character encoding, as the WHATWG Encoding Standard names them.
///
/// ```
/// use tiepoint_codecs::csv::Encoding;
/// let encoding: Encoding = "latin1".parse()?;
/// assert_eq!(encoding.name(), "windows-1252", "as every browser takes it");
/// # Ok::<(), tiepoint_codecs::csv::UnknownEncoding>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Encoding(&'static encoding_rs::Encoding);

/// A label that names no encoding.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{label}` names no character encoding; write one such as utf-8, utf-16le or windows-1252")]
pub struct UnknownEncoding {
    label: String,
}

impl Encoding {
    /// UTF-8, with or without a byte order mark.
    pub const UTF_8: Self = Self(encoding_rs::UTF_8);
    /// UTF-16, least significant byte first.
    pub const UTF_16LE: Self = Self(encoding_rs::UTF_16LE);
    /// UTF-16, most significant byte first.
    pub const UTF_16BE: Self = Self(encoding_rs::UTF_16BE);
    /// What Windows calls ANSI in western Europe; a superset of ISO 8859-1.
    pub const WINDOWS_1252: Self = Self(encoding_rs::WINDOWS_1252);

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.0.name()
    }

    /// The encoding that the beginning of a document shows; `None` when it is all ASCII so far.
    ///
    /// A byte order mark decides; then zero bytes, which tell UTF-16; then whether most of what is
    /// not ASCII is UTF-8. What is left is taken to be windows-1252.
    pub(super) fn shown_by(head: &[u8]) -> Option<Self> {
        if let Some((encoding, _)) = encoding_rs::Encoding::for_bom(head) {
            return Some(Self(encoding));
        }
        if let Some(encoding) = utf_16_without_mark(head) {
            return Some(encoding);
        }
        Sequences::in_bytes(head).encoding()
    }

    /// The characters of the beginning of a document, what is cut off or wrong replaced.
    pub(super) fn decode_head(self, head: &[u8]) -> String {
        self.0.decode_with_bom_removal(head).0.into_owned()
    }
}

/// ASCII in UTF-16 has a zero in every pair: the second of it, least significant byte first.
fn utf_16_without_mark(head: &[u8]) -> Option<Encoding> {
    let (mut even, mut odd, mut pairs) = (0, 0, 0);
    for pair in head.chunks_exact(2) {
        even += usize::from(pair[0] == 0);
        odd += usize::from(pair[1] == 0);
        pairs += 1;
    }
    let most = pairs / 2;
    match (even > most, odd > most) {
        (false, true) => Some(Encoding::UTF_16LE),
        (true, false) => Some(Encoding::UTF_16BE),
        _ => None,
    }
}

/// What is not ASCII in some bytes, taken as UTF-8.
struct Sequences {
    /// Well-formed characters.
    good: usize,
    /// Places where there is none.
    bad: usize,
    /// Bytes at the end that may be the beginning of one.
    cut_off: usize,
}

impl Sequences {
    fn in_bytes(bytes: &[u8]) -> Self {
        let mut found = Self { good: 0, bad: 0, cut_off: 0 };
        if bytes.is_ascii() {
            return found;
        }
        for chunk in bytes.utf8_chunks() {
            found.good += chunk.valid().chars().filter(|it| !it.is_ascii()).count();
            found.bad += usize::from(!chunk.invalid().is_empty());
            found.cut_off = chunk.invalid().len();
        }
        let tail = std::str::from_utf8(&bytes[bytes.len() - found.cut_off..]);
        if tail.is_err_and(|error| error.error_len().is_none()) {
            found.bad -= 1;
        } else {
            found.cut_off = 0;
        }
        found
    }

    /// The encoding of most of them; `None` when there is nothing to go by.
    fn encoding(&self) -> Option<Encoding> {
        match (self.good, self.bad) {
            (0, 0) => None,
            (good, bad) if good > bad => Some(Encoding::UTF_8),
            _ => Some(Encoding::WINDOWS_1252),
        }
    }
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Debug for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Encoding({})", self.name())
    }
}

impl FromStr for Encoding {
    type Err = UnknownEncoding;

    /// Reads a label of the Encoding Standard, section 4.2, in any case.
    fn from_str(label: &str) -> Result<Self, UnknownEncoding> {
        encoding_rs::Encoding::for_label_no_replacement(label.as_bytes())
            .map(Self)
            .ok_or_else(|| UnknownEncoding { label: label.chars().take(64).collect() })
    }
}

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
        let decoder = Box::new(encoding.0.new_decoder_with_bom_removal());
        Self::Decode(encoding, decoder, DecoderState::Running)
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
