//! JSON documents as values.
use std::fmt;
use std::str::FromStr;

/// A JSON text, checked to be one and kept as it was written, numbers to the last digit.
///
/// Equality is on the text. Nesting is limited to 128, as in `serde_json`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Json(Box<str>);

impl Json {
    /// The JSON text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Json {
    type Err = JsonError;

    fn from_str(text: &str) -> Result<Self, JsonError> {
        serde_json::from_str::<serde_json::Value>(text).map_err(|source| JsonError { source })?;
        Ok(Self(text.trim().into()))
    }
}

impl From<&serde_json::Value> for Json {
    fn from(document: &serde_json::Value) -> Self {
        Self(document.to_string().into())
    }
}

/// A text that is no JSON, with the line and column where it stops being some.
#[derive(Debug, thiserror::Error)]
#[error("not JSON: {source}")]
pub struct JsonError {
    source: serde_json::Error,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_every_digit() {
        let text = r#"{"n": 123456789012345678901234567890.10}"#;
        assert_eq!(text.parse::<Json>().expect("is JSON").as_str(), text);
    }

    #[test]
    fn deep_nesting_and_trailing_text_are_refused() {
        for text in ["[".repeat(200_000), "{} x".to_owned(), "nul".to_owned()] {
            assert!(text.parse::<Json>().is_err());
        }
    }
}
