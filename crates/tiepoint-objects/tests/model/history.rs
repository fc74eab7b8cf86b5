//! Runs histories, counts what came of them, and shrinks those that fail.
use crate::act::{DONE, Outcome};
use crate::kind::{KINDS, Kind};
use crate::op::{Op, Random, What};
use crate::world::World;
use std::collections::BTreeMap;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

const LONGEST: usize = 120;

/// What came of operations, and of ties.
#[derive(Default)]
pub(crate) struct Tally {
    operations: BTreeMap<(What, Outcome), u64>,
    ties: BTreeMap<String, u64>,
    kinds: BTreeMap<&'static str, u64>,
    steps: usize,
    histories: usize,
    time: Duration,
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { steps, histories, time, .. } = self;
        writeln!(f, "{steps} steps, {histories} histories in {time:.1?}")?;
        for ((what, outcome), count) in &self.operations {
            writeln!(f, "  {what:?} {outcome}: {count}")?;
        }
        for (what, count) in &self.ties {
            writeln!(f, "  tie {what}: {count}")?;
        }
        self.kinds.iter().try_for_each(|(kind, count)| writeln!(f, "  {kind}: {count} steps"))
    }
}

/// What is wrong, and what the tracker was told until then, where it was asked for.
pub(crate) struct Failure {
    pub(crate) why: String,
    pub(crate) log: Vec<String>,
}

/// Runs histories from a seed on until so many steps are done.
pub(crate) fn histories(first: u64, steps: usize, tally: &mut Tally) {
    let start = Instant::now();
    for seed in first.. {
        if tally.steps >= steps {
            break;
        }
        let mut random = Random(seed);
        let kind = KINDS[random.below(KINDS.len())];
        let length = 10 + random.below(LONGEST);
        let ops: Vec<Op> = (0..length).map(|_| random.op()).collect();
        if let Err(why) = run(kind, &ops, Some(tally)) {
            let (ops, why) = shrink(kind, ops, why);
            let lines: Vec<String> = ops.iter().map(|op| format!("    {op:?},\n")).collect();
            let Failure { why, log } = why;
            let (lines, log) = (lines.concat(), log.join("\n"));
            panic!("seed {seed}, {:?}: {why}\n{lines}{log}", kind.name);
        }
        tally.histories += 1;
    }
    tally.time = start.elapsed();
}

impl World {
    /// With ids written as whose they are.
    fn failure(&self, why: String) -> Failure {
        let named = |text: String| {
            self.owners.iter().fold(text, |text, (id, secret)| {
                text.replace(&format!("ObjectId({id})"), &format!("id of {secret}"))
            })
        };
        Failure { why, log: self.log.iter().cloned().map(named).collect() }
    }
}

/// Runs one history; what is wrong, if anything.
pub(crate) fn run(kind: Kind, ops: &[Op], tally: Option<&mut Tally>) -> Result<(), Failure> {
    let is_told = tally.is_none();
    let mut unused = Tally::default();
    let tally = tally.unwrap_or(&mut unused);
    let mut world = World::new(kind);
    let all = AssertUnwindSafe(|| {
        world.check().map_err(|why| format!("at first, {why}"))?;
        for (number, op) in ops.iter().enumerate() {
            world.log.push(format!("-- {:?}", op.what));
            let outcome = world.act(*op);
            if !is_told {
                world.log.clear();
            }
            *tally.operations.entry((op.what, outcome)).or_default() += 1;
            *tally.kinds.entry(kind.name).or_default() += 1;
            tally.steps += usize::from(outcome == DONE);
            world.check().map_err(|why| format!("after {number}, {:?}: {why}", op.what))?;
            for what in world.became.drain(..) {
                let name = format!("{what:?}");
                let name = name.split(' ').next().unwrap_or_default().to_owned();
                *tally.ties.entry(name).or_default() += 1;
            }
        }
        Ok(())
    });
    let result = catch_unwind(all).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|it| (*it).to_owned()));
        Err(format!("panicked: {}", text.unwrap_or_default()))
    });
    result.map_err(|why| world.failure(why))
}

/// Leaves out what a failure does not need: ever smaller runs of operations, until no single one
/// can go.
fn shrink(kind: Kind, mut ops: Vec<Op>, mut why: Failure) -> (Vec<Op>, Failure) {
    std::panic::set_hook(Box::new(|_| {}));
    let mut size = ops.len().div_ceil(2);
    loop {
        let mut at = 0;
        let mut shrunk = false;
        while at < ops.len() {
            let mut fewer = ops.clone();
            fewer.drain(at..(at + size).min(ops.len()));
            if let Err(still) = run(kind, &fewer, None) {
                (ops, why, shrunk) = (fewer, still, true);
            } else {
                at += size;
            }
        }
        if size == 1 && !shrunk {
            break;
        }
        size = size.div_ceil(2);
    }
    simplify(kind, &mut ops, &mut why);
    let _ = std::panic::take_hook();
    (ops, why)
}

/// Takes simpler choices where the failure stays.
fn simplify(kind: Kind, ops: &mut [Op], why: &mut Failure) {
    for number in 0..ops.len() {
        for change in [
            (|op| op.coins = 0) as fn(&mut Op),
            |op| op.other = 0,
            |op| op.at = 0,
            |op| op.coins = u16::MAX,
        ] {
            let mut simpler = ops.to_vec();
            change(&mut simpler[number]);
            if let Err(still) = run(kind, &simpler, None) {
                ops.copy_from_slice(&simpler);
                *why = still;
            }
        }
    }
}
