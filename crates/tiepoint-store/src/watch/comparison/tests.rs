//! What a comparison finds, and that it is what happened.
use super::*;
use crate::{
    Capabilities, LayerFacts, Plan, ReadControl, StoreError, Transaction, TransactionOptions,
};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use tiepoint_core::{ChangeSet, Field, FieldType, LayerDefinition, ObjectId};

/// A store of one layer that says what it is told to; a feature that is `None` cannot be read.
struct Fixed {
    layer: Arc<Layer>,
    features: Vec<Option<Feature>>,
}

const NAME: &str = "things";

impl Fixed {
    fn new(identity: Identity, fids: FidRule, fields: &[&str]) -> Self {
        let fields = fields.iter().map(|name| Field::new(*name, FieldType::INT)).collect();
        let schema = Schema::new(fields).expect("distinct names");
        let definition = LayerDefinition { identity, ..LayerDefinition::new(NAME, schema) };
        let layer = Arc::new(Layer { definition, fids, fid_name: None, read_only: None });
        Self { layer, features: Vec::new() }
    }

    fn tied() -> Self {
        Self::new(Identity::column(), FidRule::Stable, &["a", "b"])
    }

    fn add(&mut self, id: Option<u8>, fid: i64, values: &[i64]) {
        let values = values.iter().map(|it| Some((*it).into())).collect();
        let feature = Feature::with_values(Arc::clone(self.layer.schema()), values);
        self.features.push(Some(feature.with_id(id.map(object)).with_fid(Fid::Int(fid))));
    }
}

fn object(number: u8) -> ObjectId {
    let text = format!("018f0000-0000-7000-8000-0000000000{number:02x}");
    text.parse().expect("a well-formed id")
}

fn refused() -> StoreError {
    StoreError::Invalid { store: "fixed".to_owned(), reason: "cannot be read".to_owned() }
}

impl Store for Fixed {
    fn name(&self) -> &'static str {
        "fixed"
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::READ_ONLY
    }

    fn layers(&self) -> Result<Vec<Arc<Layer>>> {
        Ok(vec![Arc::clone(&self.layer)])
    }

    fn layer(&self, _name: &str) -> Result<Arc<Layer>> {
        Ok(Arc::clone(&self.layer))
    }

    fn facts(&self, _layer: &str) -> Result<LayerFacts> {
        Err(refused())
    }

    fn read_with(&self, _query: &Query, _control: &ReadControl) -> Result<Features<'static>> {
        let rows = self.features.clone().into_iter().map(|it| it.ok_or_else(refused));
        Ok(Features::new(Arc::clone(self.layer.schema()), rows))
    }

    fn explain(&self, _query: &Query) -> Result<Plan> {
        Err(refused())
    }

    fn place(&self) -> Result<Option<String>> {
        Ok(None)
    }

    fn begin(&self, _options: TransactionOptions) -> Result<Box<dyn Transaction + '_>> {
        Err(refused())
    }

    fn freshness(&self) -> Result<u64> {
        Err(refused())
    }
}

fn look(comparison: &mut Comparison, store: &Fixed) -> Vec<Found> {
    comparison.compare(store, &|_| true).expect("can be read")
}

/// What was found, as short as can be.
fn told(found: &[Found]) -> Vec<String> {
    let one = |it: &Found| match it {
        Found::Reset { reason, .. } => format!("reset {reason:?}"),
        Found::Changed { fid, change, .. } => {
            let what = match change {
                Change::Insert(_) => "insert",
                Change::Update(_) => "update",
                Change::Delete(_) => "delete",
            };
            format!("{what} {}", fid.as_ref().map_or_else(String::new, ToString::to_string))
        }
    };
    found.iter().map(one).collect()
}

fn reset() -> Vec<String> {
    vec!["reset SchemaChanged".to_owned()]
}

#[test]
fn the_first_look_only_remembers() {
    let (mut store, mut comparison) = (Fixed::tied(), Comparison::new());
    store.add(Some(1), 1, &[1, 1]);
    assert_eq!(look(&mut comparison, &store), []);
    assert_eq!(look(&mut comparison, &store), []);
    store.add(Some(2), 2, &[2, 2]);
    assert_eq!(told(&look(&mut comparison, &store)), ["insert 2"]);
}

#[test]
fn what_went_comes_first_and_what_came_last() {
    let (mut store, mut comparison) = (Fixed::tied(), Comparison::new());
    (1..=4).for_each(|n| store.add(Some(n), n.into(), &[0, 0]));
    look(&mut comparison, &store);
    store.features.clear();
    store.add(Some(5), 5, &[0, 0]);
    store.add(Some(3), 9, &[0, 0]);
    store.add(Some(2), 2, &[0, 1]);
    store.add(Some(1), 1, &[0, 0]);
    let found = told(&look(&mut comparison, &store));
    assert_eq!(found, ["delete 4", "update 2", "delete 3", "insert 9", "insert 5"]);
}

#[test]
fn of_two_rows_of_one_object_the_later_counts() {
    let (mut store, mut comparison) = (Fixed::tied(), Comparison::new());
    store.add(Some(1), 1, &[1, 1]);
    store.add(Some(1), 2, &[2, 2]);
    look(&mut comparison, &store);
    assert_eq!(look(&mut comparison, &store), [], "the earlier one is not there");
    store.features.pop();
    assert_eq!(told(&look(&mut comparison, &store)), ["delete 2", "insert 1"]);
}

#[test]
fn a_look_that_fails_has_not_been() {
    let (mut store, mut comparison) = (Fixed::tied(), Comparison::new());
    store.features.push(None);
    comparison.compare(&store, &|_| true).expect_err("cannot be read");
    store.features.clear();
    store.add(Some(1), 1, &[1, 1]);
    store.add(Some(2), 2, &[1, 1]);
    assert_eq!(look(&mut comparison, &store), [], "the first that works is the first");
    let rest = store.features.split_off(1);
    store.features.push(None);
    store.features.extend(rest);
    comparison.compare(&store, &|_| true).expect_err("cannot be read");
    store.features.remove(1);
    store.features.remove(0);
    assert_eq!(told(&look(&mut comparison, &store)), ["delete 1"]);
}

#[test]
fn what_cannot_be_compared_is_said() {
    let mut comparison = Comparison::new();
    let mut store = Fixed::tied();
    look(&mut comparison, &store);
    store = Fixed::new(Identity::column(), FidRule::Stable, &["a", "c"]);
    assert_eq!(told(&look(&mut comparison, &store)), reset(), "other fields");
    store = Fixed::new(Identity::None, FidRule::Stable, &["a", "c"]);
    assert_eq!(told(&look(&mut comparison, &store)), reset(), "another identity");
    let forgets = comparison.compare(&store, &|_| false).expect("nothing to read");
    assert_eq!(forgets, []);
    assert_eq!(told(&look(&mut comparison, &store)), reset(), "wanted again");
    assert_eq!(look(&mut comparison, &store), []);
}

#[test]
fn rows_that_nothing_tells_apart_are_only_said_to_differ() {
    let mut store = Fixed::new(Identity::None, FidRule::Ephemeral, &["a"]);
    let mut comparison = Comparison::new();
    store.add(None, 1, &[1]);
    look(&mut comparison, &store);
    assert_eq!(look(&mut comparison, &store), []);
    store.add(None, 2, &[1]);
    assert_eq!(told(&look(&mut comparison, &store)), ["reset NoLog"]);
    assert_eq!(look(&mut comparison, &store), []);
}

/// By what they are known: a fid and two values.
type Rows = std::collections::BTreeMap<u8, (i64, [i64; 2])>;

fn arb_rows() -> impl Strategy<Value = Rows> {
    btree_map(0..8_u8, (0..3_i64, [0..3_i64, 0..2_i64]), 0..8)
}

fn store_of(rows: &Rows, tied: bool) -> Fixed {
    let identity = if tied { Identity::column() } else { Identity::None };
    let mut store = Fixed::new(identity, FidRule::Stable, &["a", "b"]);
    for (known, (fid, values)) in rows {
        // fids of tied features move about, those of others are what they are known by
        let fid = if tied { fid * 10 + i64::from(*known) } else { i64::from(*known) };
        store.add(tied.then_some(*known), fid, values);
    }
    store
}

/// What every feature says, by what it is known by.
fn images(store: &Fixed) -> BTreeMap<Target, Image> {
    let features = store.features.iter().flatten();
    features.map(|it| (Target::of(it).expect("has ids"), Image::of(it))).collect()
}

proptest! {
    #[test]
    fn it_finds_what_lies_between(states in vec(arb_rows(), 2..6), tied: bool) {
        let mut comparison = Comparison::new();
        let mut before = store_of(&states[0], tied);
        look(&mut comparison, &before);
        for rows in &states[1..] {
            let after = store_of(rows, tied);
            let (mut recorded, mut copy) = (ChangeSet::new(), images(&before));
            let mut names = None;
            for found in look(&mut comparison, &after) {
                let Found::Changed { fields, target, fid, change, .. } = found else {
                    panic!("one schema throughout")
                };
                let state = copy.remove(&target);
                let was = state.as_ref().and_then(|it| it.fid.clone());
                let state = change.applied_to(state).expect("follows what was there");
                prop_assert_eq!(&fid, &state.as_ref().map_or(was, |it| it.fid.clone()));
                copy.extend(state.map(|it| (target.clone(), it)));
                recorded.record(NAME, &fields, target, change).expect("fits");
                names = Some(fields);
            }
            prop_assert_eq!(&copy, &images(&after), "fids and values");
            let names = names.unwrap_or_else(|| ["a", "b"].map(str::to_owned).into());
            let between = ChangeSet::between(NAME, &names, images(&before), images(&after));
            prop_assert_eq!(recorded, between);
            before = after;
        }
    }
}
