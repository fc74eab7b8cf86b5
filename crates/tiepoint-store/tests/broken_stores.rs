//! The conformance suite is only worth something if a store that breaks a promise fails it.
#![cfg(feature = "conformance")]
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};
use tiepoint_core::{
    Change, ChangeSet, ChangeSetId, Edit, Feature, Field, FieldDefault, FieldNames, FieldType,
    Fields, Ids, Image, InvalidGeometries, Layer, LayerDefinition, ObjectId, Query, Schema, Target,
    Value,
};
use tiepoint_store::{
    ApplyOptions, Author, Book, Capabilities, ChangeLog, Changed, Checkpoint, FeatureWriter,
    Features, Lag, LayerFacts, LogOptions, MemoryStore, NotApplied, Once, Plan, ReadControl,
    Result, Savepoint, Store, StoreError, TieOptions, TieReport, Transaction, TransactionOptions,
    UntieReport, Watch, WatchEvent, WatchFrom, WatchOptions, WriteMode, Written, apply_changes,
    apply_once, conformance, was_applied,
};

/// A way of breaking a promise, and the promise that must notice.
#[derive(Clone, Copy)]
struct Fault {
    promise: &'static str,
    query: fn(Query) -> Query,
    feature: fn(usize, Feature) -> Option<Feature>,
    options: fn(TransactionOptions) -> TransactionOptions,
    freshness: fn(u64) -> u64,
    definition: fn(LayerDefinition) -> LayerDefinition,
    /// Whether a change is made, and not only said to be.
    makes: fn(&Edit) -> bool,
    written: fn(Written) -> Written,
    /// Whether what is read for an update is what holds until then.
    holds: bool,
    place: fn(Option<String>) -> Option<String>,
    commit: fn(Box<dyn Transaction + '_>) -> Result<()>,
    /// What is given in the place of an event.
    event: fn(WatchEvent) -> Vec<WatchEvent>,
    watch: fn(WatchOptions) -> WatchOptions,
}

const SOUND: Fault = Fault {
    promise: "none",
    query: |it| it,
    feature: |_, it| Some(it),
    options: |it| it,
    freshness: |it| it,
    definition: |it| it,
    makes: |_| true,
    written: |it| it,
    holds: true,
    place: |it| it,
    commit: |it| it.commit(),
    event: |it| vec![it],
    watch: |it| it,
};

const FAULTS: &[Fault] = &[
    Fault {
        promise: "what_is_committed_is_heard_once_and_in_order",
        event: |it| if is_update(&it) { vec![it.clone(), it] } else { vec![it] },
        ..SOUND
    },
    Fault {
        promise: "what_is_committed_is_heard_once_and_in_order",
        event: |it| altered(it, |it| it.author = Author::Unknown),
        ..SOUND
    },
    Fault {
        promise: "what_is_committed_is_heard_once_and_in_order",
        event: |it| altered(it, |it| it.fid = None),
        ..SOUND
    },
    Fault {
        promise: "a_commit_is_heard_as_one",
        event: |it| if is_last_of_many(&it) { Vec::new() } else { vec![it] },
        ..SOUND
    },
    Fault {
        promise: "a_commit_is_heard_as_one",
        event: |it| altered(it, |it| it.settled = true),
        ..SOUND
    },
    Fault {
        promise: "what_is_heard_makes_the_same_state",
        event: |it| altered(it, |it| without_first(&mut it.change)),
        ..SOUND
    },
    Fault {
        promise: "every_geometry_is_heard_bit_for_bit",
        event: |it| altered(it, |it| without_first(&mut it.change)),
        ..SOUND
    },
    Fault {
        promise: "layers_that_come_and_go_are_heard",
        event: |it| if matches!(it, WatchEvent::Reset(_)) { Vec::new() } else { vec![it] },
        ..SOUND
    },
    Fault {
        promise: "a_watcher_goes_on_from_every_checkpoint",
        watch: |it| match it.from {
            WatchFrom::After(_) => WatchOptions { from: WatchFrom::Now, ..it },
            _ => it,
        },
        ..SOUND
    },
    Fault {
        promise: "the_oldest_that_is_noted_can_be_heard",
        watch: |it| WatchOptions { from: WatchFrom::Now, ..it },
        ..SOUND
    },
    Fault {
        promise: "a_named_watcher_goes_on_where_it_acknowledged",
        watch: |it| WatchOptions { name: None, ..it },
        ..SOUND
    },
    Fault {
        promise: "only_the_layers_that_matter_are_heard",
        watch: |it| WatchOptions { layers: Vec::new(), ..it },
        ..SOUND
    },
    Fault {
        promise: "everything_comes_back_once",
        feature: |number, it| (number != 999).then_some(it),
        ..SOUND
    },
    Fault {
        promise: "a_box_finds_what_brute_force_finds",
        query: |it| Query { bbox: None, ..it },
        ..SOUND
    },
    Fault { promise: "objects_are_found_by_id", query: |it| it.ids(Ids::Any), ..SOUND },
    Fault {
        promise: "sorting_follows_the_one_order",
        query: |it| Query { order: Vec::new(), ..it },
        ..SOUND
    },
    Fault {
        promise: "limit_and_offset_cut_the_same_order",
        query: |it| Query { offset: 0, ..it },
        ..SOUND
    },
    Fault {
        promise: "fields_come_as_asked",
        query: |it| Query { fields: Fields::All, ..it },
        ..SOUND
    },
    Fault {
        promise: "a_filter_keeps_what_is_true_and_nothing_else",
        query: |it| Query { filter: None, ..it },
        ..SOUND
    },
    Fault {
        promise: "computed_values_follow_the_fields",
        query: |it| Query { computed: Vec::new(), ..it },
        ..SOUND
    },
    Fault {
        promise: "equal_features_come_once_when_asked",
        query: |it| Query { distinct: false, ..it },
        ..SOUND
    },
    Fault {
        promise: "pages_by_mark_walk_through_everything_once",
        query: |it| Query { offset: it.offset + u64::from(it.after.is_some()), ..it },
        ..SOUND
    },
    Fault {
        promise: "geometries_come_in_the_crs_that_is_asked_for",
        query: |it| Query { crs: None, ..it },
        ..SOUND
    },
    Fault {
        promise: "invalid_geometries_are_kept_passed_over_or_refused",
        query: |it| Query { invalid: InvalidGeometries::Keep, ..it },
        ..SOUND
    },
    Fault {
        promise: "a_new_feature_is_given_an_id",
        feature: |_, it| Some(it.with_id(None)),
        ..SOUND
    },
    Fault {
        promise: "a_natural_key_gives_ids_and_changes_nothing_else",
        feature: |_, it| Some(it.with_id(None)),
        ..SOUND
    },
    Fault {
        promise: "features_are_found_by_the_ids_of_their_keys",
        query: |it| it.ids(Ids::Any),
        ..SOUND
    },
    Fault {
        promise: "a_feature_is_updated_and_deleted_by_the_id_of_its_key",
        makes: |it| !matches!(it, Edit::Update(it) if it.get("name") == Some(&"new".into())),
        ..SOUND
    },
    Fault {
        promise: "null_is_written_and_unset_is_not",
        feature: |_, mut it| {
            it.unset("name");
            Some(it)
        },
        ..SOUND
    },
    Fault {
        promise: "what_conflicts_is_repeated_and_nothing_is_lost",
        makes: |it| !matches!(it, Edit::Update(it) if it.get("rank") == Some(&10.into())),
        ..SOUND
    },
    Fault { promise: "what_is_read_for_an_update_is_held_until_the_end", holds: false, ..SOUND },
    Fault { promise: "changes_beside_each_other_lose_nothing", holds: false, ..SOUND },
    Fault {
        promise: "changes_are_written_and_taken_back",
        makes: |it| !matches!(it, Edit::Update(it) if it.get("name") == Some(&"renamed".into())),
        ..SOUND
    },
    Fault {
        promise: "what_differs_makes_one_store_of_another",
        makes: |it| !matches!(it, Edit::Update(it) if it.get("rank") == Some(&Value::Null)),
        ..SOUND
    },
    Fault {
        promise: "a_change_set_is_written_once",
        options: |it| TransactionOptions { read_only: it.isolation.is_some(), ..it },
        ..SOUND
    },
    Fault {
        promise: "a_read_only_transaction_holds_nothing",
        options: |it| TransactionOptions { read_only: false, ..it },
        ..SOUND
    },
    Fault {
        promise: "a_store_stays_at_its_place",
        place: |_| Some(ASKED.fetch_add(1, Ordering::Relaxed).to_string()),
        ..SOUND
    },
    Fault {
        promise: "a_read_only_transaction_refuses_writes",
        options: |it| TransactionOptions { read_only: false, ..it },
        ..SOUND
    },
    Fault {
        promise: "a_read_only_transaction_reads",
        query: |it| Query { limit: Some(0), ..it },
        ..SOUND
    },
    Fault {
        promise: "what_the_store_fills_in_comes_back",
        written: |it| match it {
            Written::Inserted { fid, id, .. } => Written::Inserted { fid, id, filled: Vec::new() },
            other => other,
        },
        ..SOUND
    },
    Fault {
        promise: "what_an_expression_fills_in_comes_back_where_there_are_any",
        definition: without_expressions,
        ..SOUND
    },
    Fault {
        promise: "freshness_changes_with_every_commit_and_not_without",
        freshness: |it| it + ASKED.fetch_add(1, Ordering::Relaxed),
        ..SOUND
    },
    Fault {
        promise: "freshness_changes_with_every_commit_and_not_without",
        freshness: |_| 0,
        ..SOUND
    },
];

/// How often anybody asked the broken store something that must not count.
static ASKED: AtomicU64 = AtomicU64::new(0);

/// Takes what it cannot compute and says nothing.
fn without_expressions(mut definition: LayerDefinition) -> LayerDefinition {
    let mut fields = definition.schema.fields().to_vec();
    for field in &mut fields {
        field.default = field.default.take().filter(|it| matches!(it, FieldDefault::Value(_)));
    }
    definition.schema = Schema::new(fields).expect("the names are as before").into();
    definition
}

/// The same event, told otherwise.
fn altered(mut event: WatchEvent, alter: fn(&mut Changed)) -> Vec<WatchEvent> {
    if let WatchEvent::Changed(changed) = &mut event {
        alter(changed);
    }
    vec![event]
}

/// Says nothing of the first field any more.
fn without_first(change: &mut Change) {
    if let Change::Insert(image) = change {
        image.values[0] = None;
    }
}

fn is_update(event: &WatchEvent) -> bool {
    matches!(event, WatchEvent::Changed(it) if matches!(it.change, Change::Update(_)))
}

/// What the promise about whole commits renames in the second of its rounds.
fn is_last_of_many(event: &WatchEvent) -> bool {
    let WatchEvent::Changed(changed) = event else { return false };
    let Change::Update(fields) = &changed.change else { return false };
    fields.iter().any(|it| it.after == Some("oak 1".into()))
}

/// A memory store that breaks one promise when it is read.
struct Broken(MemoryStore, Fault);

impl Broken {
    /// The places that were there before it was this transaction's turn.
    fn before(&self) -> Option<Vec<Feature>> {
        self.0.read(&Query::layer("places")).ok()?.collect::<Result<_>>().ok()
    }
}

impl Store for Broken {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn capabilities(&self) -> Capabilities {
        self.0.capabilities()
    }

    fn layers(&self) -> Result<Vec<Arc<Layer>>> {
        self.0.layers()
    }

    fn layer(&self, name: &str) -> Result<Arc<Layer>> {
        self.0.layer(name)
    }

    fn facts(&self, layer: &str) -> Result<LayerFacts> {
        self.0.facts(layer)
    }

    fn read_with(&self, query: &Query, control: &ReadControl) -> Result<Features<'static>> {
        let Fault { query: alter, feature, .. } = self.1;
        let features = self.0.read_with(&alter(query.clone()), control)?;
        let schema = Arc::clone(features.schema());
        let altered = features.enumerate().filter_map(move |(number, it)| match it {
            Ok(it) => feature(number, it).map(Ok),
            Err(error) => Some(Err(error)),
        });
        Ok(Features::new(schema, altered))
    }

    fn explain(&self, query: &Query) -> Result<Plan> {
        self.0.explain(query)
    }

    fn place(&self) -> Result<Option<String>> {
        self.0.place().map(self.1.place)
    }

    fn begin(&self, options: TransactionOptions) -> Result<Box<dyn Transaction + '_>> {
        let early = if self.1.holds { None } else { self.before() };
        let transaction = self.0.begin((self.1.options)(options))?;
        Ok(Box::new(BrokenTransaction(transaction, early, self.1)))
    }

    fn freshness(&self) -> Result<u64> {
        self.0.freshness().map(self.1.freshness)
    }

    fn watch(&self, options: &WatchOptions) -> Result<Box<dyn Watch>> {
        let watch = self.0.watch(&(self.1.watch)(options.clone()))?;
        Ok(Box::new(BrokenWatch(watch, VecDeque::new(), self.1)))
    }

    fn change_log(&self) -> Result<ChangeLog> {
        self.0.change_log()
    }

    fn logged_since(&self, layer: &str) -> Result<Option<SystemTime>> {
        self.0.logged_since(layer)
    }
}

/// A watcher that breaks the same promise, with what it gives next.
struct BrokenWatch(Box<dyn Watch>, VecDeque<WatchEvent>, Fault);

impl Watch for BrokenWatch {
    fn next(&mut self, patience: Duration) -> Result<Option<WatchEvent>> {
        if self.1.is_empty() {
            let event = self.0.next(patience)?;
            self.1.extend(event.into_iter().flat_map(self.2.event));
        }
        Ok(self.1.pop_front())
    }

    fn checkpoint(&self) -> Checkpoint {
        self.0.checkpoint()
    }

    fn lag(&mut self) -> Result<Lag> {
        self.0.lag()
    }

    fn acknowledge(&mut self, checkpoint: &Checkpoint) -> Result<()> {
        self.0.acknowledge(checkpoint)
    }
}

/// A transaction that breaks the same promise.
struct BrokenTransaction<'s>(Box<dyn Transaction + 's>, Option<Vec<Feature>>, Fault);

impl Transaction for BrokenTransaction<'_> {
    fn layers(&self) -> Result<Vec<Arc<Layer>>> {
        self.0.layers()
    }

    fn layer(&self, name: &str) -> Result<Arc<Layer>> {
        self.0.layer(name)
    }

    fn read(&self, query: &Query) -> Result<Features<'_>> {
        self.0.read(&(self.2.query)(query.clone()))
    }

    fn read_for_update(&self, query: &Query) -> Result<Features<'_>> {
        let features = self.0.read_for_update(&(self.2.query)(query.clone()))?;
        Ok(match &self.1 {
            Some(early) => {
                Features::new(Arc::clone(features.schema()), early.iter().cloned().map(Ok))
            }
            None => features,
        })
    }

    fn create_layer(&mut self, definition: &LayerDefinition) -> Result<Arc<Layer>> {
        self.0.create_layer(&(self.2.definition)(definition.clone()))
    }

    fn drop_layer(&mut self, name: &str) -> Result<()> {
        self.0.drop_layer(name)
    }

    fn writer(&mut self, layer: &str, mode: WriteMode) -> Result<Box<dyn FeatureWriter + '_>> {
        Ok(Box::new(BrokenWriter(self.0.writer(layer, mode)?, self.2)))
    }

    fn tie(&mut self, layer: &str, options: &TieOptions) -> Result<TieReport> {
        self.0.tie(layer, options)
    }

    fn install_log(&mut self, layer: &str, options: &LogOptions) -> Result<()> {
        self.0.install_log(layer, options)
    }

    fn remove_log(&mut self, layer: &str) -> Result<bool> {
        self.0.remove_log(layer)
    }

    fn untie(&mut self, layer: Option<&str>) -> Result<UntieReport> {
        self.0.untie(layer)
    }

    fn book(&mut self, name: &str) -> Result<Box<dyn Book + '_>> {
        self.0.book(name)
    }

    fn savepoint(&mut self) -> Result<Savepoint> {
        self.0.savepoint()
    }

    fn rollback_to(&mut self, savepoint: Savepoint) -> Result<()> {
        self.0.rollback_to(savepoint)
    }

    fn commit(self: Box<Self>) -> Result<()> {
        (self.2.commit)(self.0)
    }

    fn rollback(self: Box<Self>) -> Result<()> {
        self.0.rollback()
    }
}

/// A writer that breaks the same promise.
struct BrokenWriter<'t>(Box<dyn FeatureWriter + 't>, Fault);

impl FeatureWriter for BrokenWriter<'_> {
    fn write(&mut self, edit: Edit) -> Result<Written> {
        if !(self.1.makes)(&edit) {
            return Ok(Written::Updated);
        }
        self.0.write(edit).map(self.1.written)
    }

    fn finish(self: Box<Self>) -> Result<()> {
        self.0.finish()
    }
}

fn fresh(fault: Fault) -> conformance::Fresh<()> {
    (Box::new(Broken(MemoryStore::new(), fault)), ())
}

#[test]
fn every_broken_promise_is_noticed_by_name() {
    let is_noticed = |fault: &Fault| {
        let kept = conformance::is_kept(fault.promise, || fresh(*fault));
        assert!(!kept, "{} does not notice", fault.promise);
    };
    // some of them wait for what never comes
    std::thread::scope(|scope| {
        for first in 0..8 {
            scope.spawn(move || FAULTS.iter().skip(first).step_by(8).for_each(is_noticed));
        }
    });
}

#[test]
fn a_sound_wrapper_keeps_every_promise() {
    conformance::check(|| fresh(SOUND));
}

fn lost() -> StoreError {
    StoreError::ConnectionLost { store: "a store".to_owned(), reason: "pulled".to_owned() }
}

/// One row more, in a change set with an id.
fn one_more(store: &dyn Store) -> ChangeSet {
    let schema = Schema::new(vec![Field::new("name", FieldType::TEXT)]).expect("one field");
    let mut transaction = store.begin(TransactionOptions::default()).expect("opens");
    transaction.create_layer(&LayerDefinition::new("trees", schema)).expect("is created");
    transaction.commit().expect("commits");
    let oak = Image { fid: None, values: vec![Some("oak".into())] };
    let fields: FieldNames = Arc::new(["name".to_owned()]);
    let mut changes = ChangeSet::new();
    let target = Target::Id(ObjectId::mint());
    changes.record("trees", &fields, target, Change::Insert(oak)).expect("is the first");
    changes.named(ChangeSetId::mint())
}

/// Whoever does not hear of his commit looks it up, and tells what is so.
#[test]
fn a_commit_that_nobody_answered_is_looked_up() {
    let mut store = Broken(MemoryStore::new(), SOUND);
    let changes = one_more(&store);
    let id = changes.id.expect("is named");
    store.1.commit = |it| it.rollback().and(Err(lost()));
    let options = ApplyOptions::default();
    let refused = apply_once(&store, &changes, &options, &[]).expect_err("is not stored");
    assert!(matches!(refused, NotApplied::Store(error) if error.is_lost_connection()));
    assert!(!was_applied(&store, id).expect("is known"));
    store.1.commit = |it| it.commit().and(Err(lost()));
    let once = apply_once(&store, &changes, &options, &[]).expect("is stored, as the book says");
    assert!(matches!(once, Once::Now(applied) if applied.inserted.len() == 1));
    assert_eq!(apply_once(&store, &changes, &options, &[]).expect("is no error"), Once::Before);
    assert_eq!(store.read(&Query::layer("trees")).expect("reads").count(), 1);
}

/// A refusal is told, however many there are, and the list of them ends.
#[test]
fn a_thousand_refusals_are_told_and_the_rest_is_counted() {
    let store = MemoryStore::new();
    let mut changes = one_more(&store);
    let fields: FieldNames = Arc::new(["name".to_owned()]);
    for _ in 0..1_500 {
        let wrong = Image { fid: None, values: vec![Some(1.into())] };
        let target = Target::Id(ObjectId::mint());
        changes.record("trees", &fields, target, Change::Insert(wrong)).expect("is the first");
    }
    let mut transaction = store.begin(TransactionOptions::default()).expect("opens");
    let refused = apply_changes(transaction.as_mut(), &changes, &ApplyOptions::default());
    let Err(NotApplied::Refused(refusals)) = refused else { panic!("{refused:?}") };
    assert_eq!(refusals.len(), 1_000);
    let last = refusals[999].reason.to_string();
    assert!(last.contains("and 500 further changes"), "{last}");
    assert_eq!(transaction.read(&Query::layer("trees")).expect("reads").count(), 0);
}
