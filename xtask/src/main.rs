//! Chores in Rust, so that they run wherever tiepoint is built: `cargo xtask --help`.
mod bench;
mod fuzz;
mod later_qgis;
mod long;
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
    /// Runs tests of the Python package in QGIS 3.40, in a Debian 13 of its own; needs root.
    #[command(name = "qgis-3.40")]
    LaterQgis(later_qgis::Options),
    /// Walks at random over every operation and kind of layer in QGIS, against an oracle.
    Walk(long::WalkOptions),
    /// Drives the registry of ties at random, against an oracle.
    Model(long::ModelOptions),
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().chore {
        Chore::Test => suite::test(),
        Chore::Bench(options) => bench::bench(&options),
        Chore::Fuzz(options) => fuzz::fuzz(&options),
        Chore::Python(options) => python::python(&options),
        Chore::LaterQgis(options) => later_qgis::later_qgis(&options),
        Chore::Walk(options) => long::walk(&options),
        Chore::Model(options) => long::model(&options),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            run::say(&format!("xtask: {reason}"));
            ExitCode::FAILURE
        }
    }
}
