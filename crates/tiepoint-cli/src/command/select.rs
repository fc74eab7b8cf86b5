//! The arguments that say which features, as a query; formats and errors of arguments.
use super::place;
use crate::args::{DocumentFormat, Invalid, SelectArgs, WriteArgs};
use tiepoint::{
    Crs, Direction, Error, Expr, Fields, Format, InvalidGeometries, Layer, Location, Nulls, Query,
    Result, Simplify, WriteOptions, field, place as located, typed,
};

/// How many of the nearest, where nothing is said.
const NEAREST: u64 = 10;

/// The query that the arguments mean.
pub(super) fn query(layer: &Layer, args: SelectArgs) -> Result<Query> {
    let own_crs = layer.geometry().map_or(Crs::CRS84, |geometry| geometry.crs.clone());
    let typed_in = crs("--filter-crs", args.filter_crs.as_deref())?;
    let filter_crs = typed_in.clone().unwrap_or_else(|| own_crs.clone());
    let expression =
        |argument: &str, text: &str| typed::expression(argument, text, layer, Some(&filter_crs));
    let mut query = Query::layer(layer.name()).offset(args.offset);
    query.limit = args.limit;
    if let Some(text) = args.bbox {
        query.bbox = Some(text.parse().map_err(|error| wrong("--bbox", &error))?);
        query.bbox_crs = typed_in;
    }
    if let Some(text) = &args.filter {
        query = query.filter(expression("--filter", text)?);
    }
    if let Some(text) = &args.within {
        let (distance, from) = place::distance_from("--within", text)?;
        let from = located(from, Crs::CRS84).with_places_in(&own_crs);
        query = query.filter(geometry(layer, "--within")?.within_distance(from, distance));
    }
    if let Some(fields) = args.fields {
        query = query.fields(fields.iter().map(|field| field.trim()));
    }
    for text in &args.compute {
        let named = text.split_once('=').filter(|(name, _)| !name.trim().is_empty());
        let (name, value) = named.ok_or_else(|| {
            wrong("--compute", &format!("`{text}` has no name; write NAME=EXPRESSION"))
        })?;
        query = query.compute(name.trim(), expression("--compute", value)?);
    }
    for text in args.order.iter().flat_map(|list| typed::order_keys(list)) {
        query.order.push(typed::order("--order", text, layer, Some(&filter_crs))?);
    }
    if let Some(text) = &args.nearest {
        let to = located(place::lonlat("--nearest", text)?, Crs::CRS84);
        let from = geometry(layer, "--nearest")?;
        let distance = if own_crs.stretches_metres() {
            from.transform(Crs::CRS84).distance(to)
        } else {
            from.distance(to.with_places_in(&own_crs))
        };
        query = query.filter(distance.clone().is_not_null());
        query = query.order_by_with(distance, Direction::Ascending, Nulls::Last);
        query.limit = query.limit.or(Some(NEAREST));
    }
    query.distinct = args.distinct;
    query.crs = crs("--crs", args.crs.as_deref())?;
    query.simplify = args.simplify.map(simplify).transpose()?;
    query.invalid = args.invalid.into();
    Ok(query)
}

fn simplify(tolerance: f64) -> Result<Simplify> {
    if tolerance.is_finite() && tolerance >= 0.0 {
        return Ok(Simplify { tolerance, keep_valid: true });
    }
    Err(wrong("--simplify", &format!("`{tolerance}` is no distance; write one from 0 on")))
}

/// The same query with the geometry besides the fields that were asked for, where the format's
/// features have a place of their own for it.
pub(super) fn with_place(mut query: Query, layer: &Layer, format: Format) -> Query {
    let has_place = matches!(format, Format::GeoJson | Format::GeoJsonSeq) && !query.distinct;
    if let (true, Fields::Only(fields), Some((at, _))) =
        (has_place, &mut query.fields, layer.schema().geometry())
    {
        let geometry = &layer.schema().fields()[at].name;
        if !fields.contains(geometry) {
            fields.push(geometry.clone());
        }
    }
    query
}

/// The layer's geometry, for an argument that is about it.
fn geometry(layer: &Layer, argument: &str) -> Result<Expr> {
    match layer.schema().geometry() {
        Some((at, _)) => Ok(field(&layer.schema().fields()[at].name)),
        None => Err(wrong(argument, &format!("layer `{}` has no geometry", layer.name()))),
    }
}

fn crs(argument: &str, text: Option<&str>) -> Result<Option<Crs>> {
    text.map(|text| text.parse().map_err(|error| wrong(argument, &error))).transpose()
}

/// The layer that is meant: the one that was typed, else the one that the store's URL names.
pub(super) fn layer_name(store: &str, typed: Option<String>) -> Result<String> {
    if let Some(name) = typed {
        return Ok(name);
    }
    let location = Location::parse(store)?;
    location.layer().map(str::to_owned).ok_or_else(|| Error::Options {
        reason: "no layer is named".to_owned(),
        hint: Some(format!("`tiepoint layers` lists those of {location}; see also `--help`")),
    })
}

/// An argument that makes no sense.
pub(super) fn wrong(argument: &str, reason: &dyn std::fmt::Display) -> Error {
    Error::Options { reason: format!("{argument}: {reason}"), hint: None }
}

impl From<Invalid> for InvalidGeometries {
    fn from(invalid: Invalid) -> Self {
        match invalid {
            Invalid::Keep => Self::Keep,
            Invalid::Skip => Self::Skip,
            Invalid::Refuse => Self::Refuse,
        }
    }
}

impl From<DocumentFormat> for Format {
    fn from(format: DocumentFormat) -> Self {
        match format {
            DocumentFormat::Geojson => Self::GeoJson,
            DocumentFormat::Geojsonseq => Self::GeoJsonSeq,
            DocumentFormat::Csv => Self::Csv,
        }
    }
}

impl From<&WriteArgs> for WriteOptions {
    fn from(args: &WriteArgs) -> Self {
        Self { cut_antimeridian: args.cut_antimeridian, crs_member: args.crs_member }
    }
}
