//! Judging a step by its net effect: who died, who was rewritten, who came, who is buried.
use super::debts::Owed;
use super::session::{Origin, Word};
use super::step::{Net, Says, Step};
use super::{Standing, TieRef, Tracker};
use crate::Scope;
use crate::verdict::{Owing, Request, Verdict, What};
use std::collections::HashSet;
use tiepoint_core::{Fid, FidRule, ObjectId};

/// Ties whose rows died in the step that is judged, and whose ids may come again in it.
pub(super) type Limbo = HashSet<TieRef>;

impl Tracker {
    /// Judges what the step did; false where rows have to be looked at first, which is asked for.
    pub(super) fn judge(&mut self, verdict: &mut Verdict) -> bool {
        self.tell_early(verdict);
        if self.step.is_empty() {
            self.step = Step::default();
            return true;
        }
        let unread = self.unread();
        if !unread.is_empty() {
            verdict.ask(Request::Look(unread));
            return false;
        }
        let rows = std::mem::take(&mut self.step).into_rows();
        let mut limbo = self.deaths(&rows);
        self.hide_absent(&rows, &mut limbo, verdict);
        self.rewritings(&rows, verdict);
        // Rows that are remembered have their objects before others that carry the ids; in each step
        // who came with an id has it before those into whose rows it was written.
        let is_back = |(fid, net): &&(Fid, Net)| self.recalled(fid, *net, &limbo).is_some();
        let (back, mut new): (Vec<_>, Vec<_>) = rows.iter().partition(is_back);
        new.sort_by_key(|(_, net)| (net.round, net.written));
        let mut renamed = Vec::new();
        for (fid, net) in back.into_iter().chain(new) {
            if self.has_come(fid, *net) {
                renamed.extend(self.arrival(fid, *net, &mut limbo, verdict));
            }
        }
        self.rename(&renamed, verdict);
        self.bury(limbo, verdict);
        self.note_changes(&rows, verdict);
        self.look_behind_undo(&rows, verdict);
        if let Some(session) = self.session.as_mut().filter(|it| it.word == Word::Doubtful) {
            session.word = Word::Good;
            verdict.ask(Request::Read(Scope::All));
        }
        true
    }

    /// An undo in a transaction may do more to rows of the session than is told: all of them are
    /// looked at, where the host tells it from steps that are done for the first time.
    fn look_behind_undo(&mut self, rows: &[(Fid, Net)], verdict: &mut Verdict) {
        let Some(session) = self.session.as_mut().filter(|it| it.passthrough) else { return };
        session.tells_undos |= rows.iter().any(|(_, net)| net.anew);
        let is_undone = session.tells_undos && rows.iter().any(|(_, net)| !net.anew);
        if is_undone && self.policy.fids == FidRule::Stable {
            let fids = session.touched.iter().filter_map(|tie| self.ties.fid(*tie)).collect();
            self.ask_to_read(fids, false, verdict);
        }
    }

    /// Rows that came in this step, and of which it is not known what they carry.
    #[must_use]
    pub fn unread(&self) -> Vec<Fid> {
        if !self.identified {
            return Vec::new();
        }
        let unread = self.step.rows().filter(|(fid, net)| {
            net.shows == Some(true) && net.carried.is_none() && !self.is_recalled(fid, *net)
        });
        let mut fids: Vec<Fid> = unread.map(|(fid, _)| fid.clone()).collect();
        fids.sort_unstable();
        fids
    }

    fn deaths(&mut self, rows: &[(Fid, Net)]) -> Limbo {
        let mut limbo = Limbo::new();
        for (fid, net) in rows {
            let Some(tie) = self.ties.by_fid(fid) else {
                let stray = self.strays.get(fid).filter(|_| net.died).copied();
                if let Some(carried) = stray {
                    self.strays.remove(fid);
                    self.remember_origin(fid, Origin::Stray(carried));
                }
                continue;
            };
            let supplanted = net.shows == Some(true) && !self.is_same_row(tie, net.first_said());
            let standing = self.ties.get(tie).standing;
            let went = net.shows == Some(false) && !net.absent;
            if standing.is_alive() && (went || supplanted) || standing == Standing::Hidden && went {
                self.ties.get_mut(tie).standing = Standing::Deleted;
                limbo.insert(tie);
            }
        }
        limbo
    }

    /// Identity fields that were written in rows that are tied.
    fn rewritings(&mut self, rows: &[(Fid, Net)], verdict: &mut Verdict) {
        let mut renamed = Vec::new();
        let kept = if self.renames() { self.kept_keys(rows) } else { HashSet::new() };
        for (fid, net) in rows {
            let Some(Says(carried)) = net.carried.or(net.died_with) else { continue };
            if net.written {
                self.note_written(fid);
            }
            let Some(tie) = self.ties.by_fid(fid) else { continue };
            if self.would_take(tie, carried) && net.shows == Some(false) {
                continue;
            }
            match self.ties.get(tie).standing {
                Standing::Removed | Standing::Detached | Standing::Vacant => {}
                Standing::Deleted if net.died_with.is_none() => {}
                _ if self.renames() && carried.is_none_or(|key| !kept.contains(&key)) => {
                    renamed.push((tie, carried));
                }
                _ => self.carries(tie, carried, Owing::Rewritten, verdict),
            }
        }
        // Those whose rows died come last.
        renamed.sort_by_key(|(tie, _)| !self.ties.get(*tie).is_alive());
        self.rename(&renamed, verdict);
    }

    /// Whether a natural key that was written into a tie's row is that of one who may return.
    fn would_take(&self, tie: TieRef, key: Option<ObjectId>) -> bool {
        let holder = key.filter(|_| self.renames()).and_then(|key| self.ties.by_id(&key));
        holder.is_some_and(|it| it != tie && !self.ties.get(it).is_alive())
    }

    /// Natural keys with which rows come back whose objects never lost them.
    fn kept_keys(&self, rows: &[(Fid, Net)]) -> HashSet<ObjectId> {
        let key_of = |(fid, net): &(Fid, Net)| {
            let Says(key) = net.carried.filter(|_| net.shows == Some(true))?;
            let as_it_is = Net { came_with: None, ..*net };
            let tie = self.recalled(fid, as_it_is, &Limbo::new())?;
            key.filter(|key| self.ties.get(tie).id() == *key)
        };
        rows.iter().filter_map(key_of).collect()
    }

    /// Natural keys that were edited: their objects go by the new ones, if nobody else does.
    pub(super) fn rename(&mut self, wanted: &[(TieRef, Option<ObjectId>)], verdict: &mut Verdict) {
        let (granted, refused) = self.grantable(wanted);
        let old: Vec<ObjectId> = granted.iter().map(|(tie, _)| self.ties.get(*tie).id()).collect();
        for (tie, id) in &granted {
            self.ties.set_id(*tie, ObjectId::mint());
            if let Some(gone) = self.ties.by_id(id) {
                self.note_renamed(gone, *id);
                self.ties.set_id(gone, ObjectId::mint());
            }
        }
        for ((tie, id), from) in granted.into_iter().zip(old) {
            self.ties.set_id(tie, id);
            self.owed.remove(&tie);
            self.aliases.remove(&id);
            if from != id {
                self.note_renamed(tie, from);
                self.aliases.insert(from, tie);
                self.tell(verdict, tie, What::Rekeyed { from });
            }
        }
        for (tie, carried) in refused {
            self.carries(tie, carried, Owing::Rewritten, verdict);
        }
    }

    /// Which of these may have the ids that they want: those that no row has that shows, and those
    /// that are given up for others that may be had.
    #[expect(clippy::type_complexity, reason = "two lists of what came in, apart")]
    fn grantable(
        &self,
        wanted: &[(TieRef, Option<ObjectId>)],
    ) -> (Vec<(TieRef, ObjectId)>, Vec<(TieRef, Option<ObjectId>)>) {
        let mut granted: Vec<(TieRef, ObjectId)> = Vec::new();
        for (tie, id) in wanted {
            let is_free = |id: &ObjectId| granted.iter().all(|(_, other)| other != id);
            if let Some(id) = id.filter(is_free).filter(|id| !self.is_copied(*tie, *id)) {
                granted.push((*tie, id));
            }
        }
        loop {
            let leaving: HashSet<TieRef> = granted.iter().map(|(tie, _)| *tie).collect();
            let before = granted.len();
            granted.retain(|(_, id)| {
                let holder = self.ties.by_id(id).filter(|it| self.ties.get(*it).is_alive());
                holder.is_none_or(|it| leaving.contains(&it))
            });
            if granted.len() == before {
                break;
            }
        }
        let is_granted = |tie: &TieRef| granted.iter().any(|(other, _)| other == tie);
        let refused = wanted.iter().filter(|(tie, _)| !is_granted(tie)).copied().collect();
        (granted, refused)
    }

    /// Whether a row is to be given a tie.
    fn has_come(&self, fid: &Fid, net: Net) -> bool {
        let tied = self.ties.by_fid(fid).is_some_and(|it| self.ties.get(it).standing.is_alive());
        let known = net.carried.is_some() && self.strays.contains_key(fid);
        !tied && net.shows != Some(false) && (net.shows == Some(true) || known)
    }

    /// Gives a row a tie, or has it wait; a natural key that it returned with.
    fn arrival(
        &mut self,
        fid: &Fid,
        net: Net,
        limbo: &mut Limbo,
        verdict: &mut Verdict,
    ) -> Option<(TieRef, Option<ObjectId>)> {
        if let Some(tie) = self.recalled(fid, net, limbo) {
            self.revive(tie, fid, limbo, verdict);
            let Says(carried) = net.carried?;
            if self.renames() && self.carried(tie) != carried {
                return Some((tie, carried));
            }
            self.carries(tie, carried, Owing::Rewritten, verdict);
            return None;
        }
        let was_stray = self.was_stray(fid, net);
        let came = net.shows == Some(true) && !was_stray;
        let copied = self.strays.get(fid).copied().flatten();
        match net.carried.and_then(|Says(id)| id) {
            None if was_stray => drop(self.strays.insert(fid.clone(), None)),
            None => self.without_id(fid, verdict),
            Some(id) => match self.holder(&id) {
                None => self.newcomer(fid, id, verdict),
                Some(tie) if self.is_free(tie, came) => {
                    self.revive(tie, fid, limbo, verdict);
                    self.carries(tie, Some(id), Owing::Rewritten, verdict);
                }
                Some(_) => self.duplicate(fid, id, verdict),
            },
        }
        if let Some(key) = copied {
            self.note_copied(fid, key);
        }
        if let (true, true, Some(session)) =
            (came, self.strays.contains_key(fid), &mut self.session)
        {
            session.note_untied(fid);
        }
        None
    }

    pub(super) fn newcomer(&mut self, fid: &Fid, id: ObjectId, verdict: &mut Verdict) {
        let tie = self.begin_tie(id, fid, self.comes_stored(fid));
        self.tell(verdict, tie, What::Added);
    }

    /// A row without an id: in a session it gets one, which is owed to it.
    pub(super) fn without_id(&mut self, fid: &Fid, verdict: &mut Verdict) {
        if self.session.is_none() {
            self.strays.insert(fid.clone(), None);
            return;
        }
        let tie = self.begin_tie(ObjectId::mint(), fid, self.comes_stored(fid));
        self.tell(verdict, tie, What::Added);
        self.owes(tie, None, Owing::New, verdict);
    }

    /// A row that carries the id of another, which shows.
    pub(super) fn duplicate(&mut self, fid: &Fid, of: ObjectId, verdict: &mut Verdict) {
        if self.policy.forks() && self.session.is_some() {
            let tie = self.begin_tie(ObjectId::mint(), fid, self.comes_stored(fid));
            self.tell(verdict, tie, What::Forked { from: of });
            self.owes(tie, Some(of), Owing::Fork, verdict);
        } else {
            self.strays.insert(fid.clone(), Some(of));
            verdict.duplicates.push((fid.clone(), of));
        }
    }

    fn owes(
        &mut self,
        tie: TieRef,
        carried: Option<ObjectId>,
        owing: Owing,
        verdict: &mut Verdict,
    ) {
        self.owe(tie, Owed { carried, owing, paid: false, declined: false });
        if self.may_write() {
            verdict.ask(Request::Write);
        }
    }

    /// Those who did not come again.
    fn bury(&mut self, limbo: Limbo, verdict: &mut Verdict) {
        let mut dead: Vec<TieRef> = limbo.into_iter().collect();
        dead.sort_unstable();
        for tie in dead {
            if self.session.is_some() {
                self.touch(tie);
                self.tell(verdict, tie, What::Deleted);
            } else {
                self.remove(tie, verdict);
            }
        }
    }

    fn note_changes(&mut self, rows: &[(Fid, Net)], verdict: &mut Verdict) {
        for (fid, _) in rows.iter().filter(|(_, net)| net.changed || net.written) {
            let Some(tie) = self.ties.by_fid(fid) else { continue };
            if self.ties.get(tie).standing.is_alive() {
                self.ties.get_mut(tie).changed = self.session.is_some();
                self.touch(tie);
                self.tell(verdict, tie, What::Changed);
            }
        }
    }
}
