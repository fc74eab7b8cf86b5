//! The registry: objects by the ties of layers, and ties by their objects.
mod following;
mod held;
mod resyncing;

pub use resyncing::Resyncing;

use crate::{Event, Handle, NotTied, Policy, State, TieRef, Tracker, Verdict};
use hashbrown::{DefaultHashBuilder, HashTable};
use held::Held;
use std::hash::BuildHasher;
use tiepoint_core::{Fid, FidRule, ObjectId};

/// A layer of a [`Registry`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LayerKey(u32);

/// Keeps objects by the ties of layers.
///
/// An object whose feature is clean is held weakly: drop your last handle and it is freed, and made
/// anew when it is asked for. One whose feature is new, changed, or deleted but not for good, is
/// held strongly, so that nothing of it is lost. One object stands for one feature; a feature has
/// one object at a time.
pub struct Registry<H: Handle> {
    layers: Vec<Layer<H>>,
    /// Which tie an object has, by where the object is.
    by_address: HashTable<(LayerKey, TieRef)>,
    hasher: DefaultHashBuilder,
}

struct Layer<H: Handle> {
    tracker: Tracker,
    /// Objects, by the numbers of their ties.
    objects: Vec<Option<Held<H>>>,
    /// Ties of rows that were edited in the step that is open.
    edited: Vec<TieRef>,
}

impl<H: Handle> Default for Registry<H> {
    fn default() -> Self {
        let hasher = DefaultHashBuilder::default();
        Self { layers: Vec::new(), by_address: HashTable::new(), hasher }
    }
}

impl<H: Handle> Registry<H> {
    /// A layer more, of which no row is known yet.
    ///
    /// # Panics
    ///
    /// Past four billion layers.
    pub fn add_layer(&mut self, policy: Policy) -> LayerKey {
        let key = u32::try_from(self.layers.len()).expect("memory ends before four billion layers");
        let (tracker, objects, edited) = (Tracker::new(policy), Vec::new(), Vec::new());
        self.layers.push(Layer { tracker, objects, edited });
        LayerKey(key)
    }

    /// Fids are good for longer or shorter from now on: the layer has another source.
    pub fn set_fid_rule(&mut self, layer: LayerKey, rule: FidRule) {
        self.layer_mut(layer).tracker.set_fid_rule(rule);
    }

    /// What is known of a layer's ties.
    #[must_use]
    pub fn tracker(&self, layer: LayerKey) -> &Tracker {
        &self.layer(layer).tracker
    }

    /// Takes note of what happened to a layer.
    pub fn hear(&mut self, layer: LayerKey, event: Event) -> Verdict {
        let verdict = self.note(layer, event);
        self.follow(layer, &verdict);
        verdict
    }

    /// The same, with the objects of the transitions, where there are any. One that nothing is
    /// pending for any more may be freed with what is returned here, so whoever is to be told of
    /// it is told by this.
    pub fn hear_with_objects(
        &mut self,
        layer: LayerKey,
        event: Event,
    ) -> (Verdict, Vec<Option<H>>) {
        let verdict = self.note(layer, event);
        self.follow_with_objects(layer, verdict)
    }

    /// The tie of a row that came in the step that is open; see [`Tracker::meet`].
    pub fn meet(
        &mut self,
        layer: LayerKey,
        fid: &Fid,
        carried: Option<ObjectId>,
    ) -> Option<TieRef> {
        self.layer_mut(layer).tracker.meet(fid, carried)
    }

    /// Makes room for this many more ties of a layer.
    pub fn reserve(&mut self, layer: LayerKey, more: usize) {
        self.layer_mut(layer).tracker.reserve(more);
    }

    /// The object of a tie, if it is held and was not freed.
    #[must_use]
    pub fn object(&self, layer: LayerKey, tie: TieRef) -> Option<H> {
        self.layer(layer).objects.get(tie.0 as usize)?.as_ref()?.get()
    }

    /// The object of a tie, made now where there is none. `make` must not come back to this
    /// registry: where it has to, use [`Registry::object`] and [`Registry::bind`].
    ///
    /// # Errors
    ///
    /// What `make` says.
    pub fn object_or<E>(
        &mut self,
        layer: LayerKey,
        tie: TieRef,
        make: impl FnOnce(&Tracker) -> Result<H, E>,
    ) -> Result<H, E> {
        if let Some(object) = self.object(layer, tie) {
            return Ok(object);
        }
        let object = make(&self.layer(layer).tracker)?;
        Ok(self.bind(layer, tie, object))
    }

    /// Gives a tie its object. Where it has one that is alive, that one stays, and is returned.
    pub fn bind(&mut self, layer: LayerKey, tie: TieRef, object: H) -> H {
        if let Some(there) = self.object(layer, tie) {
            return there;
        }
        self.unbind(layer, tie);
        self.index(layer, tie, object.address());
        let it = self.layer_mut(layer);
        let strongly = it.tracker.is_at_risk(tie);
        let place = tie.0 as usize;
        if it.objects.len() <= place {
            it.objects.resize_with(place + 1, || None);
        }
        it.objects[place] = Some(Held::new(object.clone(), strongly));
        object
    }

    /// Lets go of a tie's object; the feature stays tied, and gets another object when asked for.
    pub fn unbind(&mut self, layer: LayerKey, tie: TieRef) -> Option<H> {
        let held = self.layer_mut(layer).objects.get_mut(tie.0 as usize)?.take()?;
        let hash = self.hasher.hash_one(held.address());
        if let Ok(entry) = self.by_address.find_entry(hash, |it| *it == (layer, tie)) {
            entry.remove();
        }
        held.get()
    }

    /// The tie of an object.
    #[must_use]
    pub fn tie_of(&self, object: &H) -> Option<(LayerKey, TieRef)> {
        let address = object.address();
        let hash = self.hasher.hash_one(address);
        let is_it = |(layer, tie): &(LayerKey, TieRef)| {
            self.held(*layer, *tie).is_some_and(|it| it.address() == address && it.is_alive())
        };
        self.by_address.find(hash, is_it).copied()
    }

    /// The tie of an object id, in whichever layer it is.
    ///
    /// # Errors
    ///
    /// [`NotTied`], with why.
    pub fn by_id(&self, id: &ObjectId) -> Result<(LayerKey, TieRef), NotTied> {
        let mut why = None;
        for (key, layer) in (0..).map(LayerKey).zip(&self.layers) {
            match layer.tracker.by_id(id) {
                Ok(tie) => return Ok((key, tie)),
                Err(reason) if layer.tracker.known(id).is_some() => why = Some(reason),
                Err(reason) => why = why.or(Some(reason)),
            }
        }
        Err(why.unwrap_or_else(|| NotTied::id(id, crate::Reason::Unknown)))
    }

    /// The tie of a row, by its fid.
    ///
    /// # Errors
    ///
    /// [`NotTied`], with why.
    pub fn by_fid(&self, layer: LayerKey, fid: &Fid) -> Result<TieRef, NotTied> {
        self.layer(layer).tracker.by_fid(fid)
    }

    /// Every object of a layer that is held and alive, whatever became of its row.
    pub fn objects(&self, layer: LayerKey) -> impl Iterator<Item = (TieRef, H)> + '_ {
        let objects = (0..).map(TieRef).zip(&self.layer(layer).objects);
        objects.filter_map(|(tie, held)| Some((tie, held.as_ref()?.get()?)))
    }

    /// Where an object's tie stands.
    #[must_use]
    pub fn state_of(&self, object: &H) -> Option<State> {
        let (layer, tie) = self.tie_of(object)?;
        Some(self.layer(layer).tracker.state(tie))
    }

    fn layer(&self, key: LayerKey) -> &Layer<H> {
        &self.layers[key.0 as usize]
    }

    fn layer_mut(&mut self, key: LayerKey) -> &mut Layer<H> {
        &mut self.layers[key.0 as usize]
    }

    fn held(&self, layer: LayerKey, tie: TieRef) -> Option<&Held<H>> {
        self.layer(layer).objects.get(tie.0 as usize)?.as_ref()
    }

    fn index(&mut self, layer: LayerKey, tie: TieRef, address: usize) {
        let Self { layers, by_address, hasher } = self;
        let address_of = |(layer, tie): &(LayerKey, TieRef)| {
            let held = layers[layer.0 as usize].objects[tie.0 as usize].as_ref();
            held.map_or(0, Held::address)
        };
        let hash = hasher.hash_one(address);
        by_address.insert_unique(hash, (layer, tie), |it| hasher.hash_one(address_of(it)));
    }
}
