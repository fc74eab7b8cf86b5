//! Values as JSON.
use super::text::append_quoted;
use super::write_geometry::append_fixed;
use crate::CodecError;
use std::io::Write;
use tiepoint_core::Value;

/// Appends a value; JSON values to the letter, except for line ends between their tokens where
/// `one_line` is asked for.
///
/// # Errors
///
/// [`CodecError::Unsupported`] for doubles that are not finite, and for geometries.
pub(super) fn append_value(
    value: &Value,
    one_line: bool,
    out: &mut Vec<u8>,
) -> Result<(), CodecError> {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Bool(true) => out.extend_from_slice(b"true"),
        Value::Bool(false) => out.extend_from_slice(b"false"),
        Value::Int(number) => append_int(*number, out),
        Value::Real(number) if number.is_finite() => {
            out.extend_from_slice(zmij::Buffer::new().format_finite(*number).as_bytes());
        }
        Value::Real(number) => return Err(not_finite(*number)),
        Value::Decimal(number) => out.extend_from_slice(number.as_str().as_bytes()),
        Value::Text(text) => append_quoted(text, out),
        Value::Bytes(bytes) => append_base64(bytes, out),
        Value::Date(date) => quoted(date, out),
        Value::Time(time) => quoted(time, out),
        Value::DateTime(time) => quoted(time, out),
        Value::Json(json) if one_line => out.extend(json.as_str().bytes().map(without_line_end)),
        Value::Json(json) => out.extend_from_slice(json.as_str().as_bytes()),
        Value::Uuid(uuid) => quoted(uuid, out),
        Value::Geometry(_) => {
            return Err(CodecError::Unsupported {
                what: "GeoJSON has no geometries among properties".to_owned(),
                hint: None,
            });
        }
    }
    Ok(())
}

/// Appends a whole number, not by way of `Display`: a ninth of writing a short feature.
fn append_int(number: i64, out: &mut Vec<u8>) {
    if number < 0 {
        out.push(b'-');
    }
    append_fixed(number.unsigned_abs(), 0, out);
}

fn not_finite(number: f64) -> CodecError {
    CodecError::Unsupported {
        what: format!("JSON has no number `{number}`"),
        hint: Some("replace it with null".to_owned()),
    }
}

/// In JSON a line end is always between tokens, where a space will do.
fn without_line_end(byte: u8) -> u8 {
    if matches!(byte, b'\n' | b'\r') { b' ' } else { byte }
}

fn display(value: &impl std::fmt::Display, out: &mut Vec<u8>) {
    write!(out, "{value}").expect("memory takes what is written");
}

fn quoted(value: &impl std::fmt::Display, out: &mut Vec<u8>) {
    out.push(b'"');
    display(value, out);
    out.push(b'"');
}

/// Base 64 with padding (RFC 4648, section 4).
fn append_base64(bytes: &[u8], out: &mut Vec<u8>) {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    out.push(b'"');
    for group in bytes.chunks(3) {
        let mut three = [0; 3];
        three[..group.len()].copy_from_slice(group);
        let bits = u32::from_be_bytes([0, three[0], three[1], three[2]]);
        for index in 0..4_usize {
            let digit = (bits >> (18 - 6 * index)) & 63;
            out.push(if index <= group.len() { ALPHABET[digit as usize] } else { b'=' });
        }
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(value: &Value) -> String {
        let mut out = Vec::new();
        append_value(value, true, &mut out).expect("can be written");
        String::from_utf8(out).expect("is text")
    }

    #[test]
    fn every_value_has_its_json() {
        for (value, json) in [
            (Value::Null, "null"),
            (true.into(), "true"),
            (0_i64.into(), "0"),
            ((-70_i64).into(), "-70"),
            (i64::MIN.into(), "-9223372036854775808"),
            (0.1.into(), "0.1"),
            (5.0.into(), "5.0"),
            (Value::Real(-0.0), "-0.0"),
            (Value::Decimal("1.50".parse().expect("a decimal")), "1.50"),
            ("a\"b\nä\u{1}".into(), "\"a\\\"b\\nä\\u0001\""),
            (Value::Date("2024-02-29".parse().expect("a date")), "\"2024-02-29\""),
            (Value::Time("12:30:00Z".parse().expect("a time")), "\"12:30:00Z\""),
            (
                Value::DateTime("2024-02-29T12:30:00+01:00".parse().expect("a time")),
                "\"2024-02-29T12:30:00+01:00\"",
            ),
            (Value::Json("{\"a\":\n1.10}".parse().expect("JSON")), "{\"a\": 1.10}"),
            (Value::Bytes(b"".to_vec()), "\"\""),
            (Value::Bytes(b"f".to_vec()), "\"Zg==\""),
            (Value::Bytes(b"fo".to_vec()), "\"Zm8=\""),
            (Value::Bytes(b"foo".to_vec()), "\"Zm9v\""),
            (Value::Bytes(b"foobar".to_vec()), "\"Zm9vYmFy\""),
            (Value::Bytes(vec![0xFF, 0xFE]), "\"//4=\""),
        ] {
            assert_eq!(written(&value), json);
        }
    }

    #[test]
    fn numbers_that_json_has_not_are_refused() {
        for number in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert!(append_value(&number.into(), false, &mut Vec::new()).is_err());
        }
    }
}
