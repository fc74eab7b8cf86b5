//! The `tiepoint` command: features in and out of stores, and every feature tied to its object.
//!
//! What was typed is [`args`]; what it means and does is [`command`]; how it talks is [`terminal`].
mod args;
mod command;
mod terminal;
mod tour;

use clap::Parser as _;
use std::process::ExitCode;

fn main() -> ExitCode {
    let args = args::Args::parse();
    match command::run(args.command) {
        Ok(code) => code,
        Err(error) if error.is_broken_pipe() => ExitCode::SUCCESS,
        Err(error) => terminal::report(&error),
    }
}
