//! The host, and the registry that hears of it: what a thin translator of signals does.
use crate::host::{Host, Row, Signal};
use crate::kind::{Fids, Kind};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use tiepoint_core::{Fid, ObjectId};
use tiepoint_objects::{
    Event, Identity, LayerKey, Registry, Request, Scope, TieRef, Tracker, Verdict, What as Became,
    When,
};

/// Layers with more rows get no others: much happens to few.
pub(crate) const MOST_ROWS: usize = 14;

/// An object. It knows the secret of the row that it was made for.
pub(crate) struct Thing {
    pub(crate) secret: u64,
    /// What its user wrote into it.
    pub(crate) note: AtomicU64,
    alive: Arc<AtomicUsize>,
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
    /// Objects that the test holds, by secret.
    pub(crate) held: HashMap<u64, Arc<Thing>>,
    /// The ids of objects, once learned, and whose they are.
    pub(crate) ids: HashMap<u64, ObjectId>,
    pub(crate) owners: HashMap<ObjectId, u64>,
    /// All ids that objects ever had.
    pub(crate) had: HashSet<(u64, ObjectId)>,
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
    looks_due: bool,
    reads: Vec<Scope>,
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
            held: HashMap::new(),
            ids: HashMap::new(),
            owners: HashMap::new(),
            had: HashSet::new(),
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

    fn heed(&mut self, verdict: Verdict) {
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

    /// Tells of all signals, as they come. Rows are looked at when a step ends, or later, but
    /// before anything else than additions is told.
    pub(crate) fn pump(&mut self) {
        if !self.host.in_command() {
            self.name_arrivals();
        }
        for signal in std::mem::take(&mut self.host.signals) {
            if self.looks_due && !matches!(signal, Signal::Added(_) | Signal::Step) {
                self.look();
            }
            let is_step = signal == Signal::Step;
            self.tell(signal);
            if is_step && self.looks_due && self.coin() {
                self.look();
            }
        }
    }

    fn tell(&mut self, signal: Signal) {
        let event = match signal {
            Signal::EditingStarted => {
                Event::EditingStarted { passthrough: self.host.kind.passthrough.is_some() }
            }
            Signal::Added(fid) => {
                self.hear(Event::Added { fid: Fid::Int(fid) });
                let row = self.host.row(fid).filter(|_| self.host.field);
                let Some(row) = row.filter(|_| self.coin()) else { return };
                Event::Seen { fid: Fid::Int(fid), id: row.id }
            }
            Signal::Deleted(fid) => Event::Deleted { fid: Fid::Int(fid) },
            Signal::Identity(fid, id) => Event::IdentityWritten { fid: Fid::Int(fid), id },
            Signal::Changed(fid) => Event::Changed { fid: Fid::Int(fid) },
            Signal::Step => Event::StepEnded { clean: self.host.is_clean() },
            Signal::CommittedRemoved(fids) => Event::CommittedRemoved { fids: as_fids(fids) },
            Signal::CommittedAdded(fids) => Event::CommittedAdded { fids: as_fids(fids) },
            Signal::CommitEnded { success, editing } => Event::CommitEnded { success, editing },
            Signal::RolledBack { editing } => Event::RolledBack { editing },
            Signal::DataChanged => Event::DataChanged,
            Signal::Field(identity) => Event::FieldsChanged { identity },
        };
        self.hear(event);
    }

    /// A row that came with an id whose object has no row any more is that object's; who else
    /// comes is new. What counts is what rows say when the step ends, and an id is rather that of
    /// a row that came with it than of one into which it was written.
    pub(crate) fn name_arrivals(&mut self) {
        let mut fids = std::mem::take(&mut self.host.arrivals);
        let written = self.host.written_in_step();
        fids.sort_by_key(|fid| written.contains(fid));
        let rows: Vec<Row> = fids.iter().filter_map(|fid| self.host.row(*fid)).collect();
        let is_new = |secret: &u64| rows.iter().any(|row| row.secret == *secret);
        self.owners.retain(|_, owner| self.ids.contains_key(owner) || !is_new(owner));
        for Row { secret, id, .. } in rows {
            let Some(id) = id else { continue };
            if self.host.kind.identity == Identity::Derived {
                self.give_key_back(id);
            }
            let owner = *self.owners.entry(id).or_insert(secret);
            let shows = self.host.view().values().any(|row| row.secret == owner);
            if owner != secret && !shows && !self.host.hides(owner) {
                self.host.relabel(secret, owner);
            }
        }
    }

    /// A key that no object uses is that of the one whose row had it when it went, if it ever was
    /// the key of that object.
    fn give_key_back(&mut self, id: ObjectId) {
        let view = self.host.view();
        let shows = |secret: &u64| view.values().any(|row| row.secret == *secret);
        if self.owners.get(&id).is_some_and(|owner| !shows(owner) && self.gave_up(*owner, id)) {
            self.owners.remove(&id);
        }
        let is_used = self.owners.get(&id).is_some_and(shows);
        let last = self.host.epitaphs.iter().rev().find(|row| row.id == Some(id));
        let is_last = |row: &&Row| {
            let of_it = self.host.epitaphs.iter().rev().find(|it| it.secret == row.secret);
            of_it == Some(row)
        };
        let last = last.filter(|row| !is_used && !shows(&row.secret)).filter(is_last);
        if let Some(row) = last.filter(|row| self.had.contains(&(row.secret, id))) {
            self.owners.insert(id, row.secret);
        }
    }

    /// Whether an object's row died with another key than this, which was its own, too: nobody saw it
    /// be so, where a key and its row are undone in one go.
    pub(crate) fn gave_up(&self, secret: u64, id: ObjectId) -> bool {
        let last = self.host.epitaphs.iter().rev().find(|row| row.secret == secret);
        let key = last.and_then(|row| row.id).filter(|key| *key != id);
        key.is_some_and(|key| self.had.contains(&(secret, key)))
    }

    /// Says what rows that came carry, if that was asked for.
    pub(crate) fn catch_up(&mut self) {
        if self.looks_due {
            self.look();
        }
    }

    fn look(&mut self) {
        self.looks_due = false;
        for fid in self.tracker().unread() {
            let Fid::Int(number) = fid else { unreachable!("all fids here are numbers") };
            let event = match self.host.row(number) {
                Some(row) => Event::Seen { fid, id: row.id },
                None => Event::Absent { fid },
            };
            self.hear(event);
        }
        let clean = self.host.is_clean();
        self.hear(Event::StepEnded { clean });
        assert!(!self.looks_due, "asked twice what rows carry");
    }

    /// Whether ties are to be asked about: they are not while a host has not answered.
    pub(crate) fn is_settled(&self) -> bool {
        !self.looks_due && !self.host.in_command()
    }

    /// After an operation: the event loop runs.
    pub(crate) fn settle(&mut self) {
        self.pump();
        if self.host.shifts {
            let reads_again = matches!(self.host.kind.fids, Fids::Positions { told: true, .. });
            if self.coin() && reads_again {
                self.answer();
            }
            if self.host.shift() {
                self.host.signals.push(Signal::DataChanged);
                self.pump();
            }
        }
        self.answer();
        if self.looks_due && self.coin() {
            self.look();
        }
    }

    fn answer(&mut self) {
        for _ in 0..8 {
            if self.reads.is_empty() || self.host.in_command() {
                return;
            }
            for scope in std::mem::take(&mut self.reads) {
                self.read(&scope);
            }
        }
        panic!("asked for rows again and again");
    }

    /// Reads rows and tells of them.
    pub(crate) fn read(&mut self, scope: &Scope) {
        if self.gone {
            return;
        }
        self.catch_up();
        let mut rows: Vec<(i64, Row)> = self.host.view().into_iter().collect();
        match scope {
            Scope::All => self.stale = false,
            Scope::Fids(fids) => rows.retain(|(fid, _)| fids.contains(&Fid::Int(*fid))),
        }
        if self.coin() {
            rows.reverse();
        }
        self.log.push(format!("reading of {scope:?}"));
        let mut reading = self.ties.resync(self.layer, scope);
        for (fid, row) in rows {
            self.log.push(format!("  {fid}: of {}, {:?}", row.secret, row.id));
            reading.row(Fid::Int(fid), row.id);
        }
        let verdict = reading.finish();
        self.heed(verdict);
    }

    /// Writes the ids that are owed, as a step of its own or within the open command.
    pub(crate) fn write(&mut self, when: When) {
        self.writes_due = false;
        let debts = self.tracker().debts(when);
        if debts.is_empty() {
            return;
        }
        self.host.begin();
        for debt in debts {
            let Fid::Int(fid) = debt.fid else { unreachable!("all fids here are numbers") };
            if let Some(row) = self.host.row(fid) {
                self.owners.entry(debt.id).or_insert(row.secret);
            }
            self.host.write(fid, Some(debt.id));
        }
        self.host.end();
        self.pump();
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

fn as_fids(fids: Vec<i64>) -> Vec<Fid> {
    fids.into_iter().map(Fid::Int).collect()
}
