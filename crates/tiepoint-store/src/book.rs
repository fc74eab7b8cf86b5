//! Side tables of ours, kept by a store in the same transaction as its features.
use crate::Result;

/// A named, ordered map from bytes to bytes: logs, states, applied ids, ties.
///
/// Keys sort by their bytes. Other programs' layer lists do not show it.
pub trait Book {
    /// What stands under a key.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>>;

    /// Writes or overwrites what stands under a key.
    ///
    /// # Errors
    ///
    /// When the store cannot be written.
    fn put(&mut self, key: &[u8], value: &[u8]) -> Result<()>;

    /// Removes a key and says whether it was there.
    ///
    /// # Errors
    ///
    /// When the store cannot be written.
    fn remove(&mut self, key: &[u8]) -> Result<bool>;

    /// Up to `limit` entries whose keys are `from` or greater, in order.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    fn range(&self, from: &[u8], limit: usize) -> Result<Vec<(Vec<u8>, Vec<u8>)>>;
}
