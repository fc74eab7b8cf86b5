//! Writing messages in the protobuf wire format.
use super::wire_type;

/// Writes the fields of a message one after the other.
///
/// Whatever is asked for is written: leaving out what says nothing is the caller's decision, as a
/// schema in its third version wants it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    /// Of an empty message.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// What is written so far.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The message.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// An unsigned integer (`uint64`, `uint32`, an enum).
    pub fn uint(&mut self, number: u32, value: u64) {
        self.tag(number, wire_type::VARINT);
        self.varint(value);
    }

    /// A signed integer in zigzag form (`sint64`).
    pub fn sint(&mut self, number: u32, value: i64) {
        self.uint(number, ((value << 1) ^ (value >> 63)).cast_unsigned());
    }

    /// A boolean.
    pub fn bool(&mut self, number: u32, value: bool) {
        self.uint(number, value.into());
    }

    /// Eight bytes (`fixed64`).
    pub fn fixed64(&mut self, number: u32, bits: u64) {
        self.tag(number, wire_type::FIXED64);
        self.bytes.extend_from_slice(&bits.to_le_bytes());
    }

    /// A double, bit for bit.
    pub fn double(&mut self, number: u32, value: f64) {
        self.fixed64(number, value.to_bits());
    }

    /// Bytes.
    pub fn bytes(&mut self, number: u32, bytes: &[u8]) {
        self.tag(number, wire_type::BYTES);
        self.varint(bytes.len() as u64);
        self.bytes.extend_from_slice(bytes);
    }

    /// A text.
    pub fn text(&mut self, number: u32, text: &str) {
        self.bytes(number, text.as_bytes());
    }

    /// A message within, of the fields that `fields` writes.
    pub fn message(&mut self, number: u32, fields: impl FnOnce(&mut Self)) {
        self.tag(number, wire_type::BYTES);
        self.delimited(fields);
    }

    /// A message behind its length, without a tag: one of many in a stream.
    pub fn delimited(&mut self, fields: impl FnOnce(&mut Self)) {
        // Most messages are short: room for one byte of length, made wider where it turns out so.
        let place = self.bytes.len();
        self.bytes.push(0);
        fields(self);
        let length = self.bytes.len() - place - 1;
        if let Ok(short @ 0..0x80) = u8::try_from(length) {
            self.bytes[place] = short;
        } else {
            let mut prefix = Self::new();
            prefix.varint(length as u64);
            self.bytes.splice(place..=place, prefix.bytes);
        }
    }

    /// Integers of a repeated field, packed; nothing where there are none is a choice of the
    /// caller's.
    pub fn uints(&mut self, number: u32, values: impl IntoIterator<Item = u64>) {
        self.message(number, |packed| values.into_iter().for_each(|value| packed.varint(value)));
    }

    /// Fields as they came from a [`Field::raw`](super::Field::raw).
    pub fn raw(&mut self, fields: &[u8]) {
        self.bytes.extend_from_slice(fields);
    }

    #[inline]
    fn tag(&mut self, number: u32, kind: u8) {
        self.varint(u64::from(number) << 3 | u64::from(kind));
    }

    #[inline]
    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.bytes.push((value & 0x7F) as u8 | 0x80);
            value >>= 7;
        }
        self.bytes.push((value & 0x7F) as u8);
    }
}
