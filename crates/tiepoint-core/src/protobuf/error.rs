//! Why bytes are no message.
use super::MAX_NESTING;

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
