//! What a buffer committed itself and is still to hear of from its store.
use std::collections::{BTreeMap, HashMap, VecDeque};
use tiepoint_core::{Change, ChangeSet, FieldNames, Target, Value};
use tiepoint_store::{Author, Changed, InsertedFeature};

/// Commits of a buffer that one who follows its store has not heard of yet.
///
/// They are told by what the feature says after them: the store's handle may have other users.
/// What others did before is heard before, and puts what the feature says back; so what is heard in
/// the place of one of them makes news of it, and of the later ones of its feature.
#[derive(Debug, Default)]
pub(crate) struct OwnCommits {
    features: HashMap<(String, Target), VecDeque<Own>>,
    /// How many commits there were.
    noted: u64,
}

#[derive(Debug)]
struct Own {
    commit: u64,
    /// What the feature says since, of what was written; `None` where it is gone.
    after: Option<BTreeMap<String, Value>>,
}

impl OwnCommits {
    pub(crate) fn note(&mut self, written: &ChangeSet, inserted: &[InsertedFeature]) {
        self.noted += 1;
        let now =
            |it: &InsertedFeature| it.id.map_or_else(|| Target::Fid(it.fid.clone()), Target::Id);
        let renamed: HashMap<(&str, &Target), Target> =
            inserted.iter().map(|it| ((&*it.layer, &it.target), now(it))).collect();
        for (layer, changes) in written.layers() {
            for (target, change) in changes.iter() {
                let known = renamed.get(&(layer, target)).unwrap_or(target).clone();
                let own = Own { commit: self.noted, after: after(change, changes.fields()) };
                self.features.entry((layer.to_owned(), known)).or_default().push_back(own);
            }
        }
    }

    pub(crate) fn noted(&self) -> u64 {
        self.noted
    }

    /// Whoever has heard everything does not hear of these any more.
    pub(crate) fn forget_up_to(&mut self, commit: u64) {
        self.features.retain(|_, owns| {
            owns.retain(|own| own.commit > commit);
            !owns.is_empty()
        });
    }

    /// Whether this is the next that was to be heard of its feature.
    pub(crate) fn take(&mut self, heard: &Changed) -> bool {
        let key = (heard.layer.to_string(), heard.target.clone());
        let Some(owns) = self.features.get_mut(&key) else { return false };
        let may_be_own = matches!(heard.author, Author::This | Author::Unknown);
        let is_own = may_be_own && owns.pop_front().is_some_and(|own| own.is(heard));
        if !is_own || owns.is_empty() {
            self.features.remove(&key);
        }
        is_own
    }
}

impl Own {
    /// Whether the feature says the same after both, as far as each tells.
    fn is(&self, heard: &Changed) -> bool {
        match (&self.after, after(&heard.change, &heard.fields)) {
            (None, None) => true,
            (Some(own), Some(heard_after)) => {
                let is_whole = matches!(heard.change, Change::Insert(_));
                heard_after.iter().all(|(name, value)| match own.get(name) {
                    Some(own) => own == value,
                    // what it left unset was the store's to fill in
                    None => is_whole,
                })
            }
            _ => false,
        }
    }
}

fn after(change: &Change, fields: &FieldNames) -> Option<BTreeMap<String, Value>> {
    let named = |(at, value): (usize, &Option<Value>)| Some((fields[at].clone(), value.clone()?));
    match change {
        Change::Insert(image) => Some(image.values.iter().enumerate().filter_map(named).collect()),
        Change::Update(fields) => {
            Some(fields.iter().filter_map(|it| named((it.field, &it.after))).collect())
        }
        Change::Delete(_) => None,
    }
}
