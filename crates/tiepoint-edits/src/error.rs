//! Everything an edit buffer can say no with.
use crate::journal::JournalError;
use crate::step::Overtaken;
use tiepoint_core::{ChangeSetId, Conflict, ErrorKind};
use tiepoint_store::{NotApplied, Refusal, StoreError};

/// What a call of an edit buffer yields.
pub type Result<T, E = EditError> = std::result::Result<T, E>;

/// Why an edit buffer did not do what it was asked to. What was pending is pending still.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    /// The store, or the buffer as a store, said no.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The journal cannot be written or read: what is not on disk is not acknowledged.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// Others have changed the same things since; see [`EditBuffer::merge`](crate::EditBuffer::merge).
    #[error("others have changed the same: {}", conflicts_in_words(.0))]
    Conflicts(Vec<Conflict>),
    /// The store refuses these changes; all its reasons.
    #[error("the store refuses {}", refusals_in_words(.0))]
    Refused(Vec<Refusal>),
    /// A step that is in the store cannot be taken back or made again: others have changed what it
    /// left.
    #[error("`{step}` cannot be taken back or made again: {}", overtaken_in_words(.features))]
    Overtaken {
        /// The step's name.
        step: String,
        /// The features that others have changed.
        features: Vec<Overtaken>,
    },
    /// An edit command is open, and this is for when none is.
    #[error("the edit command `{command}` is open")]
    CommandOpen {
        /// Its name.
        command: String,
    },
    /// A commit was under way when the store was lost, and it cannot be asked what became of it.
    #[error("it is not known yet whether commit {id} happened: {reason}")]
    InDoubt {
        /// The name of what was committed.
        id: ChangeSetId,
        /// Why it cannot be asked.
        reason: Box<StoreError>,
    },
    /// A decision that does not settle the conflict, or a conflict that there is not.
    #[error("the conflict cannot be settled like this: {reason}")]
    Unsettled {
        /// What is wrong with it.
        reason: String,
    },
}

impl EditError {
    /// Whose move it is; see [`ErrorKind`].
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Store(error) => error.kind(),
            Self::Journal(error) => error.kind(),
            Self::Conflicts(_) | Self::Refused(_) | Self::Overtaken { .. } => ErrorKind::Conflict,
            Self::CommandOpen { .. } | Self::Unsettled { .. } => ErrorKind::Invalid,
            Self::InDoubt { .. } => ErrorKind::Unavailable,
        }
    }

    /// What the user can do next, where there is something.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Store(error) => return error.hint(),
            Self::Conflicts(_) => "merge, decide each conflict, and commit again",
            Self::Refused(_) => "change or undo what is refused, and commit again",
            Self::Overtaken { .. } => "look at what they say now, and edit them again if need be",
            Self::CommandOpen { .. } => "end it or abandon it first",
            Self::InDoubt { .. } => "try again when the store can be reached; nothing is lost",
            Self::Journal(_) | Self::Unsettled { .. } => return None,
        };
        Some(hint.to_owned())
    }
}

impl From<NotApplied> for EditError {
    fn from(reason: NotApplied) -> Self {
        match reason {
            NotApplied::Conflicts { conflicts, .. } => Self::Conflicts(conflicts),
            NotApplied::Refused(refusals) => Self::Refused(refusals),
            NotApplied::Store(error) => Self::Store(error),
        }
    }
}

/// How many of a list are named in a message.
const NAMED: usize = 3;

fn conflicts_in_words(conflicts: &[Conflict]) -> String {
    in_words(conflicts, |it| format!("layer `{}`, {}", it.layer, it.target))
}

fn refusals_in_words(refusals: &[Refusal]) -> String {
    in_words(refusals, |it| format!("layer `{}`, {}: {}", it.layer, it.target, it.reason))
}

fn overtaken_in_words(features: &[Overtaken]) -> String {
    in_words(features, |it| format!("layer `{}`, {}: {}", it.layer, it.target, it.reason))
}

fn in_words<T>(all: &[T], word: impl Fn(&T) -> String) -> String {
    let named: Vec<_> = all.iter().take(NAMED).map(word).collect();
    let more = all.len().saturating_sub(NAMED);
    let more = if more > 0 { format!("; and {more} more") } else { String::new() };
    format!("{}{more}", named.join("; "))
}

impl EditError {
    /// The steps here do not fit together: a mistake in this crate.
    pub(crate) fn contradiction(reason: impl std::error::Error + Send + Sync + 'static) -> Self {
        let (store, what) = ("the edit buffer".to_owned(), "merge its steps".to_owned());
        let (kind, source) = (ErrorKind::Internal, Box::new(reason));
        StoreError::Driver { store, what, kind, source }.into()
    }

    /// Whether steps do not follow one another: between two of them nothing was pending for a
    /// feature, and others changed it. They go on as one step, then.
    pub(crate) fn is_a_gap(&self) -> bool {
        match self {
            Self::Overtaken { .. } => true,
            Self::Store(error) => error.kind() == ErrorKind::Internal,
            _ => false,
        }
    }

    /// The same for those who ask the buffer as a store.
    pub(crate) fn into_store_error(self) -> StoreError {
        let kind = self.kind();
        match self {
            Self::Store(error) => error,
            other => StoreError::Driver {
                store: "the edit buffer".to_owned(),
                what: "keep the edit".to_owned(),
                kind,
                source: Box::new(other),
            },
        }
    }
}
