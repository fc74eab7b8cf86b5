//! What was typed after the subcommands about watching: watch, log.
use super::{ShowFormat, WriteArgs};
use clap::Args as ClapArgs;

/// Tell what anybody changes, as it happens
///
/// Goes on until Ctrl-C, which is no failure. At the end it says how to resume, so that nothing is
/// missed in between.
///
/// A layer with a change log is watched by it: whoever writes is noted in the same transaction, with
/// what was there before. `--install` makes one. Any other layer is read again whenever the store
/// may have changed, and compared: who wrote and when is not known, and what came and went between
/// two looks is not seen.
#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Examples:
  tiepoint watch tour.gpkg cities --install --once
  tiepoint watch tour.gpkg --once
  tiepoint watch tour.gpkg countries --oldest --once --json
  tiepoint watch tour.gpkg --name map --once
  tiepoint watch tour.gpkg --remove

Without `--once` it goes on until Ctrl-C.

JSON: one line per change with time, layer, id, fid, kind, author, who, fields (before and after) or
values, settled and checkpoint. Values are written as in a change set. Where what happened cannot be
known, a line has `reset` and why: read the layer again. `settled` is false where more of the same
commit follows.")]
pub(crate) struct WatchArgs {
    /// The store
    pub(crate) store: String,
    /// The layers that matter [default: the one that the store's URL names, else all]
    #[arg(value_name = "LAYER")]
    pub(crate) layers: Vec<String>,
    /// Tell changes as JSON, one a line
    #[arg(long)]
    pub(crate) json: bool,
    /// End when everything that has been committed is told
    #[arg(long)]
    pub(crate) once: bool,
    /// Tell what was committed after this, which an earlier watch said at its end
    #[arg(long, value_name = "CHECKPOINT", conflicts_with = "oldest")]
    pub(crate) since: Option<String>,
    /// Begin with the oldest change that the logs still have
    #[arg(long)]
    pub(crate) oldest: bool,
    /// Go on where a watch of this name was left: the store keeps its place, and what it needs of the
    /// log. One that was killed may tell again what it told last
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// What is to become of change logs.
    #[command(flatten)]
    pub(crate) logs: LogsArgs,
}

/// What is to become of the change logs of the layers that matter.
#[derive(Debug, ClapArgs)]
#[command(next_help_heading = "Change logs")]
pub(crate) struct LogsArgs {
    /// Have the store note what happens to these layers, or to all that can have a log
    #[arg(long)]
    pub(crate) install: bool,
    /// With `--install`: how many entries of the log stay [default: 1000000, or as many as before]
    #[arg(long, value_name = "ENTRIES", requires = "install")]
    pub(crate) keep: Option<u64>,
    /// Take the logs of these layers, or of all, away with all they noted, and end
    #[arg(long, conflicts_with_all = ["install", "json", "once", "since", "oldest", "name"])]
    pub(crate) remove: bool,
}

/// Tell what happened to an object or a layer, or what it said before
///
/// From the change logs that `tiepoint watch --install` makes, oldest first. Beside each change
/// stands who made it: `tiepoint` is this command or another program with its library, `other` any
/// other program; on a server the role is told, too.
#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Examples:
  tiepoint log tour.gpkg
  tiepoint log tour.gpkg e67609c5-78bd-5b1d-b95c-db36f822c7af
  tiepoint log tour.gpkg fid:2 --layer countries --json
  tiepoint log tour.gpkg --layer countries --from 2024-02-29T12:00:00Z --last 10
  tiepoint log tour.gpkg e67609c5-78bd-5b1d-b95c-db36f822c7af --at 2124-02-29
  tiepoint log tour.gpkg --layer countries --at 2124-02-29T12:30:00+01:00

A time is as in RFC 3339, in UTC where it has no offset; a date is its beginning.")]
pub(crate) struct LogArgs {
    /// The store
    pub(crate) store: String,
    /// An object id, or `fid:` and what the store called a row of `--layer` [default: all]
    pub(crate) id: Option<String>,
    /// The layer [default: the one that the store's URL names, else all with a log]
    #[arg(long, value_name = "NAME")]
    pub(crate) layer: Option<String>,
    /// Only so many, the latest
    #[arg(long, value_name = "COUNT")]
    pub(crate) last: Option<usize>,
    /// Only what was made from this time on
    #[arg(long, value_name = "TIME")]
    pub(crate) from: Option<String>,
    /// Only what was made before this time
    #[arg(long, value_name = "TIME")]
    pub(crate) until: Option<String>,
    /// Tell changes as JSON, one a line, as `watch` does
    #[arg(long)]
    pub(crate) json: bool,
    /// Show what the object, or the whole layer, said at this time
    #[arg(long, value_name = "TIME", conflicts_with_all = ["last", "from", "until", "json"])]
    pub(crate) at: Option<String>,
    /// With `--at`: how to show it [default: table on a terminal, geojson elsewhere]
    #[arg(long, value_enum, requires = "at")]
    pub(crate) format: Option<ShowFormat>,
    /// How to write a document.
    #[command(flatten)]
    pub(crate) write: WriteArgs,
}
