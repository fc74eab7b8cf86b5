//! Fields go by positions: bringing changes that go by different lists of names together.
use super::{Change, FieldChange, FieldNames, Image};
use std::sync::Arc;

/// The fields of both, the first ones first, and where the second ones are among them.
pub(super) fn united(first: &FieldNames, second: &FieldNames) -> (FieldNames, Vec<usize>) {
    if first == second {
        return (Arc::clone(first), (0..first.len()).collect());
    }
    let mut names = first.to_vec();
    let places = second.iter().map(|name| {
        names.iter().position(|it| it == name).unwrap_or_else(|| {
            names.push(name.clone());
            names.len() - 1
        })
    });
    let places = places.collect();
    let grown = names.len() > first.len();
    (if grown { names.into() } else { Arc::clone(first) }, places)
}

impl Change {
    /// The same with more fields at the end, of which images say nothing.
    pub(super) fn widened(mut self, width: usize) -> Self {
        if let Self::Insert(image) | Self::Delete(image) = &mut self {
            image.values.resize(width, None);
        }
        self
    }

    /// The same change where its fields are at other positions, `width` in all.
    pub(super) fn moved(self, places: &[usize], width: usize) -> Self {
        match self {
            Self::Insert(image) => Self::Insert(image.moved(places, width)),
            Self::Delete(image) => Self::Delete(image.moved(places, width)),
            Self::Update(mut fields) => {
                for it in &mut fields {
                    it.field = places[it.field];
                }
                fields.sort_by_key(|it: &FieldChange| it.field);
                Self::Update(fields)
            }
        }
    }
}

impl Image {
    pub(super) fn moved(self, places: &[usize], width: usize) -> Self {
        let mut values = vec![None; width];
        for (value, place) in self.values.into_iter().zip(places) {
            values[*place] = value;
        }
        Self { fid: self.fid, values }
    }
}
