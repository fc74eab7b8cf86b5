//! Finding objects and features, each by the other.
use super::{Key, Layer, State, Ties};
use crate::Result;
use std::sync::Arc;
use tiepoint_core::{Feature, Fid, Fields, ObjectId, Query};
use tiepoint_objects::{NotTied, Reason, Scope, State as Standing, TieRef};

/// What is needed to go on without the lock.
enum Asked<T> {
    /// The object.
    Object(Arc<T>),
    /// None was made yet for this one.
    Unmade(Arc<Layer<T>>, ObjectId),
}

impl<T: Send + Sync + 'static> Ties<T> {
    /// The object of a feature, of a row (the layer's name and the fid) or of an object id. It is
    /// made where it was not made yet, or was freed: of the feature that you ask for, if that is
    /// whole, else of what the store says now.
    ///
    /// A feature is found by its fid and its id, which must agree: one of another layer is none of
    /// these. Whatever is not known here is looked for in the store, and found if it is there.
    ///
    /// # Errors
    ///
    /// [`NotTied`], with why there is no object; and when the store has to be read and cannot be.
    pub fn object_of<'a>(&self, key: impl Into<Key<'a>>) -> Result<Arc<T>> {
        let key = key.into();
        match self.asked(&key) {
            Ok(Asked::Object(object)) => Ok(object),
            Ok(Asked::Unmade(layer, id)) => self.made(&layer, id, &key),
            Err(NotTied { reason: Reason::Unknown, .. }) => {
                let now = self.look_for(&key)?;
                match self.asked(&now)? {
                    Asked::Object(object) => Ok(object),
                    Asked::Unmade(layer, id) => self.made(&layer, id, &now),
                }
            }
            Err(reason) => Err(reason.into()),
        }
    }

    /// The same where there is one; `None` also where the store has to be read and cannot be.
    pub fn get<'a>(&self, key: impl Into<Key<'a>>) -> Option<Arc<T>> {
        self.object_of(key).ok()
    }

    /// The objects of all features that a query asks for, each made where it was not made yet.
    /// Features are read whole, in the layer's own CRS, whatever the query says of that.
    ///
    /// # Errors
    ///
    /// As [`Store::read`](crate::Store::read); and for a layer that has no objects here, or a feature that has none.
    pub fn find(&self, query: &Query) -> Result<Vec<Arc<T>>> {
        let (fields, computed) = (Fields::All, Vec::new());
        let whole =
            Query { fields, computed, crs: None, simplify: None, distinct: false, ..query.clone() };
        self.layer(&query.layer)?;
        let features = self.store().read(&whole)?;
        features.map(|feature| self.object_of(&feature?)).collect()
    }

    /// The feature of an object, as the store says it now.
    ///
    /// # Errors
    ///
    /// [`NotTied`], with why there is none; and when the store cannot be read.
    pub fn feature_of(&self, object: &Arc<T>) -> Result<Feature> {
        let (layer, id) = self.state().tie_of(object)?;
        self.row(&layer, id)
    }

    /// Gives a feature this object, where it has none; the object that it then has.
    ///
    /// # Errors
    ///
    /// As [`object_of`](Self::object_of).
    pub fn tie<'a>(&self, key: impl Into<Key<'a>>, object: &Arc<T>) -> Result<Arc<T>> {
        let key = key.into();
        let key = match self.asked(&key) {
            Err(NotTied { reason: Reason::Unknown, .. }) => self.look_for(&key)?,
            Ok(_) => key,
            Err(reason) => return Err(reason.into()),
        };
        let mut state = self.state();
        let (layer, tie) = state.find(&key).map(|(layer, tie)| (layer.key, tie))?;
        Ok(state.registry.bind(layer, tie, Arc::clone(object)))
    }

    /// Lets go of an object; whether it was tied. Its feature gets another one when it is asked for.
    pub fn untie(&self, object: &Arc<T>) -> bool {
        let mut state = self.state();
        let Some((layer, tie)) = state.registry.tie_of(object) else { return false };
        let untied = state.registry.unbind(layer, tie);
        drop(state);
        untied.is_some()
    }

    /// All objects that are there, of whichever layer and whatever became of their features.
    #[must_use]
    pub fn objects(&self) -> Vec<Arc<T>> {
        let state = self.state();
        let objects = state.layers.iter().flat_map(|it| state.registry.objects(it.key));
        objects.map(|(_, object)| object).collect()
    }

    /// How many features of a layer are tied here, whether there are objects of them or not. Costs a
    /// look at all of them.
    ///
    /// # Errors
    ///
    /// For a layer that has no objects here.
    pub fn len(&self, layer: &str) -> Result<usize> {
        let layer = self.layer(layer)?;
        Ok(self.state().tracker(&layer).iter().count())
    }

    /// The id of an object, whatever became of its feature.
    #[must_use]
    pub fn id_of(&self, object: &Arc<T>) -> Option<ObjectId> {
        let state = self.state();
        let (layer, tie) = state.registry.tie_of(object)?;
        Some(state.registry.tracker(layer).id(tie))
    }

    /// Where an object stands; `None` where it has no feature here and never had.
    #[must_use]
    pub fn state_of(&self, object: &Arc<T>) -> Option<Standing> {
        self.state().registry.state_of(object)
    }

    fn asked(&self, key: &Key<'_>) -> Result<Asked<T>, NotTied> {
        let state = self.state();
        let (layer, tie) = state.find(key)?;
        Ok(match state.registry.object(layer.key, tie) {
            Some(object) => Asked::Object(object),
            None => Asked::Unmade(Arc::clone(layer), state.tracker(layer).id(tie)),
        })
    }

    /// Makes an object, unless somebody else has made it meanwhile.
    fn made(&self, layer: &Arc<Layer<T>>, id: ObjectId, key: &Key<'_>) -> Result<Arc<T>> {
        let object = match key {
            Key::Feature(feature) if feature.schema() == &layer.schema => (layer.make)(feature),
            _ => (layer.make)(&self.row(layer, id)?),
        };
        let object = Arc::new(object);
        let mut state = self.state();
        let tie = state.tracker(layer).by_id(&id)?;
        let bound = state.registry.bind(layer.key, tie, Arc::clone(&object));
        drop(state);
        Ok(bound)
    }

    /// The row of an object: by its fid, if that is still its own, else by its id.
    fn row(&self, layer: &Arc<Layer<T>>, id: ObjectId) -> Result<Feature> {
        let fid = {
            let state = self.state();
            let tracker = state.tracker(layer);
            tracker.fid(tracker.by_id(&id)?)
        };
        let first = fid.map(|fid| layer.tied.query(&Scope::Fids(vec![fid])));
        let then = Query::object(&**layer.tied.name(), id);
        for query in first.into_iter().chain([then]) {
            for feature in self.store().read(&query)? {
                let feature = feature?;
                let state = self.state();
                let tie = layer.tied.tie_of(state.tracker(layer), &feature);
                if tie.is_ok_and(|tie| state.tracker(layer).id(tie) == id) {
                    return Ok(feature);
                }
            }
        }
        Err(NotTied { what: format!("object {id}"), reason: Reason::Removed }.into())
    }

    /// Looks in the store for what nothing was heard of; what it can be asked for by then.
    fn look_for<'a>(&self, key: &Key<'a>) -> Result<Key<'a>> {
        let turn = self.turn();
        let mut named = None;
        for layer in self.layers() {
            let Some(query) = layer.might_have(key) else { continue };
            let rows = layer.tied.rows(self.store(), query)?;
            let rows: Vec<(Fid, Option<ObjectId>)> = rows.collect::<Result<_, _>>()?;
            named = named.or(rows.first().and_then(|(_, id)| *id));
            self.take_in_rows(&layer, rows)?;
        }
        drop(turn);
        self.inner.listeners.deliver();
        // what was read before its row was committed is called otherwise now
        let provisional = self.inner.source.provisional();
        let renamed = key.fid().is_some_and(|fid| provisional.holds(fid));
        Ok(key.id().or(named).filter(|_| renamed).map_or(*key, Key::Object))
    }
}

impl<T> Layer<T> {
    /// What a store is to be asked for where a key is not known; `None` where it is of another
    /// layer.
    fn might_have(&self, key: &Key<'_>) -> Option<Query> {
        match key {
            Key::Row(layer, fid) => (**layer == **self.tied.name())
                .then(|| self.tied.query(&Scope::Fids(vec![(*fid).clone()]))),
            Key::Feature(_) | Key::Object(_) => Some(Query::object(&**self.tied.name(), key.id()?)),
        }
    }
}

impl<T: Send + Sync + 'static> State<T> {
    fn find(&self, key: &Key<'_>) -> Result<(&Arc<Layer<T>>, TieRef), NotTied> {
        let mut why = None;
        for layer in &self.layers {
            let tracker = self.tracker(layer);
            let found = match key {
                Key::Feature(feature) => layer.tied.tie_of(tracker, feature),
                Key::Row(name, _) if **name != **layer.tied.name() => continue,
                Key::Row(_, fid) => tracker.by_fid(fid),
                Key::Object(id) => tracker.by_id(id),
            };
            match found {
                Ok(tie) => return Ok((layer, tie)),
                Err(reason) if reason.reason == Reason::Unknown => why = why.or(Some(reason)),
                Err(reason) => why = Some(reason),
            }
        }
        Err(why.unwrap_or_else(|| NotTied { what: key.to_string(), reason: Reason::Unknown }))
    }

    fn tie_of(&self, object: &Arc<T>) -> Result<(Arc<Layer<T>>, ObjectId), NotTied> {
        let unknown = || NotTied { what: "an object".to_owned(), reason: Reason::Unknown };
        let (key, tie) = self.registry.tie_of(object).ok_or_else(unknown)?;
        let layer = self.layers.iter().find(|it| it.key == key).ok_or_else(unknown)?;
        let id = self.tracker(layer).id(tie);
        self.tracker(layer).by_id(&id)?;
        Ok((Arc::clone(layer), id))
    }
}
