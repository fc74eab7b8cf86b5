//! What comes in: the features of a document or of a layer, with where each of them stands.
use crate::document::{Document, Findings};
use crate::open::open_at;
use crate::{Error, Progress, Result, Source};
use std::fmt;
use std::sync::Arc;
use tiepoint_codecs::{CodecError, Place};
use tiepoint_core::{Feature, Fid, GeometryKind, Identity, Layer, LayerDefinition, Query, Schema};
use tiepoint_store::{ReadControl, Store, StoreError};

/// All features of one document or layer; can be read again.
pub(super) struct Supply {
    /// What messages call it.
    pub(super) source_name: String,
    /// What its layer is called where nobody chooses a name.
    pub(super) layer_name: Option<String>,
    pub(super) schema: Arc<Schema>,
    /// What a new layer takes over besides the fields; nothing in a store's own language.
    pub(super) definition: LayerDefinition,
    /// The kinds of its geometries, where its schema does not say them well enough.
    pub(super) kinds: Vec<GeometryKind>,
    pub(super) total: Option<u64>,
    pub(super) notes: Vec<String>,
    origin: Origin,
}

enum Origin {
    Document { document: Box<Document>, findings: Box<Findings> },
    Layer { store: Arc<dyn Store>, name: String },
}

/// One feature that comes in, or why it cannot.
pub(super) struct Arrival {
    pub(super) spot: Spot,
    pub(super) feature: Result<Feature, Refusal>,
}

/// Why one feature cannot be read.
pub(super) struct Refusal {
    pub(super) reason: String,
    pub(super) source_text: String,
    /// What the import says when it ends here.
    pub(super) error: Error,
}

/// Where a feature stands in its source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Spot {
    /// In a document.
    Place(Place),
    /// In a layer.
    Row(Fid),
}

/// Opens a source and learns what is in it. A document is read once for that.
pub(super) fn open(source: &Source, progress: &dyn Progress) -> Result<Vec<Supply>> {
    match source {
        Source::File { path, options } => {
            let document = Document::open(path, options, progress)?;
            Ok(vec![Supply::of_document(document, progress)?])
        }
        Source::Stdin { options } => {
            let document = Document::from_stdin(options, progress)?;
            Ok(vec![Supply::of_document(document, progress)?])
        }
        Source::Bytes { name, bytes, options } => {
            let document = Document::in_memory(name, bytes, options)?;
            Ok(vec![Supply::of_document(document, progress)?])
        }
        Source::Store { location, layer } => {
            let store: Arc<dyn Store> = Arc::from(open_at(location)?);
            let layers = match layer {
                Some(name) => vec![store.layer(name)?],
                None => store.layers()?,
            };
            Ok(layers.iter().map(|layer| Supply::of_layer(&store, layer)).collect())
        }
    }
}

impl Supply {
    fn of_document(document: Document, progress: &dyn Progress) -> Result<Self> {
        let findings = document.survey(progress)?;
        let survey = findings.survey();
        Ok(Self {
            source_name: document.name().to_owned(),
            layer_name: document.layer_name().or_else(|| survey.name.clone()),
            schema: Arc::clone(&survey.schema),
            definition: LayerDefinition::new(String::new(), Arc::clone(&survey.schema)),
            kinds: survey.kinds.clone(),
            total: Some(survey.features),
            notes: survey.notes.clone(),
            origin: Origin::Document { document: Box::new(document), findings: Box::new(findings) },
        })
    }

    fn of_layer(store: &Arc<dyn Store>, layer: &Layer) -> Self {
        let mut definition = layer.definition.clone();
        let mut notes = Vec::new();
        if !definition.checks.is_empty() {
            notes.push("conditions of the source's layer are not taken over".to_owned());
            definition.checks.clear();
        }
        if definition.identity == Identity::None {
            definition.identity = Identity::column();
        }
        Self {
            source_name: format!("{}, layer `{}`", store.name(), layer.name()),
            layer_name: Some(layer.name().to_owned()),
            schema: Arc::clone(layer.schema()),
            definition,
            kinds: Vec::new(),
            total: None,
            notes,
            origin: Origin::Layer { store: Arc::clone(store), name: layer.name().to_owned() },
        }
    }

    /// What tells its layer from all others, where it is a layer of a store that knows.
    pub(super) fn place(&self) -> Result<Option<String>> {
        match &self.origin {
            Origin::Document { .. } => Ok(None),
            Origin::Layer { store, name } => Ok(store.place_of(name)?),
        }
    }

    /// Whether its fields say no more than what its features happen to hold.
    pub(super) fn is_document(&self) -> bool {
        matches!(self.origin, Origin::Document { .. })
    }

    /// Reads all features from the first to the last; those fields of a document as text.
    pub(super) fn arrivals(
        &self,
        as_text: &[usize],
        control: &ReadControl,
    ) -> Result<Box<dyn Iterator<Item = Result<Arrival>> + '_>> {
        match &self.origin {
            Origin::Document { document, findings } => {
                let reader = document.reader(&findings.with_text(as_text))?;
                let numbered = (1..).zip(reader);
                Ok(Box::new(numbered.map(|(number, read)| self.arrival(number, read))))
            }
            Origin::Layer { store, name } => {
                let rows = store.read_with(&Query::layer(name), control)?;
                Ok(Box::new((1..).zip(rows).map(|(number, row)| Arrival::from_row(number, row))))
            }
        }
    }

    fn arrival(&self, number: u64, read: Result<Feature, CodecError>) -> Result<Arrival> {
        match read {
            Ok(feature) => {
                let place = Place { feature: Some(number), ..Place::default() };
                Ok(Arrival { spot: Spot::Place(place), feature: Ok(feature) })
            }
            Err(CodecError::BadFeature { place, reason, source_text }) => {
                let spot = Spot::Place(place.clone());
                let (said, shown) = (reason.clone(), source_text.clone());
                let bad = CodecError::BadFeature { place, reason: said, source_text: shown };
                let error = Error::document(&self.source_name, bad);
                Ok(Arrival { spot, feature: Err(Refusal { reason, source_text, error }) })
            }
            Err(error) => Err(Error::document(&self.source_name, error)),
        }
    }
}

impl Arrival {
    /// A row of a store; one that is broken is a feature that cannot be read, and no more.
    fn from_row(number: u64, row: Result<Feature, StoreError>) -> Result<Self> {
        match row {
            Ok(mut feature) => {
                let spot =
                    feature.fid.take().map_or_else(|| Spot::Place(Place::default()), Spot::Row);
                Ok(Self { spot, feature: Ok(feature) })
            }
            Err(StoreError::Corrupt { store, place, reason }) => {
                let spot = Spot::Place(Place { feature: Some(number), ..Place::default() });
                let (said, source_text) = (format!("{place}: {reason}"), place.clone());
                let error = StoreError::Corrupt { store, place, reason }.into();
                Ok(Self { spot, feature: Err(Refusal { reason: said, source_text, error }) })
            }
            Err(error) => Err(error.into()),
        }
    }
}

impl fmt::Display for Spot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Place(place) => place.fmt(f),
            Self::Row(fid) => write!(f, "row {fid}"),
        }
    }
}
