//! A plain model of layers, random edits to it, and applying change sets to it without their help.
use std::collections::{BTreeMap, BTreeSet};
use tiepoint_core::{
    Change, ChangeSet, Fid, FieldChange, FieldNames, Geometry, Image, NamedValues, ObjectId,
    Target, Value,
};

/// What the features of some layers say; what is unset is left out.
pub(crate) type State = BTreeMap<(String, Target), NamedValues>;

/// Random numbers that a history's number determines (`SplitMix64`).
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(history: u64) -> Self {
        Self(history.wrapping_mul(0x9E37_79B9_7F4A_7C15))
    }

    pub(crate) fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((bits ^ (bits >> 31)) % sides as u64).expect("small")
    }

    /// Shuffled in place.
    pub(crate) fn shuffle<T>(&mut self, cards: &mut [T]) {
        for last in (1..cards.len()).rev() {
            cards.swap(last, self.roll(last + 1));
        }
    }

    fn value(&mut self) -> Option<Value> {
        let point = |wkt| Value::Geometry(Geometry::from_wkt(wkt).expect("is WKT"));
        Some(match self.roll(11) {
            0 => return None,
            1 => Value::Null,
            2 => Value::Real(f64::NAN),
            3 => Value::Real(0.0),
            4 => Value::Real(-0.0),
            5 => point("POINT (1 2)"),
            6 => point("POINT Z (1 2 3)"),
            7 => "oak".into(),
            8 => "ash".into(),
            number => Value::Int(i64::try_from(number).expect("small")),
        })
    }
}

const LAYERS: [(&str, &[&str]); 2] = [("trees", &["name", "height", "geom"]), ("roads", &["kind"])];

/// Objects 1 to 4 and row 5, which has no object id.
pub(crate) fn target(number: usize) -> Target {
    match u8::try_from(number).expect("small") {
        5 => Target::Fid(Fid::Int(5)),
        byte => Target::Id(ObjectId::from_bytes([byte; 16]).expect("not nil")),
    }
}

/// Random edits: the changes they come to, told in a number of field lists, and the state after.
pub(crate) fn edit(dice: &mut Dice, state: &mut State, edits: usize) -> ChangeSet {
    let mut changes = ChangeSet::new();
    for _ in 0..edits {
        let (layer, names) = LAYERS[dice.roll(2)];
        let key = (layer.to_owned(), target(1 + dice.roll(5)));
        let before = state.get(&key).cloned();
        let after = match &before {
            Some(_) if dice.roll(4) == 0 => None,
            Some(before) => Some(updated(dice, before, names)),
            None => Some(inserted(dice, names)),
        };
        let (fields, change) = told(dice, names, before.as_ref(), after.as_ref());
        if let Some(change) = change {
            changes.record(layer, &fields, key.1.clone(), change).expect("follows");
        }
        match after {
            Some(after) => state.insert(key, after),
            None => state.remove(&key),
        };
    }
    changes
}

fn inserted(dice: &mut Dice, names: &[&str]) -> NamedValues {
    let says = names.iter().map(|name| ((*name).to_owned(), dice.value()));
    says.filter_map(|(name, value)| Some((name, value?))).collect()
}

fn updated(dice: &mut Dice, before: &NamedValues, names: &[&str]) -> NamedValues {
    let mut after = before.clone();
    for _ in 0..=dice.roll(2) {
        let name = names[dice.roll(names.len())];
        match dice.value() {
            Some(value) => after.insert(name.to_owned(), value),
            None => after.remove(name),
        };
    }
    after
}

/// A change by a field list in some order, with a field too many at times.
fn told(
    dice: &mut Dice,
    names: &[&str],
    before: Option<&NamedValues>,
    after: Option<&NamedValues>,
) -> (FieldNames, Option<Change>) {
    let mut names = names.to_vec();
    if dice.roll(3) == 0 {
        names.push("unused");
    }
    dice.shuffle(&mut names);
    let fields: FieldNames = names.iter().map(|name| (*name).to_owned()).collect();
    let image = |says: &NamedValues| image(says, &fields);
    let (before, after) = (before.map(image), after.map(image));
    (fields.clone(), Change::between(before.as_ref(), after.as_ref()))
}

fn image(says: &NamedValues, fields: &[String]) -> Image {
    let values = fields.iter().map(|name| says.get(name).cloned());
    Image { fid: None, values: values.collect() }
}

fn named(image: &Image, fields: &[String]) -> NamedValues {
    let said = fields.iter().zip(&image.values);
    said.filter_map(|(name, value)| Some((name.clone(), value.clone()?))).collect()
}

/// The state after a change set; whatever it says of the state before must be so.
pub(crate) fn applied(state: &State, changes: &ChangeSet) -> State {
    let mut after = state.clone();
    for (layer, changes) in changes.layers() {
        let fields = changes.fields();
        for (target, change) in changes.iter() {
            let key = (layer.to_owned(), target.clone());
            match change {
                Change::Insert(image) => {
                    assert_eq!(after.insert(key, named(image, fields)), None, "{target}");
                }
                Change::Delete(image) => {
                    assert_eq!(after.remove(&key), Some(named(image, fields)), "{target}");
                }
                Change::Update(updates) => {
                    let says = after.get_mut(&key).expect("is there");
                    for it in updates {
                        put(says, it, fields);
                    }
                }
            }
        }
    }
    after
}

fn put(says: &mut NamedValues, it: &FieldChange, fields: &[String]) {
    let name = &fields[it.field];
    assert_eq!(says.get(name), it.before.as_ref(), "{name}");
    match &it.after {
        Some(value) => says.insert(name.clone(), value.clone()),
        None => says.remove(name),
    };
}

/// What differs between two states, found out without the help of the changes between them.
pub(crate) fn difference(before: &State, after: &State) -> ChangeSet {
    let mut changes = ChangeSet::new();
    for (layer, names) in LAYERS {
        let fields: FieldNames = names.iter().map(|name| (*name).to_owned()).collect();
        let of_layer = |state: &State| {
            let here = state.iter().filter(|((of, _), _)| of == layer);
            here.map(|((_, target), says)| (target.clone(), image(says, &fields)))
                .collect::<Vec<_>>()
        };
        let between = ChangeSet::between(layer, &fields, of_layer(before), of_layer(after));
        changes = changes.then(&between).expect("they are of different layers");
    }
    changes
}

/// A state for histories to start from.
pub(crate) fn some_state(dice: &mut Dice) -> State {
    let mut state = State::new();
    let edits = dice.roll(12);
    edit(dice, &mut state, edits);
    state
}

/// What a side did, thing by thing: layer, feature, and field where only fields changed.
pub(crate) fn touched(changes: &ChangeSet) -> BTreeSet<(String, Target, Option<String>)> {
    let mut touched = BTreeSet::new();
    for (layer, changes) in changes.layers() {
        for (target, change) in changes.iter() {
            let fields = match change {
                Change::Update(fields) => {
                    let names = fields.iter().map(|it| Some(changes.fields()[it.field].clone()));
                    names.collect()
                }
                Change::Insert(_) | Change::Delete(_) => vec![None],
            };
            let layer = layer.to_owned();
            touched.extend(fields.into_iter().map(|it| (layer.clone(), target.clone(), it)));
        }
    }
    touched
}
