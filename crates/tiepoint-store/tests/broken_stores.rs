//! The conformance suite is only worth something if a store that breaks a promise fails it.
#![cfg(feature = "conformance")]
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use tiepoint_core::{Feature, Fields, Ids, InvalidGeometries, Layer, Query};
use tiepoint_store::{
    Capabilities, Features, LayerFacts, MemoryStore, Plan, ReadControl, Result, Store, Transaction,
    TransactionOptions, conformance,
};

/// A way of breaking a promise, and the promise that must notice.
#[derive(Clone, Copy)]
struct Fault {
    promise: &'static str,
    query: fn(Query) -> Query,
    feature: fn(usize, Feature) -> Option<Feature>,
}

const SOUND: Fault = Fault { promise: "none", query: |it| it, feature: |_, it| Some(it) };

const FAULTS: &[Fault] = &[
    Fault {
        promise: "everything_comes_back_once",
        feature: |number, it| (number != 999).then_some(it),
        ..SOUND
    },
    Fault {
        promise: "a_box_finds_what_brute_force_finds",
        query: |it| Query { bbox: None, ..it },
        ..SOUND
    },
    Fault { promise: "objects_are_found_by_id", query: |it| it.ids(Ids::Any), ..SOUND },
    Fault {
        promise: "sorting_follows_the_one_order",
        query: |it| Query { order: Vec::new(), ..it },
        ..SOUND
    },
    Fault {
        promise: "limit_and_offset_cut_the_same_order",
        query: |it| Query { offset: 0, ..it },
        ..SOUND
    },
    Fault {
        promise: "fields_come_as_asked",
        query: |it| Query { fields: Fields::All, ..it },
        ..SOUND
    },
    Fault {
        promise: "a_filter_keeps_what_is_true_and_nothing_else",
        query: |it| Query { filter: None, ..it },
        ..SOUND
    },
    Fault {
        promise: "computed_values_follow_the_fields",
        query: |it| Query { computed: Vec::new(), ..it },
        ..SOUND
    },
    Fault {
        promise: "equal_features_come_once_when_asked",
        query: |it| Query { distinct: false, ..it },
        ..SOUND
    },
    Fault {
        promise: "pages_by_mark_walk_through_everything_once",
        query: |it| Query { offset: it.offset + u64::from(it.after.is_some()), ..it },
        ..SOUND
    },
    Fault {
        promise: "geometries_come_in_the_crs_that_is_asked_for",
        query: |it| Query { crs: None, ..it },
        ..SOUND
    },
    Fault {
        promise: "invalid_geometries_are_kept_passed_over_or_refused",
        query: |it| Query { invalid: InvalidGeometries::Keep, ..it },
        ..SOUND
    },
    Fault {
        promise: "a_new_feature_is_given_an_id",
        feature: |_, it| Some(it.with_id(None)),
        ..SOUND
    },
    Fault {
        promise: "null_is_written_and_unset_is_not",
        feature: |_, mut it| {
            it.unset("name");
            Some(it)
        },
        ..SOUND
    },
];

/// A memory store that breaks one promise when it is read.
struct Broken(MemoryStore, Fault);

impl Store for Broken {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn capabilities(&self) -> Capabilities {
        self.0.capabilities()
    }

    fn layers(&self) -> Result<Vec<Arc<Layer>>> {
        self.0.layers()
    }

    fn layer(&self, name: &str) -> Result<Arc<Layer>> {
        self.0.layer(name)
    }

    fn facts(&self, layer: &str) -> Result<LayerFacts> {
        self.0.facts(layer)
    }

    fn read_with(&self, query: &Query, control: &ReadControl) -> Result<Features<'static>> {
        let Fault { query: alter, feature, .. } = self.1;
        let features = self.0.read_with(&alter(query.clone()), control)?;
        let schema = Arc::clone(features.schema());
        let altered = features.enumerate().filter_map(move |(number, it)| match it {
            Ok(it) => feature(number, it).map(Ok),
            Err(error) => Some(Err(error)),
        });
        Ok(Features::new(schema, altered))
    }

    fn explain(&self, query: &Query) -> Result<Plan> {
        self.0.explain(query)
    }

    fn begin(&self, options: TransactionOptions) -> Result<Box<dyn Transaction + '_>> {
        self.0.begin(options)
    }

    fn freshness(&self) -> Result<u64> {
        self.0.freshness()
    }
}

fn broken_promises(fault: Fault) -> Option<String> {
    let fresh = || -> conformance::Fresh<()> { (Box::new(Broken(MemoryStore::new(), fault)), ()) };
    let outcome = catch_unwind(AssertUnwindSafe(|| conformance::check(fresh)));
    outcome.err().map(|panic| panic.downcast_ref::<String>().cloned().unwrap_or_default())
}

#[test]
fn every_broken_promise_is_noticed_by_name() {
    for fault in FAULTS {
        let noticed = broken_promises(*fault).expect("the suite fails");
        assert!(noticed.contains(fault.promise), "{} is not in {noticed}", fault.promise);
    }
}

#[test]
fn a_sound_wrapper_keeps_every_promise() {
    assert_eq!(broken_promises(SOUND), None);
}
