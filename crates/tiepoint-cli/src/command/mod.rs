//! What the arguments mean, and doing it: one file per subcommand.
mod apply;
mod changes;
mod check;
mod completions;
mod diff;
mod document;
mod edit;
mod events;
mod explain;
mod export;
mod get;
mod import;
mod info;
mod invert;
mod journals;
mod layers;
mod log;
mod merge;
mod place;
mod query;
mod recover;
mod select;
mod show;
mod tie;
mod time;
mod watch;

use crate::args::Command;
use std::process::ExitCode;
use tiepoint::Result;

/// Does what was typed.
pub(crate) fn run(command: Command) -> Result<ExitCode> {
    match command {
        Command::Import(args) => import::run(*args)?,
        Command::Export(args) => export::run(*args)?,
        Command::Layers(args) => layers::run(&args)?,
        Command::Info(args) => info::run(&args)?,
        Command::Get(args) => get::run(args)?,
        Command::Query(args) => query::run(*args)?,
        Command::Explain(args) => explain::run(*args)?,
        Command::Tie(args) => tie::tie(args)?,
        Command::Untie(args) => tie::untie(&args)?,
        Command::Check(args) => return check::run(&args),
        Command::Edit(args) => edit::run(args)?,
        Command::Recover(args) => recover::run(&args)?,
        Command::Diff(args) => return diff::run(&args),
        Command::Apply(args) => apply::run(&args)?,
        Command::Invert(args) => invert::run(&args)?,
        Command::Merge(args) => merge::run(&args)?,
        Command::Watch(args) => watch::run(&args)?,
        Command::Log(args) => log::run(&args)?,
        Command::Tour(args) if args.edit_and_wait => crate::tour::edit_and_wait()?,
        Command::Tour(_) => crate::tour::run()?,
        Command::Completions(args) => completions::run(&args)?,
    }
    Ok(ExitCode::SUCCESS)
}
