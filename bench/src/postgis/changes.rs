//! Many changes of an attribute, beside the driver's own `COPY` into a temporary table and one
//! `UPDATE` from it.
use super::arena::{Arena, Cost};
use crate::dataset::Dataset;
use crate::outcome::{Row, Target};
use crate::stage::Stage;
use crate::{Outcome, changes};

/// Both change the same features to and fro, so that each finds what it left.
pub(crate) fn apply(stage: &Stage, arena: &Arena, dataset: Dataset) -> Outcome<Vec<Row>> {
    let store = arena.holding(stage, dataset)?;
    let mut raw = arena.raw()?;
    let there = changes::notes(&store, dataset.name(), stage)?;
    let back = there.inverted();
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..stage.turns() {
        let (written, cost) = arena.cost(|| changes::written(&store, &there))?;
        if written != there.len() {
            return Err(format!("{written} of {} were written", there.len()).into());
        }
        ours.push(cost);
        raw.run(&format!("VACUUM {}", dataset.name()))?;
        let pairs: Vec<(String, String)> = changes::pairs(&back).collect();
        theirs.push(arena.cost(|| raw.copy_and_update(dataset.name(), pairs))?.1);
        raw.run(&format!("VACUUM {}", dataset.name()))?;
    }
    let [ours, theirs] = [ours, theirs].map(|costs| Cost::median(&costs));
    let ratio = (ours.client_s + ours.server_s) / (theirs.client_s + theirs.server_s);
    Ok(vec![Row {
        ratio: format!("{ratio:.2} of its CPU, server included"),
        target: Target::at_most(ratio, 2.0, "≤ 2"),
        ..super::row(
            format!("{} changes of an attribute → PostGIS", there.len()),
            ours,
            format!("{} tokio-postgres, COPY and UPDATE FROM", theirs.told()),
        )
    }])
}
