//! Promises about geometries.
use super::fixture::{WRITES, all, begin, created, insert_one, points};
use super::promises;
use crate::Store;
use tiepoint_core::{
    Crs, Edges, Edit, ErrorKind, Feature, Field, FieldType, Geometry, GeometryKind, GeometryType,
    KindRule, LayerDefinition, OrdinateRule, Query, Schema, Value,
};

promises! {
    WRITES => {
        every_plain_geometry_comes_back_bit_for_bit,
        another_kind_than_the_fields_is_refused,
        other_ordinates_than_the_fields_are_refused,
        the_crs_of_a_layer_is_kept,
    }
    |it| it.write && it.define_layers && it.curves => { every_curved_geometry_comes_back_bit_for_bit }
}

pub(super) const PLAIN: &[&str] = &[
    "POINT(1 2)",
    "POINT EMPTY",
    "POINT Z(1 2 3)",
    "POINT M(1 2 -0.0)",
    "POINT ZM(0.1 -0.0 5e-324 1.7976931348623157e308)",
    "LINESTRING(0 0, 1 1)",
    "LINESTRING EMPTY",
    "POLYGON((0 0, 4 0, 4 4, 0 4, 0 0), (1 1, 1 2, 2 2, 2 1, 1 1))",
    "POLYGON Z EMPTY",
    "MULTIPOINT((1 2), EMPTY)",
    "MULTILINESTRING((0 0, 1 1), EMPTY)",
    "MULTIPOLYGON(((0 0, 1 0, 1 1, 0 0)), EMPTY)",
    "GEOMETRYCOLLECTION(POINT(1 2), GEOMETRYCOLLECTION(LINESTRING(0 0, 1 1), GEOMETRYCOLLECTION EMPTY))",
    "GEOMETRYCOLLECTION ZM(POINT ZM(1 2 3 4))",
];

pub(super) const CURVED: &[&str] = &[
    "CIRCULARSTRING(0 0, 1 1, 2 0)",
    "COMPOUNDCURVE(CIRCULARSTRING(0 0, 1 1, 2 0), (2 0, 3 0))",
    "CURVEPOLYGON(COMPOUNDCURVE(CIRCULARSTRING(0 0, 1 1, 2 0), (2 0, 0 0)))",
    "MULTICURVE((0 0, 1 1), CIRCULARSTRING(0 0, 1 1, 2 0))",
    "MULTISURFACE(((0 0, 1 0, 1 1, 0 0)), CURVEPOLYGON((0 0, 1 0, 1 1, 0 0)))",
    "POLYHEDRALSURFACE Z(((0 0 0, 0 0 1, 0 1 1, 0 0 0)), ((0 0 0, 0 1 0, 1 1 0, 0 0 0)))",
    "TIN(((0 0, 0 1, 1 1, 0 0)))",
    "TRIANGLE((0 0, 0 9, 9 0, 0 0))",
];

pub(super) fn anything() -> LayerDefinition {
    let ty = GeometryType {
        kind: KindRule::Any,
        z: OrdinateRule::Optional,
        m: OrdinateRule::Optional,
        crs: Crs::epsg(25832),
        edges: Edges::Planar,
    };
    let field = Field::new("shape", FieldType::Geometry(ty));
    LayerDefinition::new("shapes", Schema::new(vec![field]).expect("one field"))
}

pub(super) fn holding(definition: &LayerDefinition, wkt: &str) -> Feature {
    let geometry = Geometry::from_wkt(wkt).expect(wkt);
    Feature::with_values(definition.schema.clone(), vec![Some(Value::Geometry(geometry))])
}

fn come_back(store: &dyn Store, texts: &[&str]) {
    let definition = anything();
    created(store, &definition);
    for wkt in texts {
        let written = holding(&definition, wkt);
        insert_one(store, "shapes", written.clone());
        let read = all(store, &Query::layer("shapes")).pop().expect("was just written");
        assert_eq!(read.values(), written.values(), "{wkt}");
    }
}

fn every_plain_geometry_comes_back_bit_for_bit(store: &dyn Store) {
    come_back(store, PLAIN);
}

fn every_curved_geometry_comes_back_bit_for_bit(store: &dyn Store) {
    come_back(store, CURVED);
}

fn refused(store: &dyn Store, definition: &LayerDefinition, wkt: &str) {
    let refused = begin(store).write(&definition.name, Edit::Insert(holding(definition, wkt)));
    assert_eq!(refused.expect_err(wkt).kind(), ErrorKind::Invalid, "{wkt}");
}

fn another_kind_than_the_fields_is_refused(store: &dyn Store) {
    let polygons = GeometryType::xy(KindRule::Only(GeometryKind::Polygon), Crs::epsg(4326));
    let field = Field::new("geom", FieldType::Geometry(polygons));
    let definition = LayerDefinition::new("polygons", Schema::new(vec![field]).expect("one field"));
    created(store, &definition);
    insert_one(store, "polygons", holding(&definition, "POLYGON((0 0, 1 0, 1 1, 0 0))"));
    for wkt in ["POINT(1 2)", "MULTIPOLYGON(((0 0, 1 0, 1 1, 0 0)))", "CURVEPOLYGON EMPTY"] {
        refused(store, &definition, wkt);
    }
}

fn other_ordinates_than_the_fields_are_refused(store: &dyn Store) {
    let flat = Field::new("geom", points(Crs::epsg(4326)));
    let flat = LayerDefinition::new("flat", Schema::new(vec![flat]).expect("one field"));
    let mut high = GeometryType::xy(KindRule::Only(GeometryKind::Point), Crs::epsg(4326));
    high.z = OrdinateRule::Mandatory;
    let high = Field::new("geom", FieldType::Geometry(high));
    let high = LayerDefinition::new("high", Schema::new(vec![high]).expect("one field"));
    created(store, &flat);
    created(store, &high);
    insert_one(store, "high", holding(&high, "POINT Z(1 2 3)"));
    for (definition, wkt) in
        [(&flat, "POINT Z(1 2 3)"), (&flat, "POINT M(1 2 3)"), (&high, "POINT(1 2)")]
    {
        refused(store, definition, wkt);
    }
}

fn the_crs_of_a_layer_is_kept(store: &dyn Store) {
    let custom = "PROJCS[\"site grid\",GEOGCS[\"WGS 84\",DATUM[\"WGS_1984\",SPHEROID[\"WGS 84\",\
        6378137,298.257223563]],PRIMEM[\"Greenwich\",0],UNIT[\"degree\",0.0174532925199433]],\
        PROJECTION[\"Transverse_Mercator\"],UNIT[\"metre\",1]]";
    let systems = [
        Crs::epsg(4326),
        Crs::epsg(25832),
        Crs::Wkt(custom.into()),
        Crs::UndefinedCartesian,
        Crs::UndefinedGeographic,
    ];
    for (number, crs) in systems.into_iter().enumerate() {
        let field = Field::new("geom", points(crs.clone()));
        let schema = Schema::new(vec![field]).expect("one field");
        let name = format!("layer {number}");
        created(store, &LayerDefinition::new(&name, schema));
        assert_eq!(store.layer(&name).expect("is there").geometry().map(|it| &it.crs), Some(&crs));
    }
}
