//! Where a database is, as a URL whose parts can be exchanged.
use std::fmt;

/// A URL in its parts, as they are spelled in it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Address {
    /// `name` or `name:password`.
    pub(super) user: String,
    /// With the port, where one is given.
    pub(super) host: String,
    pub(super) database: String,
    /// What comes after the question mark.
    pub(super) parameters: String,
}

impl Address {
    /// The parts of `postgres://user@host:port/database?parameters`; `None` where user, host or
    /// database is not said.
    pub(super) fn parse(url: &str) -> Option<Self> {
        let rest = url.strip_prefix("postgres://").or_else(|| url.strip_prefix("postgresql://"))?;
        let (rest, parameters) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, database) = rest.split_once('/')?;
        let (user, host) = authority.rsplit_once('@')?;
        let said = [user, host, database].iter().all(|part| !part.is_empty());
        let [user, host, database, parameters] =
            [user, host, database, parameters].map(str::to_owned);
        said.then_some(Self { user, host, database, parameters })
    }

    /// Another database of the same server.
    pub(super) fn with_database(&self, database: &str) -> Self {
        Self { database: database.to_owned(), ..self.clone() }
    }

    /// Somebody else's way in; both are spelled as they are in a URL.
    pub(super) fn with_user(&self, name: &str, password: &str) -> Self {
        Self { user: format!("{name}:{password}"), ..self.clone() }
    }

    /// With our own parameter, which names the schema.
    pub(super) fn with_schema(&self, schema: &str) -> Self {
        let separator = if self.parameters.is_empty() { "" } else { "&" };
        let parameters = format!("{}{separator}schema={schema}", self.parameters);
        Self { parameters, ..self.clone() }
    }
}

/// The URL.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { user, host, database, parameters } = self;
        write!(f, "postgres://{user}@{host}/{database}")?;
        if parameters.is_empty() { Ok(()) } else { write!(f, "?{parameters}") }
    }
}

#[cfg(test)]
mod tests {
    use super::Address;

    #[test]
    fn parts_can_be_exchanged() {
        let address = Address::parse("postgresql://me:p%40@%2Ftmp%2Fx:5433/town?connect_timeout=3");
        let address = address.expect("all is said");
        let other = address.with_database("test").with_user("her", "pw").with_schema("s");
        let expected = "postgres://her:pw@%2Ftmp%2Fx:5433/test?connect_timeout=3&schema=s";
        assert_eq!(other.to_string(), expected);
    }

    #[test]
    fn a_url_that_leaves_something_open_is_none() {
        for url in ["town", "postgres://me@/town", "postgres://host/town", "postgres://me@host/"] {
            assert_eq!(Address::parse(url), None, "{url}");
        }
    }
}
