//! One import from its first layer to the commit: what it counts, rejects and reports.
use super::plan::Plan;
use super::rejects::Rejects;
use super::supply::{Arrival, Spot, Supply};
use super::{ImportMode, ImportOptions, LayerReport, OnError, insert, upsert};
use crate::progress::FEATURES_PER_LOOK;
use crate::{Error, Phase, Progress, Result, Step, Unit};
use tiepoint_core::{ErrorKind, Feature, ObjectId};
use tiepoint_store::{StoreError, Transaction};

/// How many reasons for rejects a report repeats.
const FIRST_REJECTS: usize = 5;

pub(super) struct Run<'a> {
    pub(super) options: &'a ImportOptions,
    progress: &'a dyn Progress,
    store: &'a str,
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
}

impl<'a> Run<'a> {
    pub(super) fn new(
        options: &'a ImportOptions,
        progress: &'a dyn Progress,
        store: &'a str,
    ) -> Result<Self> {
        let rejects = match &options.on_error {
            OnError::Skip { rejects: Some(path) } => Some(Rejects::at(path)?),
            OnError::Skip { rejects: None } | OnError::Stop => None,
        };
        Ok(Self { options, progress, store, rejects, read: 0, report: LayerReport::default() })
    }

    /// Brings one layer in.
    pub(super) fn layer(
        &mut self,
        transaction: &mut dyn Transaction,
        supply: &Supply,
    ) -> Result<LayerReport> {
        let plan = Plan::make(transaction, supply, self.options)?;
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
            Ok(feature) => Ok(Some(Ready { spot, feature })),
            Err(misfit) => {
                let hint = misfit.hint.map(str::to_owned);
                self.reject(supply, &spot, misfit.reason, hint, kept.as_ref())?;
                Ok(None)
            }
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
            return Err(feature_error(supply, spot, reason, error.kind(), None));
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
            return Err(feature_error(supply, spot, reason, ErrorKind::Invalid, hint));
        }
        let source = kept.map(crate::export::as_json_line).unwrap_or_default();
        self.note_reject(spot, &reason, &source)
    }

    fn note_reject(&mut self, spot: &Spot, reason: &str, source: &str) -> Result<()> {
        self.report.rejected += 1;
        if self.report.first_rejects.len() < FIRST_REJECTS {
            self.report.first_rejects.push(format!("{spot}: {reason}"));
        }
        match &mut self.rejects {
            Some(rejects) => rejects.add(spot, reason, source),
            None => Ok(()),
        }
    }
}

fn feature_error(
    supply: &Supply,
    spot: &Spot,
    reason: String,
    kind: ErrorKind,
    hint: Option<String>,
) -> Error {
    let (source_name, place) = (supply.source_name.clone(), spot.to_string());
    Error::Feature { source_name, place, reason, kind, hint }
}
