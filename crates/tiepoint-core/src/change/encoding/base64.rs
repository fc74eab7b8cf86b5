//! Bytes as text (RFC 4648, section 4, with padding).

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Appends the text of `bytes`, which needs no escapes in JSON.
pub(super) fn encode(bytes: &[u8], out: &mut String) {
    for group in bytes.chunks(3) {
        let at = |index: usize| u32::from(group.get(index).copied().unwrap_or(0));
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        for place in 0..4_u32 {
            let index = (bits >> (18 - 6 * place) & 0x3F) as usize;
            let padded = place as usize > group.len();
            out.push(if padded { '=' } else { char::from(ALPHABET[index]) });
        }
    }
}

/// The bytes of a text; `None` where it is not one of ours or has bits too many.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    let (groups, rest) = text.as_bytes().as_chunks::<4>();
    let mut bytes = Vec::with_capacity(groups.len() * 3);
    for (index, group) in groups.iter().enumerate() {
        let padding = group.iter().rev().take_while(|byte| **byte == b'=').count();
        if padding > 2 || (padding > 0 && index + 1 < groups.len()) {
            return None;
        }
        let digits = group[..4 - padding].iter().map(|byte| digit(*byte));
        let bits = digits
            .chain([Some(0); 2])
            .take(4)
            .try_fold(0, |bits, digit| Some(bits << 6 | digit?))?;
        let [_, group @ ..] = bits.to_be_bytes();
        let (said, unsaid) = group.split_at(3 - padding);
        if unsaid.iter().any(|byte| *byte != 0) {
            return None;
        }
        bytes.extend_from_slice(said);
    }
    rest.is_empty().then_some(bytes)
}

fn digit(byte: u8) -> Option<u32> {
    Some(u32::from(match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn encoded(bytes: &[u8]) -> String {
        let mut text = String::new();
        encode(bytes, &mut text);
        text
    }

    #[test]
    fn the_standards_examples_hold() {
        for (bytes, text) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foobar", "Zm9vYmFy")] {
            assert_eq!(encoded(bytes.as_bytes()), text);
            assert_eq!(decode(text).as_deref(), Some(bytes.as_bytes()));
        }
        for text in ["Zg", "Zg=", "Zh==", "Z===", "====", "Zg==Zg==", "Zm9 ", "Zm\u{e9}"] {
            assert_eq!(decode(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn bytes_come_back(bytes: Vec<u8>) {
            prop_assert_eq!(decode(&encoded(&bytes)), Some(bytes));
        }
    }
}
