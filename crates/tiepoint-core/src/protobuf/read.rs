//! Reading messages of the protobuf wire format, field by field, from bytes of any origin.
use super::{Field, MAX_FIELD_NUMBER, MAX_NESTING, Payload, WireError, WireFault, wire_type};

/// Walks the fields of one message. It never looks beyond the message, and remembers where in the
/// whole it is, for errors.
#[derive(Debug, Clone)]
pub struct Reader<'a> {
    pub(super) rest: &'a [u8],
    pub(super) at: usize,
    pub(super) depth: usize,
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

    pub(super) fn varint(&mut self) -> Result<u64, WireError> {
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
