use super::*;
use crate::testing::server_or_skip;
use tiepoint_core::ErrorKind;

#[test]
fn where_nobody_listens_is_said() {
    let error = refused("postgres://anna:geheim@127.0.0.1:1/gis");
    assert_eq!(
        error.to_string(),
        "cannot reach postgres://anna@127.0.0.1:1/gis: nobody listens at `127.0.0.1`, port 1"
    );
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.hint().is_some());
    let error = refused("postgres://anna@%2Fnowhere/gis");
    assert!(
        error.to_string().ends_with("there is no socket for port 5432 in `/nowhere`"),
        "{error}"
    );
    assert!(matches!(
        refused("postgres://anna@no.such.invalid/gis"),
        StoreError::Unreachable { .. }
    ));
}

#[test]
fn the_next_server_is_tried() {
    let Some(server) = server_or_skip("the next server is tried") else { return };
    let Some(url) = server.tcp_url() else { return };
    let two = url.replace("@localhost", "@127.0.0.1:1,localhost");
    connect(&two).unwrap();
    let session = |wanted: &str| format!("{url}?target_session_attrs={wanted}");
    for wanted in ["read-write", "primary", "prefer-standby", "any"] {
        connect(&session(wanted)).unwrap();
    }
    for wanted in ["read-only", "standby"] {
        assert!(matches!(refused(&session(wanted)), StoreError::Unreachable { .. }));
    }
}

#[test]
fn a_wrong_password_is_refused_and_never_shown() {
    let Some(server) = server_or_skip("a wrong password") else { return };
    let role = server.role();
    let Some(url) = role.tcp_url() else { return };
    connect(&url).unwrap();
    for password in [":geheim", ""] {
        let wrong = url.replace(&format!(":{}", role.password()), password);
        let error = refused(&wrong);
        assert!(matches!(error, StoreError::AccessRefused { .. }), "{error:?}");
        assert_eq!(error.kind(), ErrorKind::Denied);
        let shown = format!("{error} {error:?} {:?}", error.hint());
        assert!(!shown.contains("geheim"), "{shown}");
    }
}

#[test]
fn a_missing_database_is_named() {
    let Some(server) = server_or_skip("a missing database") else { return };
    let error = refused(&with(server, "dbname=no_such"));
    assert!(
        matches!(&error, StoreError::DatabaseNotFound { database, .. } if database == "no_such")
    );
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.hint().unwrap().contains("createdb no_such"));
    let unknown = refused(&with(server, "user=no_such"));
    assert!(matches!(unknown, StoreError::AccessRefused { .. }), "{unknown:?}");
}

#[test]
fn what_a_role_may_not_do_is_said() {
    let Some(server) = server_or_skip("what a role may not do") else { return };
    let (schema, role) = (server.schema(), server.role());
    schema.execute("CREATE TABLE t (a int)");
    let link = connect(&schema.url_as(&role)).unwrap();
    let sql = format!("SELECT * FROM {}.t", schema.name());
    let error = link.query(&sql, &[]).map_err(link.site().failed("read `t`")).unwrap_err();
    assert!(matches!(error, StoreError::NotAllowed { .. }), "{error:?}");
    assert_eq!(error.kind(), ErrorKind::Denied);
}

#[test]
fn certificates_are_checked_as_asked() {
    let Some(server) = server_or_skip("certificates are checked") else { return };
    let Some((url, root)) = server.tcp_url().zip(server.certificate()) else { return };
    let encrypted = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
    let root = root.display();
    let misnamed = url.replace("@localhost", "@db.example");
    for (url, parameters, expected) in [
        (&url, "sslmode=disable".to_owned(), false),
        (&url, "sslmode=allow".to_owned(), false),
        (&url, "sslmode=prefer".to_owned(), true),
        (&url, "sslmode=require".to_owned(), true),
        (&url, format!("sslmode=require&sslrootcert={root}"), true),
        (&misnamed, format!("hostaddr=127.0.0.1&sslmode=verify-ca&sslrootcert={root}"), true),
        (&url, format!("sslmode=verify-full&sslrootcert={root}"), true),
    ] {
        let link = connect(&format!("{url}?{parameters}")).unwrap();
        let row = link.query_one(encrypted, &[]).unwrap();
        assert_eq!(row.get::<_, bool>(0), expected, "{parameters}");
    }
    for (url, parameters) in [
        (&misnamed, format!("hostaddr=127.0.0.1&sslmode=verify-full&sslrootcert={root}")),
        (&url, "sslmode=verify-full&sslrootcert=system".to_owned()),
    ] {
        let error = refused(&format!("{url}?{parameters}"));
        assert!(matches!(error, StoreError::AccessRefused { .. }), "{parameters}: {error:?}");
        assert!(error.to_string().contains("no encrypted connection"), "{error}");
    }
    let missing = refused(&format!("{url}?sslmode=verify-ca&sslrootcert=/nowhere"));
    assert!(missing.to_string().contains("`/nowhere`"), "{missing}");
}

#[test]
fn an_encrypted_reading_can_be_abandoned() {
    let Some(server) = server_or_skip("an encrypted reading") else { return };
    let Some(url) = server.tcp_url() else { return };
    let pool = pool(&format!("{url}?sslmode=require"));
    let lease = pool.take().unwrap();
    let mut rows = lease.rows("SELECT generate_series(1, 9000000)", &[]).unwrap();
    rows.next(None).unwrap();
    lease.abandon(rows);
    eventually("it comes back", || pool.status() == (1, 0));
}
