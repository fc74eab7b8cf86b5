//! What people type to say which features: expressions and orders, as text.
use crate::{Error, Result};
use tiepoint_codecs::cql2;
use tiepoint_core::{Crs, Direction, Expr, Layer, Nulls, OrderBy, field};

/// An expression about a layer's features: CQL2, as JSON where it begins so, else as text.
///
/// Coordinates are in `crs`, or in the layer's where that is `None`. `argument` is what the text
/// was given as, for the error.
///
/// # Errors
///
/// [`Error::Options`] for a text that is no CQL2, which shows where.
pub fn expression(argument: &str, text: &str, layer: &Layer, crs: Option<&Crs>) -> Result<Expr> {
    let own = layer.geometry().map_or(Crs::CRS84, |geometry| geometry.crs.clone());
    let crs = crs.unwrap_or(&own);
    let is_json = text.trim_start().starts_with('{');
    let parsed = if is_json { cql2::parse_json(text, crs) } else { cql2::parse(text, crs) };
    parsed.map(|expression| expression.with_places_in(&own)).map_err(|error| {
        let mut reason = error.to_string();
        if let Some(caret) = error.caret() {
            reason = format!("{reason}\n{caret}");
        }
        let hint = error.hint().map(str::to_owned);
        Error::Options { reason: format!("{argument}: {reason}"), hint }
    })
}

/// A sort key: `field`, `-field`, `field:asc` or `field:desc`; where no field has that name, an
/// [`expression`]. Nulls are the smallest.
///
/// # Errors
///
/// As [`expression`].
pub fn order(argument: &str, text: &str, layer: &Layer, crs: Option<&Crs>) -> Result<OrderBy> {
    let text = text.trim();
    let (key, direction) = match (text.strip_prefix('-'), text.rsplit_once(':')) {
        (Some(key), _) | (None, Some((key, "desc"))) => (key, Direction::Descending),
        (None, Some((key, "asc"))) => (key, Direction::Ascending),
        _ => (text, Direction::Ascending),
    };
    let is_name = layer.schema().position(key).is_some();
    let key = if is_name { field(key) } else { expression(argument, key, layer, crs)? };
    let nulls = match direction {
        Direction::Ascending => Nulls::First,
        Direction::Descending => Nulls::Last,
    };
    Ok(OrderBy { key, direction, nulls })
}

/// The sort keys of a list: commas within parentheses and quotes belong to a key.
///
/// ```
/// assert_eq!(tiepoint::typed::order_keys("-distance(geom, POINT(1 2)),name").len(), 2);
/// ```
#[must_use]
pub fn order_keys(list: &str) -> Vec<&str> {
    let (mut keys, mut start) = (Vec::new(), 0);
    let (mut depth, mut quote) = (0_usize, None);
    for (at, c) in list.char_indices() {
        match (quote, c) {
            (Some(open), _) if c == open => quote = None,
            (None, '\'' | '"') => quote = Some(c),
            (None, '(') => depth += 1,
            (None, ')') => depth = depth.saturating_sub(1),
            (None, ',') if depth == 0 => {
                keys.push(&list[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    keys.push(&list[start..]);
    keys
}

#[cfg(test)]
mod tests {
    use super::*;
    use tiepoint_core::{FidRule, Field, FieldType, LayerDefinition, Schema};

    fn layer() -> Layer {
        let fields = ["name", "osm:highway"].map(|it| Field::new(it, FieldType::TEXT));
        let schema = Schema::new(fields.into()).expect("distinct names");
        let definition = LayerDefinition::new("roads", schema);
        Layer { definition, fids: FidRule::Stable, fid_name: None, read_only: None }
    }

    #[test]
    fn a_comma_within_a_key_is_part_of_it() {
        assert_eq!(order_keys("name,-rank"), ["name", "-rank"]);
        assert_eq!(
            order_keys("-distance(geom, POINT(1 2)),name"),
            ["-distance(geom, POINT(1 2))", "name"]
        );
        assert_eq!(order_keys("position(name, ',('),b"), ["position(name, ',(')", "b"]);
        assert_eq!(order_keys("it's,odd"), ["it's,odd"], "an open quote goes on to the end");
    }

    #[test]
    fn an_order_is_typed_either_way() {
        let sorted = |text: &str| {
            let by = order("--order", text, &layer(), None).expect("makes sense");
            (by.key.to_string(), by.direction)
        };
        let (up, down) = (Direction::Ascending, Direction::Descending);
        assert_eq!(sorted("name"), ("name".to_owned(), up));
        assert_eq!(sorted("-name"), ("name".to_owned(), down));
        assert_eq!(sorted("name:desc"), ("name".to_owned(), down));
        assert_eq!(sorted("name:asc"), ("name".to_owned(), up));
        assert_eq!(sorted("osm:highway"), ("\"osm:highway\"".to_owned(), up));
        assert_eq!(sorted("osm:highway:desc"), ("\"osm:highway\"".to_owned(), down));
        assert_eq!(sorted("-char_length(name)"), ("char_length(name)".to_owned(), down));
    }
}
