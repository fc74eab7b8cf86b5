//! Pieces of SQL that only we can write: our own text, quoted names, binds.
use super::Dialect;

/// A piece of SQL with the values that its placeholders stand for.
///
/// Text is `'static`: ours. What comes from outside can only be a name, which the dialect quotes,
/// or a bind.
///
/// ```
/// use tiepoint_store::sql::Fragment;
/// let hostile = "x\"; DROP TABLE trees; --";
/// let fragment: Fragment<i64> = Fragment::name(hostile).then(" > ").then_bind(7);
/// assert_eq!(fragment.binds().collect::<Vec<_>>(), [&7]);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Fragment<B> {
    pieces: Vec<Piece<B>>,
}

#[derive(Debug, Clone, PartialEq)]
enum Piece<B> {
    Text(&'static str),
    Name(Box<str>),
    Bind(B),
}

/// SQL as a database takes it, and the values of its placeholders in their order.
#[derive(Debug, Clone, PartialEq)]
pub struct Statement<B> {
    /// The text.
    pub sql: String,
    /// The values of its placeholders.
    pub binds: Vec<B>,
}

/// What can stand in a [`Fragment`] after something else: text of ours, or a fragment.
pub trait Append<B> {
    /// Puts it at the end.
    fn append_to(self, fragment: &mut Fragment<B>);
}

impl<B> Append<B> for &'static str {
    fn append_to(self, fragment: &mut Fragment<B>) {
        fragment.pieces.push(Piece::Text(self));
    }
}

impl<B> Append<B> for Fragment<B> {
    fn append_to(self, fragment: &mut Fragment<B>) {
        fragment.pieces.extend(self.pieces);
    }
}

/// Room for a comparison without growing.
const FEW: usize = 8;

/// How many conditions stand beside each other without parentheses. A database takes each for a
/// step down, and few go deeper than a thousand.
const MOST_IN_A_ROW: usize = 32;

impl<B> Fragment<B> {
    fn of(piece: Piece<B>) -> Self {
        let mut pieces = Vec::with_capacity(FEW);
        pieces.push(piece);
        Self { pieces }
    }

    /// Text of ours.
    #[must_use]
    pub fn text(text: &'static str) -> Self {
        Self::of(Piece::Text(text))
    }

    /// A name, which will be quoted.
    #[must_use]
    pub fn name(name: &str) -> Self {
        Self::of(Piece::Name(name.into()))
    }

    /// A value.
    #[must_use]
    pub fn bind(value: B) -> Self {
        Self::of(Piece::Bind(value))
    }

    /// This, and then `more`.
    #[must_use]
    pub fn then(mut self, more: impl Append<B>) -> Self {
        more.append_to(&mut self);
        self
    }

    /// This, and then a name.
    #[must_use]
    pub fn then_name(mut self, name: &str) -> Self {
        self.pieces.push(Piece::Name(name.into()));
        self
    }

    /// This, and then a value.
    #[must_use]
    pub fn then_bind(mut self, value: B) -> Self {
        self.pieces.push(Piece::Bind(value));
        self
    }

    /// This in parentheses.
    #[must_use]
    pub fn in_parentheses(mut self) -> Self {
        self.pieces.insert(0, Piece::Text("("));
        self.then(")")
    }

    /// Several, one after another, with `between` between them; nothing of none.
    #[must_use]
    pub fn joined(parts: impl IntoIterator<Item = Self>, between: &'static str) -> Self {
        let mut parts = parts.into_iter();
        let first = parts.next().unwrap_or(Self { pieces: Vec::new() });
        parts.fold(first, |whole, part| whole.then(between).then(part))
    }

    /// Several that an associative operator joins, in parentheses: in groups of groups, so that
    /// however many there are, the database's tree of them is no deeper than some dozens.
    #[must_use]
    pub fn junction(parts: Vec<Self>, operator: &'static str) -> Self {
        let mut parts = parts;
        while parts.len() > MOST_IN_A_ROW {
            let mut left = parts.into_iter();
            let group = || {
                let group: Vec<Self> = left.by_ref().take(MOST_IN_A_ROW).collect();
                (!group.is_empty()).then(|| Self::joined(group, operator).in_parentheses())
            };
            parts = std::iter::from_fn(group).collect();
        }
        Self::joined(parts, operator).in_parentheses()
    }

    /// A call: the function's name in our own text, and its arguments.
    #[must_use]
    pub fn call(function: &'static str, arguments: impl IntoIterator<Item = Self>) -> Self {
        Self::text(function).then("(").then(Self::joined(arguments, ", ")).then(")")
    }

    /// The values of its placeholders, in their order.
    pub fn binds(&self) -> impl Iterator<Item = &B> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Bind(bind) => Some(bind),
            Piece::Text(_) | Piece::Name(_) => None,
        })
    }

    /// Spells it as a dialect does, with placeholders counted from 1.
    #[must_use]
    pub fn spell(self, dialect: &impl Dialect<Bind = B>) -> Statement<B> {
        let (mut sql, mut binds) = (String::with_capacity(self.pieces.len() * 12), Vec::new());
        for piece in self.pieces {
            match piece {
                Piece::Text(text) => sql.push_str(text),
                Piece::Name(name) => dialect.quote(&name, &mut sql),
                Piece::Bind(bind) => {
                    binds.push(bind);
                    dialect.placeholder(binds.len(), &mut sql);
                }
            }
        }
        Statement { sql, binds }
    }
}

impl<B> From<&'static str> for Fragment<B> {
    fn from(text: &'static str) -> Self {
        Self::text(text)
    }
}
