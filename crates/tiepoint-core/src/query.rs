//! All about what to fetch.
use crate::{BBox, Crs, Expr, Fid, Function, Geometry, ObjectId, Value, place};

/// Which features of one layer to fetch, what of them, in which order and how many.
///
/// Parts that say nothing change nothing; all that say something hold together.
///
/// ```
/// use tiepoint_core::{BBox, Query, field};
/// let fiji = BBox { min_x: 177.0, min_y: -19.0, max_x: -178.0, max_y: -16.0 };
/// let query = Query::layer("countries")
///     .within(fiji)
///     .filter(field("population").gt(1_000))
///     .fields(["name"])
///     .limit(10);
/// assert_eq!(query.layer, "countries");
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    /// The layer's name.
    pub layer: String,
    /// Which features by their ids.
    pub ids: Ids,
    /// Which features by what is true of them; both this and `ids` must agree.
    pub filter: Option<Expr>,
    /// Only features whose geometry's envelope meets this box; features without a geometry, or
    /// with an empty one, meet no box.
    pub bbox: Option<BBox>,
    /// The CRS that the box is in, where that is not the layer's: then envelopes meet it in both.
    pub bbox_crs: Option<Crs>,
    /// Which fields to fetch.
    pub fields: Fields,
    /// Values to compute for each feature; they follow the fields, as fields of these names.
    pub computed: Vec<Computed>,
    /// Only one feature of several that have the same values in all that is fetched; it has no ids.
    pub distinct: bool,
    /// How to sort, the most significant first. Ties, and everything when this is empty, come by
    /// ascending fid where the layer has fids, else in the store's own order, which is the same
    /// for two readings of an unchanged layer.
    pub order: Vec<OrderBy>,
    /// Only what comes after this place in the order.
    pub after: Option<PageMark>,
    /// How many to pass over.
    pub offset: u64,
    /// How many to fetch at most.
    pub limit: Option<u64>,
    /// The CRS to fetch geometries in, where that is not the layer's. What cannot be transformed
    /// is null.
    pub crs: Option<Crs>,
    /// How much detail geometries may lose.
    pub simplify: Option<Simplify>,
    /// What to do with geometries that are not valid.
    pub invalid: InvalidGeometries,
}

/// Which features a query means, by their ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ids {
    /// Whatever they are.
    Any,
    /// Those that stand for these objects; ids that nothing carries are passed over.
    Objects(Vec<ObjectId>),
    /// Those that the store calls these today; fids that nothing has are passed over.
    Fids(Vec<Fid>),
}

/// Which fields to fetch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fields {
    /// All of the layer.
    All,
    /// All but those that hold geometries.
    AllButGeometry,
    /// These, in this order; perhaps none.
    Only(Vec<String>),
}

/// A value to compute for each feature.
#[derive(Debug, Clone, PartialEq)]
pub struct Computed {
    /// The name of the field that it becomes.
    pub name: String,
    /// What it is.
    pub value: Expr,
}

/// One sort key, by [`Value::order`].
#[derive(Debug, Clone, PartialEq)]
pub struct OrderBy {
    /// What to sort by.
    pub key: Expr,
    /// Which way.
    pub direction: Direction,
    /// Where features go of which the key is null.
    pub nulls: Nulls,
}

/// Which way to sort.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Small to large.
    Ascending,
    /// Large to small.
    Descending,
}

/// Where nulls go in an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Nulls {
    /// Before everything else.
    First,
    /// After everything else.
    Last,
}

/// A place in an order: that of the feature that a page ended with.
///
/// Paging by marks stays right while features come and go, and costs the same for every page,
/// which paging by offset does not.
#[derive(Debug, Clone, PartialEq)]
pub struct PageMark {
    /// The feature's sort keys.
    pub keys: Vec<Value>,
    /// Its fid, which decides among equal keys.
    pub fid: Fid,
}

/// How much detail geometries may lose (Douglas and Peucker 1973).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Simplify {
    /// How far a dropped position may lie from the line that remains, in the units of the CRS
    /// that geometries are fetched in.
    pub tolerance: f64,
    /// Whether a valid geometry must stay valid, which costs a look at each result.
    pub keep_valid: bool,
}

/// What to do with geometries that are not valid (OGC 06-103r4, section 6.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum InvalidGeometries {
    /// Fetch them as they are; nothing is looked at.
    Keep,
    /// Pass over their features.
    Skip,
    /// Stop with an error that says which feature and why.
    Refuse,
}

impl Query {
    /// Everything of a layer.
    pub fn layer(name: impl Into<String>) -> Self {
        Self {
            layer: name.into(),
            ids: Ids::Any,
            filter: None,
            bbox: None,
            bbox_crs: None,
            fields: Fields::All,
            computed: Vec::new(),
            distinct: false,
            order: Vec::new(),
            after: None,
            offset: 0,
            limit: None,
            crs: None,
            simplify: None,
            invalid: InvalidGeometries::Keep,
        }
    }

    /// The one feature that stands for this object.
    pub fn object(layer: impl Into<String>, id: ObjectId) -> Self {
        Self { ids: Ids::Objects(vec![id]), ..Self::layer(layer) }
    }

    /// Only what has these ids.
    #[must_use]
    pub fn ids(self, ids: Ids) -> Self {
        Self { ids, ..self }
    }

    /// Only what the filter is true of, beside what was asked before.
    #[must_use]
    pub fn filter(mut self, filter: Expr) -> Self {
        self.filter = Some(match self.filter.take() {
            Some(before) => before.and(filter),
            None => filter,
        });
        self
    }

    /// Only what meets the box, which is in the layer's CRS.
    #[must_use]
    pub fn within(self, bbox: BBox) -> Self {
        Self { bbox: Some(bbox), bbox_crs: None, ..self }
    }

    /// Only what meets the box, which is in this CRS.
    #[must_use]
    pub fn within_in(self, bbox: BBox, crs: Crs) -> Self {
        Self { bbox: Some(bbox), bbox_crs: Some(crs), ..self }
    }

    /// Only these fields, in this order.
    #[must_use]
    pub fn fields<S: Into<String>>(self, fields: impl IntoIterator<Item = S>) -> Self {
        Self { fields: Fields::Only(fields.into_iter().map(Into::into).collect()), ..self }
    }

    /// All fields but geometries.
    #[must_use]
    pub fn without_geometry(self) -> Self {
        Self { fields: Fields::AllButGeometry, ..self }
    }

    /// With one more value, computed for each feature.
    #[must_use]
    pub fn compute(mut self, name: impl Into<String>, value: Expr) -> Self {
        self.computed.push(Computed { name: name.into(), value });
        self
    }

    /// Only one of several features that have the same values.
    #[must_use]
    pub fn distinct(self) -> Self {
        Self { distinct: true, ..self }
    }

    /// Sorted by one more, less significant, key; nulls first when ascending, last when descending.
    #[must_use]
    pub fn order_by(self, key: Expr, direction: Direction) -> Self {
        let nulls = match direction {
            Direction::Ascending => Nulls::First,
            Direction::Descending => Nulls::Last,
        };
        self.order_by_with(key, direction, nulls)
    }

    /// Sorted by one more, less significant, key.
    #[must_use]
    pub fn order_by_with(mut self, key: Expr, direction: Direction, nulls: Nulls) -> Self {
        self.order.push(OrderBy { key, direction, nulls });
        self
    }

    /// The `count` features nearest to a geometry, the nearest first, by
    /// [`Function::Distance`]; features without a geometry are not among them.
    ///
    /// Stores with a spatial index find them without reading the layer.
    #[must_use]
    pub fn nearest(self, to: Geometry, crs: Crs, count: u64) -> Self {
        let distance = Expr::Call(Function::Distance, vec![Expr::geometry(), place(to, crs)]);
        self.filter(distance.clone().is_not_null())
            .order_by_with(distance, Direction::Ascending, Nulls::Last)
            .limit(count)
    }

    /// Only what comes after this place in the order.
    #[must_use]
    pub fn after(self, mark: PageMark) -> Self {
        Self { after: Some(mark), ..self }
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

    /// With geometries in this CRS.
    #[must_use]
    pub fn crs(self, crs: Crs) -> Self {
        Self { crs: Some(crs), ..self }
    }

    /// With less detailed geometries.
    #[must_use]
    pub fn simplify(self, simplify: Simplify) -> Self {
        Self { simplify: Some(simplify), ..self }
    }

    /// With this done to geometries that are not valid.
    #[must_use]
    pub fn invalid_geometries(self, invalid: InvalidGeometries) -> Self {
        Self { invalid, ..self }
    }
}
