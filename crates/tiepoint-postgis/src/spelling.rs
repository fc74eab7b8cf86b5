//! Expressions over one layer in PostgreSQL's spelling: the dialect that the shared renderer asks.
//!
//! The server keeps types, so it decides by itself whatever it compares just as we do. Of geometry
//! it answers with its index of boxes; what is exact about shapes and metres is decided by us,
//! among the few rows that the boxes let through.
use crate::encode::{Bind, misfit};
use crate::geography;
use crate::kind::Kind;
use crate::metadata::{Collation, Column, Sql, Table, bound};
use tiepoint_core::{
    Bound, DateTime, Envelope, ExprType, FieldType, Function, Geometry, GeometryKind, KindRule,
    Node, Value, Xy,
};
use tiepoint_spatial::measure::SearchBox;
use tiepoint_spatial::reach;
use tiepoint_store::sql::{Dialect, Doubt, Fragment, TextUse};

/// A longer list is searched by our own code.
const LONGEST_LIST: usize = 5_000;
/// More boxes than this are asked for as one around them all.
const MOST_BOXES: usize = 40;
/// Every whole number up to this is a double.
const WHOLE_DOUBLES: u64 = 1 << 53;

/// A name as an SQL identifier, whatever is in it.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A text as an SQL literal, for the places where the server allows no bind: definitions.
pub(crate) fn literal(text: &str) -> String {
    let quoted = text.replace('\'', "''");
    if text.contains('\\') {
        format!("E'{}'", quoted.replace('\\', "\\\\"))
    } else {
        format!("'{quoted}'")
    }
}

/// One layer's SQL.
#[derive(Debug, Clone)]
pub(crate) struct Spelling<'t> {
    pub(crate) table: &'t Table,
}

/// Values that the server compares and sorts as we do.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Class {
    Bool,
    /// Whether every value is a double, too.
    Whole {
        double: bool,
    },
    Real,
    Decimal,
    Text,
    Bytes,
    Date,
    Time,
    Civil,
    Moment,
    Uuid,
}

fn class_of_kind(kind: &Kind) -> Option<Class> {
    Some(match kind {
        Kind::Bool => Class::Bool,
        Kind::Int2 | Kind::Int4 => Class::Whole { double: true },
        Kind::Int8 => Class::Whole { double: false },
        Kind::Float4 | Kind::Float8 => Class::Real,
        Kind::Numeric => Class::Decimal,
        Kind::Text | Kind::Enum { .. } => Class::Text,
        Kind::Bytea => Class::Bytes,
        Kind::Date => Class::Date,
        Kind::Time { .. } => Class::Time,
        Kind::Timestamp { .. } => Class::Civil,
        Kind::TimestampTz { .. } => Class::Moment,
        Kind::Uuid => Class::Uuid,
        Kind::Padded { .. }
        | Kind::TimeTz { .. }
        | Kind::Interval
        | Kind::Json
        | Kind::Jsonb
        | Kind::Array(_)
        | Kind::Geometry
        | Kind::Geography
        | Kind::Other => return None,
    })
}

/// The kind that a constant is bound as, and the cast that says so; `None` for what the server
/// would not take as it is.
fn constant_kind(value: &Value) -> Option<(Kind, &'static str)> {
    let digits = 6;
    let bound = match value {
        Value::Int(_) => (Kind::Int8, "::int8"),
        Value::Real(_) => (Kind::Float8, "::float8"),
        Value::Decimal(_) => (Kind::Numeric, "::numeric"),
        Value::Text(_) => (Kind::Text, "::text"),
        Value::Bytes(_) => (Kind::Bytea, "::bytea"),
        Value::Date(_) => (Kind::Date, "::date"),
        Value::Time(time) if time.offset.is_none() => (Kind::Time { digits }, "::time"),
        Value::DateTime(DateTime { offset: None, .. }) => {
            (Kind::Timestamp { digits }, "::timestamp")
        }
        Value::DateTime(_) => (Kind::TimestampTz { digits }, "::timestamptz"),
        Value::Uuid(_) => (Kind::Uuid, "::uuid"),
        Value::Null | Value::Bool(_) | Value::Time(_) | Value::Json(_) | Value::Geometry(_) => {
            return None;
        }
    };
    let zero = matches!(value, Value::Decimal(_));
    (zero || misfit(&bound.0, value).is_none()).then_some(bound)
}

fn class_of_constant(value: &Value) -> Option<Class> {
    Some(match value {
        Value::Bool(_) => Class::Bool,
        Value::Int(number) => Class::Whole { double: number.unsigned_abs() <= WHOLE_DOUBLES },
        other => class_of_kind(&constant_kind(other)?.0)?,
    })
}

impl Spelling<'_> {
    fn column(&self, it: &Bound) -> Option<&Column> {
        it.as_field().and_then(|position| self.table.columns.get(position))
    }

    /// The class of what the server can have the value of.
    fn class(&self, it: &Bound) -> Option<Class> {
        match it.node() {
            Node::Field(..) => class_of_kind(&self.column(it)?.kind),
            Node::Constant(value) => class_of_constant(value),
            Node::Call(Function::Native(_), _) => class_of_type(it.ty()),
            Node::Id | Node::Call(..) => None,
        }
    }

    /// The rows whose envelopes may meet one of the boxes.
    pub(crate) fn within(&self, position: usize, boxes: &[SearchBox]) -> Option<Sql> {
        let column = self.table.columns.get(position).filter(|it| it.kind == Kind::Geometry)?;
        let points = is_of_points(self.table, position);
        let searches: Vec<Sql> = boxes
            .iter()
            .filter(|it| it.wider_than.is_none() || !points)
            .flat_map(|it| searches(column, it))
            .collect();
        Some(match searches.len() {
            0 => "FALSE".into(),
            _ => Fragment::junction(searches, " OR "),
        })
    }
}

fn class_of_type(ty: &ExprType) -> Option<Class> {
    Some(match ty {
        ExprType::Bool => Class::Bool,
        ExprType::Int => Class::Whole { double: false },
        ExprType::Real => Class::Real,
        ExprType::Text => Class::Text,
        _ => return None,
    })
}

/// Whether no envelope has any width.
fn is_of_points(table: &Table, position: usize) -> bool {
    let field = &table.layer.schema().fields()[position];
    matches!(&field.ty, FieldType::Geometry(ty) if ty.kind == KindRule::Only(GeometryKind::Point))
}

/// The boxes outside of which nothing passes a filter, and the field that they are about; few,
/// however many the filter names.
pub(crate) fn boxes(table: &Table, filter: &Bound) -> Option<(usize, Vec<SearchBox>)> {
    let geometries = table.columns.iter().enumerate().filter(|(_, it)| it.kind == Kind::Geometry);
    geometries
        .map(|(at, _)| at)
        .find_map(|position| Some((position, few(reach(filter, position)?))))
}

fn few(boxes: Vec<SearchBox>) -> Vec<SearchBox> {
    if boxes.len() <= MOST_BOXES {
        return boxes;
    }
    let (wide, plain): (Vec<_>, Vec<_>) = boxes.into_iter().partition(|it| it.wider_than.is_some());
    let mut few: Vec<SearchBox> = around(&wide).into_iter().collect();
    let group = plain.len().div_ceil(MOST_BOXES / 2).max(1);
    few.extend(plain.chunks(group).filter_map(around));
    few
}

/// One box around all of these, that finds whatever one of them does.
fn around(boxes: &[SearchBox]) -> Option<SearchBox> {
    boxes.iter().copied().reduce(|a, b| SearchBox {
        envelope: a.envelope.merged(b.envelope),
        wider_than: a.wider_than.zip(b.wider_than).map(|(a, b)| a.min(b)),
    })
}

/// What an index of boxes is asked for one of ours.
///
/// An envelope that meets a box and is wider than so much reaches out of the box on one side, by
/// half of the excess at least: it also meets a line there. So the index finds the wide ones among
/// the many in a strip, which it could not by their width.
fn searches(column: &Column, wanted: &SearchBox) -> Vec<Sql> {
    let meets = |envelope: Envelope| meets(column, envelope);
    let inside = meets(wanted.envelope);
    let (min, max) = (wanted.envelope.min(), wanted.envelope.max());
    let reach = wanted.wider_than.map_or(0.0, |width| (width - (max.x - min.x)) / 2.0 - 1e-9);
    if reach <= 0.0 {
        return vec![inside];
    }
    let lines = [min.x - reach, max.x + reach]
        .into_iter()
        .filter_map(|x| Envelope::of([Xy { x, y: min.y }, Xy { x, y: max.y }]).ok().flatten());
    // such as none of these are found: not worth the planner's while to look at its statistics,
    // which it does for what it knows while it plans
    let unplanned = |envelope: Envelope| {
        let place = placed(column, envelope.to_geometry());
        Fragment::name(&column.name).then(" && (SELECT ").then(place).then(")")
    };
    lines
        .map(|line| unplanned(wanted.envelope).then(" AND ").then(unplanned(line)).in_parentheses())
        .collect()
}

/// The condition that the index answers: boxes of single precision, rounded outwards.
pub(crate) fn meets(column: &Column, envelope: Envelope) -> Sql {
    let geometry = envelope.to_geometry();
    Fragment::name(&column.name).then(" && ").then(placed(column, geometry))
}

/// A geometry in the column's own SRID.
pub(crate) fn placed(column: &Column, geometry: Geometry) -> Sql {
    let (kind, srid) = (Kind::Geometry, column.srid);
    let bind = Bind { kind, srid, value: Value::Geometry(geometry) };
    let cast = if column.kind == Kind::Geography { "::geometry::geography" } else { "::geometry" };
    Fragment::bind(bind).then(cast)
}

impl Dialect for Spelling<'_> {
    type Bind = Bind;

    fn store(&self) -> &'static str {
        "postgis"
    }

    fn quote(&self, name: &str, sql: &mut String) {
        sql.push_str(&quoted(name));
    }

    fn placeholder(&self, number: usize, sql: &mut String) {
        use std::fmt::Write as _;
        write!(sql, "${number}").expect("a string takes everything");
    }

    fn truth(&self, truth: bool) -> &'static str {
        if truth { "TRUE" } else { "FALSE" }
    }

    fn field(&self, position: usize, name: &str) -> Sql {
        let enumerated =
            self.table.columns.get(position).is_some_and(|it| matches!(it.kind, Kind::Enum { .. }));
        let column = Fragment::name(name);
        if enumerated { column.then("::text") } else { column }
    }

    fn constant(&self, value: &Value, _ty: &ExprType) -> Option<Sql> {
        match value {
            Value::Null => Some("NULL".into()),
            Value::Bool(truth) => Some(self.truth(*truth).into()),
            Value::DateTime(time) => {
                let value = Value::DateTime(time.told_in_utc());
                let (kind, cast) = constant_kind(&value)?;
                Some(bound(kind, cast, value))
            }
            other => {
                let (kind, cast) = constant_kind(other)?;
                Some(bound(kind, cast, other.clone()))
            }
        }
    }

    fn compares(&self, a: &Bound, b: &Bound) -> bool {
        use Class::{Bool, Bytes, Civil, Date, Decimal, Moment, Real, Text, Time, Uuid, Whole};
        let (Some(a), Some(b)) = (self.class(a), self.class(b)) else { return false };
        matches!(
            (a, b),
            (Bool, Bool)
                | (Whole { .. } | Decimal, Whole { .. } | Decimal)
                | (Real, Real | Whole { double: true })
                | (Whole { double: true }, Real)
                | (Text, Text)
                | (Bytes, Bytes)
                | (Date | Civil, Date | Civil)
                | (Time, Time)
                | (Moment, Moment)
                | (Uuid, Uuid)
        )
    }

    fn longest_list(&self) -> usize {
        LONGEST_LIST
    }

    fn sorts(&self, key: &Bound) -> bool {
        key.as_field().is_some() && self.class(key).is_some()
    }

    fn collated(&self, of: &Bound, text: Sql, for_what: TextUse) -> Sql {
        let column = self.column(of).filter(|it| it.kind == Kind::Text);
        let bare = column.is_some_and(|it| match for_what {
            TextUse::Equality => it.collation >= Collation::Deterministic,
            TextUse::Order => it.collation == Collation::CodePoint,
        });
        if bare { text } else { text.then(" COLLATE \"C\"") }
    }

    fn holds(&self, _field: &Bound, _doubt: Doubt) -> Option<Sql> {
        None
    }

    fn tells_null(&self, _field: &Bound) -> bool {
        true
    }

    fn call(
        &self,
        function: &Function,
        arguments: &[Bound],
        value: &dyn Fn(&Bound) -> Option<Sql>,
    ) -> Option<Sql> {
        let [text, pattern] = arguments else { return None };
        let constant = pattern.as_constant()?.as_text()?;
        self.column(text).filter(|it| it.kind == Kind::Text)?;
        let subject = || Some(value(text)?.then(" COLLATE \"C\""));
        match function {
            Function::Like if !ends_in_escape(constant) => {
                Some(subject()?.then(" LIKE ").then(value(pattern)?).in_parentheses())
            }
            Function::StartsWith => {
                Some(Fragment::call("starts_with", [subject()?, value(pattern)?]))
            }
            _ => None,
        }
    }

    fn computed(&self, _expr: &Bound) -> Option<Sql> {
        None
    }

    fn prefilter(&self, filter: &Bound) -> Option<Sql> {
        let by_boxes = boxes(self.table, filter);
        let by_boxes = by_boxes.and_then(|(position, boxes)| self.within(position, &boxes));
        by_boxes.or_else(|| geography::near(self.table, filter))
    }
}

/// The server refuses a pattern that ends with a backslash that takes no character.
fn ends_in_escape(pattern: &str) -> bool {
    let trailing = pattern.bytes().rev().take_while(|byte| *byte == b'\\').count();
    trailing % 2 == 1
}
