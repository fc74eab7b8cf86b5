use super::*;
use crate::testing::server_or_skip;
use std::sync::atomic::{AtomicUsize, Ordering};
use tiepoint_store::ReadControl;

const MANY: &str = "SELECT i, repeat('x', 500) FROM generate_series(1, 3000000) AS i";
const WHO: &str = "SELECT pg_backend_pid()";

#[test]
fn a_connection_is_lent_again() {
    let Some(server) = server_or_skip("a connection is lent again") else { return };
    let pool = pool(&server.url());
    let first = number(&pool.take().unwrap(), WHO);
    assert_eq!(pool.status(), (1, 0));
    let lease = pool.take().unwrap();
    assert_eq!(number(&lease, WHO), first);
    assert_eq!(pool.status(), (0, 1));
    lease.discard();
    assert_eq!(pool.status(), (0, 0));
    assert_ne!(number(&pool.take().unwrap(), WHO), first);
}

#[test]
fn many_threads_share_few_connections() {
    let Some(server) = server_or_skip("many threads share few connections") else { return };
    let pool = pool(&with(server, "application_name=tiepoint_many"));
    let (sum, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for thread in 0..64_usize {
            let (pool, sum, most) = (&pool, &sum, &most);
            scope.spawn(move || {
                for turn in 0..20 {
                    let lease = pool.take().unwrap();
                    most.fetch_max(pool.status().1, Ordering::Relaxed);
                    match (thread + turn) % 5 {
                        0 => lease.batch("BEGIN").unwrap(),
                        1 => assert!(lease.query("SELECT 1 / 0", &[]).is_err()),
                        2 if turn % 7 == 0 => return lease.discard(),
                        3 => {
                            let rows = lease.rows("SELECT generate_series(1, 9)", &[]).unwrap();
                            lease.abandon(rows);
                            continue;
                        }
                        _ => {}
                    }
                    sum.fetch_add(usize::from(number(&lease, "SELECT 1") == 1), Ordering::Relaxed);
                }
            });
        }
    });
    assert!(sum.load(Ordering::Relaxed) > 500);
    assert!(most.load(Ordering::Relaxed) <= 8);
    eventually("all come back", || pool.status().1 == 0);
    let lease = pool.take().unwrap();
    let open =
        "SELECT count(*)::int FROM pg_stat_activity WHERE application_name = 'tiepoint_many'";
    assert!(number(&lease, open) <= 8);
}

#[test]
fn waiting_for_a_connection_has_an_end() {
    let Some(server) = server_or_skip("waiting for a connection has an end") else { return };
    let pool = pool(&with(server, "pool_size=1&pool_overflow=1&pool_timeout=1"));
    let (one, two) = (pool.take().unwrap(), pool.take().unwrap());
    let error = pool.take().err().unwrap();
    assert!(matches!(error, StoreError::PoolExhausted { connections: 2, .. }), "{error:?}");
    let control = ReadControl::default().time_out(Duration::from_millis(30));
    let error = pool.take_with(&control).err().unwrap();
    assert!(matches!(error, StoreError::TimedOut { .. }), "{error:?}");
    drop(one);
    assert_eq!(pool.status(), (0, 1), "what was above the size is closed");
    drop(two);
    assert_eq!(pool.status(), (1, 0));
}

#[test]
fn a_transaction_does_not_outlast_its_loan() {
    let Some(server) = server_or_skip("a transaction does not outlast its loan") else { return };
    let schema = server.schema();
    schema.execute("CREATE TABLE t (a int)");
    let pool = pool(&inside(&schema));
    let lease = pool.take().unwrap();
    let first = number(&lease, WHO);
    lease.batch("BEGIN").unwrap();
    lease.execute("INSERT INTO t VALUES (1)", &[]).unwrap();
    lease.query("SELECT 1 / 0", &[]).unwrap_err();
    drop(lease);
    let lease = pool.take().unwrap();
    assert_eq!(number(&lease, WHO), first);
    assert_eq!(number(&lease, "SELECT count(*)::int FROM t"), 0);
}

#[test]
fn killed_connections_are_replaced_unseen() {
    let Some(server) = server_or_skip("killed connections are replaced") else { return };
    let database = server.database();
    let pool = pool(&database.url());
    let leases: Vec<_> = (0..3).map(|_| pool.take().unwrap()).collect();
    drop(leases);
    std::thread::sleep(Duration::from_millis(1_100));
    database.kill_backends();
    for _ in 0..3 {
        assert_eq!(number(&pool.take().unwrap(), "SELECT 1"), 1);
    }
    let lease = pool.take().unwrap();
    database.kill_backends();
    eventually("the link hears of it", || lease.is_closed());
    drop(lease);
    assert_eq!(number(&pool.take().unwrap(), "SELECT 1"), 1);
}

#[test]
fn old_connections_are_replaced() {
    let Some(server) = server_or_skip("old connections are replaced") else { return };
    let pool = pool(&with(server, "pool_lifetime=1"));
    let first = number(&pool.take().unwrap(), WHO);
    std::thread::sleep(Duration::from_millis(1_050));
    assert_ne!(number(&pool.take().unwrap(), WHO), first);
}

#[test]
fn an_abandoned_reading_gives_its_connection_back() {
    let Some(server) = server_or_skip("an abandoned reading") else { return };
    let pool = pool(&server.url());
    for (sql, rows_read) in [(MANY, 1), (MANY, 5_000), ("SELECT generate_series(1, 5)", 1)] {
        let lease = pool.take().unwrap();
        let pid = number(&lease, WHO);
        lease.batch("BEGIN").unwrap();
        let mut rows = lease.rows(sql, &[]).unwrap();
        for _ in 0..rows_read {
            rows.next(None).unwrap().unwrap();
        }
        lease.abandon(rows);
        eventually("it comes back", || pool.status() == (1, 0));
        let lease = pool.take().unwrap();
        assert_eq!(number(&lease, WHO), pid);
        assert_eq!(text(&lease, "SELECT 'fine'"), "fine");
    }
}

#[test]
fn a_reading_that_is_just_dropped_does_not_take_its_connection_along() {
    let Some(server) = server_or_skip("a reading that is dropped") else { return };
    let pool = pool(&with(server, "pool_size=1"));
    for _ in 0..3 {
        let lease = pool.take().unwrap();
        let mut rows = lease.rows(MANY, &[]).unwrap();
        rows.next(None).unwrap();
        drop(lease);
        drop(rows);
    }
    assert_eq!(number(&pool.take().unwrap(), "SELECT 1"), 1);
    eventually("no seat is lost", || pool.status() == (1, 0));
}

#[test]
fn all_works_inside_somebodys_runtime() {
    let Some(server) = server_or_skip("inside somebody's runtime") else { return };
    let pool = pool(&server.url());
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let sum = tokio::spawn(async move {
            let lease = pool.take().unwrap();
            (0..500).map(|i| number(&lease, &format!("SELECT {}", i % 3))).sum::<i32>()
        });
        assert_eq!(sum.await.unwrap(), 499);
    });
}
