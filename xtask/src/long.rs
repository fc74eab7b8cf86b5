//! Long runs of what the suite runs for a moment.
use crate::run::{Outcome, cargo, run};
use crate::server::{self, Server};
use crate::{later_qgis, python};
use std::ffi::OsString;

#[derive(clap::Args)]
#[command(disable_help_flag = true)]
pub(crate) struct WalkOptions {
    /// In QGIS 3.40, in a Debian 13 of its own; as root. Comes first.
    #[arg(long = "qgis-3.40")]
    later: bool,
    /// Handed on to the walk; `cargo xtask walk --help` tells what it takes.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<OsString>,
}

#[derive(clap::Args)]
pub(crate) struct ModelOptions {
    /// How many steps to take.
    #[arg(long, default_value_t = 1_000_000)]
    steps: u64,
    /// Where chance begins, to take the same steps again.
    #[arg(long)]
    seed: Option<u64>,
}

/// Walks at random over every operation and every kind of layer in QGIS.
pub(crate) fn walk(options: &WalkOptions) -> Outcome {
    let server = Server::start()?;
    let mut command = if options.later { later_qgis::interpreter()? } else { python::installed()? };
    if let Some(server) = &server {
        command.env(server::VARIABLE, &server.url);
    }
    run(command.args(["-m", "tests.qgis.walk"]).args(&options.arguments))
}

/// Has the model of ties drive the tracker and the registry at random.
pub(crate) fn model(options: &ModelOptions) -> Outcome {
    let package = ["test", "--release", "--quiet", "--package", "tiepoint-objects"];
    let test = ["--all-features", "--test", "model", "--", "--nocapture"];
    let mut command = cargo(&[&package[..], &test].concat());
    command.env("TIEPOINT_MODEL_STEPS", options.steps.to_string());
    if let Some(seed) = options.seed {
        command.env("TIEPOINT_MODEL_SEED", seed.to_string());
    }
    run(&mut command)
}
