//! From what the features of a document have shown, the schema that holds them all.
use super::ReadOptions;
use super::header::{Header, crs_of};
use super::property_type::{Fit, Sorts};
use super::survey::{Findings, Geometries, Shown};
use crate::{CodecError, Result, Survey};
use std::sync::Arc;
use tiepoint_core::{Crs, Field, FieldType, GeometryType, KindRule, OrdinateRule, Schema};

impl Findings {
    /// What has been found out, once all features have been looked at.
    pub(super) fn conclude(
        mut self,
        features: u64,
        header: &Header,
        options: &ReadOptions,
    ) -> Result<Survey> {
        let mut notes = Vec::new();
        let crs = self.crs(header, options)?;
        let (mut fields, mut id_field) = (Vec::new(), None);
        if self.ids.present > 0 && self.ids.any_not_uuid {
            id_field = Some(0);
            fields.push(self.id_field());
            notes.push(format!(
                "the features' ids are not UUIDs; they become the field `{}`",
                fields[0].name
            ));
        }
        if self.geometries.present > 0 {
            fields.push(self.geometry_field(crs, &mut notes));
        }
        for (position, shown) in self.properties.iter().enumerate() {
            if shown.last > 0 {
                fields.push(self.property_field(position, *shown, &mut notes));
            }
        }
        self.geometries.kinds.sort_unstable();
        notes.extend(header.ignored.note());
        notes.extend(self.ignored.note().map(|note| format!("of features, {note}")));
        Ok(Survey {
            schema: Arc::new(Schema::new(fields).expect("names are told apart as they are found")),
            features,
            name: header.name.clone(),
            kinds: self.geometries.kinds,
            id_field,
            notes,
        })
    }

    fn crs(&mut self, header: &Header, options: &ReadOptions) -> Result<Crs> {
        if let Some(crs) = &options.crs {
            return Ok(crs.clone());
        }
        if let Some(crs) = &header.crs {
            self.add_crs(crs.clone());
        }
        let mut named: Vec<Crs> =
            self.crs.iter().map(|member| crs_of(member)).collect::<Result<_>>()?;
        named.dedup();
        match named.as_slice() {
            [] => Ok(Crs::CRS84),
            [only] => Ok(only.clone()),
            [one, other, ..] => Err(CodecError::Unsupported {
                what: format!(
                    "the document's features are in more than one coordinate reference system: {one} and {other}"
                ),
                hint: Some("split the document into one for each".to_owned()),
            }),
        }
    }

    fn id_field(&self) -> Field {
        let ty = if self.ids.any_not_whole { FieldType::TEXT } else { FieldType::INT };
        let field = Field::new(self.free_name(&["id", "feature_id"]), ty);
        if self.ids.present == self.kept { field.not_null() } else { field }
    }

    fn geometry_field(&self, crs: Crs, notes: &mut Vec<String>) -> Field {
        let Geometries { kinds, flat, high, .. } = &self.geometries;
        let kind = match kinds.as_slice() {
            [only] => KindRule::Only(*only),
            _ => KindRule::Any,
        };
        let z = match (flat, high) {
            (_, false) => OrdinateRule::Prohibited,
            (false, true) => OrdinateRule::Mandatory,
            (true, true) => OrdinateRule::Optional,
        };
        if let KindRule::Any = kind {
            let names: Vec<_> = kinds.iter().map(|kind| kind.name()).collect();
            notes.push(format!("geometries are of several kinds: {}", names.join(", ")));
        }
        if self.geometries.both {
            notes.push(
                "some geometries have heights at some positions only; the others are unknown (NaN)"
                    .to_owned(),
            );
        }
        let ty = GeometryType { z, ..GeometryType::xy(kind, crs) };
        let field = Field::new(self.free_name(&["geom", "geometry"]), FieldType::Geometry(ty));
        if self.geometries.present == self.kept { field.not_null() } else { field }
    }

    fn property_field(&self, position: usize, shown: Shown, notes: &mut Vec<String>) -> Field {
        let name = self.names.get(position);
        let (ty, fit) = shown.sorts.field_type();
        if fit == Fit::Mixed {
            notes.push(format!("values of `{name}` are of several sorts; they become {ty}"));
        }
        let field = Field::new(name, ty);
        let always = shown.present == self.kept && !shown.sorts.has(Sorts::NULL);
        if always { field.not_null() } else { field }
    }

    /// The first of `wanted` that no property has, or the last with a number.
    fn free_name(&self, wanted: &[&str]) -> String {
        let last = wanted.last().copied().unwrap_or_default();
        let numbered = (2..).map(|number| format!("{last}_{number}"));
        let mut names = wanted.iter().map(|name| (*name).to_owned()).chain(numbered);
        names.find(|name| !self.names.contains(name)).expect("there is always one more number")
    }
}
