use tiepoint_core::*; use tiepoint_store::*;
#[derive(Debug, Clone)] pub struct InsertedFeature { pub layer: String, pub target: Target, pub fid: Fid, pub id: Option<ObjectId>, pub filled: Vec<(usize, Value)> }
#[derive(Debug)] pub struct Refusal { pub layer: String, pub target: Target, pub reason: StoreError }
#[derive(Debug)] pub enum NotApplied { Conflicts { conflicts: Vec<Conflict>, theirs: ChangeSet }, Refused(Vec<Refusal>), Store(StoreError) }
