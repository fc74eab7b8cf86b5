//! A tied layer of a store: what its rows are called here, and which ids they carry.
use crate::{
    Duplicates, Identity, NotTied, Policy, Provisional, Reason, Rewritten, Scope, TieRef, Tracker,
};
use std::sync::Arc;
use tiepoint_core::{
    Aggregate, Feature, Fid, FidRule, Identity as Carries, Ids, Layer, ObjectId, Query, Value,
};
use tiepoint_store::{Store, StoreError};

/// What a row is called and which id it carries, or why it cannot be read.
type Row = Result<(Fid, Option<ObjectId>), StoreError>;

/// A layer of a store whose features carry object ids, in a column or by a natural key.
///
/// Where a store has no fids that last beyond one reading, rows are called by their ids here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TiedLayer {
    name: Arc<str>,
    identity: Identity,
    fids: FidRule,
}

impl TiedLayer {
    /// What is needed of a layer; `None` where it is not tied.
    #[must_use]
    pub fn of(layer: &Layer) -> Option<Self> {
        let identity = match layer.identity() {
            Carries::None => return None,
            Carries::Column(_) => Identity::Written,
            Carries::NaturalKey { .. } => Identity::Derived,
        };
        Some(Self { name: layer.name().into(), identity, fids: layer.fids })
    }

    /// The layer's name.
    #[must_use]
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// How a tracker is to follow it. A store sees to it by itself that ids are right: copies and
    /// ids that somebody overwrote are told of, and nothing is asked to be written.
    #[must_use]
    pub fn policy(&self, provisional: Provisional) -> Policy {
        Policy {
            identity: self.identity,
            fids: if self.is_called_by_id() { FidRule::Stable } else { self.fids },
            provisional,
            duplicates: Duplicates::Report,
            rewritten: Rewritten::Report,
        }
    }

    /// What a row is called here; `None` where it has neither a fid nor an id.
    #[must_use]
    pub fn fid_of(&self, fid: Option<&Fid>, id: Option<ObjectId>) -> Option<Fid> {
        if self.is_called_by_id() {
            return id.map(|id| Fid::Text(id.to_string()));
        }
        fid.cloned()
    }

    /// The tie of a feature of this layer; see [`Tracker::by_feature`]. What was read before its
    /// row was committed is found by its id, however long ago that is.
    ///
    /// # Errors
    ///
    /// [`NotTied`], with why.
    pub fn tie_of(&self, tracker: &Tracker, feature: &Feature) -> Result<TieRef, NotTied> {
        let (fid, id) = (feature.fid.as_ref(), feature.id.as_ref());
        let fid = fid.filter(|_| !self.is_called_by_id());
        let found = tracker.by_feature(fid, id);
        match (&found, fid) {
            (Err(NotTied { reason: Reason::Unknown, .. }), Some(fid))
                if id.is_some() && tracker.policy().provisional.holds(fid) =>
            {
                tracker.by_feature(None, id)
            }
            _ => found,
        }
    }

    /// The features of these rows.
    #[must_use]
    pub fn query(&self, scope: &Scope) -> Query {
        let query = Query::layer(&*self.name);
        match scope {
            Scope::All => query,
            Scope::Fids(fids) if self.is_called_by_id() => {
                query.ids(Ids::Objects(fids.iter().filter_map(id_spelled).collect()))
            }
            Scope::Fids(fids) => query.ids(Ids::Fids(fids.clone())),
        }
    }

    /// What the rows that a query asks for are called, and which ids they carry; no more is read.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub fn rows(
        &self,
        store: &dyn Store,
        query: Query,
    ) -> Result<impl Iterator<Item = Row>, StoreError> {
        let features = store.read(&query.fields::<String>([]))?;
        let row = |feature: Result<Feature, StoreError>| {
            let named = feature.map(|it| (self.fid_of(it.fid.as_ref(), it.id), it.id));
            named.map(|(fid, id)| Some((fid?, id))).transpose()
        };
        Ok(features.filter_map(row))
    }

    /// How many rows there are.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub fn count(&self, store: &dyn Store) -> Result<usize, StoreError> {
        let counted = store.aggregate(&Query::layer(&*self.name), &[Aggregate::Count])?;
        let Some(Value::Int(count)) = counted.first() else { return Ok(0) };
        Ok(usize::try_from(*count).unwrap_or_default())
    }

    pub(super) fn is_called_by_id(&self) -> bool {
        self.fids == FidRule::Ephemeral
    }

    /// Whether a row that keeps its fid and gets another id is the same row under another key.
    pub(super) fn has_keys_that_change(&self) -> bool {
        self.identity == Identity::Derived && self.fids == FidRule::Stable
    }
}

fn id_spelled(fid: &Fid) -> Option<ObjectId> {
    match fid {
        Fid::Text(text) => text.parse().ok(),
        Fid::Int(_) => None,
    }
}
