//! Where transactions begin and end, as the driver does not tell whether it is in one.
/// What a statement does to the transaction around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Boundary {
    Begin,
    End,
}

impl Boundary {
    pub(crate) fn of(sql: &str) -> Option<Self> {
        let mut words = sql.split(|c: char| !c.is_ascii_alphabetic()).filter(|it| !it.is_empty());
        match (words.next()?.to_ascii_uppercase().as_str(), words.next()) {
            ("BEGIN" | "START", _) => Some(Self::Begin),
            ("ROLLBACK", Some(word)) if word.eq_ignore_ascii_case("TO") => None,
            ("COMMIT" | "ROLLBACK" | "END" | "ABORT", _) => Some(Self::End),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transactions_begin_and_end_with_certain_words() {
        let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY";
        assert_eq!(Boundary::of(begin), Some(Boundary::Begin));
        assert_eq!(Boundary::of("start transaction"), Some(Boundary::Begin));
        assert_eq!(Boundary::of("COMMIT;"), Some(Boundary::End));
        assert_eq!(Boundary::of("ROLLBACK"), Some(Boundary::End));
        assert_eq!(Boundary::of("ROLLBACK TO SAVEPOINT a"), None);
        assert_eq!(Boundary::of("SAVEPOINT a"), None);
        assert_eq!(Boundary::of(""), None);
    }
}
