//! How a datum lies to WGS 84, as far as a PROJ string says it without grids.
use proj4rs::Proj;

use super::definition::parameter;

/// The equatorial radius and the squared eccentricity that `proj4rs`, as PROJ 4 before it, takes
/// for WGS 84's, and for those of any datum that is no different.
const WGS84: Ellipsoid = Ellipsoid { radius_m: 6_378_137.0, es: 0.006_694_379_990_141_316_5 };

/// How near a squared eccentricity counts as the same: that of GRS 80 does.
const ES_SLACK: f64 = 5e-11;

/// What `+datum=` stands for, by PROJ's `datums.cpp`.
const NAMED: [(&str, &str); 9] = [
    ("WGS84", "0,0,0"),
    ("NAD83", "0,0,0"),
    ("GGRS87", "-199.87,74.79,246.62"),
    ("potsdam", "598.1,73.7,418.2,0.202,0.045,-2.455,6.7"),
    ("carthage", "-263.0,6.0,431.0"),
    ("hermannskogel", "577.326,90.129,463.919,5.137,1.474,5.297,2.4232"),
    ("ire65", "482.530,-130.596,564.557,-1.042,-0.214,-0.631,8.15"),
    ("nzgd49", "59.47,-5.04,187.44,0.47,-0.1,1.024,-4.5993"),
    ("OSGB36", "446.448,-125.157,542.060,0.1502,0.2470,0.8421,-20.4894"),
];

/// An ellipsoid, and how its axes lie to those of WGS 84.
#[derive(Clone)]
pub(super) struct Datum {
    pub(super) ellipsoid: Ellipsoid,
    pub(super) helmert: Helmert,
    /// Longitudes and latitudes of this datum, by which a shift is tried out.
    pub(super) geographic: Proj,
}

/// The figure of the Earth.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ellipsoid {
    /// The equatorial radius.
    pub(super) radius_m: f64,
    /// The squared eccentricity.
    pub(super) es: f64,
}

/// Position vector transformation to WGS 84 (IOGP 373-7-2, section 4.3.3, EPSG method 9606).
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Helmert {
    pub(super) translation_m: [f64; 3],
    pub(super) rotation_rad: [f64; 3],
    pub(super) scale: f64,
}

impl Datum {
    /// None where a grid joins it to WGS 84, or nothing, or what cannot be read.
    pub(super) fn of(proj: &str) -> Option<Self> {
        if parameter(proj, "nadgrids").is_some() {
            return None;
        }
        // of two parameters of one name the first counts; not the whole, as some projections
        // compute by another ellipsoid than their datum's
        let geographic = format!("+proj=longlat +axis=enu +pm=0 {proj}");
        let geographic = Proj::from_proj_string(&geographic).ok()?;
        let (radius_m, minor_m) = geographic.ellipse_parameters();
        let es = (radius_m - minor_m) * (radius_m + minor_m) / (radius_m * radius_m);
        let (given, named) = (parameter(proj, "towgs84"), parameter(proj, "datum"));
        let helmert = Helmert::of(given.or_else(|| shift_of(named?))?)?;
        let is_near_wgs84 =
            radius_m.to_bits() == WGS84.radius_m.to_bits() && (es - WGS84.es).abs() < ES_SLACK;
        let is_by_name = given.is_none() && named.and_then(shift_of) == Some("0,0,0");
        let is_wgs84 = helmert == Helmert::NONE && (is_near_wgs84 || is_by_name);
        let ellipsoid = if is_wgs84 { WGS84 } else { Ellipsoid { radius_m, es } };
        Some(Self { ellipsoid, helmert, geographic })
    }

    /// Whether longitudes and latitudes stay.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.helmert == other.helmert
            && self.ellipsoid.radius_m.to_bits() == other.ellipsoid.radius_m.to_bits()
            && (self.ellipsoid.es - other.ellipsoid.es).abs() < ES_SLACK
    }
}

impl Helmert {
    const NONE: Self = Self { translation_m: [0.0; 3], rotation_rad: [0.0; 3], scale: 1.0 };

    /// Reads `dx,dy,dz` in metres, or that and `rx,ry,rz,s` in arc seconds and parts per million.
    fn of(towgs84: &str) -> Option<Self> {
        let numbers: Vec<f64> =
            towgs84.split(',').map(|it| it.trim().parse()).collect::<Result<_, _>>().ok()?;
        match numbers[..] {
            [dx, dy, dz] => Some(Self { translation_m: [dx, dy, dz], ..Self::NONE }),
            [dx, dy, dz, rx, ry, rz, ppm] => Some(Self {
                translation_m: [dx, dy, dz],
                rotation_rad: [rx, ry, rz].map(|it| (it / 3600.0).to_radians()),
                scale: 1.0 + ppm / 1e6,
            }),
            _ => None,
        }
    }

    /// The rows of its rotation matrix, for small angles.
    pub(super) fn rotation(&self) -> [[f64; 3]; 3] {
        let [rx, ry, rz] = self.rotation_rad;
        [[1.0, -rz, ry], [rz, 1.0, -rx], [-ry, rx, 1.0]]
    }
}

fn shift_of(datum: &str) -> Option<&'static str> {
    NAMED.iter().find(|(name, _)| name.eq_ignore_ascii_case(datum)).map(|pair| pair.1)
}
