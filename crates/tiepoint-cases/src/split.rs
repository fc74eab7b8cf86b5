//! Taking lines of tables and cases apart.

/// Splits where the separator stands outside of single quotes and brackets; parts are trimmed.
pub(crate) fn split<'a>(text: &'a str, separator: &str) -> Vec<&'a str> {
    let (mut parts, mut start, mut depth, mut quoted) = (Vec::new(), 0, 0_i32, false);
    for (at, c) in text.char_indices() {
        match c {
            '\'' => quoted = !quoted,
            _ if quoted => {}
            '(' | '[' => depth += 1,
            ')' | ']' => depth -= 1,
            _ => {}
        }
        if at >= start && !quoted && depth == 0 && text[at..].starts_with(separator) {
            parts.push(text[start..at].trim());
            start = at + separator.len();
        }
    }
    parts.push(text[start..].trim());
    parts
}

/// The text that stands in single quotes: `''` is a quote, `\n`, `\t`, `\\` and `\u{e9}` are what
/// they are in Rust.
pub(crate) fn unquoted(text: &str) -> Option<String> {
    let inner = text.strip_prefix('\'')?.strip_suffix('\'')?.replace("''", "'");
    let mut chars = inner.chars();
    let mut out = String::new();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        out.push(match chars.next()? {
            'n' => '\n',
            't' => '\t',
            '\\' => '\\',
            'u' => {
                let digits: String = chars.by_ref().take_while(|c| *c != '}').collect();
                char::from_u32(u32::from_str_radix(digits.strip_prefix('{')?, 16).ok()?)?
            }
            _ => return None,
        });
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_in_quotes_and_brackets_separate_nothing() {
        assert_eq!(split("1 | 'a|b' | (c | d)", "|"), ["1", "'a|b'", "(c | d)"]);
        assert_eq!(split("f(a, b), 'it''s, x', [1, 2]", ","), ["f(a, b)", "'it''s, x'", "[1, 2]"]);
        assert_eq!(split("5 | |", "|"), ["5", "", ""]);
    }

    #[test]
    fn quoted_texts_say_what_cannot_be_seen() {
        assert_eq!(unquoted(r"'A\u{308}''\n\\'").as_deref(), Some("A\u{308}'\n\\"));
        assert_eq!(unquoted("''").as_deref(), Some(""));
        for text in ["plain", "'", r"'\x'", r"'\u{110000}'"] {
            assert_eq!(unquoted(text), None, "{text}");
        }
    }
}
