//! What the server's codes mean for us (PostgreSQL manual, appendix A).
use tiepoint_core::ErrorKind;

/// What a code means; the ones with an error of their own, and the kind of all others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// A serialization failure or a deadlock.
    Repeat,
    /// Somebody else holds a lock.
    Locked,
    /// No room on the disk.
    Full,
    /// The transaction, or the server, may only read.
    ReadOnly,
    /// The role lacks a right.
    NotAllowed,
    /// No connection is left.
    Crowded,
    /// The connection is over.
    Lost,
    /// The server is starting, stopping or recovering.
    Starting,
    /// Not let in.
    Refused,
    /// A statement was ended from outside.
    Cancelled,
    /// The database that we wanted does not exist.
    NoDatabase,
    /// Anything else.
    Other(ErrorKind),
}

pub(crate) fn meaning(code: &str) -> Meaning {
    match code {
        "40001" | "40P01" => Meaning::Repeat,
        "55P03" => Meaning::Locked,
        "53100" => Meaning::Full,
        "25006" => Meaning::ReadOnly,
        "42501" => Meaning::NotAllowed,
        "53300" => Meaning::Crowded,
        "57P01" | "57P02" | "57P04" | "57P05" | "25P03" | "25P04" => Meaning::Lost,
        "57P03" => Meaning::Starting,
        "28000" | "28P01" => Meaning::Refused,
        "57014" => Meaning::Cancelled,
        "3D000" => Meaning::NoDatabase,
        _ if code.starts_with("08") => Meaning::Lost,
        _ => Meaning::Other(kind_of(code)),
    }
}

fn kind_of(code: &str) -> ErrorKind {
    match code {
        "42P01" | "42703" | "42883" | "42704" => return ErrorKind::NotFound,
        "42P04" | "42P06" | "42P07" | "42701" | "42710" => return ErrorKind::AlreadyExists,
        "XX001" | "XX002" => return ErrorKind::Corrupt,
        // a name that is too long, a type that is not the one it was said to be
        "42622" | "42804" | "42846" => return ErrorKind::Invalid,
        // other objects depend on it
        "2BP01" => return ErrorKind::Conflict,
        _ => {}
    }
    match code.get(..2).unwrap_or_default() {
        "22" | "54" => ErrorKind::Invalid,
        "23" | "40" | "44" => ErrorKind::Conflict,
        "3F" => ErrorKind::NotFound,
        "0A" => ErrorKind::Unsupported,
        "53" | "55" | "57" | "58" => ErrorKind::Unavailable,
        _ => ErrorKind::Internal,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_say_whose_move_it_is() {
        assert_eq!(meaning("40P01"), Meaning::Repeat);
        assert_eq!(meaning("08006"), Meaning::Lost);
        assert_eq!(meaning("23505"), Meaning::Other(ErrorKind::Conflict));
        assert_eq!(meaning("22P02"), Meaning::Other(ErrorKind::Invalid));
        assert_eq!(meaning("3F000"), Meaning::Other(ErrorKind::NotFound));
        assert_eq!(meaning("XX001"), Meaning::Other(ErrorKind::Corrupt));
        assert_eq!(meaning(""), Meaning::Other(ErrorKind::Internal));
    }
}
