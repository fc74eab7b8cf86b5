//! Everything the facade can say no with, and whose move it is.
use std::error::Error as StdError;
use std::{fmt, io};
use tiepoint_codecs::CodecError;
use tiepoint_core::{Conflict, Crs, DecodeError, ErrorKind};
use tiepoint_edits::EditError;
use tiepoint_edits::journal::JournalError;
use tiepoint_objects::NotTied;
use tiepoint_store::{NotApplied, Refusal, StoreError};

/// What a call of the facade yields.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why work with stores and documents failed. Messages never contain a password.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The store said no.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A document cannot be read or written.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// A change set cannot be read.
    #[error(transparent)]
    Changes(#[from] ChangesError),
    /// Changes were not written, none of them.
    #[error(transparent)]
    NotApplied(Box<NotApplied>),
    /// An edit buffer said no; what was pending is pending still.
    #[error(transparent)]
    Edit(Box<EditError>),
    /// A journal cannot be read or written.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// There is no object for what was asked.
    #[error(transparent)]
    NotTied(#[from] NotTied),
    /// A path or URL that no driver opens.
    #[error("`{location}` is no store that can be opened")]
    UnknownStore {
        /// The path or URL, without passwords.
        location: String,
    },
    /// A document whose format its name does not tell.
    #[error("the name `{document}` does not tell its format")]
    UnknownFormat {
        /// The document's name.
        document: String,
    },
    /// A file that is to be written is there already.
    #[error("`{target}` already exists")]
    TargetExists {
        /// The file's name.
        target: String,
        /// What to do about it.
        hint: String,
    },
    /// No feature stands for an object, or is called so by its store.
    #[error("layer `{layer}` of {store} has no feature {feature}")]
    FeatureNotFound {
        /// The store's printable name.
        store: String,
        /// The layer's name.
        layer: String,
        /// What was asked for.
        feature: String,
    },
    /// A file cannot be opened, read or written.
    #[error("cannot {what} `{path}`")]
    File {
        /// What was being done to it.
        what: &'static str,
        /// The file's name.
        path: String,
        /// The system's own words.
        source: io::Error,
    },
    /// One feature of a source that its layer does not take.
    #[error("{source_name}, {place}: {reason}")]
    Feature {
        /// The document or store it comes from.
        source_name: String,
        /// Where it stands there.
        place: String,
        /// What is wrong with it.
        reason: String,
        /// Whose move it is.
        kind: ErrorKind,
        /// What to do next.
        hint: Option<String>,
    },
    /// A source whose coordinates do not mean what the layer's mean.
    #[error("{source_name} is in {source_crs}, but layer `{layer}` is in {layer_crs}")]
    CrsMismatch {
        /// The document or store.
        source_name: String,
        /// What its coordinates mean.
        source_crs: Box<Crs>,
        /// The layer's name.
        layer: String,
        /// What the layer's coordinates mean.
        layer_crs: Box<Crs>,
    },
    /// A field of a source that the layer does not have.
    #[error("{source_name} has a field `{field}` that layer `{layer}` does not have")]
    UnknownField {
        /// The document or store.
        source_name: String,
        /// The field's name.
        field: String,
        /// The layer's name.
        layer: String,
        /// The closest name the layer has.
        nearest: Option<String>,
    },
    /// Options that make no sense together, or with this source and store.
    #[error("{reason}")]
    Options {
        /// What makes no sense.
        reason: String,
        /// What to do instead.
        hint: Option<String>,
    },
    /// Nothing notes what happens to a layer, so nobody knows what happened.
    #[error("{store} keeps no log of {what}")]
    NoLog {
        /// The store's printable name.
        store: String,
        /// The layer, or any.
        what: String,
    },
    /// A time of which no log tells enough.
    #[error("what layer `{layer}` of {store} said at {time} is not known: {reason}")]
    NotKnown {
        /// The store's printable name.
        store: String,
        /// The layer's name.
        layer: String,
        /// The time that was asked for, as RFC 3339 writes it.
        time: String,
        /// Since when it is known.
        reason: String,
    },
    /// The watcher asked to stop.
    #[error("stopped on request; {target} is as it was")]
    Stopped {
        /// What was being written to.
        target: String,
    },
}

/// A document that cannot be read or written, by name.
#[derive(Debug)]
pub struct DocumentError {
    /// The document's name.
    pub document: String,
    /// What is wrong, and where in it.
    pub reason: CodecError,
}

/// A change set that cannot be read, by its document's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{document}: {reason}")]
pub struct ChangesError {
    /// The document's name.
    pub document: String,
    /// What is wrong, and where in it.
    pub reason: Box<DecodeError>,
}

impl Error {
    /// Whose move it is; see [`ErrorKind`].
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Store(error) => error.kind(),
            Self::FeatureNotFound { .. }
            | Self::NotTied(_)
            | Self::NoLog { .. }
            | Self::NotKnown { .. } => ErrorKind::NotFound,
            Self::Document(error) => error.reason.kind(),
            Self::Changes(error) => error.reason.kind(),
            Self::NotApplied(reason) => reason.kind(),
            Self::Edit(error) => error.kind(),
            Self::Journal(error) => error.kind(),
            Self::UnknownStore { .. } | Self::UnknownFormat { .. } => ErrorKind::Unsupported,
            Self::TargetExists { .. } => ErrorKind::AlreadyExists,
            Self::File { source, .. } => io_kind(source),
            Self::Feature { kind, .. } => *kind,
            Self::CrsMismatch { .. } | Self::UnknownField { .. } | Self::Options { .. } => {
                ErrorKind::Invalid
            }
            Self::Stopped { .. } => ErrorKind::Unavailable,
        }
    }

    /// What the user can do next, where there is something.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Store(error) => error.hint(),
            Self::Document(error) => error.reason.hint().map(str::to_owned),
            Self::NotApplied(reason) => reason.hint(),
            Self::Edit(error) => error.hint(),
            Self::Changes(_) => Some(
                "a change set is what `tiepoint diff A B -o FILE` writes, protobuf or JSON"
                    .to_owned(),
            ),
            Self::UnknownStore { .. } => Some(
                "a store is a path that ends in `.gpkg`, a URL such as `postgres://user@host/database` \
                 or `gpkg:data.db`, `PG:` and libpq's keywords, or `memory:`"
                    .to_owned(),
            ),
            Self::UnknownFormat { .. } => Some(format!("name the format: {}", format_names())),
            Self::TargetExists { hint, .. } => Some(hint.clone()),
            Self::CrsMismatch { layer_crs, .. } => Some(format!(
                "transform the source to {layer_crs} first, or import it as a layer of its own"
            )),
            Self::UnknownField { nearest, .. } => Some(match nearest {
                Some(name) => format!("did you mean `{name}`? rename it, or ignore unknown fields"),
                None => "remove it from the source, or ignore unknown fields".to_owned(),
            }),
            Self::Feature { hint, .. } | Self::Options { hint, .. } => hint.clone(),
            Self::NoLog { .. } => Some(
                "`tiepoint watch STORE LAYER --install` makes one, which notes what happens from \
                 then on"
                    .to_owned(),
            ),
            Self::File { .. }
            | Self::FeatureNotFound { .. }
            | Self::NotTied(_)
            | Self::NotKnown { .. }
            | Self::Stopped { .. }
            | Self::Journal(_) => None,
        }
    }

    /// The conflicts that wait for somebody to decide, where that is why.
    #[must_use]
    pub fn conflicts(&self) -> &[Conflict] {
        match self {
            Self::NotApplied(reason) => match &**reason {
                NotApplied::Conflicts { conflicts, .. } => conflicts,
                _ => &[],
            },
            Self::Edit(error) => match &**error {
                EditError::Conflicts(conflicts) => conflicts,
                _ => &[],
            },
            _ => &[],
        }
    }

    /// What the store has against changes, all of it, where that is why.
    #[must_use]
    pub fn refusals(&self) -> &[Refusal] {
        match self {
            Self::NotApplied(reason) => match &**reason {
                NotApplied::Refused(refusals) => refusals,
                _ => &[],
            },
            _ => &[],
        }
    }

    /// The message, then the messages of its causes, outermost first.
    #[must_use]
    pub fn chain(&self) -> Vec<String> {
        let mut lines = vec![self.to_string()];
        let mut cause = self.source();
        while let Some(error) = cause {
            let line = error.to_string();
            if lines.last() != Some(&line) {
                lines.push(line);
            }
            cause = error.source();
        }
        lines
    }

    /// Whether the reader of what we wrote has gone away, as `head` does: no failure at all.
    #[must_use]
    pub fn is_broken_pipe(&self) -> bool {
        let mut cause: Option<&(dyn StdError + 'static)> = Some(self);
        while let Some(error) = cause {
            let io = error.downcast_ref::<io::Error>();
            if io.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe) {
                return true;
            }
            cause = error.source();
        }
        false
    }

    /// The standard output cannot be written to.
    #[must_use]
    pub fn on_stdout(source: io::Error) -> Self {
        Self::File { what: "write", path: "-".to_owned(), source }
    }

    pub(crate) fn document(document: impl Into<String>, reason: CodecError) -> Self {
        Self::Document(DocumentError { document: document.into(), reason })
    }

    pub(crate) fn changes(document: &str, reason: DecodeError) -> Self {
        Self::Changes(ChangesError { document: document.to_owned(), reason: Box::new(reason) })
    }

    pub(crate) fn file(what: &'static str, path: impl fmt::Display, source: io::Error) -> Self {
        Self::File { what, path: path.to_string(), source }
    }

    pub(crate) fn exists(path: &std::path::Path, hint: &str) -> Self {
        Self::TargetExists { target: path.display().to_string(), hint: hint.to_owned() }
    }

    pub(crate) fn options(reason: impl Into<String>, hint: &str) -> Self {
        Self::Options { reason: reason.into(), hint: Some(hint.to_owned()) }
    }
}

fn format_names() -> String {
    let names: Vec<_> = tiepoint_codecs::Format::all().map(tiepoint_codecs::Format::name).collect();
    names.join(", ")
}

fn io_kind(error: &io::Error) -> ErrorKind {
    match error.kind() {
        io::ErrorKind::NotFound => ErrorKind::NotFound,
        io::ErrorKind::AlreadyExists => ErrorKind::AlreadyExists,
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => ErrorKind::Denied,
        io::ErrorKind::IsADirectory | io::ErrorKind::NotADirectory => ErrorKind::Invalid,
        _ => ErrorKind::Unavailable,
    }
}

impl fmt::Display for DocumentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.document, self.reason)
    }
}

impl StdError for DocumentError {
    /// What caused the reason; the reason itself is part of the message.
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.reason.source()
    }
}
