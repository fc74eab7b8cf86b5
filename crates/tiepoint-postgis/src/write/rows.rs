//! Which row is meant.
use super::Writer;
use crate::kind::Kind;
use crate::metadata::{Key, Sql, bound};
use crate::natural_keys;
use tiepoint_core::{Fid, ObjectId, Target, Value};
use tiepoint_store::sql::Fragment;
use tiepoint_store::{NaturalKey, Result};

impl Writer<'_> {
    /// What is true of the row that is meant; of several that share an id, of the oldest.
    pub(super) fn row(&mut self, target: &Target) -> Result<Option<Sql>> {
        if let (Target::Id(id), Some(natural)) = (target, self.table.natural_key.clone()) {
            let key = self.key_named(id, &natural)?;
            return Ok(key.map(|key| natural_keys::is_key(&self.table, &natural, &key)));
        }
        Ok(self.row_by_column(target))
    }

    /// The key that names an object. Reads the key of every row once.
    fn key_named(&mut self, id: &ObjectId, natural: &NaturalKey) -> Result<Option<Value>> {
        if self.keys.is_none() {
            let keys = natural_keys::keys_by_id(self.link, self.site, &self.table, natural);
            self.keys = Some(keys?);
        }
        Ok(self.keys.as_ref().and_then(|keys| keys.get(id)).cloned())
    }

    /// A key stays what it is: with another, the row would be another object.
    pub(super) fn refuse_change(
        &self,
        target: &Target,
        row: &Sql,
        values: &[Option<Value>],
    ) -> Result<()> {
        let Some(natural) = &self.table.natural_key else { return Ok(()) };
        if values[natural.position()].is_none() {
            return Ok(());
        }
        let old = match target {
            Target::Id(id) => Some(*id),
            Target::Fid(_) => natural_keys::id_of(self.link, self.site, &self.table, row.clone())?,
        };
        natural.refuse_change(&self.site.name, old, values)
    }

    fn row_by_column(&self, target: &Target) -> Option<Sql> {
        match target {
            Target::Id(id) => self.row_by_id(id),
            Target::Fid(fid) => self.row_by_fid(fid),
        }
    }

    fn row_by_id(&self, id: &ObjectId) -> Option<Sql> {
        let tie = self.table.tie.as_ref()?;
        let id = bound(tie.kind.clone(), cast(&tie.kind), *id.as_uuid());
        let is_it = Fragment::name(&tie.column).then(" = ").then(id);
        match &self.table.key {
            Key::Column(key) if key.is_whole() => {
                let oldest = Fragment::name(&key.name).then(" = (SELECT min(");
                let oldest = oldest.then_name(&key.name).then(") FROM ").then(self.table.sql());
                Some(oldest.then(" WHERE ").then(is_it).then(")"))
            }
            _ => Some(is_it),
        }
    }

    fn row_by_fid(&self, fid: &Fid) -> Option<Sql> {
        match (&self.table.key, fid) {
            (Key::Column(key), Fid::Int(number)) if key.is_whole() => {
                let number = bound(Kind::Int8, "::int8", *number);
                Some(Fragment::name(&key.name).then(" = ").then(number))
            }
            (Key::Column(key), Fid::Text(text)) if key.kind == Kind::Uuid => {
                let id: uuid::Uuid = text.parse().ok()?;
                Some(Fragment::name(&key.name).then(" = ").then(bound(Kind::Uuid, "::uuid", id)))
            }
            (Key::Column(key), _) if key.is_whole() => None,
            (Key::Column(_) | Key::Several(_), Fid::Text(text)) if !text.contains('\0') => {
                let text = bound(Kind::Text, "::text", text.as_str());
                Some(self.table.key_sql()?.then(" = ").then(text))
            }
            _ => None,
        }
    }
}

/// How the server is told of what kind an id is.
pub(super) fn cast(kind: &Kind) -> &'static str {
    if *kind == Kind::Uuid { "::uuid" } else { "::text" }
}
