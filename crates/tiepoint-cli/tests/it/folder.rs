//! A folder of its own for each test, and the command run in it.
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// The folder, and one for journals that is not seen in it.
pub(crate) struct Folder(TempDir, TempDir);

/// The database of examples.
const EXAMPLE: &str = "postgres://anna@db.example/gis";

/// What a run of the command left behind.
pub(crate) struct Run {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Folder {
    pub(crate) fn new() -> Self {
        let folder = || TempDir::new().expect("a temporary folder");
        Self(folder(), folder())
    }

    /// A folder in which the tour has been.
    pub(crate) fn after_tour() -> Self {
        let folder = Self::new();
        folder.ok("tour");
        folder
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Where the commands keep their journals.
    pub(crate) fn journals(&self) -> &Path {
        self.1.path()
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.path(name).exists()
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).expect("the folder can be written to");
    }

    pub(crate) fn read(&self, name: &str) -> String {
        String::from_utf8(self.bytes(name)).expect("is UTF-8")
    }

    pub(crate) fn bytes(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// The names in the folder, hidden ones too, sorted.
    pub(crate) fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.0.path()).expect("can be listed");
        let name = |entry: fs::DirEntry| entry.file_name().to_string_lossy().into_owned();
        let mut names: Vec<_> = entries.map(|entry| name(entry.expect("can be read"))).collect();
        names.sort();
        names
    }

    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tiepoint"));
        command.current_dir(self.0.path()).stdin(Stdio::null());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command.env("TIEPOINT_JOURNALS", self.1.path());
        command
    }

    pub(crate) fn spawn(&self, args: &str) -> Child {
        self.command().args(args.split_whitespace()).spawn().expect("the command starts")
    }

    /// Runs the command with arguments separated by blanks.
    pub(crate) fn run(&self, args: &str) -> Run {
        Run::of(self.spawn(args))
    }

    /// Runs it, and insists on success.
    pub(crate) fn ok(&self, args: &str) -> Run {
        let run = self.run(args);
        assert_eq!(run.code, Some(0), "tiepoint {args}\n{}", run.err);
        run
    }

    /// Runs it, and insists on that exit code.
    pub(crate) fn fails(&self, args: &str, code: i32) -> Run {
        let run = self.run(args);
        assert_eq!(run.code, Some(code), "tiepoint {args}\n{}{}", run.out, run.err);
        assert!(run.err.starts_with("error: "), "tiepoint {args}\n{}", run.err);
        run
    }

    /// Runs it with `input` on its standard input.
    pub(crate) fn piped(&self, args: &str, input: &str) -> Run {
        let mut command = self.command();
        command.args(args.split_whitespace()).stdin(Stdio::piped());
        let mut child = command.spawn().expect("the command starts");
        let mut stdin = child.stdin.take().expect("is piped");
        // a command that refuses its arguments does not read
        let _ = stdin.write_all(input.as_bytes());
        drop(stdin);
        Run::of(child)
    }

    /// Runs a line of shell, in which `tiepoint` is the command.
    pub(crate) fn shell(&self, line: &str) -> Run {
        let bin = PathBuf::from(env!("CARGO_BIN_EXE_tiepoint"));
        let folder = bin.parent().expect("a file is in a folder").to_owned();
        let path = std::env::var_os("PATH").unwrap_or_default();
        let path = std::iter::once(folder).chain(std::env::split_paths(&path));
        let mut command = Command::new("sh");
        command.args(["-e", "-c", line]).current_dir(self.0.path()).stdin(Stdio::null());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command.env("PATH", std::env::join_paths(path).expect("paths join"));
        command.env("TIEPOINT_JOURNALS", self.1.path());
        Run::of(command.spawn().expect("there is a shell"))
    }

    /// The same, with a database of a throw-away server where the line names an example's; `None`
    /// where it does and there is no server.
    pub(crate) fn shell_with_database(&self, line: &str, schema: Option<&str>) -> Option<Run> {
        if !line.contains(EXAMPLE) {
            return Some(self.shell(line));
        }
        let url = schema?;
        let line = line.replace(&format!("'{EXAMPLE}?schema=city'"), &format!("'{url}'"));
        Some(self.shell(&line.replace(EXAMPLE, &format!("'{url}'"))))
    }

    /// Runs the command without any privilege: as it is where we have none, else as a user that
    /// owns nothing.
    #[cfg(unix)]
    pub(crate) fn as_nobody(&self, args: &str) -> Run {
        use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
        let we_are_root = fs::metadata(self.path("")).expect("is there").uid() == 0;
        if !we_are_root {
            return self.run(args);
        }
        let copy = self.path("tiepoint-for-all");
        let open_to_all = || fs::Permissions::from_mode(0o755);
        fs::copy(env!("CARGO_BIN_EXE_tiepoint"), &copy).expect("can be copied");
        fs::set_permissions(&copy, open_to_all()).expect("is ours");
        fs::set_permissions(self.path(""), open_to_all()).expect("is ours");
        let mut command = Command::new("setpriv");
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]);
        command.arg(&copy).args(args.split_whitespace()).current_dir(self.path(""));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Run::of(command.spawn().expect("util-linux has setpriv"))
    }

    /// What `query` prints as CSV.
    pub(crate) fn csv(&self, store: &str, layer: &str, more: &str) -> String {
        self.ok(&format!("query {store} {layer} --format csv {more}")).out
    }

    /// How many features a layer has.
    pub(crate) fn count(&self, store: &str, layer: &str) -> usize {
        self.csv(store, layer, "").lines().count() - 1
    }
}

impl Run {
    pub(crate) fn of(child: Child) -> Self {
        let output = child.wait_with_output().expect("the command ends");
        Self {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).expect("is UTF-8"),
            err: String::from_utf8(output.stderr).expect("is UTF-8"),
        }
    }
}
