//! Children that are killed at random moments, one after another on one store.
use crate::ops::Random;
use crate::world::{Kind, When, World, tell};
use std::time::{Duration, Instant};

/// How many kills, unless somebody has time.
fn kills() -> u64 {
    std::env::var("TIEPOINT_LONG").ok().and_then(|it| it.parse().ok()).unwrap_or(8)
}

/// Half of them are killed within a commit, or so it is meant.
fn when(random: &mut Random, kind: Kind) -> When {
    if random.below(2) == 0 {
        return When::within(Duration::from_millis(20 + random.below(400)));
    }
    let longest = if kind == Kind::Postgis { 90_000 } else { 40_000 };
    let after = Duration::from_micros(random.below(longest));
    When::commit(1 + random.below(3), after)
}

fn killed_over(kind: Kind, test: &str) {
    let seed: u64 = std::env::var("TIEPOINT_SEED").ok().and_then(|it| it.parse().ok()).unwrap_or(1);
    let Some(mut world) = World::new(kind, test) else { return };
    let (mut random, start) = (Random::new(seed), Instant::now());
    for round in 0..kills() {
        let mut child = world.start(&format!("random {}", seed * 1_000_000 + round + 1));
        let killed = world.hear_until(&mut child, when(&mut random, kind));
        assert!(killed, "it works until it is killed");
    }
    world.settle();
    tell(&format!("{kind:?}, seed {seed}: {:?} in {:?}", world.tally, start.elapsed()));
}

#[test]
fn whatever_is_killed_over_a_geopackage_nothing_acknowledged_is_lost_or_doubled() {
    killed_over(Kind::RollbackJournal, "");
}

#[test]
fn whatever_is_killed_over_a_geopackage_in_wal_mode_nothing_acknowledged_is_lost_or_doubled() {
    killed_over(Kind::Wal, "");
}

#[test]
fn whatever_is_killed_over_postgis_nothing_acknowledged_is_lost_or_doubled() {
    killed_over(
        Kind::Postgis,
        "whatever_is_killed_over_postgis_nothing_acknowledged_is_lost_or_doubled",
    );
}
