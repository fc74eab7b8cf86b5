//! Storms: several programs write to one store at once, are killed, roll back and take their time,
//! while watchers listen, are killed, too, and come back. What a watcher heard must replay, change
//! by change, to exactly what is in the store: nothing missed, nothing twice.
//!
//! A few seconds each by default; `TIEPOINT_STORM_SECONDS=60` makes it a storm.
mod geopackage;
mod layers;
mod ours;
mod postgis;
mod programs;
mod random;
mod replica;
mod watching;

use std::io::Write as _;
use std::time::Duration;

/// Which work a child of this test program is to do, and where.
const WORK: &str = "TIEPOINT_STORM_WORK";
const PLACE: &str = "TIEPOINT_STORM_PLACE";

/// How long a storm lasts.
fn duration() -> Duration {
    let seconds = std::env::var("TIEPOINT_STORM_SECONDS").ok();
    Duration::from_secs_f64(seconds.and_then(|it| it.parse().ok()).unwrap_or(4.0))
}

/// Says a line past the test harness, which keeps what passing tests print to itself.
fn tell(line: &str) {
    writeln!(std::io::stdout(), "{line}").expect("stdout takes a line");
}

/// Not a test of its own: what other processes do.
#[test]
fn child() {
    let (Ok(work), Ok(place)) = (std::env::var(WORK), std::env::var(PLACE)) else { return };
    let (work, argument) = work.split_once(' ').unwrap_or((&work, ""));
    match work {
        "watch" => watching::watch_for_ever(&place, argument),
        "write" => ours::write_for_ever(&place, argument.parse().expect("a seed")),
        other => panic!("unknown work {other:?}"),
    }
}
