//! Which bytes stand for which characters: told by a mark, guessed from the bytes, or given.
use encoding_rs::Decoder;
use std::fmt;
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

    /// What turns it into UTF-8, a byte order mark left out.
    pub(super) fn decoder(self) -> Decoder {
        self.0.new_decoder_with_bom_removal()
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
pub(super) struct Sequences {
    /// Well-formed characters.
    good: usize,
    /// Places where there is none.
    bad: usize,
    /// Bytes at the end that may be the beginning of one.
    pub(super) cut_off: usize,
}

impl Sequences {
    pub(super) fn in_bytes(bytes: &[u8]) -> Self {
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
    pub(super) fn encoding(&self) -> Option<Encoding> {
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
