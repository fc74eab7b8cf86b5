//! Features to GeoJSON.
use super::antimeridian::cut;
use super::records::RECORD_SEPARATOR;
use super::text::append_quoted;
use super::write_geometry::{Precision, append_geometry, can_be_held};
use super::write_value::append_value;
use crate::{CodecError, DocumentWriter, Result};
use std::io::Write;
use std::sync::Arc;
use tiepoint_core::{Crs, Feature, FieldType, Geometry, Schema, Value};

/// How much is gathered before it is written out.
const CHUNK_BYTES: usize = 256 << 10;

/// What a document of several features looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Layout {
    /// One `FeatureCollection` (RFC 7946), one feature per line.
    #[default]
    Collection,
    /// One feature per line and nothing else, as most tools know sequences.
    Lines,
    /// A text sequence (RFC 8142): as `Lines`, with a record separator before each.
    TextSequence,
}

/// How to write a document.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WriteOptions {
    /// How features are strung together.
    pub layout: Layout,
    /// The name a collection gives itself.
    pub name: Option<String>,
    /// Write coordinates that are not longitudes and latitudes on WGS 84, and say so in the `crs`
    /// member of GeoJSON 2008, which few programs read still.
    pub crs_member: bool,
    /// Cut lines and polygons at the antimeridian (RFC 7946, section 3.1.9).
    pub cut_antimeridian: bool,
    /// At most so many digits behind the point of an ordinate; all that it takes without.
    pub decimals: Option<u8>,
}

/// Writes features as GeoJSON: RFC 7946, unless the options ask for the old `crs` member.
///
/// Doubles read back to the same bits. Rings follow the right-hand rule. Unset fields are left
/// out; the geometry is written as null where it is unset. See the [module](super) for what is
/// lost.
///
/// ```
/// use std::sync::Arc;
/// use tiepoint_codecs::{DocumentWriter, geojson::{Layout, WriteOptions, Writer}};
/// use tiepoint_core::{Feature, Field, FieldType, Schema};
///
/// let schema = Arc::new(Schema::new(vec![Field::new("name", FieldType::TEXT)])?);
/// let mut oak = Feature::new(Arc::clone(&schema));
/// oak.set("name", "old oak".into())?;
/// let mut document = Vec::new();
/// let options = WriteOptions { layout: Layout::Lines, ..WriteOptions::default() };
/// let mut writer = Box::new(Writer::new(&mut document, schema, options)?);
/// writer.write(&oak)?;
/// writer.finish()?;
/// assert_eq!(document, b"{\"type\":\"Feature\",\"properties\":{\"name\":\"old oak\"},\"geometry\":null}\n");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Writer<W> {
    output: W,
    schema: Arc<Schema>,
    options: WriteOptions,
    precision: Precision,
    geometry_field: Option<usize>,
    /// For each field, its name as JSON and the colon.
    keys: Vec<Vec<u8>>,
    /// The `crs` member and its comma, or nothing.
    crs: String,
    buffer: Vec<u8>,
    begun: bool,
    features: u64,
}

impl<W: Write> Writer<W> {
    /// A document of features that have `schema`. Nothing is written before the first feature.
    ///
    /// # Errors
    ///
    /// [`CodecError::Unsupported`] when the schema has several geometry fields, or one in another
    /// CRS than WGS 84 and no `crs` member is asked for, or one without a code for it to name, or
    /// that is not in longitude and latitude and is to be cut at the antimeridian.
    pub fn new(output: W, schema: Arc<Schema>, options: WriteOptions) -> Result<Self> {
        let is_geometry =
            |field: &&tiepoint_core::Field| matches!(field.ty, FieldType::Geometry(_));
        let geometries: Vec<_> = schema.fields().iter().filter(is_geometry).collect();
        if let [first, second, ..] = geometries.as_slice() {
            return Err(CodecError::Unsupported {
                what: format!(
                    "a GeoJSON feature has one geometry, this layer has `{}` and `{}`",
                    first.name, second.name
                ),
                hint: Some("choose the fields to write".to_owned()),
            });
        }
        let geometry = schema.geometry();
        let crs = geometry.map_or(Ok(String::new()), |(_, ty)| crs_member(&ty.crs, &options))?;
        let keys = schema.fields().iter().map(|field| key(&field.name)).collect();
        Ok(Self {
            output,
            precision: options.decimals.map_or(Precision::Full, Precision::Decimals),
            geometry_field: geometry.map(|(position, _)| position),
            keys,
            crs,
            buffer: Vec::with_capacity(CHUNK_BYTES + CHUNK_BYTES / 4),
            begun: false,
            features: 0,
            schema,
            options,
        })
    }

    fn begin(&mut self) {
        if std::mem::replace(&mut self.begun, true) || self.options.layout != Layout::Collection {
            return;
        }
        self.buffer.extend_from_slice(br#"{"type":"FeatureCollection","#);
        if let Some(name) = &self.options.name {
            self.buffer.extend_from_slice(br#""name":"#);
            append_quoted(name, &mut self.buffer);
            self.buffer.push(b',');
        }
        self.buffer.extend_from_slice(self.crs.as_bytes());
        self.buffer.extend_from_slice(b"\"features\":[\n");
    }

    fn append(&mut self, feature: &Feature) -> Result<()> {
        match self.options.layout {
            Layout::Collection if self.features > 0 => self.buffer.extend_from_slice(b",\n"),
            Layout::Collection | Layout::Lines => {}
            Layout::TextSequence => self.buffer.push(RECORD_SEPARATOR),
        }
        self.buffer.extend_from_slice(br#"{"type":"Feature","#);
        if self.options.layout != Layout::Collection {
            self.buffer.extend_from_slice(self.crs.as_bytes());
        }
        if let Some(id) = feature.id {
            write!(self.buffer, "\"id\":\"{id}\",").expect("memory takes what is written");
        }
        self.append_properties(feature)?;
        self.append_geometry(feature)?;
        self.buffer.push(b'}');
        if self.options.layout != Layout::Collection {
            self.buffer.push(b'\n');
        }
        Ok(())
    }

    fn append_properties(&mut self, feature: &Feature) -> Result<()> {
        let one_line = self.options.layout != Layout::Collection;
        self.buffer.extend_from_slice(br#""properties":{"#);
        let mut separator: &[u8] = b"";
        for (position, (value, key)) in feature.values().iter().zip(&self.keys).enumerate() {
            let Some(value) = value else { continue };
            if Some(position) == self.geometry_field {
                continue;
            }
            self.buffer.extend_from_slice(separator);
            self.buffer.extend_from_slice(key);
            append_value(value, one_line, &mut self.buffer)
                .map_err(|error| self.schema.of_field(position, error))?;
            separator = b",";
        }
        self.buffer.extend_from_slice(b"},\"geometry\":");
        Ok(())
    }

    fn append_geometry(&mut self, feature: &Feature) -> Result<()> {
        let Some(position) = self.geometry_field else {
            self.buffer.extend_from_slice(b"null");
            return Ok(());
        };
        match &feature.values()[position] {
            None | Some(Value::Null) => {
                self.buffer.extend_from_slice(b"null");
                Ok(())
            }
            Some(Value::Geometry(geometry)) => {
                self.append_object(geometry).map_err(|error| self.schema.of_field(position, error))
            }
            Some(other) => Err(CodecError::Unsupported {
                what: format!(
                    "field `{}`: a {} is no geometry",
                    self.schema.fields()[position].name,
                    other.type_name()
                ),
                hint: None,
            }),
        }
    }

    fn append_object(&mut self, geometry: &Geometry) -> Result<()> {
        if self.options.cut_antimeridian
            && can_be_held(geometry.as_ref())
            && let Some(parts) = cut(geometry)?
        {
            return append_geometry(parts.as_ref(), self.precision, &mut self.buffer);
        }
        append_geometry(geometry.as_ref(), self.precision, &mut self.buffer)
    }

    fn flush_chunk(&mut self, least: usize) -> Result<()> {
        if self.buffer.len() >= least {
            self.output.write_all(&self.buffer)?;
            self.buffer.clear();
        }
        Ok(())
    }
}

impl<W: Write> DocumentWriter for Writer<W> {
    /// Writes one feature, whole or not at all: after [`CodecError::Unsupported`] the next can be
    /// written.
    fn write(&mut self, feature: &Feature) -> Result<()> {
        if !Arc::ptr_eq(feature.schema(), &self.schema) && feature.schema() != &self.schema {
            return Err(CodecError::Unsupported {
                what: "a feature has other fields than the document".to_owned(),
                hint: None,
            });
        }
        self.begin();
        let before = self.buffer.len();
        if let Err(error) = self.append(feature) {
            self.buffer.truncate(before);
            return Err(error);
        }
        self.features += 1;
        self.flush_chunk(CHUNK_BYTES)
    }

    fn finish(mut self: Box<Self>) -> Result<()> {
        self.begin();
        if self.options.layout == Layout::Collection {
            let end: &[u8] = if self.features > 0 { b"\n]}\n" } else { b"]}\n" };
            self.buffer.extend_from_slice(end);
        }
        self.flush_chunk(0)?;
        self.output.flush()?;
        Ok(())
    }
}

/// Puts the name of a field in front of a complaint.
trait OfField {
    fn of_field(&self, position: usize, error: CodecError) -> CodecError;
}

impl OfField for Schema {
    #[cold]
    fn of_field(&self, position: usize, error: CodecError) -> CodecError {
        match error {
            CodecError::Unsupported { what, hint } => {
                let name = &self.fields()[position].name;
                CodecError::Unsupported { what: format!("field `{name}`: {what}"), hint }
            }
            other => other,
        }
    }
}

fn key(name: &str) -> Vec<u8> {
    let mut key = Vec::new();
    append_quoted(name, &mut key);
    key.push(b':');
    key
}

/// The `crs` member that coordinates in `crs` need, with its comma.
fn crs_member(crs: &Crs, options: &WriteOptions) -> Result<String> {
    if options.cut_antimeridian && !crs.is_lonlat() {
        return Err(CodecError::Unsupported {
            what: format!("{crs} has no antimeridian to cut at"),
            hint: None,
        });
    }
    if crs.same_positions(&Crs::CRS84) {
        return Ok(String::new());
    }
    if !options.crs_member {
        return Err(CodecError::Unsupported {
            what: format!(
                "GeoJSON is in longitude and latitude on WGS 84 (RFC 7946, section 4), and these features are in {crs}"
            ),
            hint: Some(
                "ask for the old `crs` member, if whoever reads the document understands it"
                    .to_owned(),
            ),
        });
    }
    match (crs, crs.authority_code()) {
        (Crs::UndefinedCartesian, _) => Ok("\"crs\":null,".to_owned()),
        (_, Some((authority, code))) => {
            let urn = serde_json::Value::from(format!("urn:ogc:def:crs:{authority}::{code}"));
            Ok(format!(r#""crs":{{"type":"name","properties":{{"name":{urn}}}}},"#))
        }
        _ => Err(CodecError::Unsupported {
            what: format!("the `crs` member names a code, and {crs} has none"),
            hint: None,
        }),
    }
}
