//! Places and distances as people type them: `8.54,47.38`, `500m:8.54,47.38`.
use super::select::wrong;
use tiepoint::{Crs, Geometry, Metres, Result};

/// Longitude and latitude as a point in [`Crs::CRS84`].
pub(super) fn lonlat(argument: &str, text: &str) -> Result<Geometry> {
    let refused = || wrong(argument, &format!("`{text}` is no place; write longitude,latitude"));
    let (lon, lat) = text.split_once(',').ok_or_else(refused)?;
    let number = |text: &str| text.trim().parse::<f64>().ok().filter(|it| it.is_finite());
    let (lon, lat) = number(lon).zip(number(lat)).ok_or_else(refused)?;
    if !(-180.0..=180.0).contains(&lon) || !(-90.0..=90.0).contains(&lat) {
        let reason = format!("`{text}` is no place in {}; longitude comes first", Crs::CRS84);
        return Err(wrong(argument, &reason));
    }
    Geometry::from_wkt(&format!("POINT({lon:?} {lat:?})")).map_err(|error| wrong(argument, &error))
}

/// A distance and the place it is measured from.
pub(super) fn distance_from(argument: &str, text: &str) -> Result<(Metres, Geometry)> {
    let refused = || {
        let example = "write a distance, a colon and a place, such as 500m:8.54,47.38";
        wrong(argument, &format!("`{text}` is no distance from a place; {example}"))
    };
    let (distance, place) = text.split_once(':').ok_or_else(refused)?;
    let distance = metres(distance.trim()).ok_or_else(refused)?;
    Ok((distance, lonlat(argument, place)?))
}

/// Units and their metres; longer names first where one ends with the other.
const UNITS: [(&str, f64); 5] =
    [("nmi", 1_852.0), ("km", 1_000.0), ("mi", 1_609.344), ("ft", 0.3048), ("m", 1.0)];

fn metres(text: &str) -> Option<Metres> {
    let (number, metres) =
        UNITS.iter().find_map(|(unit, metres)| Some((text.strip_suffix(unit)?, *metres)))?;
    let number: f64 = number.trim().parse().ok()?;
    (number.is_finite() && number >= 0.0).then_some(Metres(number * metres))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_distance_has_a_unit() {
        for (text, expected) in
            [("500m", 500.0), ("1.5km", 1_500.0), ("2 mi", 3_218.688), ("1nmi", 1_852.0)]
        {
            assert_eq!(metres(text), Some(Metres(expected)), "{text}");
        }
        for text in ["500", "m", "-5m", "NaNm", "5deg", "1e999km"] {
            assert_eq!(metres(text), None, "{text}");
        }
    }

    #[test]
    fn a_place_is_longitude_first_and_on_earth() {
        assert_eq!(lonlat("--nearest", "8.5, 47").expect("is one").to_wkt(), "POINT (8.5 47)");
        for text in ["47", "200,5", "8,91", "a,b", "1,2,3", "inf,0"] {
            assert!(lonlat("--nearest", text).is_err(), "{text}");
        }
    }
}
