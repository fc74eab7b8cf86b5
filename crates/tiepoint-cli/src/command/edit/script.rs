//! Where commands come from: the command line, a file, a pipe, or a person at a prompt.
use super::session::{Next, Session};
use crate::terminal::{report, say};
use std::fs::File;
use std::io::{self, BufRead, BufReader, IsTerminal as _, Write as _};
use tiepoint::{Error, Result};

/// The commands of one run.
pub(super) enum Script {
    /// Those that were given by `-c`.
    Typed(Vec<String>),
    /// A file or pipe, by its name; it ends at the first that fails.
    Read(String, Box<dyn BufRead>),
    /// A person, who may try again.
    Person,
}

/// How long a line may be: nothing that people write is longer.
const LONGEST: u64 = 64 << 20;

impl Script {
    pub(super) fn of(typed: Vec<String>, file: Option<&str>) -> Result<Self> {
        Ok(match file {
            _ if !typed.is_empty() => Self::Typed(typed),
            Some("-") => Self::stdin(),
            Some(path) => {
                let file = File::open(path).map_err(|source| Error::File {
                    what: "read",
                    path: path.to_owned(),
                    source,
                })?;
                Self::Read(path.to_owned(), Box::new(BufReader::new(file)))
            }
            None if io::stdin().is_terminal() => Self::Person,
            None => Self::stdin(),
        })
    }

    fn stdin() -> Self {
        Self::Read("standard input".to_owned(), Box::new(BufReader::new(io::stdin())))
    }

    pub(super) fn is_interactive(&self) -> bool {
        matches!(self, Self::Person)
    }

    pub(super) fn run(self, session: &mut Session<'_>) -> Result<()> {
        match self {
            Self::Typed(lines) => {
                for (number, line) in (1_u64..).zip(lines) {
                    let done = session.run(&line);
                    if done.map_err(|error| at(error, "-c", "command", number))? == Next::End {
                        break;
                    }
                }
                Ok(())
            }
            Self::Read(name, mut from) => {
                let mut number = 0_u64;
                while let Some(line) = next_line(&mut *from, &name)? {
                    number += 1;
                    let done = session.run(&line);
                    if done.map_err(|error| at(error, &name, "line", number))? == Next::End {
                        break;
                    }
                }
                Ok(())
            }
            Self::Person => converse(session),
        }
    }
}

/// Asks a person for commands until there are no more.
fn converse(session: &mut Session<'_>) -> Result<()> {
    say("`help` lists the commands, `quit` ends");
    let mut input = io::stdin().lock();
    loop {
        let mut err = io::stderr();
        let _ = write!(err, "{}> ", session.prompt()).and_then(|()| err.flush());
        let Some(line) = next_line(&mut input, "standard input")? else {
            say("");
            return Ok(());
        };
        match session.run(&line) {
            Ok(Next::End) => return Ok(()),
            Ok(Next::Go) => {}
            Err(error) => drop(report(&error)),
        }
    }
}

fn next_line(from: &mut dyn BufRead, name: &str) -> Result<Option<String>> {
    let mut line = Vec::new();
    let read = io::Read::take(from, LONGEST).read_until(b'\n', &mut line);
    let failed = |source| Error::File { what: "read", path: name.to_owned(), source };
    if read.map_err(failed)? == 0 {
        return Ok(None);
    }
    String::from_utf8(line).map(Some).map_err(|error| Error::Options {
        reason: format!("{name}: not UTF-8: {}", error.utf8_error()),
        hint: Some("a script is a text, a command a line; `help` lists them".to_owned()),
    })
}

/// The same error, with the place in the script. What can be listed stays as it is.
fn at(error: Error, script: &str, what: &str, number: u64) -> Error {
    let listed = !error.conflicts().is_empty() || !error.refusals().is_empty();
    let keeps =
        matches!(error, Error::Stopped { .. } | Error::Store(tiepoint::StoreError::Stopped));
    if listed || keeps || error.is_broken_pipe() {
        return error;
    }
    Error::Feature {
        source_name: script.to_owned(),
        place: format!("{what} {number}"),
        reason: error.chain().join(": "),
        kind: error.kind(),
        hint: error.hint(),
    }
}
