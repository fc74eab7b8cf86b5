//! JSON numbers (RFC 8259, section 6): their text, what form they have, and the nearest double.
use super::cursor::{Cursor, Stop};

/// A number as it stands in the document.
#[derive(Debug, Clone, Copy)]
pub(super) struct RawNumber<'a> {
    pub(super) text: &'a str,
    /// Neither point nor exponent, and not the minus zero that only a double can tell.
    pub(super) whole: bool,
    pub(super) at: usize,
}

impl RawNumber<'_> {
    /// The nearest double, to the bit.
    pub(super) fn to_f64(self) -> Result<f64, Stop> {
        match fast_float2::parse::<f64, _>(self.text) {
            Ok(number) if number.is_finite() => Ok(number),
            _ => {
                Err(Stop::bad(self.at, format!("`{}` is beyond all doubles", shortened(self.text))))
            }
        }
    }
}

impl<'a> Cursor<'a> {
    /// Passes a number, which is next.
    pub(super) fn number(&mut self) -> Result<RawNumber<'a>, Stop> {
        let rest = &self.bytes[self.at..];
        let length = rest.iter().position(|byte| !is_number_byte(*byte)).ok_or(Stop::End)?;
        let (token, at) = (&rest[..length], self.at);
        let Some(whole) = form(token) else {
            let token = String::from_utf8_lossy(token);
            let found = if token.is_empty() {
                "nothing".into()
            } else {
                format!("`{}`", shortened(&token))
            };
            return Err(Stop::bad(at, format!("expected a number, found {found}")));
        };
        self.at += length;
        let text = std::str::from_utf8(token).expect("digits, signs, points and e are ASCII");
        Ok(RawNumber { text, whole, at })
    }

    /// Passes a number that is an ordinate of a position and is next: the nearest double.
    ///
    /// The hot loop of reading: the number is parsed first and its form looked at afterwards.
    #[inline]
    pub(super) fn ordinate(&mut self) -> Result<f64, Stop> {
        if let Ok((number, length)) = fast_float2::parse_partial::<f64, _>(&self.bytes[self.at..]) {
            let (token, rest) = self.bytes[self.at..].split_at(length);
            let ended = matches!(rest.first(), Some(b',' | b']' | b' ' | b'\n' | b'\r' | b'\t'));
            if ended && number.is_finite() && starts_as_json(token) {
                self.at += length;
                return Ok(number);
            }
        }
        self.number()?.to_f64()
    }
}

fn is_number_byte(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E')
}

/// Whether what a laxer grammar took for a number is one in JSON: no plus, no superfluous zero,
/// digits on both sides of the point.
#[inline]
fn starts_as_json(token: &[u8]) -> bool {
    let unsigned = token.strip_prefix(b"-").unwrap_or(token);
    let whole = unsigned.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let fraction = match &unsigned[whole..] {
        [b'.', digit, ..] => digit.is_ascii_digit(),
        [b'.'] => false,
        _ => true,
    };
    fraction && (whole == 1 || (whole > 1 && unsigned[0] != b'0'))
}

/// Whether the token is whole; `None` when it is no number.
fn form(token: &[u8]) -> Option<bool> {
    let unsigned = token.strip_prefix(b"-").unwrap_or(token);
    let (whole, rest) = digits(unsigned)?;
    if whole.len() > 1 && whole[0] == b'0' {
        return None;
    }
    if rest.is_empty() {
        return Some(token != b"-0");
    }
    let rest = match rest.strip_prefix(b".") {
        Some(fraction) => digits(fraction)?.1,
        None => rest,
    };
    let [b'e' | b'E', exponent @ ..] = rest else { return rest.is_empty().then_some(false) };
    let unsigned = exponent.strip_prefix(b"-").or(exponent.strip_prefix(b"+")).unwrap_or(exponent);
    digits(unsigned)?.1.is_empty().then_some(false)
}

/// One digit or more, and what follows.
fn digits(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let count = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
    (count > 0).then(|| bytes.split_at(count))
}

fn shortened(text: &str) -> String {
    if text.len() <= 40 { text.to_owned() } else { text.chars().take(40).chain(['…']).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NUMBERS: [&str; 14] = [
        "0",
        "-0",
        "-0.0",
        "1",
        "-12",
        "1.5",
        "0.1",
        "1e5",
        "1E+5",
        "1.25e-7",
        "5e-324",
        "9007199254740993",
        "123456789012345678901234567890",
        "1.7976931348623157e308",
    ];

    #[test]
    fn numbers_are_what_serde_json_takes_for_numbers() {
        let texts = NUMBERS.into_iter().chain([
            "", "-", "+1", "01", "-01", "1.", ".5", "1.e5", "1e", "1e+", "1.2.3", "--1", "1e5.5",
            "00", "-.5", "1-2", "e5", "1.5e+-3",
        ]);
        for text in texts {
            let is_number = serde_json::from_str::<serde_json::Number>(text).is_ok();
            let document = format!("{text},");
            let mut cursor = Cursor::new(document.as_bytes());
            assert_eq!(cursor.clone().number().is_ok(), is_number, "{text}");
            let ordinate = cursor.ordinate();
            assert_eq!(ordinate.is_ok(), is_number, "{text} {ordinate:?}");
            if let Ok(ordinate) = ordinate {
                let std: f64 = text.parse().expect("a number");
                assert_eq!(ordinate.to_bits(), std.to_bits(), "{text}");
                assert_eq!(cursor.at, text.len());
            }
        }
    }

    #[test]
    fn whole_numbers_are_told_from_others() {
        for (text, whole) in
            [("0", true), ("-7", true), ("-0", false), ("1.0", false), ("1e2", false)]
        {
            let document = format!("{text} ");
            let number = Cursor::new(document.as_bytes()).number().expect(text);
            assert_eq!(number.whole, whole, "{text}");
        }
    }

    #[test]
    fn numbers_beyond_all_doubles_are_refused() {
        for text in ["1e999", "-1e999", "1e308999999999999999999"] {
            let document = format!("{text}]");
            assert!(matches!(Cursor::new(document.as_bytes()).ordinate(), Err(Stop::Bad(_))));
        }
        let tiny = Cursor::new(b"1e-999]").ordinate();
        assert_eq!(tiny.expect("the nearest double").to_bits(), 0.0_f64.to_bits());
    }

    #[test]
    fn a_number_that_may_go_on_asks_for_more() {
        for text in ["", "-", "1", "1.", "1.5e", "1.5e+", "1.5e+3"] {
            assert!(matches!(Cursor::new(text.as_bytes()).ordinate(), Err(Stop::End)), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_double_comes_back_from_its_text(bits in any::<u64>()) {
            let number = f64::from_bits(bits);
            prop_assume!(number.is_finite());
            for text in [format!("{number:?}]"), format!("{number:e}]"), format!("{number:.20e}]")] {
                let mut cursor = Cursor::new(text.as_bytes());
                let read = cursor.ordinate();
                prop_assert!(read.is_ok(), "{}", text);
                prop_assert_eq!(read.expect("is a number").to_bits(), bits, "{}", text);
            }
        }

        #[test]
        fn any_digits_give_the_double_that_std_gives(text in "-?(0|[1-9][0-9]{0,25})(\\.[0-9]{1,25})?(e-?[0-9]{1,2})?") {
            let document = format!("{text},");
            let read = Cursor::new(document.as_bytes()).ordinate();
            let std: f64 = text.parse().expect("a number");
            prop_assert_eq!(read.expect("is a number").to_bits(), std.to_bits());
        }
    }
}
