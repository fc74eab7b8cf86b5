//! What the commands about change share: where change sets go, and what becomes of conflicts.
use crate::args::{ChangeFormatArg, ConflictArgs, OutputArgs, Side};
use crate::terminal::{count, described, plain, say, write_out};
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
        Target::File(path) => std::fs::write(&path, text).map_err(|source| Error::File {
            what: "write",
            path: path.display().to_string(),
            source,
        }),
    }
}
