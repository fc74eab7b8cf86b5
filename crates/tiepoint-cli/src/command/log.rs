//! `tiepoint log`: what happened, and what was said at an earlier time.
use super::events::Printer;
use super::get::{ids, show_one};
use super::query::{document_format, show_all};
use super::select::{layer_name, wrong};
use super::time::moment;
use crate::args::LogArgs;
use crate::terminal::{is_stopping, listen_for_ctrl_c};
use std::collections::VecDeque;
use std::time::SystemTime;
use tiepoint::{
    ChangeTarget, Error, HistoryOptions, Ids, Location, Query, Result, Store, StoreError,
    features_at, history, rfc3339,
};

pub(super) fn run(args: &LogArgs) -> Result<()> {
    let named = Location::parse(&args.store)?.layer().map(str::to_owned);
    let layer = args.layer.clone().or(named);
    let ids = args.id.as_deref().map(ids).transpose()?;
    if matches!(ids, Some(Ids::Fids(_))) && layer.is_none() {
        layer_name(&args.store, None)?;
    }
    let store = tiepoint::open(&args.store)?;
    listen_for_ctrl_c();
    match &args.at {
        Some(at) => past(&*store, args, layer, ids, at),
        None => told(&*store, args, layer, ids),
    }
}

/// Tells what happened.
fn told(store: &dyn Store, args: &LogArgs, layer: Option<String>, ids: Option<Ids>) -> Result<()> {
    let time = |argument, text: &Option<String>| {
        text.as_deref().map(|text| moment(argument, text)).transpose()
    };
    let options = HistoryOptions {
        layers: layer.into_iter().collect(),
        target: ids.and_then(target),
        from: time("--from", &args.from)?,
        until: time("--until", &args.until)?,
    };
    let mut printer = Printer::new(store, args.json);
    let mut latest = VecDeque::new();
    for event in history(store, &options)? {
        let event = event?;
        if is_stopping() {
            return Err(StoreError::Stopped.into());
        }
        let Some(last) = args.last else {
            printer.print(&event)?;
            continue;
        };
        latest.push_back(event);
        if latest.len() > last {
            latest.pop_front();
        }
    }
    latest.iter().try_for_each(|event| printer.print(event))
}

fn target(ids: Ids) -> Option<ChangeTarget> {
    match ids {
        Ids::Any => None,
        Ids::Objects(ids) => ids.first().copied().map(ChangeTarget::Id),
        Ids::Fids(fids) => fids.into_iter().next().map(ChangeTarget::Fid),
    }
}

/// Shows what was said at a time.
fn past(
    store: &dyn Store,
    args: &LogArgs,
    layer: Option<String>,
    ids: Option<Ids>,
    at: &str,
) -> Result<()> {
    let time = moment("--at", at)?;
    let Some(ids) = ids else {
        let Some(name) = layer else {
            return Err(wrong("--at", &"it needs an object or `--layer`"));
        };
        let layer = store.layer(&name)?;
        let read = |query: &Query| features_at(store, query, time);
        return show_all(&layer, Query::layer(name), args.format, &args.write, read);
    };
    let layers = layer.map_or_else(|| logged(store), |it| Ok(vec![it]))?;
    let mut unknown = None;
    for name in &layers {
        match feature_at(store, name, &ids, time, args) {
            Err(error @ Error::NotKnown { .. }) => unknown = Some(error),
            Ok(None) => {}
            outcome => return outcome.map(drop),
        }
    }
    Err(unknown.unwrap_or_else(|| Error::FeatureNotFound {
        store: store.name().to_owned(),
        layer: layers.join("`, `"),
        feature: format!("{} at {}", args.id.as_deref().unwrap_or_default(), rfc3339(time)),
    }))
}

/// All layers with a log.
fn logged(store: &dyn Store) -> Result<Vec<String>> {
    let layers = store.change_log()?.layers;
    if layers.is_empty() {
        let (store, what) = (store.name().to_owned(), "any layer".to_owned());
        return Err(Error::NoLog { store, what });
    }
    Ok(layers)
}

/// Shows what a feature of a layer said at a time; `None` where it was not there.
fn feature_at(
    store: &dyn Store,
    layer: &str,
    ids: &Ids,
    time: SystemTime,
    args: &LogArgs,
) -> Result<Option<()>> {
    let layer = store.layer(layer)?;
    let query = Query::layer(layer.name()).ids(ids.clone());
    let format = document_format(args.format);
    let query = match format {
        Some(format) => tiepoint::for_document(query, &layer, format, (&args.write).into()),
        None => query,
    };
    let feature = features_at(store, &query, time)?.next().transpose()?;
    feature.map(|feature| show_one(&layer, feature, format, &args.write)).transpose()
}
