//! Replicas that edit for themselves, exchange what they did, decide, and must all end up alike.
use crate::for_many_histories;
use crate::model::{Dice, State, applied, edit, some_state};
use tiepoint_core::{ChangeSet, Clash, Conflict, Resolution};

struct Replica {
    state: State,
    /// How much of the log it has.
    seen: usize,
    pending: ChangeSet,
}

/// Any rule will do, as long as whoever asks again gets the same answer.
fn decide(conflict: &Conflict) -> Resolution {
    let name = format!("{}{}{:?}", conflict.layer, conflict.target, conflict.clash);
    match (name.bytes().map(usize::from).sum::<usize>() % 3, conflict.clash.field()) {
        (0, _) => Resolution::Mine,
        (1, Some(_)) => Resolution::Value("both".into()),
        _ => Resolution::Theirs,
    }
}

impl Replica {
    /// Takes over what others did since, puts its own on top, and hands that out.
    fn exchange(&mut self, log: &mut Vec<ChangeSet>, confirmed: &mut State) {
        let theirs = log[self.seen..]
            .iter()
            .fold(ChangeSet::new(), |theirs, next| theirs.then(next).expect("the log has no gaps"));
        let rebased = self.pending.rebased_over(&theirs, &|_, _| false).expect("of one base");
        let on_top = rebased.resolved(decide).expect("the rule gives fit answers");
        let base = applied(&self.state, &self.pending.inverted());
        self.state = applied(&applied(&base, &theirs), &on_top);
        *confirmed = applied(confirmed, &on_top);
        assert_eq!(self.state, *confirmed);
        if !on_top.is_empty() {
            log.push(on_top);
        }
        (self.seen, self.pending) = (log.len(), ChangeSet::new());
    }

    fn edit(&mut self, dice: &mut Dice) {
        let edits = dice.roll(5);
        let more = edit(dice, &mut self.state, edits);
        self.pending = self.pending.then(&more).expect("follows");
    }
}

#[test]
fn replicas_converge_whoever_exchanges_when() {
    for_many_histories(|dice| {
        let mut confirmed = some_state(dice);
        let start = confirmed.clone();
        let replica = || Replica { state: start.clone(), seen: 0, pending: ChangeSet::new() };
        let mut replicas: Vec<Replica> = (0..2 + dice.roll(4)).map(|_| replica()).collect();
        let mut log = Vec::new();
        for _ in 0..4 + dice.roll(12) {
            let one = dice.roll(replicas.len());
            replicas[one].edit(dice);
            if dice.roll(3) == 0 {
                replicas[one].exchange(&mut log, &mut confirmed);
            }
        }
        // The second round brings everybody what the first one made.
        for _ in 0..2 {
            for replica in &mut replicas {
                replica.exchange(&mut log, &mut confirmed);
            }
        }
        assert!(replicas.iter().all(|it| it.state == confirmed));
        let replayed = log.iter().fold(start, |state, next| applied(&state, next));
        assert_eq!(replayed, confirmed);
    });
}

/// The greater value wins, and whoever changed something against who deleted it.
fn the_greater(conflict: &Conflict) -> Resolution {
    let mine_is_greater = match &conflict.clash {
        Clash::Field { mine, theirs, .. } => format!("{mine:?}") > format!("{theirs:?}"),
        Clash::BothInserted { mine, theirs } => format!("{mine:?}") > format!("{theirs:?}"),
        Clash::TheyDeleted { .. } => true,
        Clash::IDeleted { .. } | Clash::Unique { .. } => false,
    };
    if mine_is_greater { Resolution::Mine } else { Resolution::Theirs }
}

fn merged(base: &State, sides: &[ChangeSet]) -> State {
    let all = sides.iter().fold(ChangeSet::new(), |all, side| {
        let rebased = side.rebased_over(&all, &|_, _| false).expect("of one base");
        let on_top = rebased.resolved(the_greater).expect("the rule gives fit answers");
        all.then(&on_top).expect("is on top")
    });
    applied(base, &all)
}

/// Unless two insert one object: whose gaps are filled with whose values depends on the order.
#[test]
fn merging_does_not_depend_on_the_order() {
    for_many_histories(|dice| {
        let base = some_state(dice);
        let mut sides: Vec<_> = (0..2 + dice.roll(4))
            .map(|_| {
                let edits = dice.roll(6);
                edit(dice, &mut base.clone(), edits)
            })
            .collect();
        let mut inserted = std::collections::HashSet::new();
        let all_apart = sides.iter().flat_map(ChangeSet::layers).all(|(layer, changes)| {
            changes.iter().all(|(target, change)| {
                !matches!(change, tiepoint_core::Change::Insert(_))
                    || inserted.insert((layer.to_owned(), target.clone()))
            })
        });
        let first = merged(&base, &sides);
        assert_eq!(merged(&base, &sides), first, "merging is deterministic");
        for _ in 0..3 {
            dice.shuffle(&mut sides);
            let again = merged(&base, &sides);
            assert!(!all_apart || again == first);
        }
    });
}
