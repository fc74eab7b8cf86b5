//! Random histories of an edit buffer against a plain model of what it comes to.
mod plain;
mod world;

use crate::fixture::{Random, long_or};
use world::World;

/// What may happen in a history.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rules {
    /// Whether others write to the store, too.
    others: bool,
    /// Whether there is a journal, and programs that die.
    crashes: bool,
    /// Whether what others write is heard of, and by what.
    follows: Option<By>,
}

/// By what it is known what others write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    Logs,
    Comparing,
}

const RULES: [Rules; 4] = [
    Rules { others: false, crashes: false, follows: None },
    Rules { others: true, crashes: false, follows: None },
    Rules { others: false, crashes: true, follows: None },
    Rules { others: true, crashes: true, follows: None },
];

const FOLLOWING: [Rules; 3] = [
    Rules { others: true, crashes: false, follows: Some(By::Logs) },
    Rules { others: true, crashes: false, follows: Some(By::Comparing) },
    Rules { others: true, crashes: true, follows: Some(By::Logs) },
];

fn history(seed: u64, rules: &[Rules], store: world::Below<'_>) {
    let mut random = Random::new(seed);
    let count = u64::try_from(rules.len()).expect("is small");
    let rules = rules[usize::try_from(seed % count).expect("is small")];
    let mut world = World::new(rules, store);
    let count = 4 + random.below(22);
    steps(&mut world, &mut random, count, &format!("seed {seed}"), 0);
}

fn steps(world: &mut World<'_>, random: &mut Random, count: u64, at: &str, depth: u32) {
    for number in 0..count {
        let at = format!("{at}, step {number}");
        let what = if depth < 3 && random.below(9) == 0 {
            command(world, random, &at, depth)
        } else {
            step(world, random, number, depth)
        };
        world.check(&format!("{at}: {what}"), random);
    }
}

/// Steps within an edit command, which ends well, is abandoned, or is dropped.
fn command(world: &mut World<'_>, random: &mut Random, at: &str, depth: u32) -> &'static str {
    let buffer = world.buffer();
    let name = format!("command {depth}");
    let command = buffer.command(&name).expect("opens");
    world.model.begin_command(&name);
    let open = world.model.commands.len();
    let count = random.below(5);
    steps(world, random, count, &format!("{at}, in a command"), depth + 1);
    let how = random.below(3);
    match how {
        0 => command.end().expect("ends"),
        1 => command.abandon().expect("is abandoned"),
        _ => drop(command),
    }
    // a rollback closes all of them
    if world.model.commands.len() == open {
        if how == 0 { world.model.end_command() } else { world.model.abandon_command() }
    }
    if how == 0 { "end" } else { "abandon" }
}

fn step(world: &mut World<'_>, random: &mut Random, number: u64, depth: u32) -> &'static str {
    match random.below(20) {
        7 | 8 => world.walk(true),
        9 => world.walk(false),
        10 => world.there_and_back(),
        11 | 12 if world.rules.others => world.others(random),
        13 | 14 => world.commit(),
        15 if random.below(3) == 0 => world.rollback(),
        16 | 17 if world.rules.others && world.model.has_gap() => "a gap",
        16 if world.rules.follows.is_some() => world.follow(random),
        16 => world.merge(random),
        17 if world.rules.crashes && depth == 0 => world.crash(random),
        _ => world.transact(random, number),
    }
}

#[test]
fn edits_over_memory_come_to_what_a_plain_model_comes_to() {
    for seed in 0..long_or(200) {
        history(seed, &RULES, world::memory());
    }
}

#[test]
fn edits_that_follow_a_store_in_memory_come_to_what_merging_comes_to() {
    for seed in 0..long_or(200) {
        history(seed, &FOLLOWING, world::memory());
    }
}

#[test]
fn edits_that_follow_a_geopackage_come_to_what_merging_comes_to() {
    for seed in 0..(long_or(200) / 20).min(2_000) {
        history(seed, &FOLLOWING, world::geopackage());
    }
}

#[test]
fn edits_over_a_geopackage_come_to_what_a_plain_model_comes_to() {
    for seed in 0..(long_or(200) / 20).min(2_000) {
        history(seed, &RULES, world::geopackage());
    }
}

#[test]
fn edits_over_postgis_come_to_what_a_plain_model_comes_to() {
    let name = "edits_over_postgis_come_to_what_a_plain_model_comes_to";
    let Some(server) = tiepoint_postgis::testing::server_or_skip(name) else { return };
    for seed in 0..(long_or(200) / 40).min(200) {
        history(seed, &RULES, world::postgis(server));
    }
}

#[test]
fn edits_that_follow_postgis_come_to_what_merging_comes_to() {
    let name = "edits_that_follow_postgis_come_to_what_merging_comes_to";
    let Some(server) = tiepoint_postgis::testing::server_or_skip(name) else { return };
    for seed in 0..(long_or(200) / 40).min(200) {
        history(seed, &FOLLOWING, world::postgis(server));
    }
}
