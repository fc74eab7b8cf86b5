//! One field of a message, and what its bytes mean to a schema.
use super::{MAX_NESTING, Reader, WireError, WireFault};

/// One field of a message, as it came.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Field<'a> {
    pub(super) number: u32,
    pub(super) payload: Payload<'a>,
    pub(super) raw: &'a [u8],
    pub(super) at: usize,
    pub(super) depth: usize,
}

/// What a field holds, as far as the wire format tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Payload<'a> {
    /// An integer, boolean or enum.
    Varint(u64),
    /// Eight bytes: a double or an integer of fixed width.
    Fixed64(u64),
    /// Bytes, text, a message, or packed numbers.
    Bytes(&'a [u8]),
    /// Four bytes: a float or an integer of fixed width.
    Fixed32(u32),
    /// A group, which today's schemas do not have: only to be kept.
    Group,
}

impl<'a> Field<'a> {
    /// Its number in the schema.
    #[must_use]
    pub fn number(&self) -> u32 {
        self.number
    }

    /// Where it starts, in bytes from the start of the whole.
    #[must_use]
    pub fn at(&self) -> usize {
        self.at
    }

    /// What it holds.
    #[must_use]
    pub fn payload(&self) -> Payload<'a> {
        self.payload
    }

    /// All of its bytes, tag included: written again, it is the same field.
    #[must_use]
    pub fn raw(&self) -> &'a [u8] {
        self.raw
    }

    /// An unsigned integer.
    ///
    /// # Errors
    ///
    /// [`WireError`] where it is something else.
    pub fn uint(&self) -> Result<u64, WireError> {
        match self.payload {
            Payload::Varint(number) => Ok(number),
            _ => Err(self.is_not("an integer")),
        }
    }

    /// A signed integer in zigzag form (`sint64`).
    ///
    /// # Errors
    ///
    /// [`WireError`] where it is something else.
    pub fn sint(&self) -> Result<i64, WireError> {
        let number = self.uint()?;
        Ok((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
    }

    /// A boolean.
    ///
    /// # Errors
    ///
    /// [`WireError`] where it is something else.
    pub fn bool(&self) -> Result<bool, WireError> {
        Ok(self.uint()? != 0)
    }

    /// Eight bytes (`fixed64`).
    ///
    /// # Errors
    ///
    /// [`WireError`] where it is something else.
    pub fn fixed64(&self) -> Result<u64, WireError> {
        match self.payload {
            Payload::Fixed64(bits) => Ok(bits),
            _ => Err(self.is_not("eight bytes")),
        }
    }

    /// A double, bit for bit.
    ///
    /// # Errors
    ///
    /// [`WireError`] where it is something else.
    pub fn double(&self) -> Result<f64, WireError> {
        self.fixed64().map(f64::from_bits)
    }

    /// Bytes.
    ///
    /// # Errors
    ///
    /// [`WireError`] where it is something else.
    pub fn bytes(&self) -> Result<&'a [u8], WireError> {
        match self.payload {
            Payload::Bytes(bytes) => Ok(bytes),
            _ => Err(self.is_not("bytes")),
        }
    }

    /// A text.
    ///
    /// # Errors
    ///
    /// [`WireError`] where it is something else, or not UTF-8.
    pub fn text(&self) -> Result<&'a str, WireError> {
        let text = std::str::from_utf8(self.bytes()?).ok();
        text.ok_or_else(|| self.fault(WireFault::Utf8 { number: self.number }))
    }

    /// The fields of a message within.
    ///
    /// # Errors
    ///
    /// [`WireError`] where it is something else, or nested deeper than [`MAX_NESTING`].
    pub fn message(&self) -> Result<Reader<'a>, WireError> {
        let rest = self.bytes()?;
        if self.depth >= MAX_NESTING {
            return Err(self.fault(WireFault::Nesting));
        }
        let at = self.at + self.raw.len() - rest.len();
        Ok(Reader { rest, at, depth: self.depth + 1 })
    }

    /// The integers of a repeated field, packed (`repeated uint32`) or one at a time, added to
    /// `numbers`.
    ///
    /// # Errors
    ///
    /// [`WireError`] where it is something else.
    pub fn uints(&self, numbers: &mut Vec<u64>) -> Result<(), WireError> {
        if let Payload::Varint(number) = self.payload {
            numbers.push(number);
            return Ok(());
        }
        let rest = self.bytes()?;
        let at = self.at + self.raw.len() - rest.len();
        let mut packed = Reader { rest, at, depth: self.depth };
        while !packed.rest.is_empty() {
            numbers.push(packed.varint()?);
        }
        Ok(())
    }

    /// What is wrong with this field.
    #[must_use]
    pub fn fault(&self, fault: WireFault) -> WireError {
        WireError { at: self.at, fault }
    }

    fn is_not(&self, wanted: &'static str) -> WireError {
        self.fault(WireFault::Type { number: self.number, wanted })
    }
}
