//! Asks a few questions in metres, and how one of them was answered.
use super::{CITIES, COUNTRIES, Tour};
use tiepoint::{
    Crs, Direction, Expr, Feature, Geometry, Metres, Query, Result, Value, field, place,
};

/// Where the tour stands: Nairobi, longitude first.
const NAIROBI: &str = "POINT (36.817 -1.286)";

pub(super) fn run(tour: &Tour) -> Result<String> {
    let nairobi = || Geometry::from_wkt(NAIROBI).expect("is a point");
    let distance = field("geom").distance(place(nairobi(), Crs::CRS84));
    let nearest = Query::layer(CITIES)
        .nearest(nairobi(), Crs::CRS84, 3)
        .fields(["name"])
        .compute("km", Expr::call(tiepoint::Function::Round, [distance / 1_000.0]));
    let near = Query::layer(CITIES)
        .filter(field("geom").within_distance(place(nairobi(), Crs::CRS84), Metres(1_000_000.0)));
    let largest = Query::layer(COUNTRIES)
        .fields(["name"])
        .order_by(field("geom").area(), Direction::Descending)
        .limit(3);
    let plan = tour.store.explain(&near)?;
    Ok(format!(
        "Asked in true metres: nearest to Nairobi are {}.\n   \
         The largest countries are {}.\n   \
         Within 1,000 km of Nairobi lie {} cities: {} of {} looked at, by {}.",
        read(tour, &nearest)?.join(", "),
        read(tour, &largest)?.join(", "),
        plan.returned,
        plan.examined,
        tour.store.facts(CITIES)?.count,
        if plan.uses_index() { "the R-tree" } else { "reading all" },
    ))
}

/// Each feature's name, with its distance where that was asked for.
fn read(tour: &Tour, query: &Query) -> Result<Vec<String>> {
    let words = |feature: &Feature| {
        let name = feature.get("name").and_then(Value::as_text).unwrap_or_default().to_owned();
        match feature.get("km") {
            Some(Value::Real(km)) => format!("{name} ({km} km)"),
            _ => name,
        }
    };
    tour.store.read(query)?.map(|feature| Ok(words(&feature?))).collect()
}
