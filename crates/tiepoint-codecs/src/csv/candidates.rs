//! Which of the columns that are named like geometry really hold some, and in which CRS.
use super::geometry::{
    GeometrySource, Pair, PairNames, crs_of_srid, geometry, is_lonlat_range, may_be_lonlat, pair,
    pair_names, wkt_columns, xy_columns,
};
use super::options::{GeometryColumns, ReadOptions};
use super::records::Row;
use crate::infer::DecimalMark;
use tiepoint_core::{Crs, Edges, GeometryKind, GeometryType, KindRule, OrdinateRule, nearest_name};

/// The columns that may be the geometry, and what their cells have shown so far.
#[derive(Debug)]
pub(super) struct Candidates {
    wkt: Vec<WktColumn>,
    xy: Vec<XyColumns>,
    /// Whether the caller named them, so that they are not asked for evidence.
    given: bool,
}

#[derive(Debug)]
struct WktColumn {
    column: usize,
    filled: u64,
    geometries: u64,
    kinds: Vec<GeometryKind>,
    /// Whether z and m are there.
    ordinates: Option<(OrdinateRule, OrdinateRule)>,
    /// That of the first geometry that names one.
    srid: Option<i32>,
    may_be_lonlat: bool,
}

#[derive(Debug)]
struct XyColumns {
    x: usize,
    y: usize,
    names: PairNames,
    filled: u64,
    point: Pairs,
    comma: Pairs,
}

/// What pairs of cells are under one decimal mark.
#[derive(Debug, Clone, Copy)]
struct Pairs {
    positions: u64,
    may_be_lonlat: bool,
}

/// The geometry that was decided on.
pub(super) struct Chosen {
    pub(super) source: GeometrySource,
    pub(super) ty: Option<GeometryType>,
    /// The kinds that occur, in the order of their codes.
    pub(super) kinds: Vec<GeometryKind>,
    /// The SRID that geometries may name, where the CRS follows from it.
    pub(super) srid: Option<i32>,
    pub(super) note: Option<String>,
}

/// So many cells may be no geometry before a column is given up.
const CELLS_BEFORE_GIVING_UP: u64 = 100;

impl Candidates {
    /// Those that `options` allow, or the reason why what they name is not there.
    pub(super) fn new(names: &[String], options: &ReadOptions) -> Result<Self, String> {
        let (wkt, xy, given) = match &options.geometry {
            GeometryColumns::None => (Vec::new(), Vec::new(), true),
            GeometryColumns::Detect => (wkt_columns(names), xy_columns(names), false),
            GeometryColumns::Wkt(name) => (vec![require(names, name)?], Vec::new(), true),
            GeometryColumns::Xy { x, y } => {
                let pair = (require(names, x)?, require(names, y)?, pair_names(x, y));
                (Vec::new(), vec![pair], true)
            }
        };
        Ok(Self {
            wkt: wkt.into_iter().map(WktColumn::new).collect(),
            xy: xy.into_iter().map(XyColumns::new).collect(),
            given,
        })
    }

    /// Takes note of one more record.
    pub(super) fn observe(&mut self, row: Row<'_>) {
        for candidate in &mut self.wkt {
            if self.given || !candidate.is_given_up() {
                candidate.observe(&row.cell(candidate.column).text);
            }
        }
        for candidate in &mut self.xy {
            candidate.observe(&row.cell(candidate.x).text, &row.cell(candidate.y).text);
        }
    }

    /// Decides: columns with values before empty ones, WKT before coordinates.
    pub(super) fn choose(&self, mark: DecimalMark, crs: Option<&Crs>) -> Chosen {
        let fits = |good: u64, filled: u64| self.given || good * 2 > filled;
        let wkt = self.wkt.iter().filter(|it| it.filled > 0 && fits(it.geometries, it.filled));
        let xy =
            self.xy.iter().filter(|it| it.filled > 0 && fits(it.pairs(mark).positions, it.filled));
        let empty_wkt = self.wkt.iter().filter(|it| it.filled == 0);
        let empty_xy = self
            .xy
            .iter()
            .filter(|it| it.filled == 0 && (self.given || it.names == PairNames::Geographic));
        let as_wkt = |it: &WktColumn| it.chosen(crs);
        let as_xy = |it: &XyColumns| it.chosen(mark, crs);
        let mut ranked = wkt
            .map(as_wkt)
            .chain(xy.map(as_xy))
            .chain(empty_wkt.map(as_wkt))
            .chain(empty_xy.map(as_xy));
        ranked.next().unwrap_or(Chosen {
            source: GeometrySource::None,
            ty: None,
            kinds: Vec::new(),
            srid: None,
            note: None,
        })
    }
}

fn require(names: &[String], wanted: &str) -> Result<usize, String> {
    let exact = names.iter().position(|name| name == wanted);
    let found = exact.or_else(|| names.iter().position(|name| name.eq_ignore_ascii_case(wanted)));
    found.ok_or_else(|| {
        let nearest = nearest_name(wanted, names.iter().map(String::as_str));
        let hint = nearest.map_or_else(String::new, |name| format!("; did you mean `{name}`?"));
        format!("no column is named `{wanted}`{hint}")
    })
}

impl WktColumn {
    fn new(column: usize) -> Self {
        Self {
            column,
            filled: 0,
            geometries: 0,
            kinds: Vec::new(),
            ordinates: None,
            srid: None,
            may_be_lonlat: true,
        }
    }

    fn is_given_up(&self) -> bool {
        self.geometries == 0 && self.filled >= CELLS_BEFORE_GIVING_UP
    }

    fn observe(&mut self, cell: &str) {
        let read = geometry(cell);
        self.filled += u64::from(!matches!(read, Ok(None)));
        let Ok(Some((geometry, srid))) = read else { return };
        self.geometries += 1;
        if !self.kinds.contains(&geometry.kind()) {
            self.kinds.push(geometry.kind());
        }
        let (has_z, has_m) = (geometry.dims().has_z(), geometry.dims().has_m());
        let (z, m) = (OrdinateRule::exactly(has_z), OrdinateRule::exactly(has_m));
        let (all_z, all_m) = self.ordinates.unwrap_or((z, m));
        self.ordinates = Some((all_z.union(z), all_m.union(m)));
        self.srid = self.srid.or(srid);
        self.may_be_lonlat &= may_be_lonlat(&geometry);
    }

    fn chosen(&self, given: Option<&Crs>) -> Chosen {
        let mut kinds = self.kinds.clone();
        kinds.sort_by_key(|kind| kind.code());
        let kind = match kinds.as_slice() {
            [only] => KindRule::Only(*only),
            _ => KindRule::Any,
        };
        let (z, m) = self.ordinates.unwrap_or((OrdinateRule::Optional, OrdinateRule::Optional));
        let srid = self.srid.filter(|_| given.is_none());
        let named = srid.and_then(crs_of_srid);
        let (crs, note) = given.cloned().or(named).map_or_else(
            || assumed_crs(self.may_be_lonlat && self.geometries > 0),
            |crs| (crs, None),
        );
        let ty = Some(GeometryType { kind, z, m, crs, edges: Edges::Planar });
        Chosen { source: GeometrySource::Wkt { column: self.column }, ty, kinds, srid, note }
    }
}

impl XyColumns {
    fn new((x, y, names): (usize, usize, PairNames)) -> Self {
        let none = Pairs { positions: 0, may_be_lonlat: true };
        Self { x, y, names, filled: 0, point: none, comma: none }
    }

    fn observe(&mut self, x: &str, y: &str) {
        let at_point = pair(x, y, DecimalMark::Point);
        let has_comma = x.contains(',') || y.contains(',');
        let has_mark = has_comma || x.contains('.') || y.contains('.');
        let at_comma = if has_mark { pair(x, y, DecimalMark::Comma) } else { at_point };
        self.filled += u64::from(at_point != Pair::Absent);
        self.point.add(at_point);
        self.comma.add(at_comma);
    }

    fn pairs(&self, mark: DecimalMark) -> Pairs {
        match mark {
            DecimalMark::Point => self.point,
            DecimalMark::Comma => self.comma,
        }
    }

    fn chosen(&self, mark: DecimalMark, given: Option<&Crs>) -> Chosen {
        let pairs = self.pairs(mark);
        let (crs, note) = match (given, self.names) {
            (Some(crs), _) => (crs.clone(), None),
            (None, PairNames::Geographic) => (Crs::CRS84, None),
            (None, PairNames::Projected) => assumed_crs(false),
            (None, PairNames::Plain) => assumed_crs(pairs.may_be_lonlat && pairs.positions > 0),
        };
        let ty = GeometryType::xy(KindRule::Only(GeometryKind::Point), crs);
        let source = GeometrySource::Xy { x: self.x, y: self.y };
        let kinds = if pairs.positions > 0 { vec![GeometryKind::Point] } else { Vec::new() };
        Chosen { source, ty: Some(ty), kinds, srid: None, note }
    }
}

impl Pairs {
    fn add(&mut self, pair: Pair) {
        if let Pair::At(x, y) = pair {
            self.positions += 1;
            self.may_be_lonlat &= is_lonlat_range(x, y);
        }
    }
}

/// What coordinates are taken for when the document does not say, and the note that says so.
fn assumed_crs(may_be_lonlat: bool) -> (Crs, Option<String>) {
    let (crs, taken_for) = if may_be_lonlat {
        (Crs::CRS84, "are taken for WGS 84 longitudes and latitudes (OGC:CRS84)")
    } else {
        (Crs::UndefinedCartesian, "are in a plane that the document does not name")
    };
    (crs, Some(format!("coordinates {taken_for}; if you know their CRS, give it")))
}
