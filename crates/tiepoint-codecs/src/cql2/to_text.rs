//! Writes CQL2 text, with no more parentheses than the grammar asks for.
use super::literal::Constructor;
use super::names;
use super::sayable::{self, Say, as_large_integer};
use tiepoint_core::{Expr, Function, Value};

/// How closely an expression holds together, the loosest first, as the grammar has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Bond {
    Or,
    And,
    Not,
    Predicate,
    Sum,
    Product,
    Power,
    Factor,
    Operand,
}

/// Appends an expression that can be said.
pub(super) fn write(expr: &Expr, out: &mut String) -> Say {
    Writer { out }.bare(expr)
}

struct Writer<'a> {
    out: &'a mut String,
}

impl Writer<'_> {
    /// An expression, in parentheses if it holds together less than it has to.
    fn operand(&mut self, expr: &Expr, at_least: Bond) -> Say {
        if bond(expr) >= at_least { self.bare(expr) } else { self.grouped(expr) }
    }

    fn grouped(&mut self, expr: &Expr) -> Say {
        self.out.push('(');
        self.bare(expr)?;
        self.out.push(')');
        Ok(())
    }

    fn bare(&mut self, expr: &Expr) -> Say {
        match expr {
            Expr::Literal(value) => self.literal(value),
            Expr::Place(geometry, _) => self.out.push_str(&geometry.to_wkt()),
            Expr::Box(bbox, _) => {
                let bounds = [bbox.min_x, bbox.min_y, bbox.max_x, bbox.max_y];
                let bounds = bounds.map(shortest).join(", ");
                self.out.extend(["BBOX(", &bounds, ")"]);
            }
            Expr::Field(name) => self.property(name),
            Expr::Id => self.out.push_str("object_id()"),
            Expr::Call(function, arguments) => self.call(function, arguments, "")?,
        }
        Ok(())
    }

    fn literal(&mut self, value: &Value) {
        match value {
            Value::Null => self.out.push_str("NULL"),
            Value::Bool(truth) => self.out.push_str(if *truth { "TRUE" } else { "FALSE" }),
            Value::Int(number) => self.out.push_str(&number.to_string()),
            Value::Real(number) => self.out.push_str(&sayable::double(*number)),
            Value::Text(text) => self.text(text),
            value => match (as_large_integer(value), Constructor::of(value)) {
                (Some(digits), _) => self.out.push_str(digits),
                (None, Some((constructor, text))) => {
                    self.out.push_str(&constructor.name().to_uppercase());
                    self.out.push('(');
                    self.text(&text);
                    self.out.push(')');
                }
                (None, None) => {}
            },
        }
    }

    /// A text: quotes are written twice, and so are backslashes before a quote.
    fn text(&mut self, text: &str) {
        let mut backslashes = 0;
        self.out.push('\'');
        for c in text.chars() {
            if c == '\'' {
                self.out.extend(std::iter::repeat_n('\\', backslashes));
                self.out.push('\'');
            }
            backslashes = if c == '\\' { backslashes + 1 } else { 0 };
            self.out.push(c);
        }
        self.out.extend(std::iter::repeat_n('\\', backslashes));
        self.out.push('\'');
    }

    fn property(&mut self, name: &str) {
        if names::is_plain(name) {
            self.out.push_str(name);
        } else {
            self.out.push('"');
            self.out.push_str(&name.replace('"', "\"\""));
            self.out.push('"');
        }
    }

    /// A call, with `not` before the word of a predicate.
    fn call(&mut self, function: &Function, arguments: &[Expr], not: &str) -> Say {
        match (function, arguments) {
            (Function::And | Function::Or, [one]) => self.bare(one),
            (Function::And, _) => self.joined(arguments, " AND ", Bond::Not),
            (Function::Or, _) => self.joined(arguments, " OR ", Bond::And),
            (Function::Not, [Expr::Call(inner, arguments)]) if has_negative(inner) => {
                self.call(inner, arguments, "NOT ")
            }
            (Function::Not, [one]) => {
                self.out.push_str("NOT ");
                self.operand(one, Bond::Predicate)
            }
            (Function::IsNull, [one]) => {
                self.operand(one, Bond::Sum)?;
                self.out.extend([" IS ", not, "NULL"]);
                Ok(())
            }
            (Function::Between, [one, low, high]) => {
                self.infix(one, &format!(" {not}BETWEEN "), low, (Bond::Sum, Bond::Sum))?;
                self.out.push_str(" AND ");
                self.operand(high, Bond::Sum)
            }
            (Function::In, [one, list @ ..]) => {
                self.operand(one, Bond::Sum)?;
                self.out.extend([" ", not, "IN ("]);
                self.listed(list)
            }
            (Function::Negate, [one]) => {
                self.out.push('-');
                let is_number = matches!(one, Expr::Literal(_));
                if is_number { self.grouped(one) } else { self.operand(one, Bond::Operand) }
            }
            (Function::ArrayOf, members) if members.len() != 1 => {
                self.out.push('(');
                self.listed(members)
            }
            _ => match (infix(function), arguments) {
                (Some((word, bonds)), [a, b]) => self.infix(a, &format!(" {not}{word} "), b, bonds),
                _ => self.named(function, arguments),
            },
        }
    }

    fn joined(&mut self, parts: &[Expr], word: &str, at_least: Bond) -> Say {
        for (index, part) in parts.iter().enumerate() {
            if index > 0 {
                self.out.push_str(word);
            }
            self.operand(part, at_least)?;
        }
        Ok(())
    }

    fn infix(&mut self, a: &Expr, word: &str, b: &Expr, bonds: (Bond, Bond)) -> Say {
        self.operand(a, bonds.0)?;
        self.out.push_str(word);
        self.operand(b, bonds.1)
    }

    /// Items, and the parenthesis that closes them.
    fn listed(&mut self, items: &[Expr]) -> Say {
        self.joined(items, ", ", Bond::Or)?;
        self.out.push(')');
        Ok(())
    }

    fn named(&mut self, function: &Function, arguments: &[Expr]) -> Say {
        self.out.push_str(&name(function));
        self.out.push('(');
        for (index, argument) in arguments.iter().enumerate() {
            if index > 0 {
                self.out.push_str(", ");
            }
            self.argument(function, argument)?;
        }
        if let Some(parameter) = sayable::parameter(function)? {
            self.out.push_str(", ");
            self.text(&parameter);
        }
        self.out.push(')');
        Ok(())
    }

    fn argument(&mut self, function: &Function, argument: &Expr) -> Say {
        let instant = sayable::instant(argument).filter(|_| *function == Function::Interval);
        if let Some(text) = instant {
            self.text(&text);
            return Ok(());
        }
        match (function, argument) {
            (Function::DateOf | Function::TimeOf, Expr::Literal(Value::Text(_))) => {
                self.grouped(argument)
            }
            (function, Expr::Call(Function::ArrayOf, members))
                if names::takes_arrays(function) && members.len() == 1 =>
            {
                self.out.push('(');
                self.listed(members)
            }
            _ => self.bare(argument),
        }
    }
}

/// Whether `NOT` stands before the predicate's own word.
fn has_negative(function: &Function) -> bool {
    use Function::{Between, In, IsNull, Like};
    matches!(function, IsNull | Between | In | Like)
}

/// The functions of the standard in its own spelling, ours in lower case.
fn name(function: &Function) -> String {
    match function {
        Function::Spatial(_)
        | Function::Temporal(_)
        | Function::Interval
        | Function::Casei
        | Function::Accenti
        | Function::ArrayEquals
        | Function::ArrayContains
        | Function::ArrayContainedBy
        | Function::ArrayOverlaps => function.name().to_uppercase(),
        _ => function.name().to_owned(),
    }
}

/// What stands between two operands, and how closely these must hold together.
fn infix(function: &Function) -> Option<(&str, (Bond, Bond))> {
    use Function as F;
    let word = if *function == F::Like { "LIKE" } else { function.name() };
    let bonds = match function {
        F::Eq | F::Ne | F::Lt | F::Le | F::Gt | F::Ge | F::Like => (Bond::Sum, Bond::Sum),
        F::Add | F::Sub => (Bond::Sum, Bond::Product),
        F::Mul | F::Div | F::IntDiv | F::Mod => (Bond::Product, Bond::Power),
        F::Power => (Bond::Factor, Bond::Factor),
        _ => return None,
    };
    Some((word, bonds))
}

fn bond(expr: &Expr) -> Bond {
    use Function as F;
    let (function, arguments) = match expr {
        Expr::Literal(value) if is_negative(value) => return Bond::Factor,
        Expr::Call(function, arguments) => (function, arguments),
        _ => return Bond::Operand,
    };
    match (function, &arguments[..]) {
        (F::And | F::Or, [one]) => bond(one),
        (F::Or, _) => Bond::Or,
        (F::And, _) => Bond::And,
        (F::Not, [Expr::Call(inner, _)]) if has_negative(inner) => Bond::Predicate,
        (F::Not, _) => Bond::Not,
        (comparison, _) if has_negative(comparison) || is_comparison(comparison) => Bond::Predicate,
        (F::Add | F::Sub, _) => Bond::Sum,
        (F::Mul | F::Div | F::IntDiv | F::Mod, _) => Bond::Product,
        (F::Power, _) => Bond::Power,
        (F::Negate, _) => Bond::Factor,
        _ => Bond::Operand,
    }
}

fn is_comparison(function: &Function) -> bool {
    use Function::{Eq, Ge, Gt, Le, Lt, Ne};
    matches!(function, Eq | Ne | Lt | Le | Gt | Ge)
}

fn is_negative(value: &Value) -> bool {
    match value {
        Value::Int(number) => *number < 0,
        Value::Real(number) => number.is_sign_negative(),
        value => as_large_integer(value).is_some_and(|digits| digits.starts_with('-')),
    }
}

/// A number that need not show that it is no whole one.
fn shortest(number: f64) -> String {
    let (plain, scientific) = (number.to_string(), format!("{number:E}"));
    if plain.len() <= scientific.len() { plain } else { scientific }
}
