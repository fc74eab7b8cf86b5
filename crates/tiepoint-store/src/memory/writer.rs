//! Writing to a layer in memory.
use super::layer::Rows;
use crate::{FeatureWriter, Result, Written};
use tiepoint_core::{Edit, Fid, Target};

/// Writes straight into the transaction's copy of the layer.
#[derive(Debug)]
pub(super) struct MemoryWriter<'a>(pub(super) &'a mut Rows);

impl FeatureWriter for MemoryWriter<'_> {
    fn write(&mut self, edit: Edit) -> Result<Written> {
        match edit {
            Edit::Insert(feature) => {
                let (fid, id, filled) = self.0.insert(feature)?;
                Ok(Written::Inserted { fid: Fid::Int(fid), id, filled })
            }
            Edit::Update(feature) => {
                let by_fid = || feature.fid.clone().map(Target::Fid);
                let target = feature.id.map(Target::Id).or_else(by_fid);
                let Some(fid) = target.and_then(|target| self.0.find(&target)) else {
                    return Ok(Written::Missing);
                };
                self.0.update(fid, feature)?;
                Ok(Written::Updated)
            }
            Edit::Delete(target) => {
                let Some(fid) = self.0.find(&target) else { return Ok(Written::Missing) };
                self.0.delete(fid);
                Ok(Written::Deleted)
            }
        }
    }

    fn finish(self: Box<Self>) -> Result<()> {
        Ok(())
    }
}
