//! Reads CQL2 text: operators, by recursive descent along the standard's grammar.
use super::error::{Fault, Read};
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

const COMPARISONS: [(&str, Function); 6] = [
    ("=", Function::Eq),
    ("<>", Function::Ne),
    ("<", Function::Lt),
    ("<=", Function::Le),
    (">", Function::Gt),
    (">=", Function::Ge),
];

impl<'a> Parser<'a> {
    pub(super) fn new(text: &'a str, crs: &'a Crs) -> Read<Self> {
        let mut scanner = Scanner::new(text);
        let token = scanner.next()?;
        Ok(Self { scanner, token, previous_end: 0, crs, nesting: 0, group: None })
    }

    /// The whole text.
    pub(super) fn whole(mut self) -> Read<Expr> {
        let part = self.expression()?;
        if self.token.what == What::End { Ok(part.expr) } else { Err(self.wanted("an operator")) }
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
        let at = left.at;
        if let Some(function) = self.take_sign(&COMPARISONS)? {
            let right = self.sum()?;
            return Part::call(at, function, vec![left, right]);
        }
        if self.take_word("is")? {
            let negated = self.take_word("not")?;
            self.expect_word("null")?;
            return negated_if(negated, Part::call(at, Function::IsNull, vec![left])?);
        }
        let negated = self.take_word("not")?;
        let part = if self.take_word("like")? {
            let pattern = self.sum()?;
            Part::call(at, Function::Like, vec![left, pattern])?
        } else if self.take_word("between")? {
            let low = self.sum()?;
            self.expect_word("and")?;
            let high = self.sum()?;
            Part::call(at, Function::Between, vec![left, low, high])?
        } else if self.take_word("in")? {
            self.expect_sign("(")?;
            let mut parts = vec![left];
            parts.extend(self.list(Self::expression)?);
            Part::call(at, Function::In, parts)?
        } else if negated {
            return Err(self.wanted("`LIKE`, `BETWEEN` or `IN`"));
        } else {
            return Ok(left);
        };
        negated_if(negated, part)
    }

    /// `arithmeticExpression`.
    pub(super) fn sum(&mut self) -> Read<Part> {
        let signs = [("+", Function::Add), ("-", Function::Sub)];
        let mut left = self.product()?;
        while let Some(function) = self.take_sign(&signs)? {
            let right = self.product()?;
            left = Part::call(left.at, function, vec![left, right])?;
        }
        Ok(left)
    }

    /// `arithmeticTerm`.
    fn product(&mut self) -> Read<Part> {
        let signs = [("*", Function::Mul), ("/", Function::Div), ("%", Function::Mod)];
        let mut left = self.power()?;
        loop {
            let function = match self.take_sign(&signs)? {
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
        let mut minuses = Vec::new();
        while self.token.is_sign("-") {
            minuses.push(self.token.start);
            self.advance()?;
        }
        if self.token.is_sign("+") {
            self.advance()?;
            if !matches!(self.token.what, What::Number(_)) {
                return Err(self.wanted("a number"));
            }
        }
        let operand = match (minuses.last(), &self.token.what) {
            (Some(at), What::Number(number)) => {
                let number = super::literal::number(&format!("-{number}"), *at)?;
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

    fn take_sign(&mut self, signs: &[(&str, Function)]) -> Read<Option<Function>> {
        let found = signs.iter().find(|(sign, _)| self.token.is_sign(sign));
        if found.is_some() {
            self.advance()?;
        }
        Ok(found.map(|(_, function)| function.clone()))
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
    pub(super) fn wanted(&self, what: &str) -> Box<Fault> {
        let reason = format!("expected {what}, found {}", self.token.shown());
        let fault = Fault::new(self.token.start, reason);
        if self.token.is_word("ilike") {
            return fault.with_hint("write CASEI(a) LIKE CASEI(b) where case does not count");
        }
        match COMPARISONS.iter().any(|(sign, _)| self.token.is_sign(sign)) {
            true => fault.with_hint("join comparisons with AND, or put one in parentheses"),
            false => fault,
        }
    }
}

fn not(at: usize, part: Part) -> Read<Part> {
    Part::call(at, Function::Not, vec![part])
}

fn negated_if(negated: bool, part: Part) -> Read<Part> {
    if negated { not(part.at, part) } else { Ok(part) }
}
