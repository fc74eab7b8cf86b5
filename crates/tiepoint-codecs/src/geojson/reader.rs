//! The second pass: features of the schema that the survey found.
use super::ReadOptions;
use super::cursor::{Cursor, Stop};
use super::feature::{FeatureVisitor, visit_feature};
use super::geometry::GeometryReader;
use super::properties::Names;
use super::property_type::{date, date_time};
use super::records::Records;
use crate::{CodecError, DocumentReader, Result, Survey};
use std::io::Read;
use std::sync::Arc;
use tiepoint_core::{Decimal, Feature, FieldType, Json, ObjectId, OrdinateRule, Schema, Value};

/// The longest object or array among properties: checking it takes many times the memory.
const MAX_JSON_BYTES: usize = 16 << 20;

/// Reads the features of a document that has been surveyed, with the same options.
///
/// Their values are of the types of the survey's schema; the object id is the feature's `"id"`
/// where all ids of the document are UUIDs.
pub fn reader<R: Read>(input: R, survey: &Survey, options: &ReadOptions) -> Reader<R> {
    read_records(Records::new(input, options), survey, options)
}

pub(super) fn read_records<R>(
    records: Records<R>,
    survey: &Survey,
    options: &ReadOptions,
) -> Reader<R> {
    let schema = Arc::clone(&survey.schema);
    let geometry = schema.geometry();
    let heights = geometry.map_or(OrdinateRule::Optional, |(_, ty)| ty.z);
    let mut names = Names::default();
    for field in schema.fields() {
        names.add(&field.name);
    }
    let first_property = usize::from(survey.id_field.is_some()) + usize::from(geometry.is_some());
    let builder = Builder {
        names,
        geometry_field: geometry.map(|(position, _)| position),
        id_field: survey.id_field,
        first_property,
        geometries: GeometryReader::new(heights, options.max_feature_bytes.saturating_mul(4)),
        values: Vec::new(),
        id: None,
        changed: None,
        schema,
    };
    Reader { records, builder, ended: false }
}

/// The features of a GeoJSON document, one after another; see [`reader`].
pub struct Reader<R> {
    records: Records<R>,
    builder: Builder,
    /// Whether an error has ended the document.
    ended: bool,
}

impl<R: Read> Iterator for Reader<R> {
    type Item = Result<Feature>;

    /// [`CodecError::BadFeature`] for a feature that is JSON but makes no sense, or for a record
    /// of a sequence that is not even JSON: the next can be read. All else ends the document.
    fn next(&mut self) -> Option<Result<Feature>> {
        if self.ended {
            return None;
        }
        let builder = &mut self.builder;
        let next = self.records.next(|cursor| builder.build(cursor)).transpose()?.flatten();
        self.ended = next.as_ref().is_err_and(|error| !error.is_recoverable());
        Some(next)
    }
}

impl<R: Read> DocumentReader for Reader<R> {
    fn schema(&self) -> &Arc<Schema> {
        &self.builder.schema
    }

    fn bytes_read(&self) -> u64 {
        self.records.bytes_read()
    }
}

/// Puts features together, one at a time.
struct Builder {
    schema: Arc<Schema>,
    names: Names,
    geometry_field: Option<usize>,
    id_field: Option<usize>,
    /// The first field that is a property.
    first_property: usize,
    geometries: GeometryReader,
    values: Vec<Option<Value>>,
    id: Option<ObjectId>,
    /// What in the feature at hand is not as the survey found it; a bad feature it is all the
    /// same, and reported as that.
    changed: Option<CodecError>,
}

impl Builder {
    /// Passes a feature. That the document has changed is found out only of features that are
    /// good otherwise.
    fn build(&mut self, cursor: &mut Cursor<'_>) -> Result<Result<Feature>, Stop> {
        self.names.expect(self.first_property);
        (self.id, self.changed) = (None, None);
        self.values.clear();
        self.values.resize(self.schema.fields().len(), None);
        visit_feature(cursor, self)?;
        if let Some(changed) = self.changed.take() {
            return Ok(Err(changed));
        }
        let values = std::mem::take(&mut self.values);
        let mut feature = Feature::with_values(Arc::clone(&self.schema), values);
        feature.id = self.id;
        Ok(Ok(feature))
    }

    /// Passes a value of the field at `position`.
    fn set(&mut self, position: usize, cursor: &mut Cursor<'_>) -> Result<(), Stop> {
        let field = &self.schema.fields()[position];
        cursor.peek()?;
        let start = cursor.at;
        match cursor.value(&field.ty) {
            Ok(value) => self.values[position] = Some(value),
            Err(Stop::Fatal(error)) => {
                self.changed.get_or_insert(*error);
                cursor.at = start;
                cursor.skip_value()?;
            }
            Err(stop) => return Err(of_field(stop, &field.name)),
        }
        Ok(())
    }

    fn is_not_as_found(&mut self, what: &str) {
        self.changed.get_or_insert_with(|| CodecError::Changed { what: what.to_owned() });
    }
}

impl<'a> FeatureVisitor<'a> for Builder {
    fn properties(&mut self, cursor: &mut Cursor<'a>) -> Result<(), Stop> {
        cursor.expect(b'{')?;
        let mut first = true;
        while let Some(name) = cursor.next_key(&mut first)? {
            match self.names.position(name)? {
                Ok(position) if position >= self.first_property => self.set(position, cursor)?,
                _ => {
                    self.is_not_as_found(&format!("property `{}` is new", name.decode()?));
                    cursor.skip_value()?;
                }
            }
        }
        Ok(())
    }

    fn geometry(&mut self, cursor: &mut Cursor<'a>) -> Result<(), Stop> {
        let geometry = self.geometries.read(cursor)?;
        match self.geometry_field {
            Some(position) => self.values[position] = Some(Value::Geometry(geometry)),
            None => self.is_not_as_found("a feature has a geometry where none had one"),
        }
        Ok(())
    }

    fn no_geometry(&mut self) {
        if let Some(position) = self.geometry_field {
            self.values[position] = Some(Value::Null);
        }
    }

    fn id(&mut self, cursor: &mut Cursor<'a>) -> Result<(), Stop> {
        if let Some(position) = self.id_field {
            return self.set(position, cursor);
        }
        let id = match cursor.peek()? {
            b'"' => cursor.string()?.decode()?.parse().ok(),
            _ => cursor.number().map(|_| None)?,
        };
        if id.is_none() {
            self.is_not_as_found("an id is no UUID where all were");
        }
        self.id = id;
        Ok(())
    }
}

/// Says of which field a complaint is.
#[cold]
fn of_field(stop: Stop, name: &str) -> Stop {
    match stop {
        Stop::Bad(mut bad) => {
            bad.reason = format!("`{name}`: {}", bad.reason);
            Stop::Bad(bad)
        }
        other => other,
    }
}

impl Cursor<'_> {
    /// Passes a value of a field of type `ty`.
    fn value(&mut self, ty: &FieldType) -> Result<Value, Stop> {
        let next = self.peek()?;
        Ok(match (ty, next) {
            (_, b'n') => self.word("null").map(|()| Value::Null)?,
            (FieldType::Text { .. }, b'"') => Value::Text(self.string()?.decode()?.into_owned()),
            (FieldType::Text { .. }, _) => Value::Text(self.spelled()?),
            (FieldType::Real(_), b'-' | b'0'..=b'9') => Value::Real(self.number()?.to_f64()?),
            (FieldType::Int(_), b'-' | b'0'..=b'9') => {
                let number = self.number()?;
                Value::Int(number.text.parse().ok().ok_or_else(|| unexpected(ty, number.text))?)
            }
            (FieldType::Decimal { .. }, b'-' | b'0'..=b'9') => {
                let number = self.number()?;
                let decimal = number.text.parse::<Decimal>();
                Value::Decimal(decimal.map_err(|error| Stop::bad(number.at, error.to_string()))?)
            }
            (FieldType::Bool, b't') => self.word("true").map(|()| Value::Bool(true))?,
            (FieldType::Bool, b'f') => self.word("false").map(|()| Value::Bool(false))?,
            (FieldType::Date, b'"') => {
                let text = self.string()?.decode()?;
                Value::Date(date(&text).ok_or_else(|| unexpected(ty, &text))?)
            }
            (FieldType::DateTime(_), b'"') => {
                let text = self.string()?.decode()?;
                Value::DateTime(date_time(&text).ok_or_else(|| unexpected(ty, &text))?)
            }
            (FieldType::Json, _) => self.json()?,
            _ => {
                let found = self.spelled()?;
                return Err(unexpected(ty, &found));
            }
        })
    }

    /// Passes a value and returns it as it is spelled.
    fn spelled(&mut self) -> Result<String, Stop> {
        let at = self.at;
        let raw = self.skip_value()?;
        let text = std::str::from_utf8(raw);
        let text =
            text.map_err(|error| Stop::bad(at + error.valid_up_to(), "text that is not UTF-8"))?;
        Ok(text.to_owned())
    }

    fn json(&mut self) -> Result<Value, Stop> {
        let at = self.at;
        let text = self.spelled()?;
        if text.len() > MAX_JSON_BYTES {
            let reason = format!("an object or array longer than {MAX_JSON_BYTES} bytes");
            return Err(Stop::bad(at, reason));
        }
        text.parse::<Json>().map(Value::Json).map_err(|error| Stop::bad(at, error.to_string()))
    }
}

#[cold]
fn unexpected(ty: &FieldType, found: &str) -> Stop {
    let shown: String = found.chars().take(40).collect();
    CodecError::Changed { what: format!("`{shown}` is found where all values were {ty}") }.into()
}
