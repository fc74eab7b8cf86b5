//! Layers to test with, the same each time: features, and the definition that they fit.
use std::sync::Arc;
use tiepoint_core::{
    Crs, Dims, Edit, Envelope, Feature, Field, FieldType, Geometry, GeometryKind, GeometryType,
    GeometryWriter, KindRule, LayerDefinition, Schema, Value, Xy,
};
use tiepoint_store::{Store, StoreError, TransactionOptions, WriteMode};

/// A layer that is not in a store yet.
#[derive(Debug, Clone, PartialEq)]
pub struct Fixture {
    /// What a store creates.
    pub definition: LayerDefinition,
    /// What it is then filled with, without ids: a store mints them.
    pub features: Vec<Feature>,
}

impl Fixture {
    /// The same under another name.
    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        name.clone_into(&mut self.definition.name);
        self
    }

    /// Creates the layer in a store and writes every feature, in one transaction.
    ///
    /// # Errors
    ///
    /// What the store says: it may be read-only, or have such a layer already.
    pub fn create_in(&self, store: &dyn Store) -> Result<(), StoreError> {
        let mut transaction = store.begin(TransactionOptions::default())?;
        transaction.create_layer(&self.definition)?;
        let mut writer = transaction.writer(&self.definition.name, WriteMode::Bulk)?;
        for feature in &self.features {
            writer.write(Edit::Insert(feature.clone()))?;
        }
        writer.finish()?;
        transaction.commit()
    }
}

/// Eleven cities in longitude and latitude, as layer `cities`: points `geom` with a `name`, the
/// `country` and the `population`, roughly, in thousands.
///
/// With traps: names that people order unlike code points (`Zürich`, `Århus`, `arles`), one with an
/// apostrophe, two on either side of the antimeridian, one on the Equator, one south of it, and
/// one whose population is null.
///
/// ```
/// let cities = tiepoint_postgis::testing::fixtures::cities();
/// assert_eq!(cities.features.len(), 11);
/// assert_eq!(cities.features[0].get("name").and_then(|name| name.as_text()), Some("Zürich"));
/// ```
#[must_use]
pub fn cities() -> Fixture {
    let fields = vec![
        geometry_field(GeometryKind::Point, Crs::CRS84),
        Field::new("name", FieldType::TEXT).not_null(),
        Field::new("country", FieldType::TEXT),
        Field::new("population", FieldType::INT),
    ];
    let rows = CITIES.iter().map(|(name, country, x, y, population)| {
        let population = population.map_or(Value::Null, Value::Int);
        vec![point(*x, *y).into(), (*name).into(), (*country).into(), population]
    });
    layer("cities", fields, rows)
}

/// Name, country, longitude, latitude, thousands of people.
type City = (&'static str, &'static str, f64, f64, Option<i64>);

const CITIES: [City; 11] = [
    ("Zürich", "Switzerland", 8.5417, 47.3769, Some(443)),
    ("Århus", "Denmark", 10.2039, 56.1629, Some(295)),
    ("arles", "France", 4.6278, 43.6766, Some(51)),
    ("L'Aquila", "Italy", 13.3995, 42.3498, Some(70)),
    ("Helsinki", "Finland", 24.9384, 60.1699, Some(675)),
    ("Tallinn", "Estonia", 24.7536, 59.4370, Some(457)),
    ("Labasa", "Fiji", 179.3644, -16.4332, Some(28)),
    ("Apia", "Samoa", -171.7514, -13.8507, Some(38)),
    ("Pontianak", "Indonesia", 109.3425, 0.0, Some(669)),
    ("Cape Town", "South Africa", 18.4241, -33.9249, Some(4773)),
    ("Longyearbyen", "Norway", 15.6356, 78.2232, None),
];

/// A box in units of `crs`, cut into `rows` times `columns` rectangles that share their edges, as
/// layer `grid`: polygons `geom` with a `name` such as `r0c2`, their `row` and `column`, both from
/// 0 at the corner of least x and y.
///
/// ```
/// use tiepoint_core::{Crs, Envelope, Xy};
/// use tiepoint_postgis::testing::fixtures::grid_of_polygons;
///
/// let corners = [Xy { x: 400_000.0, y: 6_600_000.0 }, Xy { x: 430_000.0, y: 6_620_000.0 }];
/// let area = Envelope::of(corners)?.expect("two corners");
/// let grid = grid_of_polygons(area, 2, 3, Crs::epsg(3067));
/// let last = grid.features[5].geometry().expect("a polygon");
/// assert_eq!(last.to_wkt(), "POLYGON ((420000 6610000,430000 6610000,430000 6620000,420000 6620000,420000 6610000))");
/// # Ok::<(), tiepoint_core::BoxError>(())
/// ```
#[must_use]
pub fn grid_of_polygons(area: Envelope, rows: u32, columns: u32, crs: Crs) -> Fixture {
    let fields = vec![
        geometry_field(GeometryKind::Polygon, crs),
        Field::new("name", FieldType::TEXT).not_null(),
        Field::new("row", FieldType::INT).not_null(),
        Field::new("column", FieldType::INT).not_null(),
    ];
    let (min, max) = (area.min(), area.max());
    let x = |column| between(min.x, max.x, column, columns);
    let y = |row| between(min.y, max.y, row, rows);
    let cells = (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column)));
    let rows = cells.map(|(row, column)| {
        let from = Xy { x: x(column), y: y(row) };
        let to = Xy { x: x(column + 1), y: y(row + 1) };
        let name = format!("r{row}c{column}");
        vec![rectangle(from, to).into(), name.into(), int(row), int(column)]
    });
    layer("grid", fields, rows)
}

/// `count` points that fill a disc evenly, from its centre outwards, as layer `points`: points
/// `geom` with their `number` from 0. All in units of `crs`, which on longitude and latitude makes
/// no disc on the ground.
///
/// They lie on a sunflower's spiral; no two are equally far from the centre.
///
/// Source: H. Vogel, *A better way to construct the sunflower head*, Mathematical Biosciences 44
/// (1979) 179–189.
#[must_use]
pub fn points_around(centre: Xy, radius: f64, count: u32, crs: Crs) -> Fixture {
    let fields = vec![
        geometry_field(GeometryKind::Point, crs),
        Field::new("number", FieldType::INT).not_null(),
    ];
    let golden_angle = std::f64::consts::PI * (3.0 - 5_f64.sqrt());
    let rows = (0..count).map(|number| {
        let far = radius * ((f64::from(number) + 0.5) / f64::from(count)).sqrt();
        let (sin, cos) = (f64::from(number) * golden_angle).sin_cos();
        vec![point(centre.x + far * cos, centre.y + far * sin).into(), int(number)]
    });
    layer("points", fields, rows)
}

fn geometry_field(kind: GeometryKind, crs: Crs) -> Field {
    let ty = GeometryType::xy(KindRule::Only(kind), crs);
    Field::new("geom", FieldType::Geometry(ty))
}

fn layer(name: &str, fields: Vec<Field>, rows: impl Iterator<Item = Vec<Value>>) -> Fixture {
    let schema = Arc::new(Schema::new(fields).expect("distinct names"));
    let feature =
        |row: Vec<Value>| Feature::with_values(schema.clone(), row.into_iter().map(Some).collect());
    let features = rows.map(feature).collect();
    Fixture { definition: LayerDefinition::new(name, schema), features }
}

fn int(number: u32) -> Value {
    Value::Int(number.into())
}

fn point(x: f64, y: f64) -> Geometry {
    let mut writer = GeometryWriter::new();
    writer.begin(GeometryKind::Point, Dims::Xy);
    writer.position(&[x, y]);
    writer.end();
    writer.finish().expect("a position is a point")
}

fn rectangle(from: Xy, to: Xy) -> Geometry {
    let envelope = Envelope::of([from, to]).expect("within a finite box");
    envelope.expect("of two corners").to_geometry()
}

/// The `index`th of the ends of `count` equal steps; the last is `max` itself.
fn between(min: f64, max: f64, index: u32, count: u32) -> f64 {
    if index == count { max } else { min + (max - min) * (f64::from(index) / f64::from(count)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tiepoint_store::MemoryStore;

    fn area() -> Envelope {
        let corners = [Xy { x: 0.1, y: 0.1 }, Xy { x: 0.9, y: 0.7 }];
        Envelope::of(corners).expect("finite").expect("two corners")
    }

    #[test]
    fn every_fixture_fits_its_definition() {
        let disc = points_around(Xy { x: 1.0, y: 2.0 }, 5.0, 40, Crs::UndefinedCartesian);
        for fixture in [cities(), grid_of_polygons(area(), 3, 4, Crs::CRS84), disc] {
            let store = MemoryStore::new();
            fixture.create_in(&store).expect("fits");
            let query = tiepoint_core::Query::layer(fixture.definition.name.as_str());
            assert_eq!(store.read(&query).expect("reads").count(), fixture.features.len());
        }
    }

    #[test]
    fn neighbours_in_a_grid_share_their_edges_and_fill_the_box() {
        let grid = grid_of_polygons(area(), 7, 3, Crs::CRS84);
        let envelopes = grid.features.iter().filter_map(|it| it.geometry()?.envelope());
        let envelopes: Vec<_> = envelopes.collect();
        let upper_left = |it: Envelope| Xy { x: it.min().x, y: it.max().y };
        let mut columns = envelopes.windows(4);
        assert!(columns.all(|cells| upper_left(cells[0]) == cells[3].min()));
        let whole = envelopes.into_iter().reduce(Envelope::merged);
        assert_eq!(whole, Some(area()));
    }

    #[test]
    fn points_lie_in_their_disc() {
        let disc = points_around(Xy { x: 1.0, y: 2.0 }, 5.0, 100, Crs::UndefinedCartesian);
        for feature in &disc.features {
            let position = feature.geometry().and_then(|it| it.as_ref().positions().get(0));
            let position = position.expect("a point");
            assert!((position.x() - 1.0).hypot(position.y() - 2.0) < 5.0, "{position:?}");
        }
    }
}
