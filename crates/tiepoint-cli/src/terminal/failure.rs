//! An error as people and scripts meet it: what, where, what next, and an exit code.
use super::conflicts::{conflict_lines, refusal_lines};
use super::{plain, say};
use std::process::ExitCode;
use tiepoint::{Error, ErrorKind, StoreError};

/// What a shell reports of a program that SIGINT ended.
pub(crate) const STOPPED: u8 = 130;

/// Prints an error with its causes and its hint, and chooses the exit code.
pub(crate) fn report(error: &Error) -> ExitCode {
    let chain = error.chain();
    let mut told = chain.iter();
    let first = told.next().map_or("", String::as_str);
    match error {
        // the lines after the first show where in an argument the mistake is
        Error::Options { .. } => {
            let lines: Vec<_> = first.lines().map(|line| plain(line).into_owned()).collect();
            say(&format!("error: {}", lines.join("\n       ")));
        }
        _ => say(&format!("error: {}", plain(first))),
    }
    for cause in told {
        say(&format!("cause: {}", plain(cause)));
    }
    for line in conflict_lines(error.conflicts()) {
        say(&format!(" {line}"));
    }
    for line in refusal_lines(error.refusals()) {
        say(&format!(" {line}"));
    }
    if let Some(hint) = hint(error) {
        say(&format!(" hint: {}", plain(&hint)));
    }
    match error {
        Error::Stopped { .. } | Error::Store(StoreError::Stopped) => STOPPED.into(),
        _ => exit_code(error.kind()).into(),
    }
}

/// What to do about conflicts that nobody has decided.
const UNDECIDED: &str = "`--conflicts FILE` writes them down; decide each there and give it back with \
     `--resolutions FILE`, or decide all with `--resolve mine` or `--resolve theirs`";

/// What to do next, in the words of the command.
fn hint(error: &Error) -> Option<String> {
    match error {
        Error::NotApplied(_) if !error.conflicts().is_empty() => Some(UNDECIDED.to_owned()),
        _ => error.hint(),
    }
}

/// The one table of exit codes; 1 is for `check` and `diff`, 130 for Ctrl-C.
pub(crate) fn exit_code(kind: ErrorKind) -> u8 {
    match kind {
        ErrorKind::Invalid => 2,
        ErrorKind::NotFound => 3,
        ErrorKind::AlreadyExists => 4,
        ErrorKind::Conflict => 5,
        ErrorKind::Unsupported => 6,
        ErrorKind::Denied => 7,
        ErrorKind::Unavailable => 8,
        ErrorKind::Corrupt => 9,
        ErrorKind::Internal => 70,
    }
}
