//! The first pass: which fields a document's features have, and of which types.
use super::ReadOptions;
use super::cursor::{Cursor, Stop};
use super::feature::{FeatureVisitor, visit_feature};
use super::geometry::GeometryFacts;
use super::header::Ignored;
use super::properties::Names;
use super::property_type::{Sorts, sort_of_number, sort_of_text};
use super::records::Records;
use super::text::RawText;
use crate::{CodecError, Result, Survey};
use std::io::Read;
use tiepoint_core::{GeometryKind, ObjectId};

/// The longest name a property may have.
const MAX_NAME_BYTES: usize = 4096;

/// Finds out what a document has in it, passing over coordinates without reading them.
///
/// Bad features are counted and otherwise ignored: [`reader`](super::reader) reports them. A
/// property is nullable unless every feature has a value for it. Costs one pass at several times
/// the speed of reading, and memory for the longest feature.
///
/// # Errors
///
/// [`CodecError::BadDocument`] where the document is no JSON, no GeoJSON, not in UTF-8, or beyond
/// a limit of `options`; [`CodecError::Unsupported`] where its `crs` members name no CRS that is
/// known, or several.
pub fn survey(input: impl Read, options: &ReadOptions) -> Result<Survey> {
    survey_records(Records::new(input, options), options)
}

pub(super) fn survey_records<R: Read>(
    mut records: Records<R>,
    options: &ReadOptions,
) -> Result<Survey> {
    let mut findings = Findings::new(options.max_fields);
    loop {
        match records.next(|cursor| findings.look(cursor)) {
            Ok(Some(())) => findings.keep(),
            Ok(None) => break,
            Err(error) if error.is_recoverable() => {}
            Err(error) => return Err(error),
        }
    }
    findings.conclude(records.features(), &records.header, options)
}

/// What all features so far have shown.
pub(super) struct Findings {
    pub(super) names: Names,
    pub(super) properties: Vec<Shown>,
    pub(super) ids: Ids,
    pub(super) geometries: Geometries,
    pub(super) crs: Vec<Vec<u8>>,
    pub(super) ignored: Ignored,
    max_fields: usize,
    /// How many features were kept.
    pub(super) kept: u64,
    /// What the feature at hand shows.
    at_hand: AtHand,
}

/// What one property has shown.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Shown {
    pub(super) sorts: Sorts,
    /// How many features have a value for it that is not null.
    pub(super) present: u64,
    /// The last feature that had it, counted from one.
    pub(super) last: u64,
}

#[derive(Debug, Default)]
pub(super) struct Ids {
    pub(super) present: u64,
    pub(super) any_not_uuid: bool,
    pub(super) any_not_whole: bool,
}

#[derive(Debug, Default)]
pub(super) struct Geometries {
    pub(super) kinds: Vec<GeometryKind>,
    pub(super) present: u64,
    pub(super) flat: bool,
    pub(super) high: bool,
    /// Some geometry has positions of both sorts.
    pub(super) both: bool,
}

/// What one feature shows; forgotten if it proves bad, or must be looked at again.
#[derive(Debug, Default)]
struct AtHand {
    sorts: Vec<(usize, Sorts)>,
    id: Option<IdSort>,
    geometry: GeometryFacts,
    crs: Option<Vec<u8>>,
    foreign: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum IdSort {
    Uuid,
    Whole,
    Other,
}

impl Findings {
    fn new(max_fields: usize) -> Self {
        Self {
            names: Names::default(),
            properties: Vec::new(),
            ids: Ids::default(),
            geometries: Geometries::default(),
            crs: Vec::new(),
            ignored: Ignored::default(),
            max_fields,
            kept: 0,
            at_hand: AtHand::default(),
        }
    }

    /// Looks at one feature.
    fn look(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Stop> {
        self.names.expect(0);
        self.at_hand.sorts.clear();
        self.at_hand.foreign.clear();
        (self.at_hand.id, self.at_hand.crs) = (None, None);
        self.at_hand.geometry = GeometryFacts::default();
        visit_feature(cursor, self)
    }

    /// Adds what the feature at hand shows.
    fn keep(&mut self) {
        self.kept += 1;
        for (position, sorts) in self.at_hand.sorts.drain(..) {
            let shown = &mut self.properties[position];
            shown.sorts.add(sorts);
            // of a name that occurs twice, nobody knows here which value will count
            if shown.last == self.kept {
                shown.sorts.add(Sorts::NULL);
            } else if sorts != Sorts::NULL {
                shown.present += 1;
            }
            shown.last = self.kept;
        }
        if let Some(sort) = self.at_hand.id {
            self.ids.present += 1;
            self.ids.any_not_uuid |= sort != IdSort::Uuid;
            self.ids.any_not_whole |= sort != IdSort::Whole;
        }
        self.geometries.add(self.at_hand.geometry);
        if let Some(crs) = self.at_hand.crs.take() {
            self.add_crs(crs);
        }
        for name in &self.at_hand.foreign {
            self.ignored.add(name);
        }
    }

    /// Keeps two that differ at most: one too many.
    pub(super) fn add_crs(&mut self, crs: Vec<u8>) {
        if self.crs.len() < 2 && !self.crs.contains(&crs) {
            self.crs.push(crs);
        }
    }

    fn property(&mut self, name: RawText<'_>) -> Result<usize, Stop> {
        let name = match self.names.position(name)? {
            Ok(position) => return Ok(position),
            Err(name) => name,
        };
        if self.names.len() == self.max_fields || name.len() > MAX_NAME_BYTES {
            return Err(beyond_limits(&name, self.max_fields).into());
        }
        self.properties.push(Shown::default());
        Ok(self.names.add(&name))
    }
}

fn beyond_limits(name: &str, max_fields: usize) -> CodecError {
    let shown: String = name.chars().take(40).collect();
    CodecError::Unsupported {
        what: format!(
            "property `{shown}`: features have more than {max_fields} different properties, or names longer than {MAX_NAME_BYTES} bytes"
        ),
        hint: Some("what varies that much belongs in a value: nest it in one property".to_owned()),
    }
}

impl<'a> FeatureVisitor<'a> for Findings {
    fn properties(&mut self, cursor: &mut Cursor<'a>) -> Result<(), Stop> {
        cursor.expect(b'{')?;
        let mut first = true;
        while let Some(name) = cursor.next_key(&mut first)? {
            let position = self.property(name)?;
            let sort = cursor.skip_sort(self.properties[position].sorts)?;
            self.at_hand.sorts.push((position, sort));
        }
        Ok(())
    }

    fn geometry(&mut self, cursor: &mut Cursor<'a>) -> Result<(), Stop> {
        let mut crs = None;
        self.at_hand.geometry = cursor.skip_geometry(0, &mut crs)?;
        if let Some(crs) = crs {
            self.at_hand.crs = Some(crs.to_vec());
        }
        Ok(())
    }

    fn no_geometry(&mut self) {
        self.at_hand.geometry = GeometryFacts::default();
    }

    fn id(&mut self, cursor: &mut Cursor<'a>) -> Result<(), Stop> {
        self.at_hand.id = Some(if cursor.peek()? == b'"' {
            match cursor.string()?.decode()?.parse::<ObjectId>() {
                Ok(_) => IdSort::Uuid,
                Err(_) => IdSort::Other,
            }
        } else {
            let number = cursor.number()?;
            if number.text.parse::<i64>().is_ok() { IdSort::Whole } else { IdSort::Other }
        });
        Ok(())
    }

    fn crs(&mut self, member: &'a [u8]) {
        self.at_hand.crs = Some(member.to_vec());
    }

    fn foreign(&mut self, name: RawText<'a>) {
        if let Ok(name) = name.decode()
            && self.at_hand.foreign.len() < 16
        {
            self.at_hand.foreign.push(name.into_owned());
        }
    }
}

impl Geometries {
    fn add(&mut self, facts: GeometryFacts) {
        let Some(kind) = facts.kind else { return };
        self.present += 1;
        if !self.kinds.contains(&kind) {
            self.kinds.push(kind);
        }
        // one high position makes the geometry XYZ
        self.high |= facts.heights.high;
        self.flat |= facts.heights.flat && !facts.heights.high;
        self.both |= facts.heights.flat && facts.heights.high;
    }
}

impl Cursor<'_> {
    /// Passes a value and tells its sort, given the sorts of the values before it.
    pub(super) fn skip_sort(&mut self, before: Sorts) -> Result<Sorts, Stop> {
        Ok(match self.peek()? {
            b'"' => sort_of_text(self.string()?, before),
            b'-' | b'0'..=b'9' => sort_of_number(self.number()?),
            b'n' => self.word("null").map(|()| Sorts::NULL)?,
            b't' => self.word("true").map(|()| Sorts::BOOL)?,
            b'f' => self.word("false").map(|()| Sorts::BOOL)?,
            _ => self.skip_value().map(|_| Sorts::NESTED)?,
        })
    }
}
