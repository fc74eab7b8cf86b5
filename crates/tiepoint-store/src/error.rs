//! Everything a store can say no with.
use std::error::Error;
use tiepoint_core::{BindError, BoxError, ErrorKind, FeatureError, ObjectId, SchemaError};
use tiepoint_spatial::EvaluateError;
use tiepoint_spatial::transform::TransformError;

/// What a store call yields.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;

/// Why a store call failed. Messages name the store, never a password.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// No layer by that name.
    #[error("{store} has no layer named `{layer}`")]
    LayerNotFound {
        /// The store's printable name.
        store: String,
        /// The name that was asked for.
        layer: String,
        /// The closest name there is.
        nearest: Option<String>,
    },
    /// A layer by that name is already there.
    #[error("{store} already has a layer named `{layer}`")]
    LayerExists {
        /// The store's printable name.
        store: String,
        /// The name that was to be given.
        layer: String,
    },
    /// The store itself is not there.
    #[error("there is no store at {store}")]
    StoreNotFound {
        /// The store's printable name.
        store: String,
    },
    /// A store that was to be created is already there.
    #[error("{store} already exists")]
    StoreExists {
        /// The store's printable name.
        store: String,
    },
    /// A field that the layer does not have, or a layer that cannot have these fields.
    #[error("layer `{layer}`: {reason}")]
    Schema {
        /// The layer's name.
        layer: String,
        /// What is wrong.
        reason: SchemaError,
    },
    /// A value that its field does not allow.
    #[error("layer `{layer}`, {feature}: {reason}")]
    Value {
        /// The layer's name.
        layer: String,
        /// The feature, as the user can find it: its object id, fid or place in the input.
        feature: String,
        /// What is wrong.
        reason: FeatureError,
    },
    /// An expression that does not fit the layer.
    #[error("layer `{layer}`: {reason}")]
    Expression {
        /// The layer's name.
        layer: String,
        /// What is wrong.
        reason: Box<BindError>,
    },
    /// An expression that fits the layer and still cannot be evaluated.
    #[error("layer `{layer}`: {reason}")]
    Evaluate {
        /// The layer's name.
        layer: String,
        /// What is in the way.
        reason: Box<EvaluateError>,
    },
    /// A CRS that cannot be transformed to or from.
    #[error("layer `{layer}`: {reason}")]
    Transform {
        /// The layer's name.
        layer: String,
        /// What is in the way.
        reason: Box<TransformError>,
    },
    /// A geometry that is not valid, where that was to be refused.
    #[error("layer `{layer}`, {feature}: the geometry is not valid: {reason}")]
    InvalidGeometry {
        /// The layer's name.
        layer: String,
        /// The feature that has it.
        feature: String,
        /// Why it is not valid, and where.
        reason: String,
    },
    /// Somebody stopped the reading.
    #[error("the reading was stopped")]
    Stopped,
    /// The reading took longer than it was given.
    #[error("the reading was given up after {after_ms} ms")]
    TimedOut {
        /// How long it was given, in milliseconds.
        after_ms: u64,
    },
    /// A box that is none.
    #[error("layer `{layer}`: {reason}")]
    Box {
        /// The layer's name.
        layer: String,
        /// What is wrong.
        reason: BoxError,
    },
    /// A box asked of a layer without geometry.
    #[error("layer `{layer}` has no geometry, so no box can be asked of it")]
    NoGeometry {
        /// The layer's name.
        layer: String,
    },
    /// An object that another live feature stands for already.
    #[error("layer `{layer}` already has a feature for object {id}")]
    DuplicateId {
        /// The layer's name.
        layer: String,
        /// The id that is taken.
        id: ObjectId,
    },
    /// A fid that another row has already.
    #[error("layer `{layer}` already has a row {fid}")]
    DuplicateFid {
        /// The layer's name.
        layer: String,
        /// The fid that is taken.
        fid: String,
    },
    /// A constraint of the store itself: unique values, checks, foreign keys.
    #[error("layer `{layer}`, {feature}: {reason}")]
    Constraint {
        /// The layer's name.
        layer: String,
        /// The feature that broke it.
        feature: String,
        /// The store's own words.
        reason: String,
    },
    /// Ids that are malformed or shared, where every feature must have its own.
    #[error("layer `{layer}`, column `{column}`: {reason}")]
    BadIds {
        /// The layer's name.
        layer: String,
        /// The column that was to carry the ids.
        column: String,
        /// What is wrong, with the first rows that have it.
        reason: String,
    },
    /// Something that makes no sense to ask, whatever the store.
    #[error("{store}: {reason}")]
    Invalid {
        /// The store's printable name.
        store: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The store does not do this.
    #[error("{store} cannot {what}")]
    Unsupported {
        /// The store's printable name.
        store: String,
        /// What was asked of it.
        what: String,
        /// What to do instead.
        hint: Option<String>,
    },
    /// The store, or its file, may be read only.
    #[error("{store} is read-only: {reason}")]
    ReadOnly {
        /// The store's printable name.
        store: String,
        /// Why.
        reason: String,
    },
    /// Another program holds it, longer than we were told to wait.
    #[error("{store} is locked by another program ({waited_ms} ms waited)")]
    Locked {
        /// The store's printable name.
        store: String,
        /// How long we waited.
        waited_ms: u64,
    },
    /// No room left. What was not committed is not stored.
    #[error("no room left for {store}")]
    Full {
        /// The store's printable name.
        store: String,
    },
    /// It is there, but it is not what its name says.
    #[error("{store} is not {expected}: {found}")]
    Foreign {
        /// The store's printable name.
        store: String,
        /// What it was taken for.
        expected: &'static str,
        /// What was found instead.
        found: String,
    },
    /// Stored bytes do not mean what they claim to.
    #[error("{store}, {place}: {reason}")]
    Corrupt {
        /// The store's printable name.
        store: String,
        /// Where: a layer and row, a table.
        place: String,
        /// What is wrong.
        reason: String,
    },
    /// No server answers, or none that could be talked to.
    #[error("cannot reach {store}: {reason}")]
    Unreachable {
        /// The store's printable name.
        store: String,
        /// What went wrong on the way.
        reason: String,
    },
    /// The server ended the connection while it was in use. What was not committed is not stored.
    #[error("{store} ended the connection: {reason}")]
    ConnectionLost {
        /// The store's printable name.
        store: String,
        /// Why, as far as it said.
        reason: String,
    },
    /// The server is there and does not let us in: a wrong password, an unknown role, no entry for
    /// us in its `pg_hba.conf`, a certificate that cannot be trusted.
    #[error("no access to {store}: {reason}")]
    AccessRefused {
        /// The store's printable name.
        store: String,
        /// Why.
        reason: String,
        /// What to do about it.
        hint: Option<String>,
    },
    /// We are let in, and may not do this.
    #[error("{store} does not allow us to {what}: {reason}")]
    NotAllowed {
        /// The store's printable name.
        store: String,
        /// What was asked of it.
        what: String,
        /// The store's own words.
        reason: String,
    },
    /// The server has no database by that name.
    #[error("{store}: there is no database `{database}`")]
    DatabaseNotFound {
        /// The store's printable name.
        store: String,
        /// The name that was asked for.
        database: String,
    },
    /// All connections that we may have are in use, longer than we were told to wait.
    #[error("all {connections} connections to {store} are in use ({waited_ms} ms waited)")]
    PoolExhausted {
        /// The store's printable name.
        store: String,
        /// How many connections there may be.
        connections: usize,
        /// How long we waited.
        waited_ms: u64,
    },
    /// The server has as many connections as it takes, from everybody.
    #[error("{store} takes no more connections: {reason}")]
    TooManyConnections {
        /// The store's printable name.
        store: String,
        /// The store's own words.
        reason: String,
    },
    /// Another transaction came in between: a serialization failure or a deadlock. Nothing of this
    /// one is stored, and the same again can succeed; see [`StoreError::is_worth_repeating`].
    #[error("{store}: another transaction came in between: {reason}")]
    TransactionConflict {
        /// The store's printable name.
        store: String,
        /// The store's own words.
        reason: String,
    },
    /// The database underneath refused, with its own words kept as the source.
    #[error("{store} failed to {what}")]
    Driver {
        /// The store's printable name.
        store: String,
        /// What it was doing.
        what: String,
        /// What the driver made of it.
        kind: ErrorKind,
        /// The driver's error, boxed so that its type stays out of our API.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
}

impl StoreError {
    /// Whose move it is; see [`ErrorKind`].
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::LayerNotFound { .. }
            | Self::StoreNotFound { .. }
            | Self::DatabaseNotFound { .. } => ErrorKind::NotFound,
            Self::LayerExists { .. }
            | Self::StoreExists { .. }
            | Self::DuplicateId { .. }
            | Self::DuplicateFid { .. } => ErrorKind::AlreadyExists,
            Self::Schema { .. }
            | Self::Expression { .. }
            | Self::InvalidGeometry { .. }
            | Self::Value { .. }
            | Self::Box { .. }
            | Self::NoGeometry { .. }
            | Self::BadIds { .. }
            | Self::Invalid { .. } => ErrorKind::Invalid,
            Self::Constraint { .. } | Self::TransactionConflict { .. } => ErrorKind::Conflict,
            Self::Unsupported { .. } | Self::Foreign { .. } => ErrorKind::Unsupported,
            Self::ReadOnly { .. } | Self::AccessRefused { .. } | Self::NotAllowed { .. } => {
                ErrorKind::Denied
            }
            Self::Locked { .. }
            | Self::Full { .. }
            | Self::Stopped
            | Self::TimedOut { .. }
            | Self::Unreachable { .. }
            | Self::ConnectionLost { .. }
            | Self::PoolExhausted { .. }
            | Self::TooManyConnections { .. } => ErrorKind::Unavailable,
            Self::Evaluate { reason, .. } => reason.kind(),
            Self::Transform { reason, .. } => reason.kind(),
            Self::Corrupt { .. } => ErrorKind::Corrupt,
            Self::Driver { kind, .. } => *kind,
        }
    }

    /// Whether the same transaction, repeated from its beginning, can succeed at once.
    #[must_use]
    pub fn is_worth_repeating(&self) -> bool {
        matches!(self, Self::TransactionConflict { .. })
    }

    /// Whether the store was lost on the way, so that what only reads can be asked again.
    #[must_use]
    pub fn is_lost_connection(&self) -> bool {
        matches!(self, Self::ConnectionLost { .. })
    }

    /// What the user can do next, where there is something.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::LayerNotFound { nearest: Some(name), .. } => {
                Some(format!("did you mean `{name}`?"))
            }
            Self::LayerExists { .. } => {
                Some("append to it, replace it, or choose another name".to_owned())
            }
            Self::Locked { .. } => {
                Some("close the program that is writing to it, or try again".to_owned())
            }
            Self::Full { .. } => Some("free some disk space and try again".to_owned()),
            Self::BadIds { .. } => {
                Some("let them be replaced by new ids, or choose another column".to_owned())
            }
            Self::Unsupported { hint, .. } | Self::AccessRefused { hint, .. } => hint.clone(),
            Self::Expression { reason, .. } => reason.hint(),
            Self::Evaluate { reason, .. } => reason.hint(),
            Self::Transform { reason, .. } => reason.hint().map(str::to_owned),
            Self::TimedOut { .. } => Some("ask for less, or give it more time".to_owned()),
            other => other.server_hint(),
        }
    }

    /// The hints that only stores on a server need.
    fn server_hint(&self) -> Option<String> {
        let hint = match self {
            Self::Unreachable { .. } => {
                "start the server, or check the host and the port".to_owned()
            }
            Self::ConnectionLost { .. } => {
                "try again; what was not committed is not stored".to_owned()
            }
            Self::NotAllowed { .. } => {
                "ask the owner for the right to, or connect as another role".to_owned()
            }
            Self::DatabaseNotFound { database, .. } => {
                format!("create it with `createdb {database}`, or choose another")
            }
            Self::PoolExhausted { .. } => {
                "let go of readings and transactions, or raise `pool_size` or `pool_timeout`"
                    .to_owned()
            }
            Self::TooManyConnections { .. } => {
                "close other programs' connections, or raise `max_connections` on the server"
                    .to_owned()
            }
            Self::TransactionConflict { .. } => {
                "repeat the whole transaction from its beginning".to_owned()
            }
            _ => return None,
        };
        Some(hint)
    }
}
