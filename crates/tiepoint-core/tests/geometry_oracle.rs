//! Our reading of text agrees with that of GDAL/OGR, case by case.

use tiepoint_core::Geometry;

#[test]
fn text_means_what_ogr_takes_it_for() {
    let table = include_str!("wkt_cases.txt");
    let cases = table.lines().filter(|line| !line.starts_with('#'));
    let mut disagreed = Vec::new();
    for case in cases {
        let (wkt, hex) = case.split_once(" | ").expect("WKT | hex");
        let theirs = Geometry::from_wkb(&bytes(hex));
        let ours = Geometry::from_wkt(wkt);
        if ours.is_err() || ours != theirs {
            disagreed.push(format!("{wkt}\n  ours:   {ours:?}\n  theirs: {theirs:?}"));
        } else if let Ok(ours) = ours {
            assert_eq!(ours.as_wkb(), bytes(hex), "OGR writes it canonically: {wkt}");
        }
    }
    assert!(disagreed.is_empty(), "{} cases:\n{}", disagreed.len(), disagreed.join("\n"));
}

fn bytes(hex: &str) -> Vec<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).expect("a hex digit");
    let pairs = hex.as_bytes().as_chunks::<2>().0.iter();
    pairs
        .map(|[high, low]| u8::try_from(digit(*high) * 16 + digit(*low)).expect("a byte"))
        .collect()
}
