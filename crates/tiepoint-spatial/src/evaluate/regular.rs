//! Regular expressions of bounded size, with the place of what is wrong in them.
use regex::{Regex, RegexBuilder};

use super::EvaluateError;

/// Bytes that a compiled expression may take, and its cache likewise.
const SIZE_LIMIT: usize = 1 << 22;

pub(super) fn regular(pattern: &str) -> Result<Regex, EvaluateError> {
    let mut builder = RegexBuilder::new(pattern);
    builder.size_limit(SIZE_LIMIT).dfa_size_limit(SIZE_LIMIT).nest_limit(100);
    builder.build().map_err(|error| {
        let (reason, at) = match error {
            regex::Error::CompiledTooBig(_) => {
                (format!("it needs more than {SIZE_LIMIT} bytes"), None)
            }
            other => explained(pattern).unwrap_or_else(|| (last_line(&other), None)),
        };
        EvaluateError::Regex { pattern: pattern.chars().take(80).collect(), reason, at }
    })
}

/// What is wrong, and at which character.
fn explained(pattern: &str) -> Option<(String, Option<usize>)> {
    let mut parser = regex_syntax::ParserBuilder::new().nest_limit(100).build();
    let (reason, offset) = match parser.parse(pattern).err()? {
        regex_syntax::Error::Parse(error) => (error.kind().to_string(), error.span().start.offset),
        regex_syntax::Error::Translate(error) => {
            (error.kind().to_string(), error.span().start.offset)
        }
        _ => return None,
    };
    Some((reason, Some(pattern.get(..offset)?.chars().count() + 1)))
}

fn last_line(error: &regex::Error) -> String {
    let text = error.to_string();
    text.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned()
}
