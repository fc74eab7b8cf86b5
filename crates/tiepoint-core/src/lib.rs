//! The words of tiepoint: plain values that every other crate speaks in.
//!
//! Nothing here opens a file or a socket, and nothing computes with geometry beyond reading,
//! writing and bounding it.
mod change;
mod crs;
mod datetime;
mod decimal;
mod domain;
mod edit;
mod envelope;
mod error;
mod expr;
mod feature;
mod fid;
mod field;
pub mod geometry;
mod geometry_type;
mod intersection;
mod json;
mod layer;
mod natural_key;
mod nearest;
mod object_id;
pub mod protobuf;
mod query;
mod schema;
mod spatial_predicate;
#[cfg(feature = "testing")]
pub mod testing;
mod value;
mod value_order;

pub use change::{
    ApplyError, BaseDifference, Change, ChangeSet, ChangeSetId, Clash, ComposeError, Conflict,
    DecodeError, DecodeFault, FieldChange, FieldNames, HistoryRebase, Image, LayerChanges,
    NamedValues, RebaseError, Rebased, Resolution, ResolveError,
};
pub use crs::{AxisOrder, Crs, CrsError};
pub use datetime::{Date, DateTime, DateTimeError, Offset, Time, ZoneRule};
pub use decimal::{Decimal, DecimalError};
pub use domain::Domain;
pub use edit::{Edit, Target};
pub use envelope::{BBox, BoxError, Envelope, Xy};
pub use error::ErrorKind;
pub use expr::{
    Aggregate, BindError, Bound, CrsUnits, EqualityClass, Expr, ExprType, Function, Length,
    LengthUnit, Metres, NativeFunction, Node, TemporalPredicate, field, place,
};
pub use feature::{Feature, FeatureError};
pub use fid::Fid;
pub use field::{Default as FieldDefault, Field, FieldType, IntWidth, Mismatch, RealWidth};
pub use geometry::*;
pub use geometry_type::{Edges, GeometryMismatch, GeometryType, KindRule, OrdinateRule};
pub use intersection::{Dimension, IntersectionMatrix, MatrixError, MatrixPattern, Part};
pub use json::{Json, JsonError};
pub use layer::{
    Check, FidRule, Identity, Index, IndexExtras, IndexMethod, Layer, LayerDefinition,
    SpatialIndexKind,
};
pub use nearest::nearest_name;
pub use object_id::{ObjectId, ObjectIdError};
pub use query::{
    Computed, Direction, Fields, Ids, InvalidGeometries, Nulls, OrderBy, PageMark, Query, Simplify,
};
pub use schema::{Schema, SchemaError};
pub use spatial_predicate::SpatialPredicate;
pub use value::Value;
