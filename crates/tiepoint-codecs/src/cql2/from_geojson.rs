//! Reads geometry objects (RFC 7946, section 3.1) within CQL2 JSON, rings as they go.
use super::error::{Fault, Read};
use super::from_json::{array, double, string};
use super::json::{Json, Member, What};
use tiepoint_core::{Geometry, GeometryError, GeometryKind, GeometryWriter};

/// The kinds that GeoJSON has.
const KINDS: [GeometryKind; 7] = [
    GeometryKind::Point,
    GeometryKind::LineString,
    GeometryKind::Polygon,
    GeometryKind::MultiPoint,
    GeometryKind::MultiLineString,
    GeometryKind::MultiPolygon,
    GeometryKind::GeometryCollection,
];

/// The geometry that an object at `at` is, whose type `kind` names.
pub(super) fn geometry(at: usize, members: &[Member<'_>], kind: &Member<'_>) -> Read<Geometry> {
    let mut reader = Reader { writer: GeometryWriter::new(), starts: Vec::new() };
    let kind = kind_named(&kind.value)?;
    reader.writer.begin_flat_or_high(kind);
    reader.body(at, members, kind)?;
    reader.writer.end();
    let Reader { mut writer, starts } = reader;
    writer.finish().map_err(|error| match error {
        GeometryError::Built { fault, position } => {
            let near = starts.get(position).or(starts.last()).copied().unwrap_or(at);
            Fault::new(near, fault.to_string())
        }
        other => Fault::new(at, other.to_string()),
    })
}

fn kind_named(name: &Json<'_>) -> Read<GeometryKind> {
    let text = string(name)?;
    KINDS.into_iter().find(|kind| kind.name() == text).ok_or_else(|| {
        let shown: String = text.chars().take(40).collect();
        let names = KINDS.map(GeometryKind::name).join(", ");
        Fault::new(name.at, format!("no geometry has the type `{shown}`"))
            .with_hint(format!("the types are {names}"))
    })
}

struct Reader {
    writer: GeometryWriter,
    /// Where each position stands in the text.
    starts: Vec<usize>,
}

impl Reader {
    fn body(&mut self, at: usize, members: &[Member<'_>], kind: GeometryKind) -> Read<()> {
        if let Some(crs) = members.iter().find(|member| member.name == "crs") {
            let fault = Fault::new(crs.value.at, "a geometry here has no CRS of its own");
            return Err(fault.with_hint("one CRS holds for the whole filter: its filter CRS"));
        }
        let wanted = match kind {
            GeometryKind::GeometryCollection => "geometries",
            _ => "coordinates",
        };
        let Some(member) = members.iter().find(|member| member.name == wanted) else {
            return Err(Fault::new(at, format!("the geometry has no member `{wanted}`")));
        };
        let items = array(&member.value)?;
        match kind {
            GeometryKind::Point if items.is_empty() => Ok(()),
            GeometryKind::Point => self.position(&member.value),
            GeometryKind::LineString => self.positions(items),
            GeometryKind::Polygon => self.rings(items),
            GeometryKind::GeometryCollection => items.iter().try_for_each(|it| self.member(it)),
            _ => items.iter().try_for_each(|item| self.part(kind, item)),
        }
    }

    /// A geometry object in a collection.
    fn member(&mut self, json: &Json<'_>) -> Read<()> {
        let What::Object(members) = &json.what else {
            let reason = format!("expected a geometry object, found {}", json.shown());
            return Err(Fault::new(json.at, reason));
        };
        let Some(kind) = members.iter().find(|member| member.name == "type") else {
            return Err(Fault::new(json.at, "the geometry has no member `type`"));
        };
        let kind = kind_named(&kind.value)?;
        self.writer.member(kind);
        self.body(json.at, members, kind)?;
        self.writer.end();
        Ok(())
    }

    /// A member of a multi-geometry, of which the coordinates are all that is written.
    fn part(&mut self, multi: GeometryKind, json: &Json<'_>) -> Read<()> {
        let items = array(json)?;
        match multi {
            GeometryKind::MultiPoint => {
                self.writer.member(GeometryKind::Point);
                if !items.is_empty() {
                    self.position(json)?;
                }
            }
            GeometryKind::MultiLineString => {
                self.writer.member(GeometryKind::LineString);
                self.positions(items)?;
            }
            _ => {
                self.writer.member(GeometryKind::Polygon);
                self.rings(items)?;
            }
        }
        self.writer.end();
        Ok(())
    }

    fn rings(&mut self, rings: &[Json<'_>]) -> Read<()> {
        rings.iter().try_for_each(|ring| {
            self.writer.ring();
            self.positions(array(ring)?)?;
            self.writer.end();
            Ok(())
        })
    }

    fn positions(&mut self, positions: &[Json<'_>]) -> Read<()> {
        positions.iter().try_for_each(|position| self.position(position))
    }

    fn position(&mut self, json: &Json<'_>) -> Read<()> {
        let ordinates = array(json)?;
        if !matches!(ordinates.len(), 2 | 3) {
            let reason = format!("a position has 2 or 3 numbers, found {}", ordinates.len());
            return Err(Fault::new(json.at, reason));
        }
        let ordinates = ordinates.iter().map(double).collect::<Read<Vec<_>>>()?;
        self.starts.push(json.at);
        self.writer.position(&ordinates);
        Ok(())
    }
}
