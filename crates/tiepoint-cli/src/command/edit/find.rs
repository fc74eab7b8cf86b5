//! Which feature is meant: by object id, by row, or by a value that only one has.
use super::values;
use super::words::Word;
use crate::command::select::wrong;
use tiepoint::{
    ChangeTarget, Error, Feature, Fid, Identity, Ids, Layer, Query, Result, Store, field,
};

/// How many features are named where more than one is meant.
const NAMED: usize = 3;

/// The one feature that a word means: an object id, `fid:7`, or `field=value`.
pub(super) fn feature(store: &dyn Store, layer: &Layer, word: &Word) -> Result<Feature> {
    let query = Query::layer(layer.name());
    let query = if let Some(fid) = word.text.strip_prefix("fid:") {
        let fid = fid.parse().map_or_else(|_| Fid::Text(fid.to_owned()), Fid::Int);
        query.ids(Ids::Fids(vec![fid]))
    } else if let Ok(id) = word.text.parse() {
        query.ids(Ids::Objects(vec![id]))
    } else if let Some((name, text)) = word.assignment() {
        let value = values::value(values::field(layer, name)?, text, word.quoted)?;
        let condition = if value.is_null() {
            field(name).is_null()
        } else {
            field(name).eq(tiepoint::Expr::from(value))
        };
        query.filter(condition).limit(NAMED as u64 + 1)
    } else {
        return Err(wrong(
            &word.text,
            &"this is no object: write an object id, `fid:7`, or field=value",
        ));
    };
    let found = store.read(&query)?.collect::<Result<Vec<_>, _>>()?;
    only(store, layer, word, found)
}

/// The same, to be changed: what is changed goes by its object id, which it must have to itself.
pub(super) fn to_change(store: &dyn Store, layer: &Layer, word: &Word) -> Result<Feature> {
    let feature = feature(store, layer, word)?;
    if let (Some(id), Some(fid)) = (feature.id, &feature.fid) {
        let sharing = Query::layer(layer.name()).ids(Ids::Objects(vec![id]));
        for other in store.read(&sharing)? {
            if let Some(other) = other?.fid.filter(|it| it != fid) {
                return Err(shared(layer, &word.text, fid, &other));
            }
        }
    }
    Ok(feature)
}

fn shared(layer: &Layer, word: &str, fid: &Fid, other: &Fid) -> Error {
    let way_out = if matches!(layer.identity(), Identity::NaturalKey { .. }) {
        "give one of them another key in the program that keeps them; `tiepoint check` lists all"
    } else {
        "`tiepoint check --fix` gives the newer one an id of its own"
    };
    Error::Options {
        reason: format!("{word}: fid:{fid} and fid:{other} stand for the same object"),
        hint: Some(way_out.to_owned()),
    }
}

fn only(store: &dyn Store, layer: &Layer, word: &Word, mut found: Vec<Feature>) -> Result<Feature> {
    if found.len() > 1 {
        let mut names: Vec<_> =
            found.iter().filter_map(|it| Some(name(&ChangeTarget::of(it)?))).collect();
        let all = names.len();
        names.dedup();
        if names.len() < all {
            names =
                found.iter().filter_map(|it| Some(format!("fid:{}", it.fid.as_ref()?))).collect();
        }
        names.truncate(NAMED);
        let more = if found.len() > NAMED { ", ..." } else { "" };
        return Err(Error::Options {
            reason: format!("{}: more than one feature has this", word.text),
            hint: Some(format!("name one of {}{more}", names.join(", "))),
        });
    }
    found.pop().ok_or_else(|| Error::FeatureNotFound {
        store: store.name().to_owned(),
        layer: layer.name().to_owned(),
        feature: word.text.clone(),
    })
}

/// A target as it is typed.
fn name(target: &ChangeTarget) -> String {
    match target {
        ChangeTarget::Id(id) => id.to_string(),
        ChangeTarget::Fid(fid) => format!("fid:{fid}"),
    }
}

/// What a feature is known by.
pub(super) fn target(feature: &Feature) -> Result<ChangeTarget> {
    ChangeTarget::of(feature)
        .ok_or_else(|| wrong("OBJECT", &"nothing tells this feature from others"))
}
