//! Binding: everything that can be wrong with an expression is found before anything runs.
use super::signature::{self, case_conditions, case_results, crs_of, misfit};
use super::{BindError, Bound, Expr, ExprType, Function, LengthUnit, Node, temporal};
use crate::{BBox, Crs, Dims, Geometry, GeometryKind, GeometryWriter, Schema, Value};

impl Expr {
    /// The deepest nesting that is taken.
    pub const MAX_DEPTH: usize = 100;

    /// Checks the expression against a schema.
    ///
    /// Looks at names, numbers and kinds of arguments, CRSs and units. A text compared with a UUID
    /// is read as one, and a real number compared with decimals as the decimal it was written as;
    /// nothing else is converted silently.
    ///
    /// # Errors
    ///
    /// [`BindError`], naming both sides and what to do.
    ///
    /// ```
    /// use tiepoint_core::{Field, FieldType, Schema, field};
    /// let schema = Schema::new(vec![Field::new("population", FieldType::INT)])?;
    /// let wrong = field("poplation").gt(5).bind(&schema).expect_err("no such field");
    /// assert_eq!(wrong.to_string(), "no field is named `poplation`; did you mean `population`?");
    /// let wrong = field("population").gt("many").bind(&schema).expect_err("text is no number");
    /// assert_eq!(
    ///     wrong.to_string(),
    ///     "`population` is integer and `'many'` is text: they cannot be compared"
    /// );
    /// # Ok::<(), tiepoint_core::SchemaError>(())
    /// ```
    pub fn bind(&self, schema: &Schema) -> Result<Bound, BindError> {
        Binder { schema }.bind(self, 0)
    }

    /// Checks the expression against a schema, as a filter.
    ///
    /// # Errors
    ///
    /// As [`Expr::bind`], and [`BindError::NotAFilter`] unless it is true or false.
    pub fn bind_filter(&self, schema: &Schema) -> Result<Bound, BindError> {
        self.bind(schema)?.into_filter()
    }
}

struct Binder<'a> {
    schema: &'a Schema,
}

impl Binder<'_> {
    fn bind(&self, expr: &Expr, depth: usize) -> Result<Bound, BindError> {
        if depth > Expr::MAX_DEPTH {
            return Err(BindError::TooDeep);
        }
        match expr {
            Expr::Literal(value) => match ExprType::of_value(value) {
                Some(ty) => Ok(Bound::constant(value.clone(), ty)),
                None => Err(BindError::NoCrs { geometry: expr.to_string() }),
            },
            Expr::Place(geometry, crs) => {
                let value = Value::Geometry(geometry.clone());
                Ok(Bound::constant(value, ExprType::Geometry(crs.clone())))
            }
            Expr::Box(bbox, crs) => {
                let value = Value::Geometry(area(*bbox, crs)?);
                Ok(Bound::constant(value, ExprType::Geometry(crs.clone())))
            }
            Expr::Field(name) => self.field(name),
            Expr::Id => Ok(Bound::new(Node::Id, ExprType::Uuid)),
            Expr::Call(Function::BoxesMeet, arguments) if crossing(arguments).is_some() => {
                self.bind_crossing(arguments, depth)
            }
            Expr::Call(function, arguments) => {
                let bound = arguments.iter().map(|it| self.bind(it, depth + 1));
                call(function, bound.collect::<Result<_, _>>()?)
            }
        }
    }

    /// Meeting a box that crosses the antimeridian is meeting one of its two pieces.
    fn bind_crossing(&self, arguments: &[Expr], depth: usize) -> Result<Bound, BindError> {
        let Some((at, bbox, crs)) = crossing(arguments) else { return Ok(Bound::FALSE) };
        let pieces = bbox.split(crs.is_lonlat())?;
        let cases = pieces.iter().map(|piece| {
            let mut arguments = arguments.to_vec();
            arguments[at] = Expr::Place(piece.to_geometry(), crs.clone());
            self.bind(&Expr::Call(Function::BoxesMeet, arguments), depth + 1)
        });
        Ok(plain(&Function::Or, cases.collect::<Result<_, _>>()?))
    }

    fn field(&self, name: &str) -> Result<Bound, BindError> {
        let position = match (self.schema.position(name), self.schema.geometry()) {
            (None, Some((position, _))) if matches!(name, "geometry" | "geom") => position,
            _ => self.schema.require(name)?,
        };
        let field = &self.schema.fields()[position];
        let node = Node::Field(position, field.name.as_str().into());
        Ok(Bound::new(node, ExprType::of_field(&field.ty)))
    }
}

/// Where among the arguments a box stands that crosses the antimeridian.
fn crossing(arguments: &[Expr]) -> Option<(usize, BBox, &Crs)> {
    arguments.iter().enumerate().find_map(|(at, it)| match it {
        Expr::Box(bbox, crs) if bbox.min_x > bbox.max_x => Some((at, *bbox, crs)),
        _ => None,
    })
}

/// A call whose arguments fit, in its plainest form.
fn call(function: &Function, mut arguments: Vec<Bound>) -> Result<Bound, BindError> {
    if let Function::Temporal(predicate) = function {
        return temporal::lower(*predicate, arguments);
    }
    signature::check(function, &arguments)?;
    match function {
        Function::Interval
        | Function::Eq
        | Function::Ne
        | Function::Lt
        | Function::Le
        | Function::Gt
        | Function::Ge
        | Function::Between
        | Function::In
        | Function::NullIf
        | Function::Least
        | Function::Greatest => reconcile(&mut arguments, Needs::Order)?,
        Function::Coalesce => reconcile(&mut arguments, Needs::OneKind)?,
        Function::Case => check_case(&arguments)?,
        Function::Spatial(_) | Function::Relate(_) | Function::BoxesMeet | Function::Distance => {
            same_crs(&arguments[0], &arguments[1])?;
        }
        Function::WithinDistance(unit) => return within_distance(*unit, arguments),
        Function::Cast(ty) => check_cast(function, ty, &arguments[0])?,
        Function::Transform(crs) if crs_of(&arguments[0]).is_some_and(|from| from == crs) => {
            return Ok(arguments.remove(0));
        }
        _ => {}
    }
    Ok(plain(function, arguments))
}

/// Flattens junctions and spells `between` out.
fn plain(function: &Function, mut arguments: Vec<Bound>) -> Bound {
    match function {
        Function::And => Bound::all(arguments),
        Function::Or => {
            let mut flat = Vec::with_capacity(arguments.len());
            for argument in arguments {
                match argument.as_call() {
                    Some((Function::Or, parts)) => flat.extend(parts.iter().cloned()),
                    _ => flat.push(argument),
                }
            }
            if flat.len() == 1 { flat.remove(0) } else { boolean(Function::Or, flat) }
        }
        Function::Between => {
            let (high, low) = (arguments.remove(2), arguments.remove(1));
            let value = arguments.remove(0);
            let above = boolean(Function::Ge, vec![value.clone(), low]);
            Bound::all([above, boolean(Function::Le, vec![value, high])])
        }
        Function::In if arguments.len() == 1 => Bound::FALSE,
        _ => {
            let ty = signature::result(function, &arguments);
            Bound::call(function.clone(), arguments, ty)
        }
    }
}

fn boolean(function: Function, arguments: Vec<Bound>) -> Bound {
    Bound::call(function, arguments, ExprType::Bool)
}

/// What values that stand side by side must have in common.
#[derive(Clone, Copy, PartialEq)]
enum Needs {
    Order,
    OneKind,
}

/// Makes all arguments comparable with the first that is not null.
fn reconcile(arguments: &mut [Bound], needs: Needs) -> Result<(), BindError> {
    let Some(leader) = arguments.iter().position(|it| it.as_constant().is_none()) else {
        return reconcile_with(0, arguments, needs);
    };
    reconcile_with(leader, arguments, needs)
}

fn reconcile_with(leader: usize, arguments: &mut [Bound], needs: Needs) -> Result<(), BindError> {
    for at in 0..arguments.len() {
        if at == leader {
            continue;
        }
        let ty = arguments[leader].ty().clone();
        convert_literal(&mut arguments[at], &ty);
        let (a, b) = (&arguments[leader.min(at)], &arguments[leader.max(at)]);
        if let (Some(_), Some(_)) = (crs_of(a), crs_of(b)) {
            same_crs(a, b)?;
        }
        let ordered = a.ty().is_ordered() && b.ty().is_ordered();
        let fits = match needs {
            Needs::Order => ordered && signature::comparable(a.ty(), b.ty()),
            Needs::OneKind => signature::comparable(a.ty(), b.ty()),
        };
        if !fits {
            return Err(incomparable(a, b));
        }
    }
    Ok(())
}

fn incomparable(a: &Bound, b: &Bound) -> BindError {
    BindError::Incomparable {
        left: a.to_string(),
        left_type: Box::new(a.ty().clone()),
        right: b.to_string(),
        right_type: Box::new(b.ty().clone()),
    }
}

/// Reads a literal as the kind that it stands beside: a text as a UUID, a real number as the
/// decimal it was written as.
fn convert_literal(literal: &mut Bound, beside: &ExprType) {
    let value = match (literal.as_constant(), beside) {
        (Some(Value::Text(text)), ExprType::Uuid) => text.parse().ok().map(Value::Uuid),
        (Some(Value::Real(number)), ExprType::Decimal) => {
            number.to_string().parse().ok().map(Value::Decimal)
        }
        _ => None,
    };
    if let Some(value) = value {
        *literal = Bound::constant(value, beside.clone());
    }
}

fn check_case(arguments: &[Bound]) -> Result<(), BindError> {
    let no_truth = |it: &&Bound| !matches!(it.ty(), ExprType::Bool | ExprType::Null);
    if let Some(condition) = case_conditions(arguments).find(no_truth) {
        return Err(misfit(&Function::Case, "true or false", condition));
    }
    let mut results: Vec<Bound> = case_results(arguments).cloned().collect();
    reconcile(&mut results, Needs::OneKind)
}

/// Two geometries whose coordinates mean the same.
fn same_crs(a: &Bound, b: &Bound) -> Result<(), BindError> {
    match (crs_of(a), crs_of(b)) {
        (Some(left), Some(right)) if !left.same_positions(right) => Err(BindError::MixedCrs {
            left: a.to_string(),
            left_crs: Box::new(left.clone()),
            right: b.to_string(),
            right_crs: Box::new(right.clone()),
        }),
        _ => Ok(()),
    }
}

/// Brings the limit to the unit that distances in the CRS have.
fn within_distance(unit: LengthUnit, mut arguments: Vec<Bound>) -> Result<Bound, BindError> {
    same_crs(&arguments[0], &arguments[1])?;
    let Some(located) = arguments[..2].iter().find(|it| crs_of(it).is_some()) else {
        return Ok(boolean(Function::WithinDistance(unit), arguments));
    };
    let (crs, geometry) = (crs_of(located).cloned(), located.to_string());
    let crs = crs.expect("was found by having one");
    let unit = match (unit, crs.is_lonlat()) {
        (LengthUnit::CrsUnit, true) => return Err(BindError::Degrees { geometry, crs }),
        (LengthUnit::Metre, true) => LengthUnit::Metre,
        (LengthUnit::CrsUnit, false) => LengthUnit::CrsUnit,
        (LengthUnit::Metre, false) if crs.stretches_metres() => {
            arguments[..2].iter_mut().for_each(measured_on_earth);
            LengthUnit::Metre
        }
        (LengthUnit::Metre, false) => match crs.metres_per_unit() {
            Some(metres) => {
                let limit = arguments.remove(2);
                arguments.push(in_crs_units(limit, metres));
                LengthUnit::CrsUnit
            }
            None => return Err(BindError::UnknownUnit { geometry, crs }),
        },
    };
    Ok(boolean(Function::WithinDistance(unit), arguments))
}

/// Brings a geometry to longitude and latitude, where metres are those on the ground.
fn measured_on_earth(geometry: &mut Bound) {
    if crs_of(geometry).is_some() {
        let stretched = std::mem::replace(geometry, Bound::TRUE);
        let ty = ExprType::Geometry(Crs::CRS84);
        *geometry = Bound::call(Function::Transform(Crs::CRS84), vec![stretched], ty);
    }
}

#[expect(clippy::cast_precision_loss, reason = "a limit in metres has fewer digits than a double")]
fn in_crs_units(limit: Bound, metres_per_unit: f64) -> Bound {
    if metres_per_unit.to_bits() == 1.0_f64.to_bits() {
        return limit;
    }
    let constant = |number: f64| Bound::constant(number.into(), ExprType::Real);
    match limit.as_constant() {
        Some(Value::Int(metres)) => constant(*metres as f64 / metres_per_unit),
        Some(Value::Real(metres)) => constant(metres / metres_per_unit),
        _ => {
            let arguments = vec![limit, constant(metres_per_unit)];
            Bound::call(Function::Div, arguments, ExprType::Real)
        }
    }
}

/// Which kinds can be made of which: numbers of numbers, most things of text and text of them,
/// dates of moments.
fn check_cast(function: &Function, to: &ExprType, value: &Bound) -> Result<(), BindError> {
    use ExprType as T;
    let possible = match (value.ty(), to) {
        (_, T::Null | T::Interval | T::Geometry(_)) => false,
        (from, to) if from == to || from.is_number() && to.is_number() => true,
        (T::Text, T::Bytes) | (T::Bytes | T::Geometry(_) | T::Interval, _) => false,
        (T::Null | T::Text, _)
        | (_, T::Text)
        | (T::Bool, T::Int)
        | (T::Int, T::Bool)
        | (T::Date, T::DateTime)
        | (T::DateTime, T::Date | T::Time) => true,
        _ => false,
    };
    if possible { Ok(()) } else { Err(misfit(function, "a value that can become one", value)) }
}

/// A box as an area: one geometry, or two where it crosses the antimeridian.
fn area(bbox: BBox, crs: &Crs) -> Result<Geometry, BindError> {
    let pieces = bbox.split(crs.is_lonlat())?;
    if let [one] = pieces[..] {
        return Ok(one.to_geometry());
    }
    let mut writer = GeometryWriter::new();
    writer.begin(GeometryKind::GeometryCollection, Dims::Xy);
    for piece in &pieces {
        piece.write_member(&mut writer);
    }
    writer.end();
    Ok(writer.finish().expect("boxes are well-formed"))
}
