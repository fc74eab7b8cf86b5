//! Everything that must hold before a change is good.
use crate::python::{self, cargo_there};
use crate::run::{Outcome, cargo, run_listening, say};
use crate::server::{self, Server};
use crate::{later_qgis, needs};
use std::process::Command;

/// A part of the suite and the command that runs it.
struct Step {
    name: &'static str,
    command: fn() -> Outcome<Command>,
}

const STEPS: &[Step] = &[
    Step { name: "formatting", command: || Ok(cargo(&["fmt", "--all", "--check"])) },
    Step {
        name: "lints",
        command: || {
            let lints = ["clippy", "--workspace", "--all-targets", "--all-features", "--quiet"];
            Ok(cargo(&[&lints[..], &["--", "-D", "warnings"]].concat()))
        },
    },
    Step {
        name: "documentation",
        command: || {
            let mut command = cargo(&["doc", "--workspace", "--no-deps", "--quiet"]);
            command.env("RUSTDOCFLAGS", "-D warnings");
            Ok(command)
        },
    },
    Step {
        name: "tests",
        command: || {
            let tests = ["test", "--workspace", "--all-features", "--no-fail-fast"];
            Ok(cargo(&[&tests[..], &["--", "--show-output"]].concat()))
        },
    },
    Step {
        name: "GeoPackage on the system's SQLite",
        command: || {
            let package = ["test", "--package", "tiepoint-gpkg", "--no-default-features"];
            Ok(cargo(&[&package[..], &["--", "--show-output"]].concat()))
        },
    },
    Step { name: "formatting for Python", command: || Ok(cargo_there(&["fmt", "--check"])) },
    Step {
        name: "lints for Python",
        command: || {
            let lints = ["clippy", "--locked", "--all-targets", "--quiet"];
            Ok(cargo_there(&[&lints[..], &["--", "-D", "warnings"]].concat()))
        },
    },
    Step { name: "tests in Python", command: python::tests },
];

/// What only some machines can run.
const IN_LATER_QGIS: Step = Step { name: "tests in QGIS 3.40", command: later_qgis::tests };

/// Runs every step, even after one has failed, then says what failed and what could not run.
pub(crate) fn test() -> Outcome {
    let strict = std::env::var("CI").is_ok_and(|value| value == "true" || value == "1");
    let mut skipped = needs::settle();
    let mut failed = Vec::new();
    let server = Server::start().unwrap_or_else(|reason| {
        say(&reason);
        None
    });
    let obstacle = later_qgis::obstacle();
    let also = obstacle.is_none().then_some(&IN_LATER_QGIS);
    if let Some(obstacle) = obstacle {
        say(&format!("left out: {obstacle}"));
    }
    for step in STEPS.iter().chain(also) {
        say(&format!("== {}", step.name));
        let outcome = (step.command)().and_then(|mut command| {
            if strict {
                command.env("TIEPOINT_NO_SKIP", "1");
            }
            if let Some(server) = &server {
                command.env(server::VARIABLE, &server.url);
            }
            run_listening(&mut command, |line| skipped.extend(skip_note(line)))
        });
        if let Err(reason) = outcome {
            say(&reason);
            failed.push(step.name);
        }
    }
    conclude(&failed, &skipped, strict)
}

/// A test that could not run prints `SKIPPED: what (how to make it run)`.
fn skip_note(line: &str) -> Option<String> {
    line.trim().strip_prefix("SKIPPED: ").map(str::to_owned)
}

fn conclude(failed: &[&str], skipped: &[String], strict: bool) -> Outcome {
    for note in skipped {
        say(&format!("could not run: {note}"));
    }
    if !failed.is_empty() {
        return Err(format!("failed: {}", failed.join(", ")));
    }
    if strict && !skipped.is_empty() {
        return Err(format!("{} tests could not run", skipped.len()));
    }
    let all = if skipped.is_empty() { "Everything" } else { "Everything that could run" };
    say(&format!("{all} passed."));
    Ok(())
}
