//! Changes that wait for one another, to be made many at once.
use super::Writer;
use crate::changes::Changes;
use crate::transaction::marked;
use std::sync::Arc;
use tiepoint_core::{Fid, Target, Value};
use tiepoint_store::{FeatureLabel, Result, WriteMode, Written};

impl Writer<'_> {
    pub(super) fn may_wait(&self, target: &Target) -> bool {
        self.mode == WriteMode::Changes && Changes::may_wait(&self.table, target)
    }

    pub(super) fn put_off(
        &mut self,
        target: Target,
        values: Option<Vec<Option<Value>>>,
    ) -> Result<()> {
        if self.changes.is_full() {
            self.settle_changes()?;
        }
        self.settle_for(&target)?;
        self.changes.add(target, values);
        Ok(())
    }

    /// Makes what waits where a change of the same row does.
    pub(super) fn settle_for(&mut self, target: &Target) -> Result<()> {
        if self.changes.concern(target) { self.settle_changes() } else { Ok(()) }
    }

    pub(super) fn settle_changes(&mut self) -> Result<()> {
        let changes = std::mem::take(&mut self.changes);
        if changes.waiting.is_empty() {
            return Ok(());
        }
        self.pause_load()?;
        let table = Arc::clone(&self.table);
        let count = changes.waiting.len() as u64;
        let missed = match marked(self.link, |link| changes.make(link, self.site, &table)) {
            Ok(missed) => missed,
            // which of them it is, the server does not say
            Err(failure) if failure.code().is_some() => self.one_by_one(changes)?,
            Err(failure) => {
                return Err(self.refused(failure, None, &FeatureLabel::of_row(Fid::Int(0))));
            }
        };
        self.missed += missed;
        self.settled += count - missed;
        Ok(())
    }

    /// Makes changes in their order until one is refused; then none is made.
    fn one_by_one(&mut self, changes: Changes) -> Result<u64> {
        let failed = || self.site.failed("set a mark");
        self.link.batch("SAVEPOINT tiepoint_changes").map_err(failed())?;
        let mut missed = 0;
        let table = Arc::clone(&self.table);
        for (target, values) in changes.into_rows(&table) {
            let label = self.label(&target);
            let made = match values {
                Some(values) => self.update_row(&target, values, &label),
                None => self.delete_row(&target),
            };
            match made {
                Ok(Written::Missing) => missed += 1,
                Ok(_) => {}
                Err(error) => {
                    let back = "ROLLBACK TO tiepoint_changes; RELEASE tiepoint_changes";
                    *self.broken |= self.link.batch(back).is_err();
                    return Err(error);
                }
            }
        }
        let released = self.link.batch("RELEASE tiepoint_changes");
        released.map_err(self.site.failed("release a mark"))?;
        Ok(missed)
    }
}
