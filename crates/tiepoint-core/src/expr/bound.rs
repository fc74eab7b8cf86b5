//! Expressions that were checked against a schema.
use super::{BindError, EqualityClass, ExprType, Function, display};
use crate::Value;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

/// An expression that fits the schema it was bound to.
///
/// Two are equal when they were written alike; see [`Bound::implies`] for more. What is left to
/// stores and evaluators is little: conjunctions and disjunctions are flat; `BETWEEN`, boxes and
/// temporal predicates have become comparisons and areas; a limit of
/// [`WithinDistance`](Function::WithinDistance) is in metres where the CRS is geographic and in
/// CRS units otherwise, as `distance` is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Bound {
    node: Node,
    ty: ExprType,
}

/// What a bound expression is made of.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Node {
    /// A value, geometries among them.
    Constant(Value),
    /// What stands in the field at this position of the schema, which has this name.
    Field(usize, Arc<str>),
    /// The object id, as a UUID.
    Id,
    /// A function of others.
    Call(Function, Vec<Bound>),
}

impl Bound {
    /// True: a filter that passes everything.
    pub const TRUE: Self = Self { node: Node::Constant(Value::Bool(true)), ty: ExprType::Bool };
    /// False: a filter that passes nothing.
    pub const FALSE: Self = Self { node: Node::Constant(Value::Bool(false)), ty: ExprType::Bool };

    pub(super) fn new(node: Node, ty: ExprType) -> Self {
        Self { node, ty }
    }

    pub(super) fn call(function: Function, arguments: Vec<Self>, ty: ExprType) -> Self {
        Self { node: Node::Call(function, arguments), ty }
    }

    /// A value of this kind.
    #[must_use]
    pub fn constant(value: Value, ty: ExprType) -> Self {
        Self { node: Node::Constant(value), ty }
    }

    /// What it is made of.
    #[must_use]
    pub fn node(&self) -> &Node {
        &self.node
    }

    /// What kind of value it has.
    #[must_use]
    pub fn ty(&self) -> &ExprType {
        &self.ty
    }

    /// The value, where it is a constant.
    #[must_use]
    pub fn as_constant(&self) -> Option<&Value> {
        match &self.node {
            Node::Constant(value) => Some(value),
            _ => None,
        }
    }

    /// The position of the field, where it is one.
    #[must_use]
    pub fn as_field(&self) -> Option<usize> {
        match &self.node {
            Node::Field(position, _) => Some(*position),
            _ => None,
        }
    }

    /// The function and its arguments, where it is a call.
    #[must_use]
    pub fn as_call(&self) -> Option<(&Function, &[Self])> {
        match &self.node {
            Node::Call(function, arguments) => Some((function, arguments)),
            _ => None,
        }
    }

    /// The same function of other arguments, each of the kind of the one it replaces; the same
    /// expression where it is no call.
    #[must_use]
    pub fn with_arguments(&self, arguments: Vec<Self>) -> Self {
        match &self.node {
            Node::Call(function, _) => Self::call(function.clone(), arguments, self.ty.clone()),
            _ => self.clone(),
        }
    }

    /// The conditions that must all hold for it to be true: itself, or the parts of a conjunction.
    #[must_use]
    pub fn conjuncts(&self) -> &[Self] {
        match &self.node {
            Node::Call(Function::And, parts) => parts,
            _ => std::slice::from_ref(self),
        }
    }

    /// True when all of these are: the only one itself, [`Bound::TRUE`] of none.
    #[must_use]
    pub fn all(parts: impl IntoIterator<Item = Self>) -> Self {
        let mut flat = Vec::new();
        for part in parts {
            match part.node {
                Node::Call(Function::And, parts) => flat.extend(parts),
                Node::Constant(Value::Bool(true)) => {}
                node => flat.push(Self { node, ty: part.ty }),
            }
        }
        match flat.len() {
            0 => Self::TRUE,
            1 => flat.remove(0),
            _ => Self::call(Function::And, flat, ExprType::Bool),
        }
    }

    /// The positions of the fields that it looks at.
    #[must_use]
    pub fn fields(&self) -> BTreeSet<usize> {
        let mut fields = BTreeSet::new();
        self.visit(&mut |it| fields.extend(it.as_field()));
        fields
    }

    /// Whether it looks at the object id.
    #[must_use]
    pub fn uses_id(&self) -> bool {
        let mut uses = false;
        self.visit(&mut |it| uses |= it.node == Node::Id);
        uses
    }

    /// The least equal class of all functions in it.
    #[must_use]
    pub fn equality(&self) -> EqualityClass {
        let mut class = EqualityClass::Exact;
        self.visit(&mut |it| {
            if let Some((function, _)) = it.as_call() {
                class = class.max(function.equality());
            }
        });
        class
    }

    /// The stores whose own functions it calls.
    #[must_use]
    pub fn native_stores(&self) -> BTreeSet<&str> {
        let mut stores = BTreeSet::new();
        self.visit(&mut |it| {
            if let Some((Function::Native(native), _)) = it.as_call() {
                stores.insert(native.store.as_str());
            }
        });
        stores
    }

    /// Calls `look` with itself and everything in it, outermost first.
    pub fn visit<'a>(&'a self, look: &mut impl FnMut(&'a Self)) {
        look(self);
        if let Node::Call(_, arguments) = &self.node {
            for argument in arguments {
                argument.visit(look);
            }
        }
    }

    /// The same as a filter.
    pub(super) fn into_filter(self) -> Result<Self, BindError> {
        match self.ty {
            ExprType::Bool | ExprType::Null => Ok(self),
            _ => Err(BindError::NotAFilter { expression: self.to_string(), found: self.ty }),
        }
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.node {
            Node::Constant(value) => display::literal(value, f),
            Node::Field(_, name) => display::name_of(name, f),
            Node::Id => f.write_str("object_id()"),
            Node::Call(function, arguments) => display::call(function, arguments, is_loose, f),
        }
    }
}

fn is_loose(it: &Bound) -> bool {
    it.as_call().is_some_and(|(function, _)| display::is_operator(function))
}
