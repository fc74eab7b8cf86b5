//! Reading messages of the protobuf wire format, field by field, from bytes of any origin.
use super::{MAX_FIELD_NUMBER, MAX_NESTING, wire_type};

/// Walks the fields of one message. It never looks beyond the message, and remembers where in the
/// whole it is, for errors.
#[derive(Debug, Clone)]
pub struct Reader<'a> {
    rest: &'a [u8],
    at: usize,
    depth: usize,
}

/// One field of a message, as it came.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Field<'a> {
    number: u32,
    payload: Payload<'a>,
    raw: &'a [u8],
    at: usize,
    depth: usize,
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

/// Why bytes are not the message they should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("byte {at}: {fault}")]
pub struct WireError {
    /// Where, counted from the start of the whole.
    pub at: usize,
    /// What is wrong there.
    pub fault: WireFault,
}

/// What can be wrong with bytes that should be a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WireFault {
    /// The bytes end within a field.
    #[error("the message ends too early")]
    Truncated,
    /// A varint has more than 64 bits.
    #[error("an integer has more than 64 bits")]
    LongVarint,
    /// A tag whose field number or wire type does not exist.
    #[error("no field has the tag {tag}")]
    Tag {
        /// The tag.
        tag: u64,
    },
    /// A group ends that did not start, or another one.
    #[error("a group ends that did not start")]
    Group,
    /// Messages or groups nest deeper than [`MAX_NESTING`].
    #[error("nested more than {MAX_NESTING} deep")]
    Nesting,
    /// The field is of another wire type than its schema says.
    #[error("field {number} is not {wanted}")]
    Type {
        /// The field's number.
        number: u32,
        /// What it should be.
        wanted: &'static str,
    },
    /// A text is not UTF-8.
    #[error("field {number} is not UTF-8")]
    Utf8 {
        /// The field's number.
        number: u32,
    },
}

impl<'a> Reader<'a> {
    /// Over the fields of a whole message.
    #[must_use]
    pub fn new(message: &'a [u8]) -> Self {
        Self { rest: message, at: 0, depth: 0 }
    }

    /// Where it is, in bytes from the start of the whole.
    #[must_use]
    pub fn at(&self) -> usize {
        self.at
    }

    /// The next field; `None` at the end of the message. After an error, there is nothing more.
    ///
    /// # Errors
    ///
    /// [`WireError`] where the bytes are no field.
    #[expect(clippy::should_implement_trait, reason = "an iterator would give Option<Result>")]
    pub fn next(&mut self) -> Result<Option<Field<'a>>, WireError> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let (start, at) = (self.rest, self.at);
        let field = self.tag().and_then(|(number, kind)| {
            let payload = self.payload(number, kind, self.depth)?;
            Ok((number, payload))
        });
        if field.is_err() {
            self.rest = &[];
        }
        let (number, payload) = field?;
        let raw = &start[..self.at - at];
        Ok(Some(Field { number, payload, raw, at, depth: self.depth }))
    }

    fn tag(&mut self) -> Result<(u32, u8), WireError> {
        let at = self.at;
        let tag = self.varint()?;
        let number = u32::try_from(tag >> 3).ok();
        let number = number.filter(|number| (1..=MAX_FIELD_NUMBER).contains(number));
        match (number, (tag & 7) as u8) {
            (Some(number), kind @ 0..=wire_type::FIXED32) => Ok((number, kind)),
            _ => Err(WireError { at, fault: WireFault::Tag { tag } }),
        }
    }

    fn payload(&mut self, number: u32, kind: u8, depth: usize) -> Result<Payload<'a>, WireError> {
        match kind {
            wire_type::VARINT => self.varint().map(Payload::Varint),
            wire_type::FIXED64 => self.array().map(u64::from_le_bytes).map(Payload::Fixed64),
            wire_type::FIXED32 => self.array().map(u32::from_le_bytes).map(Payload::Fixed32),
            wire_type::BYTES => {
                let at = self.at;
                let length = usize::try_from(self.varint()?);
                let length = length.ok().filter(|length| *length <= self.rest.len());
                let length = length.ok_or(WireError { at, fault: WireFault::Truncated })?;
                Ok(Payload::Bytes(self.take(length)))
            }
            wire_type::GROUP_START => self.group(number, depth),
            _ => Err(self.fault(WireFault::Group)),
        }
    }

    /// Passes over a group, the groups within it too.
    fn group(&mut self, number: u32, depth: usize) -> Result<Payload<'a>, WireError> {
        if depth >= MAX_NESTING {
            return Err(self.fault(WireFault::Nesting));
        }
        loop {
            if self.rest.is_empty() {
                return Err(self.fault(WireFault::Truncated));
            }
            match self.tag()? {
                (ended, wire_type::GROUP_END) if ended == number => return Ok(Payload::Group),
                (inner, kind) => self.payload(inner, kind, depth + 1)?,
            };
        }
    }

    fn varint(&mut self) -> Result<u64, WireError> {
        let at = self.at;
        let mut number = 0_u64;
        for (place, byte) in self.rest.iter().take(10).enumerate() {
            let bits = u64::from(byte & 0x7F);
            if place == 9 && bits > 1 {
                break;
            }
            number |= bits << (7 * place);
            if byte & 0x80 == 0 {
                self.take(place + 1);
                return Ok(number);
            }
        }
        let short = self.rest.len() < 10;
        let fault = if short { WireFault::Truncated } else { WireFault::LongVarint };
        Err(WireError { at, fault })
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], WireError> {
        let array = self.rest.first_chunk().copied();
        let array = array.ok_or_else(|| self.fault(WireFault::Truncated))?;
        self.take(N);
        Ok(array)
    }

    /// The next `count` bytes, which are there.
    fn take(&mut self, count: usize) -> &'a [u8] {
        let (taken, rest) = self.rest.split_at(count);
        (self.rest, self.at) = (rest, self.at + count);
        taken
    }

    fn fault(&self, fault: WireFault) -> WireError {
        WireError { at: self.at, fault }
    }
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

#[cfg(test)]
mod tests {
    use super::super::Writer;
    use super::*;
    use proptest::prelude::*;

    fn fault(bytes: &[u8]) -> WireError {
        let mut reader = Reader::new(bytes);
        loop {
            match reader.next() {
                Ok(field) => assert!(field.is_some(), "{bytes:?} has a fault"),
                Err(error) => return error,
            }
        }
    }

    #[test]
    fn what_is_no_message_is_refused_with_its_place() {
        use WireFault::{Group, LongVarint, Nesting, Tag, Truncated};
        let long = [&[8][..], &[0xFF; 9], &[2]].concat();
        let cases: [(&[u8], usize, WireFault); 9] = [
            (&[8], 1, Truncated),
            (&[8, 0x80], 1, Truncated),
            (&[9, 0, 0], 1, Truncated),
            (&[18, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F], 1, Truncated),
            (&long, 1, LongVarint),
            (&[0, 0], 0, Tag { tag: 0 }),
            (&[8, 1, 15], 2, Tag { tag: 15 }),
            (&[12], 1, Group),
            (&[11, 20], 2, Group),
        ];
        for (bytes, at, expected) in cases {
            assert_eq!(fault(bytes), WireError { at, fault: expected }, "{bytes:?}");
        }
        assert_eq!(fault(&[11; 200_000]).fault, Nesting);
    }

    #[test]
    fn nested_messages_are_bounded() {
        let mut message = Vec::new();
        for _ in 0..=MAX_NESTING {
            let mut outer = Writer::new();
            outer.bytes(1, &message);
            message = outer.into_bytes();
        }
        let mut reader = Reader::new(&message);
        let refused = loop {
            let field = reader.next().expect("is a field").expect("is there");
            match field.message() {
                Ok(inner) => reader = inner,
                Err(error) => break error,
            }
        };
        assert_eq!(refused.fault, WireFault::Nesting);
    }

    #[test]
    fn a_group_is_kept_whole() {
        let bytes = [11, 16, 7, 27, 28, 12, 8, 1];
        let mut reader = Reader::new(&bytes);
        let group = reader.next().expect("is a field").expect("is there");
        assert_eq!((group.payload(), group.raw()), (Payload::Group, &bytes[..6]));
        assert_eq!(reader.next().expect("is a field").map(|it| it.uint()), Some(Ok(1)));
    }

    proptest! {
        #[test]
        fn any_bytes_are_walked_or_refused(bytes: Vec<u8>) {
            let (mut reader, mut raw) = (Reader::new(&bytes), Vec::new());
            while let Ok(Some(field)) = reader.next() {
                raw.extend_from_slice(field.raw());
                let _ = (field.text(), field.message(), field.uints(&mut Vec::new()));
            }
            prop_assert!(bytes.starts_with(&raw));
        }

        #[test]
        fn what_is_written_is_read(
            (number, uint, sint, double) in (1..=MAX_FIELD_NUMBER, any::<u64>(), any::<i64>(), any::<u64>()),
            text: String,
            packed: Vec<u64>,
        ) {
            let mut writer = Writer::new();
            writer.uint(number, uint);
            writer.sint(number, sint);
            writer.fixed64(number, double);
            writer.text(number, &text);
            writer.uints(number, packed.iter().copied());
            writer.message(number, |inner| inner.message(number, |it| it.text(number, &text)));
            let mut reader = Reader::new(writer.as_bytes());
            let mut next = || reader.next().expect("is a field").expect("is there");
            prop_assert_eq!(next().uint(), Ok(uint));
            prop_assert_eq!(next().sint(), Ok(sint));
            prop_assert_eq!(next().fixed64(), Ok(double));
            prop_assert_eq!(next().text(), Ok(text.as_str()));
            let mut read = Vec::new();
            next().uints(&mut read)?;
            prop_assert_eq!(read, packed);
            let inner = next().message()?.next()?.expect("is there");
            prop_assert_eq!(inner.message()?.next()?.expect("is there").text(), Ok(text.as_str()));
            prop_assert_eq!(reader.next(), Ok(None));
        }
    }
}
