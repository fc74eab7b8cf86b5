//! What a tracker said, for Python.
use super::handle::Object;
use pyo3::prelude::*;
use tiepoint::objects::{LayerKey, Registry, Request, Scope, What};
use tiepoint::{Fid, ObjectId};

/// What followed from an event.
#[pyclass(frozen, get_all, module = "tiepoint")]
pub(crate) struct Verdict {
    /// What became of ties that have objects, and of others as far as that is wanted.
    transitions: Vec<Py<Transition>>,
    /// Rows that were left untied, with the id of another that they carry.
    duplicates: Vec<(i64, String)>,
    /// Rows to look at: tell by ``looked``, then end the step once more.
    look: Vec<i64>,
    /// Rows to read again: tell by ``resync``.
    read: Vec<i64>,
    /// Whether all rows are to be read again.
    read_all: bool,
    /// Whether there are debts.
    write: bool,
}

/// What became of a tie.
#[pyclass(frozen, get_all, module = "tiepoint")]
pub(crate) struct Transition {
    /// One word.
    what: &'static str,
    /// Its number.
    tie: u32,
    /// Its object's id.
    object_id: String,
    /// What its row is called, while it shows.
    fid: Option<i64>,
    /// Its object, if there is one.
    object: Option<Py<PyAny>>,
    /// The id that it is a copy of, that it had before, or that somebody wrote.
    other_id: Option<String>,
}

/// Which transitions of ties without objects are told.
#[derive(Default)]
pub(super) struct Wanted(pub(super) Vec<String>);

impl Verdict {
    /// `None` where there is nothing to say.
    pub(super) fn of(
        py: Python<'_>,
        registry: &Registry<Object>,
        layer: LayerKey,
        wanted: &Wanted,
        said: tiepoint::objects::Verdict,
    ) -> PyResult<Option<Self>> {
        let mut verdict = Self {
            transitions: Vec::new(),
            duplicates: said
                .duplicates
                .iter()
                .map(|(fid, of)| (int(fid), of.to_string()))
                .collect(),
            look: Vec::new(),
            read: Vec::new(),
            read_all: false,
            write: false,
        };
        for transition in &said.transitions {
            let (what, other) = words(transition.what);
            let object = registry.object(layer, transition.tie);
            if object.is_none() && !wanted.0.iter().any(|it| it == what) {
                continue;
            }
            let transition = Transition {
                what,
                tie: transition.tie.number(),
                object_id: transition.id.to_string(),
                fid: registry.tracker(layer).fid(transition.tie).as_ref().map(int),
                object: object.map(Object::into_inner),
                other_id: other.map(|id| id.to_string()),
            };
            verdict.transitions.push(Py::new(py, transition)?);
        }
        for request in said.requests {
            match request {
                Request::Look(fids) => verdict.look = ints(&fids),
                Request::Read(Scope::All) => verdict.read_all = true,
                Request::Read(Scope::Fids(fids)) => verdict.read.extend(ints(&fids)),
                Request::Write => verdict.write = true,
            }
        }
        Ok(verdict.says_something().then_some(verdict))
    }

    fn says_something(&self) -> bool {
        self.read_all
            || self.write
            || !(self.transitions.is_empty()
                && self.duplicates.is_empty()
                && self.look.is_empty()
                && self.read.is_empty())
    }
}

fn words(what: What) -> (&'static str, Option<ObjectId>) {
    match what {
        What::Added => ("added", None),
        What::Forked { from } => ("forked", Some(from)),
        What::Changed => ("changed", None),
        What::Deleted => ("deleted", None),
        What::Returned => ("returned", None),
        What::Removed => ("removed", None),
        What::Settled => ("settled", None),
        What::Moved => ("moved", None),
        What::Rewritten { carried } => ("rewritten", carried),
        What::Written => ("written", None),
        What::Rekeyed { from } => ("rekeyed", Some(from)),
        What::Hidden => ("hidden", None),
        What::Detached => ("detached", None),
    }
}

/// QGIS's fids are numbers, and so are all that came from it.
pub(super) fn int(fid: &Fid) -> i64 {
    match fid {
        Fid::Int(number) => *number,
        Fid::Text(_) => i64::MIN,
    }
}

fn ints(fids: &[Fid]) -> Vec<i64> {
    fids.iter().map(int).collect()
}

/// What rows of these numbers are called.
pub(super) fn named(fids: Vec<i64>) -> Vec<Fid> {
    fids.into_iter().map(Fid::Int).collect()
}
