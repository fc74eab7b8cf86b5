//! Transactions that overlap: nothing is lost, nothing waits, and each row's changes come in the
//! order in which they were committed.
use super::{Copy, Session, heard, told, trees, watch};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use tiepoint_postgis::testing::{Server, TestSchema, server_or_skip};
use tiepoint_store::{Checkpoint, Store, WatchEvent, WatchOptions};

#[test]
fn what_commits_late_is_not_lost_and_nobody_waits_for_it() {
    let Some(server) = server_or_skip("what commits late") else { return };
    let schema = server.schema();
    let store = trees(&schema);
    let [early, late] = [(), ()].map(|()| Session::open(server, &schema));
    let mut watch = watch(&store);
    early.run("BEGIN; INSERT INTO trees VALUES (1)");
    late.run("INSERT INTO trees VALUES (2)");
    assert_eq!(told(&heard(watch.as_mut())), "+2.");
    let between = watch.checkpoint();
    late.run("INSERT INTO trees VALUES (3)");
    assert_eq!(told(&heard(watch.as_mut())), "+3.");
    early.run("INSERT INTO trees VALUES (4); COMMIT");
    assert_eq!(told(&heard(watch.as_mut())), "+1 +4.");
    let mut again = store.watch(&WatchOptions::after(between)).expect("watches");
    assert_eq!(told(&heard(again.as_mut())), "+3. +1 +4.");
}

/// The second transaction by number is the first to commit, while a third is still running: a
/// watermark would give what they did to the one row the wrong way round.
#[test]
fn numbers_of_transactions_are_not_their_order() {
    let Some(server) = server_or_skip("numbers of transactions") else { return };
    let schema = server.schema();
    let store = trees(&schema);
    schema.execute("INSERT INTO trees VALUES (1, 'oak'), (2, 'elm')");
    let [first, second, running] = [(), (), ()].map(|()| Session::open(server, &schema));
    let (mut watch, mut copy) = (watch(&store), Copy::of(&store));
    first.run("BEGIN; UPDATE trees SET name = 'first' WHERE fid = 2");
    running.run("BEGIN; SELECT pg_current_xact_id()");
    second.run("UPDATE trees SET name = 'second' WHERE fid = 1");
    first.run("UPDATE trees SET name = name || ' and first' WHERE fid = 1; COMMIT");
    let events = heard(watch.as_mut());
    assert_eq!(told(&events), "~1. ~2 ~1.");
    copy.apply_all(&events);
    assert_eq!(copy, Copy::of(&store));
    running.run("COMMIT");
    assert_eq!(told(&heard(watch.as_mut())), "");
}

#[test]
fn a_commit_in_the_middle_of_reading_changes_nothing_of_what_is_read() {
    let Some(server) = server_or_skip("a commit in the middle") else { return };
    let schema = server.schema();
    let store = trees(&schema);
    let options = WatchOptions::from_now().layer("trees");
    let mut watch = store.watch_in_windows(&options, 2).expect("watches");
    schema.execute("INSERT INTO trees VALUES (1, 'a'); INSERT INTO trees VALUES (2, 'b')");
    schema.execute("UPDATE trees SET name = 'c'; INSERT INTO trees VALUES (3, 'd')");
    let mut copy = Copy::default();
    for round in 0.. {
        let Some(event) = watch.next(Duration::ZERO).expect("looks") else { break };
        copy.apply(&event);
        if round < 5 {
            schema.execute("UPDATE trees SET name = name || '+' WHERE fid < 3");
        }
    }
    assert_eq!(copy, Copy::of(&store));
}

/// Whoever goes on from any checkpoint hears what is left, whatever is held at once.
#[test]
fn any_checkpoint_of_a_wild_history_leads_to_the_same_end() {
    let Some(server) = server_or_skip("any checkpoint") else { return };
    let schema = server.schema();
    let store = trees(&schema);
    let begun = watch(&store).checkpoint();
    storm(server, &schema, Duration::from_millis(800));
    let after = |checkpoint: &Checkpoint| WatchOptions::after(checkpoint.clone()).layer("trees");
    let mut watch = store.watch(&after(&begun)).expect("watches");
    let events = heard(watch.as_mut());
    let whole: Vec<String> = events.iter().map(what).collect();
    assert!(whole.len() > 100, "{}", whole.len());
    let mut copy = Copy::default();
    copy.apply_all(&events);
    assert_eq!(copy, Copy::of(&store));
    for window in [1, 50] {
        let mut watch = store.watch_in_windows(&after(&begun), window).expect("watches");
        let small: Vec<String> = heard(watch.as_mut()).iter().map(what).collect();
        assert_eq!(small, whole, "{window} rows at once");
    }
    let step = events.len() / 12 + 1;
    for (at, event) in events.iter().enumerate().step_by(step) {
        let window = 1 + at % 7;
        let from = after(event.checkpoint());
        let mut watch = store.watch_in_windows(&from, window).expect("watches");
        let rest: Vec<String> = heard(watch.as_mut()).iter().map(what).collect();
        assert_eq!(rest, whole[at + 1..], "after {} by {window}", event.checkpoint());
    }
}

/// All of an event but the time, and where to resume.
fn what(event: &WatchEvent) -> String {
    let WatchEvent::Changed(it) = event else { panic!("{event:?}") };
    format!("{:?} {:?} {:?} {} {:?}", it.target, it.fid, it.change, it.settled, it.author)
}

#[test]
fn a_storm_is_followed_to_its_end() {
    let Some(server) = server_or_skip("a storm") else { return };
    let schema = server.schema();
    let store = trees(&schema);
    let mut watch = watch(&store);
    let mut copy = Copy::default();
    let over = AtomicBool::new(false);
    let heard = thread::scope(|scope| {
        let follower = scope.spawn(|| {
            let mut count = 0;
            loop {
                let is_over = over.load(Ordering::Acquire);
                match watch.next(Duration::from_millis(20)).expect("looks") {
                    Some(event) => copy.apply(&event),
                    None if is_over => return count,
                    None => continue,
                }
                count += 1;
            }
        });
        storm(server, &schema, Duration::from_secs(2));
        over.store(true, Ordering::Release);
        follower.join().expect("follows")
    });
    assert!(heard > 100, "{heard} changes");
    assert_eq!(copy, Copy::of(&store));
}

/// Several people who write at once, some of it in long transactions, some of it for nothing.
fn storm(server: &Server, schema: &TestSchema, duration: Duration) {
    let ends = Instant::now() + duration;
    thread::scope(|scope| {
        for seed in 1..=5_u64 {
            scope.spawn(move || {
                let session = Session::open(server, schema);
                session.run("SET deadlock_timeout = '10ms'; SET statement_timeout = '5s'");
                let mut dice = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15);
                let mut roll = |sides: u64| {
                    dice ^= dice << 13;
                    dice ^= dice >> 7;
                    dice ^= dice << 17;
                    dice % sides
                };
                while Instant::now() < ends {
                    let many = roll(5) == 0;
                    let isolation = match roll(9) {
                        0 => "REPEATABLE READ",
                        1 => "SERIALIZABLE",
                        _ => "READ COMMITTED",
                    };
                    let mut sql = format!("BEGIN ISOLATION LEVEL {isolation};");
                    for _ in 0..=(if many { roll(6) } else { 0 }) {
                        sql += &statement(&mut roll);
                        if many {
                            sql += "SELECT pg_sleep(0.003);";
                        }
                    }
                    sql += if roll(6) == 0 { "ROLLBACK" } else { "COMMIT" };
                    // two may want the same, or wait for each other: then it is all undone
                    if session.try_run(&sql).is_err() {
                        session.run("ROLLBACK");
                    }
                }
            });
        }
    });
}

fn statement(roll: &mut impl FnMut(u64) -> u64) -> String {
    let (fid, other, value) = (roll(12), roll(12), roll(1_000));
    match roll(9) {
        0 | 1 => format!(
            "INSERT INTO trees VALUES ({fid}, 'n{value}') ON CONFLICT (fid) \
             DO UPDATE SET name = excluded.name, height = coalesce(trees.height, 0) + 1;"
        ),
        2 => format!("DELETE FROM trees WHERE fid = {fid};"),
        3 => format!("UPDATE trees SET fid = {other} WHERE fid = {fid};"),
        4 => format!("UPDATE trees SET height = {value} WHERE fid % 3 = {fid} % 3;"),
        5 => format!("SAVEPOINT a; DELETE FROM trees WHERE fid = {fid}; ROLLBACK TO a;"),
        6 if value < 100 => {
            // an old snapshot may not show all that goes, and the log says so
            let plain = "current_setting('transaction_isolation') = 'read committed'";
            format!("DO $$ BEGIN IF {plain} THEN TRUNCATE trees; END IF; END $$;")
        }
        _ => format!("UPDATE trees SET name = 'u{value}' WHERE fid IN ({fid}, {other});"),
    }
}

/// Triggers of others for each row fire before ours do.
#[test]
fn what_triggers_do_to_a_row_that_has_just_come_is_part_of_its_coming() {
    let Some(server) = server_or_skip("what triggers do") else { return };
    let schema = server.schema();
    let store = trees(&schema);
    schema.execute(
        "CREATE FUNCTION counts() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
           UPDATE trees SET height = fid WHERE fid = NEW.fid;
           IF NEW.name = 'gone' THEN DELETE FROM trees WHERE fid = NEW.fid; END IF;
           RETURN NULL;
         END $$;
         CREATE TRIGGER counts AFTER INSERT ON trees FOR EACH ROW EXECUTE FUNCTION counts()",
    );
    let (mut watch, mut copy) = (watch(&store), Copy::of(&store));
    for (statements, expected) in [
        ("INSERT INTO trees VALUES (1, 'oak')", "+1."),
        ("INSERT INTO trees VALUES (2), (3)", "+2 +3."),
        ("INSERT INTO trees VALUES (4, 'gone')", ""),
        ("BEGIN; DELETE FROM trees WHERE fid = 1; INSERT INTO trees VALUES (1); COMMIT", "-1 +1."),
        (
            "BEGIN; UPDATE trees SET fid = 9 WHERE fid = 2; INSERT INTO trees VALUES (2); COMMIT",
            "-2 +9 +2.",
        ),
    ] {
        schema.execute(statements);
        let events = heard(watch.as_mut());
        assert_eq!(told(&events), expected, "{statements}");
        copy.apply_all(&events);
        assert_eq!(copy, Copy::of(&store), "{statements}");
    }
}
