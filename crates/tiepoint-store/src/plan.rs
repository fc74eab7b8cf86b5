//! How a store answers a query: what `explain` says.
use std::fmt;
use tiepoint_core::{Bound, Envelope};

/// How a query was answered: which part ran where, what found the rows, how many were looked at.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// How rows were found.
    pub access: Access,
    /// The conditions that the store decided.
    pub in_store: Vec<Bound>,
    /// The conditions that were decided in memory.
    pub in_memory: Vec<Bound>,
    /// Who sorted.
    pub sorted: Place,
    /// Who applied offset and limit.
    pub cut: Place,
    /// What the store was asked, in its own language.
    pub statement: Option<String>,
    /// The store's own steps, outermost first, in its own words; none where it tells none.
    pub steps: Vec<String>,
    /// What was read of the store's pages; `None` where it does not tell.
    pub buffers: Option<Buffers>,
    /// How many rows were looked at, as far as the store tells: at least those that it passed on
    /// to be finished, and those that its conditions in our own functions saw. Where it looks at
    /// every row, all of them; of those that an index led to, some that its own conditions left
    /// out may not be told.
    pub examined: u64,
    /// How many features came out.
    pub returned: u64,
}

/// Pages that answering a query touched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Buffers {
    /// Found in the store's memory.
    pub hit: u64,
    /// Read from elsewhere: the system's cache, or a disk.
    pub read: u64,
}

/// How rows were found.
#[derive(Debug, Clone, PartialEq)]
pub enum Access {
    /// By looking at all of them.
    Scan,
    /// By their ids.
    Ids,
    /// By a spatial index, asked for these boxes.
    SpatialIndex {
        /// Its name in the store.
        index: String,
        /// The boxes, in the layer's CRS.
        boxes: Vec<Envelope>,
    },
    /// By a spatial index, opened nearest first until nothing else could be nearer.
    Nearest {
        /// Its name in the store.
        index: String,
        /// How many of its nodes were read; 0 where the store does not tell.
        nodes: u32,
    },
    /// By an index on fields.
    Index {
        /// Its name in the store.
        index: String,
    },
    /// Not at all: nothing can be among them.
    Nothing,
}

/// Who did a part of the work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Nobody had to.
    Nowhere,
    /// The store.
    Store,
    /// We did, in memory.
    Memory,
}

impl Place {
    /// Who did what was `asked` for, if the store has left it or not.
    #[must_use]
    pub fn of(asked: bool, left: bool) -> Self {
        match (asked, left) {
            (false, _) => Self::Nowhere,
            (true, false) => Self::Store,
            (true, true) => Self::Memory,
        }
    }
}

impl Plan {
    /// Whether rows were found by an index rather than by looking at all of them.
    #[must_use]
    pub fn uses_index(&self) -> bool {
        self.access != Access::Scan
    }

    /// For tests of programs that rely on an index.
    ///
    /// # Panics
    ///
    /// When every row was looked at, saying how the query was answered.
    #[track_caller]
    pub fn assert_uses_index(&self) {
        assert!(self.uses_index(), "no index was used:\n{self}");
    }
}

/// How many boxes are told in words.
const BOXES_SHOWN: usize = 2;

/// So many of a thing, in words.
fn counted(number: u64, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scan => f.write_str("every row"),
            Self::Ids => f.write_str("by id"),
            Self::Nothing => f.write_str("no row can match"),
            Self::Index { index } => write!(f, "index {index}"),
            Self::Nearest { index, nodes: 0 } => {
                write!(f, "spatial index {index}, nearest first")
            }
            Self::Nearest { index, nodes } => {
                let nodes = counted(u64::from(*nodes), "node");
                write!(f, "spatial index {index}, nearest first, {nodes}")
            }
            Self::SpatialIndex { index, boxes } => {
                write!(f, "spatial index {index}, within")?;
                for envelope in boxes.iter().take(BOXES_SHOWN) {
                    let (min, max) = (envelope.min(), envelope.max());
                    write!(f, " [{:.6} {:.6}, {:.6} {:.6}]", min.x, min.y, max.x, max.y)?;
                }
                match boxes.len().saturating_sub(BOXES_SHOWN) {
                    0 => Ok(()),
                    more => write!(f, " and {more} more"),
                }
            }
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Nowhere => "not asked for",
            Self::Store => "by the store",
            Self::Memory => "in memory",
        })
    }
}

/// A line for each part, for people.
impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "rows found:  {}", self.access)?;
        for condition in &self.in_store {
            writeln!(f, "by the store: {condition}")?;
        }
        for condition in &self.in_memory {
            writeln!(f, "in memory:   {condition}")?;
        }
        writeln!(f, "sorted:      {}", self.sorted)?;
        writeln!(f, "cut:         {}", self.cut)?;
        write!(f, "examined {}, returned {}", counted(self.examined, "row"), self.returned)?;
        if let Some(Buffers { hit, read }) = self.buffers {
            write!(f, "\npages:       {hit} from memory, {read} read")?;
        }
        for (at, step) in self.steps.iter().enumerate() {
            let label = if at == 0 { "steps:" } else { "" };
            write!(f, "\n{label:<13}{step}")?;
        }
        match &self.statement {
            Some(statement) => write!(f, "\nstatement:   {statement}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_no_plural() {
        for (number, rows, nodes) in
            [(0, "0 rows,", "nearest first"), (1, "1 row,", "1 node"), (2, "2 rows,", "2 nodes")]
        {
            let index = "by_place".to_owned();
            let plan = Plan {
                access: Access::Nearest { index, nodes: number },
                in_store: Vec::new(),
                in_memory: Vec::new(),
                sorted: Place::Store,
                cut: Place::Nowhere,
                statement: None,
                steps: Vec::new(),
                buffers: None,
                examined: u64::from(number),
                returned: 0,
            };
            let words = plan.to_string();
            assert!(words.contains(&format!("examined {rows}")), "{words}");
            assert!(words.lines().any(|line| line.ends_with(nodes)), "{words}");
        }
    }
}
