//! A JSON document (RFC 8259) with the place of every value in it, numbers as they were written.
use super::error::{Fault, Read};
use std::borrow::Cow;
use tiepoint_core::Expr;

/// A value and where it starts, in bytes.
#[derive(Debug)]
pub(super) struct Json<'a> {
    pub(super) at: usize,
    pub(super) what: What<'a>,
}

/// What a JSON value is.
#[derive(Debug)]
pub(super) enum What<'a> {
    Null,
    Bool(bool),
    Number(&'a str),
    Text(Cow<'a, str>),
    Array(Vec<Json<'a>>),
    Object(Vec<Member<'a>>),
}

/// A member of an object.
#[derive(Debug)]
pub(super) struct Member<'a> {
    pub(super) at: usize,
    pub(super) name: Cow<'a, str>,
    pub(super) value: Json<'a>,
}

/// A level of an expression is an object in an array, and a list has one more.
const MAX_NESTING: usize = 4 * Expr::MAX_DEPTH;

impl Json<'_> {
    /// What it is, for messages.
    pub(super) fn shown(&self) -> &'static str {
        match self.what {
            What::Null => "null",
            What::Bool(_) => "true or false",
            What::Number(_) => "a number",
            What::Text(_) => "a string",
            What::Array(_) => "an array",
            What::Object(_) => "an object",
        }
    }
}

/// Reads one document and nothing after it.
pub(super) fn read(text: &str) -> Read<Json<'_>> {
    let mut reader = Reader { text, at: 0, nesting: 0 };
    let document = reader.value()?;
    match reader.peek() {
        None => Ok(document),
        Some(_) => Err(Fault::new(reader.at, "expected the end after the document")),
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    nesting: usize,
}

impl<'a> Reader<'a> {
    /// The next byte that is not white space; stays on it.
    fn peek(&mut self) -> Option<u8> {
        let rest = &self.text.as_bytes()[self.at..];
        let space = |byte: &&u8| matches!(byte, b' ' | b'\n' | b'\r' | b'\t');
        self.at += rest.iter().take_while(space).count();
        self.text.as_bytes().get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> bool {
        let is_there = self.peek() == Some(byte);
        self.at += usize::from(is_there);
        is_there
    }

    fn wanted(&mut self, what: &str) -> Fault {
        self.peek();
        let next = self.text[self.at..].chars().next();
        let found = next.map_or("the end".to_owned(), |c| format!("`{}`", c.escape_debug()));
        Fault::new(self.at, format!("expected {what}, found {found}"))
    }

    fn value(&mut self) -> Read<Json<'a>> {
        let next = self.peek();
        let at = self.at;
        let what = match next {
            Some(b'{') => What::Object(self.nested(b'}', Self::member)?),
            Some(b'[') => What::Array(self.nested(b']', Self::value)?),
            Some(b'"') => What::Text(self.string()?),
            Some(b'-' | b'0'..=b'9') => What::Number(self.number()?),
            _ => self.constant()?,
        };
        if let What::Object(members) = &what {
            refuse_duplicates(members)?;
        }
        Ok(Json { at, what })
    }

    fn constant(&mut self) -> Read<What<'a>> {
        let constants =
            [("null", What::Null), ("true", What::Bool(true)), ("false", What::Bool(false))];
        for (word, what) in constants {
            if self.text[self.at..].starts_with(word) {
                self.at += word.len();
                return Ok(what);
            }
        }
        Err(self.wanted("a JSON value"))
    }

    /// Passes what opens, items with commas between them, and `close`.
    fn nested<T>(&mut self, close: u8, item: fn(&mut Self) -> Read<T>) -> Read<Vec<T>> {
        self.nesting += 1;
        if self.nesting > MAX_NESTING {
            let limit = Expr::MAX_DEPTH;
            let reason = format!("the expression is nested more than {limit} deep");
            return Err(Fault::new(self.at, reason));
        }
        self.at += 1;
        let mut items = Vec::new();
        if !self.take(close) {
            items.push(item(self)?);
            while self.take(b',') {
                items.push(item(self)?);
            }
            if !self.take(close) {
                return Err(self.wanted(&format!("`,` or `{}`", char::from(close))));
            }
        }
        self.nesting -= 1;
        Ok(items)
    }

    fn member(&mut self) -> Read<Member<'a>> {
        if self.peek() != Some(b'"') {
            return Err(self.wanted("a member's name in double quotes"));
        }
        let at = self.at;
        let name = self.string()?;
        if !self.take(b':') {
            return Err(self.wanted("`:`"));
        }
        Ok(Member { at, name, value: self.value()? })
    }

    fn string(&mut self) -> Read<Cow<'a, str>> {
        let start = self.at;
        let inside = &self.text.as_bytes()[start + 1..];
        let mut end = 0;
        loop {
            match inside.get(end) {
                Some(b'"') => break,
                Some(b'\\') => end += 2,
                Some(0..b' ') => {
                    let at = start + 1 + end;
                    return Err(Fault::new(at, "a control character needs an escape in a string"));
                }
                Some(_) => end += 1,
                None => {
                    return Err(Fault::new(start, "the string that starts here is never closed"));
                }
            }
        }
        self.at = start + 1 + end + 1;
        let raw = &self.text[start + 1..start + 1 + end];
        if !raw.contains('\\') {
            return Ok(Cow::Borrowed(raw));
        }
        let decoded = serde_json::from_str(&self.text[start..self.at]);
        decoded.map(Cow::Owned).map_err(|error| {
            // The column counts bytes up to and with the one that is wrong.
            Fault::new(start + error.column().saturating_sub(1), "no such escape in a JSON string")
        })
    }

    fn number(&mut self) -> Read<&'a str> {
        let rest = &self.text[self.at..];
        let end = rest.find(|c| !matches!(c, '0'..='9' | '+' | '-' | '.' | 'e' | 'E'));
        let number = &rest[..end.unwrap_or(rest.len())];
        if !is_number(number) {
            let shown: String = number.chars().take(40).collect();
            return Err(Fault::new(self.at, format!("`{shown}` is no JSON number")));
        }
        self.at += number.len();
        Ok(number)
    }
}

/// Whether the text is `number` of RFC 8259, section 6.
fn is_number(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => {
            (mantissa, exponent.strip_prefix(['+', '-']).unwrap_or(exponent))
        }
        None => (unsigned, "0"),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
    let leading_zero = whole.len() > 1 && whole.starts_with('0');
    digits(whole) && !leading_zero && digits(fraction) && digits(exponent)
}

fn refuse_duplicates(members: &[Member<'_>]) -> Read<()> {
    let mut names: Vec<&Member<'_>> = members.iter().collect();
    names.sort_by(|a, b| a.name.cmp(&b.name));
    match names.windows(2).find(|pair| pair[0].name == pair[1].name) {
        Some(pair) => Err(Fault::new(pair[1].at, "the object has this member twice")),
        None => Ok(()),
    }
}
