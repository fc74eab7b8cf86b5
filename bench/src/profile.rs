//! Where the time goes, asked of `perf` when a target is missed.
use crate::Outcome;
use crate::measure::CommandLine;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// How many functions are listed.
const FUNCTIONS: usize = 20;

/// Where a line with a long name is cut off.
const MOST_CHARS: usize = 120;

/// The functions in which `command` spends its time, dearest first; where `perf` cannot tell, why.
pub(crate) fn of(command: &CommandLine, samples: PathBuf) -> String {
    sampled(command, samples).unwrap_or_else(|reason| {
        format!("  unknown: {reason} (install perf: linux-perf on Debian)")
    })
}

fn sampled(command: &CommandLine, samples: PathBuf) -> Outcome<String> {
    let mut record = Command::new("perf");
    record.args(["record", "--quiet", "--freq", "2000", "--output"]).arg(&samples).arg("--");
    record.args(command).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    if !record.status()?.success() {
        return Err("perf could not record".into());
    }
    let mut report = Command::new("perf");
    report.args(["report", "--stdio", "--no-children", "--fields", "overhead,symbol"]);
    report.arg("--input").arg(samples);
    let report = report.stderr(Stdio::null()).output()?;
    let text = String::from_utf8_lossy(&report.stdout);
    let functions = text.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty());
    let shown = functions.take(FUNCTIONS).map(|line| line.chars().take(MOST_CHARS).collect());
    Ok(shown.map(|line: String| line.trim_end().to_owned()).collect::<Vec<_>>().join("\n"))
}
