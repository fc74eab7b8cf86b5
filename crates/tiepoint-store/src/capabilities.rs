//! What a store promises beyond reading.

/// What a store can do beyond reading, asked once, after opening.
///
/// The conformance suite holds a store to exactly these: what is declared must work, and what is
/// not must be refused as *unsupported*.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a promise of its own, and they combine freely"
)]
pub struct Capabilities {
    /// Inserts, updates and deletes features.
    pub write: bool,
    /// Creates and drops layers.
    pub define_layers: bool,
    /// Adds identity to a layer that has none, and takes it away.
    pub tie: bool,
    /// Goes back to a point within a transaction.
    pub savepoints: bool,
    /// Keeps side tables of ours in the same transaction as the features.
    pub books: bool,
    /// Tells what others committed.
    pub watch: bool,
    /// The isolation levels that can be asked for, weakest first.
    pub isolation: &'static [Isolation],
    /// Keeps geometries with arcs, TINs and polyhedral surfaces.
    pub curves: bool,
    /// Refuses values, kinds and ordinates that the schema does not allow.
    pub enforces_schema: bool,
    /// Finds what is wrong with its own content, and mends some of it.
    pub check: bool,
    /// Keeps `-0.0` apart from `0.0`.
    pub minus_zero: bool,
    /// Makes valid geometries of invalid ones: [`FeatureWriter::make_valid`](crate::FeatureWriter::make_valid).
    pub make_valid: bool,
    /// How many bytes of UTF-8 the name of a layer or field may have, where that is limited.
    pub longest_name: Option<usize>,
}

impl Capabilities {
    /// Reading and nothing else.
    pub const READ_ONLY: Self = Self {
        write: false,
        define_layers: false,
        tie: false,
        savepoints: false,
        books: false,
        watch: false,
        isolation: &[],
        curves: true,
        enforces_schema: false,
        check: false,
        minus_zero: true,
        make_valid: false,
        longest_name: None,
    };
}

/// How much a transaction may see of others that run beside it (SQL:2016, part 2, section 4.41).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Isolation {
    /// Each reading sees what was committed when it began.
    ReadCommitted,
    /// All readings see what was committed when the first began.
    RepeatableRead,
    /// As if transactions ran one after another.
    Serializable,
}
