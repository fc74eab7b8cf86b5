//! What is written is read, and whatever is read costs nothing.
use super::*;
use proptest::prelude::*;

fn fault(bytes: &[u8]) -> WireError {
    let mut reader = Reader::new(bytes);
    loop {
        match reader.next() {
            Ok(field) => assert!(field.is_some(), "{bytes:?} has a fault"),
            Err(error) => return error,
        }
    }
}

#[test]
fn what_is_no_message_is_refused_with_its_place() {
    use WireFault::{Group, LongVarint, Nesting, Tag, Truncated};
    let long = [&[8][..], &[0xFF; 9], &[2]].concat();
    let cases: [(&[u8], usize, WireFault); 9] = [
        (&[8], 1, Truncated),
        (&[8, 0x80], 1, Truncated),
        (&[9, 0, 0], 1, Truncated),
        (&[18, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F], 1, Truncated),
        (&long, 1, LongVarint),
        (&[0, 0], 0, Tag { tag: 0 }),
        (&[8, 1, 15], 2, Tag { tag: 15 }),
        (&[12], 1, Group),
        (&[11, 20], 2, Group),
    ];
    for (bytes, at, expected) in cases {
        assert_eq!(fault(bytes), WireError { at, fault: expected }, "{bytes:?}");
    }
    assert_eq!(fault(&vec![11; 200_000]).fault, Nesting);
}

#[test]
fn nested_messages_are_bounded() {
    let mut message = Vec::new();
    for _ in 0..=MAX_NESTING {
        let mut outer = Writer::new();
        outer.bytes(1, &message);
        message = outer.into_bytes();
    }
    let mut reader = Reader::new(&message);
    let refused = loop {
        let field = reader.next().expect("is a field").expect("is there");
        match field.message() {
            Ok(inner) => reader = inner,
            Err(error) => break error,
        }
    };
    assert_eq!(refused.fault, WireFault::Nesting);
}

#[test]
fn a_group_is_kept_whole() {
    let bytes = [11, 16, 7, 27, 28, 12, 8, 1];
    let mut reader = Reader::new(&bytes);
    let group = reader.next().expect("is a field").expect("is there");
    assert_eq!((group.payload(), group.raw()), (Payload::Group, &bytes[..6]));
    assert_eq!(reader.next().expect("is a field").map(|it| it.uint()), Some(Ok(1)));
}

proptest! {
    #[test]
    fn any_bytes_are_walked_or_refused(bytes: Vec<u8>) {
        let (mut reader, mut raw) = (Reader::new(&bytes), Vec::new());
        while let Ok(Some(field)) = reader.next() {
            raw.extend_from_slice(field.raw());
            let _ = (field.text(), field.message(), field.uints(&mut Vec::new()));
        }
        prop_assert!(bytes.starts_with(&raw));
    }

    #[test]
    fn what_is_written_is_read(
        (number, uint, sint, double) in (1..=MAX_FIELD_NUMBER, any::<u64>(), any::<i64>(), any::<u64>()),
        text: String,
        packed: Vec<u64>,
    ) {
        let mut writer = Writer::new();
        writer.uint(number, uint);
        writer.sint(number, sint);
        writer.fixed64(number, double);
        writer.text(number, &text);
        writer.uints(number, packed.iter().copied());
        writer.message(number, |inner| inner.message(number, |it| it.text(number, &text)));
        let mut reader = Reader::new(writer.as_bytes());
        let mut next = || reader.next().expect("is a field").expect("is there");
        prop_assert_eq!(next().uint(), Ok(uint));
        prop_assert_eq!(next().sint(), Ok(sint));
        prop_assert_eq!(next().fixed64(), Ok(double));
        prop_assert_eq!(next().text(), Ok(text.as_str()));
        let mut read = Vec::new();
        next().uints(&mut read)?;
        prop_assert_eq!(read, packed);
        let inner = next().message()?.next()?.expect("is there");
        prop_assert_eq!(inner.message()?.next()?.expect("is there").text(), Ok(text.as_str()));
        prop_assert_eq!(reader.next(), Ok(None));
    }
}
