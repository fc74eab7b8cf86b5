//! What a child does to its buffer, as it says it on a pipe.
use std::fmt;
use std::str::FromStr;

/// The layers: points that are tied, rows without geometry that are not, and rows tied by a natural
/// key, which others change, too.
pub(crate) const LAYERS: [&str; 3] = ["trees", "notes", "shared"];
pub(crate) const TREES: usize = 0;
pub(crate) const NOTES: usize = 1;
pub(crate) const SHARED: usize = 2;

/// The keys of `shared`, which are always there.
pub(crate) const SHARED_KEYS: [i64; 3] = [1, 2, 3];

/// A feature is to have this number; it is inserted where it is not there, and deleted without.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Put {
    pub(crate) layer: usize,
    pub(crate) key: i64,
    pub(crate) number: Option<i64>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Op {
    Step(Vec<Put>),
    Undo,
    Redo,
    Begin,
    End,
    Abandon,
    Commit,
    Rollback,
    /// Others write into `shared`, past the buffer.
    Others(i64, i64),
    Merge,
    /// Every conflict is decided: for mine, or for theirs.
    Resolve(bool),
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Step(puts) => {
                write!(f, "step")?;
                for Put { layer, key, number } in puts {
                    let number = number.map_or_else(|| "-".to_owned(), |it| it.to_string());
                    write!(f, " {layer}:{key}:{number}")?;
                }
                Ok(())
            }
            Self::Others(key, number) => write!(f, "others {key} {number}"),
            Self::Resolve(mine) => write!(f, "resolve {mine}"),
            plain => write!(f, "{}", format!("{plain:?}").to_lowercase()),
        }
    }
}

impl FromStr for Op {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let words: Vec<&str> = text.split(' ').collect();
        Ok(match words[..] {
            ["step", ref puts @ ..] => Self::Step(puts.iter().map(|it| put(it)).collect()),
            ["undo"] => Self::Undo,
            ["redo"] => Self::Redo,
            ["begin"] => Self::Begin,
            ["end"] => Self::End,
            ["abandon"] => Self::Abandon,
            ["commit"] => Self::Commit,
            ["rollback"] => Self::Rollback,
            ["merge"] => Self::Merge,
            ["others", key, number] => Self::Others(parsed(key), parsed(number)),
            ["resolve", mine] => Self::Resolve(mine == "true"),
            _ => return Err(text.to_owned()),
        })
    }
}

fn put(text: &str) -> Put {
    let mut parts = text.split(':');
    let mut next = || parts.next().expect("three parts");
    let (layer, key) = (next().parse().expect("a layer"), parsed(next()));
    let number = Some(next()).filter(|it| *it != "-").map(parsed);
    Put { layer, key, number }
}

fn parsed(text: &str) -> i64 {
    text.parse().expect("a number")
}

/// Numbers without a pattern, the same each time.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0x5DEE_CE66)
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    pub(crate) fn small(&mut self, bound: u64) -> i64 {
        i64::try_from(self.below(bound)).expect("is small")
    }

    pub(crate) fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[usize::try_from(self.below(of.len() as u64)).expect("is small")]
    }
}
