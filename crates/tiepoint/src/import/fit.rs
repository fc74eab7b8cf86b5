//! Makes one feature of a source fit its layer: its id, its fields in the layer's order, its values
//! in the layer's types.
use super::plan::Plan;
use super::promote::promoted;
use std::sync::Arc;
use tiepoint_core::{Feature, Field, FieldType, Json, KindRule, Layer, Mismatch, Value};

/// Where a value of the source goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Move {
    /// Nowhere.
    Nowhere,
    /// Into the field at this position.
    Into(usize),
    /// Into the geometry field at this position, as the only member of what the rule asks for
    /// where it is not that already.
    IntoGeometry(usize, KindRule),
}

/// Why a feature does not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Misfit {
    pub(super) reason: String,
    pub(super) hint: Option<&'static str>,
}

impl Move {
    pub(super) fn new(to: Option<usize>, layer: &Layer) -> Self {
        match to.map(|at| (at, &layer.schema().fields()[at].ty)) {
            None => Self::Nowhere,
            Some((at, FieldType::Geometry(ty))) => Self::IntoGeometry(at, ty.kind),
            Some((at, _)) => Self::Into(at),
        }
    }

    /// The position in the layer, where it has one.
    pub(super) fn target(self) -> Option<usize> {
        match self {
            Self::Nowhere => None,
            Self::Into(at) | Self::IntoGeometry(at, _) => Some(at),
        }
    }
}

impl Plan {
    /// The feature as the layer takes it; what the source leaves unset stays unset.
    pub(super) fn fit(&self, feature: Feature) -> Result<Feature, Misfit> {
        let wrong = |reason| Misfit {
            reason,
            hint: Some("skip such features, or choose another field for the object ids"),
        };
        let id = self.ids.id_of(&feature).map_err(wrong)?;
        let mut values = vec![None; self.layer.schema().fields().len()];
        for (step, value) in self.moves.iter().zip(feature.into_values()) {
            let (Some(at), Some(value)) = (step.target(), value) else { continue };
            values[at] = Some(self.fit_value(*step, at, value)?);
        }
        let mut fitted = Feature::with_values(Arc::clone(self.layer.schema()), values);
        if self.layer.is_tied() {
            fitted.id = id;
        } else if id.is_some() {
            self.dropped_ids.set(true);
        }
        Ok(fitted)
    }

    fn fit_value(&self, step: Move, at: usize, value: Value) -> Result<Value, Misfit> {
        let field = &self.layer.schema().fields()[at];
        let value = match (step, value) {
            (Move::IntoGeometry(_, rule), Value::Geometry(geometry)) => {
                Value::Geometry(promoted(geometry, rule))
            }
            (_, value) => respelled(field, value),
        };
        let value = self.without_minus_zero(value);
        field.accept(value).map_err(|mismatch| Misfit {
            reason: format!("field `{}`: {mismatch}", field.name),
            hint: (mismatch == Mismatch::Null)
                .then_some("skip such features, or give the field a value in the source"),
        })
    }

    /// Zero for minus zero where the store has no other: the same number. The report says that it
    /// happened.
    fn without_minus_zero(&self, value: Value) -> Value {
        match value {
            Value::Real(number)
                if !self.keeps_minus_zero && number == 0.0 && number.is_sign_negative() =>
            {
                self.met_minus_zero.set(true);
                Value::Real(0.0)
            }
            other => other,
        }
    }
}

/// The same value in the field's type, where formats that lack the type spell it otherwise:
/// numbers, dates, times, UUIDs and JSON documents as text, whole numbers as reals.
fn respelled(field: &Field, value: Value) -> Value {
    let is_text = matches!(field.ty, FieldType::Text { .. });
    match value {
        Value::Text(text) => read_from_text(field, text),
        Value::Real(number) => match (&field.ty, as_whole(number)) {
            (FieldType::Int(_) | FieldType::Decimal { .. }, Some(whole)) => Value::Int(whole),
            _ => Value::Real(number),
        },
        Value::Int(number) if is_text => Value::Text(number.to_string()),
        Value::Int(number) if field.ty == FieldType::Json => {
            number.to_string().parse().map_or(Value::Int(number), Value::Json)
        }
        Value::Uuid(uuid) if is_text => Value::Text(uuid.to_string()),
        Value::Date(date) if is_text => Value::Text(date.to_string()),
        Value::Time(time) if is_text => Value::Text(time.to_string()),
        Value::DateTime(time) if is_text => Value::Text(time.to_string()),
        other => other,
    }
}

fn read_from_text(field: &Field, text: String) -> Value {
    let read = match &field.ty {
        FieldType::Int(_) => text.parse().ok().map(Value::Int),
        FieldType::Real(_) => text.parse().ok().map(Value::Real),
        FieldType::Date => text.parse().ok().map(Value::Date),
        FieldType::Time(_) => text.parse().ok().map(Value::Time),
        FieldType::DateTime(_) => text.parse().ok().map(Value::DateTime),
        FieldType::Decimal { .. } => text.parse().ok().map(Value::Decimal),
        FieldType::Uuid => {
            let id = text.parse::<tiepoint_core::ObjectId>().ok();
            id.map(|id| Value::Uuid(*id.as_uuid()))
        }
        FieldType::Json => text.parse().ok().or_else(|| json_text(&text)).map(Value::Json),
        _ => None,
    };
    read.unwrap_or(Value::Text(text))
}

/// A text that is no JSON document, as a JSON string.
fn json_text(text: &str) -> Option<Json> {
    serde_json::to_string(text).ok()?.parse().ok()
}

/// The whole number that a real is, if it is one and every whole number around it is a real.
fn as_whole(number: f64) -> Option<i64> {
    const LIMIT: f64 = 9_007_199_254_740_992.0; // 2^53
    #[expect(clippy::cast_possible_truncation, reason = "whole and within 2^53")]
    (number.fract() == 0.0
        && number.abs() <= LIMIT
        && !(number == 0.0 && number.is_sign_negative()))
    .then_some(number as i64)
}
