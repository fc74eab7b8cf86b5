//! An error as people and scripts meet it: what, where, what next, and an exit code.
use super::{plain, say};
use std::process::ExitCode;
use tiepoint::{Error, ErrorKind};

/// What a shell reports of a program that SIGINT ended.
pub(crate) const STOPPED: u8 = 130;

/// Prints an error with its causes and its hint, and chooses the exit code.
pub(crate) fn report(error: &Error) -> ExitCode {
    let chain = error.chain();
    let mut lines = chain.iter().map(|line| plain(line));
    say(&format!("error: {}", lines.next().unwrap_or_default()));
    for cause in lines {
        say(&format!("cause: {cause}"));
    }
    if let Some(hint) = error.hint() {
        say(&format!(" hint: {}", plain(&hint)));
    }
    match error {
        Error::Stopped { .. } => STOPPED.into(),
        _ => exit_code(error.kind()).into(),
    }
}

/// The one table of exit codes; 1 is for `check`, 130 for Ctrl-C.
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
