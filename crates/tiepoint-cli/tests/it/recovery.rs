//! Sessions that are killed, and what `tiepoint recover` makes of what they left.
use crate::folder::{Folder, Run};
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::Stdio;
use std::time::Duration;
use tiepoint::testing::server_or_skip;

const TREES: &str = "object_id,name,height,lon,lat\n\
    0190a6f0-5c3e-7d21-9b6a-2f4d8c1e7a90,oak,21.5,24.95,60.15\n\
    0190a6f0-5c3e-7d21-9b6a-2f4d8c1e7a91,elm,17.0,24.96,60.16\n";

fn with_trees() -> Folder {
    let folder = Folder::new();
    folder.write("trees.csv", TREES);
    folder.ok("import trees.csv a.gpkg");
    folder
}

/// Has a session make these edits, which it acknowledges by showing a feature, and kills it.
fn killed_after(folder: &Folder, args: &str, script: &str) {
    let mut command = folder.command();
    let mut child =
        command.args(args.split_whitespace()).stdin(Stdio::piped()).spawn().expect("starts");
    let mut input = child.stdin.take().expect("is piped");
    input.write_all(format!("{script}\nstatus\n").as_bytes()).expect("it reads");
    let mut line = String::new();
    let out = child.stdout.take().expect("is piped");
    BufReader::new(out).read_line(&mut line).expect("it answers");
    assert!(line.contains("layer `trees`"), "{line}");
    child.kill().expect("is still there");
    child.wait().expect("ends");
}

#[test]
fn a_killed_session_loses_nothing() {
    let folder = with_trees();
    let before = folder.csv("a.gpkg", "trees", "");
    killed_after(&folder, "edit a.gpkg trees", "set name=oak height=22\ndelete name=elm");
    assert_eq!(folder.csv("a.gpkg", "trees", ""), before);
    let listed = folder.ok("recover").out;
    for part in ["a.gpkg, written", "1 changed, 1 deleted", "2 steps, the last: delete name=elm"] {
        assert!(listed.contains(part), "{listed}");
    }
    assert_eq!(folder.ok("recover a.gpkg --list").out, listed);
    let run = folder.ok("edit a.gpkg trees -c status");
    assert!(run.err.contains("1 session on this store ended with edits pending"), "{}", run.err);
    folder.ok("recover a.gpkg -o lost.json");
    assert!(folder.read("lost.json").contains("\"after\": 22.0"), "{}", folder.read("lost.json"));
    let told = folder.ok("recover a.gpkg --commit").err;
    assert!(told.contains("1 changed, 1 deleted"), "{told}");
    assert_eq!(folder.count("a.gpkg", "trees"), 1);
    assert!(folder.ok("recover").err.contains("nothing was left behind"));
    let told = folder.ok("apply a.gpkg lost.json").err;
    assert!(told.contains("says all of it already"), "{told}");
}

#[test]
fn without_a_store_all_of_a_users_journals_are_committed_from_anywhere() {
    let folder = with_trees();
    folder.ok("import trees.csv b.gpkg");
    killed_after(&folder, "edit a.gpkg trees", "set name=oak height=22");
    killed_after(&folder, "edit b.gpkg trees", "set name=oak height=23");
    std::fs::create_dir(folder.path("elsewhere")).expect("a folder");
    folder.ok("import trees.csv gone.gpkg");
    killed_after(&folder, "edit gone.gpkg trees", "set name=oak height=24");
    std::fs::remove_file(folder.path("gone.gpkg")).expect("is ours");
    let run = folder.shell("cd elsewhere && tiepoint recover --commit");
    assert_eq!(run.code, Some(3), "{}", run.err);
    assert!(run.err.contains("gone.gpkg"), "{}", run.err);
    folder.ok("recover --discard");
    let run = folder.shell("cd elsewhere && tiepoint recover");
    assert_eq!(run.code, Some(0), "{}", run.err);
    assert!(folder.csv("a.gpkg", "trees", "").contains("oak,22.0"));
    assert!(folder.csv("b.gpkg", "trees", "").contains("oak,23.0"));
}

#[test]
fn a_journal_beside_the_file_is_found_and_goes_when_it_is_empty() {
    let folder = with_trees();
    killed_after(&folder, "edit a.gpkg trees --journal beside", "set name=oak height=22");
    assert!(folder.names().contains(&".a.gpkg.journals".to_owned()));
    assert!(folder.ok("recover a.gpkg").out.contains("1 changed"));
    folder.ok("recover a.gpkg --discard");
    assert_eq!(folder.names(), ["a.gpkg", "trees.csv"]);
    killed_after(&folder, "edit a.gpkg trees --journal beside", "set name=oak height=22");
    folder.ok("recover a.gpkg --commit");
    assert_eq!(folder.names(), ["a.gpkg", "trees.csv"]);
}

#[test]
fn conflicts_with_what_others_committed_are_decided_like_any() {
    let folder = with_trees();
    killed_after(&folder, "edit a.gpkg trees", "set name=oak height=22\nset name=elm height=1");
    folder.shell("tiepoint edit a.gpkg trees -c 'set name=oak height=23' -c commit");
    let before = folder.csv("a.gpkg", "trees", "");
    let run = folder.fails("recover a.gpkg --commit --conflicts c.json", 5);
    assert!(run.err.contains("mine 22, theirs 23") && run.err.contains("hint: "), "{}", run.err);
    assert_eq!(folder.csv("a.gpkg", "trees", ""), before, "nothing is written");
    assert!(folder.ok("recover").out.contains("1 conflict to decide"));
    let decided = folder.read("c.json").replace("\"resolve\": null", "\"resolve\": \"mine\"");
    folder.write("c.json", &decided);
    folder.ok("recover a.gpkg --commit --resolutions c.json");
    let csv = folder.csv("a.gpkg", "trees", "");
    assert!(csv.contains("oak,22.0") && csv.contains("elm,1.0"), "{csv}");
}

#[test]
fn a_session_on_a_database_that_is_killed_loses_nothing() {
    let Some(server) = server_or_skip("a_session_on_a_database_that_is_killed") else { return };
    let (schema, folder) = (server.schema(), with_trees());
    let url = schema.url();
    folder.ok(&format!("import trees.csv {url}"));
    let before = folder.csv(&url, "trees", "");
    killed_after(&folder, &format!("edit {url} trees"), "set name=oak height=22\ndelete name=elm");
    assert_eq!(folder.csv(&url, "trees", ""), before);
    assert!(folder.ok("recover").out.contains("1 changed, 1 deleted"));
    let others = server.schema();
    folder.ok(&format!("import trees.csv {}", others.url()));
    let run = folder.ok(&format!("recover {} --commit", others.url()));
    assert!(run.err.contains("nothing was left behind"), "another schema: {}", run.err);
    let run = folder.fails("recover --commit", 2);
    assert!(run.err.contains("another schema"), "{}", run.err);
    folder.ok(&format!("recover {url} --commit"));
    let after = folder.csv(&url, "trees", "");
    assert!(after.contains("oak,22.0") && !after.contains("elm"), "{after}");
}

#[test]
fn a_journal_may_be_kept_in_any_folder() {
    let folder = with_trees();
    let run = folder.piped("edit a.gpkg trees --journal kept", "set name=oak height=22\n");
    assert!(run.err.contains("`tiepoint recover a.gpkg --journal kept --commit`"), "{}", run.err);
    assert!(folder.ok("recover a.gpkg").err.contains("nothing was left behind"));
    folder.ok("recover a.gpkg --journal kept --commit");
    assert!(folder.csv("a.gpkg", "trees", "").contains("oak,22.0"));
}

#[test]
fn what_stands_before_a_damage_is_brought_back() {
    let folder = with_trees();
    let edits = "set name=oak height=1\nset name=oak height=2\nset name=oak height=3\nset name=elm height=9";
    killed_after(&folder, "edit a.gpkg trees", edits);
    let store = std::fs::read_dir(folder.journals()).expect("is there").next();
    let store = store.expect("a store").expect("can be read").path();
    let files = std::fs::read_dir(store).expect("is there").flatten().map(|it| it.path());
    let mut journals = files.filter(|it| it.extension().is_some_and(|it| it == "journal"));
    let journal = journals.next().expect("one");
    let mut bytes = std::fs::read(&journal).expect("is ours");
    let at = bytes.len() * 6 / 10;
    bytes[at] ^= 0x55;
    std::fs::write(&journal, bytes).expect("is ours");
    let listed = folder.ok("recover a.gpkg").out;
    assert!(listed.contains("damaged from byte"), "{listed}");
    let told = folder.ok("recover a.gpkg --commit").err;
    assert!(told.contains("damaged from byte") && told.contains("1 changed"), "{told}");
    let csv = folder.csv("a.gpkg", "trees", "");
    assert!(!csv.contains("oak,21.5") && csv.contains("elm,17.0"), "{csv}");
}

/// Half-way through a commit the store is as it was, or the commit has happened.
#[cfg(unix)]
#[test]
fn ctrl_c_in_a_commit_leaves_all_or_nothing() {
    let folder = Folder::new();
    let rows: Vec<_> = (0..20_000).map(|row| format!("{row},1,2\n")).collect();
    folder.write("t.csv", &format!("n,x,y\n{}", rows.concat()));
    folder.ok("import t.csv a.gpkg");
    let all: Vec<_> = (1..=4_000).map(|row| format!("set fid:{row} n=-7\n")).collect();
    folder.write("script", &format!("{}commit\n", all.concat()));
    let changed = |folder: &Folder| folder.ok("query a.gpkg t --filter n<0 --count").out;
    for millis in [300, 600, 900, 1_200] {
        let child = folder.spawn("edit a.gpkg t --script script --resume");
        std::thread::sleep(Duration::from_millis(millis));
        let id = child.id().to_string();
        // it may have ended
        let _ = std::process::Command::new("kill").args(["-INT", &id]).output();
        let run = Run::of(child);
        assert!(matches!(run.code, Some(0 | 130)), "{:?} {}", run.code, run.err);
        let there = changed(&folder);
        assert!(there == "0\n" || there == "4000\n", "{there}");
    }
    folder.ok("recover a.gpkg --commit");
    folder.ok("check a.gpkg");
}

#[test]
fn a_session_that_lives_is_not_taken_from() {
    let folder = with_trees();
    let mut command = folder.command();
    command.args(["edit", "a.gpkg", "trees"]).stdin(Stdio::piped());
    let mut child = command.spawn().expect("starts");
    let mut input = child.stdin.take().expect("is piped");
    input.write_all(b"set name=oak height=22\nstatus\n").expect("it reads");
    let mut line = String::new();
    let mut out = BufReader::new(child.stdout.take().expect("is piped"));
    out.read_line(&mut line).expect("it answers");
    for args in ["recover", "recover --commit", "recover a.gpkg --discard"] {
        assert!(folder.ok(args).err.contains("nothing was left behind"), "{args}");
    }
    input.write_all(b"commit\n").expect("it reads");
    drop(input);
    assert_eq!(child.wait().expect("ends").code(), Some(0));
    assert!(folder.csv("a.gpkg", "trees", "").contains("oak,22.0"));
}

/// Every edit of the script sets the height one higher, so that what is there in the end tells how
/// many were acknowledged, and a commit now and then moves them into the store.
#[test]
fn a_session_killed_at_any_moment_is_brought_back_whole() {
    let folder = with_trees();
    let mut script = String::new();
    for height in 1..=300 {
        let sets = ["oak", "elm"].map(|it| format!("set name={it} height={height}\n"));
        script.extend(sets);
        script.push_str("status\n");
        if height % 7 == 0 {
            script.push_str("commit\n");
        }
    }
    folder.write("script", &script);
    let (mut killed, mut in_part) = (0, 0);
    for round in 0..20_u64 {
        let mut child = folder.spawn("edit a.gpkg trees --script script");
        std::thread::sleep(Duration::from_millis(8 + (round * 37) % 150));
        killed += u32::from(child.kill().is_ok());
        let run = Run::of(child);
        let acknowledged =
            run.out.matches("layer `trees`: ").count() + run.err.matches("committed").count();
        in_part += u32::from(acknowledged > 0);
        folder.ok("recover a.gpkg --commit --resolve mine");
        let csv = folder.csv("a.gpkg", "trees", "--fields name,height");
        let height = |name: &str| -> usize {
            let line = csv.lines().find(|line| line.contains(name)).expect("is there");
            let height = line.rsplit(',').next().and_then(|it| it.split('.').next());
            height.and_then(|it| it.parse().ok()).expect("is a height")
        };
        let (oak, elm) = (height("oak"), height("elm"));
        let seen = run.out.matches("steps to undo").count();
        assert!(elm >= seen, "{seen} acknowledged, {elm} there\n{}", run.err);
        assert!(seen == 0 || oak == elm || oak == elm + 1, "{oak} and {elm}");
        folder.shell("tiepoint edit a.gpkg trees -c 'set name=oak height=0.5' -c 'set name=elm height=0.5' -c commit");
        folder.ok("check a.gpkg");
    }
    assert!(killed > 0 && in_part > 3, "{killed} killed, {in_part} of them in the middle");
}
