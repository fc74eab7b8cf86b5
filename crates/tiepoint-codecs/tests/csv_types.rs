//! Which type a column of cells gets, and what becomes of each cell.
use tiepoint_codecs::csv::{ReadOptions, reader, survey};
use tiepoint_core::Value;

/// Type, cells of one column, and the values they become, `=` standing for the text itself.
const COLUMNS: &[(&str, &[&str], &[&str])] = &[
    ("integer", &["1", "-20", "0", " 7 ", ""], &["1", "-20", "0", "7", "null"]),
    ("integer", &["9223372036854775807", "1"], &["9223372036854775807", "1"]),
    ("text", &["00123", "12"], &["=", "="]),
    ("text", &["+49301234"], &["="]),
    ("text", &["-01"], &["="]),
    ("text", &["1 000"], &["="]),
    ("text", &["12."], &["="]),
    ("text", &["1_000", "0x10"], &["=", "="]),
    ("text", &["1e"], &["="]),
    ("text", &["--1"], &["="]),
    ("text", &["-"], &["="]),
    ("text", &["."], &["="]),
    ("text", &["١٢"], &["="]),
    ("text", &["NaN", "1.5"], &["=", "="]),
    ("text", &["inf", "-inf", "Infinity"], &["=", "=", "="]),
    ("text", &["1e999"], &["="]),
    ("text", &["1e-999"], &["="]),
    ("text", &["1.2.3"], &["="]),
    ("text", &["127.0.0.1"], &["="]),
    ("real number", &["1.5", "2", "-0"], &["1.5", "2.0", "-0.0"]),
    ("real number", &["1e5", "1E-7", "-2.5e+3", ".5"], &["100000.0", "1e-7", "-2500.0", "0.5"]),
    ("real number", &["0.1", "0.10000000000000001"], &["0.1", "0.1"]),
    ("real number", &["0.0000000000000000000000000000000", "5e-324"], &["0.0", "5e-324"]),
    ("real number", &["9007199254740992", "0.5"], &["9007199254740992.0", "0.5"]),
    ("decimal number", &["9007199254740993", "0.5"], &["9007199254740993", "0.5"]),
    ("decimal number", &["9223372036854775808"], &["9223372036854775808"]),
    ("decimal number", &["0.12345678901234567890"], &["0.12345678901234567890"]),
    ("boolean", &["true", "FALSE", "True"], &["true", "false", "true"]),
    ("text", &["t", "f"], &["=", "="]),
    ("text", &["yes", "no"], &["=", "="]),
    ("text", &["true", "1"], &["=", "="]),
    ("date", &["2024-02-29", "0001-01-01"], &["2024-02-29", "0001-01-01"]),
    ("text", &["2023-02-29"], &["="]),
    ("text", &["20240229", "2024-W09-4"], &["=", "="]),
    ("text", &["29.02.2024"], &["="]),
    ("text", &["2024-02-29", "2024-02-29T00:00:00"], &["=", "="]),
    (
        "date and time without zone",
        &["2024-02-29T12:30:00", "2024-02-29 12:30"],
        &["2024-02-29T12:30:00", "2024-02-29T12:30:00"],
    ),
    (
        "date and time with zone",
        &["2024-02-29T12:30:00Z", "2024-02-29T12:30:00.123456789+0530", "2024-02-29 12:30:00-03"],
        &[
            "2024-02-29T12:30:00Z",
            "2024-02-29T12:30:00.123456789+05:30",
            "2024-02-29T12:30:00-03:00",
        ],
    ),
    ("text", &["2024-02-29T24:00:00"], &["="]),
    ("text", &["2024-02-29T12:30:60"], &["="]),
    ("text", &["2024-02-29T12:30:00.1234567890"], &["="]),
    ("text", &["2024-02-29T12:30:00[Europe/Berlin]"], &["="]),
    ("time without zone", &["12:30:00", "00:00:00.5"], &["12:30:00", "00:00:00.5"]),
    ("time with zone", &["12:30:00Z"], &["12:30:00Z"]),
    ("text", &["12:30"], &["="]),
    (
        "UUID",
        &["67E55044-10b1-426f-9247-bb680e5fe0c8", "00000000-0000-0000-0000-000000000000"],
        &["67e55044-10b1-426f-9247-bb680e5fe0c8", "00000000-0000-0000-0000-000000000000"],
    ),
    ("text", &["67e5504410b1426f9247bb680e5fe0c8"], &["="]),
    ("text", &["{\"a\": 1}"], &["="]),
    ("text", &["", ""], &["null", "null"]),
    ("text", &["1", "n/a", ""], &["=", "=", "null"]),
    ("text", &["x", "  "], &["=", "="]),
    ("integer", &["1", "  "], &["1", "null"]),
];

#[test]
fn a_column_has_the_narrowest_type_that_loses_nothing() {
    for (ty, cells, expected) in COLUMNS {
        let document = column("|", cells);
        let (found, values) =
            read(&document, &ReadOptions { header: Some(true), ..with_delimiter(b'|') });
        assert_eq!(found, *ty, "{cells:?}");
        assert_eq!(values, resolved(cells, expected), "{cells:?}");
    }
}

#[test]
fn a_decimal_comma_is_read_where_the_delimiter_is_another() {
    let options = ReadOptions { decimal_comma: Some(true), ..with_delimiter(b';') };
    for (ty, cells, expected) in [
        ("real number", &["1,5", "2", "-0,25"][..], &["1.5", "2.0", "-0.25"][..]),
        ("decimal number", &["0,12345678901234567890"], &["0.12345678901234567890"]),
        ("text", &["1.5"], &["="]),
        ("text", &["1.234,5"], &["="]),
        ("text", &["1,2,3"], &["="]),
        ("integer", &["12"], &["12"]),
    ] {
        let (found, values) = read(&column(";", cells), &options);
        assert_eq!(found, ty, "{cells:?}");
        assert_eq!(values, resolved(cells, expected), "{cells:?}");
    }
}

#[test]
fn a_decimal_comma_needs_unanimous_evidence() {
    for (rows, comma) in [
        (&["1,5;x", "2,25;y"][..], true),
        (&["1,5;x", "2,25;7"], true),
        (&["1,5;2.5", "2,25;7.5"], false),
        (&["1,234;x", "5,678;y"], false),
        (&["1,234;3,5", "5,678;4,5"], true),
        (&["1,5;1.2", "2,25;beta"], true),
        (&["1.5;x"], false),
    ] {
        let document = format!("a;b\n{}\n", rows.join("\n"));
        let found = survey(document.as_bytes(), &ReadOptions::default()).expect("readable");
        assert_eq!(found.dialect.decimal_comma, comma, "{rows:?}");
    }
}

#[test]
fn without_inference_all_is_text() {
    let options = ReadOptions { all_text: true, ..ReadOptions::default() };
    let found = survey(&b"a,b,lon,lat\n1,2024-01-01,5,6\n"[..], &options).expect("readable");
    let types: Vec<_> =
        found.survey.schema.fields().iter().map(|field| field.ty.to_string()).collect();
    assert_eq!(types, ["text", "text", "Point XY, OGC:CRS84"]);
    assert!(found.survey.notes.is_empty());
}

#[test]
fn a_column_can_be_kept_as_it_is_spelled() {
    let document = "lon,lat,code,n\n5,6,1.50,1\n7,8,,2\n";
    let found = survey(document.as_bytes(), &ReadOptions::default()).expect("readable");
    let found = found.with_text(&[0, 1]);
    let types: Vec<_> =
        found.survey.schema.fields().iter().map(|field| field.ty.to_string()).collect();
    assert_eq!(types, ["Point XY, OGC:CRS84", "text", "integer"], "geometry stays what it is");
    let features = reader(document.as_bytes(), &found).expect("the same document");
    let codes: Vec<_> = features
        .map(|feature| feature.expect("readable").get("code").cloned().expect("is set"))
        .collect();
    assert_eq!(codes, [Value::from("1.50"), Value::Null]);
}

#[test]
fn the_last_record_has_a_say_too() {
    let document = format!("n,m\n{}0x1,1\n", "1,1\n".repeat(100_000));
    let found = survey(document.as_bytes(), &ReadOptions::default()).expect("readable");
    assert_eq!(found.survey.schema.fields()[0].ty.to_string(), "text");
    assert_eq!(found.survey.notes, ["column `n` is text because of `0x1` on line 100002"]);
}

fn with_delimiter(delimiter: u8) -> ReadOptions {
    ReadOptions { delimiter: Some(delimiter), header: Some(true), ..ReadOptions::default() }
}

/// A document with these cells in its first column; the second keeps lines from being empty.
fn column(delimiter: &str, cells: &[&str]) -> String {
    let end = format!("{delimiter}.\n");
    let records: String = cells.iter().flat_map(|cell| [*cell, &end]).collect();
    format!("column{delimiter}filler\n{records}")
}

fn read(document: &str, options: &ReadOptions) -> (String, Vec<String>) {
    let options = ReadOptions { quote: Some(tiepoint_codecs::csv::Quote::None), ..options.clone() };
    let found = survey(document.as_bytes(), &options).expect("readable");
    let features = reader(document.as_bytes(), &found).expect("the same document");
    let values = features
        .map(|feature| shown(feature.expect("readable").get("column").expect("is set")))
        .collect();
    (found.survey.schema.fields()[0].ty.to_string(), values)
}

fn resolved(cells: &[&str], expected: &[&str]) -> Vec<String> {
    assert_eq!(cells.len(), expected.len(), "a mistake in the table: {cells:?}");
    let pairs = cells.iter().zip(expected);
    pairs
        .map(|(cell, value)| if *value == "=" { format!("{cell:?}") } else { (*value).to_owned() })
        .collect()
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(truth) => truth.to_string(),
        Value::Int(number) => number.to_string(),
        Value::Real(number) => format!("{number:?}"),
        Value::Decimal(number) => number.to_string(),
        Value::Text(text) => format!("{text:?}"),
        Value::Date(date) => date.to_string(),
        Value::Time(time) => time.to_string(),
        Value::DateTime(time) => time.to_string(),
        Value::Uuid(uuid) => uuid.to_string(),
        other => panic!("no column has {other:?}"),
    }
}
