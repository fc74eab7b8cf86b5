//! Promises about change sets: written on top of what others changed, once, and found again.
use super::fixture::{
    all, begin, committed, created, insert_one, inserted, many_places, names, place, places,
    places_schema, untied_notes,
};
use super::promises;
use crate::{
    Applied, ApplyOptions, DiffOptions, MemoryStore, NotApplied, Once, Store, TieOptions,
    WriteMode, apply_changes, apply_once, diff, was_applied,
};
use std::sync::Arc;
use std::thread;
use tiepoint_core::{
    Change, ChangeSet, ChangeSetId, Clash, Conflict, Edit, ErrorKind, Feature, Fid, FieldChange,
    FieldNames, Geometry, Ids, Image, LayerChanges, LayerDefinition, ObjectId, Query, Schema,
    Target, Value,
};

promises! {
    |it| it.write && it.define_layers && it.savepoints => {
        changes_are_written_and_taken_back,
        fields_that_others_changed_are_merged,
        what_both_did_alike_is_done,
        every_conflict_is_told_and_nothing_is_written,
        every_refusal_is_told_and_nothing_is_written,
        values_that_must_be_unique_move_between_rows,
        a_fid_is_a_wish_for_what_is_known_by_an_id,
        rows_without_ids_are_changed_by_their_fids,
        changes_are_counted_where_that_is_asked_for,
        what_the_changes_speak_of_must_be_there,
        changes_beside_each_other_lose_nothing,
        equal_stores_differ_in_nothing,
        what_differs_makes_one_store_of_another,
    }
    |it| it.write && it.define_layers && it.savepoints && it.tie => {
        changes_find_the_rows_that_keys_name,
    }
    |it| it.write && it.define_layers && it.savepoints && it.books => {
        a_change_set_is_written_once,
        a_change_set_is_written_once_by_many,
    }
}

/// The fields of `places`.
fn fields() -> FieldNames {
    Arc::new(["geom", "name", "rank"].map(str::to_owned))
}

fn image(feature: &Feature) -> Image {
    Image::of(feature)
}

/// An update of one field.
fn update(field: usize, before: impl Into<Value>, after: impl Into<Value>) -> Change {
    let (before, after) = (Some(before.into()), Some(after.into()));
    Change::Update(vec![FieldChange { field, before, after }])
}

fn set(changes: impl IntoIterator<Item = (Target, Change)>) -> ChangeSet {
    set_in("places", &fields(), changes)
}

fn set_in(
    layer: &str,
    fields: &FieldNames,
    changes: impl IntoIterator<Item = (Target, Change)>,
) -> ChangeSet {
    let mut set = ChangeSet::new();
    for (target, change) in changes {
        set.record(layer, fields, target, change).expect("one change a feature");
    }
    set
}

fn apply(store: &dyn Store, changes: &ChangeSet) -> Result<Applied, NotApplied> {
    apply_with(store, changes, &ApplyOptions::default())
}

fn apply_with(
    store: &dyn Store,
    changes: &ChangeSet,
    options: &ApplyOptions,
) -> Result<Applied, NotApplied> {
    let mut transaction = begin(store);
    let applied = apply_changes(transaction.as_mut(), changes, options)?;
    transaction.commit()?;
    Ok(applied)
}

/// So many places, as they are in the store.
fn planted(store: &dyn Store, count: u32) -> Vec<Feature> {
    created(store, &places());
    inserted(store, "places", many_places(count), WriteMode::Rows);
    all(store, &Query::layer("places"))
}

fn target(feature: &Feature) -> Target {
    Target::of(feature).expect("is stored")
}

fn by_id(store: &dyn Store, target: &Target) -> Option<Feature> {
    let Target::Id(id) = target else { panic!("an object") };
    all(store, &Query::layer("places").ids(Ids::Objects(vec![*id]))).pop()
}

fn point(x: f64, y: f64) -> Value {
    Geometry::from_wkt(&format!("POINT({x:?} {y:?})")).expect("a point").into()
}

fn changes_are_written_and_taken_back(store: &dyn Store) {
    let rows = planted(store, 300);
    let new = Target::Id(ObjectId::mint());
    let changes = rows.iter().enumerate().filter_map(|(number, row)| {
        let name = row.values()[1].clone().expect("is set");
        let change = match number % 4 {
            0 => update(1, name, "renamed"),
            1 => update(0, row.values()[0].clone().expect("is set"), point(1.0, 2.0)),
            2 => Change::Delete(image(row)),
            _ => return None,
        };
        Some((target(row), change))
    });
    let added = (new.clone(), Change::Insert(image(&place("new", 1, 3.0, 4.0))));
    let changes = set(changes.chain([added]));
    let applied = apply(store, &changes).expect("nobody was there");
    assert!(applied.theirs.is_empty());
    assert_eq!(applied.written.len(), 226);
    assert_eq!(applied.inserted.len(), 1);
    let inserted = &applied.inserted[0];
    assert_eq!((&inserted.target, inserted.id.map(Target::Id)), (&new, Some(new.clone())));
    assert_eq!(by_id(store, &new).expect("is there").fid.as_ref(), Some(&inserted.fid));
    assert_eq!(by_id(store, &target(&rows[0])).expect("is").get("name"), Some(&"renamed".into()));
    assert_eq!(by_id(store, &target(&rows[1])).expect("is").get("geom"), Some(&point(1.0, 2.0)));
    assert_eq!(by_id(store, &target(&rows[2])), None);
    assert_eq!(all(store, &Query::layer("places")).len(), 226);
    let back = apply(store, &applied.written.inverted()).expect("nobody was there");
    assert_eq!(back.written.len(), 226);
    assert_eq!(all(store, &Query::layer("places")), rows, "with their fids, too");
}

fn fields_that_others_changed_are_merged(store: &dyn Store) {
    let rows = planted(store, 3);
    let here = target(&rows[0]);
    let [name, rank] = [1, 2].map(|at: usize| rows[0].values()[at].clone().expect("is set"));
    apply(store, &set([(here.clone(), update(2, rank.clone(), 77))])).expect("is written");
    let mine = set([(here.clone(), update(1, name, "mine"))]);
    let applied = apply(store, &mine).expect("merges");
    assert!(applied.theirs.is_empty(), "what the changes do not speak of is not looked at");
    let both = [update(1, "mine", "again"), update(2, rank.clone(), 77)];
    let Change::Update(mut fields) = both[0].clone() else { panic!("an update") };
    let Change::Update(alike) = both[1].clone() else { panic!("an update") };
    fields.extend(alike);
    let applied = apply(store, &set([(here.clone(), Change::Update(fields))])).expect("merges");
    assert_eq!(applied.theirs, set([(here.clone(), update(2, rank, 77))]));
    assert_eq!(applied.written, set([(here.clone(), update(1, "mine", "again"))]));
    let row = by_id(store, &here).expect("is there");
    assert_eq!(row.values()[1..], [Some("again".into()), Some(77.into())]);
}

fn what_both_did_alike_is_done(store: &dyn Store) {
    let rows = planted(store, 3);
    let new = Target::Id(ObjectId::mint());
    let name = rows[0].values()[1].clone().expect("is set");
    let changes = set([
        (target(&rows[0]), update(1, name, "renamed")),
        (target(&rows[1]), Change::Delete(image(&rows[1]))),
        (new.clone(), Change::Insert(image(&place("new", 1, 3.0, 4.0)))),
    ]);
    let first = apply(store, &changes).expect("is written");
    assert_eq!(first.written.len(), 3);
    let before = all(store, &Query::layer("places"));
    let again = apply(store, &changes).expect("is no error");
    assert!(again.written.is_empty() && again.inserted.is_empty(), "nothing is left to do");
    assert_eq!(again.theirs.len(), 3);
    assert_eq!(all(store, &Query::layer("places")), before);
}

/// Whoever was here before changed and deleted things.
fn every_conflict_is_told_and_nothing_is_written(store: &dyn Store) {
    let rows = planted(store, 6);
    let new = Target::Id(ObjectId::mint());
    let said = |row: usize, at: usize| rows[row].values()[at].clone().expect("is set");
    let theirs = set([
        (target(&rows[0]), update(1, said(0, 1), "theirs")),
        (target(&rows[1]), update(0, said(1, 0), point(1.0, 1.0))),
        (target(&rows[2]), Change::Delete(image(&rows[2]))),
        (target(&rows[3]), update(2, said(3, 2), 99)),
        (new.clone(), Change::Insert(image(&place("theirs", 1, 0.0, 0.0)))),
    ]);
    apply(store, &theirs).expect("is written");
    let state = all(store, &Query::layer("places"));
    let mine = set([
        (target(&rows[0]), update(1, said(0, 1), "mine")),
        (target(&rows[1]), update(0, said(1, 0), point(2.0, 2.0))),
        (target(&rows[2]), update(1, said(2, 1), "mine")),
        (target(&rows[3]), Change::Delete(image(&rows[3]))),
        (target(&rows[4]), update(1, said(4, 1), "free")),
        (new.clone(), Change::Insert(image(&place("mine", 1, 0.0, 0.0)))),
    ]);
    let mut transaction = begin(store);
    let refused = apply_changes(transaction.as_mut(), &mine, &ApplyOptions::default());
    let Err(NotApplied::Conflicts { conflicts, theirs: told }) = refused else {
        panic!("{refused:?}")
    };
    transaction.commit().expect("commits");
    assert_eq!(all(store, &Query::layer("places")), state, "nothing is written");
    assert_eq!(told.len(), 5);
    let find = |target: &Target| -> &Clash {
        let of = conflicts.iter().filter(|it| it.target == *target);
        let [Conflict { clash, .. }] = of.collect::<Vec<_>>()[..] else { panic!("{conflicts:?}") };
        clash
    };
    let field = |field: &str, base: Value, mine: Value, theirs: Value| {
        let (field, base) = (field.to_owned(), Some(base));
        Clash::Field { field, base, mine: Some(mine), theirs: Some(theirs) }
    };
    assert_eq!(*find(&target(&rows[0])), field("name", said(0, 1), "mine".into(), "theirs".into()));
    let moved = field("geom", said(1, 0), point(2.0, 2.0), point(1.0, 1.0));
    assert_eq!(*find(&target(&rows[1])), moved);
    assert!(matches!(find(&target(&rows[2])), Clash::TheyDeleted { .. }));
    assert!(matches!(find(&target(&rows[3])), Clash::IDeleted { theirs, .. }
        if theirs.get("rank") == Some(&99.into())));
    assert!(matches!(find(&new), Clash::BothInserted { theirs, .. }
        if theirs.get("name") == Some(&"theirs".into())));
    assert_eq!(conflicts.len(), 5);
}

/// Notes whose texts must differ, and must be there.
fn strict() -> LayerDefinition {
    let mut fields = places_schema().fields().to_vec();
    fields[1].unique = true;
    fields[1].nullable = false;
    LayerDefinition::new("places", Schema::new(fields).expect("distinct names"))
}

fn every_refusal_is_told_and_nothing_is_written(store: &dyn Store) {
    created(store, &strict());
    inserted(store, "places", many_places(10), WriteMode::Rows);
    let rows = all(store, &Query::layer("places"));
    let said = |row: usize| rows[row].values()[1].clone().expect("is set");
    let [taken, nothing] = [ObjectId::mint(), ObjectId::mint()].map(Target::Id);
    let mut without = image(&place("", 1, 0.0, 0.0));
    without.values[1] = Some(Value::Null);
    let new = |name: Value| {
        let mut new = image(&place("", 1, 0.0, 0.0));
        new.values[1] = Some(name);
        Change::Insert(new)
    };
    let changes = set([
        (target(&rows[0]), update(1, said(0), said(9))),
        (target(&rows[1]), update(1, said(1), Value::Null)),
        (target(&rows[2]), update(1, said(2), "free")),
        (target(&rows[3]), update(1, said(3), "free too")),
        (taken.clone(), new(said(8))),
        (nothing.clone(), Change::Insert(without)),
    ]);
    let mut transaction = begin(store);
    let refused = apply_changes(transaction.as_mut(), &changes, &ApplyOptions::default());
    let Err(NotApplied::Refused(refusals)) = refused else { panic!("{refused:?}") };
    let mut told: Vec<&Target> = refusals.iter().map(|it| &it.target).collect();
    told.sort();
    let (a, b) = (target(&rows[0]), target(&rows[1]));
    let mut expected = vec![&a, &b, &taken, &nothing];
    expected.sort();
    assert_eq!(told, expected);
    assert!(refusals.iter().all(|it| it.layer == "places"));
    let next = place("next", 1, 0.0, 0.0);
    transaction.write("places", Edit::Insert(next)).expect("the transaction goes on");
    transaction.commit().expect("commits");
    let now = all(store, &Query::layer("places"));
    assert_eq!(now[..10], rows, "nothing of the changes is written");
    assert_eq!(now.len(), 11);
}

fn values_that_must_be_unique_move_between_rows(store: &dyn Store) {
    created(store, &strict());
    inserted(store, "places", many_places(200), WriteMode::Rows);
    let rows = all(store, &Query::layer("places"));
    let said = |row: usize| rows[row].values()[1].clone().expect("is set");
    // each takes the name of the next, and that of the one that goes is taken by one that comes
    let shift = (0..198).map(|row| (target(&rows[row]), update(1, said(row), said(row + 1))));
    let last = (target(&rows[198]), update(1, said(198), "the last"));
    let gone = (target(&rows[199]), Change::Delete(image(&rows[199])));
    let mut new = image(&place("", 1, 0.0, 0.0));
    new.values[1] = Some(said(199));
    let new = (Target::Id(ObjectId::mint()), Change::Insert(new));
    let applied = apply(store, &set(shift.chain([last, gone, new]))).expect("there is a way");
    assert_eq!(applied.written.len(), 201);
    let now = names(&all(store, &Query::layer("places")));
    assert_eq!(Value::from(now[0].as_str()), said(1));
    assert_eq!(now.len(), 200);
}

fn a_fid_is_a_wish_for_what_is_known_by_an_id(store: &dyn Store) {
    let rows = planted(store, 3);
    let wish = |fid: Option<Fid>, name: &str| {
        Change::Insert(Image { fid, ..image(&place(name, 1, 0.0, 0.0)) })
    };
    let ids = [ObjectId::mint(), ObjectId::mint()].map(Target::Id);
    let taken = rows[0].fid.clone();
    let free = apply(store, &set([(target(&rows[2]), Change::Delete(image(&rows[2])))]));
    free.expect("is written");
    let applied = apply(
        store,
        &set([
            (ids[0].clone(), wish(taken.clone(), "another")),
            (ids[1].clone(), wish(rows[2].fid.clone(), "again")),
        ]),
    );
    let applied = applied.expect("a wish that is not kept is no error");
    let fid = |target: &Target| {
        let new = applied.inserted.iter().find(|it| it.target == *target);
        Some(new.expect("is new").fid.clone())
    };
    assert_ne!(fid(&ids[0]), taken);
    assert_eq!(fid(&ids[1]), rows[2].fid, "is free");
}

fn rows_without_ids_are_changed_by_their_fids(store: &dyn Store) {
    created(store, &untied_notes());
    let note = |text: &str| {
        let mut note = Feature::new(untied_notes().schema);
        note.set("text", text.into()).expect("fits");
        note
    };
    inserted(store, "notes", vec![note("a"), note("b"), note("c")], WriteMode::Rows);
    let rows = all(store, &Query::layer("notes"));
    let fields: FieldNames = Arc::new(["text".to_owned()]);
    let by_fid = |row: usize| Target::Fid(rows[row].fid.clone().expect("is stored"));
    let new = Target::Fid(Fid::Int(4_000));
    let insert = |fid: Option<Fid>| Change::Insert(Image { fid, ..image(&note("new")) });
    let changes = set_in(
        "notes",
        &fields,
        [
            (by_fid(0), update(0, "a", "A")),
            (by_fid(1), Change::Delete(image(&rows[1]))),
            (new.clone(), insert(None)),
        ],
    );
    let applied = apply(store, &changes).expect("is written");
    let back = applied.written.inverted();
    let texts = |store| -> Vec<_> {
        let rows = all(store, &Query::layer("notes"));
        rows.iter().map(|it| it.get("text").cloned()).collect()
    };
    assert_eq!(texts(store), ["A", "c", "new"].map(|it| Some(it.into())));
    assert_eq!(applied.inserted[0].target, new);
    apply(store, &back).expect("is taken back");
    assert_eq!(all(store, &Query::layer("notes")), rows);
    let taken = set_in("notes", &fields, [(by_fid(0), insert(rows[0].fid.clone()))]);
    let refused = apply(store, &taken).expect_err("it is known by the fid that is taken");
    assert_eq!(refused.kind(), ErrorKind::AlreadyExists);
    let object = [(Target::Id(ObjectId::mint()), update(0, "a", "A"))];
    let refused = apply(store, &set_in("notes", &fields, object)).expect_err("is not tied");
    assert_eq!(refused.kind(), ErrorKind::Unsupported);
    assert!(refused.hint().is_some());
}

fn changes_are_counted_where_that_is_asked_for(store: &dyn Store) {
    let rows = planted(store, 2);
    let options = ApplyOptions {
        version_fields: [("places".to_owned(), "rank".to_owned())].into(),
        ..ApplyOptions::default()
    };
    let here = target(&rows[0]);
    let name = rows[0].values()[1].clone().expect("is set");
    let first = set([(here.clone(), update(1, name, "a"))]);
    let applied = apply_with(store, &first, &options).expect("is written");
    let rank = |target: &Target| by_id(store, target).expect("is there").get("rank").cloned();
    assert_eq!(rank(&here), Some(1.into()));
    let back = applied.written.inverted();
    apply_with(store, &back, &options).expect("is written");
    assert_eq!(rank(&here), Some(2.into()), "taking back is a change, too");
    assert_eq!(by_id(store, &here).expect("is there").values()[..2], rows[0].values()[..2]);
    let again = apply_with(store, &back, &options).expect("is no error");
    assert!(again.written.is_empty());
    assert_eq!(rank(&here), Some(2.into()), "nothing changed");
    let new = Target::Id(ObjectId::mint());
    let mut unsaid = image(&place("new", 1, 0.0, 0.0));
    unsaid.values[2] = None;
    apply_with(store, &set([(new.clone(), Change::Insert(unsaid))]), &options).expect("is written");
    assert_eq!(rank(&new), Some(1.into()));
}

fn what_the_changes_speak_of_must_be_there(store: &dyn Store) {
    let rows = planted(store, 2);
    let gone: FieldNames = Arc::new(["gone", "name"].map(str::to_owned));
    let unsaid = set_in(
        "places",
        &gone,
        [(target(&rows[0]), update(1, rows[0].values()[1].clone().expect("is set"), "a"))],
    );
    apply(store, &unsaid).expect("nothing is said of the field that is gone");
    let said = set_in("places", &gone, [(target(&rows[0]), update(0, 1, 2))]);
    let refused = apply(store, &said).expect_err("the field is gone").to_string();
    assert!(refused.contains("places") && refused.contains("gone"), "{refused}");
    let retyped = set([(target(&rows[0]), update(2, "one", "two"))]);
    let refused = apply(store, &retyped).expect_err("was a text once").to_string();
    assert!(refused.contains("places") && refused.contains("rank"), "{refused}");
    let nowhere = set_in("nowhere", &gone, [(target(&rows[0]), update(0, 1, 2))]);
    assert_eq!(apply(store, &nowhere).expect_err("is gone").kind(), ErrorKind::NotFound);
    assert_eq!(all(store, &Query::layer("places"))[1], rows[1]);
}

fn changes_find_the_rows_that_keys_name(store: &dyn Store) {
    created(store, &untied_notes());
    let note = |text: &str| {
        let mut note = Feature::new(untied_notes().schema);
        note.set("text", text.into()).expect("fits");
        note
    };
    inserted(store, "notes", vec![note("a"), note("b"), note("c")], WriteMode::Rows);
    let namespace = ObjectId::mint();
    let by_key = TieOptions::by_key("text", namespace);
    committed(store, |transaction| transaction.tie("notes", &by_key)).expect("is tied");
    let rows = all(store, &Query::layer("notes"));
    let new = Target::Id(ObjectId::from_key(&namespace, "d"));
    let fields: FieldNames = Arc::new(["text".to_owned()]);
    let changes = [
        (target(&rows[1]), Change::Delete(image(&rows[1]))),
        (new.clone(), Change::Insert(Image { fid: None, ..image(&note("d")) })),
    ];
    let applied = apply(store, &set_in("notes", &fields, changes)).expect("is written");
    assert_eq!(applied.inserted[0].id.map(Target::Id), Some(new));
    assert_eq!(all(store, &Query::layer("notes")).len(), 3);
    apply(store, &applied.written.inverted()).expect("is taken back");
    assert_eq!(all(store, &Query::layer("notes")), rows);
    // with another key it would be another object
    let renamed = set_in("notes", &fields, [(target(&rows[0]), update(0, "a", "A"))]);
    let refused = apply(store, &renamed).expect_err("a key stays");
    assert!(matches!(refused, NotApplied::Refused(_)), "{refused}");
}

/// Numbers without a pattern, the same each time.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

/// Each client adds to numbers that others add to, and renames what only it renames; whoever is in
/// conflict looks again. In the end every number is the sum of all that was added to it.
fn changes_beside_each_other_lose_nothing(store: &dyn Store) {
    const CLIENTS: u64 = 4;
    const ROUNDS: u64 = 12;
    let rows = planted(store, 8);
    let start: i64 = rows.iter().filter_map(rank_of).sum();
    let added: i64 = thread::scope(|scope| {
        let clients = (0..CLIENTS).map(|client| scope.spawn(move || edit(store, client, ROUNDS)));
        let clients: Vec<_> = clients.collect();
        clients.into_iter().map(|it| it.join().expect("ends well")).sum()
    });
    let now = all(store, &Query::layer("places"));
    assert_eq!(now.iter().filter_map(rank_of).sum::<i64>() - start, added);
    let named = (0..CLIENTS).all(|client| {
        let at = usize::try_from(client).expect("is small");
        now[at].get("name") == Some(&format!("{client} in {}", ROUNDS - 1).into())
    });
    assert!(named, "{:?}", names(&now));
}

fn rank_of(row: &Feature) -> Option<i64> {
    match row.get("rank") {
        Some(Value::Int(rank)) => Some(*rank),
        _ => None,
    }
}

/// How much it added in all.
fn edit(store: &dyn Store, client: u64, rounds: u64) -> i64 {
    let (mut random, mut added) = (Random(client), 0);
    for round in 0..rounds {
        let mut tries = 0;
        let sum = loop {
            tries += 1;
            assert!(tries < 100, "who looks again finds the same conflict again");
            let rows = all(store, &Query::layer("places"));
            let mut changes = Vec::new();
            let mut sum = 0;
            for (number, row) in rows.iter().enumerate() {
                let mut fields = Vec::new();
                if number as u64 == client {
                    let (before, after) = (row.values()[1].clone(), format!("{client} in {round}"));
                    fields.push(FieldChange { field: 1, before, after: Some(after.into()) });
                }
                if random.below(3) == 0 {
                    let more = i64::try_from(random.below(9)).expect("is small") + 1;
                    let after = rank_of(row).map(|rank| (rank + more).into());
                    fields.push(FieldChange { field: 2, before: row.values()[2].clone(), after });
                    sum += more;
                }
                if !fields.is_empty() {
                    changes.push((target(row), Change::Update(fields)));
                }
            }
            let mut transaction = begin(store);
            let outcome =
                apply_changes(transaction.as_mut(), &set(changes), &ApplyOptions::default());
            let outcome =
                outcome.and_then(|it| transaction.commit().map(|()| it).map_err(Into::into));
            match outcome {
                // two who make the same change are not told apart: it is one change
                Ok(applied) => break taken(&applied, sum),
                Err(NotApplied::Conflicts { .. }) => {}
                Err(NotApplied::Store(error)) if error.is_worth_repeating() => {}
                Err(error) => panic!("{error}"),
            }
        };
        added += sum;
    }
    added
}

/// How much of it was written, and not found to have been written by others just so.
fn taken(applied: &Applied, most: i64) -> i64 {
    let changes = applied.written.layer("places").into_iter().flat_map(LayerChanges::iter);
    let fields = changes.flat_map(|(_, change)| match change {
        Change::Update(fields) => fields.clone(),
        other => panic!("{other:?}"),
    });
    let sum = fields.filter(|it| it.field == 2).map(|it| match (it.before, it.after) {
        (Some(Value::Int(before)), Some(Value::Int(after))) => after - before,
        other => panic!("{other:?}"),
    });
    let sum = sum.sum();
    assert!(sum <= most);
    sum
}

fn equal_stores_differ_in_nothing(store: &dyn Store) {
    let rows = planted(store, 50);
    let copy = MemoryStore::new();
    created(&copy, &places());
    // in another order, with other fids
    let turned = rows.iter().rev().map(|row| row.clone().with_fid(None)).collect();
    inserted(&copy, "places", turned, WriteMode::Rows);
    for (a, b) in [(store, &copy as &dyn Store), (&copy, store), (store, store)] {
        let difference = diff(a, b, &DiffOptions::default()).expect("compares");
        assert!(difference.changes.is_empty(), "{difference:?}");
        assert_eq!(difference.notes, []);
    }
}

fn what_differs_makes_one_store_of_another(store: &dyn Store) {
    let rows = planted(store, 60);
    let mut random = Random(7);
    for round in 0..6 {
        let other = MemoryStore::new();
        created(&other, &places());
        let now = all(store, &Query::layer("places"));
        let mut changed: Vec<Feature> = now
            .into_iter()
            .filter_map(|row| {
                let row = row.with_fid(None);
                match random.below(8) {
                    0 => None,
                    1 => Some(altered(row, "name", format!("in round {round}").into())),
                    2 => Some(altered(row, "rank", Value::Null)),
                    3 => Some(altered(row, "geom", point(f64::from(round), 1.0))),
                    _ => Some(row),
                }
            })
            .collect();
        changed.extend(
            (0..5).map(|it| {
                place(&format!("{it} of {round}"), it, 0.5, 0.5).with_id(ObjectId::mint())
            }),
        );
        inserted(&other, "places", changed, WriteMode::Rows);
        let difference = diff(store, &other, &DiffOptions::default()).expect("compares");
        assert!(!difference.changes.is_empty());
        apply(store, &difference.changes).expect("nobody was there");
        let left = diff(store, &other, &DiffOptions::default()).expect("compares");
        assert!(left.changes.is_empty(), "{left:?}");
        let back = diff(&other, store, &DiffOptions::default()).expect("compares");
        assert!(back.changes.is_empty(), "{back:?}");
    }
    assert_eq!(rows.len(), 60);
}

fn altered(mut row: Feature, field: &str, value: Value) -> Feature {
    row.set(field, value).expect("fits");
    row
}

fn a_change_set_is_written_once(store: &dyn Store) {
    let rows = planted(store, 2);
    let rank = rows[0].values()[2].clone().expect("is set");
    let change = || (target(&rows[0]), update(2, rank.clone(), 5));
    let [first, second] = [ChangeSetId::mint(), ChangeSetId::mint()];
    let options = ApplyOptions::default();
    let nameless = apply_once(store, &set([change()]), &options, &[]).expect_err("has no id");
    assert_eq!(nameless.kind(), ErrorKind::Invalid);
    assert!(!was_applied(store, first).expect("is known"));
    let changes = set([change()]).named(first);
    let once = apply_once(store, &changes, &options, &[]).expect("is written");
    assert!(matches!(once, Once::Now(applied) if applied.written.len() == 1));
    assert!(was_applied(store, first).expect("is known"));
    let undone = set([(target(&rows[0]), update(2, 5, rank.clone()))]).named(second);
    apply_once(store, &undone, &options, &[]).expect("is written");
    assert_eq!(apply_once(store, &changes, &options, &[]).expect("is no error"), Once::Before);
    assert_eq!(all(store, &Query::layer("places")), rows, "not written again");
    let third = set([change()]).named(ChangeSetId::mint());
    apply_once(store, &third, &options, &[first]).expect("is written");
    assert!(!was_applied(store, first).expect("is known"), "is forgotten");
    assert!(was_applied(store, second).expect("is known"));
    let conflict = set([change()]).named(ChangeSetId::mint());
    apply(store, &set([(target(&rows[0]), update(2, 5, 6))])).expect("is written");
    apply_once(store, &conflict, &options, &[]).expect_err("is in conflict");
    assert!(!was_applied(store, conflict.id.expect("is named")).expect("is known"));
}

fn a_change_set_is_written_once_by_many(store: &dyn Store) {
    let rows = planted(store, 1);
    let options = ApplyOptions {
        version_fields: [("places".to_owned(), "rank".to_owned())].into(),
        ..ApplyOptions::default()
    };
    let mut before = rows[0].values()[1].clone().expect("is set");
    for round in 1..=5_i64 {
        let after = Value::from(format!("round {round}"));
        let changes = set([(target(&rows[0]), update(1, before, after.clone()))]);
        let changes = &changes.named(ChangeSetId::mint());
        let now = thread::scope(|scope| {
            let options = &options;
            let once = move || apply_once(store, changes, options, &[]).expect("is written");
            let clients: Vec<_> = (0..4).map(|_| scope.spawn(once)).collect();
            let outcomes = clients.into_iter().map(|it| it.join().expect("ends well"));
            outcomes.filter(|it| matches!(it, Once::Now(_))).count()
        });
        assert_eq!(now, 1, "one of them wrote it");
        let row = by_id(store, &target(&rows[0])).expect("is there");
        assert_eq!(row.get("rank"), Some(&round.into()));
        before = after;
    }
    insert_one(store, "places", place("after", 1, 0.0, 0.0));
    committed(store, |_| ());
}
