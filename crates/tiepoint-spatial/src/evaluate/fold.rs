//! Folding: what is the same for all rows is computed before any row is seen.
use tiepoint_core::{Bound, Function, Node, Value};

use super::EvaluateError;
use super::compile::{is_constant, scalar};
use super::row::NoRow;

/// The same expression with everything constant in it computed: what a store renders or asks an
/// index with are plain constants. It has the same value as before on every row, and the same
/// type.
///
/// Functions of one store are left as they are.
///
/// # Errors
///
/// [`EvaluateError`] as [`Evaluator::new`](super::Evaluator::new), for what has to be computed.
///
/// ```
/// use tiepoint_core::{Crs, Expr, Field, FieldType, Schema, field};
/// use tiepoint_spatial::fold;
///
/// let schema = Schema::new(vec![Field::new("height", FieldType::INT)])?;
/// let filter = field("height").gt(Expr::from(2) * 3).bind(&schema)?;
/// assert_eq!(fold(&filter)?.to_string(), "height > 6");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn fold(bound: &Bound) -> Result<Bound, EvaluateError> {
    let Node::Call(function, arguments) = bound.node() else { return Ok(bound.clone()) };
    if is_computable(bound) {
        return computed(bound);
    }
    let arguments: Vec<Bound> = arguments.iter().map(fold).collect::<Result<_, _>>()?;
    let folded = simplified(function, arguments, bound);
    if is_computable(&folded) { computed(&folded) } else { Ok(folded) }
}

/// Whether it is a call that has the same value for all rows, and has it here.
fn is_computable(bound: &Bound) -> bool {
    bound.as_call().is_some() && is_constant(bound) && bound.native_stores().is_empty()
}

fn computed(bound: &Bound) -> Result<Bound, EvaluateError> {
    let value = scalar(bound)?.value(&NoRow).into_owned();
    Ok(Bound::constant(value, bound.ty().clone()))
}

/// A call whose arguments were folded.
fn simplified(function: &Function, mut arguments: Vec<Bound>, before: &Bound) -> Bound {
    let decisive = match function {
        Function::And => Bound::FALSE,
        Function::Or => Bound::TRUE,
        function if !function.accepts_null() && arguments.iter().any(is_null) => {
            return Bound::constant(Value::Null, before.ty().clone());
        }
        _ => return before.with_arguments(arguments),
    };
    if arguments.contains(&decisive) {
        return decisive;
    }
    let neutral = if decisive == Bound::TRUE { Bound::FALSE } else { Bound::TRUE };
    arguments.retain(|it| *it != neutral);
    match arguments.len() {
        0 => neutral,
        1 => arguments.remove(0),
        _ => before.with_arguments(arguments),
    }
}

fn is_null(bound: &Bound) -> bool {
    bound.as_constant().is_some_and(Value::is_null)
}
