//! Values as they are typed, by the type of the field they are for.
use super::words::Word;
use crate::command::select::wrong;
use std::fmt::Display;
use std::str::FromStr;
use tiepoint::core::Field;
use tiepoint::{Error, Feature, FieldType, Geometry, Layer, Result, Value, nearest_name};

/// Puts `field=value` words into a feature. What is not named stays unset: a new feature gets the
/// store's default, one that is there keeps what it says.
pub(super) fn assign(feature: &mut Feature, layer: &Layer, words: &[Word]) -> Result<()> {
    for word in words {
        let (name, text) = word.assignment().ok_or_else(|| {
            wrong(&word.text, &"write field=value, in quotes where there are blanks")
        })?;
        let field = field(layer, name)?;
        let value = value(field, text, word.quoted)?;
        feature.set(name, value).map_err(|error| wrong(name, &error))?;
    }
    Ok(())
}

/// The field of this name.
pub(super) fn field<'l>(layer: &'l Layer, name: &str) -> Result<&'l Field> {
    let schema = layer.schema();
    schema.field(name).ok_or_else(|| {
        let names = schema.fields().iter().map(|it| it.name.as_str());
        let nearest = nearest_name(name, names);
        Error::Options {
            reason: format!("layer `{}` has no field `{name}`", layer.name()),
            hint: nearest.map(|it| format!("did you mean `{it}`?")),
        }
    })
}

/// A value of the field. `null` means null, unless it is in quotes.
pub(super) fn value(field: &Field, text: &str, quoted: bool) -> Result<Value> {
    let value = if !quoted && text == "null" { Ok(Value::Null) } else { parsed(&field.ty, text) };
    let value = value.map_err(|reason| wrong(&field.name, &reason))?;
    field.accept(value).map_err(|reason| wrong(&field.name, &reason))
}

fn parsed(ty: &FieldType, text: &str) -> Result<Value, String> {
    Ok(match ty {
        FieldType::Text { .. } => Value::Text(text.to_owned()),
        FieldType::Bool => Value::Bool(read(ty, text)?),
        FieldType::Int(_) => Value::Int(read(ty, text)?),
        FieldType::Real(_) => Value::Real(read(ty, text)?),
        FieldType::Decimal { .. } => Value::Decimal(read(ty, text)?),
        FieldType::Date => Value::Date(read(ty, text)?),
        FieldType::Time(_) => Value::Time(read(ty, text)?),
        FieldType::DateTime(_) => Value::DateTime(read(ty, text)?),
        FieldType::Json => Value::Json(read(ty, text)?),
        FieldType::Uuid => Value::Uuid(read(ty, text)?),
        FieldType::Bytes { .. } => Value::Bytes(bytes(text)?),
        FieldType::Geometry(_) => {
            Value::Geometry(Geometry::from_wkt(text).map_err(|error| error.to_string())?)
        }
    })
}

fn read<T: FromStr<Err: Display>>(ty: &FieldType, text: &str) -> Result<T, String> {
    text.parse().map_err(|error| format!("`{text}` is no {ty}: {error}"))
}

/// Two hexadecimal digits for each byte, with or without `0x` in front.
fn bytes(text: &str) -> Result<Vec<u8>, String> {
    let refused = || format!("`{text}` is no bytes: write two hexadecimal digits for each");
    let digits = text.strip_prefix("0x").unwrap_or(text).as_bytes();
    let (pairs, rest) = digits.as_chunks::<2>();
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|it| u8::try_from(it).ok());
    let byte = |[high, low]: &[u8; 2]| Some(digit(*high)? << 4 | digit(*low)?);
    let bytes = pairs.iter().map(byte).collect::<Option<Vec<u8>>>();
    bytes.filter(|_| rest.is_empty()).ok_or_else(refused)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tiepoint::core::IntWidth;

    fn typed(ty: FieldType, text: &str) -> Option<String> {
        let value = value(&Field::new("it", ty), text, false).ok()?;
        Some(value.to_tagged_json())
    }

    #[test]
    fn a_value_is_read_by_the_type_of_its_field() {
        let typed = |ty, text| typed(ty, text);
        assert_eq!(typed(FieldType::INT, "7").as_deref(), Some("7"));
        assert_eq!(typed(FieldType::REAL, "7").as_deref(), Some("7.0"));
        assert_eq!(typed(FieldType::TEXT, "7").as_deref(), Some("\"7\""));
        assert_eq!(typed(FieldType::TEXT, "null").as_deref(), Some("null"));
        assert_eq!(typed(FieldType::Bool, "true").as_deref(), Some("true"));
        let date = typed(FieldType::Date, "2024-02-29");
        assert_eq!(date.as_deref(), Some(r#"{"date": "2024-02-29"}"#));
        assert!(typed(FieldType::Bytes { max_bytes: None }, "0x00fF").is_some());
        for (ty, text) in [
            (FieldType::INT, "7.5"),
            (FieldType::INT, ""),
            (FieldType::Int(IntWidth::W8), "300"),
            (FieldType::Bool, "yes"),
            (FieldType::Date, "2023-02-29"),
            (FieldType::Bytes { max_bytes: None }, "0f0"),
            (FieldType::Bytes { max_bytes: None }, "zz"),
        ] {
            assert_eq!(typed(ty, text), None, "{text}");
        }
    }

    #[test]
    fn null_in_quotes_is_a_text() {
        let value = value(&Field::new("it", FieldType::TEXT), "null", true);
        assert_eq!(value.ok(), Some(Value::Text("null".to_owned())));
    }
}
