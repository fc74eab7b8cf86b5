//! What to make of each feature: fields, computed values, another CRS, less detail.
use super::{as_value, bind_error, evaluate_error};
use crate::{Result, StoreError};
use std::collections::BTreeSet;
use std::sync::Arc;
use tiepoint_core::{
    Bound, Crs, Edges, ExprType, Field, FieldType, Fields, GeometryType, KindRule, Layer,
    OrdinateRule, Query, Schema, Simplify, ZoneRule,
};
use tiepoint_spatial::fold;
use tiepoint_spatial::transform::Transform;

/// The fields of the features that a query fetches, and where each comes from.
#[derive(Debug, Clone)]
pub struct Output {
    schema: Arc<Schema>,
    columns: Vec<Column>,
    transforms: Vec<Option<Transform>>,
    simplify: Option<Simplify>,
}

/// Where a field that is fetched comes from.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Column {
    /// The layer's field at this position.
    Field(usize),
    /// A value to compute.
    Computed(Bound),
}

impl Output {
    pub(super) fn of(layer: &Layer, query: &Query) -> Result<Self> {
        let schema_error = |reason| StoreError::Schema { layer: layer.name().to_owned(), reason };
        let mut columns = Vec::new();
        let mut fields = Vec::new();
        for position in positions(layer, &query.fields).map_err(schema_error)? {
            columns.push(Column::Field(position));
            fields.push(layer.schema().fields()[position].clone());
        }
        for computed in &query.computed {
            let fitting = |reason| bind_error(layer.name(), reason);
            let bound = computed.value.bind(layer.schema()).and_then(as_value).map_err(fitting)?;
            let bound = fold(&bound).map_err(|reason| evaluate_error(layer.name(), reason))?;
            fields.push(Field::new(&computed.name, field_type(bound.ty())));
            columns.push(Column::Computed(bound));
        }
        let transforms = fields
            .iter_mut()
            .map(|field| transform(layer, field, query.crs.as_ref()))
            .collect::<Result<Vec<_>>>()?;
        let whole = query.computed.is_empty() && query.crs.is_none() && query.fields == Fields::All;
        let schema = if whole {
            Arc::clone(layer.schema())
        } else {
            Arc::new(Schema::new(fields).map_err(schema_error)?)
        };
        Ok(Self { schema, columns, transforms, simplify: query.simplify })
    }

    /// The fields of the features that are fetched.
    #[must_use]
    pub fn schema(&self) -> &Arc<Schema> {
        &self.schema
    }

    /// Where each field comes from, in the order of the schema.
    #[must_use]
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// Whether every field is one of the layer's, as it is stored.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        let stored = self.columns.iter().all(|column| matches!(column, Column::Field(_)));
        stored && self.simplify.is_none() && self.transforms.iter().all(Option::is_none)
    }

    /// The positions of the layer's fields that are fetched or computed from.
    pub(super) fn needs(&self) -> BTreeSet<usize> {
        let mut needed = BTreeSet::new();
        for column in &self.columns {
            match column {
                Column::Field(position) => needed.extend([*position]),
                Column::Computed(bound) => needed.extend(bound.fields()),
            }
        }
        needed
    }

    /// For each field, how its geometry gets into the CRS that is asked for.
    pub(crate) fn transforms(&self) -> &[Option<Transform>] {
        &self.transforms
    }

    pub(crate) fn simplify(&self) -> Option<Simplify> {
        self.simplify
    }
}

fn positions(
    layer: &Layer,
    fields: &Fields,
) -> std::result::Result<Vec<usize>, tiepoint_core::SchemaError> {
    let schema = layer.schema();
    Ok(match fields {
        Fields::All => (0..schema.fields().len()).collect(),
        Fields::AllButGeometry => {
            let is_plain = |at: &usize| !matches!(schema.fields()[*at].ty, FieldType::Geometry(_));
            (0..schema.fields().len()).filter(is_plain).collect()
        }
        Fields::Only(names) => {
            names.iter().map(|it| schema.require(it)).collect::<Result<_, _>>()?
        }
    })
}

/// Moves a geometry field to the CRS that is asked for, and says how values get there.
fn transform(layer: &Layer, field: &mut Field, to: Option<&Crs>) -> Result<Option<Transform>> {
    let (FieldType::Geometry(ty), Some(to)) = (&mut field.ty, to) else { return Ok(None) };
    let failed =
        |reason| StoreError::Transform { layer: layer.name().to_owned(), reason: Box::new(reason) };
    let same = ty.crs.same_positions(to);
    let transform = if same { None } else { Some(Transform::new(&ty.crs, to).map_err(failed)?) };
    ty.crs = to.clone();
    Ok(transform)
}

/// The type of a field that holds an expression's values.
fn field_type(ty: &ExprType) -> FieldType {
    match ty {
        ExprType::Bool => FieldType::Bool,
        ExprType::Int => FieldType::INT,
        ExprType::Real => FieldType::REAL,
        ExprType::Decimal => FieldType::Decimal { precision: None, scale: None },
        ExprType::Text | ExprType::Null | ExprType::Interval => FieldType::TEXT,
        ExprType::Bytes => FieldType::Bytes { max_bytes: None },
        ExprType::Date => FieldType::Date,
        ExprType::Time => FieldType::Time(ZoneRule::Either),
        ExprType::DateTime => FieldType::DateTime(ZoneRule::Either),
        ExprType::Json => FieldType::Json,
        ExprType::Uuid => FieldType::Uuid,
        ExprType::Geometry(crs) => FieldType::Geometry(GeometryType {
            kind: KindRule::Any,
            z: OrdinateRule::Optional,
            m: OrdinateRule::Optional,
            crs: crs.clone(),
            edges: Edges::Planar,
        }),
    }
}
