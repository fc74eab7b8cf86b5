//! Promises about watching: what is committed is heard, all of it, once, as it was.
use super::ear::{
    Replica, WATCHES, changed, created_with_logs, heard, install, listening, next, quiet, reset,
    write, written,
};
use super::fixture::{
    all, begin, committed, created, insert_one, inserted, many_places, place, places, untied_notes,
};
use super::promises;
use super::tables::types_and_values;
use super::{geometries, values};
use crate::{
    ApplyOptions, Changed, Store, TieOptions, Transaction, WatchOptions, WriteMode, apply_changes,
};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};
use tiepoint_core::{
    Change, ChangeSet, Edit, ErrorKind, Feature, Fid, FieldChange, FieldNames, Identity, Image,
    LayerDefinition, ObjectId, Query, Target, Value,
};

promises! {
    WATCHES => {
        what_is_committed_is_heard_once_and_in_order,
        what_is_undone_is_not_heard,
        a_commit_is_heard_as_one,
        what_comes_to_nothing_is_not_heard,
        nothing_new_is_waited_for_no_longer_than_asked,
        who_waits_is_woken,
        only_the_layers_that_matter_are_heard,
        a_bulk_load_is_heard_like_anything_else,
        an_object_that_comes_again_is_heard,
        every_value_is_heard_as_it_is_stored,
        every_geometry_is_heard_bit_for_bit,
        rows_without_ids_are_heard_by_their_fids,
        what_is_heard_makes_the_same_state,
        layers_without_a_log_are_compared,
        layers_that_come_and_go_are_heard,
    }
    |it| WATCHES(it) && it.savepoints => {
        what_a_savepoint_undid_is_not_heard,
        what_is_applied_is_heard_as_it_was_written,
    }
    |it| WATCHES(it) && it.tie => { objects_are_heard_by_the_ids_of_their_keys }
    |it| !it.watch => { what_cannot_be_watched_says_so }
}

fn now() -> WatchOptions {
    WatchOptions::from_now()
}

/// An update of the name alone.
fn renamed(id: ObjectId, name: &str) -> Edit {
    let mut feature = Feature::new(places().schema).with_id(id);
    feature.set("name", name.into()).expect("fits");
    Edit::Update(feature)
}

fn deleted(id: ObjectId) -> Edit {
    Edit::Delete(Target::Id(id))
}

fn only(store: &dyn Store, layer: &str) -> Feature {
    all(store, &Query::layer(layer)).pop().expect("is there")
}

fn what_is_committed_is_heard_once_and_in_order(store: &dyn Store) {
    created_with_logs(store, &[places()]);
    let mut watch = listening(store, &now());
    let (fid, id) = insert_one(store, "places", place("oak", 1, 2.0, 3.0));
    let id = id.expect("is tied");
    let oak = only(store, "places");
    written(store, "places", vec![renamed(id, "elm")]);
    let elm = only(store, "places");
    written(store, "places", vec![deleted(id)]);
    let events = heard(watch.as_mut(), 3);
    for event in &events {
        assert_eq!((&*event.layer, &event.target), ("places", &Target::Id(id)));
        assert_eq!(event.fid.as_ref(), Some(&fid));
        assert_eq!(&event.fields[..], ["geom", "name", "rank"]);
        assert!(event.is_own(), "this handle wrote it: {:?}", event.author);
        assert!(event.at.is_none_or(is_recent), "{:?}", event.at);
    }
    let [Change::Insert(new), Change::Update(fields), Change::Delete(gone)] =
        [&events[0].change, &events[1].change, &events[2].change]
    else {
        panic!("in the order of commits: {events:?}")
    };
    assert_eq!(new.values, oak.values());
    let names = [Some("oak".into()), Some("elm".into())];
    let [name] = &fields[..] else { panic!("one field differs: {fields:?}") };
    assert_eq!((name.field, [name.before.clone(), name.after.clone()]), (1, names));
    assert_eq!(gone.values, elm.values());
}

/// Within what clocks of two machines may differ by.
fn is_recent(at: std::time::SystemTime) -> bool {
    let hour = Duration::from_secs(3600);
    at.elapsed().map_or_else(|ahead| ahead.duration() < hour, |ago| ago < hour)
}

fn what_is_undone_is_not_heard(store: &dyn Store) {
    created_with_logs(store, &[places()]);
    let mut watch = listening(store, &now());
    let mut transaction = begin(store);
    write(transaction.as_mut(), "places", vec![Edit::Insert(place("oak", 1, 0.0, 0.0))]);
    quiet(watch.as_mut());
    transaction.rollback().expect("rolls back");
    let mut transaction = begin(store);
    write(transaction.as_mut(), "places", vec![Edit::Insert(place("elm", 1, 0.0, 0.0))]);
    drop(transaction);
    insert_one(store, "places", place("ash", 1, 0.0, 0.0));
    let events = heard(watch.as_mut(), 1);
    assert_eq!(name_of(&events[0]), Some(&"ash".into()));
}

/// What the name of an inserted place says.
fn name_of(event: &Changed) -> Option<&Value> {
    let Change::Insert(image) = &event.change else { panic!("an insert: {event:?}") };
    image.values[1].as_ref()
}

fn what_a_savepoint_undid_is_not_heard(store: &dyn Store) {
    created_with_logs(store, &[places()]);
    let (_, id) = insert_one(store, "places", place("oak", 1, 0.0, 0.0));
    let mut watch = listening(store, &now());
    committed(store, |transaction| {
        write(transaction, "places", vec![Edit::Insert(place("elm", 1, 0.0, 0.0))]);
        let mark = transaction.savepoint().expect("marks");
        let edits = vec![
            Edit::Insert(place("ash", 1, 0.0, 0.0)),
            renamed(id.expect("is tied"), "yew"),
            deleted(id.expect("is tied")),
        ];
        write(transaction, "places", edits);
        transaction.rollback_to(mark).expect("goes back");
        write(transaction, "places", vec![Edit::Insert(place("fir", 1, 0.0, 0.0))]);
    });
    let events = heard(watch.as_mut(), 2);
    let mut names: Vec<_> = events.iter().filter_map(name_of).map(Value::as_text).collect();
    names.sort_unstable();
    assert_eq!(names, [Some("elm"), Some("fir")]);
}

fn a_commit_is_heard_as_one(store: &dyn Store) {
    created_with_logs(store, &[places(), untied_notes()]);
    let (_, id) = insert_one(store, "places", place("oak", 1, 0.0, 0.0));
    let mut watch = listening(store, &now());
    for round in 0..3 {
        committed(store, |transaction| {
            let edits = vec![
                Edit::Insert(place("elm", round, 0.0, 0.0)),
                renamed(id.expect("is tied"), &format!("oak {round}")),
            ];
            write(transaction, "places", edits);
            let note = Feature::new(untied_notes().schema);
            write(transaction, "notes", vec![Edit::Insert(note)]);
        });
        let settled: Vec<_> = heard(watch.as_mut(), 3).iter().map(|it| it.settled).collect();
        assert_eq!(settled, [false, false, true], "the last of it, and no other");
    }
    for round in 0..2 {
        let edits = vec![renamed(id.expect("is tied"), &format!("again {round}"))];
        written(store, "places", edits);
    }
    let settled = heard(watch.as_mut(), 2).last().map(|it| it.settled);
    assert_eq!(settled, Some(true), "of two commits, too");
}

fn what_comes_to_nothing_is_not_heard(store: &dyn Store) {
    created_with_logs(store, &[places()]);
    let (_, id) = insert_one(store, "places", place("oak", 1, 0.0, 0.0));
    let id = id.expect("is tied");
    let mut watch = listening(store, &now());
    written(store, "places", vec![renamed(id, "oak")]);
    committed(store, |_| ());
    written(store, "places", vec![renamed(ObjectId::mint(), "nobody"), deleted(ObjectId::mint())]);
    written(store, "places", vec![renamed(id, "elm")]);
    heard(watch.as_mut(), 1);
}

fn nothing_new_is_waited_for_no_longer_than_asked(store: &dyn Store) {
    created_with_logs(store, &[places()]);
    let mut watch = listening(store, &now());
    let patience = Duration::from_millis(60);
    for patience in [patience, Duration::ZERO] {
        let begun = Instant::now();
        assert_eq!(watch.next(patience).expect("listens"), None);
        let waited = begun.elapsed();
        assert!(patience <= waited && waited < patience + Duration::from_secs(3), "{waited:?}");
    }
}

fn who_waits_is_woken(store: &dyn Store) {
    created_with_logs(store, &[places()]);
    let mut watch = listening(store, &now());
    thread::scope(|scope| {
        let waiting = scope.spawn(|| changed(next(watch.as_mut())));
        thread::sleep(Duration::from_millis(50));
        insert_one(store, "places", place("oak", 1, 0.0, 0.0));
        let begun = Instant::now();
        assert_eq!(name_of(&waiting.join().expect("hears it")), Some(&"oak".into()));
        assert!(begun.elapsed() < Duration::from_secs(5), "before its patience ends");
    });
}

fn only_the_layers_that_matter_are_heard(store: &dyn Store) {
    created_with_logs(store, &[places(), untied_notes()]);
    let mut watch = listening(store, &now().layer("places"));
    let note = || Edit::Insert(Feature::new(untied_notes().schema));
    committed(store, |transaction| {
        write(transaction, "places", vec![Edit::Insert(place("oak", 1, 0.0, 0.0))]);
        write(transaction, "notes", vec![note()]);
    });
    written(store, "notes", vec![note()]);
    let events = heard(watch.as_mut(), 1);
    assert_eq!((name_of(&events[0]), events[0].settled), (Some(&"oak".into()), true));
    let unknown = now().layer("places").layer("place");
    let refused = store.watch(&unknown).err().expect("there is no such layer");
    assert_eq!(refused.kind(), ErrorKind::NotFound, "{refused}");
}

/// 3,000 rows, some of them changed or gone before the commit, and some that were there before.
fn a_bulk_load_is_heard_like_anything_else(store: &dyn Store) {
    created_with_logs(store, &[places()]);
    let old = inserted(store, "places", many_places(10), WriteMode::Bulk);
    let mut replica = Replica::of(store, &["places"]);
    let mut watch = listening(store, &now());
    committed(store, |transaction| load(transaction, &old));
    let events = replica.follow(store, watch.as_mut());
    let settled = events.iter().filter(|it| it.settled).count();
    assert_eq!((settled, events.last().map(|it| it.settled)), (1, Some(true)));
    let own = events.iter().all(Changed::is_own);
    assert!(own && events.len() >= 3_000 - 1 + 2, "{} events", events.len());
}

fn load(transaction: &mut dyn Transaction, old: &[(Fid, Option<ObjectId>)]) {
    let mut writer = transaction.writer("places", WriteMode::Bulk).expect("opens");
    let mut new = Vec::new();
    for feature in many_places(3_000) {
        let id = ObjectId::mint();
        writer.write(Edit::Insert(feature.with_id(id))).expect("is written");
        new.push(id);
    }
    let old: Vec<ObjectId> = old.iter().filter_map(|(_, id)| *id).collect();
    let edits = [renamed(old[0], "old"), deleted(old[1]), renamed(new[0], "new"), deleted(new[1])];
    for edit in edits {
        writer.write(edit).expect("is written");
    }
    writer.finish().expect("finishes");
}

fn what_is_applied_is_heard_as_it_was_written(store: &dyn Store) {
    created_with_logs(store, &[places()]);
    inserted(store, "places", many_places(30), WriteMode::Rows);
    let fields: FieldNames = Arc::new(["geom", "name", "rank"].map(str::to_owned));
    let mut changes = ChangeSet::new();
    for (number, row) in all(store, &Query::layer("places")).iter().enumerate() {
        let change = match number % 3 {
            0 => Change::Delete(Image::of(row)),
            1 => {
                let (before, after) = (row.values()[1].clone(), Some("renamed".into()));
                Change::Update(vec![FieldChange { field: 1, before, after }])
            }
            _ => Change::Insert(Image::of(&place("new", 1, 1.0, 2.0))),
        };
        let target = match &change {
            Change::Insert(_) => Target::Id(ObjectId::mint()),
            _ => Target::of(row).expect("is stored"),
        };
        changes.record("places", &fields, target, change).expect("one each");
    }
    let mut replica = Replica::of(store, &["places"]);
    let mut watch = listening(store, &now());
    let applied = committed(store, |transaction| {
        apply_changes(transaction, &changes, &ApplyOptions::default()).expect("nobody was there")
    });
    let mut together = ChangeSet::new();
    for event in replica.follow(store, watch.as_mut()) {
        let recorded = together.record(&event.layer, &event.fields, event.target, event.change);
        recorded.expect("was made of what was left by those before it");
    }
    assert_eq!(without_fids(&together), without_fids(&applied.written));
}

/// What a store calls a row, it may say or not.
fn without_fids(changes: &ChangeSet) -> ChangeSet {
    let mut all = ChangeSet::new();
    for (layer, here) in changes.layers() {
        let stripped = here.iter().map(|(target, change)| {
            let mut change = change.clone();
            if let Change::Insert(image) | Change::Delete(image) = &mut change {
                image.fid = None;
            }
            (target.clone(), change)
        });
        all.put_layer(layer, Arc::clone(here.fields()), stripped.collect());
    }
    all
}

fn an_object_that_comes_again_is_heard(store: &dyn Store) {
    created_with_logs(store, &[places()]);
    let id = ObjectId::mint();
    let oak = |rank| Edit::Insert(place("oak", rank, 0.0, 0.0).with_id(id));
    written(store, "places", vec![oak(0)]);
    let mut replica = Replica::of(store, &["places"]);
    let mut watch = listening(store, &now());
    written(store, "places", vec![deleted(id)]);
    written(store, "places", vec![oak(1)]);
    assert!(replica.follow(store, watch.as_mut()).len() >= 2, "it went, and it came");
    written(store, "places", vec![deleted(id), oak(2)]);
    assert!(!replica.follow(store, watch.as_mut()).is_empty(), "within one commit");
    written(store, "places", vec![deleted(id), oak(3), renamed(id, "elm"), deleted(id), oak(4)]);
    replica.follow(store, watch.as_mut());
    written(store, "places", vec![deleted(id), oak(5), deleted(id)]);
    replica.follow(store, watch.as_mut());
    written(store, "places", vec![oak(6), deleted(id), oak(7)]);
    replica.follow(store, watch.as_mut());
}

/// Every value is inserted, and put in the place of the one before it; so is none.
fn every_value_is_heard_as_it_is_stored(store: &dyn Store) {
    let mut layers = types_and_values();
    layers.retain(|(name, ty, _)| {
        values::created_or_refused(store, &values::layer_of(name, ty.clone()))
    });
    let names: Vec<&str> = layers.iter().map(|(name, ..)| *name).collect();
    committed(store, |transaction| names.iter().for_each(|name| install(transaction, name)));
    let mut watch = listening(store, &now());
    let mut replica = Replica::of(store, &names);
    for (name, ty, values) in layers {
        let schema = values::layer_of(name, ty).schema;
        let holding = |value| Feature::with_values(Arc::clone(&schema), vec![Some(value)]);
        let features = values.into_iter().chain([Value::Null]).map(holding);
        write_each(store, name, features.chain([Feature::new(Arc::clone(&schema))]));
    }
    replica.follow(store, watch.as_mut());
}

fn every_geometry_is_heard_bit_for_bit(store: &dyn Store) {
    let definition = geometries::anything();
    created_with_logs(store, std::slice::from_ref(&definition));
    let mut watch = listening(store, &now());
    let mut replica = Replica::of(store, &["shapes"]);
    let curved = if store.capabilities().curves { geometries::CURVED } else { &[] };
    let shapes = geometries::PLAIN.iter().chain(curved);
    write_each(store, "shapes", shapes.map(|wkt| geometries::holding(&definition, wkt)));
    replica.follow(store, watch.as_mut());
}

/// Inserts each feature that the store takes, and has the first of them say the same.
fn write_each(store: &dyn Store, layer: &str, features: impl Iterator<Item = Feature>) {
    let first = ObjectId::mint();
    let mut write_first: fn(Feature) -> Edit = Edit::Insert;
    for feature in features {
        let mut transaction = begin(store);
        if transaction.write(layer, Edit::Insert(feature.clone())).is_err() {
            continue;
        }
        let edit = write_first(feature.with_id(first));
        transaction.write(layer, edit).expect("is taken as well");
        transaction.commit().expect("commits");
        write_first = Edit::Update;
    }
}

fn rows_without_ids_are_heard_by_their_fids(store: &dyn Store) {
    created_with_logs(store, &[untied_notes()]);
    let note = |text: &str| {
        let mut note = Feature::new(untied_notes().schema);
        note.set("text", text.into()).expect("fits");
        note
    };
    let mut replica = Replica::of(store, &["notes"]);
    let mut watch = listening(store, &now());
    let (fid, _) = insert_one(store, "notes", note("a"));
    written(store, "notes", vec![Edit::Update(note("b").with_fid(fid.clone()))]);
    written(store, "notes", vec![Edit::Delete(Target::Fid(fid.clone()))]);
    let events = heard(watch.as_mut(), 3);
    for event in &events {
        replica.apply(event);
        assert_eq!((&event.target, &event.fid), (&Target::Fid(fid.clone()), &Some(fid.clone())));
    }
    assert_eq!(replica, Replica::of(store, &["notes"]));
}

fn objects_are_heard_by_the_ids_of_their_keys(store: &dyn Store) {
    let definition = LayerDefinition { identity: Identity::None, ..places() };
    let namespace = ObjectId::mint();
    created(store, &definition);
    insert_one(store, "places", place("oak", 1, 0.0, 0.0));
    committed(store, |transaction| {
        transaction.tie("places", &TieOptions::by_key("name", namespace)).expect("is a key");
        install(transaction, "places");
    });
    let mut replica = Replica::of(store, &["places"]);
    let mut watch = listening(store, &now());
    insert_one(store, "places", place("elm", 1, 0.0, 0.0));
    let oak = ObjectId::from_key(&namespace, "oak");
    let mut higher = Feature::new(definition.schema).with_id(oak);
    higher.set("rank", 2.into()).expect("fits");
    written(store, "places", vec![Edit::Update(higher)]);
    written(store, "places", vec![deleted(oak)]);
    let targets: Vec<_> =
        replica.follow(store, watch.as_mut()).into_iter().map(|it| it.target).collect();
    let elm = ObjectId::from_key(&namespace, "elm");
    assert_eq!(targets, [elm, oak, oak].map(Target::Id));
}

/// Numbers that are the same every time (Knuth's MMIX generator).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963);
        (self.0 >> 33) % sides
    }
}

/// An edit of one of a few objects, which may be there or not.
fn any_edit(dice: &mut Dice, ids: &[ObjectId]) -> Edit {
    let id = ids[usize::try_from(dice.roll(ids.len() as u64)).expect("is small")];
    let rank = i64::try_from(dice.roll(3)).expect("is small");
    let name = format!("name {}", dice.roll(3));
    match dice.roll(4) {
        0 => deleted(id),
        1 => renamed(id, &name),
        2 => Edit::Update(place(&name, rank, 1.0, 2.0).with_id(id)),
        _ => Edit::Insert(place(&name, rank, 2.0, 1.0).with_id(id)),
    }
}

/// Commits some edits, or takes them back.
fn any_transaction(store: &dyn Store, dice: &mut Dice, ids: &[ObjectId]) {
    let mut transaction = begin(store);
    for _ in 0..=dice.roll(4) {
        let layer = if dice.roll(3) == 0 { "others" } else { "places" };
        let edit = any_edit(dice, ids);
        let there = match &edit {
            Edit::Insert(feature) => is_there(transaction.as_ref(), layer, feature.id),
            Edit::Update(_) | Edit::Delete(_) => false,
        };
        if !there {
            write(transaction.as_mut(), layer, vec![edit]);
        }
    }
    match dice.roll(4) {
        0 => transaction.rollback().expect("rolls back"),
        _ => transaction.commit().expect("commits"),
    }
}

fn is_there(transaction: &dyn Transaction, layer: &str, id: Option<ObjectId>) -> bool {
    let ids = tiepoint_core::Ids::Objects(id.into_iter().collect());
    transaction.read(&Query::layer(layer).ids(ids)).expect("reads").next().is_some()
}

fn others() -> LayerDefinition {
    LayerDefinition { name: "others".to_owned(), ..places() }
}

fn some_ids() -> Vec<ObjectId> {
    (0..6).map(|_| ObjectId::mint()).collect()
}

fn what_is_heard_makes_the_same_state(store: &dyn Store) {
    created_with_logs(store, &[places(), others()]);
    let (mut dice, ids) = (Dice(7), some_ids());
    let mut watch = listening(store, &now());
    let begun = Replica::of(store, &["places", "others"]);
    let (mut replica, mut together) = (begun.clone(), ChangeSet::new());
    for _ in 0..60 {
        any_transaction(store, &mut dice, &ids);
        if dice.roll(5) == 0 {
            for event in replica.follow(store, watch.as_mut()) {
                let recorded =
                    together.record(&event.layer, &event.fields, event.target, event.change);
                recorded.expect("was made of what was left by those before it");
            }
        }
    }
    replica.follow(store, watch.as_mut());
    assert_eq!(replica, Replica::of(store, &["places", "others"]));
}

fn layers_without_a_log_are_compared(store: &dyn Store) {
    created(store, &places());
    created(store, &others());
    let (mut dice, ids) = (Dice(8), some_ids());
    let mut watch = listening(store, &now());
    let mut replica = Replica::of(store, &["places", "others"]);
    for _ in 0..30 {
        any_transaction(store, &mut dice, &ids);
        if dice.roll(3) == 0 {
            replica.follow(store, watch.as_mut());
        }
    }
    replica.follow(store, watch.as_mut());
    assert_eq!(store.change_log().expect("is known"), crate::ChangeLog::default());
}

fn layers_that_come_and_go_are_heard(store: &dyn Store) {
    created_with_logs(store, &[others()]);
    created(store, &untied_notes());
    let mut watch = listening(store, &now());
    created(store, &places());
    assert_eq!(reset(watch.as_mut()).layer.as_deref(), Some("places"));
    quiet(watch.as_mut());
    for layer in ["places", "others", "notes"] {
        committed(store, |transaction| transaction.drop_layer(layer).expect("is dropped"));
        assert_eq!(reset(watch.as_mut()).layer.as_deref(), Some(layer));
        quiet(watch.as_mut());
    }
    created_with_logs(store, &[others()]);
    assert_eq!(reset(watch.as_mut()).layer.as_deref(), Some("others"));
    insert_one(store, "others", place("oak", 1, 0.0, 0.0));
    heard(watch.as_mut(), 1);
}

fn what_cannot_be_watched_says_so(store: &dyn Store) {
    let refused = store.watch(&now()).err().expect("is not among the capabilities");
    assert_eq!(refused.kind(), ErrorKind::Unsupported, "{refused}");
    assert_eq!(store.change_log().expect("is known"), crate::ChangeLog::default());
}
