//! Any store can be awaited, in every runtime, and whoever stops waiting stops the work.
use std::future::Future;
use std::num::NonZero;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tiepoint_core::{
    Aggregate, Change, Edit, ErrorKind, Feature, Field, FieldType, Layer, LayerDefinition, Query,
    Schema, Value,
};
use tiepoint_store::asynchronous::{AsyncStore, EventStream};
use tiepoint_store::{
    Capabilities, Checkpoint, Features, Lag, LayerFacts, LogOptions, MemoryStore, Plan,
    ReadControl, Result, Store, StoreError, Transaction, TransactionOptions, Watch, WatchEvent,
    WatchOptions,
};
use tokio::runtime::Builder;

/// Runs it in each kind of runtime.
fn everywhere<F: Future<Output = ()>>(test: impl Fn() -> F) {
    Builder::new_current_thread().enable_time().build().expect("starts").block_on(test());
    Builder::new_multi_thread().enable_time().build().expect("starts").block_on(test());
    // even where a single thread may block
    let narrow = Builder::new_current_thread().enable_time().max_blocking_threads(1).build();
    narrow.expect("starts").block_on(test());
}

fn schema() -> Schema {
    Schema::new(vec![Field::new("n", FieldType::INT)]).expect("one field")
}

fn number(number: i64) -> Feature {
    Feature::with_values(Arc::new(schema()), vec![Some(number.into())])
}

/// Numbers without end, which counts how many were read and how many readings are open.
#[derive(Default)]
struct Numbers {
    memory: MemoryStore,
    read: Arc<AtomicU64>,
    open: Arc<AtomicUsize>,
    panics_at: Option<u64>,
}

struct Opened(Arc<AtomicUsize>);

impl Drop for Opened {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Store for Numbers {
    fn name(&self) -> &'static str {
        "numbers"
    }

    fn capabilities(&self) -> Capabilities {
        self.memory.capabilities()
    }

    fn layers(&self) -> Result<Vec<Arc<Layer>>> {
        self.memory.layers()
    }

    fn layer(&self, name: &str) -> Result<Arc<Layer>> {
        self.memory.layer(name)
    }

    fn facts(&self, layer: &str) -> Result<LayerFacts> {
        self.memory.facts(layer)
    }

    fn read_with(&self, query: &Query, control: &ReadControl) -> Result<Features<'static>> {
        if query.layer != "numbers" {
            return self.memory.read_with(query, control);
        }
        self.open.fetch_add(1, Ordering::SeqCst);
        let (open, read) = (Opened(Arc::clone(&self.open)), Arc::clone(&self.read));
        let panics_at = self.panics_at;
        let numbers = (0_i64..).map(move |it| {
            let _held = &open;
            assert_ne!(Some(read.fetch_add(1, Ordering::SeqCst)), panics_at, "as it was told to");
            Ok(number(it))
        });
        Ok(Features::new(Arc::new(schema()), control.follow(numbers)))
    }

    fn explain(&self, query: &Query) -> Result<Plan> {
        self.memory.explain(query)
    }

    fn place(&self) -> Result<Option<String>> {
        self.memory.place()
    }

    fn begin(&self, options: TransactionOptions) -> Result<Box<dyn Transaction + '_>> {
        self.memory.begin(options)
    }

    fn freshness(&self) -> Result<u64> {
        self.memory.freshness()
    }

    fn watch(&self, options: &WatchOptions) -> Result<Box<dyn Watch>> {
        self.open.fetch_add(1, Ordering::SeqCst);
        let open = Opened(Arc::clone(&self.open));
        Ok(Box::new(Counted { watch: self.memory.watch(options)?, asked: 0, _open: open }))
    }
}

/// A watcher that is counted as long as it is open, and fails every third time.
struct Counted {
    watch: Box<dyn Watch>,
    asked: u64,
    _open: Opened,
}

impl Watch for Counted {
    fn next(&mut self, patience: Duration) -> Result<Option<WatchEvent>> {
        self.asked += 1;
        if self.asked.is_multiple_of(3) {
            return Err(StoreError::Stopped);
        }
        self.watch.next(patience)
    }

    fn checkpoint(&self) -> Checkpoint {
        self.watch.checkpoint()
    }

    fn lag(&mut self) -> Result<Lag> {
        self.watch.lag()
    }

    fn acknowledge(&mut self, checkpoint: &Checkpoint) -> Result<()> {
        self.watch.acknowledge(checkpoint)
    }
}

async fn eventually(what: &str, happened: impl Fn() -> bool) {
    let began = Instant::now();
    while !happened() {
        assert!(began.elapsed() < Duration::from_secs(20), "{what}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

async fn filled(count: i64) -> AsyncStore {
    let store = AsyncStore::new(Arc::new(MemoryStore::new()));
    let fill = move |transaction: &mut dyn Transaction, _: &ReadControl| {
        transaction.create_layer(&LayerDefinition::new("few", schema()))?;
        (0..count).try_for_each(|it| transaction.write("few", Edit::Insert(number(it))).map(drop))
    };
    store.transaction(TransactionOptions::default(), fill).await.expect("is filled");
    store
}

#[test]
fn everything_can_be_asked() {
    everywhere(|| async {
        let store = filled(1_000).await;
        assert_eq!(store.layers().await.expect("lists").len(), 1);
        assert_eq!(store.layer("few").await.expect("is there").name(), "few");
        assert_eq!(store.facts("few").await.expect("counts").count, 1_000);
        let query = Query::layer("few");
        assert_eq!(store.explain(query.clone()).await.expect("explains").returned, 1_000);
        let counted = store.aggregate(query.clone(), vec![Aggregate::Count]).await;
        assert_eq!(counted.expect("counts"), [Value::Int(1_000)]);
        assert!(store.freshness().await.expect("tells") > 0);
        let refused = store.check(tiepoint_store::Repair::No).await.expect_err("it cannot");
        assert_eq!(refused.kind(), ErrorKind::Unsupported);
        let refused = store.read(Query::layer("many")).await.expect_err("there is none");
        assert_eq!(refused.kind(), ErrorKind::NotFound);
        let mut stream = store.read(query).await.expect("reads");
        for expected in 0..1_000_i64 {
            let feature = stream.next().await.expect("is there").expect("reads");
            assert_eq!(feature.get("n"), Some(&expected.into()));
        }
        assert!(stream.next().await.is_none() && stream.next().await.is_none());
    });
}

#[test]
fn a_slow_reader_holds_the_store_up_instead_of_filling_memory() {
    everywhere(|| async {
        let numbers = Arc::new(Numbers::default());
        let store = AsyncStore::new(numbers.clone());
        let mut stream = store.read(Query::layer("numbers")).await.expect("reads");
        for taken in 0..2_000_u64 {
            stream.next().await.expect("no end").expect("reads");
            let ahead = numbers.read.load(Ordering::SeqCst) - taken;
            assert!(ahead <= 4 * 64 + 1, "{ahead} features wait");
        }
    });
}

#[test]
fn a_dropped_stream_stops_its_reading() {
    everywhere(|| async {
        let numbers = Arc::new(Numbers::default());
        let store = AsyncStore::new(numbers.clone());
        for taken in [0, 1, 500] {
            let control = ReadControl::default();
            let stream = store.read_with(Query::layer("numbers"), control.clone()).await;
            let mut stream = stream.expect("reads");
            for _ in 0..taken {
                stream.next().await.expect("no end").expect("reads");
            }
            drop(stream);
            assert!(matches!(control.check(), Err(StoreError::Stopped)));
            eventually("the reading ends", || numbers.open.load(Ordering::SeqCst) == 0).await;
        }
    });
}

#[test]
fn a_stream_can_be_stopped_by_its_control() {
    everywhere(|| async {
        let numbers = Arc::new(Numbers::default());
        let store = AsyncStore::new(numbers.clone());
        let control = ReadControl::default();
        let mut stream = store.read_with(Query::layer("numbers"), control.clone()).await.unwrap();
        stream.next().await.expect("no end").expect("reads");
        control.stop();
        let last = loop {
            if let Err(error) = stream.next().await.expect("ends with an error") {
                break error;
            }
        };
        assert!(matches!(last, StoreError::Stopped));
        assert!(stream.next().await.is_none());
        eventually("the reading ends", || numbers.open.load(Ordering::SeqCst) == 0).await;
    });
}

#[test]
fn a_panic_of_the_store_is_not_the_end_of_the_features() {
    let numbers = Arc::new(Numbers { panics_at: Some(100), ..Numbers::default() });
    let store = AsyncStore::new(numbers);
    let read = async move {
        let mut stream = store.read(Query::layer("numbers")).await.expect("reads");
        while stream.next().await.is_some() {}
    };
    let runtime = Builder::new_multi_thread().build().expect("starts");
    let outcome = runtime.block_on(async { tokio::spawn(read).await });
    assert!(outcome.expect_err("does not end well").is_panic());
}

#[test]
fn a_transaction_commits_or_leaves_nothing() {
    everywhere(|| async {
        let store = filled(3).await;
        let refused = store
            .transaction(TransactionOptions::default(), |transaction, _| {
                transaction.write("few", Edit::Insert(number(4)))?;
                transaction.drop_layer("many")
            })
            .await;
        assert_eq!(refused.expect_err("there is none").kind(), ErrorKind::NotFound);
        assert_eq!(store.facts("few").await.expect("counts").count, 3);
    });
}

#[test]
fn a_dropped_transaction_is_undone_and_its_work_told() {
    everywhere(|| async {
        let store = filled(3).await;
        let (began, has_begun) = std::sync::mpsc::channel();
        let (end, has_ended) = tokio::sync::oneshot::channel();
        let work = move |transaction: &mut dyn Transaction, control: &ReadControl| {
            transaction.write("few", Edit::Insert(number(4)))?;
            began.send(()).expect("somebody waits");
            while control.check().is_ok() {
                std::thread::sleep(Duration::from_millis(1));
            }
            end.send(()).expect("somebody waits");
            Ok(())
        };
        let transaction = store.transaction(TransactionOptions::default(), work);
        {
            let mut transaction = std::pin::pin!(transaction);
            while has_begun.try_recv().is_err() {
                let step = tokio::time::timeout(Duration::from_millis(2), transaction.as_mut());
                step.await.expect_err("it goes on");
            }
        }
        has_ended.await.expect("the work hears of it");
        assert_eq!(store.facts("few").await.expect("counts").count, 3);
    });
}

#[test]
fn what_conflicts_is_repeated_without_blocking_the_runtime() {
    everywhere(|| async {
        let store = filled(0).await;
        let mut runs = 0;
        let repeated = store.repeating(
            TransactionOptions::default(),
            NonZero::new(9).expect("is not zero"),
            move |transaction, _| {
                runs += 1;
                transaction.write("few", Edit::Insert(number(runs)))?;
                if runs < 5 {
                    let (store, reason) = ("here".to_owned(), "others".to_owned());
                    return Err(StoreError::TransactionConflict { store, reason });
                }
                Ok(runs)
            },
        );
        assert_eq!(repeated.await.expect("succeeds at last"), 5);
        assert_eq!(store.facts("few").await.expect("counts").count, 1);
    });
}

/// A store of numbers that are noted when they are written.
async fn noted(store: Arc<dyn Store>) -> AsyncStore {
    let store = AsyncStore::new(store);
    let create = move |transaction: &mut dyn Transaction, _: &ReadControl| {
        transaction.create_layer(&LayerDefinition::new("few", schema()))?;
        transaction.install_log("few", &LogOptions::default())
    };
    store.transaction(TransactionOptions::default(), create).await.expect("is created");
    store
}

async fn add(store: &AsyncStore, it: i64) {
    let add = move |transaction: &mut dyn Transaction, _: &ReadControl| {
        transaction.write("few", Edit::Insert(number(it))).map(drop)
    };
    store.transaction(TransactionOptions::default(), add).await.expect("is added");
}

/// The number that was added, or why it cannot be told.
fn added(event: Option<Result<WatchEvent>>) -> Result<Value> {
    let WatchEvent::Changed(changed) = event.expect("has no end")? else { panic!("is known") };
    let Change::Insert(mut image) = changed.change else { panic!("nothing else was done") };
    Ok(image.values.remove(0).expect("is set"))
}

async fn hears(stream: &mut EventStream, numbers: impl Iterator<Item = i64>) {
    for expected in numbers {
        assert_eq!(added(stream.next().await).expect("listens"), Value::Int(expected));
    }
}

#[test]
fn what_is_committed_is_heard_while_others_work() {
    everywhere(|| async {
        let store = noted(Arc::new(MemoryStore::new())).await;
        let mut stream = store.watch(WatchOptions::from_now()).await.expect("can be watched");
        let begun = stream.checkpoint().clone();
        let writer = store.clone();
        let writing = tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(20)).await;
            for it in 0..200 {
                add(&writer, it).await;
            }
        });
        hears(&mut stream, 0..200).await;
        writing.await.expect("is done");
        let log = store.change_log().await.expect("is known");
        assert_eq!(log.entries, 200);
        let since = store.logged_since("few").await.expect("is known");
        assert!(since.is_some_and(|it| log.oldest.is_some_and(|oldest| it <= oldest)));
        let mut again = store.watch(WatchOptions::after(begun)).await.expect("can be watched");
        hears(&mut again, 0..120).await;
        let checkpoint = again.checkpoint().clone();
        let mut again = store.watch(WatchOptions::after(checkpoint)).await.expect("is one");
        hears(&mut again, 120..200).await;
    });
}

#[test]
fn who_waits_no_longer_loses_nothing() {
    everywhere(|| async {
        let store = noted(Arc::new(MemoryStore::new())).await;
        let mut stream = store.watch(WatchOptions::from_now()).await.expect("can be watched");
        let mut heard = 0;
        for it in 0..100 {
            let given_up = tokio::time::timeout(Duration::ZERO, stream.next()).await;
            if let Ok(event) = given_up {
                assert_eq!(added(event).expect("listens"), Value::Int(heard));
                heard += 1;
            }
            add(&store, it).await;
        }
        hears(&mut stream, heard..100).await;
    });
}

#[test]
fn a_named_stream_goes_on_where_it_acknowledged() {
    everywhere(|| async {
        let store = noted(Arc::new(MemoryStore::new())).await;
        let named = || WatchOptions::from_now().named("mine");
        let mut stream = store.watch(named()).await.expect("can be watched");
        for it in 0..10 {
            add(&store, it).await;
        }
        assert_eq!(stream.lag().await.expect("is known").waiting, 10);
        hears(&mut stream, 0..4).await;
        let checkpoint = stream.checkpoint().clone();
        stream.acknowledge(checkpoint).await.expect("is kept");
        let refused = stream.acknowledge(Checkpoint::new("nonsense")).await;
        assert_eq!(refused.expect_err("is none").kind(), ErrorKind::Invalid);
        hears(&mut stream, 4..10).await;
        drop(stream);
        let mut stream = store.watch(named()).await.expect("can be watched");
        hears(&mut stream, 4..10).await;
    });
}

#[test]
fn an_error_is_told_and_nothing_is_missed() {
    everywhere(|| async {
        let store = noted(Arc::new(Numbers::default())).await;
        let mut stream = store.watch(WatchOptions::from_now()).await.expect("can be watched");
        for it in 0..30 {
            add(&store, it).await;
        }
        let (mut heard, mut errors) = (0, 0);
        while heard < 30 {
            match added(stream.next().await) {
                Ok(value) => {
                    assert_eq!(value, Value::Int(heard));
                    heard += 1;
                }
                Err(_) => errors += 1,
            }
        }
        assert!(errors >= 10, "{errors} errors");
    });
}

#[test]
fn a_dropped_stream_of_events_listens_no_more() {
    everywhere(|| async {
        let numbers = Arc::new(Numbers::default());
        let store = noted(numbers.clone()).await;
        for waits in [false, true] {
            let mut stream = store.watch(WatchOptions::from_now()).await.expect("can be watched");
            if waits {
                let waited = tokio::time::timeout(Duration::from_millis(5), stream.next()).await;
                waited.expect_err("nothing happens");
            }
            let dropped = Instant::now();
            drop(stream);
            eventually("nobody listens", || numbers.open.load(Ordering::SeqCst) == 0).await;
            assert!(dropped.elapsed() < Duration::from_secs(5), "soon");
        }
    });
}
