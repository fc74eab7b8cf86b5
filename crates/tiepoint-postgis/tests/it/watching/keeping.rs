//! What is kept, and for how long: restarts, dumps, trimming, and what an untie leaves.
use super::{Copy, Session, heard, log, resets, told, trees, watch};
use crate::sessions::own_server;
use std::time::Duration;
use tiepoint_postgis::PostgisStore;
use tiepoint_postgis::testing::server_or_skip;
use tiepoint_store::{
    LogOptions, ResetReason, Store, TransactionOptions, WatchEvent, WatchOptions,
};

#[test]
fn a_restart_in_the_middle_loses_nothing() {
    let Some(mut server) = own_server("a restart in the middle") else { return };
    let url = server.url();
    let store = PostgisStore::open(&url).expect("opens");
    let session = Session::at(&url);
    session.run("CREATE TABLE trees (fid int PRIMARY KEY, name text)");
    log(&store, "trees");
    let options = WatchOptions::from_now().layer("trees");
    let mut watch = store.watch_in_windows(&options, 10).expect("watches");
    session.run("INSERT INTO trees SELECT i FROM generate_series(1, 30) AS i");
    for i in 1..=30 {
        session.run(&format!("UPDATE trees SET name = 'a' WHERE fid = {i}"));
    }
    let mut copy = Copy::default();
    for _ in 0..35 {
        copy.apply(&watch.next(Duration::ZERO).expect("looks").expect("there is more"));
    }
    server.stop();
    let mut errors = 0;
    for _ in 0..20 {
        match watch.next(Duration::from_millis(20)) {
            Ok(Some(event)) => copy.apply(&event),
            Ok(None) => {}
            Err(error) => {
                assert!(
                    error.is_lost_connection() || error.to_string().contains("reach"),
                    "{error}"
                );
                errors += 1;
            }
        }
    }
    assert!((1..10).contains(&errors), "{errors} errors");
    server.start_again();
    Session::at(&url).run("UPDATE trees SET name = 'b'; DELETE FROM trees WHERE fid > 20");
    let ends = std::time::Instant::now() + Duration::from_secs(20);
    while copy != Copy::of(&store) {
        assert!(std::time::Instant::now() < ends, "{copy:?}");
        if let Ok(Some(event)) = watch.next(Duration::from_millis(100)) {
            copy.apply(&event);
        }
    }
}

#[test]
fn a_log_brought_here_by_a_dump_begins_anew() {
    let Some(server) = own_server("a log brought here") else { return };
    let database = server.database();
    database.execute("CREATE TABLE trees (fid int PRIMARY KEY)");
    let store = PostgisStore::open(&database.url()).expect("opens");
    log(&store, "trees");
    let mut watch = watch(&store);
    database.execute("INSERT INTO trees VALUES (1)");
    assert_eq!(told(&heard(watch.as_mut())), "+1.");
    // as if this had been dumped elsewhere
    database.execute("UPDATE tiepoint.noting SET system = 'system 1/1'");
    database.execute("INSERT INTO trees VALUES (2)");
    let checkpoint = watch.checkpoint();
    let after = WatchOptions::after(checkpoint.clone()).layer("trees");
    let mut again = store.watch(&after).expect("watches");
    assert!(!resets(&heard(again.as_mut())).is_empty(), "void entries are not told of");
    database.execute("INSERT INTO trees VALUES (3)");
    let mut transaction = store.begin(TransactionOptions::default()).expect("begins");
    transaction.install_log("trees", &LogOptions::default()).expect("begins anew");
    transaction.commit().expect("commits");
    assert_eq!(database.value("SELECT count(*) FROM tiepoint.log WHERE kind = 'i'"), "0");
    let mut again = store.watch(&after).expect("watches");
    assert_eq!(resets(&heard(again.as_mut())), [ResetReason::Replaced]);
    database.execute("INSERT INTO trees VALUES (4)");
    assert_eq!(told(&heard(again.as_mut())), "+4.");
}

#[test]
fn what_is_trimmed_is_said_and_named_watchers_are_waited_for() {
    let Some(server) = own_server("what is trimmed") else { return };
    let database = server.database();
    database.execute("CREATE TABLE trees (fid int PRIMARY KEY)");
    let store = PostgisStore::open(&database.url()).expect("opens");
    let mut transaction = store.begin(TransactionOptions::default()).expect("begins");
    transaction.install_log("trees", &LogOptions { keep: 100 }).expect("notes changes");
    transaction.commit().expect("commits");
    let options = WatchOptions::from_now().layer("trees");
    let begun = watch(&store).checkpoint();
    let mut named = store.watch(&options.clone().named("anna")).expect("watches");
    let place = named.checkpoint();
    named.acknowledge(&place).expect("keeps");
    let mut alive = watch(&store);
    let mut fid = 0;
    let mut write = |count: i32| {
        let from = fid;
        fid += count;
        database.execute(&format!(
            "DO $$ BEGIN FOR i IN {from} + 1 .. {fid} LOOP INSERT INTO trees VALUES (i); COMMIT; \
             END LOOP; END $$"
        ));
    };
    let age =
        "UPDATE tiepoint.noting SET looked = looked - interval '1 min'; SELECT tiepoint.trim()";
    let trim = || (0..3).for_each(|_| database.execute(age));
    let entries =
        || database.value("SELECT count(*) FROM tiepoint.log").parse::<u32>().expect("is");
    write(600);
    assert_eq!(heard(alive.as_mut()).len(), 600);
    trim();
    assert!(entries() >= 600, "anna needs them");
    assert_eq!(store.change_log().expect("is known").watchers[0].waiting, 600);
    assert_eq!(heard(named.as_mut()).len(), 600);
    let place = named.checkpoint();
    named.acknowledge(&place).expect("keeps");
    trim();
    assert!((100..=110).contains(&entries()), "{}", entries());
    let mut late = store.watch(&WatchOptions::after(begun).layer("trees")).expect("watches");
    assert_eq!(resets(&heard(late.as_mut())), [ResetReason::Trimmed]);
    write(1_500);
    trim();
    assert!((1_000..=1_010).contains(&entries()), "ten times, for anna: {}", entries());
    assert_eq!(resets(&heard(named.as_mut())), [ResetReason::Trimmed]);
    let mut oldest = store.watch(&WatchOptions::from_oldest().layer("trees")).expect("watches");
    let events = heard(oldest.as_mut());
    assert!(events.len() >= 1_000 && resets(&events).is_empty(), "{}", events.len());
}

/// Statements trim by themselves, now and then.
#[test]
fn a_log_does_not_grow_for_ever() {
    let Some(server) = own_server("a log does not grow") else { return };
    let database = server.database();
    database.execute("CREATE TABLE trees (fid int PRIMARY KEY)");
    let store = PostgisStore::open(&database.url()).expect("opens");
    let mut transaction = store.begin(TransactionOptions::default()).expect("begins");
    transaction.install_log("trees", &LogOptions { keep: 10 }).expect("notes changes");
    transaction.commit().expect("commits");
    // it is trimmed by chance, some four times in a thousand statements
    for round in 0..40 {
        database.execute(&format!(
            "DO $$ BEGIN FOR i IN 1 .. 300 LOOP INSERT INTO trees VALUES ({round} * 1000 + i); \
             COMMIT; END LOOP; END $$"
        ));
        database.execute("UPDATE tiepoint.noting SET looked = looked - interval '1 min'");
        let entries: u32 = database.value("SELECT count(*) FROM tiepoint.log").parse().expect("is");
        if round > 5 && entries < 1_000 {
            return;
        }
    }
    panic!("it grows for ever");
}

#[test]
fn tables_of_an_earlier_build_get_what_they_lack_and_an_untie_takes_all() {
    let Some(server) = own_server("tables of an earlier build") else { return };
    let database = server.database();
    database.execute("CREATE TABLE trees (fid int PRIMARY KEY)");
    let store = PostgisStore::open(&database.url()).expect("opens");
    let mut transaction = store.begin(TransactionOptions::default()).expect("begins");
    transaction.book("any").expect("opens").put(b"a", b"b").expect("puts");
    transaction.commit().expect("commits");
    let ours = "SELECT count(*) FROM pg_class WHERE relnamespace = to_regnamespace('tiepoint')";
    let before: u32 = database.value(ours).parse().expect("is");
    let mut watch = watch(&store);
    log(&store, "trees");
    assert!(database.value(ours).parse::<u32>().expect("is") > before);
    database.execute("INSERT INTO trees VALUES (1)");
    assert_eq!(told(&heard(watch.as_mut())), "+1.");
    let mut transaction = store.begin(TransactionOptions::default()).expect("begins");
    let report = transaction.untie(None).expect("unties");
    transaction.commit().expect("commits");
    assert_eq!(report.layers, ["trees"]);
    let left = "SELECT (SELECT count(*) FROM pg_namespace WHERE nspname = 'tiepoint') \
                + (SELECT count(*) FROM pg_trigger WHERE tgname LIKE '%tiepoint%')";
    assert_eq!(database.value(left), "0");
    database.execute("DELETE FROM trees");
    let events = heard(watch.as_mut());
    assert!(matches!(events[..], [WatchEvent::Reset(_), ..]), "{events:?}");
}

#[test]
fn what_costs_nothing_while_nothing_happens() {
    let Some(server) = server_or_skip("what costs nothing") else { return };
    let schema = server.schema();
    let store = trees(&schema);
    let mut watch = watch(&store);
    assert_eq!(heard(watch.as_mut()), []);
    assert_eq!(watch.lag().expect("is known"), tiepoint_store::Lag::default());
    schema.execute("INSERT INTO trees VALUES (1), (2), (3)");
    assert_eq!(watch.lag().expect("is known").waiting, 3);
    let first = watch.next(Duration::ZERO).expect("looks");
    assert!(first.is_some());
    assert_eq!(watch.lag().expect("is known").waiting, 2);
}
