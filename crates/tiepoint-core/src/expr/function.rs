//! Every function there is, what it means, and how equal its results are wherever it runs.
use super::{ExprType, LengthUnit};
use crate::{Crs, MatrixPattern, SpatialPredicate};

/// How equal the results of a function are, whichever store or machine computes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EqualityClass {
    /// The very same.
    Exact,
    /// To 1e-9 relative; distances to a millimetre.
    Measured,
    /// Their symmetric difference is at most 1e-9 of their area: buffer, union and the like.
    Topological,
    /// Some answer of several that are all right: a point on a surface.
    SomePoint,
}

impl EqualityClass {
    /// Whether a store may decide with it which features pass; the others are decided by us.
    #[must_use]
    pub fn may_be_pushed_down(self) -> bool {
        self <= Self::Measured
    }
}

/// A function that only one store has, called by name: the escape hatch. It never runs in memory.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct NativeFunction {
    /// The kind of store that has it: `gpkg`, `postgis`.
    pub store: String,
    /// Its name there; always quoted as a name, so it cannot become SQL.
    pub name: String,
    /// What it yields.
    pub ty: ExprType,
}

/// The temporal predicates of CQL2 (OGC 21-065r2, section 7.10; Allen 1983). Instants are dates
/// or dates with times; intervals are made by [`Function::Interval`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "named and defined by the standard")]
pub enum TemporalPredicate {
    After,
    Before,
    Contains,
    Disjoint,
    During,
    Equals,
    FinishedBy,
    Finishes,
    Intersects,
    Meets,
    MetBy,
    OverlappedBy,
    Overlaps,
    StartedBy,
    Starts,
}

macro_rules! functions {
    ($($variant:ident $name:literal $class:ident $doc:literal;)*) => {
        /// A function of expressions. Null of null, unless said otherwise.
        ///
        /// Geometry functions look at x and y only, except where z or m are named; curves count
        /// as 32 segments per quadrant.
        /// Predicates join positions by straight lines in coordinate space, on longitude and
        /// latitude too; measures in metres follow geodesics on the CRS's ellipsoid.
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        pub enum Function {
            $(#[doc = $doc] $variant,)*
            /// `predicate(a, b)`: how two geometries of one CRS lie to one another (DE-9IM). Exact.
            Spatial(SpatialPredicate),
            /// `relate(a, b)`: whether their DE-9IM matrix fits the pattern. Exact.
            Relate(MatrixPattern),
            /// `within_distance(a, b, limit)`: the same as `distance(a, b) <= limit`, in this unit.
            /// Measured.
            WithinDistance(LengthUnit),
            /// `transform(geometry)`: the geometry in another CRS, z and m untouched; null where
            /// the projection is not defined. Measured.
            Transform(Crs),
            /// `cast(value)`: the value as another kind; null where it does not say one. Text is what
            /// reads back as the value: `true`, `-12`, `0.1`, ISO 8601, and nothing around it. Real
            /// numbers become integers by cutting off; true is 1 and false 0. Exact.
            Cast(ExprType),
            /// A temporal predicate of two instants or intervals. Exact.
            Temporal(TemporalPredicate),
            /// A function of one store.
            Native(NativeFunction),
        }

        impl Function {
            /// The functions that are all in their name.
            pub const PLAIN: &'static [Self] = &[$(Self::$variant,)*];

            /// Its name in messages, plans and CQL2.
            #[must_use]
            pub fn name(&self) -> &str {
                match self {
                    $(Self::$variant => $name,)*
                    Self::Spatial(predicate) => spatial_name(*predicate),
                    Self::Relate(_) => "relate",
                    Self::WithinDistance(_) => "within_distance",
                    Self::Transform(_) => "transform",
                    Self::Cast(_) => "cast",
                    Self::Temporal(predicate) => predicate.name(),
                    Self::Native(native) => &native.name,
                }
            }

            /// How equal its results are, given equal arguments.
            #[must_use]
            pub fn equality(&self) -> EqualityClass {
                match self {
                    $(Self::$variant => EqualityClass::$class,)*
                    Self::WithinDistance(_) | Self::Transform(_) => EqualityClass::Measured,
                    Self::Spatial(_) | Self::Relate(_) | Self::Cast(_) | Self::Temporal(_)
                    | Self::Native(_) => EqualityClass::Exact,
                }
            }
        }
    };
}

functions! {
    And "and" Exact "Of any number: false if one is false, else null if one is null, else true.";
    Or "or" Exact "Of any number: true if one is true, else null if one is null, else false.";
    Not "not" Exact "The other truth.";
    Eq "=" Exact "Whether two values are equal: numbers by size, dates and times by instant, text by code point.";
    Ne "<>" Exact "Whether two values differ.";
    Lt "<" Exact "Whether the first is smaller.";
    Le "<=" Exact "Whether the first is smaller or equal.";
    Gt ">" Exact "Whether the first is larger.";
    Ge ">=" Exact "Whether the first is larger or equal.";
    IsNull "is_null" Exact "Whether the value is null or unset; never null itself.";
    Between "between" Exact "`a >= low AND a <= high`.";
    In "in" Exact "Whether the first equals one of the others: true if one does, else null if any is null.";
    Like "like" Exact "Whether a text fits a pattern: `%` any characters, `_` one, a backslash takes the next as it is, and itself at the end. Case counts.";
    Matches "matches" Exact "Whether some part of a text fits a regular expression (a literal, syntax of the `regex` crate).";
    Casei "casei" Exact "The text in upper and then in lower case (Unicode, no locale), so that case does not count.";
    Accenti "accenti" Exact "The text without its combining marks (Unicode NFD, marks dropped, NFC).";
    Lower "lower" Exact "The text in lower case (Unicode, no locale).";
    Upper "upper" Exact "The text in upper case (Unicode, no locale).";
    Trim "trim" Exact "The text without white space at both ends (Unicode).";
    CharLength "char_length" Exact "How many code points a text has.";
    Substring "substring" Exact "`substring(text, start, count)`: `count` code points from the `start`th, counted from 1; to the end without a count; what lies outside is cut off. Numbers are cut off to whole ones.";
    Position "position" Exact "`position(text, part)`: where the part first stands, counted from 1 in code points; 0 if nowhere, 1 of an empty part.";
    Concat "concat" Exact "Texts, one after another; null if one is null, and beyond 16 MiB.";
    Replace "replace" Exact "`replace(text, part, by)`: every occurrence of a part replaced; an empty part replaces nothing. Null beyond 16 MiB.";
    StartsWith "starts_with" Exact "Whether a text starts with another.";
    EndsWith "ends_with" Exact "Whether a text ends with another.";
    Add "+" Exact "The sum: exact of integers, null beyond 64 bits; otherwise a real number.";
    Sub "-" Exact "The difference, likewise.";
    Mul "*" Exact "The product, likewise.";
    Div "/" Exact "The quotient as a real number; null by zero.";
    IntDiv "div" Exact "The quotient cut off towards zero, an integer of integers; null by zero.";
    Mod "%" Exact "What `div` leaves over, with the sign of the first; null by zero.";
    Power "^" Measured "The first to the power of the second, a real number; null where that is none.";
    Negate "negate" Exact "The number with the other sign.";
    Abs "abs" Exact "The number without its sign.";
    Floor "floor" Exact "The largest whole number that is not larger; an integer of integers, else a real number.";
    Ceil "ceil" Exact "The smallest whole number that is not smaller; an integer of integers, else a real number.";
    Round "round" Exact "The nearest whole number, halves away from zero; an integer of integers, else a real number.";
    Sign "sign" Exact "-1, 0 or 1.";
    Sqrt "sqrt" Measured "The square root; null of negative numbers.";
    Exp "exp" Measured "e to the power.";
    Ln "ln" Measured "The natural logarithm; null unless positive.";
    Sin "sin" Measured "The sine of an angle in radians.";
    Cos "cos" Measured "The cosine of an angle in radians.";
    Tan "tan" Measured "The tangent of an angle in radians.";
    Asin "asin" Measured "The angle of a sine in radians; null beyond 1.";
    Acos "acos" Measured "The angle of a cosine in radians; null beyond 1.";
    Atan "atan" Measured "The angle of a tangent in radians.";
    Atan2 "atan2" Measured "`atan2(y, x)`: the angle of a direction in radians.";
    Least "least" Exact "The smallest of several values; null if one is null.";
    Greatest "greatest" Exact "The largest of several values; null if one is null.";
    Case "case" Exact "`case(when, then, ..., otherwise)`: the first `then` whose `when` is true, else the last value, else null.";
    Coalesce "coalesce" Exact "The first value that is not null.";
    NullIf "nullif" Exact "The first value, or null if it equals the second.";
    Year "year" Exact "The year of a date, in the zone it was written in.";
    Month "month" Exact "The month, 1 to 12.";
    Day "day" Exact "The day of the month, 1 to 31.";
    DayOfWeek "day_of_week" Exact "The day of the week, Monday 1 to Sunday 7 (ISO 8601).";
    DayOfYear "day_of_year" Exact "The day of the year, from 1.";
    Hour "hour" Exact "The hour, 0 to 23, in the zone it was written in.";
    Minute "minute" Exact "The minute, 0 to 59.";
    Second "second" Exact "The second with its fraction, a real number.";
    DateOf "date" Exact "The calendar date of a date and time, in the zone it was written in.";
    TimeOf "time" Exact "The time of day of a date and time, with its offset.";
    Interval "interval" Exact "`interval(start, end)`; an end that is a null literal is open. Only within temporal predicates.";
    ArrayOf "array" Exact "A JSON array of values: bytes in hexadecimal digits, geometries as well-known text, what else JSON has not as its cast to text; null beyond 16 MiB.";
    ArrayEquals "a_equals" Exact "Whether two arrays have the same members, each as often; order does not count. Members are equal as JSON, numbers by size. Null of what is no array.";
    ArrayContains "a_contains" Exact "Whether every member of the second array is one of the first.";
    ArrayContainedBy "a_containedby" Exact "Whether every member of the first array is one of the second.";
    ArrayOverlaps "a_overlaps" Exact "Whether two arrays have a member in common.";
    BoxesMeet "boxes_meet" Exact "Whether the envelopes of two geometries share a position; false if one is empty. What indexes answer.";
    Distance "distance" Measured "The smallest distance between two geometries: metres where the CRS is geographic, CRS units otherwise. Null if one is empty.";
    Area "area" Measured "The area of surfaces: square metres where the CRS is geographic, square CRS units otherwise. 0 for others.";
    LineLength "length" Measured "The length of lines: metres where the CRS is geographic, CRS units otherwise. 0 for others.";
    Perimeter "perimeter" Measured "The length of the rings of surfaces, in the unit of `length`. 0 for others.";
    Centroid "centroid" Measured "The centre of mass of what has the highest dimension, in the plane of the coordinates. Null if empty.";
    Envelope "envelope" Exact "The box around a geometry, as a polygon, or as a line or a point where it has no area; null if empty.";
    X "x" Exact "The x (easting or longitude) of a point; null of an empty one or another kind.";
    Y "y" Exact "The y (northing or latitude) of a point; null of an empty one or another kind.";
    Z "z" Exact "The z of a point; null where it has none or another kind.";
    M "m" Exact "The measure of a point; null where it has none or another kind.";
    MinX "min_x" Exact "The smallest x; null if empty.";
    MinY "min_y" Exact "The smallest y; null if empty.";
    MaxX "max_x" Exact "The largest x; null if empty.";
    MaxY "max_y" Exact "The largest y; null if empty.";
    NumPoints "num_points" Exact "How many positions a geometry has.";
    NumGeometries "num_geometries" Exact "How many members a multi-geometry, collection, polyhedral surface or TIN has; 1 for others, 0 if empty.";
    GeometryKind "geometry_kind" Exact "The kind's name: `Point`, `MultiPolygon`, ...";
    Dims "dims" Exact "`XY`, `XYZ`, `XYM` or `XYZM`.";
    Dimension "dimension" Exact "0 for points, 1 for lines, 2 for surfaces; the largest in a collection, 0 if that has no members.";
    IsEmpty "is_empty" Exact "Whether a geometry has no position at all.";
    IsValid "is_valid" Exact "Whether a geometry is valid (OGC 06-103r4, section 6.1).";
    InvalidReason "invalid_reason" SomePoint "The rule that a geometry breaks, in the words of GEOS: `Self-intersection`; null if it is valid.";
}

impl Function {
    /// The plain function of that name, case ignored.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        Self::PLAIN.iter().find(|it| it.name().eq_ignore_ascii_case(name)).cloned()
    }

    /// Whether it may have a value although an argument is null.
    #[must_use]
    pub fn accepts_null(&self) -> bool {
        matches!(
            self,
            Self::And
                | Self::Or
                | Self::IsNull
                | Self::In
                | Self::Case
                | Self::Coalesce
                | Self::NullIf
                | Self::ArrayOf
                | Self::Native(_)
        )
    }
}

/// The name of a predicate in CQL2, in lower case.
fn spatial_name(predicate: SpatialPredicate) -> &'static str {
    match predicate {
        SpatialPredicate::Equals => "s_equals",
        SpatialPredicate::Disjoint => "s_disjoint",
        SpatialPredicate::Intersects => "s_intersects",
        SpatialPredicate::Touches => "s_touches",
        SpatialPredicate::Crosses => "s_crosses",
        SpatialPredicate::Within => "s_within",
        SpatialPredicate::Contains => "s_contains",
        SpatialPredicate::Overlaps => "s_overlaps",
        SpatialPredicate::Covers => "s_covers",
        SpatialPredicate::CoveredBy => "s_coveredby",
    }
}

impl TemporalPredicate {
    /// All of them.
    pub const ALL: &'static [Self] = &[
        Self::After,
        Self::Before,
        Self::Contains,
        Self::Disjoint,
        Self::During,
        Self::Equals,
        Self::FinishedBy,
        Self::Finishes,
        Self::Intersects,
        Self::Meets,
        Self::MetBy,
        Self::OverlappedBy,
        Self::Overlaps,
        Self::StartedBy,
        Self::Starts,
    ];

    /// Its name in CQL2, in lower case.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::After => "t_after",
            Self::Before => "t_before",
            Self::Contains => "t_contains",
            Self::Disjoint => "t_disjoint",
            Self::During => "t_during",
            Self::Equals => "t_equals",
            Self::FinishedBy => "t_finishedby",
            Self::Finishes => "t_finishes",
            Self::Intersects => "t_intersects",
            Self::Meets => "t_meets",
            Self::MetBy => "t_metby",
            Self::OverlappedBy => "t_overlappedby",
            Self::Overlaps => "t_overlaps",
            Self::StartedBy => "t_startedby",
            Self::Starts => "t_starts",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_plain_function_is_found_by_its_own_name_alone() {
        for function in Function::PLAIN {
            assert_eq!(Function::by_name(function.name()).as_ref(), Some(function));
        }
    }

    #[test]
    fn only_exact_and_measured_functions_decide_in_a_store() {
        assert!(EqualityClass::Exact.may_be_pushed_down());
        assert!(EqualityClass::Measured.may_be_pushed_down());
        assert!(!EqualityClass::Topological.may_be_pushed_down());
        assert!(!EqualityClass::SomePoint.may_be_pushed_down());
    }
}
