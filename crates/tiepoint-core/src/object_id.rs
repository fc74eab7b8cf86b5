//! The id that ties a feature to the object it stands for.
use std::fmt;
use std::str::FromStr;
use uuid::Uuid;

/// The immutable, universal name of one real-world object.
///
/// A 128-bit UUID (RFC 9562). We mint version 7, whose order follows time to the millisecond, and
/// accept every version, the nil UUID excepted. Two spellings of one UUID are one id: equality is
/// on the 128 bits, and the text form is always lower-case with hyphens.
///
/// ```
/// use tiepoint_core::ObjectId;
/// let braced: ObjectId = "{67E55044-10B1-426F-9247-BB680E5FE0C8}".parse()?;
/// assert_eq!(braced.to_string(), "67e55044-10b1-426f-9247-bb680e5fe0c8");
/// assert!("tree 7".parse::<ObjectId>().is_err());
/// # Ok::<(), tiepoint_core::ObjectIdError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectId(Uuid);

impl ObjectId {
    /// A new id, unlike any other, ordered by the time it was minted (UUID version 7).
    #[must_use]
    pub fn mint() -> Self {
        Self(Uuid::now_v7())
    }

    /// The id that `key` always has within `namespace` (UUID version 5, RFC 9562 section 5.5).
    ///
    /// `namespace` belongs to the layer and is never a path: the same key gives the same id on
    /// every machine.
    #[must_use]
    pub fn from_key(namespace: &ObjectId, key: &str) -> Self {
        Self(Uuid::new_v5(&namespace.0, key.as_bytes()))
    }

    /// The id with these 16 bytes, most significant first.
    ///
    /// # Errors
    ///
    /// [`ObjectIdError`] for the nil UUID, which means "no id" everywhere it is used.
    pub fn from_bytes(bytes: [u8; 16]) -> Result<Self, ObjectIdError> {
        Self::from_uuid(Uuid::from_bytes(bytes))
    }

    /// The 16 bytes, most significant first.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }

    /// Takes a UUID as an id.
    ///
    /// # Errors
    ///
    /// [`ObjectIdError`] for the nil UUID.
    pub fn from_uuid(uuid: Uuid) -> Result<Self, ObjectIdError> {
        if uuid.is_nil() {
            return Err(ObjectIdError { text: uuid.to_string() });
        }
        Ok(Self(uuid))
    }

    /// The same 128 bits as a UUID.
    #[must_use]
    pub fn as_uuid(&self) -> &Uuid {
        &self.0
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ObjectId({})", self.0)
    }
}

impl FromStr for ObjectId {
    type Err = ObjectIdError;

    /// Reads the forms people meet: with or without hyphens, braces, `urn:uuid:`, either case.
    fn from_str(text: &str) -> Result<Self, ObjectIdError> {
        let refused = || ObjectIdError { text: text.chars().take(64).collect() };
        let uuid = Uuid::try_parse(text.trim()).ok().filter(|uuid| !uuid.is_nil());
        uuid.map(Self).ok_or_else(refused)
    }
}

/// A text that is no object id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not an object id (a UUID such as 0190a6f0-5c3e-7d21-9b6a-2f4d8c1e7a90)")]
pub struct ObjectIdError {
    text: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_common_spelling_is_one_id() {
        let plain: ObjectId = "67e5504410b1426f9247bb680e5fe0c8".parse().expect("parses");
        for form in [
            "67e55044-10b1-426f-9247-bb680e5fe0c8",
            "67E55044-10B1-426F-9247-BB680E5FE0C8",
            "{67e55044-10b1-426f-9247-bb680e5fe0c8}",
            "urn:uuid:67e55044-10b1-426f-9247-bb680e5fe0c8",
            "  67e55044-10b1-426f-9247-bb680e5fe0c8 ",
        ] {
            assert_eq!(form.parse(), Ok(plain), "{form}");
        }
    }

    #[test]
    fn what_is_not_an_id_is_refused() {
        for text in ["", "tree", "00000000-0000-0000-0000-000000000000", "67e55044_1", "67e5504é"]
        {
            assert!(text.parse::<ObjectId>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_key_has_one_id_per_namespace() {
        let (a, b) = (ObjectId::mint(), ObjectId::mint());
        assert_eq!(ObjectId::from_key(&a, "DEU"), ObjectId::from_key(&a, "DEU"));
        assert_ne!(ObjectId::from_key(&a, "DEU"), ObjectId::from_key(&b, "DEU"));
        assert_ne!(ObjectId::from_key(&a, "DEU"), ObjectId::from_key(&a, "FRA"));
    }

    #[test]
    fn minted_ids_differ_and_ascend() {
        let ids: Vec<_> = (0..10_000).map(|_| ObjectId::mint()).collect();
        assert!(ids.windows(2).all(|pair| pair[0] < pair[1]));
    }
}
