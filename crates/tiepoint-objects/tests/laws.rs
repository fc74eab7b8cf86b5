//! What holds of a tracker whatever it was told.
use proptest::collection::vec;
use proptest::prelude::*;
use std::collections::BTreeMap;
use tiepoint_core::{Fid, FidRule, ObjectId};
use tiepoint_objects::{Event, Policy, Provisional, Scope, State, TieRef, Tracker, Verdict};

/// What may be told, of few rows and few ids, true or not.
#[derive(Debug, Clone)]
enum Told {
    Event(Event),
    /// A reading of all rows, which carry these.
    Read(BTreeMap<i64, Option<u8>>),
}

fn id(number: u8) -> ObjectId {
    let mut bytes = [0; 16];
    (bytes[0], bytes[6], bytes[8]) = (number, 0x40, 0x80);
    ObjectId::from_bytes(bytes).expect("is a UUID")
}

fn fids() -> impl Strategy<Value = Fid> {
    (-5_i64..6).prop_map(Fid::Int)
}

fn ids() -> impl Strategy<Value = Option<ObjectId>> {
    proptest::option::weighted(0.8, (1_u8..8).prop_map(id))
}

fn rows() -> impl Strategy<Value = BTreeMap<i64, Option<u8>>> {
    let ids = proptest::option::weighted(0.8, 1_u8..8);
    proptest::collection::btree_map(1_i64..9, ids, 0..8)
}

fn edits() -> impl Strategy<Value = Event> {
    prop_oneof![
        3 => fids().prop_map(|fid| Event::Added { fid }),
        3 => (fids(), ids()).prop_map(|(fid, id)| Event::Seen { fid, id }),
        2 => fids().prop_map(|fid| Event::Deleted { fid }),
        2 => (fids(), ids()).prop_map(|(fid, id)| Event::IdentityWritten { fid, id }),
        1 => fids().prop_map(|fid| Event::Changed { fid }),
        1 => fids().prop_map(|fid| Event::Absent { fid }),
        4 => any::<bool>().prop_map(|clean| Event::StepEnded { clean }),
    ]
}

fn others() -> impl Strategy<Value = Event> {
    let editing = any::<bool>();
    prop_oneof![
        any::<bool>().prop_map(|passthrough| Event::EditingStarted { passthrough }),
        Just(Event::CommitStarted),
        vec(fids(), 0..3).prop_map(|fids| Event::CommittedRemoved { fids }),
        vec(fids(), 0..3).prop_map(|fids| Event::CommittedAdded { fids }),
        (fids(), fids()).prop_map(|(from, to)| Event::Renumbered { from, to }),
        (any::<bool>(), any::<bool>())
            .prop_map(|(success, editing)| Event::CommitEnded { success, editing }),
        editing.prop_map(|editing| Event::RolledBack { editing }),
        any::<bool>().prop_map(|filtered| Event::FilterChanged { filtered }),
        any::<bool>().prop_map(|identity| Event::FieldsChanged { identity }),
        Just(Event::SourceChanged),
        Just(Event::LayerGone),
        Just(Event::LayerReturned),
    ]
}

fn histories() -> impl Strategy<Value = Vec<Told>> {
    let told = prop_oneof![
        6 => edits().prop_map(Told::Event),
        2 => others().prop_map(Told::Event),
        1 => rows().prop_map(Told::Read),
    ];
    vec(told, 0..60)
}

fn policies() -> impl Strategy<Value = Policy> {
    let rules = [FidRule::Stable, FidRule::Renumbering, FidRule::Ephemeral];
    (0..3_usize, any::<bool>()).prop_map(move |(rule, is_key)| {
        let make = if is_key { Policy::natural_key } else { Policy::column };
        Policy { provisional: Provisional::Negative, ..make(rules[rule]) }
    })
}

fn read(tracker: &mut Tracker, rows: &BTreeMap<i64, Option<u8>>) -> Verdict {
    read_called(Fid::Int, tracker, rows)
}

fn read_called(
    call: fn(i64) -> Fid,
    tracker: &mut Tracker,
    rows: &BTreeMap<i64, Option<u8>>,
) -> Verdict {
    let mut reading = tracker.resync(&Scope::All);
    for (fid, carried) in rows {
        reading.row(call(*fid), carried.map(id));
    }
    reading.finish()
}

fn told(policy: Policy, history: &[Told]) -> (Tracker, Vec<Verdict>) {
    told_called(Fid::Int, policy, history)
}

/// Tells a history of rows that are called by other names.
fn told_called(call: fn(i64) -> Fid, policy: Policy, history: &[Told]) -> (Tracker, Vec<Verdict>) {
    let mut tracker = Tracker::new(policy);
    let verdicts = history.iter().map(|it| match it {
        Told::Event(event) => tracker.hear(called(call, event.clone())),
        Told::Read(rows) => read_called(call, &mut tracker, rows),
    });
    let verdicts = verdicts.collect();
    (tracker, verdicts)
}

fn called(call: fn(i64) -> Fid, event: Event) -> Event {
    let one = |fid: Fid| match fid {
        Fid::Int(number) => call(number),
        Fid::Text(_) => fid,
    };
    let all = |fids: Vec<Fid>| fids.into_iter().map(one).collect();
    match event {
        Event::Added { fid } => Event::Added { fid: one(fid) },
        Event::Seen { fid, id } => Event::Seen { fid: one(fid), id },
        Event::Absent { fid } => Event::Absent { fid: one(fid) },
        Event::Deleted { fid } => Event::Deleted { fid: one(fid) },
        Event::IdentityWritten { fid, id } => Event::IdentityWritten { fid: one(fid), id },
        Event::Changed { fid } => Event::Changed { fid: one(fid) },
        Event::CommittedRemoved { fids } => Event::CommittedRemoved { fids: all(fids) },
        Event::CommittedAdded { fids } => Event::CommittedAdded { fids: all(fids) },
        Event::Renumbered { from, to } => Event::Renumbered { from: one(from), to: one(to) },
        other => other,
    }
}

/// A name that sorts as the number does.
fn text(number: i64) -> Fid {
    Fid::Text(format!("row {:03}", number + 100))
}

/// Near the end of all numbers.
fn far(number: i64) -> Fid {
    Fid::Int(i64::MIN + (number + 100))
}

/// Where every tie stands, by its number: ids that were minted are others each time.
fn standings(tracker: &Tracker) -> Vec<(TieRef, State, Option<Fid>)> {
    let mut ties: Vec<_> = tracker.iter().collect();
    ties.sort_unstable();
    ties.into_iter().map(|tie| (tie, tracker.state(tie), tracker.fid(tie))).collect()
}

/// What became of ties, without ids.
fn became(
    verdicts: &[Verdict],
) -> Vec<Vec<(TieRef, std::mem::Discriminant<tiepoint_objects::What>)>> {
    let of = |it: &Verdict| {
        let transitions = it.transitions.iter();
        transitions.map(|it| (it.tie, std::mem::discriminant(&it.what))).collect()
    };
    verdicts.iter().map(of).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_second_reading_tells_nothing(
        policy in policies(),
        history in histories(),
        rows in rows(),
    ) {
        let (mut tracker, _) = told(policy, &history);
        let _ = read(&mut tracker, &rows);
        let before = standings(&tracker);
        let verdict = read(&mut tracker, &rows);
        prop_assert_eq!(&verdict.transitions, &Vec::new());
        prop_assert_eq!(standings(&tracker), before);
    }

    #[test]
    fn each_row_has_one_object_at_most_and_each_object_one_row(
        policy in policies(),
        history in histories(),
        rows in rows(),
    ) {
        let (mut tracker, _) = told(policy, &history);
        let _ = read(&mut tracker, &rows);
        let mut fids: Vec<Fid> = tracker.iter().filter_map(|tie| tracker.fid(tie)).collect();
        let count = fids.len();
        fids.sort_unstable();
        fids.dedup();
        prop_assert_eq!(fids.len(), count);
        for tie in tracker.iter() {
            prop_assert_eq!(tracker.by_id(&tracker.id(tie)), Ok(tie));
            if let Some(fid) = tracker.fid(tie) {
                prop_assert_eq!(tracker.by_fid(&fid), Ok(tie));
            }
        }
    }

    #[test]
    fn after_a_reading_who_carries_an_id_is_found_or_is_not_the_one_who_has_it(
        policy in policies(),
        history in histories(),
        rows in rows(),
    ) {
        let (mut tracker, _) = told(policy, &history);
        let _ = tracker.hear(Event::RolledBack { editing: false });
        let _ = tracker.hear(Event::FieldsChanged { identity: true });
        let _ = tracker.hear(Event::FilterChanged { filtered: false });
        let _ = read(&mut tracker, &rows);
        for (fid, carried) in &rows {
            let Some(number) = *carried else { continue };
            if rows.values().filter(|it| **it == *carried).count() > 1 {
                continue;
            }
            let fid = Fid::Int(*fid);
            let tie = tracker.by_feature(Some(&fid), Some(&id(number)));
            // A row of which it is known that it was rewritten keeps its object.
            let is_another = tracker.by_id(&id(number)).is_ok_and(|it| tracker.fid(it).as_ref() != Some(&fid));
            prop_assert!(tie.is_ok() || is_another, "{} of {}: {:?}", fid, number, tie);
            prop_assert!(tie.is_err() || tracker.by_fid(&fid) == tie);
        }
    }

    #[test]
    fn what_rows_are_called_is_all_the_same(policy in policies(), history in histories()) {
        let policy = Policy { provisional: Provisional::Never, ..policy };
        let (usual, verdicts) = told(policy, &history);
        for call in [text, far] {
            let (other, others) = told_called(call, policy, &history);
            prop_assert_eq!(became(&verdicts), became(&others));
            let recalled = |it: Option<Fid>| it.map(|fid| match fid {
                Fid::Int(number) => call(number),
                Fid::Text(_) => fid,
            });
            let expected: Vec<_> =
                standings(&usual).into_iter().map(|(a, b, fid)| (a, b, recalled(fid))).collect();
            prop_assert_eq!(expected, standings(&other));
        }
    }

    #[test]
    fn judging_is_deterministic(policy in policies(), history in histories()) {
        let (one, verdicts) = told(policy, &history);
        let (other, others) = told(policy, &history);
        prop_assert_eq!(became(&verdicts), became(&others));
        prop_assert_eq!(standings(&one), standings(&other));
    }

    /// Where no row dies, it is all the same whether steps are judged one by one or together.
    #[test]
    fn additions_may_be_judged_late(added in vec((2_i64..40, 1_u8..60), 1..12)) {
        let policy = Policy { provisional: Provisional::Negative, ..Policy::column(FidRule::Stable) };
        let ends = |each: bool| {
            let mut tracker = Tracker::new(policy);
            let _ = tracker.hear(Event::EditingStarted { passthrough: false });
            for (number, carried) in added.iter().copied().collect::<BTreeMap<_, _>>() {
                let fid = Fid::Int(-number);
                let _ = tracker.hear(Event::Added { fid: fid.clone() });
                let _ = tracker.hear(Event::Seen { fid, id: Some(id(carried)) });
                if each {
                    let _ = tracker.hear(Event::StepEnded { clean: false });
                }
            }
            let _ = tracker.hear(Event::StepEnded { clean: false });
            standings(&tracker)
        };
        prop_assert_eq!(ends(true), ends(false));
    }
}
