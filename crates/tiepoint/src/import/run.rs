//! One import from its first layer to the commit: what it counts, rejects and reports.
use super::incoming::{InvalidField, invalid_fields};
use super::plan::Plan;
use super::rejects::Rejects;
use super::supply::{Arrival, Spot, Supply};
use super::{ImportMode, ImportOptions, InvalidRule, LayerReport, OnError, insert, upsert};
use crate::progress::FEATURES_PER_LOOK;
use crate::{Error, Phase, Progress, Result, Step, Unit};
use tiepoint_core::{ErrorKind, Feature, ObjectId};
use tiepoint_store::{Capabilities, ReadControl, Store, StoreError, Transaction};

/// How many rejects, and how many invalid geometries, a report repeats.
const FIRST: usize = 5;
/// What to do about geometries that are not valid.
const INVALID_HINT: &str = "skip such features (`--on-error skip`), bring them in as they are \
                            (`--invalid report`), or have PostGIS repair them (`--invalid repair`)";

pub(super) struct Run<'a> {
    pub(super) options: &'a ImportOptions,
    progress: &'a dyn Progress,
    store: &'a str,
    capabilities: Capabilities,
    rejects: Option<Rejects>,
    /// Features of the present layer that have been looked at.
    read: u64,
    report: LayerReport,
}

/// How far an import has got.
pub(super) struct Mark {
    read: u64,
    report: LayerReport,
    /// How long the file of rejects is, if there is one.
    rejects: Option<u64>,
}

/// A feature in the order of its layer's fields, ready to be written.
pub(super) struct Ready {
    pub(super) spot: Spot,
    pub(super) feature: Feature,
    /// Its geometries that are to be repaired.
    pub(super) invalid: Vec<InvalidField>,
}

impl<'a> Run<'a> {
    pub(super) fn new(
        options: &'a ImportOptions,
        progress: &'a dyn Progress,
        store: &'a dyn Store,
    ) -> Result<Self> {
        let (store, capabilities) = (store.name(), store.capabilities());
        let rejects = match &options.on_error {
            OnError::Skip { rejects: Some(path) } => Some(Rejects::at(path)?),
            OnError::Skip { rejects: None } | OnError::Stop => None,
        };
        let report = LayerReport::default();
        Ok(Self { options, progress, store, capabilities, rejects, read: 0, report })
    }

    /// Brings one layer in.
    pub(super) fn layer(
        &mut self,
        transaction: &mut dyn Transaction,
        supply: &Supply,
    ) -> Result<LayerReport> {
        let plan = Plan::make(transaction, supply, self.options, &self.capabilities)?;
        self.read = 0;
        self.report = LayerReport {
            layer: plan.layer.name().to_owned(),
            created: plan.created,
            notes: supply.notes.iter().chain(&plan.notes).cloned().collect(),
            ..LayerReport::default()
        };
        self.progress.step(&Step {
            phase: Phase::Importing,
            subject: &supply.source_name,
            unit: Unit::Features,
            total: supply.total,
        });
        match self.options.mode {
            ImportMode::Upsert => upsert::upsert_all(self, transaction, supply, &plan)?,
            ImportMode::Create | ImportMode::Append | ImportMode::Replace => {
                insert::insert_all(self, transaction, supply, &plan)?;
            }
        }
        if plan.dropped_ids.get() {
            let note = "object ids of the source were passed over: the layer is not tied";
            self.report.notes.push(note.to_owned());
        }
        if plan.met_minus_zero.get() {
            self.report.notes.push("-0.0 became 0.0, which is the same number".to_owned());
        }
        Ok(std::mem::take(&mut self.report))
    }

    /// Marks how far the layer's report and the rejects have got.
    pub(super) fn mark(&mut self) -> Result<Mark> {
        let rejects = self.rejects.as_mut().map(Rejects::mark).transpose()?;
        Ok(Mark { read: self.read, report: self.report.clone(), rejects: rejects.flatten() })
    }

    /// Forgets everything since a mark.
    pub(super) fn back_to(&mut self, mark: Mark) -> Result<()> {
        (self.read, self.report) = (mark.read, mark.report);
        self.rejects.as_mut().map_or(Ok(()), |rejects| rejects.back_to(mark.rejects))
    }

    /// Makes everything stay, unless the watcher has had enough.
    pub(super) fn commit(self, transaction: Box<dyn Transaction + '_>) -> Result<()> {
        self.finishing();
        self.refuse_to_go_on()?;
        let rejects = self.rejects.map(Rejects::publish).transpose()?.flatten();
        transaction.commit().inspect_err(|_| {
            if let Some(path) = rejects {
                let _ = std::fs::remove_file(path);
            }
        })?;
        Ok(())
    }

    pub(super) fn finishing(&self) {
        let subject = self.store;
        let step = Step { phase: Phase::Finishing, subject, unit: Unit::Features, total: None };
        self.progress.step(&step);
    }

    /// The feature ready to be written, or `None` when it was rejected.
    pub(super) fn ready(
        &mut self,
        arrival: Arrival,
        supply: &Supply,
        plan: &Plan,
    ) -> Result<Option<Ready>> {
        self.count()?;
        let Arrival { spot, feature } = arrival;
        let feature = match feature {
            Ok(feature) => feature,
            Err(refusal) if self.stops() => return Err(refusal.error),
            Err(refusal) => {
                self.note_reject(&spot, &refusal.reason, &refusal.source_text)?;
                return Ok(None);
            }
        };
        let kept = (!self.stops()).then(|| feature.clone());
        match plan.fit(feature) {
            Ok(feature) => self.valid(supply, spot, feature, kept.as_ref()),
            Err(misfit) => {
                let hint = misfit.hint.map(str::to_owned);
                self.reject(supply, &spot, misfit.reason, hint, kept.as_ref())?;
                Ok(None)
            }
        }
    }

    /// Does with invalid geometries what is asked.
    fn valid(
        &mut self,
        supply: &Supply,
        spot: Spot,
        feature: Feature,
        kept: Option<&Feature>,
    ) -> Result<Option<Ready>> {
        let rule = self.options.invalid;
        let invalid = match rule {
            InvalidRule::Keep => Vec::new(),
            InvalidRule::Report | InvalidRule::Reject | InvalidRule::Repair => {
                invalid_fields(&feature)
            }
        };
        let Some(first) = invalid.first() else {
            return Ok(Some(Ready { spot, feature, invalid }));
        };
        let reason = why_invalid(&feature, first);
        match rule {
            InvalidRule::Reject => {
                self.reject(supply, &spot, reason, Some(INVALID_HINT.to_owned()), kept)?;
                Ok(None)
            }
            InvalidRule::Repair => Ok(Some(Ready { spot, feature, invalid })),
            InvalidRule::Report | InvalidRule::Keep => {
                self.note_invalid(&spot, &reason);
                Ok(Some(Ready { spot, feature, invalid: Vec::new() }))
            }
        }
    }

    /// Takes note of what repairing a feature's geometries came to; whether it is taken.
    pub(super) fn mended(
        &mut self,
        ready: &Ready,
        supply: &Supply,
        outcome: Result<String, String>,
    ) -> Result<bool> {
        let Some(first) = ready.invalid.first() else { return Ok(true) };
        let reason = why_invalid(&ready.feature, first);
        match outcome {
            Ok(change) => {
                self.report.repaired += 1;
                self.note_invalid(&ready.spot, &format!("{reason}; repaired{change}"));
                Ok(true)
            }
            Err(why_not) => {
                let reason = format!("{reason}, and repaired it cannot be taken: {why_not}");
                let hint = Some(INVALID_HINT.to_owned());
                let kept = (!self.stops()).then_some(&ready.feature);
                self.reject(supply, &ready.spot, reason, hint, kept)?;
                Ok(false)
            }
        }
    }

    fn note_invalid(&mut self, spot: &Spot, what: &str) {
        self.report.invalid += 1;
        if self.report.first_invalid.len() < FIRST {
            self.report.first_invalid.push(format!("{spot}: {what}"));
        }
    }

    /// What sources are read with.
    pub(super) fn control(&self) -> ReadControl {
        self.progress.control()
    }

    /// A reading that was stopped because the watcher asked for it.
    pub(super) fn or_stopped(&self, error: Error) -> Error {
        match error {
            Error::Store(StoreError::Stopped) if self.progress.should_stop() => {
                Error::Stopped { target: self.store.to_owned() }
            }
            other => other,
        }
    }

    /// Takes note of a feature that the store refused, or passes on an error that is about more
    /// than one feature.
    pub(super) fn refused(
        &mut self,
        supply: &Supply,
        spot: &Spot,
        error: StoreError,
        kept: Option<&Feature>,
    ) -> Result<()> {
        let reason = match &error {
            StoreError::Value { reason, .. } => reason.to_string(),
            StoreError::Constraint { reason, .. } => reason.clone(),
            StoreError::DuplicateId { .. } | StoreError::DuplicateFid { .. } => error.to_string(),
            _ => return Err(error.into()),
        };
        if self.stops() {
            return Err(feature_error(
                &supply.source_name,
                spot.to_string(),
                reason,
                error.kind(),
                None,
            ));
        }
        self.reject(supply, spot, reason, None, kept)
    }

    /// Whether the first bad feature ends the import.
    pub(super) fn stops(&self) -> bool {
        self.options.on_error == OnError::Stop
    }

    pub(super) fn inserted(&mut self, id_was_known: bool, id: Option<&ObjectId>) {
        self.report.inserted += 1;
        self.report.minted += u64::from(!id_was_known && id.is_some());
    }

    pub(super) fn updated(&mut self) {
        self.report.updated += 1;
    }

    pub(super) fn updated_many(&mut self, features: u64) {
        self.report.updated += features;
    }

    /// Of what was said to be updated, so many turned out not to be there.
    pub(super) fn missed(&mut self, features: u64) {
        self.report.updated -= features.min(self.report.updated);
    }

    pub(super) fn unchanged(&mut self) {
        self.report.unchanged += 1;
    }

    /// Passes over a feature that makes no sense to write.
    pub(super) fn pass_over(&mut self, spot: &Spot, reason: &str, feature: &Feature) -> Result<()> {
        self.note_reject(spot, reason, &crate::export::as_json_line(feature))
    }

    fn count(&mut self) -> Result<()> {
        self.read += 1;
        if self.read.is_multiple_of(FEATURES_PER_LOOK) {
            self.progress.advance(self.read);
            self.refuse_to_go_on()?;
        }
        Ok(())
    }

    fn refuse_to_go_on(&self) -> Result<()> {
        if self.progress.should_stop() {
            return Err(Error::Stopped { target: self.store.to_owned() });
        }
        Ok(())
    }

    fn reject(
        &mut self,
        supply: &Supply,
        spot: &Spot,
        reason: String,
        hint: Option<String>,
        kept: Option<&Feature>,
    ) -> Result<()> {
        if self.stops() {
            return Err(feature_error(
                &supply.source_name,
                spot.to_string(),
                reason,
                ErrorKind::Invalid,
                hint,
            ));
        }
        let source = kept.map(crate::export::as_json_line).unwrap_or_default();
        self.note_reject(spot, &reason, &source)
    }

    fn note_reject(&mut self, spot: &Spot, reason: &str, source: &str) -> Result<()> {
        self.report.rejected += 1;
        if self.report.first_rejects.len() < FIRST {
            self.report.first_rejects.push(format!("{spot}: {reason}"));
        }
        match &mut self.rejects {
            Some(rejects) => rejects.add(spot, reason, source),
            None => Ok(()),
        }
    }
}

fn why_invalid(feature: &Feature, invalid: &InvalidField) -> String {
    let field = &feature.schema().fields()[invalid.at].name;
    format!("field `{field}`: the geometry is not valid: {}", invalid.fault)
}

/// The error for a change that was put off and refused among others, up to this spot.
pub(super) fn refused_together(supply: &Supply, last: &Spot, error: StoreError) -> Error {
    let kind = error.kind();
    match error {
        StoreError::Constraint { feature, reason, .. } => {
            let place = format!("{feature}, in {last} or before");
            feature_error(&supply.source_name, place, reason, kind, None)
        }
        other => other.into(),
    }
}

pub(super) fn feature_error(
    source_name: &str,
    place: String,
    reason: String,
    kind: ErrorKind,
    hint: Option<String>,
) -> Error {
    Error::Feature { source_name: source_name.to_owned(), place, reason, kind, hint }
}
