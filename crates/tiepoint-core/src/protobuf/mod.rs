//! The protobuf wire format, read with checks and written by hand.
//!
//! Messages are walked field by field, in place. A field that the caller does not know is handed
//! over as the bytes it came as, so that it can be kept and written again. Nothing is believed
//! before the bytes are there, nothing panics, and nothing nests deeper than [`MAX_NESTING`].
//!
//! ```
//! use tiepoint_core::protobuf::{Reader, Writer};
//! let mut point = Writer::new();
//! point.text(1, "Ulm");
//! point.message(2, |at| at.double(1, 9.99));
//!
//! let mut reader = Reader::new(point.as_bytes());
//! let (mut name, mut unknown) = ("", Vec::new());
//! while let Some(field) = reader.next()? {
//!     match field.number() {
//!         1 => name = field.text()?,
//!         _ => unknown.extend_from_slice(field.raw()),
//!     }
//! }
//! assert_eq!(name, "Ulm");
//! assert_eq!(Reader::new(&unknown).next()?.map(|field| field.number()), Some(2), "it survives");
//! # Ok::<(), tiepoint_core::protobuf::WireError>(())
//! ```
mod error;
mod field;
mod read;
#[cfg(test)]
mod tests;
mod write;

pub use error::{WireError, WireFault};
pub use field::{Field, Payload};
pub use read::Reader;
pub use write::Writer;

/// How deep messages may nest, as in Google's own readers.
pub const MAX_NESTING: usize = 100;

/// The greatest field number there is.
pub const MAX_FIELD_NUMBER: u32 = (1 << 29) - 1;

/// What the low three bits of a tag say of the bytes behind it.
mod wire_type {
    pub(super) const VARINT: u8 = 0;
    pub(super) const FIXED64: u8 = 1;
    pub(super) const BYTES: u8 = 2;
    pub(super) const GROUP_START: u8 = 3;
    pub(super) const GROUP_END: u8 = 4;
    pub(super) const FIXED32: u8 = 5;
}
