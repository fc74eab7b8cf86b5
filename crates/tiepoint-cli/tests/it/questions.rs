//! Asking: filters, metres, the nearest, other CRSs, and how it was answered.
use crate::folder::Folder;

/// The names in the order of the lines of a CSV.
fn names(csv: &str) -> Vec<&str> {
    csv.lines().skip(1).filter_map(|line| line.rsplit(',').next()).collect()
}

fn asked(folder: &Folder, arguments: &str) -> String {
    let run = folder.shell(&format!("tiepoint query tour.gpkg {arguments}"));
    assert_eq!(run.code, Some(0), "{arguments}\n{}", run.err);
    run.out
}

#[test]
fn a_filter_is_cql2_as_text_or_json() {
    let folder = Folder::after_tour();
    let text = r#"countries --fields name --format csv --filter "continent = 'Oceania' AND pop_est > 9e6""#;
    let json = r#"countries --fields name --format csv --filter '{"op":"and","args":[
        {"op":"=","args":[{"property":"continent"},"Oceania"]},
        {"op":">","args":[{"property":"pop_est"},9000000]}]}'"#;
    let found = asked(&folder, text);
    assert_eq!(found, asked(&folder, json));
    let lines: Vec<_> = found.lines().skip(1).collect();
    assert!(lines.len() == 1 && lines[0].ends_with("Australia"), "{found}");
}

#[test]
fn a_mistake_in_a_filter_is_pointed_at() {
    let folder = Folder::after_tour();
    for (filter, says) in [
        ("pop_est >", "at character 10"),
        ("pop_est > 'many'", "cannot be compared"),
        ("pop_ets > 5", "did you mean `pop_est`?"),
        ("within_distance(geom, POINT(1 2), 5)", "'km'"),
        ("within_distance(geom, POINT(1 2), 5, 'crs')", "ask in metres"),
        ("nonsense(name)", "nonsense"),
        ("pop_est + 1", "true or false"),
    ] {
        let run =
            folder.shell(&format!("tiepoint query tour.gpkg countries --filter \"{filter}\""));
        assert_eq!(run.code, Some(2), "{filter}\n{}", run.err);
        assert!(run.err.contains(says) && run.out.is_empty(), "{filter}\n{}", run.err);
    }
    let run = folder.shell("tiepoint query tour.gpkg countries --filter 'name = '");
    let caret = run.err.lines().find(|line| line.trim() == "^").expect("points at the place");
    assert_eq!(caret.len(), "       name = ^".len(), "{}", run.err);
}

#[test]
fn a_filter_is_never_sql() {
    let folder = Folder::after_tour();
    let attacks = ["'; DROP TABLE countries; --", "' OR '1'='1", "x\\' OR 1=1 --"];
    for attack in attacks {
        let quoted = attack.replace('\'', "''").replace('\\', "\\\\");
        folder.write("filter", &format!("name = '{quoted}'"));
        let run =
            folder.shell("tiepoint query tour.gpkg countries --count --filter \"$(cat filter)\"");
        assert_eq!((run.code, run.out.as_str()), (Some(0), "0\n"), "{attack}\n{}", run.err);
    }
    assert_eq!(folder.count("tour.gpkg", "countries"), 177);
}

#[test]
fn distances_are_metres_and_the_nearest_come_first() {
    let folder = Folder::after_tour();
    let near =
        asked(&folder, "cities --nearest 36.817,-1.286 --limit 3 --fields name --format csv");
    assert_eq!(names(&near), ["Nairobi", "Kampala", "Dodoma"]);
    for (within, count) in [
        ("400m:36.817,-1.286", "0\n"),
        ("600km:36.817,-1.286", "3\n"),
        ("0.6 mi:36.817,-1.286", "1\n"),
    ] {
        assert_eq!(
            asked(&folder, &format!("cities --count --within '{within}'")),
            count,
            "{within}"
        );
    }
    let sorted = "cities --order 'distance(geom, POINT(36.817 -1.286)),name' --limit 3 --fields name --format csv";
    assert_eq!(asked(&folder, sorted), near);
    assert_eq!(asked(&folder, "cities --nearest 0,0 --format csv").lines().count(), 11);
    for wrong in ["--within 500:1,2", "--within 5deg:1,2", "--within 5m:47", "--nearest 200,5"] {
        let run = folder.fails(&format!("query tour.gpkg cities {wrong}"), 2);
        assert!(run.err.contains(wrong.split(' ').next().unwrap_or_default()), "{}", run.err);
    }
}

#[test]
fn values_are_computed_and_sorted_by() {
    let folder = Folder::after_tour();
    let largest = asked(
        &folder,
        "countries --fields name --compute 'Mkm2=round(area(geom) / 1e12)' --order '-area(geom)' --limit 2 --format csv",
    );
    let rows: Vec<_> = largest.lines().collect();
    assert!(rows[0].ends_with("name,Mkm2"), "{largest}");
    assert!(rows[1].ends_with("Russia,17.0") && rows[2].ends_with("Antarctica,12.0"), "{largest}");
    let continents =
        asked(&folder, "countries --fields continent --distinct --order continent --format csv");
    assert_eq!(names(&continents)[..2], ["Africa", "Antarctica"], "{continents}");
}

#[test]
fn geometries_come_in_other_crss() {
    let folder = Folder::after_tour();
    let lv95 = asked(
        &folder,
        "cities --filter \"name = 'Bern'\" --crs EPSG:2056 --fields geom --format csv",
    );
    assert!(
        lv95.contains("POINT (260") && lv95.contains(" 119") || lv95.contains(" 120"),
        "{lv95}"
    );
    let run = folder.shell("tiepoint query tour.gpkg cities --crs EPSG:99999 --format csv");
    assert!(run.code != Some(0) && run.err.contains("EPSG:99999"), "{}", run.err);
    let swiss = "cities --count --bbox 2480000,1070000,2840000,1300000 --filter-crs EPSG:2056";
    assert_ne!(asked(&folder, swiss), "0\n");
}

#[test]
fn geojson_is_in_longitude_and_latitude_whatever_the_layer_is_in() {
    let folder = Folder::new();
    folder.write("plan.csv", "name,wkt\nstone,POINT(500000 5540000)\n");
    folder.ok("import plan.csv plan.gpkg --crs EPSG:25832");
    let exported = folder.ok("export plan.gpkg plan -").out;
    let document: serde_json::Value = serde_json::from_str(&exported).expect("is JSON");
    let position = &document["features"][0]["geometry"]["coordinates"];
    assert!((position[0].as_f64().expect("a longitude") - 9.0).abs() < 1e-7, "{position}");
    assert!((position[1].as_f64().expect("a latitude") - 50.011).abs() < 0.01, "{position}");
    let kept = folder.ok("export plan.gpkg plan - --crs-member").out;
    assert!(kept.contains("25832") && kept.contains("500000"), "{kept}");
    let near = folder.ok("query plan.gpkg plan --count --within 2km:9.0,50.0110").out;
    assert_eq!(near, "1\n", "true metres in a projected layer");
}

#[test]
fn metres_are_those_on_the_ground_where_mercator_has_others() {
    let folder = Folder::new();
    // at 60° north Mercator's metres are half as long: the one to the south is further
    folder.write("web.csv", "name,wkt\nnorth,POINT(1113194.908 9100250.907)\nsouth,POINT(1113194.908 7712000)\nfiji,POINT(20026376.39 0)\n");
    folder.ok("import web.csv web.gpkg --crs EPSG:3857");
    let nearest = |place: &str| {
        folder
            .ok(&format!(
                "query web.gpkg web --nearest={place} --limit 1 --fields name --format csv"
            ))
            .out
    };
    assert_eq!(names(&nearest("10,60")), ["north"]);
    assert_eq!(names(&nearest("-179.9,0")), ["fiji"], "over the antimeridian");
    let within = |distance: &str| {
        folder.ok(&format!("query web.gpkg web --count --within {distance}:10,60")).out
    };
    assert_eq!((within("330km").as_str(), within("340km").as_str()), ("0\n", "1\n"));
}

#[test]
fn an_explanation_names_the_index_and_counts_rows() {
    let folder = Folder::after_tour();
    let told = folder.ok("explain tour.gpkg cities --within 600km:36.8,-1.3").out;
    assert!(told.contains("spatial index") && told.contains("returned 3"), "{told}");
    let all = folder.ok("explain tour.gpkg cities --order name --limit 2").out;
    assert!(all.contains("every row") && all.contains("returned 2"), "{all}");
}

#[test]
fn a_reading_that_takes_too_long_is_given_up() {
    let folder = Folder::after_tour();
    let run = folder.fails("query tour.gpkg countries --time-out 0 --format csv", 8);
    assert!(run.err.contains("given up"), "{}", run.err);
    for wrong in [
        "--time-out -1",
        "--time-out -1 --count",
        "--simplify -1",
        "--simplify nan",
        "--compute =1",
    ] {
        let run = folder.fails(&format!("query tour.gpkg countries {wrong}"), 2);
        assert!(run.err.contains(wrong.split(' ').next().unwrap_or_default()), "{}", run.err);
    }
}
