//! Lines of commands, taken apart into words.
use crate::command::select::wrong;
use tiepoint::Result;

/// A word of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    /// What it says, without quotes.
    pub(super) text: String,
    /// Whether any of it was in quotes: then it never means null.
    pub(super) quoted: bool,
    /// Where it began in the line.
    start: usize,
}

/// The words of a line: separated by blanks, unless these are in quotes. Within `"..."` a backslash
/// makes the next character plain; within `'...'` nothing is special.
pub(super) fn words(line: &str) -> Result<Vec<Word>> {
    let mut words: Vec<Word> = Vec::new();
    let mut open: Option<Word> = None;
    let mut chars = line.char_indices();
    while let Some((at, c)) = chars.next() {
        if c.is_whitespace() {
            words.extend(open.take());
            continue;
        }
        let word = open.get_or_insert(Word { text: String::new(), quoted: false, start: at });
        if c == '"' || c == '\'' {
            word.quoted = true;
            quoted(c, &mut chars, &mut word.text)?;
        } else {
            word.text.push(c);
        }
    }
    words.extend(open);
    Ok(words)
}

fn quoted(end: char, chars: &mut std::str::CharIndices<'_>, text: &mut String) -> Result<()> {
    while let Some((_, c)) = chars.next() {
        match c {
            c if c == end => return Ok(()),
            '\\' if end == '"' => {
                let Some((_, c)) = chars.next() else { break };
                text.push(if c == 'n' { '\n' } else { c });
            }
            c => text.push(c),
        }
    }
    Err(wrong("quotes", &format!("a {end} is never closed")))
}

impl Word {
    /// The line from this word on, as it was typed.
    pub(super) fn rest<'l>(&self, line: &'l str) -> &'l str {
        line[self.start..].trim()
    }

    /// `field=value` as its two parts.
    pub(super) fn assignment(&self) -> Option<(&str, &str)> {
        self.text.split_once('=').filter(|(field, _)| !field.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(line: &str) -> Vec<String> {
        words(line).expect("is whole").into_iter().map(|it| it.text).collect()
    }

    #[test]
    fn quotes_keep_blanks_together() {
        assert_eq!(
            texts("set  fid:7 name='Côte d\"Ivoire'"),
            ["set", "fid:7", "name=Côte d\"Ivoire"]
        );
        assert_eq!(texts(r#"a "b \"c\" \\ d"e ''"#), ["a", "b \"c\" \\ de", ""]);
        assert_eq!(texts(" \t"), [""; 0]);
        assert_eq!(texts(r#""two\nlines""#), ["two\nlines"]);
    }

    #[test]
    fn quotes_that_stay_open_are_refused() {
        for line in ["'a", "\"a", r#""a\"#, "name=\"a b"] {
            assert!(words(line).is_err(), "{line}");
        }
    }

    #[test]
    fn the_rest_of_a_line_is_as_it_was_typed() {
        let line = "geometry 'a b'  POINT (1  2) ";
        assert_eq!(words(line).expect("is whole")[2].rest(line), "POINT (1  2)");
    }
}
