//! The throw-away server keeps to itself and leaves nothing behind.
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::sessions::own_server;
use tiepoint_postgis::testing::{fixtures, server_or_skip};

#[test]
fn the_shared_server_has_postgis() {
    let Some(server) = server_or_skip("the shared server has PostGIS") else { return };
    let version = server.schema().value("SELECT postgis_lib_version()");
    assert!(version.starts_with('3'), "{version}");
}

#[test]
fn a_schema_is_its_tests_own_and_goes_with_it() {
    let Some(server) = server_or_skip("schemas are isolated") else { return };
    let (one, other) = (server.schema(), server.schema());
    for schema in [&one, &other] {
        schema.execute("CREATE TABLE trees (id int); INSERT INTO trees VALUES (1)");
    }
    one.execute("INSERT INTO trees VALUES (2)");
    assert_eq!(other.value("SELECT count(*) FROM trees"), "1");
    assert!(one.url().ends_with(&format!("schema={}", one.name())), "{}", one.url());
    let count = format!("SELECT count(*) FROM pg_namespace WHERE nspname = '{}'", one.name());
    assert_eq!(other.value(&count), "1");
    drop(one);
    assert_eq!(other.value(&count), "0");
}

#[test]
fn a_database_is_its_tests_own_and_goes_with_it() {
    let Some(server) = server_or_skip("databases are isolated") else { return };
    let (one, other) = (server.database(), server.database());
    one.execute("CREATE TABLE trees (geom geometry(Point, 4326))");
    assert_eq!(other.value("SELECT to_regclass('trees') IS NULL"), "t");
    let count = format!("SELECT count(*) FROM pg_database WHERE datname = '{}'", one.name());
    assert_eq!(other.value(&count), "1");
    drop(one);
    assert_eq!(other.value(&count), "0");
}

#[test]
#[should_panic(expected = "relation \"trees\" does not exist (42P01)")]
fn a_refusal_is_told_in_the_servers_words() {
    let Some(server) = server_or_skip("refusals are told") else {
        panic!("relation \"trees\" does not exist (42P01)");
    };
    server.schema().execute("SELECT * FROM trees");
}

#[test]
fn a_role_may_do_what_it_was_granted() {
    let Some(server) = server_or_skip("roles are limited") else { return };
    let (schema, role) = (server.schema(), server.role());
    schema.execute("CREATE TABLE trees (id int)");
    let may = format!("SELECT has_table_privilege('{}', 'trees', 'SELECT')", role.name());
    assert_eq!(schema.value(&may), "f");
    schema.execute(&format!("GRANT SELECT ON trees TO {}", role.name()));
    assert_eq!(schema.value(&may), "t");
    assert!(schema.url_as(&role).contains(role.name()));
    let count = format!("SELECT count(*) FROM pg_roles WHERE rolname = '{}'", role.name());
    drop(role);
    assert_eq!(schema.value(&count), "0");
}

#[test]
fn the_server_can_be_asked_within_a_runtime() {
    let Some(server) = server_or_skip("a runtime does no harm") else { return };
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let one = runtime.block_on(async { server.schema().value("SELECT 1") });
    assert_eq!(one, "1");
}

/// Connects, and says what ended the connection.
fn waiting(url: &str) -> std::thread::JoinHandle<String> {
    let config: tokio_postgres::Config = url.parse().expect("a URL");
    let (connected, told) = std::sync::mpsc::channel();
    let wait = async move {
        let (client, connection) = config.connect(tokio_postgres::NoTls).await.expect("connects");
        tokio::spawn(connection);
        connected.send(()).expect("somebody waits");
        let error = client.simple_query("SELECT pg_sleep(60)").await.expect_err("is ended");
        error.as_db_error().map_or_else(|| error.to_string(), |it| it.code().code().to_owned())
    };
    let thread = std::thread::spawn(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(wait)
    });
    told.recv().expect("connects");
    thread
}

#[test]
fn connections_can_be_ended_by_their_applications_name() {
    let Some(server) = server_or_skip("connections can be ended") else { return };
    let schema = server.schema();
    let separator = if server.url().contains('?') { '&' } else { '?' };
    let url = format!("{}{separator}application_name={}", server.url(), schema.name());
    let ended = waiting(&url);
    assert_eq!(server.kill_backends(schema.name()), 1);
    assert_eq!(ended.join().expect("tells"), "57P01");
    let database = server.database();
    let ended = waiting(&database.url());
    assert_eq!(database.kill_backends(), 1);
    assert_eq!(ended.join().expect("tells"), "57P01");
}

#[test]
fn a_server_of_ones_own_can_be_stopped_changed_and_started_again() {
    let Some(mut server) = own_server("servers can be stopped") else { return };
    let schema = server.schema();
    schema.execute("CREATE TABLE trees (id int)");
    server.set("lock_timeout", "1234");
    assert_eq!(schema.value("SHOW lock_timeout"), "1234ms");
    let (url, ended) = (server.url(), waiting(&server.url()));
    server.stop();
    // a server that goes may close the connection before its last words are through
    let words = ended.join().expect("tells");
    assert!(["57P01", "connection closed"].contains(&words.as_str()), "{words}");
    assert!(std::panic::catch_unwind(|| schema.execute("SELECT 1")).is_err());
    server.start_again();
    assert_eq!(server.url(), url);
    assert_eq!(schema.value("SELECT count(*) FROM trees"), "0");
    assert!(server.log().contains("database system is shut down"), "{}", server.log());
}

#[test]
fn tcp_asks_for_the_password_and_shows_a_certificate() {
    let Some(server) = own_server("TCP asks for a password") else { return };
    let connect = |url: &str| {
        let config: tokio_postgres::Config = url.parse().expect("a URL");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.expect("a runtime");
        runtime.block_on(config.connect(tokio_postgres::NoTls)).map(drop)
    };
    let (role, url) = (server.role(), server.tcp_url().expect("is ours"));
    connect(&url).expect("the superuser's password is right");
    let url = role.tcp_url().expect("is ours");
    connect(&url).expect("the role's password is right");
    let error = connect(&url.replace(role.password(), "guess")).expect_err("is wrong");
    assert_eq!(error.code().map(tokio_postgres::error::SqlState::code), Some("28P01"));
    if Command::new("openssl").arg("version").output().is_ok() {
        assert!(server.certificate().is_some(), "{}", server.log());
    }
}

#[test]
fn who_trusts_its_certificate_can_verify_it_in_full() {
    use rustls::pki_types::{CertificateDer, pem::PemObject as _};
    let Some(server) = own_server("certificates are verified") else { return };
    let Some(file) = server.certificate() else { return };
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(file).expect("is PEM")).expect("is a certificate");
    let config = rustls::ClientConfig::builder().with_root_certificates(roots);
    let tls = tokio_postgres_rustls::MakeRustlsConnect::new(config.with_no_client_auth());
    let url = format!("{}?sslmode=require", server.tcp_url().expect("is ours"));
    let config: tokio_postgres::Config = url.parse().expect("a URL");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let connected = runtime.expect("a runtime").block_on(config.connect(tls)).map(drop);
    connected.expect("is trusted");
}

#[test]
fn text_is_ordered_as_people_do_it() {
    let Some(server) = own_server("text is ordered by ICU") else { return };
    let schema = server.schema();
    if schema.value("SELECT current_setting('server_version_num')::int < 150000") == "t" {
        return; // knows no ICU for a whole database
    }
    let names = fixtures::cities().features.into_iter().filter_map(|it| it.get("name").cloned());
    let names: Vec<_> =
        names.filter_map(|it| it.as_text().map(|it| it.replace('\'', "''"))).collect();
    let names = names.join("'), ('");
    let ordered = format!("SELECT string_agg(x, ' ' ORDER BY x) FROM (VALUES ('{names}')) t(x)");
    assert!(schema.value(&ordered).starts_with("Apia Århus arles"), "{}", schema.value(&ordered));
}

/// The example, built beside this test, as a process with a server.
struct Holder {
    process: Child,
    folder: PathBuf,
}

impl Holder {
    fn start(test: &str) -> Option<Self> {
        let program = std::env::current_exe().expect("has a path");
        let target = program.ancestors().nth(2).expect("lies in deps");
        let mut command = Command::new(target.join("examples/throw_away_server"));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = command.spawn().expect("the example is built with the tests");
        let mut url = String::new();
        let stdout = process.stdout.take().expect("is piped");
        BufReader::new(stdout).read_line(&mut url).expect("can be read");
        if url.is_empty() {
            let output = process.wait_with_output().expect("ends");
            let complaint = String::from_utf8_lossy(&output.stderr);
            assert!(complaint.contains("is missing"), "{complaint}");
            return server_or_skip(test).and(None);
        }
        let (_, rest) = url.split_once('@').expect("has a host");
        let (folder, _) = rest.split_once(':').expect("has a port");
        Some(Self { process, folder: folder.replace("%2F", "/").into() })
    }
}

/// Whether a process of the server, or its folder, is still there.
fn is_there(folder: &Path) -> bool {
    let name = folder.to_str().expect("a plain path").as_bytes();
    let processes = std::fs::read_dir("/proc").expect("Linux").flatten();
    let mut lines = processes.filter_map(|it| std::fs::read(it.path().join("cmdline")).ok());
    folder.exists() || lines.any(|line| line.windows(name.len()).any(|part| part == name))
}

fn goes_away(folder: &Path) {
    let start = Instant::now();
    while is_there(folder) {
        assert!(start.elapsed() < Duration::from_secs(20), "{} stays", folder.display());
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_killed_process_leaves_no_server_and_no_folder() {
    let Some(mut holder) = Holder::start("a killed process leaves nothing") else { return };
    assert!(is_there(&holder.folder));
    holder.process.kill().expect("is killed");
    holder.process.wait().expect("has ended");
    goes_away(&holder.folder);
}

#[test]
#[cfg(target_os = "linux")]
fn a_dropped_server_is_gone_at_once() {
    let Some(server) = own_server("a dropped server is gone") else { return };
    let url = server.url();
    let folder = url.split(['@', ':']).nth(2).expect("a host").replace("%2F", "/");
    assert!(is_there(Path::new(&folder)));
    drop(server);
    assert!(!is_there(Path::new(&folder)));
}
