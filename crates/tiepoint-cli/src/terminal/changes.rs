//! Change sets for people, line by line.
use super::text::{geometry_summary, plain};
use std::collections::HashMap;
use std::fmt::Write as _;
use tiepoint::core::{GeometryRef, LayerChanges, Parts, Positions, Xy};
use tiepoint::spatial::measure::{Metric, distance};
use tiepoint::{
    Change, ChangeSet, ChangeTarget, Crs, FieldChange, FieldType, Geometry, Ids, Layer, Query,
    Store, Value,
};

/// How long a text or WKT may be that is shown whole.
const SHORT: usize = 60;

/// Changes as text: a line per layer, per feature and per field; of those that a store knows, with
/// their names, and with what moved in metres.
pub(crate) fn described(changes: &ChangeSet, store: Option<&dyn Store>) -> String {
    let layers = store.and_then(|it| it.layers().ok()).unwrap_or_default();
    let mut text = String::new();
    for (name, here) in changes.layers() {
        text.push_str(&layer_summary(changes, name));
        text.push('\n');
        let layer = layers.iter().find(|it| it.name() == name).map(|it| &**it);
        let names = store.zip(layer).map(|(store, layer)| names(store, layer, here));
        let names = names.unwrap_or_default();
        for (target, change) in here.iter() {
            let name = names.get(target).map(String::as_str);
            one(&mut text, (target, name), change, here.fields(), layer);
        }
    }
    text
}

/// The field that people call features by.
const NAME: &str = "name";
/// How many names are looked for.
const NAMES: usize = 1_000;

/// What people call the features that are updated, as far as the store tells.
fn names(
    store: &dyn Store,
    layer: &Layer,
    changes: &LayerChanges,
) -> HashMap<ChangeTarget, String> {
    let updated = changes.iter().filter(|(_, it)| matches!(it, Change::Update(_)));
    let (mut objects, mut rows) = (Vec::new(), Vec::new());
    for (target, _) in updated.take(NAMES) {
        match target {
            ChangeTarget::Id(id) => objects.push(*id),
            ChangeTarget::Fid(fid) => rows.push(fid.clone()),
        }
    }
    let mut names = HashMap::new();
    if layer.schema().field(NAME).is_none() {
        return names;
    }
    for ids in [Ids::Objects(objects), Ids::Fids(rows)] {
        let query = Query::layer(layer.name()).ids(ids).fields([NAME]);
        // names are a help, and to do without them is no failure
        for feature in store.read(&query).into_iter().flatten().flatten() {
            let target = ChangeTarget::of(&feature);
            let name = feature.get(NAME).and_then(Value::as_text).map(|it| short(&plain(it)));
            names.extend(target.zip(name));
        }
    }
    names
}

/// How much changed, a line per layer.
pub(crate) fn summarised(changes: &ChangeSet) -> String {
    changes.layers().map(|(name, _)| layer_summary(changes, name) + "\n").collect()
}

fn layer_summary(changes: &ChangeSet, layer: &str) -> String {
    let mut parts = [(0_u64, "changed"), (0, "new"), (0, "deleted")];
    for (_, change) in changes.layer(layer).into_iter().flat_map(LayerChanges::iter) {
        let at = match change {
            Change::Update(_) => 0,
            Change::Insert(_) => 1,
            Change::Delete(_) => 2,
        };
        parts[at].0 += 1;
    }
    let parts = parts.into_iter().filter(|(number, _)| *number > 0);
    let parts: Vec<_> = parts.map(|(number, what)| format!("{number} {what}")).collect();
    format!("layer `{}`: {}", plain(layer), parts.join(", "))
}

fn one(
    text: &mut String,
    (target, name): (&ChangeTarget, Option<&str>),
    change: &Change,
    fields: &[String],
    layer: Option<&Layer>,
) {
    let sign = sign(change);
    // a string takes everything
    let _ = match name {
        Some(name) => writeln!(text, "{sign} {}: {name}", plain(&target.to_string())),
        None => writeln!(text, "{sign} {}", plain(&target.to_string())),
    };
    fields_of(text, change, fields, layer);
}

/// A character for what happened.
pub(super) fn sign(change: &Change) -> char {
    match change {
        Change::Insert(_) => '+',
        Change::Update(_) => '~',
        Change::Delete(_) => '-',
    }
}

/// What a change says of each field, a line each.
pub(super) fn fields_of(
    text: &mut String,
    change: &Change,
    fields: &[String],
    layer: Option<&Layer>,
) {
    match change {
        Change::Insert(image) | Change::Delete(image) => {
            for (name, value) in fields.iter().zip(&image.values) {
                if let Some(value) = value {
                    // a string takes everything
                    let _ = writeln!(text, "    {}: {}", plain(name), shown(Some(value)));
                }
            }
        }
        Change::Update(changed) => {
            for it in changed {
                let name = &fields[it.field];
                let crs = crs_of(layer, name);
                let what = difference(it.before.as_ref(), it.after.as_ref(), crs);
                let _ = writeln!(text, "    {}: {what}", plain(name));
            }
        }
    }
}

fn crs_of<'l>(layer: Option<&'l Layer>, field: &str) -> Option<&'l Crs> {
    match &layer?.schema().field(field)?.ty {
        FieldType::Geometry(ty) => Some(&ty.crs),
        _ => None,
    }
}

/// What became of a field, after the name of its feature: `moved by 12 m`, `height 20 → 21`.
pub(crate) fn changed(field: &str, it: &FieldChange, layer: Option<&Layer>) -> String {
    let what = difference(it.before.as_ref(), it.after.as_ref(), crs_of(layer, field));
    match what.split_once(" to POINT") {
        Some((moved, _)) if what.starts_with("moved") => moved.to_owned(),
        _ => format!("{} {what}", plain(field)),
    }
}

/// One value became another.
fn difference(before: Option<&Value>, after: Option<&Value>, crs: Option<&Crs>) -> String {
    if let (Some(Value::Geometry(before)), Some(Value::Geometry(after))) = (before, after)
        && let Some(moved) = moved(before, after, crs)
    {
        return moved;
    }
    format!("{} → {}", shown(before), shown(after))
}

/// A value on one line, so that null, unset and the text "null" are told apart.
pub(super) fn shown(value: Option<&Value>) -> String {
    match value {
        None => "unset".to_owned(),
        Some(Value::Null) => "null".to_owned(),
        Some(Value::Text(text)) => format!("\"{}\"", short(&plain(text))),
        Some(Value::Geometry(geometry)) => {
            let few = geometry.num_positions() <= 3;
            let wkt = if few { geometry.to_wkt() } else { geometry_summary(geometry) };
            if wkt.len() <= SHORT { wkt } else { geometry_summary(geometry) }
        }
        Some(other) => short(&super::summary(Some(other))),
    }
}

fn short(text: &str) -> String {
    match text.char_indices().nth(SHORT) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

/// How far a geometry was moved, where it is the same otherwise.
fn moved(before: &Geometry, after: &Geometry, crs: Option<&Crs>) -> Option<String> {
    if before.kind() != after.kind() || before.as_wkb().len() != after.as_wkb().len() {
        return None;
    }
    let (mut from, mut to) = (Vec::new(), Vec::new());
    collect(before.as_ref(), &mut from);
    collect(after.as_ref(), &mut to);
    let (first, then) = (from.first()?, to.first()?);
    let (dx, dy) = (then.x - first.x, then.y - first.y);
    let near = |a: f64, b: f64| (a - b).abs() <= 1e-9 * a.abs().max(b.abs()).max(1.0);
    let alike = from.len() == to.len()
        && from.iter().zip(&to).all(|(a, b)| near(a.x + dx, b.x) && near(a.y + dy, b.y));
    if !alike || (dx == 0.0 && dy == 0.0) {
        return None;
    }
    let goal = if from.len() == 1 { format!(" to {}", after.to_wkt()) } else { String::new() };
    let metres = crs.and_then(|crs| Metric::of(crs).ok()).and_then(|metric| match metric {
        Metric::Geodesic(_) => distance(&point(*first)?, &point(*then)?, metric),
        Metric::Planar => None,
    });
    Some(match metres {
        Some(metres) => format!("moved by {}{goal}", length(metres)),
        None => format!("moved by {}, {}{goal}", rounded(dx), rounded(dy)),
    })
}

fn collect(geometry: GeometryRef<'_>, into: &mut Vec<Xy>) {
    let mut take = |run: Positions<'_>| into.extend(run.xy());
    match geometry.parts() {
        Parts::Positions(run) => take(run),
        Parts::Rings(rings) => rings.for_each(take),
        Parts::Members(members) => members.for_each(|it| collect(it, into)),
    }
}

fn point(at: Xy) -> Option<Geometry> {
    Geometry::from_wkt(&format!("POINT({:?} {:?})", at.x, at.y)).ok()
}

fn length(metres: f64) -> String {
    match metres {
        m if m < 10.0 => format!("{m:.2} m"),
        m if m < 1_000.0 => format!("{m:.0} m"),
        m if m < 100_000.0 => format!("{:.1} km", m / 1_000.0),
        m => format!("{:.0} km", m / 1_000.0),
    }
}

/// Without the noise that a difference of doubles has.
fn rounded(number: f64) -> f64 {
    (number * 1e9).round() / 1e9
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(before: &str, after: &str, crs: Option<&Crs>) -> String {
        let value = |wkt| Value::Geometry(Geometry::from_wkt(wkt).expect("is WKT"));
        difference(Some(&value(before)), Some(&value(after)), crs)
    }

    #[test]
    fn what_moved_is_told_in_metres_where_they_mean_something() {
        let lonlat = Some(&Crs::CRS84);
        assert_eq!(
            told("POINT (0 0)", "POINT (0.001 0)", lonlat),
            "moved by 111 m to POINT (0.001 0)"
        );
        let line = ["LINESTRING (0 0,1 1,2 0,3 3)", "LINESTRING (5 -1,6 0,7 -1,8 2)"];
        assert_eq!(told(line[0], line[1], Some(&Crs::epsg(3067))), "moved by 5, -1");
        assert_eq!(told(line[0], line[1], None), "moved by 5, -1");
    }

    #[test]
    fn what_changed_its_shape_is_not_said_to_have_moved() {
        let square = "POLYGON ((0 0,1 0,1 1,0 0))";
        let other = "POLYGON ((0 0,2 0,1 1,0 0))";
        assert!(told(square, other, None).contains(" → "));
        assert_eq!(told("POINT (1 2)", "POINT EMPTY", None), "POINT (1 2) → POINT EMPTY");
    }

    #[test]
    fn null_unset_and_a_text_that_says_so_differ() {
        let shown = [None, Some(Value::Null), Some("null".into())].map(|it| shown(it.as_ref()));
        assert_eq!(shown, ["unset", "null", "\"null\""]);
    }
}
