//! `tiepoint check`: what is wrong in a store.
use crate::args::CheckArgs;
use crate::terminal::{count, plain, say, write_out};
use std::process::ExitCode;
use tiepoint::{Finding, Repair, Result};

/// What the command exits with while faults remain.
const FAULTS: u8 = 1;

pub(super) fn run(args: &CheckArgs) -> Result<ExitCode> {
    let store = tiepoint::open(&args.store)?;
    let findings = store.check(if args.fix { Repair::Yes } else { Repair::No })?;
    write_out(&findings.iter().map(line).collect::<String>())?;
    let open = findings.iter().filter(|finding| !finding.mended).count();
    let mended = findings.len() - open;
    if findings.is_empty() {
        say(&format!("{}: nothing is wrong", plain(store.name())));
    } else {
        say(&format!("{}, {mended} mended", count(findings.len() as u64, "fault")));
    }
    if open > 0 && !args.fix {
        say(" hint: `--fix` mends what can be mended without losing anything");
    }
    Ok(if open == 0 { ExitCode::SUCCESS } else { FAULTS.into() })
}

fn line(finding: &Finding) -> String {
    let state = if finding.mended { "mended" } else { "FAULT" };
    let layer = finding.layer.as_ref().map(|name| format!(" layer `{}`:", plain(name)));
    let mut line = format!(
        "{state} {}:{} {}",
        finding.kind,
        layer.unwrap_or_default(),
        plain(&finding.message)
    );
    if finding.rows > 0 {
        line.push_str(&rows(finding));
    }
    line + "\n"
}

/// How many rows have the fault, and the first of them.
fn rows(finding: &Finding) -> String {
    let examples = finding.examples.iter().map(|fid| plain(&fid.to_string()).into_owned());
    let mut examples: Vec<_> = examples.collect();
    let some = !examples.is_empty();
    if some && (examples.len() as u64) < finding.rows {
        examples.push("...".to_owned());
    }
    let colon = if some { ": " } else { "" };
    format!(" ({}{colon}{})", count(finding.rows, "row"), examples.join(", "))
}
