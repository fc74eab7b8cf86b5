//! `tiepoint info`: a store, or one of its layers, in detail.
use super::layers::{self, identity};
use crate::args::InfoArgs;
use crate::terminal::{Table, aligned, count, plain, summary, write_out};
use tiepoint::core::{Domain, FidRule, FieldDefault};
use tiepoint::{
    Capabilities, ChangeLog, Field, Layer, LayerFacts, Location, Result, Store, rfc3339,
};

pub(super) fn run(args: &InfoArgs) -> Result<()> {
    let store = tiepoint::open(&args.store)?;
    let named = Location::parse(&args.store)?.layer().map(str::to_owned);
    if let Some(name) = args.layer.clone().or(named) {
        return layer_info(&*store, &name);
    }
    write_out(&store_text(&*store)?)?;
    layers::list(&*store)
}

fn store_text(store: &dyn Store) -> Result<String> {
    let Capabilities {
        write,
        define_layers,
        tie,
        savepoints,
        books,
        watch,
        check,
        curves,
        make_valid,
        ..
    } = store.capabilities();
    let can = [
        (write, "write"),
        (define_layers, "define layers"),
        (tie, "tie"),
        (savepoints, "savepoints"),
        (books, "books"),
        (watch, "watch"),
        (curves, "curves"),
        (check, "check"),
        (make_valid, "repair geometries"),
    ];
    let can: Vec<_> = can.iter().filter(|(able, _)| *able).map(|(_, what)| *what).collect();
    let mut lines = vec![("store", plain(store.name()).into_owned()), ("able", can.join(", "))];
    lines.extend(log_lines(&store.change_log()?));
    Ok(aligned(&lines) + "\n")
}

/// What is noted of changes, and who comes back for it.
fn log_lines(log: &ChangeLog) -> Vec<(&'static str, String)> {
    if log.layers.is_empty() {
        return Vec::new();
    }
    let layers = log.layers.iter().map(|it| format!("`{}`", plain(it)));
    let since = log.oldest.map(|it| format!(" since {}", rfc3339(it))).unwrap_or_default();
    let mut lines = vec![
        ("log of", layers.collect::<Vec<_>>().join(", ")),
        ("noted", format!("{}{since}", count(log.entries, "change"))),
        ("kept", format!("the newest {}", count(log.keep, "change"))),
    ];
    lines.extend(log.watchers.iter().map(|it| {
        let waiting = count(it.waiting, "change");
        ("watcher", format!("`{}`, {waiting} behind", plain(&it.name)))
    }));
    lines
}

fn layer_info(store: &dyn Store, name: &str) -> Result<()> {
    let layer = store.layer(name)?;
    let facts = store.facts(name)?;
    write_out(&layer_text(&layer, &facts))?;
    let mut table = Table::new(["field", "type", "null", "rules"]);
    for field in layer.schema().fields() {
        table.row(vec![
            plain(&field.name).into_owned(),
            plain(&field.ty.to_string()).into_owned(),
            (if field.nullable { "yes" } else { "no" }).to_owned(),
            rules(field),
        ])?;
    }
    table.finish()
}

fn layer_text(layer: &Layer, facts: &LayerFacts) -> String {
    let mut lines = vec![("layer", plain(layer.name()).into_owned())];
    let definition = &layer.definition;
    lines.extend(definition.title.iter().map(|it| ("title", plain(it).into_owned())));
    lines.extend(definition.description.iter().map(|it| ("about", plain(it).into_owned())));
    lines.push(("features", facts.count.to_string()));
    if let Some(geometry) = layer.geometry() {
        let known_as = geometry.crs.name().map(|name| format!(" ({})", plain(name)));
        lines.push((
            "CRS",
            format!("{}{}", plain(&geometry.crs.to_string()), known_as.unwrap_or_default()),
        ));
        lines.push((
            "extent",
            facts.extent.map_or_else(
                || "none".to_owned(),
                |extent| {
                    let (min, max) = (extent.min(), extent.max());
                    format!("{},{},{},{}", min.x, min.y, max.x, max.y)
                },
            ),
        ));
    }
    lines.push(("object ids", identity(layer)));
    lines.push(("row ids", row_ids(layer)));
    lines.extend(layer.read_only.iter().map(|why| ("read-only", plain(why).into_owned())));
    aligned(&lines) + "\n"
}

fn row_ids(layer: &Layer) -> String {
    let column = layer.fid_name.as_ref().map(|name| format!("in `{}`, ", plain(name)));
    let rule = match layer.fids {
        FidRule::Stable => "stable until the row is deleted",
        FidRule::Renumbering => "may change at every commit",
        FidRule::Ephemeral => "differ from reading to reading",
    };
    column.unwrap_or_default() + rule
}

fn rules(field: &Field) -> String {
    let mut rules = Vec::new();
    if field.unique {
        rules.push("unique".to_owned());
    }
    if field.generated {
        rules.push("takes no values".to_owned());
    }
    match &field.default {
        Some(FieldDefault::Value(value)) => rules.push(format!("default {}", summary(Some(value)))),
        Some(FieldDefault::Expression(text)) => rules.push(format!("default {}", plain(text))),
        None => {}
    }
    match &field.domain {
        Some(Domain::OneOf(values)) => rules.push(format!("one of {} values", values.len())),
        Some(Domain::Range { .. }) => rules.push("within a range".to_owned()),
        Some(Domain::Glob(pattern)) => rules.push(format!("like {}", plain(pattern))),
        None => {}
    }
    rules.extend(field.title.iter().map(|title| format!("\"{}\"", plain(title))));
    rules.join(", ")
}
