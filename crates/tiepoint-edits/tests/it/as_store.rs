//! A buffer is a store: it keeps the contract of the store below, with everything pending, with
//! every step committed at once, and with some of both.
use std::sync::{Arc, Mutex};
use tiepoint_edits::{EditBuffer, EditEvent, Subscription};
use tiepoint_gpkg::GpkgStore;
use tiepoint_postgis::PostgisStore;
use tiepoint_postgis::testing::server_or_skip;
use tiepoint_store::{MemoryStore, Store, conformance};

/// Outlives the buffer, and looks whether all commits did what they should.
struct Guard<G> {
    buffer: Arc<EditBuffer>,
    _committing: Option<Subscription>,
    _below: G,
}

impl<G> Drop for Guard<G> {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let mut faults = self.buffer.faults();
            // values that the store does not keep are refused when they get there
            faults.retain(|fault| fault.panicked || !fault.message.contains("expected"));
            assert_eq!(faults, [], "every commit succeeds");
        }
    }
}

/// A buffer that commits every so many steps; never, where that is 0.
fn buffer<G>(store: impl Store + 'static, below: G, every: usize) -> conformance::Fresh<Guard<G>> {
    let buffer = Arc::new(EditBuffer::over(Arc::new(store)));
    let (weak, steps) = (Arc::downgrade(&buffer), Mutex::new(0));
    let committing = (every > 0).then(|| {
        buffer.subscribe(move |event| {
            let EditEvent::Changed { .. } = event else { return Ok(()) };
            let mut steps = steps.lock().expect("nobody panics");
            *steps += 1;
            if *steps % every == 0
                && let Some(buffer) = weak.upgrade()
            {
                buffer.commit()?;
            }
            Ok(())
        })
    });
    let guard = Guard { buffer: Arc::clone(&buffer), _committing: committing, _below: below };
    (Box::new(buffer), guard)
}

/// How often a step is committed in each of the runs, and the promises that are not kept then.
///
/// New features get other fids when they are committed, so the layers of a buffer say that their
/// fids do not stay. Who writes change sets neither wishes for fids then, nor changes features by
/// them.
const RUNS: [(usize, &[&str]); 3] = [
    (
        0,
        &[
            "a_fid_is_a_wish_for_what_is_known_by_an_id",
            "rows_without_ids_are_changed_by_their_fids",
        ],
    ),
    (
        1,
        &[
            "everything_comes_back_once",
            "an_update_says_only_what_differs",
            "a_non_spatial_untied_layer_works_too",
            "an_update_keeps_the_id",
            "changes_are_written_and_taken_back",
            "a_fid_is_a_wish_for_what_is_known_by_an_id",
            "rows_without_ids_are_changed_by_their_fids",
        ],
    ),
    (
        2,
        &[
            "an_update_says_only_what_differs",
            "an_update_keeps_the_id",
            "changes_are_written_and_taken_back",
            "every_refusal_is_told_and_nothing_is_written",
            "what_the_changes_speak_of_must_be_there",
            "a_change_set_is_written_once",
            "a_fid_is_a_wish_for_what_is_known_by_an_id",
            "rows_without_ids_are_changed_by_their_fids",
        ],
    ),
];

#[test]
fn edits_over_memory_keep_the_store_contract() {
    for (every, known) in RUNS {
        conformance::check_but(known, || buffer(MemoryStore::new(), (), every));
    }
}

#[test]
fn edits_over_a_geopackage_keep_the_store_contract() {
    for (every, known) in RUNS {
        conformance::check_but(known, || {
            let folder = tempfile::tempdir().expect("a folder");
            let store = GpkgStore::create(folder.path().join("edits.gpkg")).expect("is new");
            buffer(store, folder, every)
        });
    }
}

#[test]
fn edits_over_postgis_keep_the_store_contract() {
    let Some(server) = server_or_skip("edits_over_postgis_keep_the_store_contract") else { return };
    for (every, known) in RUNS {
        conformance::check_but(known, || {
            let schema = server.schema();
            let store = PostgisStore::open(&schema.url()).expect("opens");
            buffer(store, schema, every)
        });
    }
}
