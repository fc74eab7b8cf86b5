//! What to fetch, as Python says it, as a query.
use crate::error::{raised, wrong};
use pyo3::prelude::*;
use std::borrow::Cow;
use tiepoint::{BBox, Crs, Error, Layer, Query, Result, typed};

/// Sort keys: in one text, parted by commas, or one by one.
#[derive(FromPyObject)]
pub(crate) enum Order {
    List(String),
    Keys(Vec<String>),
}

/// What `read` and `count` take besides the layer's name, not yet understood.
#[derive(Default)]
pub(crate) struct Asked {
    pub(crate) filter: Option<String>,
    pub(crate) bbox: Option<[f64; 4]>,
    pub(crate) fields: Option<Vec<String>>,
    pub(crate) compute: Vec<(String, String)>,
    pub(crate) order: Option<Order>,
    pub(crate) limit: Option<u64>,
    pub(crate) offset: u64,
    pub(crate) crs: Option<Crs>,
}

impl Asked {
    /// The query that it means.
    pub(crate) fn query(self, layer: &Layer) -> Result<Query> {
        let expression =
            |argument: &str, text: &str| typed::expression(argument, text, layer, None);
        let mut query = Query::layer(layer.name()).offset(self.offset);
        (query.limit, query.crs) = (self.limit, self.crs);
        if let Some([min_x, min_y, max_x, max_y]) = self.bbox {
            query = query.within(BBox { min_x, min_y, max_x, max_y });
        }
        if let Some(text) = &self.filter {
            query = query.filter(expression("filter", text)?);
        }
        if let Some(fields) = self.fields {
            query = query.fields(fields);
        }
        for (name, text) in self.compute {
            query = query.compute(name, expression("compute", &text)?);
        }
        for key in self.order.iter().flat_map(Order::keys) {
            query.order.push(typed::order("order", &key, layer, None)?);
        }
        Ok(query)
    }
}

impl Order {
    fn keys(&self) -> Vec<Cow<'_, str>> {
        match self {
            Self::List(list) => typed::order_keys(list).into_iter().map(Cow::from).collect(),
            Self::Keys(keys) => keys.iter().map(Cow::from).collect(),
        }
    }
}

/// A CRS as people write it.
pub(crate) fn crs(text: Option<&str>) -> PyResult<Option<Crs>> {
    text.map(|text| text.parse().map_err(|error| wrong("crs", &error))).transpose()
}

/// The name of an import's mode.
pub(crate) fn mode(name: &str) -> PyResult<tiepoint::ImportMode> {
    use tiepoint::ImportMode as Mode;
    let modes = [
        ("create", Mode::Create),
        ("append", Mode::Append),
        ("upsert", Mode::Upsert),
        ("replace", Mode::Replace),
    ];
    let found = modes.iter().find(|(known, _)| *known == name);
    found.map(|(_, mode)| *mode).ok_or_else(|| {
        let names = modes.map(|(known, _)| known).join(", ");
        let reason = format!("mode: `{name}` is none of {names}");
        raised(&Error::Options { reason, hint: None })
    })
}
