//! The numbers of the fields of `tiepoint/change.proto`.

pub(crate) const UNKNOWN_JSON: u32 = 15;

pub(crate) mod set {
    pub(crate) const VERSION: u32 = 1;
    pub(crate) const ID: u32 = 2;
    pub(crate) const LAYERS: u32 = 3;
    pub(crate) const LAYER_COUNTS: u32 = 16;
}
pub(crate) mod layer {
    pub(crate) const NAME: u32 = 1;
    pub(crate) const FIELDS: u32 = 2;
    pub(crate) const CHANGES: u32 = 3;
}
pub(crate) mod change {
    pub(crate) const ID: u32 = 1;
    pub(crate) const ROW: u32 = 2;
    pub(crate) const ROW_TEXT: u32 = 3;
    pub(crate) const KIND: u32 = 4;
    pub(crate) const FID: u32 = 5;
    pub(crate) const FID_TEXT: u32 = 6;
    pub(crate) const VALUES: u32 = 7;
    pub(crate) const FIELDS: u32 = 8;
}
pub(crate) mod kind {
    pub(crate) const INSERT: u64 = 1;
    pub(crate) const UPDATE: u64 = 2;
    pub(crate) const DELETE: u64 = 3;
}
pub(crate) mod field_change {
    pub(crate) const FIELD: u32 = 1;
    pub(crate) const BEFORE: u32 = 2;
    pub(crate) const AFTER: u32 = 3;
}
pub(crate) mod value {
    pub(crate) const NULL: u32 = 1;
    pub(crate) const BOOLEAN: u32 = 2;
    pub(crate) const INTEGER: u32 = 3;
    pub(crate) const REAL: u32 = 4;
    pub(crate) const DECIMAL: u32 = 5;
    pub(crate) const TEXT: u32 = 6;
    pub(crate) const BYTES: u32 = 7;
    pub(crate) const DATE: u32 = 8;
    pub(crate) const TIME: u32 = 9;
    pub(crate) const DATE_TIME: u32 = 10;
    pub(crate) const JSON: u32 = 11;
    pub(crate) const UUID: u32 = 12;
    pub(crate) const GEOMETRY: u32 = 13;
}
