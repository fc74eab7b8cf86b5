//! GEOS says the same of what is valid, and why not.
use std::collections::BTreeMap;

use tiepoint_core::Geometry;
use tiepoint_spatial::validity::{Reason, fault};

use crate::tools::{PYTHON, answer, have};
use crate::validity_cases::{Random, case};
use crate::validity_pairs::intersections;

/// Reads a geometry per line, as WKT, and tells GEOS's reason.
const ASK_GEOS: &str = "
import sys, logging
logging.disable(logging.CRITICAL)
import shapely.wkt
from shapely.validation import explain_validity
for line in sys.stdin:
    print(explain_validity(shapely.wkt.loads(line)).partition('[')[0])
";

/// How many cases are tried; `TIEPOINT_CASES` asks for more.
fn number_of_cases() -> usize {
    let asked = std::env::var("TIEPOINT_CASES").ok();
    asked.map_or(4000, |number| number.parse().expect("a number of cases"))
}

/// The reason that GEOS gives; none of a valid geometry.
fn reason(words: &str) -> Option<Reason> {
    let reason = Reason::ALL.into_iter().find(|it| it.words() == words);
    assert!(reason.is_some() || words == "Valid Geometry", "{words}");
    reason
}

/// Whether two reasons that differ are both true.
///
/// * Boundaries that meet against the rules in one place may do so otherwise in another, and each
///   search tells what it has met first.
/// * GEOS stops looking for such places once two rings of a polygon have met twice, and goes on
///   to what it checks next.
fn are_both_true(geometry: &Geometry, ours: Reason, geos: Reason) -> bool {
    let intersections = intersections(geometry.as_ref());
    intersections.contains(&ours)
        && (geos >= Reason::HoleOutsideShell || intersections.contains(&geos))
}

#[test]
fn geos_gives_the_same_verdict_and_a_reason_as_true() {
    let shapely = ["-c", "import shapely"];
    if !have("what GEOS says of validity", "python3-shapely", PYTHON, &shapely) {
        return;
    }
    let mut random = Random::new(20_260_101);
    let cases: Vec<String> = (0..number_of_cases()).map(|_| case(&mut random)).collect();
    let geos = answer(PYTHON, &["-c", ASK_GEOS], cases.join("\n"));
    assert_eq!(geos.lines().count(), cases.len());
    let mut counts = BTreeMap::<_, usize>::new();
    for (wkt, geos) in cases.iter().zip(geos.lines().map(reason)) {
        let geometry = Geometry::from_wkt(wkt).expect(wkt);
        let ours = fault(&geometry).map(|fault| fault.reason);
        assert_eq!(ours.is_some(), geos.is_some(), "{ours:?} here, {geos:?} in GEOS: {wkt}");
        if let Some((ours, geos)) = ours.zip(geos).filter(|(ours, geos)| ours != geos) {
            assert!(are_both_true(&geometry, ours, geos), "{ours} here, {geos} in GEOS: {wkt}");
        }
        *counts.entry((ours, geos)).or_default() += 1;
    }
    println!("(ours, that of GEOS): how many\n{counts:#?}");
    let same = |reason| counts.get(&(reason, reason)).copied().unwrap_or_default();
    assert!(Reason::ALL.into_iter().all(|reason| same(Some(reason)) > 0), "a reason was not met");
    let all_same: usize = Reason::ALL.into_iter().map(Some).chain([None]).map(same).sum();
    assert!(all_same * 100 > cases.len() * 85, "{all_same} of {}", cases.len());
}
