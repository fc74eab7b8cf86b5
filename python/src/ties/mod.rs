//! The ties of one layer of numbered rows, for whoever translates the signals of a program such as
//! QGIS: events in, verdicts out, objects by features.
mod carried;
mod handle;
mod hearing;
mod inner;
mod objects;
mod policy;
mod rows;
mod verdict;

pub(crate) use carried::{is_object_id, mint};
pub(crate) use verdict::{Transition, Verdict};

use crate::error::not_tied;
use crate::wait::{locked, wait};
use carried::{Spelling, asked_id};
use inner::Inner;
use pyo3::prelude::*;
use std::sync::Mutex;
use tiepoint::Fid;
use tiepoint::objects::{Event, Registry, Scope, TieRef, When};
use verdict::{Wanted, int, named};

/// The ties of one layer of numbered rows, for who translates the signals of a program: events in,
/// verdicts out, objects by features. `tiepoint.qgis` does it for QGIS.
///
/// What identity fields say is told as it is: a UUID in any form, a natural key where there is a
/// namespace; null, and what spells no id, is no id. ``INT64_MIN`` is the fid of a feature that was
/// never in a layer. Numbers of ties are good until the next event.
#[pyclass(frozen, module = "tiepoint")]
pub(crate) struct LayerTies {
    inner: Mutex<Inner>,
    spelling: Spelling,
    /// Makes an object: called with a feature or `None`, the fid, and the object's id.
    make: Py<PyAny>,
}

/// What QGIS calls features that were never in a layer.
const NO_FID: i64 = i64::MIN;

type Said = PyResult<Option<Verdict>>;

#[pymethods]
impl LayerTies {
    #[new]
    #[pyo3(signature = (
        make, *, fids="stable", namespace=None, duplicates="fork", rewritten="restore",
    ))]
    fn new(
        make: Py<PyAny>,
        fids: &str,
        namespace: Option<&str>,
        duplicates: &str,
        rewritten: &str,
    ) -> PyResult<Self> {
        let spelling = Spelling::new(namespace)?;
        let derived = matches!(spelling, Spelling::Key(_));
        let mut registry = Registry::default();
        let layer = registry.add_layer(policy::read(fids, derived, duplicates, rewritten)?);
        let inner = Mutex::new(Inner { registry, layer, wanted: Wanted::default() });
        Ok(Self { inner, spelling, make })
    }

    /// Has transitions of these kinds told even of ties that have no object.
    fn want(&self, kinds: Vec<String>) {
        locked(&self.inner).wanted = Wanted(kinds);
    }

    /// Fids are good for longer or shorter from now on.
    fn set_fids(&self, fids: &str) -> PyResult<()> {
        let rule = policy::fid_rule(fids)?;
        let mut inner = locked(&self.inner);
        let layer = inner.layer;
        inner.registry.set_fid_rule(layer, rule);
        Ok(())
    }

    /// Edits are pending from now on; ``passthrough``: they go to the store at once.
    fn editing_started(&self, passthrough: bool) {
        self.note(Event::EditingStarted { passthrough });
    }

    /// A row shows that did not.
    fn added(&self, py: Python<'_>, fid: i64) -> Said {
        if fid == NO_FID {
            return Ok(None);
        }
        self.hear(py, Event::Added { fid: Fid::Int(fid) })
    }

    /// A row does not show any more.
    fn deleted(&self, fid: i64) {
        self.note(Event::Deleted { fid: Fid::Int(fid) });
    }

    /// A row says something else.
    fn changed(&self, fid: i64) {
        self.note(Event::Changed { fid: Fid::Int(fid) });
    }

    /// Somebody wrote the identity field of a row.
    fn identity_written(&self, fid: i64, value: &Bound<'_, PyAny>) {
        let id = self.spelling.id(value);
        self.note(Event::IdentityWritten { fid: Fid::Int(fid), id });
    }

    /// What the rows that were to be looked at say: those that are there.
    fn looked(&self, py: Python<'_>, asked: Vec<i64>, rows: &Bound<'_, PyAny>) -> Said {
        self.tell_looked(py, asked, self.rows_told(rows)?)
    }

    /// What the open step does is neither undone nor redone.
    fn done_anew(&self) {
        self.note(Event::DoneAnew);
    }

    /// An undo step is complete; ``clean``: nothing is pending any more.
    fn step_ended(&self, py: Python<'_>, clean: bool) -> Said {
        self.hear(py, Event::StepEnded { clean })
    }

    /// A commit is about to begin.
    fn commit_started(&self, py: Python<'_>) -> Said {
        self.hear(py, Event::CommitStarted)
    }

    /// It took rows out of the store.
    fn committed_removed(&self, fids: Vec<i64>) {
        self.note(Event::CommittedRemoved { fids: named(fids) });
    }

    /// It put rows into the store.
    fn committed_added(&self, fids: Vec<i64>) {
        self.note(Event::CommittedAdded { fids: named(fids) });
    }

    /// A row is called something else.
    fn renumbered(&self, py: Python<'_>, old: i64, new: i64) -> Said {
        self.hear(py, Event::Renumbered { from: Fid::Int(old), to: Fid::Int(new) })
    }

    /// The commit is over; ``editing``: more edits may follow.
    fn commit_ended(&self, py: Python<'_>, success: bool, editing: bool) -> Said {
        self.hear(py, Event::CommitEnded { success, editing })
    }

    /// All that was pending is dropped.
    fn rolled_back(&self, py: Python<'_>, editing: bool) -> Said {
        self.hear(py, Event::RolledBack { editing })
    }

    /// Another part of the layer shows.
    fn filter_changed(&self, py: Python<'_>, filtered: bool) -> Said {
        self.hear(py, Event::FilterChanged { filtered })
    }

    /// The layer has other fields; ``identity``: the identity field is among them.
    fn fields_changed(&self, py: Python<'_>, identity: bool) -> Said {
        self.hear(py, Event::FieldsChanged { identity })
    }

    /// Other rows are behind the layer.
    fn source_changed(&self, py: Python<'_>, fids: &str) -> Said {
        self.set_fids(fids)?;
        self.hear(py, Event::SourceChanged)
    }

    /// The layer is gone, and with it what was pending.
    fn layer_gone(&self, py: Python<'_>) -> Said {
        self.hear(py, Event::LayerGone)
    }

    /// The layer is here again.
    fn layer_returned(&self, py: Python<'_>) -> Said {
        self.hear(py, Event::LayerReturned)
    }

    /// Tells which rows there are, of all or of those asked for, and what they say.
    #[pyo3(signature = (rows, fids=None))]
    fn resync(&self, py: Python<'_>, rows: &Bound<'_, PyAny>, fids: Option<Vec<i64>>) -> Said {
        let scope = fids.map_or(Scope::All, |fids| Scope::Fids(named(fids)));
        self.tell_rows(py, &scope, self.rows_told(rows)?)
    }

    /// The same of all rows, read from a store: several times as fast.
    fn resync_from(&self, py: Python<'_>, url: String, layer: String, field: String) -> Said {
        let rows = wait(py, move || rows::read(&url, &layer, &field))??;
        self.tell_rows(py, &Scope::All, self.rows_read(&rows))
    }

    /// Ids to be written: the row's fid, the id, and why: new, fork or rewritten.
    fn debts(&self, before_commit: bool) -> Vec<(i64, String, &'static str)> {
        let when = if before_commit { When::BeforeCommit } else { When::Later };
        let debts = locked(&self.inner).tracker().debts(when);
        let told = |debt: &tiepoint::objects::Debt| {
            (int(&debt.fid), debt.id.to_string(), policy::owing(debt.owing))
        };
        debts.iter().map(told).collect()
    }

    /// Rows without ties, with the id of another that they carry.
    fn strays(&self) -> Vec<(i64, Option<String>)> {
        let inner = locked(&self.inner);
        let strays = inner.tracker().strays();
        let mut strays: Vec<_> =
            strays.map(|(fid, of)| (int(fid), of.map(|id| id.to_string()))).collect();
        strays.sort_unstable();
        strays
    }

    /// The object of a feature, made where there is none. Raises ``NotTied``.
    #[pyo3(signature = (fid, value, feature))]
    fn object(
        &self,
        py: Python<'_>,
        fid: i64,
        value: &Bound<'_, PyAny>,
        feature: &Bound<'_, PyAny>,
    ) -> PyResult<Py<PyAny>> {
        self.object_of(py, fid, self.spelling.id(value), feature)
    }

    /// The object of a tie, made where there is none.
    #[pyo3(signature = (tie, feature))]
    fn object_at(
        &self,
        py: Python<'_>,
        tie: u32,
        feature: &Bound<'_, PyAny>,
    ) -> PyResult<Py<PyAny>> {
        self.object_of_tie(py, tie, feature)
    }

    /// The object of a tie, if there is one.
    fn held(&self, tie: u32) -> PyResult<Option<Py<PyAny>>> {
        self.held_at(tie)
    }

    /// Gives a tie its object; one that is there stays, and is returned.
    fn bind(&self, tie: u32, object: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        let (tie, id) = locked(&self.inner).tie_and_id(tie)?;
        Ok(self.bound(tie, id, object))
    }

    /// Lets go of a tie's object.
    fn unbind(&self, tie: u32) -> PyResult<Option<Py<PyAny>>> {
        self.let_go_of(tie)
    }

    /// The tie of a row. Raises ``NotTied``.
    fn by_fid(&self, fid: i64) -> PyResult<u32> {
        let found = locked(&self.inner).tracker().by_fid(&Fid::Int(fid));
        found.map(TieRef::number).map_err(|why| not_tied(&why))
    }

    /// The tie of an object id. Raises ``NotTied``.
    fn by_id(&self, id: &Bound<'_, PyAny>) -> PyResult<u32> {
        let id = asked_id(id)?;
        let found = locked(&self.inner).tracker().by_id(&id);
        found.map(TieRef::number).map_err(|why| not_tied(&why))
    }

    /// The tie of a feature. Raises ``NotTied``.
    fn by_feature(&self, fid: i64, value: &Bound<'_, PyAny>) -> PyResult<u32> {
        let id = self.spelling.id(value);
        let found = locked(&self.inner).met(fid, id);
        found.map(TieRef::number).map_err(|why| not_tied(&why))
    }

    /// The tie of an object.
    fn tie_of(&self, object: &Bound<'_, PyAny>) -> Option<u32> {
        self.tie_with(object).map(TieRef::number)
    }

    /// What its row is called, while it shows.
    fn fid(&self, tie: u32) -> PyResult<Option<i64>> {
        let inner = locked(&self.inner);
        Ok(inner.tracker().fid(inner.tie(tie)?).as_ref().map(int))
    }

    /// Its object's id.
    fn object_id(&self, tie: u32) -> PyResult<String> {
        let inner = locked(&self.inner);
        Ok(inner.tracker().id(inner.tie(tie)?).to_string())
    }

    /// Where it stands.
    fn state(&self, tie: u32) -> PyResult<&'static str> {
        let inner = locked(&self.inner);
        Ok(policy::state(inner.tracker().state(inner.tie(tie)?)))
    }

    /// Whether its row says something that is not committed.
    fn is_changed(&self, tie: u32) -> PyResult<bool> {
        let inner = locked(&self.inner);
        Ok(inner.tracker().is_changed(inner.tie(tie)?))
    }

    /// Every object that is held and alive.
    fn objects(&self) -> Vec<Py<PyAny>> {
        self.all_held()
    }

    fn __len__(&self) -> usize {
        locked(&self.inner).tracker().iter().count()
    }
}
