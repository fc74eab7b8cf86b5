//! A store, an edit buffer that follows it, ties over that, and who should stand behind what.
use crate::fixture::{
    LAYERS, Thing, all, delete, edited, id, insert, rename, secret, tied_over_buffer, written,
};
use std::collections::BTreeMap;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};
use tiepoint::edits::{EditCommand, Follower, Status};
use tiepoint::objects::State;
use tiepoint::{
    ChangeTarget, Edit, EditBuffer, EditError, Feature, JournalFolder, ObjectId, Resolution, Store,
    Ties,
};

/// Numbers without a pattern, the same each time.
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0x5DEE_CE66)
    }

    pub(super) fn below(&mut self, bound: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("has 31 bits") % bound
    }
}

/// What is known of a secret.
struct Known {
    layer: &'static str,
    id: ObjectId,
    /// A handle that is kept, or one that leaves it to the ties to hold the object.
    object: Handle,
    /// Whether something was pending for it when it was looked at last.
    at_risk: bool,
}

enum Handle {
    Kept(Arc<Thing>),
    Let(Weak<Thing>),
}

impl Handle {
    fn object(&self) -> Option<Arc<Thing>> {
        match self {
            Self::Kept(object) => Some(Arc::clone(object)),
            Self::Let(object) => object.upgrade(),
        }
    }
}

pub(super) struct World {
    store: Arc<dyn Store>,
    buffer: Arc<EditBuffer>,
    follower: Follower,
    ties: Ties<Thing>,
    journals: Option<(JournalFolder, tempfile::TempDir)>,
    known: BTreeMap<i64, Known>,
    /// Features as they were read at some time.
    read_before: Vec<Feature>,
    next: i64,
    random: Random,
    seed: u64,
    told: Vec<String>,
}

impl World {
    pub(super) fn new(store: Arc<dyn Store>, seed: u64) -> Self {
        let has_place = store.place().expect("can be asked").is_some();
        let journals = has_place.then(|| {
            let folder = tempfile::tempdir().expect("a folder");
            (JournalFolder::at(folder.path()), folder)
        });
        let buffer = opened(&store, journals.as_ref());
        let follower = buffer.follow().expect("follows");
        let ties = tied(&buffer);
        let random = Random::new(seed);
        let (known, read_before, next, told) = (BTreeMap::new(), Vec::new(), 0, Vec::new());
        Self {
            store,
            buffer,
            follower,
            ties,
            journals,
            known,
            read_before,
            next,
            random,
            seed,
            told,
        }
    }

    pub(super) fn walk(mut self, steps: u64) {
        for _ in 0..steps {
            let what = self.step();
            self.told.push(what);
            self.check();
        }
    }

    fn step(&mut self) -> String {
        match self.random.below(24) {
            0..=7 => self.edit(),
            8..=10 => format!("undo {:?}", self.buffer.undo().map_err(|it| it.to_string())),
            11 | 12 => format!("redo {:?}", self.buffer.redo().map_err(|it| it.to_string())),
            13..=15 => self.commit(),
            16 if self.random.below(2) == 0 => {
                self.buffer.rollback().expect("rolls back");
                "rollback".to_owned()
            }
            16..=18 => self.others(),
            19 => self.command(),
            20 => {
                self.ties.resync().expect("reads");
                "resync".to_owned()
            }
            21 => self.forget(),
            22 => self.die(),
            _ => self.merge(),
        }
    }

    /// Some edits in one step, of both layers perhaps.
    fn edit(&mut self) -> String {
        let layer = LAYERS[self.random.below(2)];
        let edits = self.edits(layer, &all(&*self.buffer, layer));
        let told = format!("edit {layer}: {}", described(&edits));
        edited(&self.buffer, layer, edits);
        told
    }

    fn edits(&mut self, layer: &str, features: &[Feature]) -> Vec<Edit> {
        let mut edits = Vec::new();
        let at = self.random.below(features.len().max(1));
        for feature in features.iter().skip(at).take(self.random.below(3)) {
            if self.random.below(2) == 0 {
                edits.push(delete(id(feature)));
            } else {
                let name = format!("name {}", self.random.below(100));
                edits.push(rename(layer, id(feature), &name));
            }
        }
        for _ in 0..self.random.below(3) {
            self.next += 1;
            edits.push(insert(layer, self.next));
        }
        edits
    }

    fn commit(&mut self) -> String {
        match self.buffer.commit() {
            Ok(_) => "commit".to_owned(),
            Err(EditError::Conflicts(conflicts)) => self.decide(conflicts.len()),
            Err(other) => panic!("seed {}: {other}", self.seed),
        }
    }

    fn decide(&mut self, conflicts: usize) -> String {
        self.buffer.merge().expect("merges");
        for conflict in self.buffer.conflicts() {
            let mine = self.random.below(2) == 0;
            let resolution = if mine { Resolution::Mine } else { Resolution::Theirs };
            if self.buffer.resolve(&conflict, &resolution).is_err() {
                let theirs = self.buffer.resolve(&conflict, &Resolution::Theirs);
                theirs.expect("theirs is always possible");
            }
        }
        format!("decide {conflicts} conflicts")
    }

    /// Others write to the store, and the buffer hears of it.
    fn others(&mut self) -> String {
        let layer = LAYERS[self.random.below(2)];
        let edits = self.edits(layer, &all(&*self.store, layer));
        let told = format!("others {layer}: {}", described(&edits));
        written(&*self.store, layer, edits);
        told
    }

    fn merge(&mut self) -> String {
        let conflicts = self.buffer.merge().expect("merges");
        format!("merge, {} conflicts", conflicts.len())
    }

    fn command(&mut self) -> String {
        let buffer = Arc::clone(&self.buffer);
        let command: EditCommand<'_> = buffer.command("several").expect("opens");
        let mut told = Vec::new();
        for _ in 0..self.random.below(4) {
            told.push(self.edit());
        }
        let ends = self.random.below(2) == 0;
        let ended = if ends { command.end() } else { command.abandon() };
        ended.expect("ends or is abandoned");
        format!("command {told:?} {}", if ends { "ended" } else { "abandoned" })
    }

    /// Handles are dropped: what is clean is freed, and made anew.
    fn forget(&mut self) -> String {
        for known in self.known.values_mut() {
            if let Handle::Kept(object) = &known.object
                && self.random.below(2) == 0
            {
                known.object = Handle::Let(Arc::downgrade(object));
            }
        }
        "forget".to_owned()
    }

    /// The program dies, and another takes over what it left.
    fn die(&mut self) -> String {
        if self.journals.is_none() {
            return "nothing".to_owned();
        }
        for known in self.known.values_mut() {
            (known.object, known.at_risk) = (Handle::Let(Weak::new()), false);
        }
        self.read_before.clear();
        // whoever comes next holds none of what the dead one held
        let spare = Arc::new(EditBuffer::over(Arc::clone(&self.store)));
        self.follower = spare.follow().expect("follows");
        self.ties = tied(&spare);
        drop(std::mem::replace(&mut self.buffer, spare));
        let buffer = opened(&self.store, self.journals.as_ref());
        self.ties = tied(&buffer);
        self.follower = buffer.follow().expect("follows");
        self.buffer = buffer;
        for left in self.buffer.left_behind().expect("can be read") {
            self.buffer.recover(left).expect("recovers");
        }
        "die".to_owned()
    }

    fn check(&mut self) {
        self.hear();
        let mut showing = Vec::new();
        for layer in LAYERS {
            let features = all(&*self.buffer, layer);
            for feature in &features {
                self.check_feature(layer, feature);
                showing.push(secret(feature));
            }
            let tied = self.ties.len(layer).expect("is tied");
            assert_eq!(tied, features.len(), "{layer}: {}", self.history());
            self.read_before.extend(features);
        }
        for (it, known) in self.known.iter().filter(|(it, _)| !showing.contains(it)) {
            self.check_gone(*it, known);
        }
        for (_, known) in self.known.iter_mut().filter(|(it, _)| !showing.contains(it)) {
            let status = self.buffer.status(known.layer, &ChangeTarget::Id(known.id));
            known.at_risk = status == Status::Deleted && known.object.object().is_some();
        }
        self.check_what_was_read();
        assert_eq!(self.buffer.faults(), [], "{}", self.history());
    }

    /// Takes up what others committed; a server may take its time to tell.
    fn hear(&mut self) {
        let patience = Instant::now() + Duration::from_secs(20);
        self.follower.catch_up().expect("is taken up");
        while !self.has_heard() && Instant::now() < patience {
            self.follower.pump(Duration::from_millis(50)).expect("is taken up");
        }
    }

    /// Whether nothing that is there is missed, and nothing is tied that is not there.
    fn has_heard(&self) -> bool {
        let mut showing = Vec::new();
        for layer in LAYERS {
            let features = all(&*self.buffer, layer);
            if self.ties.len(layer).expect("is tied") != features.len() {
                return false;
            }
            showing.extend(features.iter().map(secret));
        }
        let mut gone = self.known.iter().filter(|(it, _)| !showing.contains(it));
        gone.all(|(_, known)| self.ties.get(known.id).is_none())
    }

    fn check_feature(&mut self, layer: &'static str, feature: &Feature) {
        let (it, at) = (secret(feature), self.history());
        let object =
            self.ties.object_of(feature).unwrap_or_else(|why| panic!("lost {it}: {why}: {at}"));
        assert_eq!(object.secret, it, "crossed: {at}");
        let fid = feature.fid.as_ref().expect("has a fid");
        let by_fid = self
            .ties
            .object_of((layer, fid))
            .unwrap_or_else(|why| panic!("lost {it}: {why}: {at}"));
        assert!(Arc::ptr_eq(&object, &by_fid), "crossed: {at}");
        let now =
            self.ties.feature_of(&object).unwrap_or_else(|why| panic!("lost {it}: {why}: {at}"));
        assert_eq!(&now, feature, "{at}");
        let known = self.known.entry(it).or_insert_with(|| Known {
            layer,
            id: id(feature),
            object: Handle::Kept(Arc::clone(&object)),
            at_risk: false,
        });
        let at_risk = self.buffer.status(layer, &ChangeTarget::Id(known.id)) != Status::Clean;
        assert_eq!(known.id, id(feature), "the oracle is wrong: {at}");
        if let Some(before) = known.object.object() {
            assert!(Arc::ptr_eq(&before, &object), "another object for {it}: {at}");
        } else {
            let lost = known.at_risk && at_risk;
            assert!(!lost, "{it} was not held while it was pending: {at}");
            known.object = Handle::Kept(object);
        }
        known.at_risk = at_risk;
    }

    fn check_gone(&self, it: i64, known: &Known) {
        let at = self.history();
        assert!(self.ties.get(known.id).is_none(), "{it} of {} is not there: {at}", known.layer);
        let Some(object) = known.object.object() else {
            let is_deleted =
                self.buffer.status(known.layer, &ChangeTarget::Id(known.id)) == Status::Deleted;
            assert!(!(known.at_risk && is_deleted), "{it} was not held while it was deleted: {at}");
            return;
        };
        let state = self.ties.state_of(&object);
        let is_gone = matches!(state, Some(State::Deleted | State::Removed) | None);
        assert!(is_gone, "{it} is not there, and {state:?}: {at}");
        assert!(self.ties.feature_of(&object).is_err(), "{it}: {at}");
    }

    /// Features that were read long ago lead to their own objects, or to none.
    fn check_what_was_read(&mut self) {
        for _ in 0..4.min(self.read_before.len()) {
            let at = self.random.below(self.read_before.len());
            let feature = &self.read_before[at];
            if let Some(object) = self.ties.get(feature) {
                assert_eq!(object.secret, secret(feature), "crossed: {}", self.history());
            }
        }
    }

    fn history(&self) -> String {
        format!("seed {}\n{}", self.seed, self.told.join("\n"))
    }
}

fn tied(buffer: &Arc<EditBuffer>) -> Ties<Thing> {
    tied_over_buffer(buffer).0
}

fn described(edits: &[Edit]) -> String {
    let words = edits.iter().map(|edit| match edit {
        Edit::Insert(feature) => format!("insert {}", secret(feature)),
        Edit::Update(feature) => format!("rename {:?}", feature.id),
        Edit::Delete(target) => format!("delete {target}"),
    });
    words.collect::<Vec<_>>().join(", ")
}

fn opened(
    store: &Arc<dyn Store>,
    journals: Option<&(JournalFolder, tempfile::TempDir)>,
) -> Arc<EditBuffer> {
    let store = Arc::clone(store);
    Arc::new(match journals {
        Some((folder, _)) => EditBuffer::journalled(store, folder).expect("is journalled"),
        None => EditBuffer::over(store),
    })
}
