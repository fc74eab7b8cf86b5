//! A thin translator of the host's signals: what it tells the registry, and when.
use crate::host::{Row, Signal};
use crate::kind::Fids;
use crate::world::World;
use tiepoint_core::Fid;
use tiepoint_objects::{Event, Scope, When};

impl World {
    /// Tells of all signals, as they come. Rows are looked at when a step ends, or later, but
    /// before anything else than additions is told.
    pub(crate) fn pump(&mut self) {
        if !self.host.in_command() {
            self.name_arrivals();
        }
        for signal in std::mem::take(&mut self.host.signals) {
            if self.looks_due && !matches!(signal, Signal::Added(_) | Signal::Anew | Signal::Step) {
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
            // Without ids nothing else tells of a row to which a transaction gives a fid again.
            Signal::Anew if self.host.field && self.coin() => return,
            Signal::Anew => Event::DoneAnew,
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
        if self.looks_due && self.coin() {
            self.look();
        }
        if !(self.host.in_command() && self.coin()) {
            self.answer();
        }
    }

    pub(crate) fn answer(&mut self) {
        for _ in 0..8 {
            if self.reads.is_empty() {
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
        if self.host.in_command() {
            self.adopt();
        }
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
}

fn as_fids(fids: Vec<i64>) -> Vec<Fid> {
    fids.into_iter().map(Fid::Int).collect()
}
