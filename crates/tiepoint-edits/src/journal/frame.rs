//! Frames: how bytes lie in a journal's file, so that what is torn or damaged is told from what is
//! whole.
//!
//! A file starts with [`MAGIC`], the format's version, and a head that says whose it is. Then
//! come units, each the bytes of one append, cut into frames of at most [`PIECE`] bytes:
//!
//! | bytes | what |
//! | --- | --- |
//! | 4 | length of the piece, in the low 24 bits; above, which part of its unit it is |
//! | 4 | CRC-32C of the piece |
//! | 8 | how much of the file was known to be on stable storage when this was written |
//! | 4 | seal of the frame before, or of the head |
//! | 4 | seal: CRC-32C of the file's salt, the frame's offset and the 20 bytes above |
//! | length | the piece |
//!
//! All numbers are little-endian. Salt, offset and the seal before keep what an earlier life of
//! these disk blocks left from being taken for a frame. A bad frame that a later frame claims to
//! have been on stable storage is damage; any other is where power failed.
use super::record::id_of;
use super::{SessionId, StoreLabel};
use crc32c::{crc32c, crc32c_append};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tiepoint_core::protobuf::{Reader, WireError, Writer};

/// The first bytes of every journal.
pub(crate) const MAGIC: [u8; 8] = *b"\x89tpjrnl\n";
/// The format's version. A greater one is not read.
pub(crate) const VERSION: u32 = 1;
/// Bytes before the head: the magic, the version, the head's length, and the CRC-32C of version,
/// length and head.
pub(crate) const PREFIX: usize = 20;
/// The greatest length of a head.
pub(crate) const MAX_HEAD: usize = 64 << 10;
/// The greatest length of a piece.
pub(crate) const PIECE: usize = 1 << 20;
/// Bytes of a frame before its piece.
pub(crate) const FRAME: usize = 24;

/// Whose journal a file is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Head {
    pub(crate) session: SessionId,
    /// Counts the files that this session has begun.
    pub(crate) generation: u64,
    pub(crate) store: StoreLabel,
    /// When the session wrote its first record.
    pub(crate) began: SystemTime,
}

/// Which part of a unit a piece is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Whole = 1,
    First = 2,
    Middle = 3,
    Last = 4,
}

/// What stands before a piece.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Frame {
    pub(crate) part: Part,
    pub(crate) length: usize,
    pub(crate) checksum: u32,
    pub(crate) durable: u64,
    pub(crate) before: u32,
    pub(crate) seal: u32,
}

/// What tells the frames of one file from those of all others.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Salt(u32);

impl Head {
    /// Magic, version and head, as a file starts.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut head = Writer::new();
        head.bytes(1, self.session.0.as_bytes());
        head.uint(2, self.generation);
        head.text(3, &self.store.place);
        head.text(4, &self.store.address);
        let began = self.began.duration_since(UNIX_EPOCH).unwrap_or_default();
        head.uint(5, u64::try_from(began.as_micros()).unwrap_or_default());
        let head = head.as_bytes();
        let length = u32::try_from(head.len()).unwrap_or(u32::MAX);
        let checked = [VERSION.to_le_bytes(), length.to_le_bytes()].concat();
        let checksum = crc32c_append(crc32c(&checked), head);
        let mut bytes = [&MAGIC[..], &checked, &checksum.to_le_bytes()].concat();
        bytes.extend_from_slice(head);
        bytes
    }

    /// Reads what stands behind the prefix; `None` where it does not say whose it is.
    pub(crate) fn read(bytes: &[u8]) -> Result<Option<Self>, WireError> {
        let mut reader = Reader::new(bytes);
        let (mut session, mut generation, mut began) = (None, 0, 0);
        let mut store = StoreLabel { place: String::new(), address: String::new() };
        while let Some(field) = reader.next()? {
            match field.number() {
                1 => session = id_of(field.bytes()?),
                2 => generation = field.uint()?,
                3 => field.text()?.clone_into(&mut store.place),
                4 => field.text()?.clone_into(&mut store.address),
                5 => began = field.uint()?,
                _ => {}
            }
        }
        let began = UNIX_EPOCH.checked_add(Duration::from_micros(began)).unwrap_or(UNIX_EPOCH);
        Ok(session.map(|it| Self { session: SessionId(it), generation, store, began }))
    }

    pub(crate) fn salt(&self) -> Salt {
        let session = crc32c(self.session.0.as_bytes());
        Salt(crc32c_append(session, &self.generation.to_le_bytes()))
    }
}

impl Part {
    /// The part that piece number `index` of `count` is.
    pub(crate) fn of(index: usize, count: usize) -> Self {
        match (index, index + 1 == count) {
            (0, true) => Self::Whole,
            (0, false) => Self::First,
            (_, false) => Self::Middle,
            (_, true) => Self::Last,
        }
    }

    fn read(number: u8) -> Option<Self> {
        [Self::Whole, Self::First, Self::Middle, Self::Last]
            .into_iter()
            .find(|it| *it as u8 == number)
    }

    /// Whether a unit starts with it.
    pub(crate) fn starts(self) -> bool {
        matches!(self, Self::Whole | Self::First)
    }

    /// Whether a unit ends with it.
    pub(crate) fn ends(self) -> bool {
        matches!(self, Self::Whole | Self::Last)
    }
}

impl Salt {
    /// The seal of a file's head, which the first frame has before it.
    pub(crate) fn seal(self) -> u32 {
        self.0
    }

    fn seal_of(self, offset: u64, fields: &[u8]) -> u32 {
        crc32c_append(crc32c_append(self.0, &offset.to_le_bytes()), fields)
    }
}

impl Frame {
    /// The bytes of the frame before its piece, at `offset`; its own seal is set by that.
    pub(crate) fn seal(&mut self, salt: Salt, offset: u64) -> [u8; FRAME] {
        let mut bytes = [0; FRAME];
        let length = u32::try_from(self.length).unwrap_or_default();
        bytes[..4].copy_from_slice(&(length | (self.part as u32) << 24).to_le_bytes());
        bytes[4..8].copy_from_slice(&self.checksum.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.durable.to_le_bytes());
        bytes[16..20].copy_from_slice(&self.before.to_le_bytes());
        self.seal = salt.seal_of(offset, &bytes[..20]);
        bytes[20..].copy_from_slice(&self.seal.to_le_bytes());
        bytes
    }

    /// Reads the bytes before a piece; `None` where they are no frame of this file at `offset`.
    pub(crate) fn read(bytes: &[u8; FRAME], salt: Salt, offset: u64) -> Option<Self> {
        let number = |at: usize| bytes[at..].first_chunk().map_or(0, |it| u32::from_le_bytes(*it));
        let frame = Self {
            part: Part::read(bytes[3])?,
            length: (number(0) & 0x00FF_FFFF) as usize,
            checksum: number(4),
            durable: bytes[8..].first_chunk().map_or(0, |it| u64::from_le_bytes(*it)),
            before: number(16),
            seal: number(20),
        };
        let plausible = frame.length <= PIECE && frame.durable <= offset;
        (plausible && frame.seal == salt.seal_of(offset, &bytes[..20])).then_some(frame)
    }
}
