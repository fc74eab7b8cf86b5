//! Speed and memory beside the peers: builds the command and the benchmark, and runs it.
use crate::run::{Outcome, cargo, run};
use std::ffi::OsString;

#[derive(clap::Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Options {
    /// Handed on to the benchmark; `cargo xtask bench --help` tells what it takes.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<OsString>,
}

pub(crate) fn bench(options: &Options) -> Outcome {
    run(&mut cargo(&["build", "--release", "--quiet", "--package", "tiepoint-cli"]))?;
    let mut bench = cargo(&["run", "--release", "--quiet", "--package", "tiepoint-bench", "--"]);
    run(bench.args(&options.arguments))
}
