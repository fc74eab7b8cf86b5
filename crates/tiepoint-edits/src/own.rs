//! What a buffer committed itself and is still to hear of from its store.
use std::collections::{BTreeMap, HashMap, VecDeque};
use tiepoint_core::{Change, ChangeSet, FieldNames, Target, Value};
use tiepoint_store::{Author, Changed};

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
    pub(crate) fn note(&mut self, written: &ChangeSet) {
        self.noted += 1;
        for (layer, changes) in written.layers() {
            for (target, change) in changes.iter() {
                let own = Own { commit: self.noted, after: after(change, changes.fields()) };
                let key = (layer.to_owned(), target.clone());
                self.features.entry(key).or_default().push_back(own);
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use tiepoint_core::{Fid, FieldChange, Image};
    use tiepoint_store::Checkpoint;

    fn fields() -> FieldNames {
        Arc::new(["name", "rank"].map(str::to_owned))
    }

    fn update(field: usize, after: i64) -> Change {
        let (before, after) = (Some(Value::Int(0)), Some(Value::Int(after)));
        Change::Update(vec![FieldChange { field, before, after }])
    }

    fn insert(values: [Option<i64>; 2]) -> Change {
        Change::Insert(Image { fid: None, values: values.map(|it| it.map(Value::Int)).to_vec() })
    }

    fn delete() -> Change {
        Change::Delete(Image::default())
    }

    /// A commit of each, in turn.
    fn committed(changes: impl IntoIterator<Item = Change>) -> OwnCommits {
        let mut own = OwnCommits::default();
        for change in changes {
            let mut written = ChangeSet::new();
            written.record("trees", &fields(), Target::Fid(Fid::Int(1)), change).expect("one");
            own.note(&written);
        }
        own
    }

    fn heard(change: Change, author: Author) -> Changed {
        Changed {
            layer: "trees".into(),
            fields: fields(),
            target: Target::Fid(Fid::Int(1)),
            fid: None,
            change,
            author,
            who: None,
            at: None,
            settled: true,
            checkpoint: Checkpoint::new("here"),
        }
    }

    fn takes(own: &mut OwnCommits, change: Change) -> bool {
        own.take(&heard(change, Author::This))
    }

    #[test]
    fn each_is_heard_once_and_in_order() {
        let mut own = committed([update(0, 1), update(0, 2), delete(), insert([Some(3), None])]);
        assert!(takes(&mut own, update(0, 1)));
        assert!(takes(&mut own, update(0, 2)));
        assert!(takes(&mut own, delete()));
        assert!(takes(&mut own, insert([Some(3), Some(4)])), "the store filled in the rank");
        assert!(!takes(&mut own, update(0, 1)), "once");
        assert!(own.features.is_empty());
    }

    #[test]
    fn what_others_did_before_makes_news_of_what_follows() {
        for other in [update(1, 1), update(0, 9), delete(), insert([Some(9), None])] {
            let mut own = committed([update(0, 1), update(0, 2)]);
            assert!(!takes(&mut own, other.clone()), "{other:?}");
            assert!(!takes(&mut own, update(0, 1)), "{other:?}");
            assert!(!takes(&mut own, update(0, 2)), "{other:?}");
        }
    }

    #[test]
    fn another_author_is_another() {
        for author in [Author::Tiepoint, Author::Other] {
            let mut own = committed([update(0, 1)]);
            assert!(!own.take(&heard(update(0, 1), author)));
        }
        assert!(committed([update(0, 1)]).take(&heard(update(0, 1), Author::Unknown)));
    }

    #[test]
    fn what_is_not_heard_any_more_is_forgotten() {
        let mut own = committed([update(0, 1), update(0, 2)]);
        own.forget_up_to(1);
        assert!(takes(&mut own, update(0, 2)));
        let mut own = committed([update(0, 1)]);
        own.forget_up_to(own.noted());
        assert!(!takes(&mut own, update(0, 1)));
    }
}
