//! Reads CQL2 text: operators, by recursive descent along the standard's grammar.
use super::error::{Fault, Read};
use super::literal;
use super::part::{Part, too_deep};
use super::scan::{Scanner, Token, What};
use tiepoint_core::{Crs, Expr, Function};

/// A text that is being read, one token ahead.
pub(super) struct Parser<'a> {
    pub(super) scanner: Scanner<'a>,
    pub(super) token: Token<'a>,
    /// Where the token before ended.
    pub(super) previous_end: usize,
    pub(super) crs: &'a Crs,
    /// How many parentheses are open.
    pub(super) nesting: usize,
    /// The last thing that stood alone in parentheses.
    pub(super) group: Option<Group>,
}

/// One expression in parentheses, which is an array of one where arrays are expected.
#[derive(Debug, Clone, Copy)]
pub(super) struct Group {
    pub(super) start: usize,
    pub(super) end: usize,
    /// How many pairs of parentheses there are around it.
    pub(super) layers: usize,
}

fn comparison(sign: &str) -> Option<Function> {
    Some(match sign {
        "=" => Function::Eq,
        "<>" => Function::Ne,
        "<" => Function::Lt,
        "<=" => Function::Le,
        ">" => Function::Gt,
        ">=" => Function::Ge,
        _ => return None,
    })
}

impl<'a> Parser<'a> {
    pub(super) fn new(text: &'a str, crs: &'a Crs) -> Read<Self> {
        let mut scanner = Scanner::new(text);
        let token = scanner.next()?;
        Ok(Self { scanner, token, previous_end: 0, crs, nesting: 0, group: None })
    }

    /// The whole text.
    pub(super) fn whole(mut self) -> Read<Expr> {
        let part = self.expression()?;
        if self.token.what == What::End { Ok(*part.expr) } else { Err(self.wanted("an operator")) }
    }

    /// `booleanExpression`, or any other.
    pub(super) fn expression(&mut self) -> Read<Part> {
        self.joined("or", Function::Or, |parser| {
            parser.joined("and", Function::And, Self::negation)
        })
    }

    /// Operands with one word between them; of three or more it makes one call.
    fn joined(
        &mut self,
        word: &str,
        function: Function,
        operand: impl Fn(&mut Self) -> Read<Part>,
    ) -> Read<Part> {
        let first = operand(self)?;
        if !self.token.is_word(word) {
            return Ok(first);
        }
        let at = first.at;
        let mut parts = vec![first];
        while self.take_word(word)? {
            parts.push(operand(self)?);
        }
        Part::call(at, function, parts)
    }

    fn negation(&mut self) -> Read<Part> {
        let mut starts = Vec::new();
        while self.token.is_word("not") {
            starts.push(self.token.start);
            self.advance()?;
        }
        let positive = self.predicate()?;
        starts.into_iter().rev().try_fold(positive, |part, at| not(at, part))
    }

    fn predicate(&mut self) -> Read<Part> {
        let left = self.sum()?;
        match self.take_sign(comparison)? {
            Some(function) => self.compared(left, function),
            None if self.take_word("is")? => self.null_test(left),
            None if self.take_word("not")? => {
                let at = left.at;
                match self.worded(left)? {
                    Ok(part) => not(at, part),
                    Err(_) => Err(self.wanted("`LIKE`, `BETWEEN` or `IN`")),
                }
            }
            None => Ok(self.worded(left)?.unwrap_or_else(|left| left)),
        }
    }

    fn compared(&mut self, left: Part, function: Function) -> Read<Part> {
        let right = self.sum()?;
        Part::call(left.at, function, vec![left, right])
    }

    fn null_test(&mut self, left: Part) -> Read<Part> {
        let negated = self.take_word("not")?;
        self.expect_word("null")?;
        let at = left.at;
        let test = Part::call(at, Function::IsNull, vec![left])?;
        if negated { not(at, test) } else { Ok(test) }
    }

    /// A predicate whose word follows, or what has been read if none does.
    fn worded(&mut self, left: Part) -> Read<Result<Part, Part>> {
        Ok(if self.take_word("like")? {
            Ok(self.compared(left, Function::Like)?)
        } else if self.take_word("between")? {
            Ok(self.between(left)?)
        } else if self.take_word("in")? {
            Ok(self.in_list(left)?)
        } else {
            Err(left)
        })
    }

    fn between(&mut self, left: Part) -> Read<Part> {
        let low = self.sum()?;
        self.expect_word("and")?;
        let high = self.sum()?;
        Part::call(left.at, Function::Between, vec![left, low, high])
    }

    fn in_list(&mut self, left: Part) -> Read<Part> {
        self.expect_sign("(")?;
        let at = left.at;
        let mut parts = vec![left];
        parts.extend(self.list(Self::expression)?);
        Part::call(at, Function::In, parts)
    }

    /// `arithmeticExpression`.
    pub(super) fn sum(&mut self) -> Read<Part> {
        let of = |sign: &str| match sign {
            "+" => Some(Function::Add),
            "-" => Some(Function::Sub),
            _ => None,
        };
        let mut left = self.product()?;
        while let Some(function) = self.take_sign(of)? {
            let right = self.product()?;
            left = Part::call(left.at, function, vec![left, right])?;
        }
        Ok(left)
    }

    /// `arithmeticTerm`.
    fn product(&mut self) -> Read<Part> {
        let of = |sign: &str| match sign {
            "*" => Some(Function::Mul),
            "/" => Some(Function::Div),
            "%" => Some(Function::Mod),
            _ => None,
        };
        let mut left = self.power()?;
        loop {
            let function = match self.take_sign(of)? {
                Some(function) => function,
                None if self.take_word("div")? => Function::IntDiv,
                None => return Ok(left),
            };
            let right = self.power()?;
            left = Part::call(left.at, function, vec![left, right])?;
        }
    }

    /// `powerTerm`, which the grammar allows once: `2 ^ 3 ^ 4` needs parentheses.
    fn power(&mut self) -> Read<Part> {
        let base = self.factor()?;
        if !self.token.is_sign("^") {
            return Ok(base);
        }
        self.advance()?;
        let exponent = self.factor()?;
        if self.token.is_sign("^") {
            let fault = Fault::new(self.token.start, "powers of powers need parentheses");
            return Err(fault.with_hint("write a ^ (b ^ c), or (a ^ b) ^ c"));
        }
        Part::call(base.at, Function::Power, vec![base, exponent])
    }

    /// `arithmeticFactor`: a sign binds closer than `^`. Before a number it is the number's own.
    fn factor(&mut self) -> Read<Part> {
        match self.token.what {
            What::Sign("-") => self.negated(),
            What::Sign("+") => {
                self.advance()?;
                match self.token.what {
                    What::Number(_) => self.operand(),
                    _ => Err(self.wanted("a number")),
                }
            }
            _ => self.operand(),
        }
    }

    fn negated(&mut self) -> Read<Part> {
        let mut minuses = Vec::new();
        while self.token.is_sign("-") {
            minuses.push(self.token.start);
            self.advance()?;
        }
        let operand = match (minuses.last(), &self.token.what) {
            (Some(at), What::Number(number)) => {
                let number = literal::number(&format!("-{number}"), *at)?;
                let part = Part::leaf(*at, number);
                minuses.pop();
                self.advance()?;
                part
            }
            _ => self.operand()?,
        };
        let negate = |part, at| Part::call(at, Function::Negate, vec![part]);
        minuses.into_iter().rev().try_fold(operand, negate)
    }

    /// What follows `(`: items with commas between them, and `)`.
    pub(super) fn list<T>(&mut self, item: impl Fn(&mut Self) -> Read<T>) -> Read<Vec<T>> {
        self.nesting += 1;
        // One more, since even what is nested deepest may stand in parentheses.
        if self.nesting > Expr::MAX_DEPTH + 1 {
            return Err(too_deep(self.token.start));
        }
        let mut items = Vec::new();
        if !self.token.is_sign(")") {
            items.push(item(self)?);
            while self.token.is_sign(",") {
                self.advance()?;
                items.push(item(self)?);
            }
        }
        if !self.token.is_sign(")") {
            return Err(self.wanted("an operator, `,` or `)`"));
        }
        self.advance()?;
        self.nesting -= 1;
        Ok(items)
    }

    pub(super) fn advance(&mut self) -> Read<Token<'a>> {
        let next = self.scanner.next()?;
        self.previous_end = self.token.end;
        Ok(std::mem::replace(&mut self.token, next))
    }

    pub(super) fn take_word(&mut self, word: &str) -> Read<bool> {
        let is_there = self.token.is_word(word);
        if is_there {
            self.advance()?;
        }
        Ok(is_there)
    }

    /// Passes a sign that stands for a function, and gives that.
    fn take_sign(&mut self, of: fn(&str) -> Option<Function>) -> Read<Option<Function>> {
        let What::Sign(sign) = self.token.what else { return Ok(None) };
        let function = of(sign);
        if function.is_some() {
            self.advance()?;
        }
        Ok(function)
    }

    fn expect_word(&mut self, word: &str) -> Read<()> {
        if self.take_word(word)? {
            return Ok(());
        }
        Err(self.wanted(&format!("`{}`", word.to_uppercase())))
    }

    pub(super) fn expect_sign(&mut self, sign: &str) -> Read<()> {
        if !self.token.is_sign(sign) {
            return Err(self.wanted(&format!("`{sign}`")));
        }
        self.advance().map(drop)
    }

    /// That something else was expected where the token stands.
    #[cold]
    pub(super) fn wanted(&self, what: &str) -> Fault {
        let reason = format!("expected {what}, found {}", self.token.shown());
        let fault = Fault::new(self.token.start, reason);
        if self.token.is_word("ilike") {
            return fault.with_hint("write CASEI(a) LIKE CASEI(b) where case does not count");
        }
        match self.token.what {
            What::Sign(sign) if comparison(sign).is_some() => {
                fault.with_hint("join comparisons with AND, or put one in parentheses")
            }
            _ => fault,
        }
    }
}

fn not(at: usize, part: Part) -> Read<Part> {
    Part::call(at, Function::Not, vec![part])
}
