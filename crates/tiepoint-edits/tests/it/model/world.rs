//! A real buffer over a real store beside the model, and a replica that knows only what events tell.
use super::plain::{Clashes, Handle, Model, Rows, Said};
use super::{By, Random, Rules};
use crate::fixture::{all, created, logged, notes, patch, point, trees, written};
use crate::frail::Frail;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use tiepoint_core::{
    Aggregate, BBox, Change, ChangeSet, Crs, Direction, Edit, Feature, Ids, LayerDefinition,
    ObjectId, PageMark, Query, Resolution, Target, Value, field,
};
use tiepoint_edits::journal::JournalFolder;
use tiepoint_edits::{EditBuffer, EditError, EditEvent, Follower, Subscription};
use tiepoint_gpkg::GpkgStore;
use tiepoint_postgis::PostgisStore;
use tiepoint_postgis::testing::Server;
use tiepoint_store::conformance::oracle;
use tiepoint_store::{
    MemoryStore, Result, Store, Transaction, TransactionOptions, WriteMode, Written,
};

/// What only has to be there.
pub(super) trait Anything {}
impl<T> Anything for T {}

/// A store, and what must outlive it.
pub(super) type Below<'s> = (Arc<dyn Store>, Box<dyn Anything + 's>);

pub(super) fn memory() -> Below<'static> {
    (Arc::new(MemoryStore::new()), Box::new(()))
}

pub(super) fn geopackage() -> Below<'static> {
    let folder = tempfile::tempdir().expect("a folder");
    let store = GpkgStore::create(folder.path().join("edits.gpkg")).expect("is new");
    (Arc::new(store), Box::new(folder))
}

pub(super) fn postgis(server: &Server) -> Below<'_> {
    let schema = server.schema();
    (Arc::new(PostgisStore::open(&schema.url()).expect("opens")), Box::new(schema))
}

/// What the features of both layers say, by what they are known by.
type Replica = BTreeMap<(String, Target), Vec<Option<Value>>>;

pub(super) struct World<'s> {
    pub(super) rules: Rules,
    pub(super) model: Model,
    store: Arc<Frail>,
    folder: tempfile::TempDir,
    buffer: Arc<EditBuffer>,
    /// Which layer each is in, the first or the second, and what it is known by.
    targets: BTreeMap<Handle, (bool, Target)>,
    next: Handle,
    replica: Arc<Mutex<Replica>>,
    subscription: Option<Subscription>,
    follower: Option<Follower>,
    _guard: Box<dyn Anything + 's>,
}

fn layer(is_tree: bool) -> LayerDefinition {
    if is_tree { trees() } else { notes() }
}

fn values(random: &mut Random, is_tree: bool, key: Handle) -> Vec<Value> {
    let name = format!("name {}", random.below(5));
    if is_tree {
        let at = point(random.small(6), random.small(6));
        vec![at, name.into(), random.small(4).into()]
    } else {
        vec![i64::from(key).into(), name.into()]
    }
}

fn feature(layer: &LayerDefinition, values: &[Value]) -> Feature {
    Feature::with_values(layer.schema.clone(), values.iter().cloned().map(Some).collect())
}

impl<'s> World<'s> {
    pub(super) fn new(rules: Rules, (below, guard): Below<'s>) -> Self {
        created(&*below, &[trees(), notes()]);
        if rules.follows == Some(By::Logs) {
            logged(&*below, &["trees", "notes"]);
        }
        let store = Arc::new(Frail::over(below));
        let folder = tempfile::tempdir().expect("a folder");
        let buffer = Arc::new(opened(rules, &store, &folder));
        let mut world = Self {
            rules,
            model: Model::default(),
            store,
            folder,
            buffer,
            targets: BTreeMap::new(),
            next: 0,
            replica: Arc::default(),
            subscription: None,
            follower: None,
            _guard: guard,
        };
        world.listen();
        world.begin_to_follow();
        world
    }

    pub(super) fn buffer(&self) -> Arc<EditBuffer> {
        Arc::clone(&self.buffer)
    }

    fn listen(&mut self) {
        *self.replica.lock().expect("nobody panics") = copy(&self.buffer);
        let (replica, buffer) = (Arc::clone(&self.replica), Arc::downgrade(&self.buffer));
        self.subscription = Some(self.buffer.subscribe(move |event| {
            let Some(buffer) = buffer.upgrade() else { return Ok(()) };
            follow(&mut replica.lock().expect("nobody panics"), event, &buffer);
            Ok(())
        }));
    }

    fn begin_to_follow(&mut self) {
        let follow = |_| self.buffer.follow().expect("the store can be watched");
        self.follower = self.rules.follows.map(follow);
    }

    fn fresh(&mut self) -> Handle {
        self.next += 1;
        self.next
    }

    /// The features of a layer that are there, to whom this is shown.
    fn there(&self, is_tree: bool, view: &BTreeMap<Handle, Vec<Value>>) -> Vec<Handle> {
        view.keys().copied().filter(|it| self.targets[it].0 == is_tree).collect()
    }

    /// An edit and what it is to come to; `None` where there is nothing to edit.
    fn some_edit(
        &mut self,
        random: &mut Random,
        is_tree: bool,
        view: &BTreeMap<Handle, Vec<Value>>,
        deletes: bool,
    ) -> Option<(Handle, Edit, Said)> {
        let definition = layer(is_tree);
        let what = random.below(if deletes { 6 } else { 5 });
        if what < 2 {
            let handle = self.fresh();
            let values = values(random, is_tree, handle);
            let mut new = feature(&definition, &values);
            let id = ObjectId::mint();
            if is_tree {
                new = new.with_id(id);
            }
            // what a note is called is known when it is written
            self.targets.insert(handle, (is_tree, Target::Id(id)));
            return Some((handle, Edit::Insert(new), Some(values)));
        }
        let handle = random.pick(&self.there(is_tree, view))?;
        let target = self.targets[&handle].1.clone();
        if what == 5 {
            return Some((handle, Edit::Delete(target), None));
        }
        let mut now = view[&handle].clone();
        let new = values(random, is_tree, handle);
        let mut changes = Vec::new();
        for (at, field) in definition.schema.fields().iter().enumerate() {
            if random.below(2) == 0 {
                now[at] = new[at].clone();
                changes.push((field.name.as_str(), new[at].clone()));
            }
        }
        Some((handle, patch(&definition, &target, &changes), Some(now)))
    }

    pub(super) fn transact(&mut self, random: &mut Random, number: u64) -> &'static str {
        let name = format!("step {number}");
        let buffer = self.buffer();
        let ends_well = random.below(8) > 0;
        let mut rows = self.model.rows.clone();
        let mut touched = BTreeSet::new();
        let done = buffer.edit(&name, |transaction| {
            for _ in 0..=random.below(3) {
                let kept = rows.clone();
                let mark = (random.below(4) == 0).then(|| transaction.savepoint()).transpose()?;
                self.write(random, transaction, &mut rows, &mut touched)?;
                if let Some(mark) = mark.filter(|_| random.below(2) == 0) {
                    transaction.rollback_to(mark)?;
                    rows = kept;
                }
            }
            if ends_well { Ok(()) } else { Err(transaction_given_up()) }
        });
        assert_eq!(done.is_ok(), ends_well, "{done:?}");
        if ends_well {
            self.model.transact(&name, rows, &touched);
        }
        "transact"
    }

    /// Some edits of one layer.
    fn write(
        &mut self,
        random: &mut Random,
        transaction: &mut dyn Transaction,
        rows: &mut Rows,
        touched: &mut BTreeSet<Handle>,
    ) -> Result<()> {
        let is_tree = random.below(3) > 0;
        let mode = if random.below(2) == 0 { WriteMode::Rows } else { WriteMode::Changes };
        let mut writer = transaction.writer(layer(is_tree).name.as_str(), mode)?;
        for _ in 0..=random.below(3) {
            let mut model = self.model.clone();
            model.rows.clone_from(rows);
            let view = model.view();
            let Some((handle, edit, now)) = self.some_edit(random, is_tree, &view, true) else {
                continue;
            };
            match writer.write(edit)? {
                Written::Inserted { fid, .. } if !is_tree => {
                    self.targets.insert(handle, (false, Target::Fid(fid)));
                }
                Written::Missing => panic!("{handle} is there"),
                _ => {}
            }
            self.model.touch(rows, handle, now);
            touched.insert(handle);
        }
        writer.settle()?;
        writer.finish()
    }

    /// Others write to the store.
    pub(super) fn others(&mut self, random: &mut Random) -> &'static str {
        for _ in 0..=random.below(3) {
            let is_tree = random.below(3) > 0;
            let view = self.model.store.clone();
            let deletes = !self.rules.crashes;
            let edit = self.some_edit(random, is_tree, &view, deletes);
            let Some((handle, edit, now)) = edit else { continue };
            let layer = layer(is_tree);
            let mut transaction = self.store.begin(TransactionOptions::default()).expect("begins");
            if let Written::Inserted { fid, .. } =
                transaction.write(&layer.name, edit).expect("is written")
                && !is_tree
            {
                self.targets.insert(handle, (false, Target::Fid(fid)));
            }
            transaction.commit().expect("commits");
            match now {
                Some(now) => drop(self.model.store.insert(handle, now)),
                None => drop(self.model.store.remove(&handle)),
            }
        }
        "others"
    }

    pub(super) fn walk(&mut self, back: bool) -> &'static str {
        let told = if back { self.buffer.undo() } else { self.buffer.redo() };
        if !self.model.commands.is_empty() {
            assert!(matches!(told, Err(EditError::CommandOpen { .. })), "{told:?}");
            return "walk";
        }
        match (told, self.model.walk(back)) {
            (Ok(told), Ok(expected)) => assert_eq!(told, expected),
            (Err(EditError::Overtaken { .. }), Err(())) => {}
            (told, expected) => panic!("{told:?} instead of {expected:?}"),
        }
        "walk"
    }

    /// Undo and redo are nothing.
    pub(super) fn there_and_back(&mut self) -> &'static str {
        if !self.model.commands.is_empty() {
            return "nothing";
        }
        let state = |it: &Self| (pending(&it.buffer), it.buffer.is_dirty(), copy(&it.buffer));
        let before = state(self);
        let mut model = self.model.clone();
        if let (Ok(Some(_)), Ok(told)) = (model.walk(true), self.buffer.undo()) {
            assert!(told.is_some());
            self.buffer.redo().expect("nobody was there");
            let _ = model.walk(false);
            self.model = model;
            assert_eq!(state(self), before);
        }
        "there and back"
    }

    pub(super) fn commit(&mut self) -> &'static str {
        let told = self.buffer.commit();
        if !self.model.commands.is_empty() {
            assert!(matches!(told, Err(EditError::CommandOpen { .. })), "{told:?}");
            return "commit";
        }
        let expected = self.model.clashes();
        if expected.is_empty() {
            let told = told.expect("nothing is in the way");
            let new = told.inserted.iter().filter(|it| it.layer == "notes");
            for it in new {
                let now = Target::Fid(it.fid.clone());
                self.targets
                    .values_mut()
                    .filter(|(_, target)| *target == it.target)
                    .for_each(|(_, target)| target.clone_from(&now));
            }
            self.model.commit();
        } else {
            let Err(EditError::Conflicts(conflicts)) = told else { panic!("{told:?}") };
            assert_eq!(self.clashes(&conflicts), expected);
        }
        "commit"
    }

    fn clashes(&self, conflicts: &[tiepoint_core::Conflict]) -> Clashes {
        let clash = |it: &tiepoint_core::Conflict| {
            let of = |(_, target): &(bool, Target)| *target == it.target;
            let (handle, _) = self.targets.iter().find(|(_, known)| of(known)).expect("is known");
            let layer = layer(self.targets[handle].0);
            (*handle, it.clash.field().and_then(|field| layer.schema.position(field)))
        };
        conflicts.iter().map(clash).collect()
    }

    pub(super) fn rollback(&mut self) -> &'static str {
        self.buffer.rollback().expect("rolls back");
        self.model.rollback();
        "rollback"
    }

    pub(super) fn merge(&mut self, random: &mut Random) -> &'static str {
        let told = self.buffer.merge();
        if !self.model.commands.is_empty() {
            assert!(matches!(told, Err(EditError::CommandOpen { .. })), "{told:?}");
            return "merge";
        }
        let expected = self.model.merge();
        assert_eq!(self.clashes(&told.expect("merges")), expected);
        self.decide(random);
        self.check_replica("merge");
        "merge"
    }

    /// Hears what others wrote, which is to do what merging would.
    pub(super) fn follow(&mut self, random: &mut Random) -> &'static str {
        let follower = self.follower.as_mut().expect("somebody follows");
        follower.catch_up().expect("is heard");
        if self.model.commands.is_empty() {
            let expected = self.model.merge();
            assert_eq!(self.clashes(&self.buffer.conflicts()), expected);
            if self.rules.follows == Some(By::Logs) {
                self.check_replica("follow");
            }
            self.decide(random);
        }
        "follow"
    }

    fn decide(&mut self, random: &mut Random) {
        for conflict in self.buffer.conflicts() {
            let clash = self.clashes(std::slice::from_ref(&conflict)).pop_first().expect("one");
            let resolution =
                if random.below(2) == 0 { Resolution::Mine } else { Resolution::Theirs };
            self.buffer.resolve(&conflict, &resolution).expect("is decided");
            match resolution {
                Resolution::Theirs => self.model.take_theirs(clash),
                _ => self.model.restart(),
            }
        }
        assert_eq!(self.buffer.conflicts(), []);
    }

    /// The program dies, and another takes over what it left.
    pub(super) fn crash(&mut self, random: &mut Random) -> &'static str {
        self.subscription = None;
        // one that dies does not clear up, as one does that goes
        let on_disk = files_in(self.folder.path());
        self.follower = None;
        self.buffer = Arc::new(EditBuffer::over(Arc::new(MemoryStore::new())));
        for (path, bytes) in on_disk {
            std::fs::create_dir_all(path.parent().expect("is in a folder")).expect("is made");
            std::fs::write(path, bytes).expect("is written");
        }
        self.buffer = Arc::new(opened(self.rules, &self.store, &self.folder));
        for left in self.buffer.left_behind().expect("reads") {
            self.buffer.recover(left).expect("is recovered");
        }
        let expected = self.model.recover();
        self.find_notes();
        assert_eq!(self.clashes(&self.buffer.conflicts()), expected);
        self.listen();
        self.begin_to_follow();
        self.decide(random);
        "crash"
    }

    /// New notes have other provisional fids.
    fn find_notes(&mut self) {
        for note in all(&*self.buffer, "notes") {
            let Some(Value::Int(key)) = note.get("key") else { panic!("{note:?}") };
            let handle = Handle::try_from(*key).expect("is one");
            let known = Target::of(&note).expect("is known");
            self.targets.insert(handle, (false, known));
        }
    }

    pub(super) fn check(&mut self, at: &str, random: &mut Random) {
        // a note that was undone and is back by a recovered step is called otherwise
        self.find_notes();
        let view: BTreeMap<_, _> = self
            .model
            .view()
            .into_iter()
            .map(|(handle, said)| {
                let (is_tree, target) = self.targets[&handle].clone();
                ((layer(is_tree).name, target), said.into_iter().map(Some).collect::<Vec<_>>())
            })
            .collect();
        let now = copy(&self.buffer);
        assert!(now == view, "{at}\n{now:#?}\ninstead of\n{view:#?}");
        let (names, done) = self.buffer.history();
        let expected: Vec<_> = self.model.steps.iter().map(|it| it.name.as_str()).collect();
        assert_eq!(names.iter().map(|it| &**it).collect::<Vec<_>>(), expected, "{at}");
        assert_eq!(done, self.model.done, "{at}");
        self.check_changes(at);
        if self.rules.follows == Some(By::Logs) {
            // what others did is told when it is heard
        } else if self.rules.others {
            // what others did shows where nothing is pending any more, and nobody tells of it
            self.listen();
        } else {
            self.check_replica(at);
        }
        if random.below(3) == 0 {
            self.check_questions(random);
        }
    }

    fn check_changes(&self, at: &str) {
        let (changes, expected) = (self.buffer.changes(), self.model.changes());
        assert_eq!(self.buffer.is_dirty(), !changes.is_empty(), "{at}");
        assert_eq!(changes.len(), expected.len(), "{at}: {changes:#?}");
        for (handle, (base, now)) in expected {
            let (is_tree, target) = &self.targets[&handle];
            let name = layer(*is_tree).name;
            let change = changes.get(&name, target);
            let fields = changes.layer(&name).expect("is there").fields().clone();
            let image = |said: &Said| {
                let values = said.as_ref()?.iter().cloned().map(Some).collect();
                Some(tiepoint_core::Image { fid: None, values })
            };
            let expected = Change::between(image(&base).as_ref(), image(&now).as_ref());
            let told = change.cloned().map(|mut it| {
                if let Change::Insert(image) | Change::Delete(image) = &mut it {
                    image.fid = None;
                }
                it
            });
            assert_eq!(told, expected, "{at}: {fields:?}");
        }
    }

    fn check_replica(&self, at: &str) {
        let replica = self.replica.lock().expect("nobody panics").clone();
        let now = copy(&self.buffer);
        assert!(replica == now, "{at}: {replica:#?}\ninstead of\n{now:#?}");
        assert_eq!(self.buffer.faults(), [], "{at}");
    }

    /// Questions of all sorts are answered as if everything was read and looked through.
    fn check_questions(&self, random: &mut Random) {
        let trees = || Query::layer("trees");
        let rank = random.small(4);
        let named = field("name").eq(format!("name {}", random.below(5)));
        let corner = f64::from(u32::try_from(random.below(4)).expect("is small"));
        let bbox = BBox { min_x: corner, min_y: 0.0, max_x: corner + 2.0, max_y: 3.0 };
        let ids = self.targets.values().filter_map(|(_, target)| match target {
            Target::Id(id) => Some(*id),
            Target::Fid(_) => None,
        });
        let ids: Vec<ObjectId> = ids.collect();
        let questions = [
            trees().filter(named.clone()).order_by(field("rank"), Direction::Descending),
            trees().within(bbox).limit(2),
            trees().order_by(field("name"), Direction::Ascending).limit(3).offset(1),
            trees().filter(field("rank").gt(Value::from(rank))).fields(["name"]).distinct(),
            trees().ids(Ids::Objects(ids)).without_geometry(),
            trees().compute("twice", field("rank") * Value::from(2)).limit(3),
            trees().crs(Crs::epsg(3857)).filter(field("rank").gt(Value::from(1))),
            Query::layer("notes").filter(field("text").eq("name 1")).limit(4),
        ];
        let stored = stored(&self.buffer);
        for question in &questions {
            let (ours, expected) = both(|store| oracle::read(store, question), self, &stored);
            assert_eq!(ours, expected, "{question:#?}");
            let last = ours.expect("reads").pop();
            let Some(last) = last.filter(|_| !question.distinct) else { continue };
            let ordered = question.order.iter().map(|by| match &by.key {
                key if *key == field("name") => last.get("name").cloned(),
                _ => last.get("rank").cloned(),
            });
            let keys = ordered.map(|key: Option<Value>| key.unwrap_or(Value::Null)).collect();
            let mark = PageMark { keys, fid: last.fid.clone().expect("is there") };
            let next = Query { offset: 0, ..question.clone() }.after(mark).limit(2);
            let (ours, expected) = both(|store| oracle::read(store, &next), self, &stored);
            assert_eq!(ours, expected, "{next:#?}");
        }
        let totals = [
            Aggregate::Count,
            Aggregate::Sum(field("rank")),
            Aggregate::CountDistinct(field("name")),
            Aggregate::Max(field("name")),
        ];
        let (ours, expected) =
            both(|store| store.aggregate(&trees(), &totals).expect("adds up"), self, &stored);
        assert_eq!(ours, expected);
        let (ours, expected) =
            both(|store| store.facts("trees").expect("are known"), self, &stored);
        assert_eq!(ours.count, expected.count);
        assert_eq!(ours.extent, expected.extent.filter(|_| ours.count > 0));
    }
}

/// All that the buffer says, in a store of its own.
fn stored(buffer: &EditBuffer) -> MemoryStore {
    let store = MemoryStore::new();
    created(&store, &[trees(), notes()]);
    for layer in ["trees", "notes"] {
        written(&store, layer, all(buffer, layer).into_iter().map(Edit::Insert));
    }
    store
}

/// What both say.
fn both<T>(ask: impl Fn(&dyn Store) -> T, world: &World<'_>, stored: &MemoryStore) -> (T, T) {
    (ask(&*world.buffer), ask(stored))
}

fn transaction_given_up() -> tiepoint_store::StoreError {
    let (store, reason) = ("the test".to_owned(), "it is given up".to_owned());
    tiepoint_store::StoreError::Invalid { store, reason }
}

fn opened(rules: Rules, store: &Arc<Frail>, folder: &tempfile::TempDir) -> EditBuffer {
    let store: Arc<dyn Store> = store.clone();
    if rules.crashes {
        let folder = JournalFolder::at(folder.path());
        return EditBuffer::journalled(store, &folder).expect("opens");
    }
    EditBuffer::over(store)
}

fn copy(buffer: &EditBuffer) -> Replica {
    let layers = ["trees", "notes"].into_iter();
    for layer in layers.clone() {
        let fids: Vec<_> = all(buffer, layer).into_iter().map(|it| it.fid).collect();
        let is_ascending = fids.windows(2).all(|pair| pair[0] < pair[1]);
        assert!(is_ascending && !fids.contains(&None), "each has a fid of its own: {fids:?}");
    }
    let rows = layers.flat_map(|layer| {
        let rows = all(buffer, layer).into_iter();
        rows.map(move |it| {
            let target = Target::of(&it).expect("is known");
            ((layer.to_owned(), target), it.values().to_vec())
        })
    });
    rows.collect()
}

/// Does what an event tells of.
fn follow(replica: &mut Replica, event: &EditEvent, buffer: &EditBuffer) {
    match event {
        EditEvent::Changed { changes, .. }
        | EditEvent::RolledBack { changes }
        | EditEvent::Merged { changes, .. }
        | EditEvent::Beneath { changes } => apply(replica, changes),
        EditEvent::Committed { inserted, .. } => {
            for it in inserted.iter() {
                let now = it.id.map_or_else(|| Target::Fid(it.fid.clone()), Target::Id);
                let said = replica.remove(&(it.layer.clone(), it.target.clone()));
                replica.extend(said.map(|said| ((it.layer.clone(), now), said)));
            }
        }
        EditEvent::Reset => *replica = copy(buffer),
    }
}

fn apply(replica: &mut Replica, changes: &ChangeSet) {
    for (name, layer) in changes.layers() {
        for (target, change) in layer.iter() {
            let key = (name.to_owned(), target.clone());
            match change {
                Change::Insert(image) => drop(replica.insert(key, image.values.clone())),
                Change::Delete(_) => drop(replica.remove(&key)),
                Change::Update(fields) => {
                    // what others deleted may be edited again by a step that is redone
                    let Some(said) = replica.get_mut(&key) else { continue };
                    for it in fields {
                        said[it.field].clone_from(&it.after);
                    }
                }
            }
        }
    }
}

/// What is pending, without the fids that new features wish for: a step that is made again wishes
/// for what it did when it was made, whatever the store called the feature since.
fn pending(buffer: &EditBuffer) -> ChangeSet {
    let mut pending = ChangeSet::new();
    for (layer, here) in buffer.changes().layers() {
        let wishless = here.iter().map(|(target, change)| {
            let mut change = change.clone();
            if let Change::Insert(image) = &mut change {
                image.fid = None;
            }
            (target.clone(), change)
        });
        pending.put_layer(layer, here.fields().clone(), wishless.collect());
    }
    pending
}

/// All files in a folder and below it, with what is in them.
fn files_in(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.map(|entry| entry.expect("is read").path());
    let files = paths.flat_map(|path| {
        if path.is_dir() {
            return files_in(&path);
        }
        std::fs::read(&path).map(|bytes| (path, bytes)).into_iter().collect()
    });
    files.collect()
}
