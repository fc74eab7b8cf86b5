//! Expressions over one layer in SQLite's spelling: the dialect that the shared renderer asks.
//!
//! SQLite decides by itself what it compares just as we do: numbers, texts of a file in UTF-8, and
//! truths, each guarded by its storage class, since a column may hold anything. All the rest is a
//! call of [`evaluate`](crate::evaluate).
use crate::evaluate::{self, Evaluation};
use crate::geometry::append_blob;
use crate::metadata::Table;
use crate::values;
use rusqlite::types::Value as Stored;
use std::sync::Arc;
use tiepoint_core::{Bound, ExprType, FieldType, Function, Node, Value};
use tiepoint_spatial::measure::SearchBox;
use tiepoint_spatial::reach;
use tiepoint_store::sql::{Dialect, Doubt, Fragment, TextUse};

/// SQLite takes 127 arguments at least; some are ours.
const MOST_FIELDS: usize = 100;
/// A longer list is searched by our own code.
const LONGEST_LIST: usize = 500;

/// An R-tree is asked for no more boxes: SQLite takes 500 at most, and each costs a descent.
const MOST_BOXES: usize = 40;
/// More boxes are put together by so many slabs of so many groups.
const SLABS: usize = 6;

/// What a placeholder stands for.
#[derive(Debug, Clone)]
pub(crate) enum Bind {
    /// A value.
    Stored(Stored),
    /// An expression for [`evaluate`](crate::evaluate), made ready when the statement runs.
    Evaluate(Box<Evaluation>),
}

pub(crate) type Sql = Fragment<Bind>;

/// One layer's SQL.
#[derive(Debug, Clone)]
pub(crate) struct Spelling<'t> {
    pub(crate) table: &'t Arc<Table>,
    /// Whether texts are stored in UTF-8, whose bytes sort by code point.
    pub(crate) utf8: bool,
    /// The positions of fields that are known to hold nothing but nulls and values of their kind.
    pub(crate) pure: Vec<usize>,
}

/// Values that SQLite compares and sorts as we do.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Class {
    Bool,
    Number,
    Text,
}

impl Spelling<'_> {
    fn class_of(&self, ty: &ExprType) -> Option<Class> {
        match ty {
            ExprType::Bool => Some(Class::Bool),
            ExprType::Int | ExprType::Real => Some(Class::Number),
            ExprType::Text if self.utf8 => Some(Class::Text),
            _ => None,
        }
    }

    /// The class of what SQLite can have the value of without our code.
    fn class(&self, it: &Bound) -> Option<Class> {
        match it.node() {
            Node::Constant(Value::Real(number)) if number.is_nan() => None,
            Node::Field(..) | Node::Constant(_) | Node::Call(Function::Native(_), _) => {
                self.class_of(it.ty())
            }
            Node::Id | Node::Call(..) => None,
        }
    }

    /// A statement that tells, by an index and in no time, whether a column of numbers holds
    /// anything else: texts and blobs sort after numbers. `None` where no index does.
    pub(crate) fn impurity(&self, key: &Bound) -> Option<Sql> {
        let Node::Field(position, name) = key.node() else { return None };
        let bare = self.table.bare.get(*position).copied().unwrap_or_default();
        let mut indexes = self.table.layer.definition.indexes.iter();
        let served = indexes.any(|it| it.fields.first().is_some_and(|it| **it == **name));
        if !bare || !served || self.class(key) != Some(Class::Number) {
            return None;
        }
        let sql = Fragment::text("SELECT EXISTS (SELECT 1 FROM ");
        let sql = sql.then(Fragment::name(self.table.name())).then(" WHERE ");
        Some(sql.then(Fragment::name(name)).then(" >= ").then(stored(String::new())).then(")"))
    }

    /// The `srs_id` that a geometry of a CRS has in this layer.
    fn srs_id(&self, ty: &ExprType) -> i32 {
        let ExprType::Geometry(crs) = ty else { return 0 };
        let fields = self.table.layer.schema().fields().iter().zip(&self.table.srs_ids);
        let mut same = fields.filter_map(|(field, srs_id)| match &field.ty {
            FieldType::Geometry(ty) if ty.crs.same_positions(crs) => Some(*srs_id),
            _ => None,
        });
        same.next().unwrap_or_default()
    }

    /// The rows whose envelopes may meet one of the boxes, by the R-tree.
    pub(crate) fn within(&self, boxes: &[SearchBox]) -> Option<Sql> {
        let tree = self.table.geometry.as_ref()?.rtree.as_ref()?;
        let key = self.table.key()?;
        if boxes.is_empty() {
            return Some("0".into());
        }
        let searches = boxes.iter().map(|it| search(tree, it));
        Some(key.then(" IN (").then(Fragment::joined(searches, " UNION ALL ")).then(")"))
    }

    pub(crate) fn id_column(&self) -> Option<Sql> {
        self.table.id_column().map(Fragment::name)
    }
}

/// The boxes outside of which nothing passes a filter, where the layer has an R-tree; few, however
/// many the filter names.
pub(crate) fn boxes(table: &Table, filter: &Bound) -> Option<Vec<SearchBox>> {
    let geometry = table.geometry.as_ref()?;
    geometry.rtree.as_ref()?;
    table.key_sql()?;
    reach(filter, geometry.position).map(few)
}

/// As many boxes at most, each around several that lie near each other.
fn few(boxes: Vec<SearchBox>) -> Vec<SearchBox> {
    if boxes.len() <= MOST_BOXES {
        return boxes;
    }
    // those for wide envelopes alone often go around the world
    let (wide, mut plain): (Vec<_>, Vec<_>) =
        boxes.into_iter().partition(|it| it.wider_than.is_some());
    let mut few: Vec<SearchBox> = around(&wide).into_iter().collect();
    plain.sort_by(|a, b| a.envelope.min().x.total_cmp(&b.envelope.min().x));
    let slab = plain.len().div_ceil(SLABS).max(1);
    for slab in plain.chunks_mut(slab) {
        slab.sort_by(|a, b| a.envelope.min().y.total_cmp(&b.envelope.min().y));
        few.extend(slab.chunks(slab.len().div_ceil(SLABS)).filter_map(around));
    }
    few
}

/// One box around all of these, that finds whatever one of them does.
fn around(boxes: &[SearchBox]) -> Option<SearchBox> {
    boxes.iter().copied().reduce(|a, b| SearchBox {
        envelope: a.envelope.merged(b.envelope),
        wider_than: a.wider_than.zip(b.wider_than).map(|(a, b)| a.min(b)),
    })
}

/// A value as a bind.
pub(crate) fn stored(value: impl Into<Stored>) -> Sql {
    Fragment::bind(Bind::Stored(value.into()))
}

/// The ids of the entries of an R-tree that meet a box; its numbers are rounded outwards.
fn search(tree: &str, wanted: &SearchBox) -> Sql {
    let (min, max) = (wanted.envelope.min(), wanted.envelope.max());
    let number = |number: f64| Bind::Stored(number.into());
    let within = Fragment::text("SELECT id FROM ").then_name(tree);
    let within = within.then(" WHERE minx <= ").then_bind(number(max.x));
    let within = within.then(" AND maxx >= ").then_bind(number(min.x));
    let within = within.then(" AND miny <= ").then_bind(number(max.y));
    let within = within.then(" AND maxy >= ").then_bind(number(min.y));
    match wanted.wider_than {
        Some(width) => within.then(" AND maxx - minx > ").then_bind(number(width)),
        None => within,
    }
}

fn is_one_of(column: &Sql, classes: &'static str) -> Sql {
    Fragment::call("typeof", [column.clone()]).then(classes)
}

impl Dialect for Spelling<'_> {
    type Bind = Bind;

    fn store(&self) -> &'static str {
        "gpkg"
    }

    fn quote(&self, name: &str, sql: &mut String) {
        sql.push('"');
        for (at, part) in name.split('"').enumerate() {
            if at > 0 {
                sql.push_str("\"\"");
            }
            sql.push_str(part);
        }
        sql.push('"');
    }

    fn placeholder(&self, number: usize, sql: &mut String) {
        use std::fmt::Write as _;
        write!(sql, "?{number}").expect("a string takes everything");
    }

    fn truth(&self, truth: bool) -> &'static str {
        if truth { "1" } else { "0" }
    }

    /// A plus in front takes a column's affinity, and its index, away.
    fn field(&self, position: usize, name: &str) -> Sql {
        let bare = self.table.bare.get(position).copied().unwrap_or_default();
        if bare { Fragment::name(name) } else { Fragment::text("+").then(Fragment::name(name)) }
    }

    fn constant(&self, value: &Value, ty: &ExprType) -> Option<Sql> {
        Some(match value {
            Value::Null => "NULL".into(),
            Value::Bool(truth) => self.truth(*truth).into(),
            Value::Int(number) => stored(*number),
            Value::Real(number) if number.is_nan() => return None,
            Value::Real(number) => stored(*number),
            Value::Bytes(bytes) => stored(bytes.clone()),
            Value::Geometry(geometry) => {
                let mut blob = Vec::new();
                append_blob(geometry, self.srs_id(ty), &mut blob);
                stored(blob)
            }
            other => stored(values::text_of(other)?),
        })
    }

    fn compares(&self, a: &Bound, b: &Bound) -> bool {
        matches!((self.class(a), self.class(b)), (Some(a), Some(b)) if a == b)
    }

    fn longest_list(&self) -> usize {
        LONGEST_LIST
    }

    fn sorts(&self, key: &Bound) -> bool {
        if self.class(key).is_some() {
            return true;
        }
        let Some((function, _)) = key.as_call() else { return false };
        match self.class_of(key.ty()) {
            Some(Class::Bool | Class::Text) => true,
            Some(Class::Number) => *key.ty() == ExprType::Int || is_never_nan(function),
            None => false,
        }
    }

    fn collated(&self, _: &Bound, text: Sql, _: TextUse) -> Sql {
        text.then(" COLLATE BINARY")
    }

    fn holds(&self, field: &Bound, doubt: Doubt) -> Option<Sql> {
        let Node::Field(position, name) = field.node() else { return None };
        if self.pure.contains(position) {
            return None;
        }
        let column = Fragment::name(name);
        // numbers come before texts, and texts before blobs; null is neither
        Some(match (self.class_of(field.ty())?, doubt) {
            (_, Doubt::Equal) | (Class::Number, Doubt::Smaller) => return None,
            (Class::Number, _) => is_one_of(&column, " IN ('integer', 'real')"),
            (Class::Text, _) => Fragment::call(evaluate::IS_TEXT, [column]),
            (Class::Bool, _) => {
                let whole = is_one_of(&column, " = 'integer' AND ");
                whole.then(column).then(" IN (0, 1)").in_parentheses()
            }
        })
    }

    fn tells_null(&self, field: &Bound) -> bool {
        self.class_of(field.ty()).is_some()
    }

    fn call(
        &self,
        _function: &Function,
        _arguments: &[Bound],
        _value: &dyn Fn(&Bound) -> Option<Sql>,
    ) -> Option<Sql> {
        None
    }

    fn computed(&self, expr: &Bound) -> Option<Sql> {
        let fields: Vec<usize> = expr.fields().into_iter().collect();
        if fields.len() > MOST_FIELDS {
            return None;
        }
        let schema = self.table.layer.schema();
        let columns: Vec<Sql> =
            fields.iter().map(|at| Fragment::name(&schema.fields()[*at].name)).collect();
        let id = expr.uses_id().then(|| self.id_column()).flatten();
        let evaluation = Evaluation { expr: expr.clone(), fields, has_id: id.is_some() };
        let handle = Fragment::bind(Bind::Evaluate(Box::new(evaluation)));
        let key = self.table.key().unwrap_or_else(|| "NULL".into());
        let arguments = [handle, key].into_iter().chain(columns).chain(id);
        Some(Fragment::call(evaluate::EVALUATE, arguments))
    }

    fn prefilter(&self, filter: &Bound) -> Option<Sql> {
        self.within(&boxes(self.table, filter)?)
    }
}

/// SQLite has no NaN: it would come out as null.
fn is_never_nan(function: &Function) -> bool {
    use Function as F;
    matches!(
        function,
        F::Distance
            | F::Area
            | F::LineLength
            | F::Perimeter
            | F::X
            | F::Y
            | F::MinX
            | F::MinY
            | F::MaxX
            | F::MaxY
            | F::Second
    )
}
