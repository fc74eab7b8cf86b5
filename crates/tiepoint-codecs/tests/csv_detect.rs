//! What is found out about a document from its beginning, and what the caller may say instead.
use tiepoint_codecs::CodecError;
use tiepoint_codecs::csv::{
    Encoding, GeometryColumns, GeometrySource, Quote, ReadOptions, ShortRecords, detect, reader,
    survey,
};
use tiepoint_core::{Crs, ErrorKind, Value};

#[test]
fn the_delimiter_cuts_all_records_alike() {
    for (document, delimiter) in [
        ("a,b\n1,2\n", b','),
        ("a;b\n1,5;2,5\n", b';'),
        ("a\tb\n1,5\t2;5\n", b'\t'),
        ("a|b\n1|2\n", b'|'),
        ("name, first;name, last\nx, y;z, w\n", b';'),
        ("a,b\n\"x;y\",1\n", b','),
        ("id,remark\n1,a;b\n2,c\n", b','),
        ("id;wkt\n1;LINESTRING(0 0,1 1)\n2;LINESTRING(0 0,1 1,2 2)\n", b';'),
        ("a,b,c\n1,2\n1,2,3\n1,2,3\n", b','),
        ("\"a\",\"b\"\n\"1\n2\n3\",\"x|y\"\n", b','),
        ("", b','),
    ] {
        assert_eq!(
            detect(document.as_bytes(), &ReadOptions::default()).delimiter,
            delimiter,
            "{document}"
        );
    }
}

#[test]
fn a_header_is_unlike_what_follows() {
    for (document, header) in [
        ("a,b\n1,2\n", true),
        ("1,2\n3,4\n", false),
        ("a,b\nc,d\n", true),
        ("a,b\n", true),
        ("1,2\n", false),
        ("name,1\nx,2\ny,3\n", false),
        ("name,id,2\nx,1,2\n", false),
        ("name,id,when,2\nx,1,2024-01-01,2\n", true),
        ("country,2019,2020\nx,1,2\n", true),
        ("p,2019,2020\nq,2018,2019\n", false),
        ("wkt,7\nPOINT(1 2),8\n", true),
        ("2024-01-01,x\n2024-01-02,y\n", false),
        ("id,note\n,\n,\n", true),
    ] {
        assert_eq!(
            detect(document.as_bytes(), &ReadOptions::default()).header,
            header,
            "{document}"
        );
    }
}

#[test]
fn the_encoding_is_told_by_marks_zeros_and_form() {
    let utf_16 = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>();
    for (document, encoding) in [
        (b"a,b\n".to_vec(), Encoding::UTF_8),
        ("ä,ö\n".as_bytes().to_vec(), Encoding::UTF_8),
        (b"\xEF\xBB\xBFa,b\n".to_vec(), Encoding::UTF_8),
        (b"\xE4,b\n".to_vec(), Encoding::WINDOWS_1252),
        (b"\xC3\xA4\xC3\xB6\xE4,b\n".to_vec(), Encoding::UTF_8),
        (utf_16("\u{feff}a,b\n"), Encoding::UTF_16LE),
        (utf_16("a,b\n"), Encoding::UTF_16LE),
        (b"\xFE\xFF\0a".to_vec(), Encoding::UTF_16BE),
    ] {
        let found = detect(&document, &ReadOptions::default()).encoding;
        assert_eq!(found, encoding, "{}", document.escape_ascii());
    }
}

#[test]
fn the_first_character_beyond_ascii_may_come_late() {
    for (tail, encoding) in [
        (&b"M\xFCnchen"[..], Encoding::WINDOWS_1252),
        ("München".as_bytes(), Encoding::UTF_8),
        (b"M\xFC", Encoding::WINDOWS_1252),
        (b"M", Encoding::UTF_8),
    ] {
        let mut document = b"name,n\n".to_vec();
        while document.len() < 1_000_000 {
            document.extend_from_slice(b"plain,1\n");
        }
        document.extend_from_slice(b"1,");
        document.extend_from_slice(tail);
        let found = survey(&document[..], &ReadOptions::default()).expect("readable");
        assert_eq!(found.dialect.encoding, encoding, "{}", tail.escape_ascii());
        let last = reader(&document[..], &found).expect("the same").last().expect("not empty");
        let expected = if tail.len() > 2 {
            "München"
        } else if tail.len() > 1 {
            "Mü"
        } else {
            "M"
        };
        assert_eq!(last.expect("readable").get("n"), Some(&expected.into()));
    }
}

#[test]
fn a_character_may_stand_where_blocks_meet() {
    const BLOCK: usize = 64 * 1024;
    for offset in [BLOCK - 2, BLOCK - 1, BLOCK] {
        for (character, encoding) in
            [(&b"\xC3\xBC"[..], Encoding::UTF_8), (b"\xFC", Encoding::WINDOWS_1252)]
        {
            let mut document = b"name,n\n".to_vec();
            document.resize(8 * BLOCK + offset, b'x');
            document.extend_from_slice(character);
            document.extend_from_slice(b"y,1\n");
            let found = survey(&document[..], &ReadOptions::default()).expect("readable");
            assert_eq!(found.dialect.encoding, encoding, "{offset}");
            let mut features = reader(&document[..], &found).expect("the same");
            let name = features.next().expect("one").expect("readable");
            let name = name.get("name").and_then(|name| name.as_text()).expect("text").to_owned();
            assert!(
                name.ends_with("xüy"),
                "{offset}: …{}",
                name.chars().rev().take(9).collect::<String>()
            );
            assert_eq!(name.chars().count(), 8 * BLOCK + offset - "name,n\n".len() + 2);
        }
    }
}

#[test]
fn what_is_said_is_not_guessed() {
    let document = b"x;y\n'1,5';caf\xC3\xA9\n";
    let options = ReadOptions {
        delimiter: Some(b';'),
        quote: Some(Quote::Char(b'\'')),
        encoding: Some("latin1".parse().expect("an encoding")),
        decimal_comma: Some(true),
        header: Some(false),
        geometry: GeometryColumns::None,
        ..ReadOptions::default()
    };
    let found = survey(&document[..], &options).expect("readable");
    assert_eq!(found.survey.features, 2);
    assert_eq!(found.columns, ["field_1", "field_2"]);
    assert!(found.survey.notes.iter().all(|note| !note.contains("looks like data")));
    let last = reader(&document[..], &found).expect("the same").last().expect("two").expect("good");
    assert_eq!(last.get("field_1"), Some(&"1,5".into()));
    assert_eq!(last.get("field_2"), Some(&"cafÃ©".into()));
}

#[test]
fn named_columns_are_the_geometry() {
    let document = "ost,nord,form,name\n500000,5400000,POINT(1 2),a\n1,,POINT(3 4),b\n";
    let xy = GeometryColumns::Xy { x: "Ost".to_owned(), y: "nord".to_owned() };
    let options = ReadOptions {
        geometry: xy,
        crs: Some(Crs::epsg(25832)),
        header: Some(true),
        ..ReadOptions::default()
    };
    let found = survey(document.as_bytes(), &options).expect("readable");
    assert_eq!(found.geometry, GeometrySource::Xy { x: 0, y: 1 });
    assert_eq!(found.survey.schema.fields()[0].ty.to_string(), "Point XY, EPSG:25832");

    let wkt = GeometryColumns::Wkt("form".to_owned());
    let options = ReadOptions { geometry: wkt, ..options };
    let found = survey(document.as_bytes(), &options).expect("readable");
    assert_eq!(found.geometry, GeometrySource::Wkt { column: 2 });
    let names: Vec<_> = found.survey.schema.fields().iter().map(|field| &field.name).collect();
    assert_eq!(names, ["ost", "nord", "form", "name"]);

    let options = ReadOptions { geometry: GeometryColumns::Wkt("from".to_owned()), ..options };
    let error = survey(document.as_bytes(), &options).expect_err("no such column");
    assert_eq!(error.to_string(), "line 1: no column is named `from`; did you mean `form`?");
}

#[test]
fn short_records_may_be_filled() {
    let document = "a,b,c\n1,2,3\n4\n";
    let options = ReadOptions { short_records: ShortRecords::Fill, ..ReadOptions::default() };
    let found = survey(document.as_bytes(), &options).expect("readable");
    let last = reader(document.as_bytes(), &found).expect("the same").last().expect("two");
    let values = last.expect("filled").into_values();
    assert_eq!(values, [Some(Value::Int(4)), Some(Value::Null), Some(Value::Null)]);
}

#[test]
fn signs_that_cannot_separate_are_refused() {
    for options in [
        ReadOptions { delimiter: Some(b'\n'), ..ReadOptions::default() },
        ReadOptions { delimiter: Some(0xE4), ..ReadOptions::default() },
        ReadOptions { delimiter: Some(b'5'), ..ReadOptions::default() },
        ReadOptions { quote: Some(Quote::Char(b'\r')), ..ReadOptions::default() },
        ReadOptions {
            delimiter: Some(b'\''),
            quote: Some(Quote::Char(b'\'')),
            ..ReadOptions::default()
        },
        ReadOptions { delimiter: Some(b','), decimal_comma: Some(true), ..ReadOptions::default() },
    ] {
        let error = survey(&b"a,b\n"[..], &options).expect_err("cannot be");
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{options:?}");
        assert!(error.hint().is_some());
    }
}

#[test]
fn a_document_of_nothing_is_refused() {
    for document in [&b""[..], b"\n\r\n\n", b"\xEF\xBB\xBF"] {
        let error = survey(document, &ReadOptions::default()).expect_err("nothing is there");
        assert!(matches!(error, CodecError::BadDocument { .. }), "{error}");
    }
}

#[test]
fn a_document_that_changed_is_noticed() {
    let found = survey(&b"a,b\n1,2\n"[..], &ReadOptions::default()).expect("readable");
    let header = reader(&b"a,c\n1,2\n"[..], &found).err().expect("another header");
    assert_eq!(header.kind(), ErrorKind::Conflict);
    let mut features = reader(&b"a,b\n1,2\nx,3\n4,5\n"[..], &found).expect("the same header");
    assert!(features.next().expect("one").is_ok());
    let error = features.next().expect("two").expect_err("was all integers");
    assert_eq!(
        error.to_string(),
        "the document changed while it was being read: feature 2, line 3: column `a`: `x` is no integer"
    );
    assert!(features.next().is_none(), "what changed cannot be trusted any more");
}
