//! Bringing features into a store: all of a source in one transaction, or nothing.
mod fit;
mod ids;
mod incoming;
mod insert;
mod names;
mod plan;
mod promote;
mod rejects;
mod run;
mod supply;
mod upsert;

use crate::open::{open_at, open_or_create_at};
use crate::{Error, Location, Progress, Result, Source};
use run::Run;
use std::path::{Path, PathBuf};
use supply::Supply;
use tiepoint_core::ObjectId;
use tiepoint_store::{Store, StoreError, TransactionOptions};

/// How features are brought in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportOptions {
    /// The layer they come into; `None` takes the file's name without its extension, the name the
    /// document gives itself where it has no file name, or the layer's name in the source store.
    pub layer: Option<String>,
    /// What is done to the layer.
    pub mode: ImportMode,
    /// Where object ids come from.
    pub ids: IdRule,
    /// What happens when a feature cannot be read, or its layer does not take it.
    pub on_error: OnError,
    /// What happens to fields that an existing layer does not have.
    pub unknown_fields: UnknownFields,
    /// What happens to geometries that are not valid.
    pub invalid: InvalidRule,
}

/// What an import does to its layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ImportMode {
    /// Makes it; it must not be there.
    Create,
    /// Adds every feature to it; it must be there.
    Append,
    /// Updates the features that stand for objects it knows and adds the others; it must be there
    /// and tied. Only fields whose values differ are written. Of two features for one object the
    /// later wins; a feature without an object id is refused.
    Upsert,
    /// Makes it anew, after removing one of that name with all its features.
    Replace,
}

/// Where the object ids of imported features come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IdRule {
    /// From the source where it carries some, in the feature's own id or in a text field with the
    /// name of the layer's id column; the others are minted.
    Mint,
    /// From this field; features that have null in it are given a new id. A new layer carries its
    /// ids in a column of the field's name. `id` also means the ids that a document itself gives
    /// its features; then every feature must have one.
    FromField(String),
    /// From the value of this field, by name (UUID version 5): the same key in the same namespace
    /// is the same object wherever and whenever it is imported.
    FromKey {
        /// The field: text, a whole or decimal number, a UUID or a date; never null.
        field: String,
        /// The namespace, which belongs to the layer.
        namespace: ObjectId,
    },
}

/// What happens when a feature cannot be read, or its layer does not take it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OnError {
    /// The import ends; nothing is written.
    Stop,
    /// The feature is passed over and counted.
    Skip {
        /// A file that must not be there yet: one JSON line per feature with `place`, `reason`
        /// and `source`. Made when the first feature is passed over.
        rejects: Option<PathBuf>,
    },
}

/// What happens to fields of the source that an existing layer does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum UnknownFields {
    /// The import ends before anything is written, suggesting the closest name.
    Refuse,
    /// Their values are passed over, which the report notes.
    Ignore,
}

/// What happens to geometries that are not valid (see [`fault`](crate::spatial::validity::fault)).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum InvalidRule {
    /// They come in as they are; nobody looks.
    Keep,
    /// They come in as they are; the report counts them and tells the first.
    Report,
    /// Their features are refused as any that do not fit.
    Reject,
    /// The store makes valid ones of them, which the report tells. Where nothing valid comes of it
    /// that the field takes, with all of z and m, the feature is refused. A new layer of lines or
    /// polygons is one of the multi kind.
    Repair,
}

impl Default for ImportOptions {
    fn default() -> Self {
        Self {
            layer: None,
            mode: ImportMode::Create,
            ids: IdRule::Mint,
            on_error: OnError::Stop,
            unknown_fields: UnknownFields::Refuse,
            invalid: InvalidRule::Keep,
        }
    }
}

/// What an import did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImportReport {
    /// Layer by layer.
    pub layers: Vec<LayerReport>,
}

/// What an import did to one layer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LayerReport {
    /// The layer's name.
    pub layer: String,
    /// Whether the import made it.
    pub created: bool,
    /// New features.
    pub inserted: u64,
    /// New features whose object id was minted.
    pub minted: u64,
    /// Features of which some value differed.
    pub updated: u64,
    /// Features that were there already, just so.
    pub unchanged: u64,
    /// Features passed over.
    pub rejected: u64,
    /// The first reasons for that, each with its place.
    pub first_rejects: Vec<String>,
    /// Features with a geometry that is not valid, as far as they were looked for.
    pub invalid: u64,
    /// Those of them whose geometries were repaired.
    pub repaired: u64,
    /// The first of them, each with its place and what is wrong.
    pub first_invalid: Vec<String>,
    /// What else somebody should know.
    pub notes: Vec<String>,
}

/// Brings all features of `source` into `store`, in one transaction.
///
/// A document is read twice, first for its fields and their types; memory does not grow with the
/// number of features. Into a new layer come the source's fields, with geometry of the source's
/// kind: single and multi geometries of one sort (`Polygon` and `MultiPolygon`) make a layer of the
/// multi kind, and any other mixture a layer of any kind. Into an existing layer, fields come by
/// name, and the first geometry field into the first geometry field; values are converted only
/// where nothing is lost but the sign of a zero that the store cannot keep, and the zone that a
/// moment was written in; the report notes both. A new layer has the store's nearest types and
/// names, which the report notes too. A layer of a multi kind takes single geometries as multi geometries of
/// one member.
///
/// # Errors
///
/// Whatever cannot be read or is not taken, by place and reason, unless it is to be skipped; a
/// layer that is or is not there, against the mode; a layer that is its own source; coordinates that mean something else than the
/// layer's; unknown fields; [`Error::Stopped`]. The store is then as it was.
pub fn import(
    source: &Source,
    store: &dyn Store,
    options: &ImportOptions,
    progress: &dyn Progress,
) -> Result<ImportReport> {
    let supplies = supply::open(source, progress)?;
    import_supplies(&supplies, store, options, progress)
}

/// Brings all features of `source` into the store at `location`, which is made where there is none
/// and the mode makes layers. A new file shows when all is in it.
///
/// # Errors
///
/// As [`import`] and [`open_or_create`](crate::open_or_create); a GeoPackage cannot be imported
/// into itself.
pub fn import_into(
    source: &Source,
    location: &str,
    options: &ImportOptions,
    progress: &dyn Progress,
) -> Result<ImportReport> {
    let target = Location::parse(location)?;
    refuse_same_store(source, &target)?;
    let supplies = supply::open(source, progress)?;
    let store = match options.mode {
        ImportMode::Create | ImportMode::Replace => open_or_create_at(&target)?,
        ImportMode::Append | ImportMode::Upsert => open_at(&target)?,
    };
    let layer = options.layer.clone().or_else(|| target.layer().map(str::to_owned));
    let options = ImportOptions { layer, ..options.clone() };
    import_supplies(&supplies, &*store, &options, progress)
}

fn import_supplies(
    supplies: &[Supply],
    store: &dyn Store,
    options: &ImportOptions,
    progress: &dyn Progress,
) -> Result<ImportReport> {
    if options.layer.is_some() && supplies.len() > 1 {
        return Err(Error::options(
            format!("one layer cannot take all {} layers of the source", supplies.len()),
            "name the layer of the source that is meant",
        ));
    }
    refuse_impossible(supplies, store, options)?;
    let mut run = Run::new(options, progress, store)?;
    let mut transaction = store.begin(TransactionOptions::default())?;
    let mut report = ImportReport::default();
    for supply in supplies {
        report.layers.push(run.layer(&mut *transaction, supply)?);
    }
    run.commit(transaction)?;
    Ok(report)
}

/// What shows before anything is written.
fn refuse_impossible(
    supplies: &[Supply],
    store: &dyn Store,
    options: &ImportOptions,
) -> Result<()> {
    let capabilities = store.capabilities();
    if options.invalid == InvalidRule::Repair && !capabilities.make_valid {
        return Err(StoreError::Unsupported {
            store: store.name().to_owned(),
            what: "repair geometries".to_owned(),
            hint: Some("reject or report them, or import them into PostGIS".to_owned()),
        }
        .into());
    }
    for supply in supplies {
        let Some(source) = supply.place()? else { continue };
        let name = plan::layer_name(supply, options, &capabilities)?;
        match store.place_of(&name) {
            Ok(Some(target)) if target == source => return Err(itself(&supply.source_name).into()),
            Ok(_) | Err(StoreError::LayerNotFound { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

fn itself(store: &str) -> StoreError {
    StoreError::Unsupported {
        store: store.to_owned(),
        what: "be imported into itself".to_owned(),
        hint: Some("name another layer, or export it to a document and import that".to_owned()),
    }
}

fn refuse_same_store(source: &Source, target: &Location) -> Result<()> {
    let (Source::Store { location: Location::GeoPackage(a), .. }, Location::GeoPackage(b)) =
        (source, target)
    else {
        return Ok(());
    };
    let real = |path: &Path| path.canonicalize().ok();
    if real(a).is_none() || real(a) != real(b) {
        return Ok(());
    }
    Err(itself(&b.display().to_string()).into())
}
