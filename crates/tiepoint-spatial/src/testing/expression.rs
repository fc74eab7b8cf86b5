//! Expressions of every kind of value but truth.
use tiepoint_core::{Crs, Expr, ExprType, Field, Function as F, Schema, field};

use super::{Choices, values};

/// CRSs between which transforms are made.
const SERVED: [Crs; 3] = [Crs::CRS84, Crs::Epsg(25832), Crs::Epsg(3857)];

/// Builds expressions over a schema out of choices.
pub(super) struct Builder<'a> {
    schema: &'a Schema,
    choices: Choices,
}

impl<'a> Builder<'a> {
    pub(super) fn new(schema: &'a Schema, choices: Vec<u16>) -> Self {
        Self { schema, choices: Choices::new(choices) }
    }

    pub(super) fn below(&mut self, count: usize) -> usize {
        self.choices.below(count)
    }

    pub(super) fn one_of<T: Clone>(&mut self, alternatives: &[T]) -> T {
        self.choices.one_of(alternatives)
    }

    /// An expression of any kind.
    pub(super) fn anything(&mut self, depth: usize) -> Expr {
        let ty = self.any_type();
        self.of(&ty, depth)
    }

    fn any_type(&mut self) -> ExprType {
        if self.below(3) == 0 {
            return ExprType::Bool;
        }
        let fields = self.schema.fields();
        let Some(count) = fields.len().checked_sub(1) else { return ExprType::Int };
        ExprType::of_field(&fields[self.below(count + 1)].ty)
    }

    /// A kind that has an order.
    pub(super) fn ordered_type(&mut self) -> ExprType {
        match self.any_type() {
            ExprType::Json | ExprType::Geometry(_) => ExprType::Text,
            ty => ty,
        }
    }

    pub(super) fn of(&mut self, ty: &ExprType, depth: usize) -> Expr {
        if depth == 0 || self.below(3) == 0 {
            return self.leaf(ty);
        }
        match ty {
            ExprType::Bool => self.truth(depth),
            ExprType::Int => self.whole(depth - 1),
            ExprType::Real => self.real(depth - 1),
            ExprType::Text => self.text(depth - 1),
            ExprType::Date | ExprType::DateTime | ExprType::Time => self.time(ty, depth - 1),
            ExprType::Geometry(crs) => self.geometry(crs, depth - 1),
            ExprType::Json => self.array(depth - 1),
            _ => self.chosen(ty, depth - 1),
        }
    }

    /// A field, a literal, or null.
    pub(super) fn leaf(&mut self, ty: &ExprType) -> Expr {
        let fitting = |it: &&Field| ExprType::of_field(&it.ty) == *ty;
        let fields: Vec<&Field> = self.schema.fields().iter().filter(fitting).collect();
        match self.below(8) {
            0..=5 if !fields.is_empty() => field(self.one_of(&fields).name.as_str()),
            7 if self.below(3) == 2 => Expr::NULL,
            6 if *ty == ExprType::Uuid => Expr::Id,
            _ => self.literal(ty),
        }
    }

    pub(super) fn literal(&mut self, ty: &ExprType) -> Expr {
        match ty {
            ExprType::Geometry(crs) => {
                Expr::Place(values::geometry(crs, &mut self.choices), crs.clone())
            }
            ty => Expr::Literal(values::value(ty, &mut self.choices)),
        }
    }

    fn call(&mut self, function: F, types: &[&ExprType], depth: usize) -> Expr {
        let arguments: Vec<Expr> = types.iter().map(|ty| self.of(ty, depth)).collect();
        Expr::call(function, arguments)
    }

    /// Functions that take and give any kind.
    pub(super) fn chosen(&mut self, ty: &ExprType, depth: usize) -> Expr {
        let (a, b) = (self.of(ty, depth), self.of(ty, depth));
        let ordered = !matches!(ty, ExprType::Json | ExprType::Geometry(_));
        match self.below(if ordered { 6 } else { 3 }) {
            0 => a.coalesce(b),
            1 => Expr::call(F::Case, [self.truth(depth), a]),
            2 => Expr::call(F::Case, [self.truth(depth), a, b]),
            3 => Expr::call(F::NullIf, [a, b]),
            4 => Expr::call(F::Least, [a, b]),
            _ => Expr::call(F::Greatest, [a, b]),
        }
    }

    fn number(&mut self, depth: usize) -> Expr {
        let ty = self.one_of(&[ExprType::Int, ExprType::Real, ExprType::Decimal]);
        self.of(&ty, depth)
    }

    /// Any geometry of the row, or a place near them.
    pub(super) fn any_geometry(&mut self, depth: usize) -> Expr {
        let ty = ExprType::Geometry(self.crs());
        self.of(&ty, depth)
    }

    /// The CRS of one of the geometries.
    pub(super) fn crs(&mut self) -> Crs {
        let types = self.schema.fields().iter().map(|it| ExprType::of_field(&it.ty));
        let crs = types.filter_map(|ty| match ty {
            ExprType::Geometry(crs) => Some(crs),
            _ => None,
        });
        let all: Vec<Crs> = crs.collect();
        if all.is_empty() { Crs::CRS84 } else { self.one_of(&all) }
    }

    fn whole(&mut self, depth: usize) -> Expr {
        use ExprType::{Int, Text};
        match self.below(12) {
            0 => self.call(F::Add, &[&Int, &Int], depth),
            1 => self.call(F::CharLength, &[&Text], depth),
            2 => {
                let function = self.one_of(&[F::Sub, F::Mul, F::IntDiv, F::Mod]);
                self.call(function, &[&Int, &Int], depth)
            }
            3 => {
                let function = self.one_of(&[F::Negate, F::Abs, F::Floor, F::Ceil, F::Round]);
                self.call(function, &[&Int], depth)
            }
            4 => self.call(F::Position, &[&Text, &Text], depth),
            5 => Expr::call(F::Sign, [self.number(depth)]),
            6 => {
                let parts = [F::Year, F::Month, F::Day, F::DayOfWeek, F::DayOfYear];
                let day = self.one_of(&[ExprType::Date, ExprType::DateTime]);
                let function = self.one_of(&parts);
                self.call(function, &[&day], depth)
            }
            7 => {
                let clock = self.one_of(&[ExprType::Time, ExprType::DateTime]);
                let function = self.one_of(&[F::Hour, F::Minute]);
                self.call(function, &[&clock], depth)
            }
            8 => {
                let function = self.one_of(&[F::NumPoints, F::NumGeometries, F::Dimension]);
                Expr::call(function, [self.any_geometry(depth)])
            }
            9 => {
                let from =
                    self.one_of(&[Text, Int, ExprType::Bool, ExprType::Real, ExprType::Decimal]);
                self.of(&from, depth).cast(Int)
            }
            _ => self.chosen(&Int, depth),
        }
    }

    fn real(&mut self, depth: usize) -> Expr {
        match self.below(10) {
            0 => {
                let function =
                    self.one_of(&[F::Add, F::Sub, F::Mul, F::Div, F::IntDiv, F::Mod, F::Power]);
                Expr::call(function, [self.number(depth), self.number(depth)])
            }
            1 => {
                let function = self.one_of(&[F::Negate, F::Abs, F::Floor, F::Ceil, F::Round]);
                Expr::call(function, [self.number(depth)])
            }
            2 => {
                let functions =
                    [F::Sqrt, F::Exp, F::Ln, F::Sin, F::Cos, F::Tan, F::Asin, F::Acos, F::Atan];
                Expr::call(self.one_of(&functions), [self.number(depth)])
            }
            3 => Expr::call(F::Atan2, [self.number(depth), self.number(depth)]),
            4 => {
                let clock = self.one_of(&[ExprType::Time, ExprType::DateTime]);
                self.call(F::Second, &[&clock], depth)
            }
            5 => {
                let ordinates = [F::X, F::Y, F::Z, F::M, F::MinX, F::MinY, F::MaxX, F::MaxY];
                Expr::call(self.one_of(&ordinates), [self.any_geometry(depth)])
            }
            6 => {
                let function = self.one_of(&[F::Area, F::LineLength, F::Perimeter]);
                Expr::call(function, [self.any_geometry(depth)])
            }
            7 => {
                let ty = ExprType::Geometry(self.crs());
                self.call(F::Distance, &[&ty, &ty], depth)
            }
            8 => self.number(depth).cast(ExprType::Real),
            _ => self.chosen(&ExprType::Real, depth),
        }
    }

    fn text(&mut self, depth: usize) -> Expr {
        use ExprType::{Int, Text};
        match self.below(8) {
            0 => {
                let function = self.one_of(&[F::Casei, F::Accenti, F::Lower, F::Upper, F::Trim]);
                self.call(function, &[&Text], depth)
            }
            1 => self.call(F::Substring, &[&Text, &Int], depth),
            2 => self.call(F::Substring, &[&Text, &Int, &Int], depth),
            3 => self.call(F::Concat, &[&Text, &Text, &Text], depth),
            4 => self.call(F::Replace, &[&Text, &Text, &Text], depth),
            5 => {
                let function = self.one_of(&[F::GeometryKind, F::Dims, F::InvalidReason]);
                Expr::call(function, [self.any_geometry(depth)])
            }
            6 => {
                let ty = self.ordered_type();
                let ty = if ty == ExprType::Bytes { Int } else { ty };
                self.of(&ty, depth).cast(Text)
            }
            _ => self.chosen(&Text, depth),
        }
    }

    fn time(&mut self, ty: &ExprType, depth: usize) -> Expr {
        let (function, from) = match (ty, self.below(3)) {
            (ExprType::Date, 0) => (F::DateOf, ExprType::DateTime),
            (ExprType::Time, 0) => (F::TimeOf, ExprType::DateTime),
            (ExprType::DateTime, 0) => (F::Cast(ty.clone()), ExprType::Date),
            (_, 1) => (F::Cast(ty.clone()), ExprType::Text),
            _ => return self.chosen(ty, depth),
        };
        self.call(function, &[&from], depth)
    }

    fn geometry(&mut self, crs: &Crs, depth: usize) -> Expr {
        let ty = ExprType::Geometry(crs.clone());
        match self.below(5) {
            0 => self.call(F::Envelope, &[&ty], depth),
            1 => self.call(F::Centroid, &[&ty], depth),
            2 | 3 if SERVED.iter().any(|it| it.same_positions(crs)) => {
                let from = ExprType::Geometry(self.one_of(&SERVED));
                self.of(&from, depth).transform(crs.clone())
            }
            _ => self.chosen(&ty, depth),
        }
    }

    pub(super) fn array(&mut self, depth: usize) -> Expr {
        if self.below(2) == 0 {
            return self.chosen(&ExprType::Json, depth);
        }
        let members: Vec<Expr> = (0..self.below(4)).map(|_| self.anything(depth)).collect();
        Expr::call(F::ArrayOf, members)
    }
}
