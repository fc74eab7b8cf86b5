//! Patterns of `LIKE`: `%` stands for any characters, `_` for one, a backslash for the next as it is.

/// A pattern, ready to be fitted to many texts. Without wildcards but at its ends it costs a
/// search; otherwise at most the product of both lengths, whatever the pattern.
#[derive(Debug)]
pub(super) enum Pattern {
    Whole(String),
    Start(String),
    End(String),
    Inside(String),
    General(Vec<Token>),
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Token {
    Letter(char),
    One,
    Many,
}

impl Pattern {
    pub(super) fn new(pattern: &str) -> Self {
        let tokens = tokens(pattern);
        let letters = |tokens: &[Token]| {
            let letter = |token: &Token| match token {
                Token::Letter(letter) => Some(*letter),
                _ => None,
            };
            tokens.iter().map(letter).collect::<Option<String>>()
        };
        let plain = match &tokens[..] {
            [Token::Many, middle @ .., Token::Many] => letters(middle).map(Self::Inside),
            [Token::Many, end @ ..] => letters(end).map(Self::End),
            [start @ .., Token::Many] => letters(start).map(Self::Start),
            whole => letters(whole).map(Self::Whole),
        };
        plain.unwrap_or(Self::General(tokens))
    }

    pub(super) fn fits(&self, text: &str) -> bool {
        match self {
            Self::Whole(whole) => text == whole,
            Self::Start(start) => text.starts_with(start.as_str()),
            Self::End(end) => text.ends_with(end.as_str()),
            Self::Inside(part) => text.contains(part.as_str()),
            Self::General(tokens) => fits(tokens, text),
        }
    }
}

/// Neighbouring `%` become one; a backslash at the very end stands for itself.
fn tokens(pattern: &str) -> Vec<Token> {
    let mut tokens = Vec::with_capacity(pattern.len());
    let mut letters = pattern.chars();
    while let Some(letter) = letters.next() {
        tokens.push(match letter {
            '%' => Token::Many,
            '_' => Token::One,
            '\\' => Token::Letter(letters.next().unwrap_or('\\')),
            letter => Token::Letter(letter),
        });
    }
    tokens.dedup_by(|a, b| (*a, *b) == (Token::Many, Token::Many));
    tokens
}

/// Gives every `%` as little as possible and takes back only the last, which is enough.
fn fits(tokens: &[Token], text: &str) -> bool {
    let (mut rest, mut at) = (text.chars(), 0);
    let mut retry = None;
    loop {
        let mut ahead = rest.clone();
        let fitting = match tokens.get(at) {
            Some(Token::Many) if at + 1 == tokens.len() => return true,
            Some(Token::Many) => {
                at += 1;
                retry = Some((at, rest.clone()));
                continue;
            }
            None if rest.as_str().is_empty() => return true,
            None => false,
            Some(token) => match ahead.next() {
                Some(letter) => matches!(token, Token::One) || *token == Token::Letter(letter),
                None => return false,
            },
        };
        if fitting {
            (rest, at) = (ahead, at + 1);
            continue;
        }
        let Some((token, from)) = &mut retry else { return false };
        if from.next().is_none() {
            return false;
        }
        (rest, at) = (from.clone(), *token);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn patterns_fit_as_defined() {
        for (pattern, fitting, others) in [
            ("", &[""][..], &["a"][..]),
            ("a", &["a"], &["", "A", "aa"]),
            ("a%", &["a", "ab", "a%"], &["", "ba"]),
            ("%a", &["a", "ba"], &["", "ab"]),
            ("%a%", &["a", "bab"], &["", "b"]),
            ("%", &["", "a", "ab"], &[]),
            ("%%", &["", "a"], &[]),
            ("_", &["a", "ü", "🜨"], &["", "ab"]),
            ("_%", &["a", "ab"], &[""]),
            ("a_c", &["abc", "aüc"], &["ac", "abbc"]),
            ("a%b%c", &["abc", "axbxc", "abbcc"], &["ab", "acb"]),
            (r"100\%", &["100%"], &["100", r"100\%", "1000"]),
            (r"a\_b", &["a_b"], &["axb"]),
            (r"a\\b", &[r"a\b"], &["ab"]),
            (r"a\", &[r"a\"], &["a"]),
            (r"\a", &["a"], &[r"\a"]),
        ] {
            let pattern_of = Pattern::new(pattern);
            for text in fitting {
                assert!(pattern_of.fits(text), "{text} LIKE {pattern}");
            }
            for text in others {
                assert!(!pattern_of.fits(text), "{text} LIKE {pattern}");
            }
        }
    }

    /// By trying everything.
    fn fits_by_definition(tokens: &[Token], text: &[char]) -> bool {
        match (tokens, text) {
            ([], text) => text.is_empty(),
            ([Token::Many, rest @ ..], text) => {
                (0..=text.len()).any(|taken| fits_by_definition(rest, &text[taken..]))
            }
            ([Token::One, rest @ ..], [_, after @ ..]) => fits_by_definition(rest, after),
            ([Token::Letter(wanted), rest @ ..], [letter, after @ ..]) => {
                wanted == letter && fits_by_definition(rest, after)
            }
            _ => false,
        }
    }

    proptest! {
        #[test]
        fn a_pattern_fits_what_the_definition_says(
            pattern in r"[ab%_\\]{0,8}",
            text in r"[ab%\\]{0,10}",
        ) {
            let letters: Vec<char> = text.chars().collect();
            let expected = fits_by_definition(&tokens(&pattern), &letters);
            prop_assert_eq!(Pattern::new(&pattern).fits(&text), expected);
        }
    }

    #[test]
    fn no_pattern_takes_forever() {
        let text = "a".repeat(2_000);
        assert!(!Pattern::new(&("%a".repeat(500) + "%b")).fits(&text));
        assert!(!Pattern::new(&("%_".repeat(500) + "b")).fits(&text));
    }
}
