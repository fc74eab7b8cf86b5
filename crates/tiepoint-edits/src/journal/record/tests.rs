//! Records come back as they were, also through Google's protobuf by the published schema.
use super::*;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use tiepoint_core::{Change, Fid, FieldChange, FieldNames, Image, Target};

fn changes() -> Arc<ChangeSet> {
    let mut changes = ChangeSet::new().named(ChangeSetId::mint());
    let fields: FieldNames = ["name".to_owned(), "height".to_owned()].into();
    let image = Image { fid: Some(Fid::Int(7)), values: vec![Some("oak".into()), None] };
    let grown = FieldChange { field: 1, before: Some(20.into()), after: Some(21.into()) };
    for change in [Change::Insert(image), Change::Update(vec![grown])] {
        let target = Target::Id(ObjectId::mint());
        changes.record("trees", &fields, target, change).expect("is the first of it");
    }
    Arc::new(changes)
}

fn one_of_each() -> Vec<Record> {
    let (name, id) = ("Move the oak".to_owned(), ChangeSetId::mint());
    vec![
        Record::Step { name, changes: changes() },
        Record::Step { name: String::new(), changes: Arc::default() },
        Record::Conflict { mine: changes(), theirs: changes() },
        Record::Intent { id },
        Record::Done { id },
        Record::RolledBack,
        Record::Adopted { session: SessionId::mint() },
        Record::Cleared,
    ]
}

#[test]
fn every_record_comes_back_as_it_was() {
    let records = one_of_each();
    assert_eq!(records_of(&unit(&records)).expect("is read"), records);
    assert_eq!(records_of(&[]).expect("is read"), []);
}

#[test]
fn what_a_newer_build_adds_within_a_record_is_passed_over() {
    let (mut newer, changes) = (Writer::new(), changes());
    newer.message(RECORDS, |it| {
        it.message(kind::STEP, |it| {
            it.text(9, "more");
            it.text(1, "Move");
            it.bytes(2, &changes.to_protobuf());
        });
    });
    let name = "Move".to_owned();
    assert_eq!(records_of(newer.as_bytes()).expect("is read"), [Record::Step { name, changes }]);
}

#[test]
fn what_a_newer_build_tells_in_other_words_is_refused_as_such() {
    let (mut kind, mut unit, mut version) = (Writer::new(), Writer::new(), Writer::new());
    kind.message(RECORDS, |it| it.message(99, |_| ()));
    unit.bytes(2, b"more");
    version.message(RECORDS, |it| {
        it.message(kind::STEP, |it| it.message(2, |it| it.uint(1, 2)));
    });
    for newer in [kind, unit, version] {
        let refused = records_of(newer.as_bytes());
        assert!(matches!(refused, Err(RecordFault::Unknown)), "{refused:?}");
    }
}

#[test]
fn records_that_make_no_sense_are_refused() {
    let refused = |fields: &dyn Fn(&mut Writer)| {
        let mut unit = Writer::new();
        unit.message(RECORDS, fields);
        records_of(unit.as_bytes()).expect_err("makes no sense").to_string()
    };
    let short = refused(&|it| it.message(kind::DONE, |it| it.bytes(1, &[1; 15])));
    assert_eq!(short, "an id is missing or wrong");
    let nil = refused(&|it| it.message(kind::ADOPTED, |it| it.bytes(1, &[0; 16])));
    assert_eq!(nil, "an id is missing or wrong");
    refused(&|it| it.uint(kind::ROLLED_BACK, 1));
    refused(&|it| it.message(kind::CONFLICT, |it| it.bytes(1, &[0xFF])));
}

/// What Google's protobuf makes of a message when asked to decode or encode a `JournalUnit`.
fn by_google(task: &str, input: &[u8]) -> Option<Vec<u8>> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut command = Command::new("protoc");
    command.arg("--proto_path").arg(here.join("proto"));
    command.arg("--proto_path").arg(here.join("../tiepoint-core/proto"));
    command.arg(format!("--{task}=tiepoint.v1.JournalUnit")).arg("tiepoint/journal.proto");
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().ok()?;
    child.stdin.take().expect("is piped").write_all(input).expect("is taken");
    let output = child.wait_with_output().expect("ends");
    assert!(output.status.success(), "{task}");
    Some(output.stdout)
}

#[test]
fn googles_protobuf_reads_and_writes_the_same() {
    let records = one_of_each();
    let Some(text) = by_google("decode", &unit(&records)) else {
        let told = "missing: protoc (apt-get install protobuf-compiler)";
        assert!(std::env::var_os("TIEPOINT_NO_SKIP").is_none(), "{told}");
        // Past the test harness, which keeps what passing tests print to itself.
        return writeln!(std::io::stdout(), "SKIPPED: {told}").expect("stdout takes a line");
    };
    let text = String::from_utf8(text).expect("is text");
    assert!(text.contains("rolled_back {") && text.contains("Move the oak"), "{text}");
    let unknown = |line: &str| line.trim_start().starts_with(|it: char| it.is_ascii_digit());
    assert!(!text.lines().any(unknown), "every field is in the schema: {text}");
    let again = by_google("encode", text.as_bytes()).expect("it was there");
    assert_eq!(records_of(&again).expect("is read"), records);
}
