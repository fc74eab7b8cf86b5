//! Why a text is no CQL2, and at which character; and what CQL2 has no words for.
use std::fmt;
use tiepoint_core::ErrorKind;

/// How many characters of a line are shown on either side of the place where reading stopped.
const SHOWN_CHARS: usize = 60;

/// Why an expression cannot be read from CQL2 or written as CQL2.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Cql2Error {
    /// The text makes no sense from some character on.
    #[error("at {place}: {reason}")]
    Unreadable {
        /// Where.
        place: Spot,
        /// What was expected there and what was found.
        reason: String,
        /// What to write instead, where there is something to say.
        hint: Option<String>,
    },
    /// CQL2 has no words for the expression.
    #[error("CQL2 cannot say {what}")]
    Unsayable {
        /// What it has no words for.
        what: String,
    },
}

/// A character of a text, and the line it stands in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spot {
    /// How many characters (code points) of the text come before it.
    pub at: usize,
    /// The line, counted from one.
    pub line: usize,
    /// The character in that line, counted from one.
    pub column: usize,
    /// Whether the text has several lines.
    is_multi_line: bool,
    /// What stands around it in its line, with the number of characters before it there.
    excerpt: String,
    before: usize,
}

impl Cql2Error {
    /// Whose move it is: who wrote the text has to write it otherwise; what cannot be said is
    /// `Unsupported`.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Unreadable { .. } => ErrorKind::Invalid,
            Self::Unsayable { .. } => ErrorKind::Unsupported,
        }
    }

    /// How many characters of the text come before the place where reading stopped.
    #[must_use]
    pub fn at(&self) -> Option<usize> {
        self.spot().map(|place| place.at)
    }

    /// Where reading stopped.
    #[must_use]
    pub fn spot(&self) -> Option<&Spot> {
        match self {
            Self::Unreadable { place, .. } => Some(place),
            Self::Unsayable { .. } => None,
        }
    }

    /// What to write instead, where there is something to say.
    #[must_use]
    pub fn hint(&self) -> Option<&str> {
        match self {
            Self::Unreadable { hint, .. } => hint.as_deref(),
            Self::Unsayable { .. } => None,
        }
    }

    /// The line where reading stopped, and under it a caret at the character.
    ///
    /// ```
    /// use tiepoint_codecs::cql2;
    /// use tiepoint_core::Crs;
    /// let wrong = cql2::parse("floors > = 5", &Crs::CRS84).expect_err("two operators");
    /// assert_eq!(wrong.caret().as_deref(), Some("floors > = 5\n         ^"));
    /// ```
    #[must_use]
    pub fn caret(&self) -> Option<String> {
        self.spot().map(Spot::caret)
    }
}

impl Spot {
    fn caret(&self) -> String {
        // A tab stays one, so that the caret stands under its character however wide tabs are.
        let blank = |c: char| if c == '\t' { '\t' } else { ' ' };
        let indent: String = self.excerpt.chars().take(self.before).map(blank).collect();
        format!("{}\n{indent}^", self.excerpt)
    }
}

impl fmt::Display for Spot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_multi_line {
            write!(f, "line {}, ", self.line)?;
        }
        write!(f, "character {}", self.column)
    }
}

/// What stopped the reading, and at which byte.
#[derive(Debug)]
pub(super) struct Fault(Box<Stop>);

#[derive(Debug)]
struct Stop {
    at: usize,
    reason: String,
    hint: Option<String>,
}

pub(super) type Read<T> = Result<T, Fault>;

impl Fault {
    #[cold]
    pub(super) fn new(at: usize, reason: impl Into<String>) -> Self {
        Self(Box::new(Stop { at, reason: reason.into(), hint: None }))
    }

    pub(super) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// The error for people, who count characters.
    #[cold]
    pub(super) fn in_text(self, text: &str) -> Cql2Error {
        let Stop { at, reason, hint } = *self.0;
        let at = (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at));
        let at = at.unwrap_or(0);
        let (before, after) = text.split_at(at);
        let line_start = before.rfind('\n').map_or(0, |end| end + 1);
        let column = before[line_start..].chars().count();
        let skipped = column.saturating_sub(SHOWN_CHARS);
        let rest = after.chars().take_while(|c| !matches!(c, '\n' | '\r')).take(SHOWN_CHARS);
        let place = Spot {
            at: before.chars().count(),
            line: before.matches('\n').count() + 1,
            column: column + 1,
            is_multi_line: text.contains('\n'),
            excerpt: before[line_start..].chars().skip(skipped).chain(rest).collect(),
            before: column - skipped,
        };
        Cql2Error::Unreadable { place, reason, hint }
    }
}
