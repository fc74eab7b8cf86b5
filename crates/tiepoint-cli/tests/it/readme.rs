//! What the README shows is what happens.
use crate::folder::Folder;
use tiepoint::testing::{Server, TestSchema, server_or_skip};

const README: &str = include_str!("../../../../README.md");

/// The README's blocks in that language, line by line.
fn blocks(language: &str) -> Vec<&'static str> {
    let opening = format!("```{language}\n");
    let blocks = README.split(&opening).skip(1).filter_map(|rest| rest.split("```").next());
    blocks.flat_map(str::lines).collect()
}

/// What the commands of the README take for granted.
fn prepared() -> Folder {
    let folder = Folder::new();
    let (oak, elm) =
        ("0190a6f0-5c3e-7d21-9b6a-2f4d8c1e7a90", "0190a6f0-5c3e-7d21-9b6a-2f4d8c1e7a91");
    let trees = format!("{oak},oak,21.5,24.95,60.15\n{elm},elm,17.0,24.96,60.16\n");
    folder.write("trees.csv", &format!("object_id,name,height,lon,lat\n{trees}"));
    folder.write(
        "roads.geojson",
        r#"{"type":"Feature","properties":{"name":"Main"},"geometry":{"type":"LineString","coordinates":[[24.9,60.1],[25.0,60.2]]}}"#,
    );
    folder.write(
        "survey.geojson",
        &format!(r#"{{"type":"Feature","id":"{oak}","properties":{{"height":22.0}},"geometry":{{"type":"Point","coordinates":[24.95,60.15]}}}}"#),
    );
    folder.write("benches.csv", "colour,lon,lat\nred,24.95,60.15\n");
    folder.ok("import benches.csv park.gpkg");
    folder.ok("untie park.gpkg benches");
    folder.write("lamps.csv", "number,lon,lat\n7,24.95,60.15\n8,24.96,60.15\n");
    folder.ok("import lamps.csv park.gpkg");
    folder.ok("untie park.gpkg lamps");
    folder
}

/// The same command, which ends by itself.
fn ending(command: &str) -> String {
    let goes_on = command.starts_with("tiepoint watch");
    format!("{}{}", command.trim_end(), if goes_on { " --once" } else { "" })
}

/// A line of what is told, without how long it took.
fn timeless(line: &str) -> String {
    let words = line.split(' ').collect::<Vec<_>>();
    let is_time = |at: usize| words.get(at + 1) == Some(&"ms");
    let words = words.iter().enumerate();
    words.map(|(at, word)| if is_time(at) { "N" } else { word }).collect::<Vec<_>>().join(" ")
}

#[test]
fn every_command_in_the_readme_runs() {
    let folder = prepared();
    let server = server_or_skip("the README's commands on a database");
    let schema = server.map(Server::schema);
    let url = schema.as_ref().map(TestSchema::url);
    let lines = blocks("sh")
        .into_iter()
        .filter(|line| line.starts_with("tiepoint ") || line.starts_with("cp "));
    let commands: Vec<_> = lines.filter_map(|line| line.split(" # ").next()).collect();
    assert!(commands.len() >= 9, "{commands:?}");
    for command in commands {
        let command = command.split(" | ").next().unwrap_or(command);
        let command = ending(command);
        let Some(run) = folder.shell_with_database(&command, url.as_deref()) else { continue };
        let code = i32::from(command.starts_with("tiepoint diff"));
        assert_eq!(run.code, Some(code), "{command}\n{}{}", run.out, run.err);
    }
}

#[test]
fn the_tour_says_what_the_readme_says_it_says() {
    let told = Folder::new().ok("tour").out;
    let quoted = blocks("text");
    assert!(quoted.len() >= 10, "{quoted:?}");
    let told: Vec<_> = told.lines().map(timeless).collect();
    for line in quoted {
        assert!(told.contains(&timeless(line)), "`{line}` is not in\n{told:#?}");
    }
}
