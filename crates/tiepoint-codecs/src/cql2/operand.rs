//! Reads CQL2 text: what operators stand between.
use super::error::{Fault, Read};
use super::literal::{self, Constructor};
use super::names::{self, Callee};
use super::parse::{Group, Parser};
use super::part::{Part, wrong_count};
use super::scan::{Token, What};
use std::borrow::Cow;
use tiepoint_core::{BBox, Expr, Function, Geometry, GeometryError, Value};

impl<'a> Parser<'a> {
    /// A literal, a property, a call, an array, or anything in parentheses.
    pub(super) fn operand(&mut self) -> Read<Part> {
        let Token { what, start, .. } = self.token.clone();
        match what {
            What::Word(word) => self.word(word, start),
            What::Sign("(") => self.parentheses(),
            What::Number(number) => {
                self.advance()?;
                Ok(Part::leaf(start, literal::number(number, start)?))
            }
            What::Text(text) => {
                self.advance()?;
                Ok(Part::leaf(start, text.as_ref()))
            }
            What::Name(name) => {
                self.advance()?;
                Ok(Part::leaf(start, Expr::Field(name.into_owned())))
            }
            What::Sign(_) | What::End => Err(self.wanted("a value, a property or a function")),
        }
    }

    fn word(&mut self, word: &'a str, start: usize) -> Read<Part> {
        let constant = match () {
            () if self.token.is_word("true") => Value::Bool(true),
            () if self.token.is_word("false") => Value::Bool(false),
            () if self.token.is_word("null") => Value::Null,
            () if names::is_reserved(word) => {
                let fault = self.wanted("a value, a property or a function");
                return Err(fault.with_hint(format!("a property of that name is \"{word}\"")));
            }
            () if self.starts_geometry(word) => return self.geometry(start),
            () => {
                self.advance()?;
                if self.token.is_sign("(") {
                    return self.call(word, start);
                }
                return Ok(Part::leaf(start, Expr::Field(word.to_owned())));
            }
        };
        self.advance()?;
        Ok(Part::leaf(start, Expr::Literal(constant)))
    }

    /// One expression in parentheses, or an array.
    fn parentheses(&mut self) -> Read<Part> {
        let start = self.token.start;
        self.advance()?;
        let mut parts = self.list(|parser| {
            let part = parser.expression()?;
            let layers = parser.layers_around(part.at);
            Ok((part, layers))
        })?;
        if parts.len() == 1
            && let Some((part, layers)) = parts.pop()
        {
            self.group = Some(Group { start, end: self.previous_end, layers: layers + 1 });
            return Ok(Part { at: start, ..part });
        }
        let members = parts.into_iter().map(|(part, layers)| arrays(part, layers));
        Part::call(start, Function::ArrayOf, members.collect::<Read<_>>()?)
    }

    /// How many pairs of parentheses the whole expression stands in that starts at `start` and has
    /// just been read.
    fn layers_around(&self, start: usize) -> usize {
        let is_whole = |it: &Group| it.start == start && it.end == self.previous_end;
        self.group.filter(is_whole).map_or(0, |it| it.layers)
    }

    /// `WKT` follows: a kind of geometry, perhaps a tag, and `(` or `EMPTY`.
    fn starts_geometry(&self, word: &str) -> bool {
        let mut ahead = self.scanner.clone();
        let mut next = || ahead.next().ok();
        let opens = |token: &Token<'_>| token.is_sign("(") || token.is_word("empty");
        names::geometry_kind(word).is_some()
            && next().is_some_and(|token| {
                let is_tag = ["z", "m", "zm"].iter().any(|tag| token.is_word(tag));
                opens(&token) || is_tag && next().is_some_and(|token| opens(&token))
            })
    }

    fn geometry(&mut self, start: usize) -> Read<Part> {
        let mut ahead = self.scanner.clone();
        let mut next = ahead.next()?;
        if matches!(next.what, What::Word(_)) && !next.is_word("empty") {
            next = ahead.next()?;
        }
        let wkt = if next.is_word("empty") {
            self.scanner = ahead;
            self.scanner.since(start)
        } else {
            self.scanner.up_to_closing(start)?
        };
        let geometry = Geometry::from_wkt(wkt).map_err(|error| in_wkt(&error, wkt, start))?;
        self.token.end = start + wkt.len();
        self.advance()?;
        Ok(Part::leaf(start, Expr::Place(geometry, self.crs.clone())))
    }

    /// A call, whose name has been passed.
    fn call(&mut self, name: &str, start: usize) -> Read<Part> {
        self.expect_sign("(")?;
        if name.eq_ignore_ascii_case("bbox") {
            return self.bbox(start);
        }
        if name.eq_ignore_ascii_case("interval") {
            let ends = self.list(Self::end_of_interval)?;
            return match ends.len() {
                2 => Part::call(start, Function::Interval, ends),
                found => Err(wrong_count(start, "interval", 2, found)),
            };
        }
        if let Some(constructor) = Constructor::named(name)
            && (self.lone_text().is_some() || !constructor.is_function_too())
        {
            return self.constructed(constructor, start);
        }
        let callee = names::callee(name, start)?;
        let wants_arrays = matches!(&callee, Callee::Plain(it) if names::takes_arrays(it));
        let arguments = self.list(|parser| {
            let part = parser.expression()?;
            let layers = if wants_arrays { parser.layers_around(part.at) } else { 0 };
            arrays(part, layers)
        })?;
        Part::named(start, callee, arguments)
    }

    /// What follows `DATE(` and the like.
    fn constructed(&mut self, constructor: Constructor, start: usize) -> Read<Part> {
        let What::Text(text) = self.token.what.clone() else {
            return Err(self.wanted("a text in single quotes"));
        };
        let value = constructor.value(&text, self.token.start)?;
        self.advance()?;
        self.expect_sign(")")?;
        Ok(Part::leaf(start, Expr::Literal(value)))
    }

    /// `instantParameter`: a text is a date or a moment here, or `..`.
    fn end_of_interval(&mut self) -> Read<Part> {
        if let Some(text) = self.lone_text() {
            let at = self.token.start;
            let end = literal::instant(&text, at)?;
            self.advance()?;
            return Ok(Part::leaf(at, end));
        }
        let end = self.expression()?;
        match *end.expr {
            Expr::Literal(Value::Text(_)) => {
                Err(Fault::new(end.at, "a text in parentheses is no end of an interval"))
            }
            _ => Ok(end),
        }
    }

    /// The text that is the whole of an argument.
    fn lone_text(&self) -> Option<Cow<'a, str>> {
        let next = self.scanner.clone().next();
        let ends = |token: Token<'_>| token.is_sign(",") || token.is_sign(")");
        match &self.token.what {
            What::Text(text) if next.is_ok_and(ends) => Some(text.clone()),
            _ => None,
        }
    }

    /// Four numbers, or six, of which the heights are passed over.
    fn bbox(&mut self, start: usize) -> Read<Part> {
        let numbers = self.list(Self::signed_number)?;
        let ([min_x, min_y, max_x, max_y] | [min_x, min_y, _, max_x, max_y, _]) = numbers[..]
        else {
            return Err(bbox_count(start, numbers.len()));
        };
        let bbox = BBox { min_x, min_y, max_x, max_y };
        Ok(Part::leaf(start, Expr::Box(bbox, self.crs.clone())))
    }

    fn signed_number(&mut self) -> Read<f64> {
        let start = self.token.start;
        let sign = match self.token.what {
            What::Sign("-") => "-",
            _ => "",
        };
        if matches!(self.token.what, What::Sign("-" | "+")) {
            self.advance()?;
        }
        let What::Number(number) = self.token.what else { return Err(self.wanted("a number")) };
        self.advance()?;
        let number = format!("{sign}{number}").parse::<f64>().ok().filter(|it| it.is_finite());
        number.ok_or_else(|| Fault::new(start, "the number is too large"))
    }
}

pub(super) fn bbox_count(at: usize, found: usize) -> Fault {
    Fault::new(at, format!("a box has 4 numbers, or 6 with heights, found {found}"))
        .with_hint("write west, south, east, north")
}

/// The expression as an array of one, so many times over.
fn arrays(part: Part, layers: usize) -> Read<Part> {
    (0..layers).try_fold(part, |part, _| Part::call(part.at, Function::ArrayOf, vec![part]))
}

/// What is wrong within WKT that starts at `start`.
fn in_wkt(error: &GeometryError, wkt: &str, start: usize) -> Fault {
    match error {
        GeometryError::Text { fault, position, .. } => {
            let at = wkt.char_indices().nth(*position).map_or(wkt.len(), |(at, _)| at);
            Fault::new(start + at, fault.to_string())
        }
        other => Fault::new(start, other.to_string()),
    }
}
