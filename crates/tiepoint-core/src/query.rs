//! All about what to fetch.
use crate::{BBox, Fid, ObjectId};

/// Which features of one layer to fetch, what of them, in which order and how many.
///
/// ```
/// use tiepoint_core::{BBox, Query};
/// let fiji = BBox { min_x: 177.0, min_y: -19.0, max_x: -178.0, max_y: -16.0 };
/// let query = Query::layer("countries").within(fiji).fields(["name"]).limit(10);
/// assert_eq!(query.layer, "countries");
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    /// The layer's name.
    pub layer: String,
    /// Which features.
    pub filter: Filter,
    /// Only features whose geometry's envelope meets this box, in the layer's CRS; features
    /// without a geometry, or with an empty one, meet no box.
    pub bbox: Option<BBox>,
    /// The fields to fetch, in this order; `None` fetches all.
    pub fields: Option<Vec<String>>,
    /// How to sort, the most significant first. Ties, and everything when this is empty, come in
    /// the store's own order, which is the same for two readings of an unchanged layer.
    pub order: Vec<OrderBy>,
    /// How many to pass over.
    pub offset: u64,
    /// How many to fetch at most.
    pub limit: Option<u64>,
}

/// Which features a query means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Filter {
    /// All of the layer.
    All,
    /// Those that stand for these objects; ids that nothing carries are passed over.
    Ids(Vec<ObjectId>),
    /// Those that the store calls these today; fids that nothing has are passed over.
    Fids(Vec<Fid>),
}

/// One sort key, by [`Value::order`](crate::Value::order): nulls first when ascending.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderBy {
    /// The field to sort by.
    pub field: String,
    /// Which way.
    pub direction: Direction,
}

/// Which way to sort.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Small to large.
    Ascending,
    /// Large to small.
    Descending,
}

impl Query {
    /// Everything of a layer.
    pub fn layer(name: impl Into<String>) -> Self {
        Self {
            layer: name.into(),
            filter: Filter::All,
            bbox: None,
            fields: None,
            order: Vec::new(),
            offset: 0,
            limit: None,
        }
    }

    /// The one feature that stands for this object.
    pub fn object(layer: impl Into<String>, id: ObjectId) -> Self {
        Self { filter: Filter::Ids(vec![id]), ..Self::layer(layer) }
    }

    /// Only what the filter names.
    #[must_use]
    pub fn filter(self, filter: Filter) -> Self {
        Self { filter, ..self }
    }

    /// Only what meets the box.
    #[must_use]
    pub fn within(self, bbox: BBox) -> Self {
        Self { bbox: Some(bbox), ..self }
    }

    /// Only these fields, in this order.
    #[must_use]
    pub fn fields<S: Into<String>>(self, fields: impl IntoIterator<Item = S>) -> Self {
        Self { fields: Some(fields.into_iter().map(Into::into).collect()), ..self }
    }

    /// Sorted by one more, less significant, field.
    #[must_use]
    pub fn order_by(mut self, field: impl Into<String>, direction: Direction) -> Self {
        self.order.push(OrderBy { field: field.into(), direction });
        self
    }

    /// At most this many.
    #[must_use]
    pub fn limit(self, limit: u64) -> Self {
        Self { limit: Some(limit), ..self }
    }

    /// Without the first so many.
    #[must_use]
    pub fn offset(self, offset: u64) -> Self {
        Self { offset, ..self }
    }
}
