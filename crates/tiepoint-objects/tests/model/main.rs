//! Random histories of a layer in a simulated host, against an oracle that knows each row's object
//! by a secret that the tracker never sees.
mod act;
mod check;
mod commit;
mod edits;
mod history;
mod host;
mod kind;
mod miswrite;
mod names;
mod op;
mod others;
mod pump;
mod stack;
mod twin;
mod world;

use history::{Tally, histories};

/// A short run; `TIEPOINT_MODEL_STEPS` asks for a longer one.
#[test]
fn no_object_is_lost_or_crossed() {
    let steps = std::env::var("TIEPOINT_MODEL_STEPS").ok();
    let steps = steps.map_or(20_000, |text| text.parse().expect("a number of steps"));
    let seed = std::env::var("TIEPOINT_MODEL_SEED").ok();
    let seed = seed.map_or(1, |text| text.parse().expect("a number to start from"));
    let mut tally = Tally::default();
    histories(seed, steps, &mut tally);
    println!("{tally}");
}
