//! Row 1.38 of the checklist: many threads on few connections that are killed at random. Nothing
//! leaks, nothing waits for ever, no answer is wrong. `TIEPOINT_LONG=1` makes it half a minute.
use crate::sessions::{add, is_at_rest, level, numbers, store};
use std::collections::BTreeSet;
use std::io::Write as _;
use std::num::NonZero;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use tiepoint_core::{Aggregate, Edit, Feature, Query, Value, field};
use tiepoint_postgis::PostgisStore;
use tiepoint_postgis::testing::{TestSchema, server_or_skip};
use tiepoint_store::{
    Isolation, ReadControl, Result, Store, StoreError, Transaction, TransactionOptions, WriteMode,
    repeating,
};

const THREADS: u64 = 64;
const ACCOUNTS: u64 = 24;
const SUM: i64 = 24_000;
const ROWS_IN_A_LOAD: usize = 50;

/// What the threads share and what they have done.
struct Ground {
    store: PostgisStore,
    ends: Instant,
    over: AtomicBool,
    /// What was committed, what was not, and what nobody could find out.
    outcomes: Mutex<[BTreeSet<String>; 3]>,
    done: [AtomicUsize; 7],
    lost: AtomicUsize,
    killed: AtomicUsize,
}

/// A thread's own dice.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }
}

#[test]
fn many_threads_on_few_dying_connections_do_no_harm() {
    let Some(server) = server_or_skip("many threads on few connections") else { return };
    let schema = Arc::new(server.schema());
    prepare(&schema);
    let seconds = if std::env::var_os("TIEPOINT_LONG").is_some() { 30 } else { 3 };
    let ground = Arc::new(Ground {
        store: store(&schema, "pool_size=8&pool_overflow=0&pool_timeout=60"),
        ends: Instant::now() + Duration::from_secs(seconds),
        over: AtomicBool::new(false),
        outcomes: Mutex::default(),
        done: std::array::from_fn(|_| AtomicUsize::new(0)),
        lost: AtomicUsize::new(0),
        killed: AtomicUsize::new(0),
    });
    let threads: Vec<_> = (0..THREADS).map(|number| worker(&ground, number)).collect();
    let killer = killer(&ground, &schema);
    all_end(threads, Duration::from_secs(seconds + 90));
    ground.over.store(true, Ordering::Relaxed);
    killer.join().expect("kills to the end");
    report(&ground);
    is_at_rest(&schema, &ground.store);
    everything_is_as_it_was_said(&ground, &schema);
}

fn prepare(schema: &TestSchema) {
    numbers(schema, "accounts", &[]);
    let fill = format!(
        "INSERT INTO accounts (name, n) SELECT i, {SUM} / {ACCOUNTS} \
         FROM generate_series(0, {ACCOUNTS} - 1) AS i"
    );
    schema.execute(&fill);
    numbers(schema, "tickets", &[]);
    numbers(schema, "loads", &[]);
    schema.execute("CREATE TABLE many AS SELECT i AS id, repeat('x', 400) AS name FROM generate_series(1, 20000) AS i");
}

fn worker(ground: &Arc<Ground>, number: u64) -> JoinHandle<()> {
    let (ground, mut dice) = (Arc::clone(ground), Dice(number * 7_919 + 1));
    thread::spawn(move || {
        for turn in 0_u64.. {
            if Instant::now() >= ground.ends {
                break;
            }
            let name = format!("{number}-{turn}");
            let what = dice.roll(7);
            match act(&ground, what, &name, &mut dice) {
                Ok(()) => ground.done[usize::try_from(what).expect("is small")]
                    .fetch_add(1, Ordering::Relaxed),
                Err(error) if error.is_lost_connection() => {
                    ground.lost.fetch_add(1, Ordering::Relaxed)
                }
                Err(error) => panic!("{name}, {what}: {error:?}"),
            };
        }
    })
}

fn act(ground: &Ground, what: u64, name: &str, dice: &mut Dice) -> Result<()> {
    match what {
        0 => the_sum_is_right(&ground.store),
        1 => left_early(&ground.store, dice),
        2 => stopped(&ground.store, dice),
        3 | 4 => moved(ground, name, dice),
        5 => loaded(ground, name),
        _ => asked(&ground.store),
    }
}

fn the_sum_is_right(store: &PostgisStore) -> Result<()> {
    let features = store.read(&Query::layer("accounts"))?.collect::<Result<Vec<_>>>()?;
    let sum: i64 = features.iter().map(|it| int(it.get("n"))).sum();
    assert_eq!((sum, features.len() as u64), (SUM, ACCOUNTS), "one committed state");
    Ok(())
}

fn int(value: Option<&Value>) -> i64 {
    match value {
        Some(Value::Int(number)) => *number,
        other => panic!("{other:?} is no number"),
    }
}

fn left_early(store: &PostgisStore, dice: &mut Dice) -> Result<()> {
    let taken = usize::try_from(dice.roll(3_000)).expect("is small");
    let rows = store.read(&Query::layer("many"))?;
    rows.take(taken).try_for_each(|it| it.map(drop))
}

fn stopped(store: &PostgisStore, dice: &mut Dice) -> Result<()> {
    let control = ReadControl::default().time_out(Duration::from_millis(dice.roll(20)));
    let read = || store.read_with(&Query::layer("many"), &control)?.try_for_each(|it| it.map(drop));
    match read() {
        Err(StoreError::TimedOut { .. }) => Ok(()),
        other => other,
    }
}

fn asked(store: &PostgisStore) -> Result<()> {
    let counted = store.aggregate(&Query::layer("accounts"), &[Aggregate::Sum(field("n"))])?;
    assert_eq!(counted, [Value::Int(SUM)]);
    assert_eq!(store.facts("accounts")?.count, ACCOUNTS);
    assert_eq!(store.layers()?.len(), 4);
    Ok(())
}

/// Moves an amount from one account to another, notes a ticket for it, and takes back some nonsense.
fn moved(ground: &Ground, name: &str, dice: &mut Dice) -> Result<()> {
    let (from, to) = (dice.roll(ACCOUNTS), dice.roll(ACCOUNTS));
    let attempts = NonZero::new(1_000).expect("is not zero");
    let outcome = repeating(&ground.store, level(Isolation::Serializable), attempts, |it| {
        let mark = it.savepoint()?;
        add(it, "accounts", &from.to_string(), 1_000_000)?;
        it.rollback_to(mark)?;
        add(it, "accounts", &from.to_string(), -1)?;
        add(it, "accounts", &to.to_string(), 1)?;
        insert(it, "tickets", &[name])
    });
    noted(ground, name, outcome)
}

fn loaded(ground: &Ground, name: &str) -> Result<()> {
    let load = || {
        let mut transaction = ground.store.begin(TransactionOptions::default())?;
        insert(transaction.as_mut(), "loads", &[name; ROWS_IN_A_LOAD])?;
        transaction.commit()
    };
    noted(ground, name, load())
}

fn insert(transaction: &mut dyn Transaction, layer: &str, names: &[&str]) -> Result<()> {
    let schema = transaction.layer(layer)?.schema().clone();
    let mut writer = transaction.writer(layer, WriteMode::Bulk)?;
    for name in names {
        let mut row = Feature::new(Arc::clone(&schema));
        row.set("name", (*name).into()).expect("fits");
        writer.write(Edit::Insert(row))?;
    }
    writer.finish()
}

fn noted(ground: &Ground, name: &str, outcome: Result<()>) -> Result<()> {
    let became = match &outcome {
        Ok(()) => 0,
        Err(error) if error.to_string().contains("could not be found out") => 2,
        Err(_) => 1,
    };
    ground.outcomes.lock().expect("nobody panics")[became].insert(name.to_owned());
    outcome
}

fn killer(ground: &Arc<Ground>, schema: &Arc<TestSchema>) -> JoinHandle<()> {
    let (ground, schema) = (Arc::clone(ground), Arc::clone(schema));
    let kill = format!(
        "SELECT count(pg_terminate_backend(pid)) FROM (SELECT pid FROM pg_stat_activity \
         WHERE application_name = '{}' ORDER BY random() LIMIT 1) AS one",
        schema.name()
    );
    thread::spawn(move || {
        while !ground.over.load(Ordering::Relaxed) && Instant::now() < ground.ends {
            let killed = schema.value(&kill).parse::<usize>().expect("a number");
            ground.killed.fetch_add(killed, Ordering::Relaxed);
            thread::sleep(Duration::from_millis(40));
        }
    })
}

/// Nothing waits for ever.
fn all_end(threads: Vec<JoinHandle<()>>, within: Duration) {
    let began = Instant::now();
    for thread in threads {
        while !thread.is_finished() {
            assert!(began.elapsed() < within, "somebody waits for ever");
            thread::sleep(Duration::from_millis(5));
        }
        thread.join().expect("only lost connections are errors");
    }
}

fn everything_is_as_it_was_said(ground: &Ground, schema: &TestSchema) {
    assert_eq!(schema.value("SELECT sum(n) FROM accounts"), SUM.to_string());
    assert_eq!(schema.value("SELECT count(*) - count(DISTINCT name) FROM tickets"), "0");
    let torn = format!(
        "SELECT count(*) FROM (SELECT FROM loads GROUP BY name HAVING count(*) <> {ROWS_IN_A_LOAD}) t"
    );
    assert_eq!(schema.value(&torn), "0", "a load is there as a whole or not at all");
    assert_eq!(schema.value("SELECT count(id) - count(DISTINCT id) FROM loads"), "0");
    let stored = schema.value(
        "SELECT coalesce(string_agg(name, ' '), '') \
         FROM (SELECT name FROM tickets UNION SELECT name FROM loads) AS t",
    );
    let stored: BTreeSet<_> = stored.split_whitespace().map(str::to_owned).collect();
    let outcomes = ground.outcomes.lock().expect("nobody panics");
    let [committed, undone, unknown] = &*outcomes;
    assert_eq!(committed.difference(&stored).next(), None, "what is committed is stored");
    assert_eq!(undone.intersection(&stored).next(), None, "what is undone is not");
    assert!(unknown.len() <= 1 + committed.len() / 100, "{} are in doubt", unknown.len());
}

fn report(ground: &Ground) {
    let done: Vec<_> = ground.done.iter().map(|it| it.load(Ordering::Relaxed)).collect();
    let outcomes = ground.outcomes.lock().expect("nobody panics");
    let [committed, undone, unknown] = outcomes.each_ref().map(BTreeSet::len);
    let (lost, killed) =
        (ground.lost.load(Ordering::Relaxed), ground.killed.load(Ordering::Relaxed));
    assert!(done.iter().all(|it| *it > 0) && killed > 0, "{done:?}, {killed} killed");
    // seen only by who asks for the output
    let _ = writeln!(
        std::io::stderr(),
        "{done:?} done, {killed} killed, {lost} lost; {committed} committed, {undone} undone, {unknown} in doubt"
    );
}
