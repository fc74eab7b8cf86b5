//! JSON read in place, byte by byte and to the letter (RFC 8259).
use super::text::{RawText, stop_in_string};
use crate::CodecError;

/// How deep values may be nested.
pub(super) const MAX_DEPTH: usize = 128;

/// Why reading on makes no sense.
#[derive(Debug)]
pub(super) enum Stop {
    /// The bytes end here; with more of them, try again.
    End,
    /// This is not JSON, or not what it should say.
    Bad(Box<Bad>),
    /// Nothing after this can be read either.
    Fatal(Box<CodecError>),
}

/// What is wrong, and where in the bytes.
#[derive(Debug)]
pub(super) struct Bad {
    pub(super) at: usize,
    pub(super) reason: String,
}

impl Stop {
    #[cold]
    pub(super) fn bad(at: usize, reason: impl Into<String>) -> Self {
        Self::Bad(Box::new(Bad { at, reason: reason.into() }))
    }
}

impl From<CodecError> for Stop {
    fn from(error: CodecError) -> Self {
        Self::Fatal(Box::new(error))
    }
}

/// A place in bytes that start with JSON, and may end before it does.
#[derive(Debug, Clone)]
pub(super) struct Cursor<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) at: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// The next byte that is not white space; stays on it.
    #[inline]
    pub(super) fn peek(&mut self) -> Result<u8, Stop> {
        loop {
            match self.bytes.get(self.at) {
                Some(b' ' | b'\n' | b'\r' | b'\t') => self.at += 1,
                Some(byte) => return Ok(*byte),
                None => return Err(Stop::End),
            }
        }
    }

    /// Passes the byte `wanted`, and white space before it, or complains that it is not there.
    #[inline]
    pub(super) fn expect(&mut self, wanted: u8) -> Result<(), Stop> {
        if self.peek()? == wanted {
            self.at += 1;
            return Ok(());
        }
        Err(self.unexpected(&format!("`{}`", char::from(wanted))))
    }

    /// Passes `byte` if it is next.
    #[inline]
    pub(super) fn take(&mut self, byte: u8) -> Result<bool, Stop> {
        let there = self.peek()? == byte;
        self.at += usize::from(there);
        Ok(there)
    }

    /// The key of the next member of an object whose `{` or last member has been passed; `None`
    /// once its `}` has been. `first` is for this alone: true before the first call.
    #[inline]
    pub(super) fn next_key(&mut self, first: &mut bool) -> Result<Option<RawText<'a>>, Stop> {
        let next = self.peek()?;
        match (next, std::mem::replace(first, false)) {
            (b'}', _) => {
                self.at += 1;
                return Ok(None);
            }
            (b',', false) => self.at += 1,
            (_, true) => {}
            (_, false) => return Err(self.unexpected("`,` or `}`")),
        }
        if self.peek()? != b'"' {
            return Err(self.unexpected("a member's name"));
        }
        let key = self.string()?;
        self.expect(b':')?;
        Ok(Some(key))
    }

    /// Whether the array whose `[` or last element has been passed goes on; passes its `,` or
    /// `]`. `first` as for [`next_key`](Self::next_key).
    #[inline]
    pub(super) fn next_element(&mut self, first: &mut bool) -> Result<bool, Stop> {
        let next = self.peek()?;
        match (next, std::mem::replace(first, false)) {
            (b']', _) => {
                self.at += 1;
                Ok(false)
            }
            (b',', false) => {
                self.at += 1;
                if self.peek()? == b']' { Err(self.unexpected("a value")) } else { Ok(true) }
            }
            (_, true) => Ok(true),
            (_, false) => Err(self.unexpected("`,` or `]`")),
        }
    }

    /// Passes a string, whose opening quote is next.
    #[inline]
    pub(super) fn string(&mut self) -> Result<RawText<'a>, Stop> {
        let start = self.at + 1;
        let (mut at, mut escaped) = (start, false);
        loop {
            at += stop_in_string(self.bytes.get(at..).ok_or(Stop::End)?);
            match self.bytes.get(at) {
                Some(b'"') => break,
                Some(b'\\') => (at, escaped) = (at + 2, true),
                Some(control) => {
                    let reason = format!("control character U+{control:04X} in a string");
                    return Err(Stop::bad(
                        at,
                        format!("{reason}; it must be written \\u{control:04x}"),
                    ));
                }
                None => return Err(Stop::End),
            }
        }
        self.at = at + 1;
        Ok(RawText { bytes: &self.bytes[start..at], escaped, at: start })
    }

    /// Passes `word`, one of JSON's three, whose first letter is next.
    pub(super) fn word(&mut self, word: &str) -> Result<(), Stop> {
        let rest = &self.bytes[self.at..];
        if rest.starts_with(word.as_bytes()) {
            self.at += word.len();
            return Ok(());
        }
        if word.as_bytes().starts_with(rest) {
            Err(Stop::End)
        } else {
            Err(self.unexpected("a value"))
        }
    }

    /// Passes any value, checking that it is JSON, and returns its text.
    pub(super) fn skip_value(&mut self) -> Result<&'a [u8], Stop> {
        self.peek()?;
        let start = self.at;
        self.skip(0)?;
        Ok(&self.bytes[start..self.at])
    }

    fn skip(&mut self, depth: usize) -> Result<(), Stop> {
        match self.peek()? {
            b'"' => self.string().map(drop),
            b'{' | b'[' if depth == MAX_DEPTH => {
                Err(Stop::bad(self.at, format!("nested deeper than {MAX_DEPTH}")))
            }
            b'{' => self.skip_object(depth + 1),
            b'[' => self.skip_array(depth + 1),
            b't' => self.word("true"),
            b'f' => self.word("false"),
            b'n' => self.word("null"),
            b'-' | b'0'..=b'9' => self.number().map(drop),
            _ => Err(self.unexpected("a value")),
        }
    }

    fn skip_object(&mut self, depth: usize) -> Result<(), Stop> {
        self.at += 1;
        let mut first = true;
        while self.next_key(&mut first)?.is_some() {
            self.skip(depth)?;
        }
        Ok(())
    }

    fn skip_array(&mut self, depth: usize) -> Result<(), Stop> {
        self.at += 1;
        let mut first = true;
        while self.next_element(&mut first)? {
            self.skip(depth)?;
        }
        Ok(())
    }

    /// The complaint that something else than `wanted` is next.
    #[cold]
    pub(super) fn unexpected(&self, wanted: &str) -> Stop {
        let rest = &self.bytes[self.at.min(self.bytes.len())..];
        let found = String::from_utf8_lossy(&rest[..rest.len().min(24)]).into_owned();
        let found = found.chars().next().unwrap_or(char::REPLACEMENT_CHARACTER);
        Stop::bad(self.at, format!("expected {wanted}, found `{}`", found.escape_debug()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn skip(text: &str) -> Result<usize, Stop> {
        let mut cursor = Cursor::new(text.as_bytes());
        cursor.skip_value().map(|_| ())?;
        Ok(cursor.at)
    }

    #[test]
    fn json_is_passed_whole() {
        for text in [
            r#"{"a":[1,-2.5e-3,0,true,false,null,"x\"\\\u00e4"],"b":{}}"#,
            " [ ] ",
            "\"\"",
            "[-0.0,1E+5]",
        ] {
            let serde: Result<serde_json::Value, _> = serde_json::from_str(text);
            assert!(serde.is_ok(), "{text}");
            assert_eq!(skip(text).expect(text), text.trim_end().len(), "{text}");
        }
    }

    #[test]
    fn what_is_not_json_is_refused_with_its_place() {
        for (text, at) in [
            ("[1,]", 3),
            ("[,1]", 1),
            ("[1 2]", 3),
            ("{a:1}", 1),
            ("{\"a\" 1}", 5),
            ("{\"a\":1,}", 7),
            ("[01]", 1),
            ("[1.]", 1),
            ("[.5]", 1),
            ("[+1]", 1),
            ("[1e]", 1),
            ("[NaN]", 1),
            ("[tru]", 1),
            ("[\"\t\"]", 2),
            ("]", 0),
        ] {
            assert!(serde_json::from_str::<serde_json::Value>(text).is_err(), "{text}");
            match skip(text) {
                Err(Stop::Bad(bad)) => assert_eq!(bad.at, at, "{text}: {}", bad.reason),
                other => panic!("{text}: {other:?}"),
            }
        }
    }

    #[test]
    fn every_beginning_of_json_asks_for_more() {
        let text = r#"{"a":[1,-2.5e-3,true,false,null,"x\"\\\u00e4"],"b":{"c":1e5}}"#;
        for length in 0..text.len() {
            let outcome = skip(&text[..length]);
            assert!(matches!(outcome, Err(Stop::End)), "{} {outcome:?}", &text[..length]);
        }
    }

    #[test]
    fn nesting_is_limited() {
        let nested = |depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(skip(&nested(MAX_DEPTH)).is_ok());
        assert!(matches!(skip(&nested(MAX_DEPTH + 1)), Err(Stop::Bad(_))));
        assert!(matches!(skip(&"[".repeat(1_000_000)), Err(Stop::Bad(_))));
    }
}
