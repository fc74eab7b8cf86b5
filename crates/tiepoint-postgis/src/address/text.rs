//! An address as text: a URL or libpq's keywords (PostgreSQL manual, section 34.1.1).
//!
//! Reasons never quote the text, as any of it may be a password.
use std::iter::Peekable;
use std::str::Chars;

/// Names and values as they are written, later ones counting more.
pub(super) type Pairs = Vec<(String, String)>;

pub(super) fn pairs(text: &str) -> Result<Pairs, String> {
    let pairs = match url_body(text) {
        Some(body) => url(body)?,
        None => keywords(text)?,
    };
    if pairs.iter().any(|(name, value)| name.contains('\0') || value.contains('\0')) {
        return Err("there is a zero byte in it".to_owned());
    }
    Ok(pairs)
}

fn url_body(text: &str) -> Option<&str> {
    text.strip_prefix("postgres://").or_else(|| text.strip_prefix("postgresql://"))
}

/// `user:password@host:port,host:port/database?name=value&name=value`
fn url(body: &str) -> Result<Pairs, String> {
    let (place, query) = body.split_once('?').unwrap_or((body, ""));
    let (place, database) = place.split_once('/').unwrap_or((place, ""));
    let (who, hosts) = place.split_once('@').map_or((None, place), |(who, at)| (Some(who), at));
    if hosts.contains('@') || database.contains('@') {
        return Err("there is more than one `@`, or one after a `/`; in a password or a name, \
             write `@` as `%40` and `/` as `%2F`"
            .to_owned());
    }
    let mut pairs = Pairs::new();
    if let Some(who) = who {
        let (user, password) = who.split_once(':').unwrap_or((who, ""));
        push(&mut pairs, "user", user)?;
        push(&mut pairs, "password", password)?;
    }
    hosts_and_ports(hosts, &mut pairs)?;
    push(&mut pairs, "dbname", database)?;
    for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
        let no_value = || "a parameter has no `=` and value".to_owned();
        let (name, value) = parameter.split_once('=').ok_or_else(no_value)?;
        pairs.push(query_parameter(decode(name)?, decode(value)?));
    }
    Ok(pairs)
}

fn push(pairs: &mut Pairs, name: &str, encoded: &str) -> Result<(), String> {
    if !encoded.is_empty() {
        pairs.push((name.to_owned(), decode(encoded)?));
    }
    Ok(())
}

/// As libpq, which reads this one of JDBC's.
fn query_parameter(name: String, value: String) -> (String, String) {
    match (name.as_str(), value.as_str()) {
        ("ssl", "true") => ("sslmode".to_owned(), "require".to_owned()),
        _ => (name, value),
    }
}

fn hosts_and_ports(text: &str, pairs: &mut Pairs) -> Result<(), String> {
    let both: Vec<_> = text.split(',').map(host_and_port).collect::<Result<_, _>>()?;
    let (hosts, ports): (Vec<_>, Vec<_>) = both.into_iter().unzip();
    for (name, parts) in [("host", hosts), ("port", ports)] {
        if parts.iter().any(|part| !part.is_empty()) {
            pairs.push((name.to_owned(), decode(&parts.join(","))?));
        }
    }
    Ok(())
}

fn host_and_port(text: &str) -> Result<(&str, &str), String> {
    let Some(rest) = text.strip_prefix('[') else {
        return Ok(text.split_once(':').unwrap_or((text, "")));
    };
    let (host, rest) = rest.split_once(']').ok_or("an IPv6 address has no `]`")?;
    match rest.strip_prefix(':') {
        Some(port) => Ok((host, port)),
        None if rest.is_empty() => Ok((host, "")),
        None => Err("there is something between the host's `]` and its port".to_owned()),
    }
}

fn decode(text: &str) -> Result<String, String> {
    let malformed = "a `%` is not followed by two hexadecimal digits; write it as `%25`";
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digit = |byte: Option<u8>| byte.and_then(|byte| char::from(byte).to_digit(16));
        let (high, low) = digit(rest.next()).zip(digit(rest.next())).ok_or(malformed)?;
        bytes.push(u8::try_from(high * 16 + low).expect("two hexadecimal digits are a byte"));
    }
    String::from_utf8(bytes).map_err(|error| format!("it is not UTF-8: {}", error.utf8_error()))
}

/// `host=db.example dbname='my gis' password=it\'s`
fn keywords(text: &str) -> Result<Pairs, String> {
    let mut characters = text.chars().peekable();
    let mut pairs = Pairs::new();
    loop {
        skip_spaces(&mut characters);
        if characters.peek().is_none() {
            return Ok(pairs);
        }
        let mut name = String::new();
        while let Some(c) = characters.next_if(|c| *c != '=' && !c.is_whitespace()) {
            name.push(c);
        }
        skip_spaces(&mut characters);
        if characters.next() != Some('=') {
            return Err("it is neither a `postgres://` URL nor made of `name=value`".to_owned());
        }
        skip_spaces(&mut characters);
        pairs.push((name, value(&mut characters)?));
    }
}

fn skip_spaces(characters: &mut Peekable<Chars<'_>>) {
    while characters.next_if(|c| c.is_whitespace()).is_some() {}
}

fn value(characters: &mut Peekable<Chars<'_>>) -> Result<String, String> {
    let quoted = characters.next_if_eq(&'\'').is_some();
    let mut value = String::new();
    loop {
        match characters.peek() {
            None if quoted => return Err("a quoted value has no end".to_owned()),
            None => return Ok(value),
            Some('\'') if quoted => {
                characters.next();
                return Ok(value);
            }
            Some(c) if !quoted && c.is_whitespace() => return Ok(value),
            Some(_) => {}
        }
        let next = match characters.next() {
            Some('\\') => characters.next(),
            other => other,
        };
        value.extend(next);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Vec<String> {
        let pairs = pairs(text).unwrap();
        pairs.into_iter().map(|(name, value)| format!("{name}={value}")).collect()
    }

    #[test]
    fn a_url_is_taken_apart() {
        assert_eq!(
            read("postgres://anna:p%40ss@db.example:5433/my%20gis?sslmode=require&schema=a%2Cb"),
            [
                "user=anna",
                "password=p@ss",
                "host=db.example",
                "port=5433",
                "dbname=my gis",
                "sslmode=require",
                "schema=a,b"
            ]
        );
        assert_eq!(read("postgresql://"), [""; 0]);
        assert_eq!(read("postgresql:///gis?host=/tmp"), ["dbname=gis", "host=/tmp"]);
        assert_eq!(read("postgresql://%2Ftmp/gis"), ["host=/tmp", "dbname=gis"]);
        assert_eq!(
            read("postgres://[::1]:99,b/x?ssl=true"),
            ["host=::1,b", "port=99,", "dbname=x", "sslmode=require"]
        );
    }

    #[test]
    fn keywords_are_taken_apart() {
        assert_eq!(
            read(r"host = db  dbname='my gis' password=it\'s\\ user='o\'hara' port="),
            ["host=db", "dbname=my gis", r"password=it's\", "user=o'hara", "port="]
        );
        assert_eq!(read("  "), [""; 0]);
    }

    #[test]
    fn what_is_no_address_is_refused_without_being_quoted() {
        for text in [
            "postgres://u:se@cret@host/db",
            "postgres://u:12/secret@host/db",
            "postgres://u:p%zzsecret@host/db",
            "postgres://host/db?secret",
            "postgres://[secret/db",
            "postgres://[::1]secret/db",
            "password=a secret",
            "password='secret",
            "secret",
            "password=\0secret",
        ] {
            let reason = pairs(text).unwrap_err();
            assert!(!reason.contains("cret"), "{reason}");
        }
    }

    proptest! {
        #[test]
        fn no_text_can_panic_it(text in any::<String>()) {
            let _ = pairs(&text);
            let _ = pairs(&format!("postgres://{text}"));
        }

        #[test]
        fn text_of_our_alphabet_cannot_either(text in "[a-c=&?%/@:,'\\\\\\[\\] 0-9]{0,40}") {
            let _ = pairs(&text);
            let _ = pairs(&format!("postgres://{text}"));
        }
    }
}
