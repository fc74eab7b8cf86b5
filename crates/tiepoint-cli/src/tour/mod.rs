//! `tiepoint tour`: the whole job once, in the current folder, on the countries and cities of the
//! world. A list of steps; each does one thing with the facade alone and says what it did.
mod crash;
mod edits;
mod ends;
mod exports;
mod files;
mod identity;
mod imports;
mod object;
mod questions;
mod ties;
mod watching;

pub(crate) use crash::edit_and_wait;

use crate::terminal::{Watcher, write_out};
use files::Files;
use tiepoint::{ObjectId, Result, Store};

/// What the tour calls its store.
const STORE: &str = "tour.gpkg";
/// What the tour calls its document.
const DOCUMENT: &str = "tour.geojson";
/// The layer that the tour looks at more closely.
const COUNTRIES: &str = "countries";
/// The other layer.
const CITIES: &str = "cities";
/// The namespace of everything that the tour names.
const NAMESPACE: &str = "a4e9694b-dd44-4cef-bbfe-c7b9ad681caf";

/// What every step works with.
struct Tour {
    store: Box<dyn Store>,
    files: Files,
    watcher: Watcher,
}

/// A step: does its work and tells it in a few lines.
type Step = fn(&Tour) -> Result<String>;

/// The tour, in order.
const STEPS: &[Step] = &[
    imports::run,
    identity::run,
    object::run,
    questions::run,
    exports::run,
    edits::run,
    ties::run,
    crash::run,
    watching::run,
];

/// Goes on the tour.
pub(crate) fn run() -> Result<()> {
    let (files, store) = Files::claim()?;
    let tour = Tour { store, files, watcher: Watcher::new() };
    write_out(tour.files.greeting())?;
    for (number, step) in (1..).zip(STEPS) {
        let told = step(&tour)?;
        tour.watcher.clear();
        write_out(&format!("{number}. {told}\n"))?;
    }
    write_out(&ends::text())
}

/// The namespace in which the names of a layer's features are keys.
fn namespace(layer: &str) -> ObjectId {
    let tour: ObjectId = NAMESPACE.parse().expect("the namespace is a UUID");
    ObjectId::from_key(&tour, layer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_the_same_object_on_every_tour() {
        let kenya = ObjectId::from_key(&namespace(COUNTRIES), object::NAME);
        assert_eq!(kenya.to_string(), "e67609c5-78bd-5b1d-b95c-db36f822c7af");
    }
}
