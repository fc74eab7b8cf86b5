//! `tiepoint import`: what it was told, and what it tells afterwards.
use super::document;
use super::select::wrong;
use crate::args::{ImportArgs, InvalidImport, Mode, OnError as OnErrorArg};
use crate::terminal::{Watcher, count, plain, say};
use tiepoint::{
    IdRule, ImportMode, ImportOptions, InvalidRule, LayerReport, Location, OnError, Result, Source,
    UnknownFields, import_into,
};

pub(super) fn run(args: ImportArgs) -> Result<()> {
    let store = args.store.clone();
    let import = Import::new(args)?;
    let watcher = Watcher::new();
    let report = import_into(&import.source, &store, &import.options, &watcher);
    drop(watcher);
    let shown = Location::parse(&store)?.to_string();
    for layer in report?.layers {
        tell(&layer, &import.options, &shown);
    }
    Ok(())
}

/// What the arguments mean.
struct Import {
    source: Source,
    options: ImportOptions,
}

impl Import {
    fn new(args: ImportArgs) -> Result<Self> {
        let mut source = Source::parse(&args.source)?.read_as(document::options(args.document)?);
        match (&mut source, args.source_layer) {
            (Source::Store { layer, .. }, Some(name)) => *layer = Some(name),
            (_, Some(_)) => {
                return Err(wrong("--source-layer", &"a document has no layers to choose from"));
            }
            (_, None) => {}
        }
        let options = ImportOptions {
            layer: args.layer,
            mode: mode(args.mode),
            ids: id_rule(args.id_field, args.key_field, args.key_namespace)?,
            on_error: on_error(args.on_error, args.rejects)?,
            unknown_fields: if args.ignore_unknown {
                UnknownFields::Ignore
            } else {
                UnknownFields::Refuse
            },
            invalid: args.invalid.into(),
        };
        Ok(Self { source, options })
    }
}

fn mode(mode: Mode) -> ImportMode {
    match mode {
        Mode::Create => ImportMode::Create,
        Mode::Append => ImportMode::Append,
        Mode::Upsert => ImportMode::Upsert,
        Mode::Replace => ImportMode::Replace,
    }
}

fn id_rule(
    id_field: Option<String>,
    key_field: Option<String>,
    namespace: Option<String>,
) -> Result<IdRule> {
    Ok(match (id_field, key_field, namespace) {
        (Some(field), _, _) => IdRule::FromField(field),
        (None, Some(field), Some(text)) => {
            let namespace = text.parse().map_err(|error| wrong("--key-namespace", &error))?;
            IdRule::FromKey { field, namespace }
        }
        _ => IdRule::Mint,
    })
}

fn on_error(on_error: OnErrorArg, rejects: Option<std::path::PathBuf>) -> Result<OnError> {
    match (on_error, rejects) {
        (OnErrorArg::Skip, rejects) => Ok(OnError::Skip { rejects }),
        (OnErrorArg::Stop, None) => Ok(OnError::Stop),
        (OnErrorArg::Stop, Some(_)) => {
            Err(wrong("--rejects", &"nothing is rejected without `--on-error skip`"))
        }
    }
}

impl From<InvalidImport> for InvalidRule {
    fn from(invalid: InvalidImport) -> Self {
        match invalid {
            InvalidImport::Keep => Self::Keep,
            InvalidImport::Report => Self::Report,
            InvalidImport::Reject => Self::Reject,
            InvalidImport::Repair => Self::Repair,
        }
    }
}

/// Says what became of a layer, and what somebody should look at.
fn tell(layer: &LayerReport, options: &ImportOptions, store: &str) {
    let name = plain(&layer.layer);
    let mut parts = vec![count(layer.inserted, "feature") + " added"];
    if options.mode == ImportMode::Upsert {
        parts.push(format!("{} changed, {} as before", layer.updated, layer.unchanged));
    }
    if layer.minted > 0 {
        parts.push(count(layer.minted, "object id") + " minted");
    }
    if layer.rejected > 0 {
        parts.push(format!("{} SKIPPED", layer.rejected));
    }
    if layer.repaired > 0 {
        parts.push(format!("{} repaired", layer.repaired));
    } else if layer.invalid > 0 {
        parts.push(format!("{} NOT VALID", layer.invalid));
    }
    say(&format!("layer `{name}` of {}: {}", plain(store), parts.join(", ")));
    tell_invalid(layer);
    for note in &layer.notes {
        say(&format!(" note: {}", plain(note)));
    }
    for reject in &layer.first_rejects {
        say(&format!(" skipped: {}", plain(reject)));
    }
    let untold = layer.rejected - layer.first_rejects.len() as u64;
    if untold > 0 {
        let where_all = match &options.on_error {
            OnError::Skip { rejects: Some(path) } => {
                plain(&path.display().to_string()).into_owned()
            }
            OnError::Skip { rejects: None } | OnError::Stop => {
                "with `--rejects FILE`, the file".to_owned()
            }
        };
        say(&format!(" skipped: {untold} more; {where_all} has them all"));
    }
}

/// The first geometries that were not valid.
fn tell_invalid(layer: &LayerReport) {
    for invalid in &layer.first_invalid {
        say(&format!(" invalid: {}", plain(invalid)));
    }
    let untold = layer.invalid - layer.first_invalid.len() as u64;
    if untold > 0 {
        let where_all = "`tiepoint query --compute 'valid=is_valid(geom)'` has them all";
        say(&format!(" invalid: {untold} more; {where_all}"));
    }
}
