//! Bound expressions as SQL.
//!
//! In a *condition* only truth counts, so comparisons stand bare and indexes serve them; in a
//! *value* false and null differ, and every part is guarded.
use super::guarding::{Guarding, guarded};
use super::room::Room;
use super::{Dialect, Doubt, Fragment, TextUse};
use tiepoint_core::{Bound, ExprType, Function, Node, Value};

/// SQL that is true exactly where the expression is; where it is false or null it may be either.
/// `None` where the database cannot tell.
pub fn condition<D: Dialect>(dialect: &D, it: &Bound) -> Option<Fragment<D::Bind>> {
    Renderer { dialect, computes: true }.whole_condition(it)
}

/// SQL that has the value of the expression, null where it is null. `None` where the database
/// cannot tell.
pub fn value<D: Dialect>(dialect: &D, it: &Bound) -> Option<Fragment<D::Bind>> {
    Renderer { dialect, computes: true }.whole_value(it)
}

/// The conditions among `parts` that the database can decide, as one; and those that are left.
pub(super) fn conjuncts<'a, D: Dialect>(
    dialect: &D,
    parts: impl Iterator<Item = &'a Bound>,
) -> Conjunction<'a, D::Bind> {
    Renderer { dialect, computes: true }.conjuncts(parts)
}

/// Conditions that must all hold.
pub(super) struct Conjunction<'a, B> {
    /// Those that the database decides.
    pub(super) sql: Option<Fragment<B>>,
    /// Those that it cannot.
    pub(super) rest: Vec<&'a Bound>,
}

struct Renderer<'d, D> {
    dialect: &'d D,
    /// Whether code of ours may run within the database.
    computes: bool,
}

type Rendered<D> = Option<Fragment<<D as Dialect>::Bind>>;

impl<'d, D: Dialect> Renderer<'d, D> {
    fn whole_condition(&self, it: &Bound) -> Rendered<D> {
        // the parts of a conjunction share the room among themselves
        let fits = it.conjuncts().len() > 1 || Room::new().takes(it);
        if fits { self.condition(it) } else { self.excessive(it) }
    }

    fn whole_value(&self, it: &Bound) -> Rendered<D> {
        if Room::new().takes(it) { self.value(it) } else { self.excessive(it) }
    }

    /// Only a native function brings the database to take what is excessive.
    fn excessive(&self, it: &Bound) -> Rendered<D> {
        if it.native_stores().is_empty() { self.computed(it) } else { self.value(it) }
    }

    fn condition(&self, it: &Bound) -> Rendered<D> {
        match it.node() {
            Node::Constant(value) => Some(self.dialect.truth(*value == Value::Bool(true)).into()),
            Node::Call(Function::And, parts) => self.conjunction(parts),
            Node::Call(Function::Or, parts) => self.disjunction(it, parts),
            Node::Call(Function::Not, arguments) => self.negation(it, arguments),
            _ => self.leaf_condition(it).or_else(|| self.computed(it)),
        }
    }

    fn conjunction(&self, parts: &[Bound]) -> Rendered<D> {
        let Conjunction { sql, rest } = self.conjuncts(parts.iter());
        if rest.is_empty() { sql } else { None }
    }

    /// What the database decides by itself comes first; of the rest as much as our code can do
    /// there is one call of it.
    fn conjuncts<'a>(&self, parts: impl Iterator<Item = &'a Bound>) -> Conjunction<'a, D::Bind> {
        let mut room = Room::new();
        let (mut rendered, mut ours, mut rest) = (Vec::new(), Vec::new(), Vec::new());
        for part in parts {
            if !room.takes(part) && part.native_stores().is_empty() {
                ours.push(part);
                continue;
            }
            match self.by_database().condition(part) {
                Some(sql) => rendered.push(sql),
                None if is_mixed(part) => match self.condition(part) {
                    Some(sql) => rendered.push(sql),
                    None => rest.push(part),
                },
                None => ours.push(part),
            }
        }
        if !ours.is_empty() {
            match self.computed(&Bound::all(ours.iter().copied().cloned())) {
                Some(sql) => rendered.push(sql),
                None => rest.extend(ours),
            }
        }
        let sql = match rendered.len() {
            0 => None,
            1 => rendered.pop(),
            _ => Some(Fragment::junction(rendered, " AND ")),
        };
        Conjunction { sql, rest }
    }

    /// What our code must decide is one call of it, as in [`conjuncts`](Self::conjuncts); all of
    /// it where the database can decide nothing.
    fn disjunction(&self, it: &Bound, parts: &[Bound]) -> Rendered<D> {
        let (mut rendered, mut others) = (Vec::new(), Vec::new());
        for part in parts {
            match self.by_database().condition(part) {
                Some(sql) => rendered.push(sql),
                None if !self.computes => return None,
                None => others.push(part),
            }
        }
        if rendered.is_empty()
            && let Some(sql) = self.computed(it)
        {
            return Some(sql);
        }
        let (mixed, ours): (Vec<_>, Vec<_>) = others.into_iter().partition(|it| is_mixed(it));
        for part in mixed {
            rendered.push(self.condition(part)?);
        }
        let together = it.with_arguments(ours.iter().copied().cloned().collect());
        match self.computed(&together).filter(|_| ours.len() > 1) {
            Some(sql) => rendered.push(sql),
            None => {
                for part in ours {
                    rendered.push(self.computed(part)?);
                }
            }
        }
        Some(Fragment::junction(rendered, " OR "))
    }

    fn negation(&self, it: &Bound, arguments: &[Bound]) -> Rendered<D> {
        let [inner] = arguments else { return None };
        if let Some((Function::IsNull, [of])) = inner.as_call()
            && let Some(sql) = self.known(of)
        {
            return Some(sql);
        }
        match self.by_database().value(inner) {
            Some(sql) => Some(Fragment::text("NOT ").then(sql)),
            None => {
                self.computed(it).or_else(|| Some(Fragment::text("NOT ").then(self.value(inner)?)))
            }
        }
    }

    fn leaf_condition(&self, it: &Bound) -> Rendered<D> {
        match it.node() {
            Node::Field(..) => {
                let truth = Bound::TRUE;
                self.compared(&Function::Eq, it, &truth, Guarding::Positive)
            }
            Node::Call(function, arguments) => self.leaf(function, arguments, Guarding::Positive),
            Node::Constant(_) | Node::Id => None,
        }
    }

    fn value(&self, it: &Bound) -> Rendered<D> {
        let by_database = match it.node() {
            Node::Constant(Value::Null) => Some("NULL".into()),
            Node::Constant(Value::Bool(truth)) => Some(self.dialect.truth(*truth).into()),
            Node::Constant(value) => self.dialect.constant(value, it.ty()),
            Node::Field(..) => self.field_value(it),
            Node::Id => None,
            Node::Call(Function::And, parts) => self.whole(it).junction(parts, " AND "),
            Node::Call(Function::Or, parts) => self.whole(it).junction(parts, " OR "),
            Node::Call(Function::Not, arguments) => self.whole(it).not(arguments),
            Node::Call(function, arguments) => self.leaf(function, arguments, Guarding::Full),
        };
        by_database.or_else(|| self.computed(it))
    }

    fn junction(&self, parts: &[Bound], word: &'static str) -> Rendered<D> {
        let parts: Option<Vec<_>> = parts.iter().map(|part| self.value(part)).collect();
        Some(Fragment::junction(parts?, word))
    }

    fn not(&self, arguments: &[Bound]) -> Rendered<D> {
        let [inner] = arguments else { return None };
        Some(Fragment::text("(NOT ").then(self.value(inner)?).then(")"))
    }

    /// Who renders the parts of a junction: the database alone, else our code does all at once;
    /// parts apart only where a native function keeps our code from that.
    fn whole(&self, it: &Bound) -> Renderer<'d, D> {
        let apart = !it.native_stores().is_empty();
        Renderer { dialect: self.dialect, computes: self.computes && apart }
    }

    fn field_value(&self, it: &Bound) -> Rendered<D> {
        if !self.dialect.tells_null(it) {
            return None;
        }
        let column = self.field(it)?;
        Some(match self.dialect.holds(it, Doubt::Any) {
            Some(holds) => guarded([holds], column),
            None => column,
        })
    }

    fn leaf(&self, function: &Function, arguments: &[Bound], guarding: Guarding) -> Rendered<D> {
        match (function, arguments) {
            (
                Function::Eq
                | Function::Ne
                | Function::Lt
                | Function::Le
                | Function::Gt
                | Function::Ge,
                [a, b],
            ) => self.compared(function, a, b, guarding),
            (Function::In, [first, others @ ..]) => self.within(first, others, guarding),
            (Function::IsNull, [of]) => {
                self.known(of).map(|known| Fragment::text("(NOT ").then(known).then(")"))
            }
            (Function::Native(native), _) => {
                let arguments = arguments.iter().map(|it| self.argument(it));
                let arguments = Fragment::joined(arguments.collect::<Option<Vec<_>>>()?, ", ");
                Some(Fragment::name(&native.name).then("(").then(arguments).then(")"))
            }
            _ => self.dialect.call(function, arguments, &|it| self.value(it)),
        }
    }

    /// What a native function is given: a column as it is stored, whatever it holds.
    fn argument(&self, it: &Bound) -> Rendered<D> {
        if it.as_field().is_some() { self.field(it) } else { self.value(it) }
    }

    /// SQL that is true where something is not null, and false where it is.
    fn known(&self, of: &Bound) -> Rendered<D> {
        if of.as_field().is_some() {
            if !self.dialect.tells_null(of) {
                return None;
            }
            if let Some(holds) = self.dialect.holds(of, Doubt::Any) {
                return Some(holds);
            }
        }
        Some(self.by_database().value(of)?.then(" IS NOT NULL").in_parentheses())
    }

    fn compared(
        &self,
        function: &Function,
        a: &Bound,
        b: &Bound,
        guarding: Guarding,
    ) -> Rendered<D> {
        if !self.dialect.compares(a, b) {
            return None;
        }
        let text_use = match function {
            Function::Eq | Function::Ne => TextUse::Equality,
            _ => TextUse::Order,
        };
        let (left, right) = (self.operand(a, text_use)?, self.operand(b, text_use)?);
        let sql = left.then(operator(function)?).then(right);
        let doubts = guarding.doubts(function, a, b);
        let sides = [a, b].into_iter().zip(doubts);
        let guards = sides.filter_map(|(it, doubt)| self.guard(it, doubt));
        Some(guarding.applied(guards.collect(), sql))
    }

    fn within(&self, first: &Bound, others: &[Bound], guarding: Guarding) -> Rendered<D> {
        let constants = others.iter().all(|it| it.as_constant().is_some_and(|it| !it.is_null()));
        if !constants || others.len() > self.dialect.longest_list() {
            return None;
        }
        if !others.iter().all(|it| self.dialect.compares(first, it)) {
            return None;
        }
        let operand = |it| self.operand(it, TextUse::Equality);
        let list: Option<Vec<_>> = others.iter().map(operand).collect();
        let sql = operand(first)?.then(" IN (").then(Fragment::joined(list?, ", ")).then(")");
        let doubt = if guarding == Guarding::Positive { Doubt::Equal } else { Doubt::Any };
        Some(guarding.applied(self.guard(first, doubt).into_iter().collect(), sql))
    }

    fn guard(&self, it: &Bound, doubt: Doubt) -> Rendered<D> {
        it.as_field().and_then(|_| self.dialect.holds(it, doubt))
    }

    /// One side of a comparison: a bare column, a constant, or a function of the database, to whose
    /// arguments our code may contribute.
    fn operand(&self, it: &Bound, text_use: TextUse) -> Rendered<D> {
        let sql = match it.node() {
            Node::Field(..) => self.field(it),
            Node::Call(Function::Native(_), _) => self.value(it),
            _ => self.by_database().value(it),
        };
        let is_constant = it.as_constant().is_some();
        let collates = *it.ty() == ExprType::Text && !is_constant;
        sql.map(|sql| if collates { self.dialect.collated(it, sql, text_use) } else { sql })
    }

    fn field(&self, it: &Bound) -> Rendered<D> {
        match it.node() {
            Node::Field(position, name) => Some(self.dialect.field(*position, name)),
            _ => None,
        }
    }

    fn computed(&self, it: &Bound) -> Rendered<D> {
        let ours = self.computes && it.native_stores().is_empty();
        ours.then(|| self.dialect.computed(it)).flatten()
    }

    fn by_database(&self) -> Renderer<'d, D> {
        Renderer { dialect: self.dialect, computes: false }
    }
}

fn operator(function: &Function) -> Option<&'static str> {
    Some(match function {
        Function::Eq => " = ",
        Function::Ne => " <> ",
        Function::Lt => " < ",
        Function::Le => " <= ",
        Function::Gt => " > ",
        Function::Ge => " >= ",
        _ => return None,
    })
}

/// Whether parts of it may be told apart by the database and by our code.
fn is_mixed(it: &Bound) -> bool {
    matches!(it.as_call(), Some((Function::And | Function::Or, _)))
        || !it.native_stores().is_empty()
}
