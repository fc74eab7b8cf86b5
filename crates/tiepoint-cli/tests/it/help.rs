//! Every subcommand helps, and its examples are commands that work.
use crate::folder::Folder;
use tiepoint::testing::{Server, TestSchema, server_or_skip};

fn subcommands() -> Vec<String> {
    let help = Folder::new().ok("--help").out;
    let list = help.split("Commands:\n").nth(1).expect("lists commands");
    let list = list.split("\n\n").next().expect("ends with an empty line");
    let names = list.lines().filter_map(|line| line.split_whitespace().next());
    names.filter(|name| *name != "help").map(str::to_owned).collect()
}

fn examples(help: &str) -> Vec<String> {
    let lines = help.lines().skip_while(|line| !line.starts_with("Example")).skip(1);
    let lines = lines.take_while(|line| line.starts_with("  "));
    lines.map(|line| line.trim().to_owned()).collect()
}

#[test]
fn every_example_in_the_help_runs() {
    let subcommands = subcommands();
    let server = server_or_skip("examples with a database");
    let schema = server.map(Server::schema);
    let url = schema.as_ref().map(TestSchema::url);
    assert!(subcommands.len() >= 17, "{subcommands:?}");
    for name in subcommands {
        let folder = Folder::after_tour();
        let examples = examples(&folder.ok(&format!("{name} --help")).out);
        assert!(!examples.is_empty(), "`{name} --help` has no example");
        for example in examples {
            assert!(example.contains(&format!("tiepoint {name}")), "{name}: {example}");
            let Some(run) = folder.shell_with_database(&example, url.as_deref()) else { continue };
            let differs =
                example.starts_with("tiepoint diff") || example.contains("; tiepoint diff");
            let is_done = run.code == Some(0) || (differs && run.code == Some(1));
            assert!(is_done, "{example}\n{}{}", run.out, run.err);
        }
    }
}

#[test]
fn the_help_lists_every_exit_code() {
    let help = Folder::new().ok("--help").out;
    let codes = help.split("Exit codes:\n").nth(1).expect("has a table of exit codes");
    for code in ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "70", "130"] {
        assert!(codes.lines().any(|line| line.trim().starts_with(&format!("{code}  "))), "{code}");
    }
}

#[test]
fn shells_get_their_completions() {
    let folder = Folder::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        assert!(folder.ok(&format!("completions {shell}")).out.contains("completions"), "{shell}");
    }
}

#[test]
fn a_mistyped_argument_is_met_with_usage_and_code_2() {
    let folder = Folder::new();
    for args in ["imprt a b", "import", "import a.csv b.gpkg --mode destroy", "query a.gpkg"] {
        let run = folder.run(args);
        assert_eq!(run.code, Some(2), "{args}");
        assert!(run.err.contains("--help"), "{args}\n{}", run.err);
    }
}
