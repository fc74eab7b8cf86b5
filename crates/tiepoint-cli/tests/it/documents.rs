//! Documents as they come: from pipes, in odd encodings, with what is said about them.
use crate::folder::Folder;

#[test]
fn a_document_comes_down_a_pipe() {
    let folder = Folder::after_tour();
    let text = folder.ok("export tour.gpkg cities -").out;
    let run = folder.piped("import - new.gpkg --layer towns", &text);
    assert_eq!(run.code, Some(0), "{}", run.err);
    assert!(run.out.is_empty(), "talk goes to the standard error");
    assert_eq!(folder.count("new.gpkg", "towns"), 243);
    let run = folder.piped("import - csv.gpkg --format csv --layer a", "n\n1\n");
    assert_eq!(run.code, Some(0), "{}", run.err);
}

#[test]
fn a_layer_from_a_pipe_needs_a_name() {
    let folder = Folder::new();
    let run = folder.piped("import - new.gpkg --format csv", "n\n1\n");
    assert_eq!(run.code, Some(2));
    assert!(run.err.contains("hint: "), "{}", run.err);
    assert!(folder.names().is_empty(), "{:?}", folder.names());
}

#[test]
fn a_named_pipe_can_be_read_once_and_is_enough() {
    let folder = Folder::new();
    let run = folder.shell(
        "mkfifo trees.csv; printf 'n,name\\n1,oak\\n' > trees.csv & tiepoint import trees.csv a.gpkg --layer trees",
    );
    assert_eq!(run.code, Some(0), "{}", run.err);
    assert_eq!(folder.count("a.gpkg", "trees"), 1);
}

#[test]
fn csv_is_read_as_it_is_said_to_be() {
    let folder = Folder::new();
    std::fs::write(folder.path("a.csv"), b"caf\xe9;13,5;0012\nna\xefve;2,25;0013\n")
        .expect("written");
    folder.ok(
        "import a.csv a.gpkg --delimiter ; --encoding windows-1252 --decimal-comma --no-header",
    );
    let table = folder.csv("a.gpkg", "a", "");
    assert!(table.contains("café,13.5,0012") && table.contains("naïve,2.25,0013"), "{table}");
    folder.write("t.tsv", "wkt\tn\nPOINT (1 2)\t1.0\n");
    folder.ok("import t.tsv t.gpkg --delimiter tab --wkt wkt --all-text");
    let table = folder.csv("t.gpkg", "t", "");
    assert!(table.contains("POINT (1 2)") && table.contains("1.0"), "{table}");
}

#[test]
fn arguments_that_make_no_sense_are_named() {
    let folder = Folder::new();
    folder.write("a.csv", "n\n1\n");
    for (args, says) in [
        ("--crs Erde", "--crs"),
        ("--encoding klingon", "--encoding"),
        ("--delimiter ab", "--delimiter"),
        ("--rejects r.jsonl", "--rejects"),
        ("--source-layer a", "--source-layer"),
        ("--key-field n --key-namespace n", "--key-namespace"),
    ] {
        let run = folder.fails(&format!("import a.csv a.gpkg {args}"), 2);
        assert!(run.err.contains(says), "{args}: {}", run.err);
        assert!(!folder.has("a.gpkg"), "{args}");
    }
}
