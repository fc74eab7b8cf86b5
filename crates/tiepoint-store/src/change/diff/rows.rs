//! Rows of one layer that meet their like.
use super::layers::{common_fields, unmatched};
use super::{DiffNote, DiffOptions, Difference, MatchBy};
use crate::{Features, ReadControl, Result};
use std::collections::HashMap;
use tiepoint_core::{
    Change, ChangeSet, Feature, Fid, FieldNames, Image, Layer, ObjectId, Query, Target, Value,
};

/// How many rows pass between two looks at whether to go on.
const BETWEEN_LOOKS: u32 = 256;

/// One layer that is compared: it is given rows of both sides, in any order, and tells what differs.
#[derive(Debug)]
pub struct LayerDiff {
    name: String,
    fields: FieldNames,
    match_by: MatchBy,
    /// Where the key is among the fields.
    key: Option<usize>,
    /// Rows that have not met their like.
    before: HashMap<RowKey, Feature>,
    after: HashMap<RowKey, Feature>,
    /// Whether rows that met had one fid, so far.
    same_fids: bool,
    largest_fid: i64,
    without_key: u64,
    changes: ChangeSet,
}

/// What a row is known by on both sides.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum RowKey {
    Id(ObjectId),
    Fid(Fid),
    Value(Value),
}

impl LayerDiff {
    pub(super) fn of(
        before: &Layer,
        after: &Layer,
        options: &DiffOptions,
        notes: &mut Vec<DiffNote>,
    ) -> Option<Self> {
        let name = before.name().to_owned();
        if let Some(reason) = unmatched(before, after, &options.match_by) {
            notes.push(DiffNote::NotMatched { layer: name, reason });
            return None;
        }
        let fields = common_fields(before, after, options, notes);
        let key = match &options.match_by {
            MatchBy::Key(key) => fields.iter().position(|it| it == key),
            MatchBy::Id | MatchBy::Fid => None,
        };
        if let (MatchBy::Key(key), None) = (&options.match_by, key) {
            let reason = format!("`{key}` is not compared, so it cannot tell rows apart");
            notes.push(DiffNote::NotMatched { layer: name, reason });
            return None;
        }
        Some(Self {
            name,
            fields: fields.into(),
            match_by: options.match_by.clone(),
            key,
            before: HashMap::new(),
            after: HashMap::new(),
            same_fids: true,
            largest_fid: 0,
            without_key: 0,
            changes: ChangeSet::new(),
        })
    }

    /// What tells that two rows are of one feature.
    #[must_use]
    pub fn match_by(&self) -> &MatchBy {
        &self.match_by
    }

    /// The layer's name, in both stores.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The fields that are compared: every row that is given has these, in this order.
    #[must_use]
    pub fn fields(&self) -> &FieldNames {
        &self.fields
    }

    /// What either side is asked for.
    #[must_use]
    pub fn query(&self) -> Query {
        Query::layer(&self.name).fields(self.fields.iter().cloned())
    }

    /// Takes a row of the earlier side.
    pub fn before(&mut self, row: Feature) {
        let Some(key) = self.key_of(&row) else { return };
        if let Some(Fid::Int(fid)) = row.fid {
            self.largest_fid = self.largest_fid.max(fid);
        }
        match self.after.remove(&key) {
            Some(after) => self.pair(&row, &after),
            None if self.before.contains_key(&key) => self.without_key += 1,
            None => drop(self.before.insert(key, row)),
        }
    }

    /// Takes a row of the later side.
    pub fn after(&mut self, row: Feature) {
        let Some(key) = self.key_of(&row) else { return };
        match self.before.remove(&key) {
            Some(before) => self.pair(&before, &row),
            None if self.after.contains_key(&key) => self.without_key += 1,
            None => drop(self.after.insert(key, row)),
        }
    }

    fn key_of(&mut self, row: &Feature) -> Option<RowKey> {
        let key = match (&self.match_by, self.key) {
            (MatchBy::Id, _) => row.id.map(RowKey::Id),
            (MatchBy::Key(_), Some(at)) => {
                row.values()[at].clone().filter(|it| !it.is_null()).map(RowKey::Value)
            }
            (MatchBy::Fid | MatchBy::Key(_), _) => row.fid.clone().map(RowKey::Fid),
        };
        self.without_key += u64::from(key.is_none());
        key
    }

    /// Whether two rows are of one feature, without a search.
    fn are_one(&self, before: &Feature, after: &Feature) -> bool {
        match (&self.match_by, self.key) {
            (MatchBy::Id, _) => before.id.is_some() && before.id == after.id,
            (MatchBy::Key(_), Some(at)) => {
                let value = &before.values()[at];
                value.as_ref().is_some_and(|it| !it.is_null()) && *value == after.values()[at]
            }
            (MatchBy::Fid | MatchBy::Key(_), _) => before.fid.is_some() && before.fid == after.fid,
        }
    }

    fn pair(&mut self, before: &Feature, after: &Feature) {
        self.same_fids &= before.fid == after.fid;
        if before.values() == after.values() {
            return;
        }
        let (earlier, later) = (Image::of(before), Image::of(after));
        let change = Change::between(Some(&earlier), Some(&later));
        if let (Some(change), Some(target)) = (change, self.target(before)) {
            self.record(target, change);
        }
    }

    /// What a row is known by in the changes.
    fn target(&self, row: &Feature) -> Option<Target> {
        match self.match_by {
            MatchBy::Id => row.id.map(Target::Id),
            MatchBy::Fid | MatchBy::Key(_) => row.fid.clone().map(Target::Fid),
        }
    }

    fn record(&mut self, target: Target, change: Change) {
        // a row that shares its name with another was counted when it came
        if self.changes.record(&self.name, &self.fields, target, change).is_err() {
            self.without_key += 1;
        }
    }

    /// What has not met its like went or came.
    pub(super) fn finish(mut self, difference: &mut Difference) {
        for (_, row) in std::mem::take(&mut self.before) {
            let Some(target) = self.target(&row) else { continue };
            self.record(target, Change::Delete(Image::of(&row)));
        }
        let mut new: Vec<Feature> = std::mem::take(&mut self.after).into_values().collect();
        new.sort_by(|a, b| a.fid.cmp(&b.fid));
        for row in new {
            let mut image = Image::of(&row);
            let target = if matches!(self.match_by, MatchBy::Key(_)) {
                image.fid = None;
                self.largest_fid = self.largest_fid.saturating_add(1);
                Some(Target::Fid(Fid::Int(self.largest_fid)))
            } else {
                self.target(&row)
            };
            if let Some(target) = target {
                self.record(target, Change::Insert(image));
            }
        }
        if self.without_key > 0 {
            let (layer, rows) = (self.name.clone(), self.without_key);
            difference.notes.push(DiffNote::RowsWithoutKey { layer, rows });
        }
        for (layer, changes) in self.changes.layers() {
            for (target, change) in changes.iter() {
                let (target, change) = (target.clone(), change.clone());
                let recorded = difference.changes.record(layer, changes.fields(), target, change);
                debug_assert!(recorded.is_ok(), "each layer is compared once");
            }
        }
    }
}

impl LayerDiff {
    /// Two readings side by side: rows that are of one feature mostly come at the same time.
    ///
    /// # Errors
    ///
    /// When a row cannot be read, and when the control says stop.
    pub fn read_both(
        &mut self,
        mut before: Features<'_>,
        mut after: Features<'_>,
        control: &ReadControl,
    ) -> Result<()> {
        let (mut first, mut second) = (before.next().transpose()?, after.next().transpose()?);
        let mut passed = 0_u32;
        loop {
            passed = passed.wrapping_add(1);
            if passed.is_multiple_of(BETWEEN_LOOKS) {
                control.check()?;
            }
            let (goes_on, comes_on) = match (&first, &second) {
                (None, None) => return Ok(()),
                (Some(_), None) => (true, false),
                (None, Some(_)) => (false, true),
                (Some(a), Some(b)) if self.are_one(a, b) => {
                    if let (Some(Fid::Int(fid)), true) = (&a.fid, self.key.is_some()) {
                        self.largest_fid = self.largest_fid.max(*fid);
                    }
                    self.pair(a, b);
                    first = before.next().transpose()?;
                    second = after.next().transpose()?;
                    continue;
                }
                (Some(a), Some(b)) => self.who_goes_first(a, b),
            };
            if goes_on && let Some(row) = std::mem::replace(&mut first, before.next().transpose()?)
            {
                self.before(row);
            }
            if comes_on && let Some(row) = std::mem::replace(&mut second, after.next().transpose()?)
            {
                self.after(row);
            }
        }
    }

    /// Which of two rows that are not of one feature has no like on the other side, as it seems:
    /// the one whose fid the other side has passed, where both number alike.
    fn who_goes_first(&self, before: &Feature, after: &Feature) -> (bool, bool) {
        match (&before.fid, &after.fid) {
            (Some(a), Some(b)) if self.same_fids => (a <= b, b <= a),
            _ => (true, true),
        }
    }
}
