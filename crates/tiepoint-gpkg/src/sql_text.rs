//! Reading SQL that others wrote, as far as SQLite does not tell what it says: the checks of a
//! table, and whether a text can stand as one expression.
use tiepoint_core::Check;

/// One piece of SQL: what sort of piece, and where it stands in the text.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Token {
    kind: Kind,
    start: usize,
    end: usize,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Word,
    Quoted,
    Open,
    Close,
    Semicolon,
    Other,
}

/// The checks of a `CREATE TABLE` statement, those of its columns included.
pub(crate) fn checks(sql: &str) -> Vec<Check> {
    let Some(tokens) = tokens(sql) else { return Vec::new() };
    let mut found = Vec::new();
    let mut depth = 0;
    for (at, token) in tokens.iter().enumerate() {
        match token.kind {
            Kind::Open => depth += 1,
            Kind::Close => depth -= 1,
            Kind::Word if depth == 1 && is_word(sql, *token, "CHECK") => {
                if let Some(expression) = parenthesized(sql, &tokens[at + 1..]) {
                    found.push(Check { name: constraint_name(sql, &tokens[..at]), expression });
                }
            }
            _ => {}
        }
    }
    found
}

/// Which rows are in an index, as its `CREATE INDEX` statement says; `None` where all are.
pub(crate) fn index_condition(sql: &str) -> Option<String> {
    let tokens = tokens(sql)?;
    let mut depth = 0;
    let found = tokens.iter().find(|token| {
        match token.kind {
            Kind::Open => depth += 1,
            Kind::Close => depth -= 1,
            _ => {}
        }
        depth == 0 && is_word(sql, **token, "WHERE")
    })?;
    Some(sql[found.end..].trim().to_owned()).filter(|text| is_one_expression(text))
}

/// Whether a keyword stands in a statement outside names and texts.
pub(crate) fn has_word(sql: &str, word: &str) -> bool {
    tokens(sql).is_some_and(|tokens| tokens.iter().any(|token| is_word(sql, *token, word)))
}

/// Whether a text can be put in parentheses and stay within them: it ends no statement, closes
/// nothing that it did not open, and leaves no text, name or comment open.
pub(crate) fn is_one_expression(text: &str) -> bool {
    let Some(tokens) = tokens(text) else { return false };
    let mut depth = 0_i32;
    for token in &tokens {
        match token.kind {
            Kind::Open => depth += 1,
            Kind::Close => depth -= 1,
            Kind::Semicolon => return false,
            _ => {}
        }
        if depth < 0 {
            return false;
        }
    }
    depth == 0 && !tokens.is_empty() && !text.contains("--") && !text.contains('\0')
}

fn is_word(sql: &str, token: Token, word: &str) -> bool {
    token.kind == Kind::Word && sql[token.start..token.end].eq_ignore_ascii_case(word)
}

/// The name in `CONSTRAINT name` right before a constraint.
fn constraint_name(sql: &str, before: &[Token]) -> Option<String> {
    let [.., keyword, name] = before else { return None };
    if !is_word(sql, *keyword, "CONSTRAINT") {
        return None;
    }
    let text = &sql[name.start..name.end];
    Some(match name.kind {
        Kind::Quoted => {
            let quote = &text[..1];
            let close = if quote == "[" { "]" } else { quote };
            text[1..text.len() - 1].replace(&close.repeat(2), close)
        }
        _ => text.to_owned(),
    })
}

/// What stands between the parenthesis that `tokens` start with and its partner.
fn parenthesized(sql: &str, tokens: &[Token]) -> Option<String> {
    let open = tokens.first().filter(|token| token.kind == Kind::Open)?;
    let mut depth = 0;
    for token in tokens {
        match token.kind {
            Kind::Open => depth += 1,
            Kind::Close => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(sql[open.end..token.start].trim().to_owned());
        }
    }
    None
}

/// The tokens without comments, or `None` when a text, name or comment does not end.
fn tokens(sql: &str) -> Option<Vec<Token>> {
    let bytes = sql.as_bytes();
    let mut tokens = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let start = at;
        let (kind, end) = match bytes[at] {
            byte if byte.is_ascii_whitespace() => {
                at += 1;
                continue;
            }
            b'-' if bytes.get(at + 1) == Some(&b'-') => {
                at = sql[at..].find('\n').map_or(bytes.len(), |length| at + length);
                continue;
            }
            b'/' if bytes.get(at + 1) == Some(&b'*') => {
                at = sql[at + 2..].find("*/").map(|length| at + 2 + length + 2)?;
                continue;
            }
            b'\'' => (Kind::Other, end_of_quoted(bytes, at, b'\'')?),
            quote @ (b'"' | b'`') => (Kind::Quoted, end_of_quoted(bytes, at, quote)?),
            b'[' => (Kind::Quoted, end_of_quoted(bytes, at, b']')?),
            b'(' => (Kind::Open, at + 1),
            b')' => (Kind::Close, at + 1),
            b';' => (Kind::Semicolon, at + 1),
            byte if is_word_byte(byte) => {
                let length = bytes[at..].iter().take_while(|byte| is_word_byte(**byte)).count();
                (Kind::Word, at + length)
            }
            _ => (Kind::Other, at + 1),
        };
        tokens.push(Token { kind, start, end });
        at = end;
    }
    Some(tokens)
}

fn is_word_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$' || byte >= 0x80
}

/// Where a quoted piece ends; a doubled quote stands for itself.
fn end_of_quoted(bytes: &[u8], open: usize, close: u8) -> Option<usize> {
    let mut at = open + 1;
    loop {
        at += bytes[at..].iter().position(|byte| *byte == close)? + 1;
        if close == b']' || bytes.get(at) != Some(&close) {
            return Some(at);
        }
        at += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks_are_found_wherever_they_stand() {
        let sql = r#"CREATE TABLE "a (check" (
            id INTEGER PRIMARY KEY AUTOINCREMENT, -- CHECK (in a comment)
            height REAL CONSTRAINT "tall ""enough""" CHECK (height > (1 + 1)),
            "check" TEXT DEFAULT 'CHECK (no)' check(length("check") < 9),
            CONSTRAINT both CHECK (height < 3 OR "check" <> ')')
        )"#;
        let found: Vec<_> =
            checks(sql).into_iter().map(|check| (check.name, check.expression)).collect();
        let text = |it: &str| Some(it.to_owned());
        assert_eq!(
            found,
            [
                (text("tall \"enough\""), "height > (1 + 1)".to_owned()),
                (None, "length(\"check\") < 9".to_owned()),
                (text("both"), "height < 3 OR \"check\" <> ')'".to_owned()),
            ]
        );
        assert!(has_word(sql, "autoincrement") && !has_word(sql, "enough"));
    }

    #[test]
    fn what_leaves_its_parentheses_is_no_expression() {
        for text in ["a > 1", "(a) + (b)", "x = ')'", "\"a)\" > 0", "strftime('%Y;', 'now')"] {
            assert!(is_one_expression(text), "{text}");
        }
        for text in [
            "",
            "  ",
            "1); DROP TABLE x; --",
            "1) , (2",
            "'open",
            "\"open",
            "/* open",
            "1 -- rest",
            "a; b",
            "(a",
        ] {
            assert!(!is_one_expression(text), "{text}");
        }
    }
}
