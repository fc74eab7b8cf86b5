//! `tiepoint watch` and `tiepoint log`: what other programs change is heard, and can be looked up.
use crate::folder::{Folder, Run};
use serde_json::Value;
use std::io::{BufRead as _, BufReader, Read};
use std::process::{Child, Command};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant, SystemTime};
use tiepoint::rfc3339;
use tiepoint::testing::server_or_skip;

const OAK: &str = "0190a6f0-5c3e-7d21-9b6a-2f4d8c1e7a90";
const ELM: &str = "0190a6f0-5c3e-7d21-9b6a-2f4d8c1e7a91";

/// A folder with two trees in a.gpkg.
fn with_trees() -> Folder {
    let folder = Folder::new();
    let trees = format!("{OAK},oak,21.5,24.95,60.15\n{ELM},elm,17.0,24.96,60.16\n");
    folder.write("trees.csv", &format!("object_id,name,height,lon,lat\n{trees}"));
    folder.ok("import trees.csv a.gpkg");
    folder
}

/// The same with a log.
fn with_log() -> Folder {
    let folder = with_trees();
    let told = folder.ok("watch a.gpkg --install --once").err;
    assert!(told.contains("layer `trees`: changes are noted from now on"), "{told}");
    folder
}

fn edit(folder: &Folder, store: &str, commands: &[&str]) {
    let mut command = folder.command();
    command.args(["edit", store, "trees"]);
    for it in commands.iter().chain(&["commit"]) {
        command.args(["-c", it]);
    }
    let run = Run::of(command.spawn().expect("starts"));
    assert_eq!(run.code, Some(0), "{commands:?}\n{}", run.err);
}

/// Has Python run this SQL on a.gpkg; `false` where there is no Python.
fn as_another_program(folder: &Folder, sql: &str) -> bool {
    // as GDAL does, it brings the functions that the triggers of spatial indexes ask for
    let script = format!(
        "import sqlite3\nc = sqlite3.connect('a.gpkg')\n\
         for it in ['IsEmpty', 'MinX', 'MaxX', 'MinY', 'MaxY']:\n\
         \x20   c.create_function('ST_' + it, 1, lambda geometry: 0)\n\
         c.execute(\"{sql}\")\nc.commit()\n"
    );
    let run = Command::new("python3").args(["-c", &script]).current_dir(folder.path("")).status();
    let Ok(status) = run else {
        assert!(std::env::var_os("TIEPOINT_NO_SKIP").is_none(), "python3 is missing");
        return false;
    };
    assert!(status.success(), "{sql}");
    true
}

/// A watch that is under way, line by line.
struct Watching {
    child: Child,
    out: Receiver<String>,
    err: Receiver<String>,
}

impl Watching {
    /// Starts it, and waits until it watches.
    fn start(folder: &Folder, args: &str) -> Self {
        let mut child = folder.spawn(args);
        let out = lines(child.stdout.take().expect("is piped"));
        let err = lines(child.stderr.take().expect("is piped"));
        let this = Self { child, out, err };
        this.says("watching ");
        this
    }

    /// Waits until it says something with this in it, on the standard error.
    fn says(&self, part: &str) -> String {
        loop {
            let line = next(&self.err);
            if line.contains(part) {
                return line;
            }
        }
    }

    /// The next line of the standard output.
    fn line(&self) -> String {
        next(&self.out)
    }

    /// The same as JSON.
    fn event(&self) -> Value {
        json(&self.line())
    }

    /// Types Ctrl-C; returns the checkpoint to resume from, which it must end with.
    #[cfg(unix)]
    fn stop(mut self) -> String {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args(["-INT", &id]).status().expect("there is kill");
        assert!(sent.success());
        let code = self.child.wait().expect("ends").code();
        assert_eq!(code, Some(0), "to be stopped is how it ends");
        checkpoint(&self.says("resume with "))
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn lines(from: impl Read + Send + 'static) -> Receiver<String> {
    let (send, receive) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(from).lines() {
            if line.is_ok_and(|line| send.send(line).is_err()) {
                break;
            }
        }
    });
    receive
}

#[track_caller]
fn next(lines: &Receiver<String>) -> String {
    lines.recv_timeout(Duration::from_secs(30)).expect("another line comes")
}

#[track_caller]
fn json(line: &str) -> Value {
    serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}"))
}

/// The checkpoint of a line that says how to resume.
#[track_caller]
fn checkpoint(said: &str) -> String {
    let line = said.lines().find(|line| line.starts_with("resume with ")).expect("says how");
    line.rsplit(' ').next().expect("ends with it").to_owned()
}

fn events(run: &Run) -> Vec<Value> {
    run.out.lines().map(json).collect()
}

/// The same without checkpoints, of which several may mean one place.
fn told_of(run: &Run) -> Vec<Value> {
    let mut events = events(run);
    for event in &mut events {
        event["checkpoint"] = Value::Null;
    }
    events
}

#[test]
fn another_program_and_another_tiepoint_are_heard_at_once() {
    let folder = with_log();
    let watching = Watching::start(&folder, "watch a.gpkg --json");
    if as_another_program(&folder, "update trees set height = 22.5 where name = 'oak'") {
        let begun = Instant::now();
        let event = watching.event();
        assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
        assert_eq!(event["fields"], json(r#"{"height": {"before": 21.5, "after": 22.5}}"#));
        assert_eq!((&event["kind"], &event["author"]), (&"update".into(), &"other".into()));
        assert_eq!((&event["layer"], &event["id"]), (&"trees".into(), &OAK.into()));
        assert_eq!((&event["fid"], &event["settled"]), (&1.into(), &true.into()));
        assert!(event["time"].as_str().is_some_and(|it| it.ends_with('Z')), "{event}");
    } else {
        println!("SKIPPED: another program that writes (apt-get install python3)");
    }
    edit(&folder, "a.gpkg", &["delete name=elm", "add name=ash at 24.97,60.17"]);
    let events = [watching.event(), watching.event()];
    let of_kind = |kind: &str| events.iter().find(|it| it["kind"] == kind).expect("is told");
    assert_eq!(of_kind("delete")["values"]["height"], 17.0);
    assert_eq!(of_kind("delete")["id"], ELM);
    assert_eq!(of_kind("insert")["values"]["name"], "ash");
    assert_eq!(of_kind("insert")["values"]["geometry"]["geometry"], "POINT (24.97 60.17)");
    assert!(events.iter().all(|it| it["author"] == "tiepoint"), "{events:?}");
    assert!(events[1]["settled"] == true, "the last of a commit");
}

#[test]
fn changes_are_told_as_in_a_diff() {
    let folder = with_log();
    edit(&folder, "a.gpkg", &["set name=oak height=22", "move name=elm by 0.001,0"]);
    let run = folder.ok("watch a.gpkg trees --oldest --once");
    let heads: Vec<_> = run.out.lines().filter(|line| !line.starts_with(' ')).collect();
    assert!(heads.iter().all(|it| it.contains("Z ~ trees object 0190")), "{}", run.out);
    assert!(heads.iter().all(|it| it.ends_with(", tiepoint")), "{}", run.out);
    assert!(run.out.contains("    height: 21.5 → 22\n"), "{}", run.out);
    assert!(run.out.contains(": moved by 5"), "{}", run.out);
    assert!(run.err.contains("by the log: `trees`"), "{}", run.err);
}

#[test]
fn a_watch_resumes_where_an_earlier_one_ended() {
    let folder = with_log();
    let since = checkpoint(&folder.ok("watch a.gpkg --once").err);
    edit(&folder, "a.gpkg", &["set name=oak height=22"]);
    edit(&folder, "a.gpkg", &["set name=oak height=23"]);
    let first = folder.ok(&format!("watch a.gpkg --once --json --since {since}"));
    let told = events(&first);
    assert_eq!(told.len(), 2, "{}", first.out);
    let middle = told[0]["checkpoint"].as_str().expect("is text");
    let rest = folder.ok(&format!("watch a.gpkg --once --json --since {middle}"));
    assert_eq!(told_of(&rest), told_of(&first)[1..]);
    let since = checkpoint(&first.err);
    assert_eq!(folder.ok(&format!("watch a.gpkg --once --since {since}")).out, "");
    folder.fails("watch a.gpkg --once --since nonsense", 2);
}

#[test]
fn a_named_watch_comes_back_where_it_left() {
    let folder = with_log();
    assert_eq!(folder.ok("watch a.gpkg --name map --once").out, "");
    edit(&folder, "a.gpkg", &["set name=oak height=22"]);
    assert!(folder.ok("info a.gpkg").out.contains("`map`, 1 change behind"));
    let run = folder.ok("watch a.gpkg --name map --once --json");
    assert_eq!(events(&run).len(), 1, "{}", run.out);
    assert!(run.err.contains("resume with --name map"), "{}", run.err);
    assert_eq!(folder.ok("watch a.gpkg --name map --once").out, "", "it was told once");
    assert!(folder.ok("info a.gpkg").out.contains("`map`, 0 changes behind"));
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_a_watch_which_says_how_to_resume() {
    let folder = with_log();
    let watching = Watching::start(&folder, "watch a.gpkg --json");
    edit(&folder, "a.gpkg", &["set name=oak height=22"]);
    let event = watching.event();
    let since = watching.stop();
    assert_eq!(event["checkpoint"], since.as_str());
    edit(&folder, "a.gpkg", &["set name=oak height=23"]);
    let run = folder.ok(&format!("watch a.gpkg --once --json --since {since}"));
    assert_eq!(events(&run).len(), 1, "{}", run.out);
    assert_eq!(events(&run)[0]["fields"]["height"]["after"], 23.0);
}

#[test]
fn a_closed_pipe_ends_a_watch_quietly() {
    let folder = with_log();
    let mut child = folder.spawn("watch a.gpkg --json --name map");
    let err = lines(child.stderr.take().expect("is piped"));
    while !next(&err).starts_with("watching ") {}
    drop(child.stdout.take());
    for height in 0..100 {
        edit(&folder, "a.gpkg", &[&format!("set name=oak height={height}")]);
        if let Some(status) = child.try_wait().expect("can be asked") {
            assert_eq!(status.code(), Some(0));
            assert_eq!(err.iter().collect::<Vec<_>>(), Vec::<String>::new());
            let missed = events(&folder.ok("watch a.gpkg --name map --once --json"));
            assert_eq!(
                missed[0]["fields"]["height"]["before"], 21.5,
                "what was not read comes again"
            );
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    child.kill().expect("is still there");
    panic!("it goes on though nobody reads");
}

#[test]
fn a_layer_without_a_log_is_compared() {
    let folder = with_trees();
    let watching = Watching::start(&folder, "watch a.gpkg --json");
    edit(&folder, "a.gpkg", &["set name=oak height=22"]);
    let event = watching.event();
    assert_eq!(event["fields"]["height"]["after"], 22.0);
    assert_eq!((&event["author"], &event["time"]), (&"unknown".into(), &Value::Null));
    let run = folder.ok("watch a.gpkg --once");
    assert!(
        run.err.contains("by comparing") && run.err.contains("hint: `--install`"),
        "{}",
        run.err
    );
    let run = folder.fails("log a.gpkg", 3);
    assert!(run.err.contains("hint: `tiepoint watch STORE LAYER --install`"), "{}", run.err);
    folder.fails("log a.gpkg --layer trees", 3);
    folder.fails("watch a.gpkg tress", 3);
    assert!(!folder.ok("info a.gpkg").out.contains("log of"), "watching installs nothing");
}

#[test]
fn a_file_that_is_away_is_waited_for() {
    let folder = with_log();
    let watching = Watching::start(&folder, "watch a.gpkg --json");
    let [here, away] = ["a.gpkg", "away.gpkg"].map(|name| folder.path(name));
    std::fs::rename(&here, &away).expect("can be moved");
    watching.says("no store at a.gpkg; watching goes on when that is over");
    edit(&folder, "away.gpkg", &["set name=oak height=22"]);
    std::fs::rename(&away, &here).expect("can be moved back");
    assert_eq!(watching.event()["fields"]["height"]["after"], 22.0);
    watching.says("watching goes on");
}

#[test]
fn logs_are_installed_kept_short_and_taken_away() {
    let folder = with_trees();
    let run = folder.ok("watch a.gpkg trees --install --keep 5000 --once");
    assert!(run.err.contains("keeps the newest 5,000 changes"), "{}", run.err);
    assert!(run.err.contains("cannot drop a column"), "{}", run.err);
    let run = folder.ok("watch a.gpkg --install --keep 7000 --once");
    assert!(run.err.contains("layer `trees` had a log already"), "{}", run.err);
    edit(&folder, "a.gpkg", &["set name=oak height=22"]);
    let told = folder.ok("info a.gpkg").out;
    for part in ["log of", "`trees`", "the newest 7,000 changes", " since 2"] {
        assert!(told.contains(part), "{told}");
    }
    let run = folder.ok("watch a.gpkg --remove");
    assert!(run.err.contains("layer `trees` has no log any more"), "{}", run.err);
    assert!(folder.ok("watch a.gpkg --remove").err.contains("nothing has changed"));
    assert!(!folder.ok("info a.gpkg").out.contains("log of"));
    folder.fails("watch a.gpkg tress --install --once", 3);
    folder.ok("check a.gpkg");
}

#[test]
fn a_history_is_told_of_all_of_a_layer_and_of_an_object() {
    let folder = with_log();
    edit(&folder, "a.gpkg", &["set name=oak height=22"]);
    edit(&folder, "a.gpkg", &["set name=elm height=18"]);
    edit(&folder, "a.gpkg", &["delete name=oak"]);
    assert_eq!(events(&folder.ok("log a.gpkg --json")).len(), 3);
    let of_oak = events(&folder.ok(&format!("log a.gpkg {OAK} --json")));
    let kinds: Vec<_> = of_oak.iter().map(|it| it["kind"].as_str()).collect();
    assert_eq!(kinds, [Some("update"), Some("delete")]);
    assert_eq!(events(&folder.ok("log a.gpkg fid:2 --layer trees --json"))[0]["id"], ELM);
    let last = events(&folder.ok("log a.gpkg --json --last 1"));
    assert_eq!((last.len(), &last[0]["kind"]), (1, &"delete".into()));
    let time = |at: usize| of_oak[at]["time"].as_str().expect("is told").to_owned();
    let until = events(&folder.ok(&format!("log a.gpkg --json --until {}", time(1))));
    assert_eq!(until.len(), 2, "{until:?}");
    let from = events(&folder.ok(&format!("log a.gpkg --json --from {}", time(1))));
    assert_eq!(from.len(), 1, "{from:?}");
    assert_eq!(folder.ok("log a.gpkg --until 2000-01-01").out, "");
    let text = folder.ok(&format!("log a.gpkg {OAK}")).out;
    assert!(text.contains(&format!("{} ~ trees object {OAK}, tiepoint\n", time(0))), "{text}");
    assert!(text.contains("    height: 21.5 → 22\n"), "{text}");
    for (args, code, says) in [
        ("log a.gpkg fid:2", 2, "no layer is named"),
        ("log a.gpkg 12", 2, "object id"),
        ("log a.gpkg --from yesterday", 2, "--from"),
        ("log a.gpkg --layer tress", 3, "did you mean `trees`?"),
        ("log a.gpkg --at 2024-02-29", 2, "--layer"),
    ] {
        let run = folder.fails(args, code);
        assert!(run.err.contains(says), "{args}\n{}", run.err);
    }
}

#[test]
fn a_layer_and_an_object_are_shown_as_they_were() {
    let folder = with_log();
    let (installed, original) = (rfc3339(SystemTime::now()), folder.csv("a.gpkg", "trees", ""));
    edit(&folder, "a.gpkg", &["set name=oak height=22"]);
    std::thread::sleep(Duration::from_millis(20));
    edit(&folder, "a.gpkg", &["delete name=oak", "set name=elm height=18", "add name=ash at 1,2"]);
    let log = events(&folder.ok("log a.gpkg --json"));
    let first = log[0]["time"].as_str().expect("is told");
    let csv = folder.ok(&format!("log a.gpkg --layer trees --at {first} --format csv")).out;
    let rows: Vec<_> = csv.lines().skip(1).collect();
    assert_eq!(rows.len(), 2, "{csv}");
    assert!(rows[0].contains("oak,22.0") && rows[1].contains("elm,17.0"), "{csv}");
    let csv = folder.ok(&format!("log a.gpkg --layer trees --at {installed} --format csv")).out;
    assert_eq!(csv, original, "before the first change");
    let oak = folder.ok(&format!("log a.gpkg {OAK} --at {first}")).out;
    assert_eq!(json(&oak)["features"][0]["properties"]["height"], 22.0, "{oak}");
    assert_eq!(json(&oak)["features"][0]["id"], OAK, "{oak}");
    let run = folder.fails(&format!("log a.gpkg {OAK} --at 2124-02-29"), 3);
    assert!(run.err.contains(OAK) && run.err.contains("2124-02-29"), "{}", run.err);
    let run = folder.fails("log a.gpkg --layer trees --at 2000-02-29", 3);
    assert!(run.err.contains("its log goes back to 2"), "{}", run.err);
    let now = folder.ok("log a.gpkg --layer trees --at 2124-02-29 --format csv").out;
    assert_eq!(now, folder.csv("a.gpkg", "trees", ""));
}

#[test]
fn a_database_is_watched_the_same() {
    let Some(server) = server_or_skip("a_database_is_watched_the_same") else { return };
    let (schema, folder) = (server.schema(), with_trees());
    let url = schema.url();
    folder.ok(&format!("import trees.csv {url}"));
    let run = folder.ok(&format!("watch {url} --install --once"));
    assert!(run.err.contains("changes are noted"), "{}", run.err);
    let installed = rfc3339(SystemTime::now());
    let original = folder.csv(&url, "trees", "");
    let watching = Watching::start(&folder, &format!("watch {url} trees --json"));
    schema.execute("UPDATE trees SET height = 22.5 WHERE name = 'oak'");
    let event = watching.event();
    assert_eq!(event["fields"], json(r#"{"height": {"before": 21.5, "after": 22.5}}"#));
    assert_eq!((&event["id"], &event["author"]), (&OAK.into(), &"other".into()));
    let role = schema.value("SELECT current_user");
    assert_eq!(event["who"], role);
    edit(&folder, &url, &["delete name=elm"]);
    let event = watching.event();
    assert_eq!((&event["kind"], &event["author"]), (&"delete".into(), &"tiepoint".into()));
    let text = folder.ok(&format!("log {url} {ELM}")).out;
    assert!(text.contains(&format!("- trees object {ELM}, tiepoint, {role}\n")), "{text}");
    let before = folder.ok(&format!("watch {url} --name map --once"));
    assert_eq!(before.out, "");
    schema.execute("UPDATE trees SET height = 23 WHERE name = 'oak'");
    let run = folder.ok(&format!("watch {url} --name map --once --json"));
    assert_eq!(events(&run).len(), 1, "{}", run.out);
    let since = checkpoint(&before.err);
    let again = folder.ok(&format!("watch {url} --once --json --since {since}"));
    assert_eq!(told_of(&again), told_of(&run));
    let first = events(&folder.ok(&format!("log {url} --json")))[0]["time"].clone();
    let first = first.as_str().expect("is told");
    let was = folder.ok(&format!("log {url} --layer trees --at {first} --format csv")).out;
    assert!(was.contains("oak,22.5") && was.contains("elm,17.0"), "{was}");
    let was = folder.ok(&format!("log {url} --layer trees --at {installed} --format csv")).out;
    assert_eq!(was, original);
    assert!(folder.ok(&format!("info {url}")).out.contains("`map`, 0 changes behind"));
    assert!(folder.ok(&format!("watch {url} --remove")).err.contains("no log any more"));
}

#[test]
fn a_server_that_breaks_off_is_borne_and_nothing_missed() {
    let name = "a_server_that_breaks_off_is_borne";
    let Some(server) = server_or_skip(name) else { return };
    let (schema, folder) = (server.schema(), with_trees());
    let url = format!("{}&application_name={}", schema.url(), schema.name());
    folder.ok(&format!("import trees.csv {url}"));
    folder.ok(&format!("watch {url} --install --once"));
    let watching = Watching::start(&folder, &format!("watch {url} --json"));
    for height in 1..=3 {
        let kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name";
        schema.execute(&format!("{kill} = '{}'", schema.name()));
        schema.execute(&format!("UPDATE trees SET height = {height} WHERE name = 'oak'"));
        let event = watching.event();
        assert_eq!(event["fields"]["height"]["after"], f64::from(height), "{event}");
    }
}
