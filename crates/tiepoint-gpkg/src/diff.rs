//! What differs between two files: rows that are word for word the same are not even decoded.
use crate::connection::Lease;
use crate::error::Site;
use crate::read;
use crate::reading::read_feature;
use crate::select::Select;
use crate::store::GpkgStore;
use rusqlite::fallible_streaming_iterator::FallibleStreamingIterator;
use rusqlite::{CachedStatement, Row, Rows, params_from_iter};
use std::cmp::Ordering;
use tiepoint_core::{Feature, Identity, Query};
use tiepoint_store::{DiffOptions, Difference, LayerDiff, MatchBy, ReadControl, Result, diff_by};

/// How many rows pass between two looks at whether to go on.
const BETWEEN_LOOKS: u32 = 1_024;

/// The changes that make the later file of the earlier: as [`tiepoint_store::diff`], and faster
/// where both have the same rows by the same fids.
///
/// Each file is read once, from one committed state, in the order of its rows. Neither is changed,
/// and nothing is left beside them. A row that has the same bytes in both is passed over; that it
/// has an id that others spoilt does not show then.
///
/// ```
/// use tiepoint_gpkg::{GpkgStore, diff};
/// # let folder = tempfile::tempdir()?;
/// # let [before, after] = ["a", "b"].map(|name| folder.path().join(name));
/// let (before, after) = (GpkgStore::create(before)?, GpkgStore::create(after)?);
/// assert!(diff(&before, &after, &Default::default())?.changes.is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// As [`tiepoint_store::diff`].
pub fn diff(before: &GpkgStore, after: &GpkgStore, options: &DiffOptions) -> Result<Difference> {
    let (Some(earlier), Some(later)) = (before.reading()?, after.reading()?) else {
        return tiepoint_store::diff(before, after, options);
    };
    let layers = |lease: &Lease| {
        let link = lease.link();
        link.catalogue.borrow_mut().layers(&link.connection, lease.site())
    };
    diff_by(layers(&earlier)?, layers(&later)?, options, |layer| {
        let (a, b) = (Side::of(&earlier, &layer.query())?, Side::of(&later, &layer.query())?);
        if a.keeps_step_with(&b, layer.match_by()) {
            return by_rows(layer, &a, &b, &options.control);
        }
        let read = |side: &Side<'_>, lease| read::read_within(lease, side.site, &layer.query());
        let (before, after) = (read(&a, earlier.link())?, read(&b, later.link())?);
        layer.read_both(before, after, &options.control)
    })
}

/// One file's rows of a layer.
struct Side<'s> {
    lease: &'s Lease,
    site: &'s Site,
    select: Select,
}

impl<'s> Side<'s> {
    fn of(lease: &'s Lease, query: &Query) -> Result<Self> {
        let site = lease.site();
        Ok(Self { lease, site, select: read::asked(lease.link(), site, query, None)? })
    }

    /// Whether rows can be told apart by their fids before they are decoded.
    fn keeps_step_with(&self, other: &Self, match_by: &MatchBy) -> bool {
        let (mine, theirs) = (&self.select.table, &other.select.table);
        let identities = (&mine.layer.definition.identity, &theirs.layer.definition.identity);
        let names_alike = match identities {
            (Identity::NaturalKey { .. }, _) | (_, Identity::NaturalKey { .. }) => {
                identities.0 == identities.1
            }
            _ => true,
        };
        mine.key_sql().is_some()
            && theirs.key_sql().is_some()
            && names_alike
            && !matches!(match_by, MatchBy::Key(_))
    }

    fn feature(&self, row: &Row<'_>) -> Result<Feature> {
        read_feature(self.site, &self.select.table, &self.select.shape, row)
    }

    fn statement(&self) -> Result<CachedStatement<'s>> {
        let prepared = self.lease.connection().prepare_cached(&self.select.statement.sql);
        prepared.map_err(self.site.failed(&self.select.doing()))
    }

    fn rows<'r>(&self, statement: &'r mut CachedStatement<'s>) -> Result<Rows<'r>> {
        let rows = statement.query(params_from_iter(&self.select.statement.parameters));
        rows.map_err(self.site.failed(&self.select.doing()))
    }

    fn advance(&self, rows: &mut Rows<'_>) -> Result<()> {
        rows.advance().map_err(self.site.failed(&self.select.doing()))
    }
}

/// Walks both by ascending fid.
fn by_rows(
    layer: &mut LayerDiff,
    before: &Side<'_>,
    after: &Side<'_>,
    control: &ReadControl,
) -> Result<()> {
    let (mut old, mut new) = (before.statement()?, after.statement()?);
    let (mut old, mut new) = (before.rows(&mut old)?, after.rows(&mut new)?);
    before.advance(&mut old)?;
    after.advance(&mut new)?;
    let mut passed = 0_u32;
    loop {
        passed = passed.wrapping_add(1);
        if passed.is_multiple_of(BETWEEN_LOOKS) {
            control.check()?;
        }
        let order = match (old.get(), new.get()) {
            (None, None) => return Ok(()),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(a), Some(b)) => fid(a).cmp(&fid(b)),
        };
        if order == Ordering::Equal && are_same(old.get(), new.get()) {
            before.advance(&mut old)?;
            after.advance(&mut new)?;
            continue;
        }
        if let Some(row) = old.get().filter(|_| order.is_le()) {
            layer.before(before.feature(row)?);
        }
        if let Some(row) = new.get().filter(|_| order.is_ge()) {
            layer.after(after.feature(row)?);
        }
        if order.is_le() {
            before.advance(&mut old)?;
        }
        if order.is_ge() {
            after.advance(&mut new)?;
        }
    }
}

fn fid(row: &Row<'_>) -> Option<i64> {
    row.get_ref(0).ok()?.as_i64().ok()
}

/// Whether two rows have the same bytes in all columns, their object ids included.
fn are_same(before: Option<&Row<'_>>, after: Option<&Row<'_>>) -> bool {
    let (Some(before), Some(after)) = (before, after) else { return false };
    (1..)
        .map_while(|at| Some((before.get_ref(at).ok()?, after.get_ref(at).ok()?)))
        .all(|(a, b)| a == b)
}
