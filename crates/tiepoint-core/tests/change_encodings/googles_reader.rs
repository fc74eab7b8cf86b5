//! Google's own protobuf reads what we write, by the published schema, and writes what we read.
use crate::arbitrary::arb_change_set;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use tiepoint_core::ChangeSet;

const SETS: usize = 400;
const PYTHON: &str = "/usr/bin/python3";

/// Whether a program is there; where it is not, says what could not be tried, or fails when
/// `TIEPOINT_NO_SKIP` is set.
fn have(what: &str, package: &str, program: &str, arguments: &[&str]) -> bool {
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

/// The schema as Python code, in a folder of its own.
fn schema_for_python(manifest: &Path) -> std::path::PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("change_schema");
    std::fs::create_dir_all(&folder).expect("the folder can be made");
    let mut compiler = Command::new("protoc");
    compiler.arg("--proto_path").arg(manifest.join("proto"));
    compiler.arg("--python_out").arg(&folder).arg("tiepoint/change.proto");
    assert!(compiler.status().expect("starts").success(), "the schema is well-formed");
    folder
}

fn read_and_written_by_google(lines: String) -> String {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut command = Command::new(PYTHON);
    command.arg(manifest.join("tests/change_encodings/googles_reader.py"));
    command.env("PYTHONPATH", schema_for_python(manifest)).env("PYTHONDONTWRITEBYTECODE", "1");
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("starts");
    let mut stdin = child.stdin.take().expect("is piped");
    let writer = std::thread::spawn(move || stdin.write_all(lines.as_bytes()));
    let output = child.wait_with_output().expect("runs to its end");
    assert!(output.status.success(), "Google's reader sees what the JSON form says");
    writer.join().expect("does not panic").expect("takes its input");
    String::from_utf8(output.stdout).expect("is text")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a string takes everything");
        text
    })
}

fn unhex(text: &str) -> Vec<u8> {
    let pairs = text.as_bytes().chunks(2);
    pairs
        .map(|pair| {
            let pair = std::str::from_utf8(pair).expect("is ASCII");
            u8::from_str_radix(pair, 16).expect("is hex")
        })
        .collect()
}

/// On one line: line ends within a JSON text are between its tokens.
fn line_of(set: &ChangeSet) -> String {
    format!("{}\t{}\n", hex(&set.to_protobuf()), set.to_json().replace('\n', " "))
}

#[test]
fn googles_protobuf_reads_and_writes_the_same() {
    let protobuf = have(
        "Google's protobuf for Python",
        "python3-protobuf",
        PYTHON,
        &["-c", "import google.protobuf"],
    );
    if !protobuf || !have("protoc", "protobuf-compiler", "protoc", &["--version"]) {
        return;
    }
    let (strategy, mut runner) = (arb_change_set(), TestRunner::deterministic());
    let arbitrary = (0..SETS).map(|_| strategy.new_tree(&mut runner).expect("is made").current());
    let sets: Vec<ChangeSet> = arbitrary.collect();
    let answers = read_and_written_by_google(sets.iter().map(line_of).collect());
    let again: Vec<_> = answers.lines().map(|it| ChangeSet::from_protobuf(&unhex(it))).collect();
    assert_eq!(again.len(), sets.len());
    for (again, set) in again.iter().zip(&sets) {
        assert_eq!(again.as_ref(), Ok(set));
    }
}
