//! Chores in Rust, so that they run wherever tiepoint is built: `cargo xtask --help`.
mod bench;
mod fuzz;
mod needs;
mod python;
mod run;
mod server;
mod suite;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Chores of the tiepoint workspace")]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Runs every test, installing what it needs where it may; says what could not run and why.
    ///
    /// With CI=true in the environment, what could not run counts as failed.
    Test,
    /// Measures speed and memory beside ogr2ogr and raw rusqlite, on data from a fixed seed.
    Bench(bench::Options),
    /// Feeds hostile bytes to the readers; corpora are kept in `fuzz/corpus`.
    Fuzz(fuzz::Options),
    /// Builds the Python package into `target/python/venv` and runs its tests, all or some.
    Python(python::Options),
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().chore {
        Chore::Test => suite::test(),
        Chore::Bench(options) => bench::bench(&options),
        Chore::Fuzz(options) => fuzz::fuzz(&options),
        Chore::Python(options) => python::python(&options),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            run::say(&format!("xtask: {reason}"));
            ExitCode::FAILURE
        }
    }
}
