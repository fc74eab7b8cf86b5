//! How much memory ties take: at most 120 bytes each, beyond the objects.
use std::fs;
use tiepoint_core::{Fid, FidRule, ObjectId};
use tiepoint_objects::{Policy, Scope, Tracker};

const TIES: usize = 1_000_000;

/// What the process holds in memory, in bytes.
fn resident_bytes() -> Option<usize> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    let kilobytes: usize = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kilobytes * 1024)
}

fn id(number: usize) -> ObjectId {
    let mut bytes = [0; 16];
    bytes[8..].copy_from_slice(&number.to_be_bytes());
    (bytes[6], bytes[8]) = (0x40, 0x80);
    ObjectId::from_bytes(bytes).expect("is a UUID")
}

#[test]
fn a_tie_takes_at_most_120_bytes() {
    let Some(before) = resident_bytes() else { return };
    let mut tracker = Tracker::new(Policy::column(FidRule::Stable));
    tracker.reserve(TIES);
    let mut reading = tracker.resync(&Scope::All);
    for (number, fid) in (0..TIES).zip(1..) {
        reading.row(Fid::Int(fid), Some(id(number)));
    }
    assert!(reading.finish().transitions.is_empty(), "a first reading tells of no single row");
    let after = resident_bytes().expect("it could be read before");
    let each = (after - before) / TIES;
    assert_eq!(tracker.len(), TIES);
    assert!(each <= 120, "{each} bytes a tie");
    println!("{each} bytes a tie");
}
