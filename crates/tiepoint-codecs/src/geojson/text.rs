//! JSON strings: where they end, and what they say.
use super::cursor::Stop;
use std::borrow::Cow;

/// The bytes between the quotes of a JSON string, as they stand in the document.
#[derive(Debug, Clone, Copy)]
pub(super) struct RawText<'a> {
    pub(super) bytes: &'a [u8],
    /// Whether there is a backslash among them.
    pub(super) escaped: bool,
    /// Where they start in the bytes that the cursor reads.
    pub(super) at: usize,
}

impl<'a> RawText<'a> {
    /// Whether the string says `text`.
    #[inline]
    pub(super) fn says(&self, text: &str) -> bool {
        if self.escaped {
            return self.decode().is_ok_and(|decoded| decoded == text);
        }
        self.bytes == text.as_bytes()
    }

    /// What the string says.
    ///
    /// Refuses bytes that are not UTF-8, unknown escapes, and surrogates without their other half,
    /// which no Unicode text can hold.
    pub(super) fn decode(&self) -> Result<Cow<'a, str>, Stop> {
        let text = std::str::from_utf8(self.bytes)
            .map_err(|error| Stop::bad(self.at + error.valid_up_to(), "text that is not UTF-8"))?;
        if self.escaped { self.unescape(text).map(Cow::Owned) } else { Ok(Cow::Borrowed(text)) }
    }

    fn unescape(&self, text: &str) -> Result<String, Stop> {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find('\\') {
            out.push_str(&rest[..at]);
            let escape = &rest[at + 1..];
            let (character, length) = unescaped(escape).ok_or_else(|| {
                let shown: String = escape.chars().take(5).collect();
                let offset = text.len() - escape.len() - 1;
                Stop::bad(self.at + offset, format!("`\\{shown}` stands for no character"))
            })?;
            out.push(character);
            rest = &escape[length..];
        }
        out.push_str(rest);
        Ok(out)
    }
}

/// The character that the escape stands for, and its length without the backslash.
fn unescaped(escape: &str) -> Option<(char, usize)> {
    let plain = match escape.as_bytes().first()? {
        b'u' => return unicode(&escape[1..]).map(|(character, length)| (character, length + 1)),
        b'n' => '\n',
        b't' => '\t',
        b'r' => '\r',
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        quoted @ (b'"' | b'\\' | b'/') => char::from(*quoted),
        _ => return None,
    };
    Some((plain, 1))
}

/// Four hexadecimal digits, or two times four with `\u` between for what UTF-16 needs two for.
fn unicode(digits: &str) -> Option<(char, usize)> {
    let unit = |digits: &str| {
        let four = digits.get(..4).filter(|four| four.bytes().all(|b| b.is_ascii_hexdigit()))?;
        u32::from_str_radix(four, 16).ok()
    };
    let high = unit(digits)?;
    if !(0xD800..0xDC00).contains(&high) {
        return char::from_u32(high).map(|character| (character, 4));
    }
    let low = unit(digits[4..].strip_prefix("\\u")?)?;
    if !(0xDC00..0xE000).contains(&low) {
        return None;
    }
    let code = 0x1_0000 + ((high - 0xD800) << 10) + (low - 0xDC00);
    char::from_u32(code).map(|character| (character, 10))
}

const LOW: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

/// How many bytes come before the first quote, backslash or control character; all, if none does.
#[inline]
pub(super) fn stop_in_string(bytes: &[u8]) -> usize {
    let (words, tail) = bytes.as_chunks::<8>();
    for (index, word) in words.iter().enumerate() {
        let stops = stops(u64::from_le_bytes(*word));
        if stops != 0 {
            return index * 8 + (stops.trailing_zeros() / 8) as usize;
        }
    }
    let is_stop = |byte: &u8| matches!(byte, b'"' | b'\\' | ..0x20);
    words.len() * 8 + tail.iter().position(is_stop).unwrap_or(tail.len())
}

/// Marks the high bit of each byte that is a stop; bytes above the first mark may be marked too.
///
/// "Determine if a word has a byte less than n" and "… equal to n", Sean Eron Anderson, Bit
/// Twiddling Hacks.
#[inline]
fn stops(word: u64) -> u64 {
    let below = |word: u64, limit: u64| word.wrapping_sub(LOW * limit) & !word;
    let is = |byte: u8| below(word ^ (LOW * u64::from(byte)), 1);
    (below(word, 0x20) | is(b'"') | is(b'\\')) & HIGH
}

/// Appends `text` as a JSON string, quotes included (RFC 8259, section 7).
pub(super) fn append_quoted(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    let mut rest = text.as_bytes();
    loop {
        let length = stop_in_string(rest);
        out.extend_from_slice(&rest[..length]);
        let Some((&stop, after)) = rest[length..].split_first() else { break };
        append_escape(stop, out);
        rest = after;
    }
    out.push(b'"');
}

fn append_escape(byte: u8, out: &mut Vec<u8>) {
    match byte {
        b'"' => out.extend_from_slice(b"\\\""),
        b'\\' => out.extend_from_slice(b"\\\\"),
        b'\n' => out.extend_from_slice(b"\\n"),
        b'\r' => out.extend_from_slice(b"\\r"),
        b'\t' => out.extend_from_slice(b"\\t"),
        _ => out.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn decode(raw: &str) -> Option<String> {
        let raw = RawText { bytes: raw.as_bytes(), escaped: raw.contains('\\'), at: 0 };
        raw.decode().ok().map(Cow::into_owned)
    }

    #[test]
    fn escapes_stand_for_what_they_say() {
        for (raw, text) in [
            (r#"a\"b\\c\/d"#, "a\"b\\c/d"),
            (r"\b\f\n\r\t", "\u{8}\u{c}\n\r\t"),
            (r"\u00e4\u20AC", "ä€"),
            (r"x\ud83d\ude00y", "x😀y"),
            (r"\u0000", "\0"),
            ("ü", "ü"),
        ] {
            assert_eq!(decode(raw).as_deref(), Some(text), "{raw}");
            let serde: String = serde_json::from_str(&format!("\"{raw}\"")).expect("is JSON");
            assert_eq!(serde, text);
        }
    }

    #[test]
    fn what_stands_for_no_text_is_refused() {
        for raw in
            [r"\x", r"\u12", r"\u+123", r"\ud83d", r"\ud83d\n", r"\ude00", r"\ud83d\u0041", "\\"]
        {
            assert_eq!(decode(raw), None, "{raw}");
        }
        let latin1 = RawText { bytes: b"M\xfcnchen", escaped: false, at: 7 };
        assert!(matches!(latin1.decode(), Err(Stop::Bad(bad)) if bad.at == 8));
    }

    proptest! {
        #[test]
        fn the_first_stop_is_found(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let first = bytes.iter().position(|b| matches!(b, b'"' | b'\\' | ..0x20));
            prop_assert_eq!(stop_in_string(&bytes), first.unwrap_or(bytes.len()));
        }

        #[test]
        fn any_text_comes_back(text in any::<String>()) {
            let mut out = Vec::new();
            append_quoted(&text, &mut out);
            let quoted = String::from_utf8(out).expect("UTF-8 in, UTF-8 out");
            prop_assert_eq!(&serde_json::from_str::<String>(&quoted).expect("is JSON"), &text);
            prop_assert_eq!(decode(&quoted[1..quoted.len() - 1]), Some(text));
        }
    }
}
