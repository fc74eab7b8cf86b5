//! The arguments that say which features, as a query; formats and errors of arguments.
use crate::args::{DocumentFormat, SelectArgs, WriteArgs};
use tiepoint::{Direction, Error, Format, Layer, OrderBy, Query, Result, WriteOptions};

/// The query that the arguments mean.
pub(super) fn query(layer: &str, args: SelectArgs) -> Result<Query> {
    let mut query = Query::layer(layer).offset(args.offset);
    if let Some(text) = args.bbox {
        query = query.within(text.parse().map_err(|error| wrong("--bbox", &error))?);
    }
    if let Some(fields) = args.fields {
        query = query.fields(fields.iter().map(|field| field.trim()));
    }
    query.order = args.order.iter().map(|text| order(text)).collect();
    query.limit = args.limit;
    Ok(query)
}

/// The same query with the geometry besides the fields that were asked for, where the format's
/// features have a place of their own for it.
pub(super) fn with_place(mut query: Query, layer: &Layer, format: Format) -> Query {
    let has_place = matches!(format, Format::GeoJson | Format::GeoJsonSeq);
    if let (true, Some(fields), Some((at, _))) =
        (has_place, &mut query.fields, layer.schema().geometry())
    {
        let geometry = &layer.schema().fields()[at].name;
        if !fields.contains(geometry) {
            fields.push(geometry.clone());
        }
    }
    query
}

/// `field`, `-field`, `field:asc` or `field:desc`.
fn order(text: &str) -> OrderBy {
    let text = text.trim();
    let (field, direction) = match (text.strip_prefix('-'), text.rsplit_once(':')) {
        (Some(field), _) | (None, Some((field, "desc"))) => (field, Direction::Descending),
        (None, Some((field, "asc"))) => (field, Direction::Ascending),
        _ => (text, Direction::Ascending),
    };
    OrderBy { field: field.to_owned(), direction }
}

/// An argument that makes no sense.
pub(super) fn wrong(argument: &str, reason: &dyn std::fmt::Display) -> Error {
    Error::Options { reason: format!("{argument}: {reason}"), hint: None }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_typed_either_way() {
        let descending =
            |field: &str| OrderBy { field: field.into(), direction: Direction::Descending };
        let ascending =
            |field: &str| OrderBy { field: field.into(), direction: Direction::Ascending };
        assert_eq!(order("name"), ascending("name"));
        assert_eq!(order("-name"), descending("name"));
        assert_eq!(order("name:desc"), descending("name"));
        assert_eq!(order("name:asc"), ascending("name"));
        assert_eq!(order("osm:highway"), ascending("osm:highway"));
        assert_eq!(order("osm:highway:desc"), descending("osm:highway"));
    }
}
