use super::*;
use proptest::prelude::*;
use std::path::Path;

/// An address among these variables, for a user `gisela` whose home this is.
fn parse_at_home(text: &str, variables: &[(&str, &str)], home: &Path) -> Result<PostgisAddress> {
    let variable = |name: &str| {
        let found = variables.iter().find(|(variable, _)| *variable == name);
        found.map(|(_, value)| (*value).to_owned())
    };
    let around = Surroundings {
        variable: &variable,
        home: Some(home.to_owned()),
        user: Some("gisela".to_owned()),
    };
    PostgisAddress::parse_in(text, &around)
}

fn parse(text: &str, variables: &[(&str, &str)]) -> Result<PostgisAddress> {
    parse_at_home(text, variables, Path::new("/nowhere"))
}

fn name(text: &str, variables: &[(&str, &str)]) -> String {
    parse(text, variables).unwrap().to_string()
}

fn reason(text: &str) -> String {
    parse(text, &[]).unwrap_err().to_string()
}

fn passwords(address: &PostgisAddress) -> Vec<Option<&str>> {
    address.targets.iter().map(|target| target.password.as_ref().map(Secret::reveal)).collect()
}

#[cfg(unix)]
fn write_private(path: &Path, text: &str, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn what_the_address_says_counts_more_than_the_variables() {
    let variables = [("PGHOST", "env.example"), ("PGPORT", "99"), ("PGUSER", "eve")];
    assert_eq!(name("host=a dbname=b user=c port=1", &variables), "postgres://c@a:1/b");
    assert_eq!(name("postgres:///b", &variables), "postgres://eve@env.example:99/b");
    assert_eq!(name("postgres://a", &variables), "postgres://eve@a:99/eve");
    assert_eq!(name("host=a", &[]), "postgres://gisela@a/gisela");
    let empty = name("postgres://h/?user=", &[("PGUSER", "eve")]);
    assert_eq!(empty, "postgres://gisela@h/gisela", "an empty value hides the variable");
}

#[test]
fn without_a_host_there_is_a_socket() {
    let address = parse("", &[]).unwrap();
    assert_eq!(cfg!(unix), matches!(address.targets[0].host, Host::Socket(_)));
    assert_eq!(name("host=/run/pg port=5433", &[]), "postgres://gisela@%2Frun%2Fpg:5433/gisela");
}

#[test]
fn several_servers_are_tried_in_turn() {
    assert_eq!(name("postgres://a:1,[::2],c:3/d", &[]), "postgres://gisela@a:1,[::2],c:3/d");
    assert_eq!(name("host=a,b port=7", &[]), "postgres://gisela@a:7,b:7/gisela");
    let numbers = parse("host=a,b hostaddr=1.2.3.4,::1", &[]).unwrap();
    let number = Some("::1".parse().unwrap());
    assert_eq!(numbers.targets[1].host, Host::Network { name: "b".to_owned(), number });
    assert!(reason("host=a,b port=1,2,3").contains("ports"));
    assert!(reason("host=a,b hostaddr=1.2.3.4").contains("lengths"));
}

#[test]
fn our_own_parameters_are_read() {
    let text = "postgres://h/d?schema=a,%20b&pool_size=3&pool_overflow=2&pool_timeout=4\
                &pool_lifetime=5&statement_timeout=600&lock_timeout=700";
    let address = parse(text, &[]).unwrap();
    assert_eq!(address.schemas(), ["a", "b"]);
    let limits = PoolLimits {
        size: 3,
        overflow: 2,
        timeout: Duration::from_secs(4),
        lifetime: Duration::from_secs(5),
    };
    assert_eq!(address.pool, limits);
    assert_eq!(address.statement_timeout_ms(), Some(600));
    assert_eq!(address.lock_timeout_ms(), Some(700));
}

#[test]
fn libpqs_parameters_are_read() {
    let text = "host=h application_name=x options='-c geqo=off' connect_timeout=3 \
                target_session_attrs=read-write channel_binding=require keepalives=0 \
                keepalives_idle=9 load_balance_hosts=random";
    let address = parse(text, &[]).unwrap();
    assert_eq!(address.application_name, "x");
    assert_eq!(address.options.as_deref(), Some("-c geqo=off"));
    assert_eq!(address.connect_timeout, Some(Duration::from_secs(3)));
    assert_eq!(address.session, SessionKind::ReadWrite);
    assert_eq!(address.channel_binding, ChannelBinding::Require);
    assert!(!address.keepalives.are_sent && address.in_random_order);
    let default = parse("host=h", &[]).unwrap();
    assert_eq!(default.application_name, "tiepoint");
    assert_eq!(default.connect_timeout, Some(Duration::from_secs(10)));
    assert_eq!(parse("connect_timeout=0", &[]).unwrap().connect_timeout, None);
}

#[test]
fn unknown_parameters_have_near_ones() {
    assert_eq!(
        reason("postgres://h/d?sslmod=require"),
        "the PostGIS address: unknown parameter `sslmod`, did you mean `sslmode`?"
    );
    assert!(reason("postgres://h/d?shema=a").contains("`schema`"));
    assert!(reason("require_auth=scram-sha-256").contains("not supported"));
}

#[test]
fn wrong_values_are_refused() {
    for (text, words) in [
        ("port=0", "1 to 65535"),
        ("port=http", "1 to 65535"),
        ("sslmode=on", "`verify-full`"),
        ("pool_size=0", "at least 1"),
        ("pool_size=many", "whole number"),
        ("statement_timeout=99999999999", "at most"),
        ("schema=a,,b", "empty"),
        ("host=@abstract", "sockets"),
        ("hostaddr=example", "IP address"),
        ("sslrootcert=system sslmode=require", "verify-full"),
        ("sslnegotiation=direct", "`sslmode=require`"),
        ("service=nobody", "no service `nobody`"),
        ("servicefile=/nowhere/x service=s", "no such service file"),
    ] {
        assert!(reason(text).contains(words), "{text}: {}", reason(text));
    }
}

#[test]
fn encryption_is_as_libpq_means_it() {
    let mode = |text: &str, variables: &[_]| parse(text, variables).unwrap().encryption.mode;
    assert_eq!(mode("", &[]), SslMode::Prefer);
    assert_eq!(mode("postgres://h/?ssl=true", &[]), SslMode::Require);
    assert_eq!(mode("", &[("PGSSLMODE", "verify-ca")]), SslMode::VerifyCa);
    assert_eq!(mode("sslrootcert=system", &[]), SslMode::VerifyFull);
    let home = tempfile::tempdir().unwrap();
    let roots = || parse_at_home("", &[], home.path()).unwrap().encryption.roots;
    let path = home.path().join(".postgresql/root.crt");
    assert_eq!(roots(), Roots::Missing(path.clone()));
    std::fs::create_dir(home.path().join(".postgresql")).unwrap();
    std::fs::write(&path, "").unwrap();
    assert_eq!(roots(), Roots::File(path));
}

#[test]
fn a_service_counts_less_than_the_address_and_more_than_the_variables() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join(".pg_service.conf");
    std::fs::write(
        &file,
        "# ours\n[other]\nhost=wrong\n[city]\nhost=db.example\n port = 77 \nuser=anna\n\n[last]\nuser=x\n",
    )
    .unwrap();
    let variables = [("PGSERVICE", "city"), ("PGHOST", "env"), ("PGDATABASE", "gis")];
    let address = parse_at_home("user=bert", &variables, home.path()).unwrap();
    assert_eq!(address.to_string(), "postgres://bert@db.example:77/gis");
    let path = file.display().to_string();
    let named = [("PGSERVICEFILE", path.as_str())];
    assert_eq!(name("service=city dbname=d", &named), "postgres://anna@db.example:77/d");
    let folder = home.path().join("system");
    std::fs::create_dir(&folder).unwrap();
    std::fs::rename(&file, folder.join("pg_service.conf")).unwrap();
    let system = [("PGSYSCONFDIR", folder.to_str().unwrap())];
    assert_eq!(name("service=city dbname=d", &system), "postgres://anna@db.example:77/d");
    std::fs::write(folder.join("pg_service.conf"), "[city]\nhots=x\n").unwrap();
    let error = parse("service=city", &system).unwrap_err().to_string();
    assert!(error.contains("line 2") && error.contains("`host`"), "{error}");
}

#[cfg(unix)]
#[test]
fn a_password_file_fills_in_what_nobody_else_says() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join(".pgpass");
    let text = "#a:*:*:*:no\na:5432:gis:gisela:first\n*:*:gis:gisela:se\\:co\\\\nd:rest\n";
    write_private(&file, text, 0o600);
    let parse = |text, variables: &[_]| parse_at_home(text, variables, home.path()).unwrap();
    let several = parse("host=a,b dbname=gis", &[]);
    assert_eq!(passwords(&several), [Some("first"), Some(r"se:co\nd")]);
    assert_eq!(passwords(&parse("host=a dbname=other", &[])), [None]);
    assert_eq!(passwords(&parse("host=a dbname=gis", &[("PGPASSWORD", "env")])), [Some("env")]);
    let said = parse("postgres://gisela:said@a/gis", &[("PGPASSWORD", "env")]);
    assert_eq!(passwords(&said), [Some("said")]);

    write_private(&file, text, 0o640);
    let exposed = parse("host=a dbname=gis", &[]);
    assert_eq!(passwords(&exposed), [None], "others may read the file");
    assert_eq!(exposed.exposed_password_file.as_ref(), Some(&file));
    write_private(&home.path().join("mine"), "localhost:*:*:*:local\n", 0o600);
    let path = home.path().join("mine").display().to_string();
    let local = parse("host=/tmp", &[("PGPASSFILE", &path)]);
    assert_eq!(passwords(&local), [Some("local")]);
}

#[test]
fn a_password_is_never_shown() {
    let text = "postgres://anna:geheim@h/d?options=geheim";
    let address = parse(text, &[]).unwrap();
    let shown = format!("{address} {address:?} {:?} {:?}", address.targets, address.site());
    assert!(!shown.contains("geheim"), "{shown}");
    for text in [
        "host=a password=geheim port=x",
        "postgres://anna:geheim@h:x/d",
        "postgres://anna:geheim@h/d?password=geheim&sslmode=geheim",
        "postgres://anna:ge@heim@h/d",
        "password=geheim geheim",
        "password=a geheimnis=b",
        "postgres://geheim:geheim",
    ] {
        let error = parse(text, &[]).unwrap_err();
        let shown = format!("{error} {error:?} {:?}", error.hint());
        assert!(!shown.contains("heim"), "{shown}");
    }
}

proptest! {
    #[test]
    fn no_text_can_panic_it(text in any::<String>()) {
        let _ = parse(&text, &[]);
        let _ = parse(&format!("postgres://{text}"), &[]);
    }

    #[test]
    fn no_password_is_ever_shown(password in "[a-z]{3}Q[ -~]{0,12}") {
        let quoted = password.replace('\\', "\\\\").replace('\'', "\\'");
        let address = parse(&format!("host=h password='{quoted}'"), &[]).unwrap();
        prop_assert_eq!(passwords(&address), [Some(password.as_str())]);
        let shown = format!("{address:?}{address}{:?}", address.targets);
        prop_assert!(!shown.contains(&password));
        let raw = parse(&format!("postgres://u:{password}@h/d"), &[]);
        let shown = match raw { Ok(it) => format!("{it:?}{it}"), Err(it) => format!("{it:?}{it}") };
        prop_assert!(!shown.contains(&password[..4]), "{}", shown);
    }
}
