//! What an open undo step has told of rows so far: the net of it, in order.
use std::collections::HashMap;
use tiepoint_core::{Fid, ObjectId};

/// What an identity field says: an id or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Says(pub(crate) Option<ObjectId>);

/// The net effect of a step on one row.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Net {
    /// Whether it shows now; `None` where it neither came nor went.
    pub(crate) shows: Option<bool>,
    /// Whether it was gone at some moment of the step.
    pub(crate) died: bool,
    /// What its identity field says, where that was told.
    pub(crate) carried: Option<Says>,
    /// What that said when it came, where that was told before anything was written into it.
    pub(crate) came_with: Option<Says>,
    /// What was written into its identity field in this step before it went.
    pub(crate) died_with: Option<Says>,
    /// Whether the identity field was written, not just seen.
    pub(crate) written: bool,
    /// Whether it was said to come, and was not there.
    pub(crate) absent: bool,
    /// Whether other fields were.
    pub(crate) changed: bool,
    /// In which step it came, of those that are judged together.
    pub(crate) round: u32,
    /// Whether that is known to be neither an undo nor a redo.
    pub(crate) anew: bool,
}

impl Net {
    /// What its identity field said when it came, as far as is known.
    pub(crate) fn first_said(&self) -> Option<Says> {
        self.came_with.or(self.carried)
    }

    /// Whether it is about who the row is, not about what else it says.
    pub(crate) fn is_of_identity(&self) -> bool {
        self.shows.is_some() || self.carried.is_some()
    }
}

#[derive(Debug, Default)]
pub(crate) struct Step {
    /// Whether the present one is known to be neither an undo nor a redo.
    is_new: bool,
    rows: HashMap<Fid, (usize, Net)>,
    /// In order of the last coming, where they came, else of the first mention.
    clock: usize,
    /// How many steps have ended that could not be judged yet.
    rounds: u32,
}

impl Step {
    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub(crate) fn of(&self, fid: &Fid) -> Option<Net> {
        self.rows.get(fid).map(|(_, net)| *net)
    }

    fn entry(&mut self, fid: Fid) -> &mut (usize, Net) {
        self.clock += 1;
        let clock = self.clock;
        self.rows.entry(fid).or_insert((clock, Net::default()))
    }

    pub(crate) fn done_anew(&mut self) {
        self.is_new = true;
    }

    pub(crate) fn added(&mut self, fid: Fid) {
        let (clock, round) = (self.clock + 1, self.rounds);
        let entry = self.entry(fid);
        entry.0 = clock;
        (entry.1.shows, entry.1.died_with, entry.1.round) = (Some(true), None, round);
        (entry.1.came_with, entry.1.anew, entry.1.absent) = (None, false, false);
    }

    /// A step has ended, and is judged together with the next.
    pub(crate) fn ended(&mut self) {
        self.note_new();
        self.rounds += 1;
    }

    fn note_new(&mut self) {
        if std::mem::take(&mut self.is_new) {
            let round = self.rounds;
            let nets = self.rows.values_mut().map(|(_, net)| net);
            nets.filter(|net| net.round == round).for_each(|net| net.anew = true);
        }
    }

    pub(crate) fn deleted(&mut self, fid: Fid) {
        let net = &mut self.entry(fid).1;
        (net.shows, net.died, net.died_with) = (Some(false), true, net.carried.take());
    }

    pub(crate) fn seen(&mut self, fid: Fid, id: Option<ObjectId>) {
        let net = &mut self.entry(fid).1;
        if net.carried.replace(Says(id)).is_none() {
            net.came_with = net.carried;
        }
    }

    /// It was said to come, and is not there.
    pub(crate) fn absent(&mut self, fid: Fid) {
        self.deleted(fid.clone());
        self.entry(fid).1.absent = true;
    }

    pub(crate) fn written(&mut self, fid: Fid, id: Option<ObjectId>) {
        let net = &mut self.entry(fid).1;
        (net.carried, net.written) = (Some(Says(id)), true);
    }

    pub(crate) fn changed(&mut self, fid: Fid) {
        self.entry(fid).1.changed = true;
    }

    /// All rows that it touched, in order.
    pub(crate) fn into_rows(mut self) -> Vec<(Fid, Net)> {
        self.note_new();
        let mut rows: Vec<_> = self.rows.into_iter().collect();
        rows.sort_unstable_by_key(|(_, (clock, _))| *clock);
        rows.into_iter().map(|(fid, (_, net))| (fid, net)).collect()
    }

    pub(crate) fn rows(&self) -> impl Iterator<Item = (&Fid, Net)> {
        self.rows.iter().map(|(fid, (_, net))| (fid, *net))
    }
}
