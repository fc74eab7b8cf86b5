//! Building expressions: methods and operators that read like the question.
use super::{Expr, ExprType, Function, Length};
use crate::{BBox, Crs, Geometry, MatrixPattern, SpatialPredicate, Value};

/// What stands in the field of that name.
pub fn field(name: impl Into<String>) -> Expr {
    Expr::Field(name.into())
}

/// A geometry, with the CRS that its coordinates are in.
#[must_use]
pub fn place(geometry: Geometry, crs: Crs) -> Expr {
    Expr::Place(geometry, crs)
}

impl<T: Into<Value>> From<T> for Expr {
    fn from(value: T) -> Self {
        Self::Literal(value.into())
    }
}

/// `a.name(b)` for functions of two expressions.
macro_rules! binary {
    ($($(#[$doc:meta])* $method:ident => $function:expr;)*) => {
        impl Expr {
            $($(#[$doc])*
            #[must_use]
            pub fn $method(self, other: impl Into<Expr>) -> Self {
                Self::Call($function, vec![self, other.into()])
            })*
        }
    };
}

/// `a.name()` for functions of one expression.
macro_rules! unary {
    ($($(#[$doc:meta])* $method:ident => $function:expr;)*) => {
        impl Expr {
            $($(#[$doc])*
            #[must_use]
            pub fn $method(self) -> Self {
                Self::Call($function, vec![self])
            })*
        }
    };
}

binary! {
    /// [`Function::Eq`].
    eq => Function::Eq;
    /// [`Function::Ne`].
    ne => Function::Ne;
    /// [`Function::Lt`].
    lt => Function::Lt;
    /// [`Function::Le`].
    le => Function::Le;
    /// [`Function::Gt`].
    gt => Function::Gt;
    /// [`Function::Ge`].
    ge => Function::Ge;
    /// [`Function::Like`].
    like => Function::Like;
    /// [`Function::Matches`].
    matches => Function::Matches;
    /// [`Function::Power`].
    power => Function::Power;
    /// [`Function::IntDiv`].
    int_div => Function::IntDiv;
    /// [`SpatialPredicate::Equals`].
    spatially_equals => Function::Spatial(SpatialPredicate::Equals);
    /// [`SpatialPredicate::Disjoint`].
    disjoint => Function::Spatial(SpatialPredicate::Disjoint);
    /// [`SpatialPredicate::Intersects`].
    intersects => Function::Spatial(SpatialPredicate::Intersects);
    /// [`SpatialPredicate::Touches`].
    touches => Function::Spatial(SpatialPredicate::Touches);
    /// [`SpatialPredicate::Crosses`].
    crosses => Function::Spatial(SpatialPredicate::Crosses);
    /// [`SpatialPredicate::Within`].
    within => Function::Spatial(SpatialPredicate::Within);
    /// [`SpatialPredicate::Contains`].
    contains => Function::Spatial(SpatialPredicate::Contains);
    /// [`SpatialPredicate::Overlaps`].
    overlaps => Function::Spatial(SpatialPredicate::Overlaps);
    /// [`SpatialPredicate::Covers`].
    covers => Function::Spatial(SpatialPredicate::Covers);
    /// [`SpatialPredicate::CoveredBy`].
    covered_by => Function::Spatial(SpatialPredicate::CoveredBy);
    /// [`Function::BoxesMeet`].
    boxes_meet => Function::BoxesMeet;
    /// [`Function::Distance`].
    distance => Function::Distance;
}

unary! {
    /// [`Function::IsNull`].
    is_null => Function::IsNull;
    /// [`Function::Casei`].
    casei => Function::Casei;
    /// [`Function::Accenti`].
    accenti => Function::Accenti;
    /// [`Function::Lower`].
    lower => Function::Lower;
    /// [`Function::Upper`].
    upper => Function::Upper;
    /// [`Function::CharLength`].
    char_length => Function::CharLength;
    /// [`Function::Abs`].
    abs => Function::Abs;
    /// [`Function::Year`].
    year => Function::Year;
    /// [`Function::Area`].
    area => Function::Area;
    /// [`Function::LineLength`].
    line_length => Function::LineLength;
    /// [`Function::Perimeter`].
    perimeter => Function::Perimeter;
    /// [`Function::Centroid`].
    centroid => Function::Centroid;
    /// [`Function::Envelope`].
    envelope => Function::Envelope;
    /// [`Function::X`].
    x => Function::X;
    /// [`Function::Y`].
    y => Function::Y;
    /// [`Function::IsEmpty`].
    is_empty => Function::IsEmpty;
    /// [`Function::IsValid`].
    is_valid => Function::IsValid;
}

impl Expr {
    /// Null.
    pub const NULL: Self = Self::Literal(Value::Null);

    /// The geometry that boxes and maps mean: the layer's first.
    #[must_use]
    pub fn geometry() -> Self {
        field("geometry")
    }

    /// Any function of any arguments; [`bind`](Self::bind) checks that they fit.
    #[must_use]
    pub fn call(function: Function, arguments: impl IntoIterator<Item = Self>) -> Self {
        Self::Call(function, arguments.into_iter().collect())
    }

    /// True when both are; flat, however many are joined one by one.
    #[must_use]
    pub fn and(self, other: impl Into<Self>) -> Self {
        self.joined(&Function::And, other.into())
    }

    /// True when one is; flat, however many are joined one by one.
    #[must_use]
    pub fn or(self, other: impl Into<Self>) -> Self {
        self.joined(&Function::Or, other.into())
    }

    /// Whether it is not null.
    #[must_use]
    pub fn is_not_null(self) -> Self {
        !self.is_null()
    }

    /// Whether it equals one of several.
    #[must_use]
    pub fn is_in<T: Into<Self>>(self, values: impl IntoIterator<Item = T>) -> Self {
        let values = values.into_iter().map(Into::into);
        Self::Call(Function::In, std::iter::once(self).chain(values).collect())
    }

    /// Whether it lies between two others, both included.
    #[must_use]
    pub fn between(self, low: impl Into<Self>, high: impl Into<Self>) -> Self {
        Self::Call(Function::Between, vec![self, low.into(), high.into()])
    }

    /// Whether it is so far from `other` at most.
    ///
    /// ```
    /// use tiepoint_core::{CrsUnits, Expr, Metres, field};
    /// let by_road = field("geom").within_distance(field("road"), Metres(25.0));
    /// let on_plan = field("geom").within_distance(field("road"), CrsUnits(0.5));
    /// ```
    #[must_use]
    pub fn within_distance(self, other: impl Into<Self>, limit: impl Into<Length>) -> Self {
        let (number, unit) = limit.into().split();
        Self::Call(Function::WithinDistance(unit), vec![self, other.into(), number.into()])
    }

    /// Whether the DE-9IM matrix with `other` fits a pattern.
    #[must_use]
    pub fn relate(self, other: impl Into<Self>, pattern: MatrixPattern) -> Self {
        Self::Call(Function::Relate(pattern), vec![self, other.into()])
    }

    /// Whether the envelope meets a box, which may cross the antimeridian.
    #[must_use]
    pub fn meets_box(self, bbox: BBox, crs: Crs) -> Self {
        self.boxes_meet(Self::Box(bbox, crs))
    }

    /// The geometry in another CRS.
    #[must_use]
    pub fn transform(self, crs: Crs) -> Self {
        Self::Call(Function::Transform(crs), vec![self])
    }

    /// The value as another kind.
    #[must_use]
    pub fn cast(self, ty: ExprType) -> Self {
        Self::Call(Function::Cast(ty), vec![self])
    }

    /// The first that is not null.
    #[must_use]
    pub fn coalesce(self, other: impl Into<Self>) -> Self {
        Self::Call(Function::Coalesce, vec![self, other.into()])
    }

    /// The same question with every place and box brought to this CRS, a box with positions along
    /// its sides so that they bend as they must: what a server or a command
    /// does with coordinates that were typed in another CRS than the layer's.
    #[must_use]
    pub fn with_places_in(self, crs: &Crs) -> Self {
        match self {
            Self::Place(_, ref from) if !from.same_positions(crs) => self.transform(crs.clone()),
            Self::Box(bbox, ref from) if !from.same_positions(crs) => {
                let area = bbox.outline().map_or(self.clone(), |it| place(it, from.clone()));
                area.transform(crs.clone())
            }
            Self::Call(function, arguments) => {
                let arguments = arguments.into_iter().map(|it| it.with_places_in(crs));
                Self::Call(function, arguments.collect())
            }
            other => other,
        }
    }

    fn joined(self, function: &Function, other: Self) -> Self {
        let mut parts = Vec::new();
        for side in [self, other] {
            match side {
                Self::Call(of, more) if of == *function => parts.extend(more),
                one => parts.push(one),
            }
        }
        Self::Call(function.clone(), parts)
    }
}

/// Operators of Rust for the functions that they look like.
macro_rules! operator {
    ($($trait:ident $method:ident $function:expr;)*) => {$(
        impl<T: Into<Expr>> std::ops::$trait<T> for Expr {
            type Output = Self;

            fn $method(self, other: T) -> Self {
                Self::Call($function, vec![self, other.into()])
            }
        }
    )*};
}

operator! {
    Add add Function::Add;
    Sub sub Function::Sub;
    Mul mul Function::Mul;
    Div div Function::Div;
    Rem rem Function::Mod;
}

impl std::ops::BitAnd for Expr {
    type Output = Self;

    fn bitand(self, other: Self) -> Self {
        self.and(other)
    }
}

impl std::ops::BitOr for Expr {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        self.or(other)
    }
}

impl std::ops::Not for Expr {
    type Output = Self;

    fn not(self) -> Self {
        Self::Call(Function::Not, vec![self])
    }
}

impl std::ops::Neg for Expr {
    type Output = Self;

    fn neg(self) -> Self {
        Self::Call(Function::Negate, vec![self])
    }
}
