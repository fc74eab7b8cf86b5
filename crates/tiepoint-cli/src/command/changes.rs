//! What the commands about change share: where change sets go, and what becomes of conflicts.
use crate::args::{ChangeFormatArg, ConflictArgs, OutputArgs, Side};
use crate::terminal::{count, described, plain, say, write_out};
use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use tiepoint::{
    ChangeFormat, ChangeSet, Conflict, Decisions, Error, Overwrite, Resolution, Result, Store,
    Target,
};

/// Writes a change set where the arguments say: as text for people, or as a document.
pub(super) fn put(changes: &ChangeSet, store: Option<&dyn Store>, args: &OutputArgs) -> Result<()> {
    let format = match (args.format, &args.output) {
        (Some(ChangeFormatArg::Text) | None, None) => {
            return write_out(&described(changes, store));
        }
        (Some(ChangeFormatArg::Text), Some(_)) => {
            return Err(Error::Options {
                reason: "--format text: a change set cannot be read from it again".to_owned(),
                hint: Some("leave out `-o`, or write json or protobuf".to_owned()),
            });
        }
        (Some(ChangeFormatArg::Json), _) => Some(ChangeFormat::Json),
        (Some(ChangeFormatArg::Protobuf), _) => Some(ChangeFormat::Protobuf),
        (None, Some(_)) => None,
    };
    let target = args.output.as_deref().map_or(Ok(Target::Stdout), Target::parse)?;
    let overwrite = if args.overwrite { Overwrite::Allow } else { Overwrite::Refuse };
    tiepoint::write_changes(changes, &target, format, overwrite)?;
    if let Target::File(path) = &target {
        let many = count(changes.len() as u64, "change");
        say(&format!("{many} written to {}", plain(&path.display().to_string())));
    }
    Ok(())
}

/// What the arguments decide about conflicts.
pub(super) fn decisions(args: &ConflictArgs) -> Result<Decisions> {
    let mut decisions = Decisions::default();
    for file in &args.resolutions {
        decisions = decisions.and(tiepoint::read_decisions(file)?);
    }
    Ok(match args.resolve {
        Some(Side::Mine) => decisions.others(Resolution::Mine),
        Some(Side::Theirs) => decisions.others(Resolution::Theirs),
        None => decisions,
    })
}

/// The same outcome, with conflicts written where the arguments say.
pub(super) fn told<T>(outcome: Result<T>, args: &ConflictArgs) -> Result<T> {
    if let Err(error) = &outcome {
        write_conflicts(error.conflicts(), args)?;
    }
    outcome
}

/// Writes conflicts where the arguments say.
pub(super) fn write_conflicts(conflicts: &[Conflict], args: &ConflictArgs) -> Result<()> {
    let Some(file) = args.conflicts.as_ref().filter(|_| !conflicts.is_empty()) else {
        return Ok(());
    };
    let text = tiepoint::conflicts_to_json(conflicts);
    match Target::parse(file)? {
        Target::Stdout => write_out(&text),
        Target::File(path) => {
            replaceable(&path)?;
            std::fs::write(&path, text).map_err(|source| Error::File {
                what: "write",
                path: path.display().to_string(),
                source,
            })
        }
    }
}

/// Refuses to replace what is no file of conflicts: a store, say, or the change set itself.
fn replaceable(path: &Path) -> Result<()> {
    if !path.is_file() {
        return Ok(()); // a pipe, which must not be read, or nothing
    }
    let mut head = Vec::new();
    let read = File::open(path).and_then(|file| file.take(256).read_to_end(&mut head));
    let is_ours = String::from_utf8_lossy(&head).contains("\"conflicts\"");
    if read.is_err() || head.is_empty() || is_ours {
        return Ok(()); // what cannot be written, writing tells
    }
    Err(Error::TargetExists {
        target: path.display().to_string(),
        hint: "it is no file of conflicts, and stays; choose another name".to_owned(),
    })
}
