//! Asking other programs, and saying so where they are not there.
use std::io::Write as _;
use std::process::{Command, Stdio};

/// Debian's own Python: the one that its modules are installed for.
pub(crate) const PYTHON: &str = "/usr/bin/python3";

/// Whether a program is there; where it is not, says what could not be tried, or fails when
/// `TIEPOINT_NO_SKIP` is set.
pub(crate) fn have(what: &str, package: &str, program: &str, arguments: &[&str]) -> bool {
    let answers = Command::new(program).args(arguments).output();
    let is_there = answers.is_ok_and(|output| output.status.success());
    if !is_there {
        let note = format!("{what} (apt-get install {package})");
        assert!(std::env::var_os("TIEPOINT_NO_SKIP").is_none(), "missing: {note}");
        // past the test harness, which keeps what passing tests print to itself
        writeln!(std::io::stdout(), "SKIPPED: {note}").expect("stdout takes a line");
    }
    is_there
}

/// Runs a program that must succeed on some input; its output.
pub(crate) fn answer(program: &str, arguments: &[&str], input: String) -> String {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap_or_else(|error| panic!("{program} starts: {error}"));
    let mut stdin = child.stdin.take().expect("is piped");
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().expect("runs to its end");
    assert!(output.status.success(), "{program} {arguments:?} fails");
    writer.join().expect("does not panic").expect("takes its input");
    String::from_utf8(output.stdout).expect("is text")
}
