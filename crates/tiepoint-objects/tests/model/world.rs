//! The host, and the registry that hears of it: what a thin translator of signals does.
use crate::host::{Host, Row};
use crate::kind::Kind;
use crate::twin::Twin;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use tiepoint_core::{Fid, ObjectId};
use tiepoint_objects::{
    Event, LayerKey, Registry, Request, Scope, TieRef, Tracker, Verdict, What as Became,
};

/// Layers with more rows get no others: much happens to few.
pub(crate) const MOST_ROWS: usize = 14;

/// An object. It knows the secret of the row that it was made for.
pub(crate) struct Thing {
    pub(crate) secret: u64,
    /// What its user wrote into it.
    pub(crate) note: AtomicU64,
    pub(crate) alive: Arc<AtomicUsize>,
}

impl Drop for Thing {
    fn drop(&mut self) {
        self.alive.fetch_sub(1, Ordering::Relaxed);
    }
}

#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(crate) struct World {
    pub(crate) host: Host,
    pub(crate) ties: Registry<Arc<Thing>>,
    pub(crate) layer: LayerKey,
    pub(crate) twin: Option<Twin>,
    /// Objects that the test holds, by secret.
    pub(crate) held: HashMap<u64, Arc<Thing>>,
    /// The ids of objects, once learned, and whose they are.
    pub(crate) ids: HashMap<u64, ObjectId>,
    pub(crate) owners: HashMap<ObjectId, u64>,
    /// All ids that objects ever had.
    pub(crate) had: HashSet<(u64, ObjectId)>,
    /// Rows that were given other keys in the open command, of their own.
    pub(crate) keyed: HashSet<u64>,
    /// What was written into objects whose rows are not as they are in the store.
    pub(crate) notes: HashMap<u64, u64>,
    /// Rows that came otherwise than by the session's edits.
    pub(crate) outsiders: HashSet<u64>,
    pub(crate) clipboard: Vec<Row>,
    pub(crate) alive: Arc<AtomicUsize>,
    /// Something happened of which nothing was told.
    pub(crate) stale: bool,
    pub(crate) gone: bool,
    /// Rows of the source that was there first, while another is.
    pub(crate) stash: Option<std::collections::BTreeMap<i64, Row>>,
    pub(crate) was_elsewhere: bool,
    pub(crate) writes_due: bool,
    pub(crate) looks_due: bool,
    pub(crate) reads: Vec<Scope>,
    coins: u16,
    /// What became of ties, for the histogram.
    pub(crate) became: Vec<Became>,
    /// What was told and what followed, for who reads of a failure.
    pub(crate) log: Vec<String>,
}

impl World {
    pub(crate) fn new(kind: Kind) -> Self {
        let host = Host::new(kind, 5);
        let mut ties = Registry::default();
        let layer = ties.add_layer(kind.policy());
        let mut world = Self {
            host,
            ties,
            layer,
            twin: None,
            held: HashMap::new(),
            ids: HashMap::new(),
            owners: HashMap::new(),
            had: HashSet::new(),
            keyed: HashSet::new(),
            notes: HashMap::new(),
            outsiders: HashSet::new(),
            clipboard: Vec::new(),
            alive: Arc::default(),
            stale: false,
            gone: false,
            stash: None,
            was_elsewhere: false,
            writes_due: false,
            looks_due: false,
            reads: Vec::new(),
            coins: 0,
            became: Vec::new(),
            log: Vec::new(),
        };
        world.attach();
        world.add_twin();
        world
    }

    /// Reads all rows for the first time.
    pub(crate) fn attach(&mut self) {
        for row in self.host.view().into_values() {
            self.outsiders.insert(row.secret);
            if let Some(id) = row.id {
                self.owners.entry(id).or_insert(row.secret);
            }
        }
        self.read(&Scope::All);
    }

    pub(crate) fn toss(&mut self, coins: u16) {
        self.coins = coins;
    }

    /// One of the choices that hosts have.
    pub(crate) fn coin(&mut self) -> bool {
        let coin = self.coins & 1 == 1;
        self.coins = self.coins.rotate_right(1);
        coin
    }

    pub(crate) fn tracker(&self) -> &Tracker {
        self.ties.tracker(self.layer)
    }

    pub(crate) fn hear(&mut self, event: Event) {
        self.log.push(format!("{event:?}"));
        let verdict = self.ties.hear(self.layer, event);
        self.heed(verdict);
    }

    pub(crate) fn heed(&mut self, verdict: Verdict) {
        let transitions =
            verdict.transitions.iter().map(|it| format!("    {:?}", (it.tie, it.what)));
        self.log.extend(transitions);
        self.log.extend(verdict.requests.iter().map(|it| format!("    asks {it:?}")));
        self.became.extend(verdict.transitions.iter().map(|it| it.what));
        for request in verdict.requests {
            match request {
                Request::Look(_) => self.looks_due = true,
                Request::Read(scope) => self.reads.push(scope),
                Request::Write => self.writes_due = true,
            }
        }
    }

    /// The object of a tie, made of its row where there is none.
    pub(crate) fn object(&mut self, tie: TieRef) -> Arc<Thing> {
        let Self { ties, host, layer, alive, .. } = self;
        let made = ties.object_or(*layer, tie, |tracker| {
            let row = match tracker.fid(tie) {
                Some(Fid::Int(fid)) => host.row(fid),
                _ => host.view().into_values().find(|row| row.id == Some(tracker.id(tie))),
            };
            let secret = row.map_or(0, |row| row.secret);
            alive.fetch_add(1, Ordering::Relaxed);
            let note = AtomicU64::new(0);
            Ok::<_, std::convert::Infallible>(Arc::new(Thing {
                secret,
                note,
                alive: alive.clone(),
            }))
        });
        made.expect("constructors of things never fail")
    }
}
