//! The cases that decide what an expression means, whichever store answers.
//!
//! `layers/*.txt` are small layers with what is hard to get right: null, empty and invalid
//! geometries, the antimeridian and the poles, z and m, curves, numbers at their edges, texts that
//! look alike. `cases/*.txt` are questions about them in CQL2 text, each with the rows or values
//! that answer it:
//!
//! ```text
//! == Against the parcel 1                        a title
//! layer plan                                     what the following cases ask
//! S_TOUCHES(geom, POINT(1 2)) => 3 7             rows by their pk; also `none`, `all`, `all but 3 7`
//! value: area(geom) => 1: 100.0; 25: null        what it is for some rows; `+- 0.001` allows so much
//! order: name desc nulls last, pk limit 2 => 4 2 the rows in this order; also `offset 2`, `where …`
//! box: 177 -19 -178 -16 and people > 5 => 4 5    a box, perhaps in another CRS, perhaps a filter
//! nearest: 3 POINT(35 5) => 9 13 8               the nearest rows, the nearest first
//! total: sum i where i > 0 => 98                 one value of all rows: `count`, `min x`, …
//! nmae = 'x' => error: did you mean `name`?      a part of the message
//! ```
//!
//! Expected values come from a second witness (`witness/`: PostGIS, `GeographicLib`) or from the
//! definition, never from tiepoint. Where nothing is said PostGIS answers the same; `evidence:`
//! says otherwise for the cases below it, and an indented line for the case above it: `sql:` what
//! PostGIS was asked instead, `definition:` why the answer is right without a witness.
mod case;
mod cell;
mod query;
mod run;
mod same;
mod split;
mod table;

pub use case::Evidence;
use std::collections::BTreeMap;
use tiepoint_store::Store;

/// Asks a store every question and compares the answers.
///
/// `fresh` returns an empty store that can define layers and write, and whatever must outlive it.
///
/// # Panics
///
/// When answers are wrong, listing each with its file and line, or when the layers cannot be
/// written.
pub fn check<G>(fresh: impl FnOnce() -> (Box<dyn Store>, G)) {
    check_but(&[], fresh);
}

/// The same of a store that is known to answer some cases otherwise: those that are asked so, each
/// with the reason.
///
/// A field whose type the store does not have is kept in the one that comes nearest.
///
/// # Panics
///
/// As [`check`], and when one of those cases is answered as it should be, or is not there.
pub fn check_but<G>(known: &[(&str, &str)], fresh: impl FnOnce() -> (Box<dyn Store>, G)) {
    let (store, _guard) = fresh();
    let tables = table::tables();
    let cases = case::cases();
    let run = run::Run::load(store.as_ref(), &tables);
    let mut unmet: Vec<&str> = known.iter().map(|(asked, _)| *asked).collect();
    let mut failures = Vec::new();
    for case in &cases {
        let failure = run.failure(case);
        match unmet.iter().position(|asked| *asked == case.asked) {
            Some(at) if failure.is_some() => drop(unmet.swap_remove(at)),
            _ => failures.extend(failure),
        }
    }
    let wrong = failures.len();
    assert!(wrong == 0, "{wrong} of {} cases are wrong:\n\n{}", cases.len(), failures.join("\n"));
    assert!(unmet.is_empty(), "answered as it should be, after all: {unmet:?}");
}

/// How many cases there are of each kind of evidence.
#[must_use]
pub fn census() -> BTreeMap<Evidence, usize> {
    let mut census = BTreeMap::new();
    for case in case::cases() {
        *census.entry(case.evidence).or_default() += 1;
    }
    census
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_as_many_cases_as_were_promised_and_few_without_a_witness() {
        let census = census();
        let of = |evidence| census.get(&evidence).copied().unwrap_or(0);
        assert!(census.values().sum::<usize>() >= 400 + 160, "{census:?}");
        assert!(of(Evidence::Definition) * 10 < of(Evidence::Postgis), "{census:?}");
        assert!(of(Evidence::Geodesic) >= 30 && of(Evidence::Refusal) >= 50, "{census:?}");
    }
}
