//! Where features that pass a filter can lie: what to ask an index of envelopes first.
use tiepoint_core::{
    Bound, Crs, Envelope, ExprType, Function, Geometry, Node, SpatialPredicate, Value, Xy,
};

use crate::evaluate::spatial::needs_meeting;
use crate::linear::linear;
use crate::measure::{DistanceTo, Metric, SearchBox};

/// Boxes, in the CRS of the field, one of which the envelope of the geometry in the field at
/// position `geometry` meets for every feature that passes the filter, and is as wide as that one
/// asks for. [`None`] when nothing is known: any feature may pass. No box at all when none can.
///
/// Understands conjunctions (the tighter boxes, cut to what all geometries lie inside),
/// disjunctions, `boxes_meet`, predicates and `relate` beside a constant, `within_distance`, and
/// `distance` below a constant. [`fold`](crate::fold) the filter first, so that what is computed
/// from constants is one.
///
/// ```
/// use tiepoint_core::{BBox, Crs, Field, FieldType, GeometryType, KindRule, Schema, field};
/// use tiepoint_spatial::reach;
///
/// let geometry = GeometryType::xy(KindRule::Any, Crs::CRS84);
/// let schema = Schema::new(vec![Field::new("geom", FieldType::Geometry(geometry))])?;
/// let finland = BBox { min_x: 19.0, min_y: 59.0, max_x: 32.0, max_y: 71.0 };
/// let filter = field("geom").meets_box(finland, Crs::CRS84) & field("geom").is_valid();
/// let boxes = reach(&filter.bind_filter(&schema)?, 0).expect("is bounded");
/// assert_eq!(boxes[0].envelope.max().y, 71.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn reach(filter: &Bound, geometry: usize) -> Option<Vec<SearchBox>> {
    Reach::of(filter, geometry).boxes()
}

/// The field, the constant and the CRS of both, where a sort key is the distance from one to the
/// other: features in that order are nearest first. The constant is not empty.
#[must_use]
pub fn nearest(key: &Bound) -> Option<(usize, &Geometry, Crs)> {
    let Some((Function::Distance, [a, b])) = key.as_call() else { return None };
    let (subject, place) = if b.as_constant().is_some() { (a, b) } else { (b, a) };
    let place = place.as_constant()?.as_geometry().filter(|it| !it.is_empty())?;
    Some((subject.as_field()?, place, crs_of(subject)?.clone()))
}

/// What is known of the envelopes of all geometries that pass.
#[derive(Debug, Clone, Default)]
struct Reach {
    /// Each meets one of these.
    meets: Option<Vec<SearchBox>>,
    /// Each lies inside this.
    inside: Option<Envelope>,
}

impl Reach {
    /// Nothing passes.
    fn nowhere() -> Self {
        Self { meets: Some(Vec::new()), inside: None }
    }

    fn meeting(envelope: Envelope) -> Self {
        Self { meets: Some(vec![plain(envelope)]), inside: None }
    }

    fn inside(envelope: Envelope) -> Self {
        Self { meets: None, inside: Some(envelope) }
    }

    fn of(filter: &Bound, field: usize) -> Self {
        match filter.node() {
            Node::Constant(Value::Bool(true)) | Node::Field(..) | Node::Id => Self::default(),
            Node::Constant(_) => Self::nowhere(),
            Node::Call(Function::And, parts) => {
                let parts = parts.iter().map(|part| Self::of(part, field));
                parts.reduce(Self::and).unwrap_or_default()
            }
            Node::Call(Function::Or, parts) => {
                let parts = parts.iter().map(|part| Self::of(part, field));
                parts.reduce(Self::or).unwrap_or_else(Self::nowhere)
            }
            Node::Call(function, arguments) => {
                let known = of_condition(function, arguments, field);
                known.unwrap_or_default()
            }
        }
    }

    fn and(self, other: Self) -> Self {
        let inside = match (self.inside, other.inside) {
            (Some(a), Some(b)) => match common(&a, &b) {
                Some(both) => Some(both),
                None => return Self::nowhere(),
            },
            (a, b) => a.or(b),
        };
        let meets = match (self.meets, other.meets) {
            (Some(a), Some(b)) => Some(if size(&b) < size(&a) { b } else { a }),
            (a, b) => a.or(b),
        };
        Self { meets, inside }
    }

    fn or(self, other: Self) -> Self {
        if self.is_nowhere() {
            return other;
        }
        if other.is_nowhere() {
            return self;
        }
        let inside = self.inside.zip(other.inside).map(|(a, b)| a.merged(b));
        let meets = self.boxes().zip(other.boxes()).map(|(mut a, b)| {
            a.extend(b);
            a
        });
        Self { meets, inside }
    }

    fn is_nowhere(&self) -> bool {
        self.meets.as_ref().is_some_and(Vec::is_empty)
    }

    /// What lies inside one box and meets another meets what they have in common.
    fn boxes(&self) -> Option<Vec<SearchBox>> {
        let Some(inside) = self.inside else { return self.meets.clone() };
        let Some(boxes) = &self.meets else { return Some(vec![plain(inside)]) };
        let width = inside.max().x - inside.min().x;
        let possible = boxes.iter().filter(|it| it.wider_than.is_none_or(|least| width > least));
        let cut = |it: &SearchBox| {
            let envelope = common(&it.envelope, &inside)?;
            Some(SearchBox { envelope, wider_than: it.wider_than })
        };
        Some(possible.filter_map(cut).collect())
    }
}

fn plain(envelope: Envelope) -> SearchBox {
    SearchBox { envelope, wider_than: None }
}

/// How much of the plane boxes cover, roughly; those for wide envelopes alone are next to nothing.
fn size(boxes: &[SearchBox]) -> f64 {
    let plain = boxes.iter().filter(|it| it.wider_than.is_none());
    plain
        .map(|it| {
            let (min, max) = (it.envelope.min(), it.envelope.max());
            (max.x - min.x) + (max.y - min.y)
        })
        .sum()
}

fn common(a: &Envelope, b: &Envelope) -> Option<Envelope> {
    if !a.intersects(b) {
        return None;
    }
    let min = Xy { x: a.min().x.max(b.min().x), y: a.min().y.max(b.min().y) };
    let max = Xy { x: a.max().x.min(b.max().x), y: a.max().y.min(b.max().y) };
    Envelope::of([min, max]).ok().flatten()
}

/// What a condition on the field and a constant says; none where it is about something else.
fn of_condition(function: &Function, arguments: &[Bound], field: usize) -> Option<Reach> {
    match function {
        Function::Not => match arguments[0].as_call() {
            Some((Function::Spatial(SpatialPredicate::Disjoint), arguments)) => {
                let intersects = Function::Spatial(SpatialPredicate::Intersects);
                of_condition(&intersects, arguments, field)
            }
            _ => None,
        },
        Function::Spatial(predicate) => {
            let beside = Beside::of(&arguments[0], &arguments[1], field)?;
            let first = if beside.is_first { *predicate } else { predicate.converse() };
            of_predicate(first, beside.constant)
        }
        Function::Relate(pattern) if needs_meeting(pattern) => {
            meeting(&arguments[0], &arguments[1], field)
        }
        Function::BoxesMeet => meeting(&arguments[0], &arguments[1], field),
        Function::WithinDistance(_) => near(&arguments[..2], &arguments[2], field),
        Function::Lt | Function::Le | Function::Eq => below(&arguments[0], &arguments[1], field)
            .or_else(|| match function {
                Function::Eq => below(&arguments[1], &arguments[0], field),
                _ => None,
            }),
        Function::Gt | Function::Ge => below(&arguments[1], &arguments[0], field),
        _ => None,
    }
}

/// The field beside a constant.
struct Beside<'a> {
    constant: &'a Value,
    crs: &'a Crs,
    /// Whether the field comes first.
    is_first: bool,
}

impl<'a> Beside<'a> {
    fn of(a: &'a Bound, b: &'a Bound, field: usize) -> Option<Self> {
        let is_first = a.as_field() == Some(field);
        let (subject, place) = if is_first { (a, b) } else { (b, a) };
        let is_subject = subject.as_field() == Some(field);
        let crs = crs_of(subject).filter(|_| is_subject)?;
        Some(Self { constant: place.as_constant()?, crs, is_first })
    }
}

fn crs_of(bound: &Bound) -> Option<&Crs> {
    match bound.ty() {
        ExprType::Geometry(crs) => Some(crs),
        _ => None,
    }
}

/// `predicate(field, constant)`.
fn of_predicate(predicate: SpatialPredicate, constant: &Value) -> Option<Reach> {
    use SpatialPredicate as P;
    let Some(geometry) = constant.as_geometry() else { return Some(Reach::nowhere()) };
    let Some(envelope) = generous(geometry) else {
        // only an empty geometry equals an empty one or is disjoint from it, and it has no envelope
        let possible = matches!(predicate, P::Equals | P::Disjoint);
        return (!possible).then(Reach::nowhere);
    };
    match predicate {
        P::Disjoint => None,
        P::Within | P::CoveredBy | P::Equals => Some(Reach::inside(envelope)),
        P::Contains | P::Covers => Some(Reach::meeting(middle(&envelope))),
        P::Intersects | P::Touches | P::Crosses | P::Overlaps => Some(Reach::meeting(envelope)),
    }
}

/// What holds an envelope holds its middle.
fn middle(envelope: &Envelope) -> Envelope {
    let (min, max) = (envelope.min(), envelope.max());
    let middle = Xy { x: min.x.midpoint(max.x), y: min.y.midpoint(max.y) };
    Envelope::of([middle]).ok().flatten().unwrap_or(*envelope)
}

/// The envelope of a geometry and of the straight segments that its arcs are taken for.
fn generous(geometry: &Geometry) -> Option<Envelope> {
    let envelope = geometry.envelope()?;
    Some(linear(geometry).envelope().map_or(envelope, |straight| envelope.merged(straight)))
}

fn meeting(a: &Bound, b: &Bound, field: usize) -> Option<Reach> {
    let beside = Beside::of(a, b, field)?;
    let envelope = beside.constant.as_geometry().and_then(generous);
    Some(envelope.map_or_else(Reach::nowhere, Reach::meeting))
}

/// `distance(field, constant)` at most `limit`.
fn near(pair: &[Bound], limit: &Bound, field: usize) -> Option<Reach> {
    let beside = Beside::of(&pair[0], &pair[1], field)?;
    let limit = match limit.as_constant()? {
        Value::Null => return Some(Reach::nowhere()),
        limit => crate::evaluate::real(limit)?,
    };
    let metric = Metric::of(beside.crs).ok()?;
    let Some(geometry) = beside.constant.as_geometry() else { return Some(Reach::nowhere()) };
    if limit.is_nan() || limit == f64::INFINITY {
        return None;
    }
    let meets = Some(DistanceTo::new(geometry, metric).search_boxes(limit));
    Some(Reach { meets, inside: None })
}

/// `distance(field, constant) <= limit`.
fn below(distance: &Bound, limit: &Bound, field: usize) -> Option<Reach> {
    let Some((Function::Distance, pair)) = distance.as_call() else { return None };
    near(pair, limit, field)
}
