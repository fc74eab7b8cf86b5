//! Where a watcher has got to, and how a checkpoint says it.
//!
//! A place is a snapshot: all that it sees has been given. While what was committed between two
//! snapshots is being given, it is both of them and how much of it has been given.
use std::fmt;
use std::str::FromStr;

/// How checkpoints of this kind of store begin.
const SIGN: &str = "pg1";
/// Stands for no log.
const NONE: &str = "-";

/// Which transactions somebody sees: those below `end`, without the ones that were `running`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Snapshot {
    /// The oldest that was running.
    begin: u64,
    end: u64,
    running: Vec<u64>,
    /// Whether it was not taken, but made up to be before all that a log still has.
    is_oldest: bool,
}

/// How much of what is between two snapshots has been given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Within {
    pub(crate) until: Snapshot,
    /// The last entry of the transaction, as transactions are sorted by it.
    pub(crate) last: i64,
    pub(crate) seq: i64,
    /// The last thing of the entry that was given: of its every row there may be two.
    pub(crate) part: u32,
}

/// Where a watcher has got to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// The server and the database.
    pub(crate) database: String,
    /// Which log was read, if there was one.
    pub(crate) log: Option<String>,
    /// All that this sees has been given.
    pub(crate) since: Snapshot,
    pub(crate) within: Option<Within>,
}

impl Snapshot {
    /// One that is before this transaction and all later ones.
    pub(crate) fn before(transaction: u64) -> Self {
        Self { begin: transaction, end: transaction, running: Vec::new(), is_oldest: true }
    }

    /// Whether it was made up to be before all that a log still has.
    pub(crate) fn is_oldest(&self) -> bool {
        self.is_oldest
    }

    /// The lowest number of a transaction that it may not see.
    pub(crate) fn begin(&self) -> u64 {
        self.begin
    }

    /// Whether it ends before another began to run: a server does not go back by itself.
    pub(crate) fn is_before(&self, other: &Self) -> bool {
        self.end < other.end && !other.is_oldest
    }

    /// What it does not see: from this transaction on, and those. As texts, for `xid8`.
    pub(crate) fn unseen(&self) -> (String, Vec<String>) {
        (self.end.to_string(), self.running.iter().map(u64::to_string).collect())
    }
}

impl Within {
    /// How many rows of the entry have been given.
    pub(crate) fn given(&self) -> i32 {
        i32::try_from(self.part / 2 + 1).unwrap_or(i32::MAX)
    }
}

impl Place {
    /// The same with nothing between two snapshots.
    pub(crate) fn at(&self, since: Snapshot) -> Self {
        Self { since, within: None, ..self.clone() }
    }
}

/// The name of a database as checkpoints spell it.
pub(crate) fn spelled(database: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "._:-".contains(c) { c } else { '-' };
    database.chars().map(plain).collect()
}

impl fmt::Display for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_oldest {
            return write!(f, "^{}", self.begin);
        }
        write!(f, "{}:{}:", self.begin, self.end)?;
        for (at, running) in self.running.iter().enumerate() {
            write!(f, "{}{running}", if at > 0 { "," } else { "" })?;
        }
        Ok(())
    }
}

impl FromStr for Snapshot {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let number = |text: &str| text.parse::<u64>().map_err(drop);
        if let Some(oldest) = text.strip_prefix('^') {
            return Ok(Self::before(number(oldest)?));
        }
        let mut parts = text.split(':');
        let (Some(begin), Some(end), Some(list), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(());
        };
        let list = list.split(',').filter(|it| !it.is_empty());
        let running: Vec<u64> = list.map(number).collect::<Result<_, _>>()?;
        let (begin, end) = (number(begin)?, number(end)?);
        // as the server asks of a snapshot
        let is_one = (1..=end).contains(&begin)
            && running.is_sorted_by(|a, b| a < b)
            && running.iter().all(|it| (begin..end).contains(it));
        is_one.then_some(Self { begin, end, running, is_oldest: false }).ok_or(())
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let log = self.log.as_deref().unwrap_or(NONE);
        write!(f, "{SIGN}/{}/{log}/{}", self.database, self.since)?;
        match &self.within {
            None => Ok(()),
            Some(Within { until, last, seq, part }) => {
                write!(f, "/{until}/{last}.{seq}.{part}")
            }
        }
    }
}

impl FromStr for Place {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let parts: Vec<&str> = text.split('/').collect();
        let (database, log, since, within) = match parts[..] {
            [SIGN, database, log, since] => (database, log, since, None),
            [SIGN, database, log, since, until, at] => (database, log, since, Some((until, at))),
            _ => return Err(()),
        };
        let within = within.map(|(until, at)| within_of(until, at)).transpose()?;
        let log = (log != NONE).then(|| log.to_owned());
        Ok(Self { database: database.to_owned(), log, since: since.parse()?, within })
    }
}

fn within_of(until: &str, at: &str) -> Result<Within, ()> {
    let until: Snapshot = until.parse()?;
    let numbers: Vec<&str> = at.split('.').collect();
    let [last, seq, part] = numbers[..] else { return Err(()) };
    let number = |text: &str| text.parse::<i64>().map_err(drop);
    let part = part.parse().map_err(drop)?;
    (!until.is_oldest).then_some(()).ok_or(())?;
    Ok(Within { until, last: number(last)?, seq: number(seq)?, part })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_says_itself() {
        for text in [
            "pg1/system-7-5/-/10:20:10,14",
            "pg1/host-a:5432-5/1-2/^7",
            "pg1/s/l/10:20:/10:30:12/99.98.3",
        ] {
            assert_eq!(text.parse::<Place>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_is_none_is_refused() {
        for text in ["", "pg1/a/b", "pg2/a/b/1:1:", "pg1/a/b/1:1", "pg1/a/b/1:1:/^3/1.1.1", "7"] {
            assert!(text.parse::<Place>().is_err(), "{text}");
        }
        for until in ["0:1:", "30:10:", "10:20:5", "10:20:20", "10:20:15,14", "10:20:11,11"] {
            assert!(format!("pg1/a/b/1:1:/{until}/1.1.1").parse::<Place>().is_err(), "{until}");
        }
    }
}
