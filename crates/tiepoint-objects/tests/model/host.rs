//! A layer as QGIS has it: rows of a store, an edit buffer on top, an undo stack, and signals.
use crate::kind::{Fids, Kind};
use std::collections::{BTreeMap, BTreeSet};
use tiepoint_core::ObjectId;

/// A row; which object it stands for is its secret, which no tracker ever sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) secret: u64,
    pub(crate) id: Option<ObjectId>,
    pub(crate) version: u32,
    /// What filters go by.
    pub(crate) mark: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Signal {
    EditingStarted,
    Added(i64),
    Deleted(i64),
    Identity(i64, Option<ObjectId>),
    Changed(i64),
    /// The step that ends now is neither undone nor redone.
    Anew,
    Step,
    CommittedRemoved(Vec<i64>),
    CommittedAdded(Vec<i64>),
    CommitEnded {
        success: bool,
        editing: bool,
    },
    RolledBack {
        editing: bool,
    },
    DataChanged,
    Field(bool),
}

/// One entry of the undo stack, or of an open edit command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Edit {
    Add { fid: i64, row: Row },
    Delete { fid: i64, row: Option<Row> },
    Id { fid: i64, from: Option<ObjectId>, to: Option<ObjectId> },
    Touch { fid: i64, from: u32, to: u32 },
    Field { is: bool },
}

#[derive(Debug, Default)]
pub(crate) struct Buffer {
    pub(crate) added: BTreeMap<i64, Row>,
    pub(crate) deleted: BTreeSet<i64>,
    pub(crate) ids: BTreeMap<i64, Option<ObjectId>>,
    pub(crate) versions: BTreeMap<i64, u32>,
    pub(crate) stack: Vec<Vec<Edit>>,
    pub(crate) index: usize,
    pub(crate) open: Vec<Edit>,
    pub(crate) depth: usize,
    /// Whether a commit failed after it renumbered rows: what is redone goes by names that are others'.
    pub(crate) renumbered: bool,
    /// What a transaction started from.
    pub(crate) before: BTreeMap<i64, Row>,
    pub(crate) counter_before: i64,
}

#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(crate) struct Host {
    pub(crate) kind: Kind,
    pub(crate) store: BTreeMap<i64, Row>,
    pub(crate) counter: i64,
    next_temporary: i64,
    /// The highest fid that was ever given, and whether any below it is given again.
    highest: i64,
    reuses: bool,
    pub(crate) buffer: Option<Buffer>,
    /// Whether there is an identity field, as the layer shows it and as the store has it.
    pub(crate) field: bool,
    pub(crate) stored_field: bool,
    /// Rows whose marks this divides do not show.
    pub(crate) filter: Option<u64>,
    /// Rows are to be numbered anew when the commit has settled.
    pub(crate) shifts: bool,
    pub(crate) signals: Vec<Signal>,
    next_secret: u64,
    /// What rows carried when they went, the last one last.
    pub(crate) epitaphs: Vec<Row>,
    /// Rows that came since the last step ended.
    pub(crate) arrivals: Vec<i64>,
}

impl Host {
    pub(crate) fn new(kind: Kind, rows: u64) -> Self {
        let mut host = Self {
            kind,
            store: BTreeMap::new(),
            counter: 0,
            next_temporary: -1,
            highest: 0,
            reuses: true,
            buffer: None,
            field: true,
            stored_field: true,
            filter: None,
            shifts: false,
            signals: Vec::new(),
            next_secret: 0,
            epitaphs: Vec::new(),
            arrivals: Vec::new(),
        };
        for _ in 0..rows {
            let row = host.fresh_row(Some(ObjectId::mint()));
            host.insert(row);
        }
        if kind.negative {
            let row = host.fresh_row(Some(ObjectId::mint()));
            host.store.insert(-3_000_000, row);
        }
        host
    }

    pub(crate) fn fresh_secret(&mut self) -> u64 {
        self.next_secret += 1;
        self.next_secret
    }

    pub(crate) fn fresh_row(&mut self, id: Option<ObjectId>) -> Row {
        let secret = self.fresh_secret();
        Row { secret, id: id.filter(|_| self.field), version: 0, mark: secret }
    }

    pub(crate) fn insert(&mut self, row: Row) -> i64 {
        let highest = self.store.last_key_value().map_or(-1, |(fid, _)| *fid);
        let fid = match self.kind.fids {
            Fids::Counted | Fids::Places => {
                self.counter += 1;
                self.counter
            }
            Fids::Highest if !self.reuses => highest.max(self.highest) + 1,
            Fids::Highest | Fids::Positions { .. } => highest.max(-1) + 1,
        };
        self.highest = self.highest.max(fid);
        self.store.insert(fid, row);
        fid
    }

    pub(crate) fn is_editing(&self) -> bool {
        self.buffer.is_some()
    }

    pub(crate) fn in_command(&self) -> bool {
        self.buffer.as_ref().is_some_and(|it| it.depth > 0)
    }

    pub(crate) fn is_clean(&self) -> bool {
        self.buffer.as_ref().is_none_or(|it| it.index == 0 && it.open.is_empty())
    }

    fn shows(&self, row: &Row) -> bool {
        self.filter.is_none_or(|it| !row.mark.is_multiple_of(it))
    }

    pub(crate) fn view(&self) -> BTreeMap<i64, Row> {
        let stored = self.store.keys().filter_map(|fid| Some((*fid, self.row(*fid)?)));
        let added = self.buffer.iter().flat_map(|it| it.added.keys());
        stored.chain(added.filter_map(|fid| Some((*fid, self.row(*fid)?)))).collect()
    }

    pub(crate) fn row(&self, fid: i64) -> Option<Row> {
        let row = self.whole_row(fid)?;
        Some(Row { id: row.id.filter(|_| self.field), ..row })
    }

    pub(crate) fn whole_row(&self, fid: i64) -> Option<Row> {
        match &self.buffer {
            Some(buffer) => match buffer.added.get(&fid) {
                Some(row) => Some(*row),
                None => self.stored_row(fid, buffer),
            },
            None => self.store.get(&fid).copied().filter(|row| self.shows(row)),
        }
    }

    fn stored_row(&self, fid: i64, buffer: &Buffer) -> Option<Row> {
        let row = self.store.get(&fid).filter(|row| self.shows(row))?;
        let row = Row {
            id: buffer.ids.get(&fid).copied().unwrap_or(row.id),
            version: buffer.versions.get(&fid).copied().unwrap_or(row.version),
            ..*row
        };
        (!buffer.deleted.contains(&fid)).then_some(row)
    }

    pub(crate) fn hides(&self, secret: u64) -> bool {
        let is_deleted = |fid| self.buffer.as_ref().is_some_and(|it| it.deleted.contains(fid));
        let mut rows = self.store.iter();
        rows.any(|(fid, row)| row.secret == secret && !self.shows(row) && !is_deleted(fid))
    }

    pub(crate) fn start(&mut self) {
        if self.buffer.is_none() {
            let before = self.store.clone();
            let counter_before = self.counter;
            self.buffer = Some(Buffer { before, counter_before, ..Buffer::default() });
        }
        self.signals.push(Signal::EditingStarted);
    }

    pub(crate) fn add_copy(&mut self, row: Row) {
        self.reuses = false;
        self.add(row);
        self.reuses = true;
    }

    pub(crate) fn add(&mut self, row: Row) {
        let fid = if self.kind.passthrough.is_some() {
            let fid = self.insert(row);
            self.store.remove(&fid);
            fid
        } else {
            self.next_temporary -= 1;
            self.next_temporary
        };
        self.arrivals.push(fid);
        self.push(Edit::Add { fid, row });
    }

    pub(crate) fn delete(&mut self, fid: i64) {
        self.push(Edit::Delete { fid, row: self.whole_row(fid) });
    }

    pub(crate) fn write(&mut self, fid: i64, to: Option<ObjectId>) {
        if let Some(row) = self.row(fid).filter(|_| self.field) {
            self.push(Edit::Id { fid, from: row.id, to });
        }
    }

    pub(crate) fn touch(&mut self, fid: i64) {
        if let Some(row) = self.row(fid) {
            self.push(Edit::Touch { fid, from: row.version, to: row.version + 1 });
        }
    }

    pub(crate) fn has_no_ids(&self) -> bool {
        let is_empty = |it: &Buffer| it.added.is_empty() && it.ids.is_empty();
        !self.stored_field && self.buffer.as_ref().is_none_or(is_empty)
    }

    fn edits(&self) -> impl Iterator<Item = &Edit> {
        self.buffer.iter().flat_map(|it| it.stack.iter().flatten().chain(&it.open))
    }

    /// Whether the field came or went in this session, so that undo has it do so again.
    pub(crate) fn field_changed(&self) -> bool {
        !self.field || self.edits().any(|it| matches!(it, Edit::Field { .. }))
    }

    /// Whether rows went from the store in this session otherwise than by its own transaction.
    pub(crate) fn rows_went(&self) -> bool {
        let is_gone = |row: &Row| !self.store.values().any(|it| it.secret == row.secret);
        let before = self.buffer.iter().flat_map(|it| it.before.values());
        self.kind.passthrough.is_none() && before.into_iter().any(is_gone)
    }

    /// Whether ids were written in this session.
    pub(crate) fn ids_written(&self) -> bool {
        self.edits().any(|it| matches!(it, Edit::Id { .. }))
    }

    pub(crate) fn set_field(&mut self, is: bool) {
        self.push(Edit::Field { is });
    }

    pub(crate) fn is_deleted(&self, secret: u64) -> bool {
        let Some(buffer) = &self.buffer else { return false };
        buffer.deleted.iter().any(|fid| self.store.get(fid).is_some_and(|row| row.secret == secret))
    }

    pub(crate) fn has_no_history(&self) -> bool {
        self.buffer.as_ref().is_none_or(|it| it.stack.is_empty() && it.open.is_empty())
    }

    pub(crate) fn stored(&self) -> &BTreeMap<i64, Row> {
        &self.store
    }

    pub(crate) fn stored_mut(&mut self) -> &mut BTreeMap<i64, Row> {
        &mut self.store
    }
}
