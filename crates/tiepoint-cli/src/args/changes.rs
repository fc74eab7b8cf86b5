//! What was typed after the subcommands about change: diff, apply, invert, merge, edit, recover.
use clap::{Args as ClapArgs, ValueEnum};
use std::path::PathBuf;

/// Find what must happen to A to become B
///
/// Both are stores; layers of one name are compared, object by object. A field that differs is shown
/// with what it said before and after. With `-o` the changes become a file that `apply`, `invert` and
/// `merge` take.
///
/// Exits with 0 where nothing differs and with 1 where something does, or could not be compared.
#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Examples:
  tiepoint diff tour.gpkg tour.gpkg
  cp tour.gpkg new.gpkg; tiepoint diff tour.gpkg new.gpkg --layer cities -o changes.tpc
  tiepoint diff tour.gpkg tour.gpkg --layer countries --format json

`--layer countries=states` compares layer `countries` of A with layer `states` of B.")]
pub(crate) struct DiffArgs {
    /// The store before
    pub(crate) a: String,
    /// The store after
    pub(crate) b: String,
    /// Only this layer; may be given more than once [default: all that both have]
    #[arg(long, value_name = "NAME[=NAME_IN_B]")]
    pub(crate) layer: Vec<String>,
    /// Leave this field out; may be given more than once
    #[arg(long, value_name = "FIELD")]
    pub(crate) ignore: Vec<String>,
    /// Rows with the same value in this field are one feature [default: with the same object id]
    #[arg(long, value_name = "FIELD", conflicts_with = "by_row")]
    pub(crate) key: Option<String>,
    /// Rows with the same row id are one feature: only where B was copied from A
    #[arg(long)]
    pub(crate) by_row: bool,
    /// Only how much differs
    #[arg(long, conflicts_with_all = ["format", "output"])]
    pub(crate) summary: bool,
    /// Where the changes go.
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

/// Where a change set goes.
#[derive(Debug, ClapArgs)]
#[command(next_help_heading = "Writing change sets")]
pub(crate) struct OutputArgs {
    /// Write the change set to this file; `-` is the standard output
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<String>,
    /// How [default: text; with `-o` by the file's extension, `.json` or else protobuf]
    #[arg(long, value_enum)]
    pub(crate) format: Option<ChangeFormatArg>,
    /// Replace a file that is there already
    #[arg(long)]
    pub(crate) overwrite: bool,
}

/// How changes are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ChangeFormatArg {
    /// For reading
    Text,
    /// JSON, for reading and editing
    Json,
    /// Protobuf, for programs
    Protobuf,
}

/// What to do about conflicts.
#[derive(Debug, ClapArgs)]
#[command(next_help_heading = "Conflicts")]
pub(crate) struct ConflictArgs {
    /// Decide every conflict that is not decided otherwise
    #[arg(long, value_enum)]
    pub(crate) resolve: Option<Side>,
    /// Decide conflicts as this file says, which `--conflicts` wrote and you have filled in; may be given
    /// more than once
    #[arg(long, value_name = "FILE")]
    pub(crate) resolutions: Vec<String>,
    /// Write the conflicts to this file, in JSON; an older one is replaced
    #[arg(long, value_name = "FILE")]
    pub(crate) conflicts: Option<String>,
}

/// Whose wish a conflict goes by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Side {
    /// What the changes say that are to be written
    Mine,
    /// What the store says already
    Theirs,
}

/// Write a change set into a store: all of it, exactly once
///
/// What others have changed since it was made stays, field by field. What both have changed is a
/// conflict: all of them are listed, and nothing is written until each is decided. A set that has
/// been applied already is not applied again.
#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Examples:
  tiepoint diff tour.gpkg tour.gpkg -o changes.tpc; tiepoint apply tour.gpkg changes.tpc --dry-run
  tiepoint apply tour.gpkg changes.tpc --conflicts conflicts.json
  tiepoint apply tour.gpkg changes.tpc --resolve theirs

Conflicts in a file: make each \"resolve\": null a \"mine\", \"theirs\" or {\"value\": ...}, and give the file
back with `--resolutions`.")]
pub(crate) struct ApplyArgs {
    /// The store
    pub(crate) store: String,
    /// The change set, or `-`
    pub(crate) changes: String,
    /// Show what would be written, and write nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Apply it although it has been applied before
    #[arg(long)]
    pub(crate) again: bool,
    /// What to do about conflicts.
    #[command(flatten)]
    pub(crate) conflicts: ConflictArgs,
}

/// Make the change set that takes another back
#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Examples:
  tiepoint diff tour.gpkg tour.gpkg -o changes.tpc; tiepoint invert changes.tpc -o back.json
  tiepoint invert changes.tpc --format protobuf | tiepoint apply tour.gpkg -")]
pub(crate) struct InvertArgs {
    /// The change set, or `-`
    pub(crate) changes: String,
    /// Where the changes go.
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

/// Merge what two sides made of one base, field by field
///
/// What comes out is what must happen to THEIRS so that it has mine, too. MINE and THEIRS are stores, or
/// change sets that were made of BASE.
#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Examples:
  cp tour.gpkg mine.gpkg; tiepoint merge tour.gpkg mine.gpkg tour.gpkg -o merged.tpc
  cp tour.gpkg theirs.gpkg; tiepoint merge tour.gpkg mine.gpkg theirs.gpkg --into")]
pub(crate) struct MergeArgs {
    /// The store that both sides began with
    pub(crate) base: String,
    /// My side: a store or a change set
    pub(crate) mine: String,
    /// The other side: a store or a change set
    pub(crate) theirs: String,
    /// Only this layer; may be given more than once [default: all that are in both]
    #[arg(long, value_name = "NAME")]
    pub(crate) layer: Vec<String>,
    /// Write what comes out into THEIRS, a store
    #[arg(long, conflicts_with = "output")]
    pub(crate) into: bool,
    /// What to do about conflicts.
    #[command(flatten)]
    pub(crate) conflicts: ConflictArgs,
    /// Where the changes go.
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

/// Edit features: set, move, add, delete, undo, commit
///
/// Edits wait beside the store until `commit`. Each is in a journal before it is acknowledged, so that
/// killing the program loses none: `tiepoint recover` finds them.
///
/// Commands come from `-c`, else from `--script`, else from the standard input, one a line; `help` lists
/// them. A script stops at the first that fails.
#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Examples:
  tiepoint edit tour.gpkg countries -c 'set name=Kenya pop_est=53771296' -c undo -c redo -c commit
  tiepoint edit tour.gpkg cities -c 'add name=Hamar at 11.07,60.79' -c changes --discard
  echo 'move name=Nairobi by 0.001,0' | tiepoint edit tour.gpkg cities --discard")]
pub(crate) struct EditArgs {
    /// The store
    pub(crate) store: String,
    /// The layer [default: the one that the store's URL names]
    pub(crate) layer: Option<String>,
    /// A command; may be given more than once
    #[arg(short, long, value_name = "COMMAND")]
    pub(crate) command: Vec<String>,
    /// Read commands from this file, `-` is the standard input
    #[arg(long, value_name = "FILE", conflicts_with = "command")]
    pub(crate) script: Option<String>,
    /// Where edits are kept until they are committed: `user`, `beside` the file, `none`, or a folder
    #[arg(long, value_name = "WHERE", default_value = "user")]
    pub(crate) journal: String,
    /// Take over what sessions that died have left
    #[arg(long)]
    pub(crate) resume: bool,
    /// Drop what is pending at the end
    #[arg(long)]
    pub(crate) discard: bool,
}

/// Bring back the edits of sessions that died, or ended without commit
///
/// Without STORE: of all stores. Without `--commit`, `--discard` or `-o` they are only listed.
/// What others have committed meanwhile stays; conflicts are told, and nothing is lost or written
/// until each is decided.
#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Examples:
  tiepoint recover
  tiepoint edit tour.gpkg cities -c 'delete name=Nairobi'; tiepoint recover tour.gpkg
  tiepoint recover tour.gpkg -o lost.json
  tiepoint recover tour.gpkg --commit")]
pub(crate) struct RecoverArgs {
    /// The store [default: all that the user's journals are of]
    pub(crate) store: Option<String>,
    /// List what there is, and do nothing
    #[arg(long)]
    pub(crate) list: bool,
    /// Commit it
    #[arg(long, conflicts_with_all = ["list", "discard", "output"])]
    pub(crate) commit: bool,
    /// Delete it
    #[arg(long, conflicts_with_all = ["list", "output"])]
    pub(crate) discard: bool,
    /// Where else to look for journals: a folder
    #[arg(long, value_name = "FOLDER")]
    pub(crate) journal: Option<PathBuf>,
    /// What to do about conflicts.
    #[command(flatten)]
    pub(crate) conflicts: ConflictArgs,
    /// Where the changes go.
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}
