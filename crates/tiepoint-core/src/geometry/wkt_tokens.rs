//! Cuts well-known text into words, numbers and signs, and knows where each one starts.

use super::error::{Fault, GeometryError};

/// A piece of the text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Token<'a> {
    /// Letters.
    Word(&'a str),
    /// A run that starts like a number; it may still not be one.
    Number(&'a str),
    /// Any other single character.
    Sign(&'a str),
    /// Nothing is left.
    End,
}

impl Token<'_> {
    fn found(self) -> String {
        match self {
            Self::Word(text) | Self::Number(text) | Self::Sign(text) => format!("`{text}`"),
            Self::End => "the end".to_owned(),
        }
    }
}

/// A place in the text. Copy it to look ahead.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// Where the next token starts, in bytes.
    #[inline]
    pub(super) fn start(&mut self) -> usize {
        let rest = &self.text.as_bytes()[self.at..];
        let spaces = rest.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        self.at += spaces;
        self.at
    }

    /// The next token, without moving past it.
    #[inline]
    pub(super) fn peek(&self) -> Token<'a> {
        let mut ahead = *self;
        ahead.next()
    }

    /// The next token.
    #[inline]
    pub(super) fn next(&mut self) -> Token<'a> {
        let start = self.start();
        let rest = &self.text[start..];
        let Some(first) = rest.bytes().next() else { return Token::End };
        let run = |part_of: fn(u8) -> bool| {
            let len = rest.bytes().position(|byte| !part_of(byte)).unwrap_or(rest.len());
            &rest[..len]
        };
        let token = if first.is_ascii_alphabetic() {
            Token::Word(run(|byte| byte.is_ascii_alphabetic()))
        } else if is_numeric(first) {
            Token::Number(run(|byte| is_numeric(byte) || matches!(byte, b'e' | b'E')))
        } else {
            let len = rest.chars().next().map_or(0, char::len_utf8);
            Token::Sign(&rest[..len])
        };
        let (Token::Word(text) | Token::Number(text) | Token::Sign(text)) = token else {
            return Token::End;
        };
        self.at = start + text.len();
        token
    }

    /// Moves past `sign` if it is next.
    #[inline]
    pub(super) fn skip_sign(&mut self, sign: u8) -> bool {
        let start = self.start();
        let there = self.text.as_bytes().get(start) == Some(&sign);
        self.at += usize::from(there);
        there
    }

    /// Moves past `word`, in any case, if it is next.
    pub(super) fn skip_word(&mut self, word: &str) -> bool {
        match self.peek() {
            Token::Word(there) if there.eq_ignore_ascii_case(word) => {
                self.next();
                true
            }
            _ => false,
        }
    }

    /// What is wrong with the next token, which is not what it should be.
    pub(super) fn unexpected(&mut self, expected: &'static str) -> GeometryError {
        let (start, found) = (self.start(), self.peek().found());
        self.fault_at(start, Fault::Unexpected { expected, found })
    }

    /// A broken rule at the byte `start` of the text.
    pub(super) fn fault_at(&self, start: usize, fault: Fault) -> GeometryError {
        const EXCERPT_CHARACTERS: usize = 20;
        let position = self.text[..start].chars().count();
        let excerpt = self.text[start..].chars().take(EXCERPT_CHARACTERS).collect();
        GeometryError::Text { fault, position, excerpt }
    }

    /// How many characters are left, spaces at the end not counted.
    pub(super) fn left(&mut self) -> usize {
        let start = self.start();
        self.text[start..].trim_end().chars().count()
    }
}

const fn is_numeric(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.')
}
