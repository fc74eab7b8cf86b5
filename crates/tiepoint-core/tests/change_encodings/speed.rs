//! How long the algebra and the encodings take; in release, on request.
use std::hint::black_box;
use std::time::{Duration, Instant};
use tiepoint_core::{Change, ChangeSet, FieldChange, FieldNames, ObjectId, Target};

const COUNT: u32 = 100_000;

fn attribute_changes(step: i64) -> ChangeSet {
    let fields: FieldNames = ["name", "population"].map(str::to_owned).into();
    let mut set = ChangeSet::new();
    for number in 1..=COUNT {
        let id = ObjectId::from_bytes(u128::from(number).to_be_bytes()).expect("not nil");
        let (before, after) = (Some(step.into()), Some((step + 1).into()));
        let change = Change::Update(vec![FieldChange { field: 1, before, after }]);
        set.record("places", &fields, Target::Id(id), change).expect("is new");
    }
    set
}

/// Time on the processor, where the system tells; others may be busy, too.
fn busy() -> Option<Duration> {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    told.split_whitespace().next()?.parse().ok().map(Duration::from_nanos)
}

fn fastest<T>(mut task: impl FnMut() -> T) -> Duration {
    let time = |_| {
        let (start, busy_before) = (Instant::now(), busy());
        let outcome = black_box(task());
        let elapsed = start.elapsed();
        let busy_for = busy().zip(busy_before).map(|(after, before)| after.saturating_sub(before));
        drop(outcome);
        busy_for.unwrap_or(elapsed)
    };
    (0..5).map(time).min().unwrap_or_default()
}

#[test]
#[ignore = "a measurement, for --release --ignored --nocapture"]
fn a_hundred_thousand_changes_pass_quickly() {
    let (first, second) = (attribute_changes(0), attribute_changes(1));
    let (bytes, text) = (first.to_protobuf(), first.to_json());
    let report = |what: &str, time: Duration| {
        let rate = f64::from(COUNT) / time.as_secs_f64() / 1e6;
        eprintln!("{what:14} {:8.1} ms {rate:6.2} M changes/s", time.as_secs_f64() * 1e3);
    };
    report("record", fastest(|| attribute_changes(0)));
    report("invert", fastest(|| first.inverted()));
    report("compose", fastest(|| first.then(&second)));
    report("rebase", fastest(|| first.rebased_over(&first, &|_, _| true)));
    report("to protobuf", fastest(|| first.to_protobuf()));
    report("from protobuf", fastest(|| ChangeSet::from_protobuf(&bytes)));
    report("to JSON", fastest(|| first.to_json()));
    report("from JSON", fastest(|| ChangeSet::from_json(&text)));
    eprintln!("{} bytes of protobuf, {} of JSON", bytes.len(), text.len());
}
