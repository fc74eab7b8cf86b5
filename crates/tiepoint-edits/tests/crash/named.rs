//! Children that die at every place that a commit, a journal or a recovery passes.
use crate::world::{Kind, NEVER, When, World, tell};
use std::collections::{BTreeMap, BTreeSet};

/// Before it, somebody dies with edits pending.
const BEFORE: &str = "step 0:1:100 1:1:101 2:1:102, commit, step 0:2:103 1:2:104, step 0:1:105";

/// All that there is to die in: recovery comes first.
const LIFE: &str = "step 0:3:200 1:3:201, undo, redo, begin, step 0:1:202, step 1:1:-, abandon, \
                    step 2:2:203, others 2 204, commit, merge, resolve true, commit, \
                    step 0:2:- 1:4:205, undo, step 2:1:206, others 1 207, merge, resolve false, \
                    step 0:4:208, rollback, step 0:5:209 1:5:210";

/// The places that there must be in a commit, and in a journal, whatever else there is.
const STORE_PLACES: [&str; 10] = [
    "before begin",
    "before the turn",
    "after the turn",
    "after writing trees",
    "after writing notes",
    "after writing shared",
    "before the note",
    "after the note",
    "before commit",
    "after commit",
];
const JOURNAL_PLACES: [&str; 9] = [
    "before Write journal",
    "within Write",
    "after Write journal",
    "before Sync journal",
    "after Sync journal",
    "before Rename journal",
    "after Rename journal",
    "before Delete journal",
    "after Delete journal",
];

/// A world with a life in it that ends at the place of this number.
fn lived(kind: Kind, test: &str, at: u64) -> Option<World> {
    let mut world = World::new(kind, test)?;
    let mut before = world.start(&format!("die {NEVER} {BEFORE}"));
    world.hear_until(&mut before, When::never());
    world.places();
    let mut life = world.start(&format!("die {at} {LIFE}"));
    world.hear_until(&mut life, When::never());
    Some(world)
}

/// Where to die: everywhere, unless nobody has time; then where each place is passed first, those of
/// the journal over one kind of store only.
fn deaths(places: &[String], kind: Kind) -> Vec<u64> {
    let long = std::env::var_os("TIEPOINT_LONG").is_some();
    let mut seen = BTreeSet::new();
    let chosen = |place: &String| {
        let of_store = STORE_PLACES.contains(&&**place);
        of_store || kind == Kind::RollbackJournal
    };
    let numbered = (0..).zip(places);
    let numbered = numbered.filter(|(_, place)| long || chosen(place) && seen.insert(*place));
    numbered.map(|(number, _)| number).collect()
}

fn died_everywhere(kind: Kind, test: &str) {
    let Some(mut world) = lived(kind, test, NEVER) else { return };
    let places = world.places();
    world.settle();
    for place in STORE_PLACES.into_iter().chain(JOURNAL_PLACES) {
        assert!(places.iter().any(|it| it == place), "nobody passes {place}");
    }
    let deaths = deaths(&places, kind);
    let mut within = BTreeMap::<String, u64>::new();
    for at in &deaths {
        let mut world = lived(kind, test, *at).expect("is there still");
        let place = world.place_of_death().expect("died");
        assert_eq!(Some(&place), places.get(usize::try_from(*at).expect("is small")));
        *within.entry(format!("{}, {place}", world.what_was_under_way())).or_default() += 1;
        world.settle();
    }
    tell(&format!("{kind:?}: {} deaths: {within:#?}", deaths.len()));
}

#[test]
fn whoever_dies_anywhere_over_a_geopackage_loses_and_doubles_nothing() {
    died_everywhere(Kind::RollbackJournal, "");
}

#[test]
fn whoever_dies_anywhere_over_a_geopackage_in_wal_mode_loses_and_doubles_nothing() {
    died_everywhere(Kind::Wal, "");
}

#[test]
fn whoever_dies_anywhere_over_postgis_loses_and_doubles_nothing() {
    died_everywhere(Kind::Postgis, "whoever_dies_anywhere_over_postgis_loses_and_doubles_nothing");
}
