//! Cuts CQL2 text into words, names, texts, numbers and signs, one at a time.
use super::error::{Fault, Read};
use super::names::{continues_identifier, is_space, starts_identifier};
use std::borrow::Cow;

/// The next thing in a text, and where it starts and ends, in bytes.
#[derive(Debug, Clone)]
pub(super) struct Token<'a> {
    pub(super) what: What<'a>,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// What a token is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum What<'a> {
    /// A reserved word, a property, or a function's name.
    Word(&'a str),
    /// A property's name in double quotes.
    Name(Cow<'a, str>),
    /// A text in single quotes.
    Text(Cow<'a, str>),
    /// A number without sign, as written.
    Number(&'a str),
    /// A sign: `(`, `<=`, ...
    Sign(&'static str),
    /// Nothing is left.
    End,
}

/// The longer ones first.
const SIGNS: [&str; 14] = ["<>", "<=", ">=", "(", ")", ",", "=", "<", ">", "+", "-", "*", "/", "%"];

/// What other languages write, and what CQL2 does.
const FOREIGN: [(&str, &str); 6] = [
    ("!=", "write <> for not equal"),
    ("==", "write = for equal"),
    ("&&", "write AND"),
    ("||", "write OR, or concat(…) to join texts"),
    ("!", "write NOT"),
    (";", "one expression is all that is read"),
];

/// A place in a text.
#[derive(Debug, Clone)]
pub(super) struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// The next thing in the text.
    pub(super) fn next(&mut self) -> Read<Token<'a>> {
        self.at = self.text.len() - self.rest().trim_start_matches(is_space).len();
        let start = self.at;
        let what = self.what()?;
        Ok(Token { what, start, end: self.at })
    }

    fn what(&mut self) -> Read<What<'a>> {
        let rest = self.rest();
        let Some(first) = rest.chars().next() else { return Ok(What::End) };
        if let Some((foreign, hint)) = FOREIGN.iter().find(|(it, _)| rest.starts_with(it)) {
            let fault = Fault::new(self.at, format!("CQL2 has no `{foreign}`"));
            return Err(fault.with_hint(*hint));
        }
        if let Some(sign) = SIGNS.iter().chain(&["^"]).find(|sign| rest.starts_with(**sign)) {
            self.at += sign.len();
            return Ok(What::Sign(sign));
        }
        let digit_follows = rest.as_bytes().get(1).is_some_and(u8::is_ascii_digit);
        match first {
            '\'' => self.text_in_quotes().map(What::Text),
            '"' => self.name_in_quotes().map(What::Name),
            '0'..='9' => Ok(What::Number(self.number())),
            '.' if digit_follows => Ok(What::Number(self.number())),
            first if starts_identifier(first) => Ok(What::Word(self.word())),
            other => Err(Fault::new(self.at, format!("no expression has {}", shown_char(other)))),
        }
    }

    fn word(&mut self) -> &'a str {
        let rest = self.rest();
        let end = rest.find(|c| !continues_identifier(c)).unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    /// Digits, a point, an exponent, as far as they make a number.
    fn number(&mut self) -> &'a str {
        let rest = self.rest();
        let digits = |from: usize| {
            let count = rest[from..].bytes().take_while(u8::is_ascii_digit).count();
            from + count
        };
        let mut end = digits(0);
        if rest[end..].starts_with('.') {
            end = digits(end + 1);
        }
        if rest[end..].starts_with(['e', 'E']) {
            let signed = rest[end + 1..].starts_with(['+', '-']);
            let start = end + 1 + usize::from(signed);
            let exponent_end = digits(start);
            end = if exponent_end > start { exponent_end } else { end };
        }
        self.at += end;
        &rest[..end]
    }

    /// A text: `''` and `\'` are quotes in it. Of several backslashes before a quote, two stand
    /// for one, so that a text may end with one.
    fn text_in_quotes(&mut self) -> Read<Cow<'a, str>> {
        let start = self.at;
        let inside = &self.text[start + 1..];
        let mut out = Cow::Borrowed("");
        let mut from = 0;
        while let Some(quote) = inside[from..].find('\'').map(|at| from + at) {
            let plain = inside[from..quote].trim_end_matches('\\');
            let backslashes = quote - from - plain.len();
            append(&mut out, &inside[from..from + plain.len() + backslashes / 2]);
            let is_pair = inside[quote + 1..].starts_with('\'');
            match (backslashes % 2 == 1, is_pair) {
                (true, _) => from = quote + 1,
                (false, true) => from = quote + 2,
                (false, false) => {
                    self.at = start + 1 + quote + 1;
                    return Ok(out);
                }
            }
            append(&mut out, "'");
        }
        let fault = Fault::new(start, "the text that starts here is never closed");
        Err(fault.with_hint("end it with a single quote; a quote inside is written twice"))
    }

    /// A name: `""` is a quote in it.
    fn name_in_quotes(&mut self) -> Read<Cow<'a, str>> {
        let start = self.at;
        let inside = &self.text[start + 1..];
        let mut out = Cow::Borrowed("");
        let mut from = 0;
        while let Some(quote) = inside[from..].find('"').map(|at| from + at) {
            append(&mut out, &inside[from..quote]);
            if !inside[quote + 1..].starts_with('"') {
                self.at = start + 1 + quote + 1;
                return Ok(out);
            }
            append(&mut out, "\"");
            from = quote + 2;
        }
        let fault = Fault::new(start, "the name that starts here is never closed");
        Err(fault.with_hint("end it with a double quote; one inside is written twice"))
    }

    /// The text from `start` up to here.
    pub(super) fn since(&self, start: usize) -> &'a str {
        &self.text[start..self.at]
    }

    /// The text from `start` to the parenthesis that closes the one that comes next, which is
    /// passed.
    pub(super) fn up_to_closing(&mut self, start: usize) -> Read<&'a str> {
        let Some(open) = self.rest().find('(').map(|at| self.at + at) else {
            return Err(Fault::new(self.at, "expected `(`"));
        };
        let mut depth = 0_usize;
        for (at, byte) in self.text.bytes().enumerate().skip(open) {
            match byte {
                b'(' => depth += 1,
                b')' => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                self.at = at + 1;
                return Ok(&self.text[start..=at]);
            }
        }
        Err(Fault::new(open, "the parenthesis is never closed"))
    }
}

fn append<'a>(to: &mut Cow<'a, str>, more: &'a str) {
    if to.is_empty() { *to = Cow::Borrowed(more) } else { to.to_mut().push_str(more) }
}

/// A character for messages: what cannot be seen by its code.
fn shown_char(c: char) -> String {
    if c.is_control() || c.is_whitespace() {
        format!("the character U+{:04X}", u32::from(c))
    } else {
        format!("`{c}`")
    }
}

impl Token<'_> {
    /// The token for messages.
    pub(super) fn shown(&self) -> String {
        match &self.what {
            What::Word(word) => format!("`{}`", shortened(word)),
            What::Name(name) => format!("`\"{}\"`", shortened(name)),
            What::Text(text) => format!("the text '{}'", shortened(text)),
            What::Number(number) => format!("the number {}", shortened(number)),
            What::Sign(sign) => format!("`{sign}`"),
            What::End => "the end".to_owned(),
        }
    }

    pub(super) fn is_sign(&self, sign: &str) -> bool {
        matches!(self.what, What::Sign(it) if it == sign)
    }

    pub(super) fn is_word(&self, word: &str) -> bool {
        matches!(self.what, What::Word(it) if it.eq_ignore_ascii_case(word))
    }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(40) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
