//! `tiepoint completions`: a script that teaches a shell our arguments.
use crate::args::{Args, CompletionsArgs};
use crate::terminal::write_out;
use clap::CommandFactory as _;
use tiepoint::Result;

pub(super) fn run(args: &CompletionsArgs) -> Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Args::command(), "tiepoint", &mut script);
    write_out(&String::from_utf8_lossy(&script))
}
