//! What two sides changed: merged where it can be, told and decided where it cannot.
use crate::changes::{Stores, each_kind, exits, ok, says};
use crate::folder::Folder;

/// Mine and theirs change the same, and what the other deletes.
fn in_conflict(folder: &Folder, stores: &Stores) {
    let Stores { mine, theirs, .. } = stores;
    ok(
        folder,
        &format!(
            "tiepoint edit {mine} trees -c 'set name=oak height=22.0' -c 'delete name=fir' \
             -c 'set name=elm height=18.0' -c commit"
        ),
    );
    ok(
        folder,
        &format!(
            "tiepoint edit {theirs} trees -c 'set name=oak height=23.0' -c 'set name=fir height=31.0' \
             -c 'set name=elm name=Elm' -c 'layer notes' -c 'set rank=2 note=theirs' -c commit"
        ),
    );
}

#[test]
fn conflicts_are_all_told_and_decided_in_a_file() {
    each_kind("conflicts_are_all_told_and_decided_in_a_file", |folder, stores| {
        let Stores { base, mine, theirs, .. } = stores;
        in_conflict(folder, stores);
        let before = says(folder, theirs);
        exits(folder, &format!("tiepoint diff {base} {mine} -o mine.tpc"), 1);
        let apply = format!("tiepoint apply {theirs} mine.tpc");
        let run = exits(folder, &format!("{apply} --conflicts conflicts.json"), 5);
        assert!(
            run.err.contains("conflict 1: ") && run.err.contains("conflict 2: "),
            "{}",
            run.err
        );
        assert!(run.err.contains("mine 22, theirs 23"), "{}", run.err);
        assert!(run.err.contains("I deleted it; they changed"), "{}", run.err);
        assert!(run.err.contains("hint: `--conflicts FILE`"), "{}", run.err);
        assert_eq!(says(folder, theirs), before, "nothing is written");

        let conflicts = folder.read("conflicts.json");
        assert_eq!(conflicts.matches("\"resolve\": null").count(), 2, "{conflicts}");
        let one = conflicts.replacen("\"resolve\": null", "\"resolve\": {\"value\": 22.5}", 1);
        folder.write("one.json", &one);
        let run = exits(folder, &format!("{apply} --resolutions one.json --dry-run"), 5);
        assert!(!run.err.contains("conflict 2: "), "{}", run.err);
        let rest = exits(folder, &format!("{apply} --resolutions one.json --conflicts -"), 5).out;
        folder.write("rest.json", &rest.replace("\"resolve\": null", "\"resolve\": \"mine\""));
        ok(folder, &format!("{apply} --resolutions one.json --resolutions rest.json"));
        let after = says(folder, theirs).join("\n");
        assert!(after.contains("22.5") && after.contains("Elm") && after.contains("18"), "{after}");
        assert!(!after.contains(",fir,") && after.contains("theirs"), "{after}");
        let told = ok(folder, &apply).err;
        assert!(told.contains("already applied"), "{told}");
    });
}

#[test]
fn conflicts_replace_no_file_but_one_of_conflicts() {
    each_kind("conflicts_replace_no_file_but_one_of_conflicts", |folder, stores| {
        let Stores { base, mine, theirs, .. } = stores;
        in_conflict(folder, stores);
        exits(folder, &format!("tiepoint diff {base} {mine} -o mine.json"), 1);
        let set = folder.read("mine.json");
        let apply = format!("tiepoint apply {theirs} mine.json --conflicts");
        exits(folder, &format!("{apply} mine.json"), 4);
        assert_eq!(folder.read("mine.json"), set);
        for _ in 0..2 {
            exits(folder, &format!("{apply} conflicts.json"), 5);
        }
    });
}

#[test]
fn three_stores_merge() {
    each_kind("three_stores_merge", |folder, stores| {
        let Stores { base, mine, theirs, .. } = stores;
        in_conflict(folder, stores);
        let merge = format!("tiepoint merge {base} {mine} {theirs}");
        let run = exits(folder, &merge, 5);
        assert!(run.err.contains("conflict 2: "), "{}", run.err);
        let told = ok(folder, &format!("{merge} --resolve theirs")).out;
        assert!(told.contains("height: 17 → 18") && !told.contains("22"), "{told}");
        exits(folder, &format!("tiepoint diff {base} {mine} -o m.tpc"), 1);
        exits(folder, &format!("tiepoint diff {base} {theirs} -o t.json"), 1);
        let sets = format!("tiepoint merge {base} m.tpc t.json --resolve theirs");
        assert_eq!(ok(folder, &sets).out, told, "change sets say the same as the stores");
        ok(folder, &format!("{merge} --resolve mine --into"));
        let after = says(folder, theirs).join("\n");
        assert!(
            after.contains("22") && after.contains("Elm") && !after.contains(",fir,"),
            "{after}"
        );
        let again = ok(folder, &format!("{merge} --resolve mine --into")).err;
        assert!(again.contains("says all of it already"), "{again}");
    });
}
