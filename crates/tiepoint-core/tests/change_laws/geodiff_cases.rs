//! What geodiff documents and tests of its rebase, case by case, and what becomes of it here.
//!
//! The cases are those of `test_concurrent_commits.cpp` and of the issues of `MerginMaps/geodiff`
//! (MIT); where it decides silently, renumbers or refuses, the outcome is ours.
use crate::model::{State, applied, target};
use std::collections::BTreeSet;
use tiepoint_core::{
    ChangeSet, Clash, Conflict, Fid, FieldNames, Image, NamedValues, Target, Value,
};

/// Whole states, as `object: field=value …; …`. Objects are numbers, rows without object ids are
/// `#` and their fid; the field `uuid` must be unique.
struct Case {
    name: &'static str,
    base: &'static str,
    mine: &'static str,
    theirs: &'static str,
    /// What is there after theirs and what of mine stands.
    after: &'static str,
    /// What waits: the feature, then the field, or who deleted it.
    conflicts: &'static [&'static str],
}

const CASES: &[Case] = &[
    Case {
        name: "nobody else did anything",
        base: "1: a=1; 2: a=2",
        mine: "1: a=5; 3: a=3",
        theirs: "1: a=1; 2: a=2",
        after: "1: a=5; 3: a=3",
        conflicts: &[],
    },
    Case {
        name: "two inserts of different objects both stay; geodiff renumbers the second",
        base: "1: a=1",
        mine: "1: a=1; 2: a=2",
        theirs: "1: a=1; 3: a=3",
        after: "1: a=1; 2: a=2; 3: a=3",
        conflicts: &[],
    },
    Case {
        name: "two inserts of one row, which may be two things, are a question; geodiff renumbers",
        base: "#1: a=1",
        mine: "#1: a=1; #5: a=2",
        theirs: "#1: a=1; #5: a=3",
        after: "#1: a=1; #5: a=3",
        conflicts: &["#5 both inserted"],
    },
    Case {
        name: "several inserts on both sides keep their names",
        base: "",
        mine: "1: a=1; 2: a=2; 3: a=3",
        theirs: "3: a=3; 4: a=4; 5: a=5",
        after: "1: a=1; 2: a=2; 3: a=3; 4: a=4; 5: a=5",
        conflicts: &[],
    },
    Case {
        name: "edits of different rows",
        base: "1: a=1; 2: a=2",
        mine: "1: a=5; 2: a=2",
        theirs: "1: a=1; 2: a=6",
        after: "1: a=5; 2: a=6",
        conflicts: &[],
    },
    Case {
        name: "edits of different columns of one row merge",
        base: "1: a=1 b=1",
        mine: "1: a=5 b=1",
        theirs: "1: a=1 b=6",
        after: "1: a=5 b=6",
        conflicts: &[],
    },
    Case {
        name: "edits of one column wait; geodiff lets ours win",
        base: "1: a=1 b=1",
        mine: "1: a=5 b=7",
        theirs: "1: a=6 b=1",
        after: "1: a=6 b=7",
        conflicts: &["1.a"],
    },
    Case {
        name: "the same edit is no conflict",
        base: "1: a=1",
        mine: "1: a=5",
        theirs: "1: a=5",
        after: "1: a=5",
        conflicts: &[],
    },
    Case {
        name: "a geometry is one column",
        base: "1: geom=p0 a=1",
        mine: "1: geom=p1 a=1",
        theirs: "1: geom=p2 a=2",
        after: "1: geom=p2 a=2",
        conflicts: &["1.geom"],
    },
    Case {
        name: "both delete different rows, and one alike",
        base: "1: a=1; 2: a=2; 3: a=3",
        mine: "2: a=2",
        theirs: "1: a=1",
        after: "",
        conflicts: &[],
    },
    Case {
        name: "they deleted what I updated",
        base: "1: a=1; 2: a=2",
        mine: "1: a=5; 2: a=2",
        theirs: "2: a=2",
        after: "2: a=2",
        conflicts: &["1 they deleted"],
    },
    Case {
        name: "I deleted what they updated: a conflict too; geodiff deletes and is silent",
        base: "1: a=1; 2: a=2",
        mine: "2: a=2",
        theirs: "1: a=5; 2: a=2",
        after: "1: a=5; 2: a=2",
        conflicts: &["1 I deleted"],
    },
    Case {
        name: "they deleted what I never touched",
        base: "1: a=1; 2: a=2",
        mine: "1: a=1; 2: a=5",
        theirs: "2: a=2",
        after: "2: a=5",
        conflicts: &[],
    },
    Case {
        name: "a key that I changed is a delete and an insert",
        base: "#1: a=1; #2: a=2",
        mine: "#7: a=1; #2: a=2",
        theirs: "#1: a=1; #2: a=5",
        after: "#7: a=1; #2: a=5",
        conflicts: &[],
    },
    Case {
        name: "a key that I changed, of a row that they updated: the update is not lost",
        base: "#1: a=1",
        mine: "#7: a=1",
        theirs: "#1: a=5",
        after: "#1: a=5; #7: a=1",
        conflicts: &["#1 I deleted"],
    },
    Case {
        name: "their column more; geodiff: schemas are not the same",
        base: "1: a=1; 2: a=2",
        mine: "1: a=5; 3: a=3",
        theirs: "1: a=1 b=1; 2: a=2 b=2",
        after: "1: a=5 b=1; 2: a=2 b=2; 3: a=3",
        conflicts: &["2 I deleted"],
    },
    Case {
        name: "my column more",
        base: "1: a=1",
        mine: "1: a=1 b=1",
        theirs: "1: a=5; 2: a=2",
        after: "1: a=5 b=1; 2: a=2",
        conflicts: &[],
    },
    Case {
        name: "one unique value in two inserts; geodiff cannot go on (#210)",
        base: "",
        mine: "1: uuid=x a=1; 2: uuid=y",
        theirs: "3: uuid=x",
        after: "2: uuid=y; 3: uuid=x",
        conflicts: &["1.uuid"],
    },
    Case {
        name: "one unique value in an update of mine and in theirs: only the field waits",
        base: "1: uuid=x a=1; 2: uuid=y",
        mine: "1: uuid=z a=5; 2: uuid=y",
        theirs: "1: uuid=x a=1; 2: uuid=z",
        after: "1: uuid=x a=5; 2: uuid=z",
        conflicts: &["1.uuid"],
    },
    Case {
        name: "a unique value of a row that I deleted and they gave that value: told once",
        base: "1: uuid=x",
        mine: "2: uuid=z",
        theirs: "1: uuid=z",
        after: "1: uuid=z",
        conflicts: &["1 I deleted", "2.uuid"],
    },
    Case {
        name: "a unique value taken over from a row that stays after all",
        base: "1: uuid=x a=1",
        mine: "2: uuid=x",
        theirs: "1: uuid=x a=2",
        after: "1: uuid=x a=2",
        conflicts: &["1 I deleted", "2.uuid"],
    },
    Case {
        name: "a unique value that the other side gave up is free",
        base: "1: uuid=x; 2: uuid=y",
        mine: "1: uuid=x; 2: uuid=y; 3: uuid=z",
        theirs: "1: uuid=w; 2: uuid=y",
        after: "1: uuid=w; 2: uuid=y; 3: uuid=z",
        conflicts: &[],
    },
];

fn value(text: &str) -> Value {
    match text.strip_prefix('p') {
        Some(x) => {
            let wkt = format!("POINT ({x} 0)");
            Value::Geometry(tiepoint_core::Geometry::from_wkt(&wkt).expect("is WKT"))
        }
        None => text.parse::<i64>().map_or_else(|_| text.into(), Value::Int),
    }
}

fn known_as(name: &str) -> Target {
    match name.strip_prefix('#') {
        Some(fid) => Target::Fid(Fid::Int(fid.parse().expect("a number"))),
        None => target(name.parse().expect("a number")),
    }
}

fn state(text: &str) -> State {
    let rows = text.split(';').map(str::trim).filter(|row| !row.is_empty());
    rows.map(|row| {
        let (name, says) = row.split_once(':').expect("object: values");
        let says = says.split_whitespace().map(|it| {
            let (field, text) = it.split_once('=').expect("field=value");
            (field.to_owned(), value(text))
        });
        (("layer".to_owned(), known_as(name.trim())), says.collect::<NamedValues>())
    })
    .collect()
}

/// By the fields that the side knows.
fn changes(before: &State, after: &State) -> ChangeSet {
    let names = before.values().chain(after.values()).flat_map(NamedValues::keys);
    let fields: FieldNames = names.cloned().collect::<BTreeSet<_>>().into_iter().collect();
    let rows = |state: &State| {
        let image = |says: &NamedValues| Image {
            fid: None,
            values: fields.iter().map(|name| says.get(name).cloned()).collect(),
        };
        state.iter().map(|((_, target), says)| (target.clone(), image(says))).collect::<Vec<_>>()
    };
    ChangeSet::between("layer", &fields, rows(before), rows(after))
}

fn told(conflict: &Conflict) -> String {
    let name = match &conflict.target {
        Target::Id(id) => id.as_bytes()[0].to_string(),
        Target::Fid(fid) => format!("#{fid}"),
    };
    match &conflict.clash {
        Clash::Field { field, .. } | Clash::Unique { field, .. } => format!("{name}.{field}"),
        Clash::TheyDeleted { .. } => format!("{name} they deleted"),
        Clash::IDeleted { .. } => format!("{name} I deleted"),
        Clash::BothInserted { .. } => format!("{name} both inserted"),
    }
}

#[test]
fn geodiffs_cases_come_out_right() {
    for case in CASES {
        let base = state(case.base);
        let (mine, theirs) =
            (changes(&base, &state(case.mine)), changes(&base, &state(case.theirs)));
        let rebased = mine.rebased_over(&theirs, &|_, field| field == "uuid").expect(case.name);
        let after = applied(&applied(&base, &theirs), &rebased.changes);
        let conflicts: Vec<String> = rebased.conflicts.iter().map(told).collect();
        assert_eq!(after, state(case.after), "{}", case.name);
        assert_eq!(conflicts, case.conflicts, "{}", case.name);
    }
}
