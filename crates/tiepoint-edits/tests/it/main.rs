//! What the edit buffer and its journal promise, over real stores.
