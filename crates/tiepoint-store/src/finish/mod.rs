//! Finishing a question in memory: whatever a store left gets the same answer here.
mod output;
mod sort;

use crate::{Features, Question, Rest, Result, StoreError};
use std::collections::HashSet;
use std::sync::Arc;
use tiepoint_core::{Bound, Feature, InvalidGeometries, Value};
use tiepoint_spatial::validity;

pub use sort::page_mark;

type Rows<'a> = Box<dyn Iterator<Item = Result<Feature>> + 'a>;

impl Question {
    /// Does with rows what the store left to be done: decides, sorts, cuts and computes.
    ///
    /// Rows come as [`Question::comes_as_output`] says, by ascending fid unless they are sorted.
    /// Streams, unless it has to sort or to tell equal features: then it holds the features that
    /// may still be of use.
    ///
    /// # Errors
    ///
    /// An expression that cannot be evaluated in memory. Later, feature by feature: what the rows
    /// say, and geometries that are refused.
    pub fn finish<'a>(
        &self,
        rest: &Rest,
        rows: impl Iterator<Item = Result<Feature>> + 'a,
    ) -> Result<Features<'a>> {
        if !self.comes_as_output(rest) {
            return self.finish_whole(rest, rows);
        }
        let schema = Arc::clone(self.output().schema());
        Ok(if rest.cut {
            Features::new(schema, self.cut(Box::new(rows)))
        } else {
            Features::new(schema, rows)
        })
    }

    /// The same for rows that have the layer's schema, whatever is left to be done.
    ///
    /// # Errors
    ///
    /// As [`Question::finish`].
    pub fn finish_whole<'a>(
        &self,
        rest: &Rest,
        rows: impl Iterator<Item = Result<Feature>> + 'a,
    ) -> Result<Features<'a>> {
        let mut rows: Rows<'a> = Box::new(rows);
        if rest.filter != Bound::TRUE {
            rows = self.decided(&rest.filter, rows)?;
        }
        if self.invalid() != InvalidGeometries::Keep {
            rows = self.valid(rows);
        }
        if rest.after {
            rows = sort::after_mark(self, rows)?;
        }
        if rest.sort {
            rows = sort::sorted(self, rows)?;
        }
        rows = output::made(self, rows)?;
        if self.distinct() {
            rows = distinct(rows);
        }
        if rest.cut {
            rows = self.cut(rows);
        }
        Ok(Features::new(Arc::clone(self.output().schema()), rows))
    }

    fn decided<'a>(&self, filter: &Bound, rows: Rows<'a>) -> Result<Rows<'a>> {
        let filter = self.evaluator(filter)?;
        Ok(Box::new(rows.filter(move |row| row.as_ref().map_or(true, |it| filter.is_true(it)))))
    }

    /// Passes over geometries that are not valid, or stops at the first.
    fn valid<'a>(&self, rows: Rows<'a>) -> Rows<'a> {
        let layer = self.layer().name().to_owned();
        let invalid = self.invalid();
        Box::new(rows.filter_map(move |row| {
            let Ok(feature) = &row else { return Some(row) };
            match (feature.geometry().and_then(validity::fault), invalid) {
                (None, _) => Some(row),
                (Some(_), InvalidGeometries::Skip | InvalidGeometries::Keep) => None,
                (Some(fault), InvalidGeometries::Refuse) => {
                    Some(Err(StoreError::InvalidGeometry {
                        layer: layer.clone(),
                        feature: crate::FeatureLabel::of(feature).to_string(),
                        reason: fault.to_string(),
                    }))
                }
            }
        }))
    }

    fn cut<'a>(&self, rows: Rows<'a>) -> Rows<'a> {
        let whole = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
        Box::new(rows.skip(whole(self.offset())).take(self.limit().map_or(usize::MAX, whole)))
    }
}

/// The first of all features that have the same values, without its ids.
fn distinct(rows: Rows<'_>) -> Rows<'_> {
    let mut seen: HashSet<Vec<Option<Value>>> = HashSet::new();
    Box::new(rows.filter_map(move |row| match row {
        Ok(feature) if seen.insert(feature.values().to_vec()) => {
            Some(Ok(feature.with_id(None).with_fid(None)))
        }
        Ok(_) => None,
        Err(error) => Some(Err(error)),
    }))
}
