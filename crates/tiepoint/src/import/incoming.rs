//! The features of a source as their layer takes them: fitted, and valid where that is asked.
use super::InvalidRule;
use super::plan::Plan;
use super::promote::promoted;
use super::run::{Ready, Run};
use super::supply::{Arrival, Supply};
use crate::Result;
use std::collections::VecDeque;
use std::sync::Arc;
use tiepoint_core::{Feature, FieldType, Geometry, Value};
use tiepoint_spatial::validity;
use tiepoint_store::{FeatureWriter, StoreError};

/// How many features are looked at together where some may have to be repaired.
const TOGETHER: usize = 256;

/// What a store makes of invalid geometries.
type Repaired = Vec<Result<Geometry, String>>;

/// Reads one source from the first feature to the last.
pub(super) struct Incoming<'s> {
    arrivals: Box<dyn Iterator<Item = Result<Arrival>> + 's>,
    supply: &'s Supply,
    plan: &'s Plan,
    ready: VecDeque<Ready>,
}

/// What is wrong with the geometry in a field.
#[derive(Debug, Clone)]
pub(super) struct InvalidField {
    pub(super) at: usize,
    pub(super) fault: validity::Fault,
}

impl<'s> Incoming<'s> {
    pub(super) fn of(supply: &'s Supply, plan: &'s Plan, run: &Run<'_>) -> Result<Self> {
        let arrivals = supply.arrivals(&plan.as_text, &run.control())?;
        Ok(Self { arrivals, supply, plan, ready: VecDeque::new() })
    }

    /// The next feature that is not rejected; `writer` opens what repairs geometries.
    pub(super) fn next(
        &mut self,
        run: &mut Run<'_>,
        repair: &mut dyn FnMut(&[Geometry]) -> Result<Repaired, StoreError>,
    ) -> Result<Option<Ready>> {
        while self.ready.is_empty() {
            let together = match run.options.invalid {
                InvalidRule::Repair => TOGETHER,
                InvalidRule::Keep | InvalidRule::Report | InvalidRule::Reject => 1,
            };
            if !self.fill(run, together)? {
                return Ok(None);
            }
            if run.options.invalid == InvalidRule::Repair {
                self.repair(run, repair)?;
            }
        }
        Ok(self.ready.pop_front())
    }

    /// Whether there was anything more to come.
    fn fill(&mut self, run: &mut Run<'_>, together: usize) -> Result<bool> {
        let mut came = false;
        for arrival in self.arrivals.by_ref().take(together) {
            came = true;
            let ready =
                run.ready(arrival.map_err(|error| run.or_stopped(error))?, self.supply, self.plan)?;
            self.ready.extend(ready);
        }
        Ok(came)
    }

    fn repair(
        &mut self,
        run: &mut Run<'_>,
        repair: &mut dyn FnMut(&[Geometry]) -> Result<Repaired, StoreError>,
    ) -> Result<()> {
        let broken: Vec<Geometry> = self
            .ready
            .iter()
            .flat_map(|ready| ready.invalid.iter().filter_map(|it| geometry(&ready.feature, it.at)))
            .collect();
        if broken.is_empty() {
            return Ok(());
        }
        let mut repaired = repair(&broken)?.into_iter();
        for mut ready in std::mem::take(&mut self.ready) {
            let outcome = mend(&mut ready, self.plan, &mut repaired);
            if ready.invalid.is_empty() || run.mended(&ready, self.supply, outcome)? {
                self.ready.push_back(ready);
            }
        }
        Ok(())
    }
}

/// Repairs by a writer of the layer.
pub(super) fn by(
    writer: &mut dyn FeatureWriter,
    geometries: &[Geometry],
) -> Result<Repaired, StoreError> {
    let repaired = writer.make_valid(geometries)?;
    Ok(repaired.unwrap_or_else(|| {
        geometries.iter().map(|_| Err("the store cannot repair it".to_owned())).collect()
    }))
}

/// The geometries of a feature that are not valid.
pub(super) fn invalid_fields(feature: &Feature) -> Vec<InvalidField> {
    let faults = feature.values().iter().enumerate().filter_map(|(at, value)| match value {
        Some(Value::Geometry(geometry)) => {
            validity::fault(geometry).map(|fault| InvalidField { at, fault })
        }
        _ => None,
    });
    faults.collect()
}

fn geometry(feature: &Feature, at: usize) -> Option<Geometry> {
    match &feature.values()[at] {
        Some(Value::Geometry(geometry)) => Some(geometry.clone()),
        _ => None,
    }
}

/// Puts what the store made of them into the feature: what each has become, or why one of them
/// cannot stay.
fn mend(
    ready: &mut Ready,
    plan: &Plan,
    repaired: &mut dyn Iterator<Item = Result<Geometry, String>>,
) -> Result<String, String> {
    let mut outcome = Ok(String::new());
    for InvalidField { at, .. } in ready.invalid.clone() {
        let Some(was) = geometry(&ready.feature, at) else { continue };
        let made = repaired.next().unwrap_or_else(|| Err("it was not repaired".to_owned()));
        match made.and_then(|made| fitting(&was, made, plan, at)) {
            Ok(made) => {
                if made.kind() != was.kind() {
                    outcome = outcome.map(|_| format!("; it is a {} now", made.kind()));
                }
                if let Err(reason) = put(&mut ready.feature, at, made) {
                    outcome = Err(reason);
                }
            }
            Err(reason) => outcome = Err(reason),
        }
    }
    outcome
}

fn put(feature: &mut Feature, at: usize, made: Geometry) -> Result<(), String> {
    let schema = Arc::clone(feature.schema());
    let set = feature.set(&schema.fields()[at].name, Value::Geometry(made));
    set.map_err(|error| error.to_string())
}

/// A repaired geometry as its field takes it, if it is one that says what the other meant to.
fn fitting(was: &Geometry, made: Geometry, plan: &Plan, at: usize) -> Result<Geometry, String> {
    let field = &plan.layer.schema().fields()[at];
    let made = match &field.ty {
        FieldType::Geometry(ty) => promoted(made, ty.kind),
        _ => made,
    };
    if made.is_empty() && !was.is_empty() {
        return Err("nothing would be left of it".to_owned());
    }
    if made.dims() != was.dims() {
        return Err(format!("it would have {} instead of {}", made.dims(), was.dims()));
    }
    if let Some(fault) = validity::fault(&made) {
        return Err(format!("it would still be invalid: {fault}"));
    }
    match field.accept(Value::Geometry(made)) {
        Ok(Value::Geometry(made)) => Ok(made),
        Ok(_) => Err("it would be no geometry".to_owned()),
        Err(mismatch) => Err(format!("{mismatch}")),
    }
}
