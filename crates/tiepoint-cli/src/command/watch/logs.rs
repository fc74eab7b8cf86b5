//! Change logs: put on layers, taken away, and told of.
use crate::terminal::{count, plain, say};
use tiepoint::{
    ErrorKind, Location, LogOptions, Result, Store, StoreError, TransactionOptions, WatchOptions,
};

/// Puts a log on the layers that are named, or on all that can have one.
pub(super) fn install(
    store: &dyn Store,
    location: &Location,
    named: &[String],
    keep: Option<u64>,
) -> Result<()> {
    let before = store.change_log()?;
    let kept = Some(before.keep).filter(|_| !before.layers.is_empty());
    let options = LogOptions { keep: keep.or(kept).unwrap_or(LogOptions::DEFAULT_KEEP) };
    let layers = match named {
        [] => store.layers()?.iter().map(|it| it.name().to_owned()).collect(),
        named => named.to_vec(),
    };
    let (mut refused, mut noted) = (None, false);
    for layer in &layers {
        let shown = plain(layer);
        match install_on(store, layer, options) {
            Ok(()) if before.layers.contains(layer) => {
                say(&format!("layer `{shown}` had a log already"));
            }
            Ok(()) => say(&format!("layer `{shown}`: changes are noted from now on")),
            Err(error) if named.is_empty() && is_of_the_layer(&error) => {
                say(&format!("layer `{shown}` gets no log: {}", plain(&error.to_string())));
                refused = Some(error);
                continue;
            }
            Err(error) => return Err(error.into()),
        }
        noted = true;
    }
    if let Some(error) = refused.filter(|_| !noted) {
        return Err(error.into());
    }
    let kept = count(options.keep, "change");
    say(&format!("the log keeps the newest {kept}; {}", cost(location)));
    Ok(())
}

/// Whether it is of one layer, and others may still have a log.
fn is_of_the_layer(error: &StoreError) -> bool {
    matches!(error.kind(), ErrorKind::Unsupported | ErrorKind::Denied)
}

fn install_on(store: &dyn Store, layer: &str, options: LogOptions) -> Result<(), StoreError> {
    let mut transaction = store.begin(TransactionOptions::default())?;
    transaction.install_log(layer, &options)?;
    transaction.commit()
}

/// What a log costs those who write.
fn cost(location: &Location) -> &'static str {
    match location {
        Location::GeoPackage(_) => {
            "other programs write as before, but cannot drop a column of these layers: \
             `--remove` takes the logs away"
        }
        Location::Postgis(_) | Location::Memory => {
            "others write as before, and each update or deletion writes what was there before, \
             too: `--remove` takes the logs away"
        }
    }
}

/// Takes the logs of the layers that are named away, or all.
pub(super) fn remove(store: &dyn Store, named: &[String]) -> Result<()> {
    let layers = if named.is_empty() { store.change_log()?.layers } else { named.to_vec() };
    let mut transaction = store.begin(TransactionOptions::default())?;
    let mut told = Vec::new();
    for layer in &layers {
        let what =
            if transaction.remove_log(layer)? { "has no log any more" } else { "had no log" };
        told.push(format!("layer `{}` {what}", plain(layer)));
    }
    transaction.commit()?;
    if told.is_empty() {
        told.push("no layer has a log; nothing has changed".to_owned());
    }
    for line in told {
        say(&line);
    }
    Ok(())
}

/// Says which layers are watched by a log, and which by comparing.
pub(super) fn tell(store: &dyn Store, options: &WatchOptions) -> Result<()> {
    let logged = store.change_log()?.layers;
    let layers = store.layers()?;
    let wanted = layers.iter().map(|it| it.name()).filter(|it| options.wants(it));
    let (logged, compared): (Vec<_>, Vec<_>) =
        wanted.partition(|name| logged.iter().any(|it| it == name));
    let store = plain(store.name());
    if !logged.is_empty() {
        say(&format!("watching {store} by the log: {}", list(&logged)));
    }
    if !compared.is_empty() {
        let names = list(&compared);
        say(&format!("watching {store} by comparing, which does not tell who wrote: {names}"));
        say(" hint: `--install` has changes noted, so that none is missed");
    }
    if logged.is_empty() && compared.is_empty() {
        say(&format!("watching {store}, which has no layers so far"));
    }
    Ok(())
}

fn list(layers: &[&str]) -> String {
    let layers = layers.iter().map(|it| format!("`{}`", plain(it)));
    layers.collect::<Vec<_>>().join(", ")
}
