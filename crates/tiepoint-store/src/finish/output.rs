//! Making of each feature what was asked for.
use super::Rows;
use crate::{Column, Question, Result};
use std::sync::Arc;
use tiepoint_core::{Feature, Schema, Simplify, Value};
use tiepoint_spatial::transform::Transform;
use tiepoint_spatial::{Evaluator, simplify};

/// How one field of the output is made.
enum Make {
    Take(usize),
    Compute(Box<Evaluator>),
}

struct Maker {
    schema: Arc<Schema>,
    columns: Vec<(Make, Option<Transform>)>,
    simplify: Option<Simplify>,
}

/// The features of the output, of features that have the layer's schema.
pub(super) fn made<'a>(question: &Question, rows: Rows<'a>) -> Result<Rows<'a>> {
    let output = question.output();
    if output.is_plain() && Arc::ptr_eq(output.schema(), question.layer().schema()) {
        return Ok(rows);
    }
    let mut columns = Vec::with_capacity(output.columns().len());
    for (column, transform) in output.columns().iter().zip(output.transforms()) {
        let make = match column {
            Column::Field(position) => Make::Take(*position),
            Column::Computed(bound) => Make::Compute(Box::new(question.evaluator(bound)?)),
        };
        columns.push((make, transform.clone()));
    }
    let schema = Arc::clone(output.schema());
    let maker = Maker { schema, columns, simplify: output.simplify() };
    Ok(Box::new(rows.map(move |row| row.map(|feature| maker.make(feature)))))
}

impl Maker {
    fn make(&self, feature: Feature) -> Feature {
        let (id, fid) = (feature.id, feature.fid.clone());
        let mut made: Vec<Option<Value>> = Vec::with_capacity(self.columns.len());
        for (make, _) in &self.columns {
            made.push(match make {
                Make::Compute(evaluator) => Some(evaluator.value(&feature)),
                Make::Take(_) => None,
            });
        }
        let mut stored = feature.into_values();
        for (slot, (make, transform)) in made.iter_mut().zip(&self.columns) {
            if let Make::Take(position) = make {
                *slot = stored[*position].take();
            }
            if let Some(Value::Geometry(_)) = slot {
                self.adapt(slot, transform.as_ref());
            }
        }
        Feature::with_values(Arc::clone(&self.schema), made).with_id(id).with_fid(fid)
    }

    /// Brings a geometry into the CRS and to the detail that were asked for.
    fn adapt(&self, slot: &mut Option<Value>, transform: Option<&Transform>) {
        let Some(Value::Geometry(geometry)) = slot else { return };
        if let Some(transform) = transform {
            match transform.geometry(geometry) {
                Ok(transformed) => *geometry = transformed,
                Err(_) => return *slot = Some(Value::Null),
            }
        }
        if let Some(Simplify { tolerance, keep_valid }) = self.simplify {
            *geometry = if keep_valid {
                simplify::simplify_preserving(geometry, tolerance)
            } else {
                simplify::simplify(geometry, tolerance)
            };
        }
    }
}
