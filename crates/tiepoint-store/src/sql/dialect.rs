//! The questions on which databases differ.
use super::Fragment;
use tiepoint_core::{Bound, ExprType, Function, Value};

/// What a database says differently from others. Everything else is the renderer's.
///
/// A dialect speaks of one layer: it knows its columns. Every answer must mean exactly what
/// [`Function`] says, or be `None`: what the database cannot do so is done elsewhere.
pub trait Dialect {
    /// What placeholders stand for.
    type Bind;

    /// The kind of store, as [`NativeFunction`](tiepoint_core::NativeFunction) names it.
    fn store(&self) -> &'static str;

    /// Appends a name, quoted, whatever is in it.
    fn quote(&self, name: &str, sql: &mut String);

    /// Appends the placeholder of the bind with this number, from 1.
    fn placeholder(&self, number: usize, sql: &mut String);

    /// The literals for true and false.
    fn truth(&self, truth: bool) -> &'static str;

    /// The column of a field, fit to be compared: as it is stored, in a way that indexes serve.
    fn field(&self, position: usize, name: &str) -> Fragment<Self::Bind>;

    /// A constant as a bind, so that a function of the database can take it.
    fn constant(&self, value: &Value, ty: &ExprType) -> Option<Fragment<Self::Bind>>;

    /// Whether the database compares values of these two operands just as [`Value::compare`] does,
    /// whenever both are of their kinds. Text is collated before.
    fn compares(&self, a: &Bound, b: &Bound) -> bool;

    /// How many constants a list may have to be searched by the database.
    fn longest_list(&self) -> usize;

    /// Whether the database sorts values of this operand just as [`Value::order`] does.
    fn sorts(&self, key: &Bound) -> bool;

    /// The text of an operand in a collation that compares by code point, as far as its use needs.
    fn collated(
        &self,
        of: &Bound,
        text: Fragment<Self::Bind>,
        for_what: TextUse,
    ) -> Fragment<Self::Bind>;

    /// A condition, never null, that is true when a field holds a value of its kind; asked only
    /// where `doubt` leaves one. `None` where the database sees to it that there is nothing but
    /// nulls and values of the kind.
    fn holds(&self, field: &Bound, doubt: Doubt) -> Option<Fragment<Self::Bind>>;

    /// Whether [`field`](Self::field) and [`holds`](Self::holds) tell a field's nulls: what is not
    /// of the field's kind counts as null.
    fn tells_null(&self, field: &Bound) -> bool;

    /// A function of values, in the database's own spelling. Comparisons, junctions, `IN` and
    /// `IS NULL` are never asked for.
    fn call(
        &self,
        function: &Function,
        arguments: &[Bound],
        value: &dyn Fn(&Bound) -> Option<Fragment<Self::Bind>>,
    ) -> Option<Fragment<Self::Bind>>;

    /// The value of any expression without native functions, found by our own code within the
    /// database; `None` where the database runs none.
    fn computed(&self, expr: &Bound) -> Option<Fragment<Self::Bind>>;

    /// A condition that is true of everything that passes the filter, which an index answers.
    fn prefilter(&self, filter: &Bound) -> Option<Fragment<Self::Bind>>;
}

/// What texts are compared for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextUse {
    /// Whether they are the same.
    Equality,
    /// Which comes first.
    Order,
}

/// What may go wrong where a column holds a value that is not of its field's kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doubt {
    /// It is compared with a constant, and must not come out as equal.
    Equal,
    /// It is compared with a constant, and must not come out as smaller.
    Smaller,
    /// It is compared with a constant, and must not come out as larger.
    Larger,
    /// It must be known for what it is.
    Any,
}
