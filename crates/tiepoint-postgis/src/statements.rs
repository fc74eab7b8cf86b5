//! The prepared statements that a connection keeps: the ones used last.
use std::collections::HashMap;
use tokio_postgres::Statement;

/// How many are kept; each also takes memory on the server.
const MOST: usize = 256;

/// By their SQL. Letting go of one closes it on the server, too.
#[derive(Default)]
pub(crate) struct Statements {
    kept: HashMap<String, Kept>,
    uses: u64,
}

struct Kept {
    statement: Statement,
    last_use: u64,
}

impl Statements {
    pub(crate) fn get(&mut self, sql: &str) -> Option<Statement> {
        self.uses += 1;
        let kept = self.kept.get_mut(sql)?;
        kept.last_use = self.uses;
        Some(kept.statement.clone())
    }

    pub(crate) fn keep(&mut self, sql: &str, statement: &Statement) {
        if self.kept.len() >= MOST {
            self.forget_oldest();
        }
        let kept = Kept { statement: statement.clone(), last_use: self.uses };
        self.kept.insert(sql.to_owned(), kept);
    }

    pub(crate) fn forget(&mut self, sql: &str) {
        self.kept.remove(sql);
    }

    pub(crate) fn clear(&mut self) {
        self.kept.clear();
    }

    fn forget_oldest(&mut self) {
        let oldest = self.kept.iter().min_by_key(|(_, kept)| kept.last_use);
        if let Some(sql) = oldest.map(|(sql, _)| sql.clone()) {
            self.kept.remove(&sql);
        }
    }
}
