//! Questions among many points, by the default index alone.
use super::arena::{Arena, Cost};
use super::raw::Raw;
use crate::Outcome;
use crate::dataset::Dataset;
use crate::outcome::{Row, Target};
use crate::prng::Prng;
use crate::stage::Stage;
use tiepoint_core::{Crs, Feature, Fid, Geometry, Metres, Query, field, place};
use tiepoint_postgis::PostgisStore;
use tiepoint_store::Store;

const SEED: u64 = 7;
const ASKED: usize = 500;
/// How many are also answered by looking at every row: seconds each.
const CHECKED: usize = 3;
const RADIUS_M: f64 = 5_000.0;
const HERE: &str = "ST_SetSRID(ST_MakePoint($1, $2), 4326)";

type Place = (f64, f64);

/// All within 5 km, on the ellipsoid.
pub(crate) fn radius(stage: &Stage, arena: &Arena, dataset: Dataset) -> Outcome<Vec<Row>> {
    let ask = |here: Geometry| {
        let near = field("geom").within_distance(place(here, Crs::epsg(4326)), Metres(RADIUS_M));
        Query::layer(dataset.name()).filter(near)
    };
    let all = format!("SELECT * FROM {} WHERE", dataset.name());
    let guide = format!(
        "{all} ST_DWithin(CAST(geom AS geography(GEOMETRY, 4326)), {HERE}::geography, {RADIUS_M})"
    );
    let by_hand = format!(
        "{all} geom && ST_Expand({HERE}, {RADIUS_M:?} / (111320 * cos(radians($2))), {RADIUS_M:?} / 110574)
         AND ST_DWithin(geom::geography, {HERE}::geography, {RADIUS_M})"
    );
    let peers = [
        Peer { what: "as the guides ask it", sql: guide.clone(), times: CHECKED },
        Peer { what: "boxes written by hand", sql: by_hand, times: ASKED },
    ];
    let contest = Contest { figure: "within 5 km", most_ms: 0.8, truth: guide, peers };
    contest.held(stage, arena, dataset, ask)
}

/// The ten nearest, in true metres.
pub(crate) fn nearest(stage: &Stage, arena: &Arena, dataset: Dataset) -> Outcome<Vec<Row>> {
    let ask = |here: Geometry| Query::layer(dataset.name()).nearest(here, Crs::epsg(4326), 10);
    let from = dataset.name();
    let by = |order: &str| format!("SELECT * FROM {from} ORDER BY {order} LIMIT 10");
    let truth = by(&format!("ST_Distance(geom::geography, {HERE}::geography)"));
    let peers = [
        Peer {
            what: "geography <->",
            sql: by(&format!("geom::geography <-> {HERE}::geography")),
            times: CHECKED,
        },
        Peer {
            what: "geometry <->, by degrees",
            sql: by(&format!("geom <-> {HERE}")),
            times: ASKED,
        },
    ];
    let contest = Contest { figure: "nearest 10", most_ms: 0.5, truth, peers };
    contest.held(stage, arena, dataset, ask)
}

struct Contest {
    figure: &'static str,
    /// What a question may cost the server, in CPU milliseconds.
    most_ms: f64,
    /// What finds the same by looking at every row.
    truth: String,
    peers: [Peer; 2],
}

struct Peer {
    what: &'static str,
    sql: String,
    times: usize,
}

impl Contest {
    fn held(
        self,
        stage: &Stage,
        arena: &Arena,
        dataset: Dataset,
        ask: impl Fn(Geometry) -> Query,
    ) -> Outcome<Vec<Row>> {
        let store = arena.holding(stage, dataset)?;
        let mut raw = arena.raw()?;
        let places = places();
        let queries: Vec<Query> =
            places.iter().map(|it| Ok(ask(point(*it)?))).collect::<Outcome<_>>()?;
        for (query, here) in queries.iter().zip(&places).take(CHECKED) {
            self.check(&fids(&answer(&store, query)?), &mut raw, *here)?;
        }
        let round =
            || queries.iter().try_fold(0, |rows, it| Outcome::Ok(rows + answer(&store, it)?.len()));
        let (mut rows, mut costs) = (0, Vec::new());
        for _ in 0..stage.rounds {
            let (found, cost) = arena.cost(round)?;
            rows = found;
            costs.push(cost);
        }
        let ours = Cost::median(&costs).each(places.len());
        let ms = ours.server_s * 1e3;
        let wording = format!("≤ {} ms on the server", self.most_ms);
        let target = match dataset {
            Dataset::Points => Target::at_most(ms, self.most_ms, wording),
            Dataset::Polygons => Target::None,
        };
        let each = rows / places.len();
        let figure =
            format!("{} of {} {}: {each}", self.figure, stage.size(dataset), dataset.name());
        let mut told = vec![Row { target, ..super::row_ms(figure.clone(), ours, String::new()) }];
        for peer in &self.peers {
            let statement = raw.prepare(&peer.sql)?;
            let ((), cost) = arena.cost(|| {
                places
                    .iter()
                    .take(peer.times)
                    .try_for_each(|(x, y)| raw.rows(&statement, &[x, y]).map(drop))
            })?;
            let cost = cost.each(peer.times);
            told.push(super::row_ms(
                figure.clone(),
                ours,
                format!("{} {}", cost.told_ms(), peer.what),
            ));
        }
        Ok(told)
    }

    fn check(&self, ours: &[i64], raw: &mut Raw, here: Place) -> Outcome {
        let statement = raw.prepare(&self.truth)?;
        let rows = raw.rows(&statement, &[&here.0, &here.1])?;
        let mut truth: Vec<i64> = rows.iter().map(|row| row.get("fid")).collect();
        truth.sort_unstable();
        if ours == truth {
            return Ok(());
        }
        Err(format!("{} at {here:?}: we found {ours:?}, in truth it is {truth:?}", self.figure)
            .into())
    }
}

fn places() -> Vec<Place> {
    let mut prng = Prng::seeded(SEED);
    (0..ASKED).map(|_| (prng.between(5.5, 14.5), prng.between(45.5, 54.5))).collect()
}

fn point((x, y): Place) -> Outcome<Geometry> {
    Ok(Geometry::from_wkt(&format!("POINT({x} {y})"))?)
}

fn answer(store: &PostgisStore, query: &Query) -> Outcome<Vec<Feature>> {
    Ok(store.read(query)?.collect::<Result<_, _>>()?)
}

fn fids(features: &[Feature]) -> Vec<i64> {
    let number = |it: &Feature| match &it.fid {
        Some(Fid::Int(number)) => *number,
        _ => -1,
    };
    let mut fids: Vec<i64> = features.iter().map(number).collect();
    fids.sort_unstable();
    fids
}
