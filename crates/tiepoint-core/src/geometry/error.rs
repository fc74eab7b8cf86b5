//! Why something is not a geometry, and where in the bytes or the text.

use super::kind::{Dims, GeometryKind};
use crate::error::ErrorKind;

/// What went wrong with a geometry, and where.
///
/// Each variant is a place where geometry comes from, with its own way to say where.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum GeometryError {
    /// WKB or EWKB that breaks a rule.
    #[error("malformed geometry bytes: {fault}, at byte {offset}")]
    Bytes {
        /// The rule.
        fault: Fault,
        /// Where, counted in bytes from the start of the WKB.
        offset: usize,
    },
    /// WKT or EWKT that breaks a rule.
    #[error("malformed geometry text: {fault}, at character {position}, near `{excerpt}`")]
    Text {
        /// The rule.
        fault: Fault,
        /// Where, counted in characters from the start of the text.
        position: usize,
        /// A few characters from there on.
        excerpt: String,
    },
    /// A geometry put together by a program or a codec that breaks a rule.
    #[error("not a geometry: {fault}, at its position {position}")]
    Built {
        /// The rule.
        fault: Fault,
        /// How many positions of the geometry come before the place.
        position: usize,
    },
    /// The other model has no such geometry.
    #[error("{what} has no equivalent in {model}")]
    NoEquivalent {
        /// The kind, in backticks, and what else matters of the geometry.
        what: String,
        /// The other model.
        model: &'static str,
    },
}

impl GeometryError {
    /// Whose move it is: bytes are `Corrupt`, text and built geometry `Invalid`, and a kind that
    /// cannot be held is `Unsupported`.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Bytes { fault: Fault::KindCode { .. }, .. } | Self::NoEquivalent { .. } => {
                ErrorKind::Unsupported
            }
            Self::Bytes { fault: Fault::UnexpectedSrid { .. }, .. }
            | Self::Text { .. }
            | Self::Built { .. } => ErrorKind::Invalid,
            Self::Bytes { .. } => ErrorKind::Corrupt,
        }
    }

    /// The rule that was broken, where one was.
    #[must_use]
    pub fn fault(&self) -> Option<&Fault> {
        match self {
            Self::Bytes { fault, .. } | Self::Text { fault, .. } | Self::Built { fault, .. } => {
                Some(fault)
            }
            Self::NoEquivalent { .. } => None,
        }
    }
}

/// The rule of well-formedness that was broken, whatever the geometry was spelled in.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Fault {
    /// The bytes end inside a geometry.
    #[error("{needed} bytes needed, {remaining} left")]
    Truncated {
        /// How many bytes the next thing takes.
        needed: usize,
        /// How many there are.
        remaining: usize,
    },
    /// A count promises more than the bytes can hold.
    #[error("a count of {count} does not fit in the {remaining} bytes left")]
    CountTooLarge {
        /// The count as read.
        count: u32,
        /// How many bytes there are.
        remaining: usize,
    },
    /// Bytes or text after the end of the geometry.
    #[error("{count} more after the end of the geometry")]
    Trailing {
        /// How many bytes or characters.
        count: usize,
    },
    /// Neither 0 (big-endian) nor 1 (little-endian).
    #[error("byte order mark `{mark}` is neither 0 nor 1")]
    ByteOrder {
        /// The mark as read.
        mark: u8,
    },
    /// A code of an abstract class, or of nothing.
    #[error("type code `{code}` names no kind of geometry")]
    KindCode {
        /// The code as read, flags included.
        code: u32,
    },
    /// An SRID where plain WKB or WKT was asked for.
    #[error("SRID `{srid}` in a plain geometry\nhint: read it as EWKB or EWKT")]
    UnexpectedSrid {
        /// The SRID as read.
        srid: i32,
    },
    /// A member with an SRID of its own.
    #[error("a member has SRID `{member}`, the whole does not")]
    MemberSrid {
        /// The SRID of the member.
        member: i32,
    },
    /// A member that its parent may not hold.
    #[error("a `{parent}` may not hold a `{member}`")]
    MemberKind {
        /// The kind of the whole.
        parent: GeometryKind,
        /// The kind of the part.
        member: GeometryKind,
    },
    /// A member with other dims than the whole.
    #[error("a member is `{member}`, the whole is `{root}`")]
    MemberDims {
        /// The dims of the whole.
        root: Dims,
        /// The dims of the part.
        member: Dims,
    },
    /// Geometries inside one another beyond the cap.
    #[error("nested deeper than {cap}")]
    TooDeep {
        /// The cap.
        cap: usize,
    },
    /// An x or y that is not finite, or an infinite z or m.
    #[error("{ordinate} is `{value}`")]
    NotFinite {
        /// `x`, `y`, `z` or `m`.
        ordinate: char,
        /// The value as read.
        value: f64,
    },
    /// A number of positions that such a geometry cannot have.
    #[error("a `{kind}` of {count} positions, which has {rule}")]
    PositionCount {
        /// The kind.
        kind: GeometryKind,
        /// How many positions it has.
        count: usize,
        /// How many it may have.
        rule: &'static str,
    },
    /// A ring with too few positions.
    #[error("a ring of {count} positions, which has at least {least}")]
    RingTooShort {
        /// How many positions it has.
        count: usize,
        /// How many it must have.
        least: usize,
    },
    /// A ring that ends elsewhere than it starts.
    #[error("a ring that starts at `{} {}` and ends at `{} {}`", .first[0], .first[1], .last[0], .last[1])]
    RingNotClosed {
        /// x and y of the first position.
        first: [f64; 2],
        /// x and y of the last position.
        last: [f64; 2],
    },
    /// A triangle with more than one ring.
    #[error("a `Triangle` of {count} rings, which has one or none")]
    TriangleRings {
        /// How many rings it has.
        count: usize,
    },
    /// Something else in the text than the grammar allows.
    #[error("expected {expected}, found {found}")]
    Unexpected {
        /// What may stand there.
        expected: &'static str,
        /// What does, in backticks, or `the end`.
        found: String,
    },
    /// A position with more or fewer ordinates than the others.
    #[error("a position of {count} ordinates in a geometry that is `{dims}`")]
    OrdinateCount {
        /// How many ordinates it has.
        count: usize,
        /// The dims of the geometry.
        dims: Dims,
    },
    /// Calls to a writer that do not add up to one geometry.
    #[error("{what}")]
    Structure {
        /// What was out of place.
        what: &'static str,
    },
}

/// A broken rule with both ways to say where; the caller knows which one fits.
#[derive(Debug)]
pub(super) struct Located {
    pub(super) fault: Fault,
    pub(super) offset: usize,
    pub(super) position: usize,
}

impl Located {
    pub(super) fn in_bytes(self) -> GeometryError {
        GeometryError::Bytes { fault: self.fault, offset: self.offset }
    }

    pub(super) fn in_built(self) -> GeometryError {
        GeometryError::Built { fault: self.fault, position: self.position }
    }
}
