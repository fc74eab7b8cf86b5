//! From what rows say to what they said before: entries are undone, the newest first, and what each
//! of them did comes to light on the way.
use super::entries::{Entry, Lineages, Note};
use super::lineage::{Lineage, Said};
use std::collections::HashMap;
use std::mem;
use tiepoint_core::{Change, FieldChange, Target, Value};

/// What a row was at some moment.
#[derive(Debug)]
enum Moment {
    /// It was there and said this.
    There(Said),
    /// It was not there.
    Away,
    /// It was not there, although it came right afterwards: a trigger that fired before ours made it
    /// go, so its going is noted before its coming.
    Unborn,
}

/// What a change did to a feature.
#[derive(Debug)]
pub(super) struct Done {
    pub(super) seq: i64,
    pub(super) at: i64,
    pub(super) stamp: u32,
    pub(super) layer: u32,
    pub(super) fid: i64,
    pub(super) target: Target,
    pub(super) change: Change,
}

/// Rows by lineage and key, as they were at the moment that has been got back to.
pub(super) struct Rewind<'l> {
    lineages: &'l Lineages,
    rows: HashMap<(u32, i64), Moment>,
}

impl<'l> Rewind<'l> {
    pub(super) fn new(lineages: &'l Lineages) -> Self {
        Self { lineages, rows: HashMap::new() }
    }

    /// Follows a row, which is not there until something is said of it.
    pub(super) fn follow(&mut self, layer: u32, fid: i64) {
        self.rows.insert((layer, fid), Moment::Away);
    }

    /// The keys of the rows that are followed, by lineage, ascending.
    pub(super) fn followed(&self) -> HashMap<u32, Vec<i64>> {
        let mut followed: HashMap<u32, Vec<i64>> = HashMap::new();
        for (layer, fid) in self.rows.keys() {
            followed.entry(*layer).or_default().push(*fid);
        }
        for fids in followed.values_mut() {
            fids.sort_unstable();
        }
        followed
    }

    /// Says what a row is now, if it is followed.
    pub(super) fn is_now(&mut self, layer: u32, fid: i64, said: Said) {
        if let Some(row) = self.rows.get_mut(&(layer, fid)) {
            *row = Moment::There(said);
        }
    }

    /// Undoes an entry; `done` gets what it did, the last first.
    pub(super) fn undo(&mut self, entry: Entry, done: &mut Vec<Done>) {
        let Some(lineage) = self.lineages.get(&entry.layer) else { return };
        let Entry { seq, layer, at, stamp, note } = entry;
        let mut tell = |fid: i64, target: Target, change: Change| {
            done.push(Done { seq, at, stamp, layer, fid, target, change });
        };
        match note {
            Note::Came(fids) => {
                for fid in fids.rev() {
                    self.undo_coming(layer, fid, &mut tell);
                }
            }
            Note::Was(fid, values) => {
                if let Some(Moment::There(row)) = self.rows.get_mut(&(layer, fid)) {
                    undo_update(lineage, fid, row, values, &mut tell);
                }
            }
            Note::WasAll(fid, said) => {
                if let Some(Moment::There(row)) = self.rows.get_mut(&(layer, fid)) {
                    let values = said.values.into_iter().enumerate();
                    let values = values.filter_map(|(at, value)| Some((at, value?))).collect();
                    undo_update(lineage, fid, row, values, &mut tell);
                }
            }
            Note::Gone(fid, said) => self.undo_going(layer, fid, said, &mut tell),
            Note::Moved(old, new, said) => {
                self.undo_coming(layer, new, &mut tell);
                self.undo_going(layer, old, said, &mut tell);
            }
            Note::Commit(..) | Note::Reset(..) | Note::Nothing => {}
        }
    }

    fn undo_coming(&mut self, layer: u32, fid: i64, tell: &mut impl FnMut(i64, Target, Change)) {
        let Some(row) = self.rows.get_mut(&(layer, fid)) else { return };
        match mem::replace(row, Moment::Away) {
            Moment::There(said) => tell(fid, said.target(fid), Change::Insert(said.image(fid))),
            Moment::Away | Moment::Unborn => *row = Moment::Unborn,
        }
    }

    /// A row that is there afterwards has not gone.
    fn undo_going(
        &mut self,
        layer: u32,
        fid: i64,
        said: Said,
        tell: &mut impl FnMut(i64, Target, Change),
    ) {
        let Some(row) = self.rows.get_mut(&(layer, fid)) else { return };
        match row {
            Moment::There(_) => {}
            Moment::Unborn => *row = Moment::Away,
            Moment::Away => {
                tell(fid, said.target(fid), Change::Delete(said.image(fid)));
                *row = Moment::There(said);
            }
        }
    }
}

/// Gives a row the values that it had before. Where its key became another, another object took its
/// place.
fn undo_update(
    lineage: &Lineage,
    fid: i64,
    row: &mut Said,
    values: Vec<(usize, Value)>,
    tell: &mut impl FnMut(i64, Target, Change),
) {
    let key = lineage.key_field();
    let changes_key = values
        .iter()
        .any(|(at, value)| Some(*at) == key && row.values[*at].as_ref() != Some(value));
    let after = changes_key.then(|| row.clone());
    let mut changes = Vec::new();
    for (field, before) in values {
        let now = &mut row.values[field];
        if now.as_ref() != Some(&before) {
            let after = now.replace(before.clone());
            changes.push(FieldChange { field, before: Some(before), after });
        }
    }
    if let Some(after) = after {
        row.id = lineage.named(&row.values);
        if row.id != after.id {
            tell(fid, after.target(fid), Change::Insert(after.image(fid)));
            tell(fid, row.target(fid), Change::Delete(row.image(fid)));
            return;
        }
    }
    if !changes.is_empty() {
        tell(fid, row.target(fid), Change::Update(changes));
    }
}
