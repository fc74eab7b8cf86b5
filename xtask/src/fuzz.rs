//! Coverage-guided fuzzing with libFuzzer on the stable toolchain.
use crate::run::{Outcome, cargo, root, run, say};
use clap::Args;
use std::fs;
use std::process::Command;

/// What to fuzz and for how long.
#[derive(Args)]
pub(crate) struct Options {
    /// The targets, all of them when none is named.
    #[arg(value_parser = clap::builder::PossibleValuesParser::new(TARGETS))]
    targets: Vec<String>,
    /// Seconds for each target.
    #[arg(long, default_value_t = 600)]
    seconds: u32,
}

const TARGETS: [&str; 7] = ["wkb", "wkt", "gpkg_blob", "geojson", "csv", "cql2", "change_set"];

/// What `cargo fuzz` passes, less the sanitizers, which need another toolchain: overflow checks and
/// debug assertions find what safe code can do wrong.
const INSTRUMENTATION: &str = "--cfg fuzzing -Cpasses=sancov-module \
    -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
    -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares \
    -Ccodegen-units=1 -Cdebug-assertions=on -Coverflow-checks=on";

/// Fuzzes one target after another; a finding ends the chore and is kept beside the corpus.
pub(crate) fn fuzz(options: &Options) -> Outcome {
    let all: Vec<String> = TARGETS.iter().map(|name| (*name).to_owned()).collect();
    let targets = if options.targets.is_empty() { &all } else { &options.targets };
    let host = host()?;
    for target in targets {
        say(&format!("== {target}, {} s", options.seconds));
        let (kept, found) =
            (root().join("fuzz/corpus").join(target), root().join("target/corpus").join(target));
        for folder in [&kept, &found] {
            fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        }
        let findings = format!("-artifact_prefix={}/finding-", kept.display());
        let time = format!("-max_total_time={}", options.seconds);
        let limits =
            ["-max_len=65536", "-rss_limit_mb=1024", "-timeout=10", "-print_final_stats=1"];
        let hunt = [&limits[..], &[&findings, &time]].concat();
        run(fuzzer(target, &host).args(hunt).args([&found, &kept]))?;
        // What reaches new code, and is short, is kept for the tests to replay.
        let keep = ["-merge=1", "-use_counters=0", "-max_len=1024"];
        run(fuzzer(target, &host).args(keep).args([&kept, &found]))?;
    }
    Ok(())
}

/// The instrumented target, built if need be, waiting for libFuzzer's options and folders.
fn fuzzer(target: &str, host: &str) -> Command {
    let mut command =
        cargo(&["run", "--quiet", "--release", "--package", "tiepoint-fuzz", "--bin", target]);
    command.env("RUSTFLAGS", INSTRUMENTATION).args(["--target-dir", "target/fuzz"]);
    command.args(["--target", host, "--"]);
    command
}

/// The machine's own target: named on the command line, it spares build scripts the
/// instrumentation, which they cannot link.
fn host() -> Outcome<String> {
    let output = Command::new("rustc").arg("-vV").output().map_err(|error| error.to_string())?;
    let version = String::from_utf8_lossy(&output.stdout);
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).ok_or_else(|| "rustc does not say which machine it is on".to_owned())
}
