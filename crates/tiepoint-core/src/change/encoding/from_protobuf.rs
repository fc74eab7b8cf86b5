//! Reading change sets from protobuf, from bytes of any origin.
use super::unknown::ChangeUnknown;
use super::{DecodeError, DecodeFault, LayerBuilder, Unknown, VERSION, number, protobuf_value};
use crate::Value;
use crate::protobuf::{Field, Reader, WireError};
use crate::{
    Change, ChangeSet, ChangeSetId, Fid, FieldChange, FieldNames, Image, ObjectId, Target,
};
use std::collections::BTreeMap;

impl ChangeSet {
    /// Reads a `tiepoint.v1.ChangeSet`, see `proto/tiepoint/change.proto`.
    ///
    /// Fields that are not known here are kept and written again, unless the change they belong to
    /// is put together with another. What is read is checked: it is whole, and could have been
    /// recorded. No bytes make it panic, or take memory of more than a few dozen times their length.
    ///
    /// # Errors
    ///
    /// [`DecodeError`] where the bytes are no change set, or one of a newer version or with values
    /// that are unknown here, so that leaving them out would change what it says.
    pub fn from_protobuf(bytes: &[u8]) -> Result<Self, DecodeError> {
        let (mut version, mut set, mut unknown) = (0, Self::new(), Unknown::default());
        let mut layers: BTreeMap<&str, LayerBuilder> = BTreeMap::new();
        let (mut pieces, mut counts) = (0, Vec::new());
        let mut reader = Reader::new(bytes);
        while let Some(field) = reader.next()? {
            match field.number() {
                number::set::VERSION => {
                    version = field.uint()?;
                    if version > VERSION {
                        return Err(DecodeFault::Version { version }.into());
                    }
                }
                number::set::ID => set.id = Some(ChangeSetId(object_id(&field)?)),
                number::set::LAYERS => {
                    pieces += 1;
                    read_layer(&field, &mut layers)?;
                }
                number::set::LAYER_COUNTS => field.uints(&mut counts)?,
                _ => unknown.keep_field(&field)?,
            }
        }
        if version == 0 {
            return Err(DecodeFault::invalid("it does not say its version").into());
        }
        let told = counts.iter().try_fold(0_u64, |sum, it| sum.checked_add(*it));
        if counts.is_empty() || told != Some(pieces) {
            return Err(DecodeFault::invalid("its end is missing: it was cut off").into());
        }
        for (name, layer) in layers {
            let layer = layer.finish().map_err(|error| error.in_layer(name))?;
            set.put(name, layer);
        }
        set.keep_unknown(unknown);
        Ok(set)
    }
}

/// Reads a layer, or one more piece of it.
fn read_layer<'a>(
    field: &Field<'a>,
    layers: &mut BTreeMap<&'a str, LayerBuilder>,
) -> Result<(), DecodeError> {
    // What the changes go by may come behind them: once over for that, once for the changes.
    let (mut name, mut fields) = ("", Vec::new());
    let mut reader = field.message()?;
    while let Some(field) = reader.next()? {
        match field.number() {
            number::layer::NAME => name = field.text()?,
            number::layer::FIELDS => fields.push(field.text()?),
            _ => {}
        }
    }
    let here = |error: DecodeError| error.in_layer(name);
    if !layers.contains_key(name) {
        let fields: FieldNames = fields.iter().map(|name| (*name).to_owned()).collect();
        let layer = LayerBuilder::new(fields).map_err(|fault| here(fault.into()))?;
        layers.insert(name, layer);
    }
    let Some(layer) = layers.get_mut(name) else { return Ok(()) };
    if !layer.fields.iter().eq(fields) {
        let fault = DecodeFault::invalid("it comes again, and with other fields");
        return Err(here(fault.into()));
    }
    read_changes(field, layer).map_err(here)
}

fn read_changes(field: &Field<'_>, layer: &mut LayerBuilder) -> Result<(), DecodeError> {
    let mut reader = field.message()?;
    while let Some(field) = reader.next()? {
        match field.number() {
            number::layer::NAME | number::layer::FIELDS => {}
            number::layer::CHANGES => {
                let (target, change, unknown) = Parts::read(&field, &layer.fields)?;
                if !unknown.is_empty() {
                    layer.unknown.changes.insert(target.clone(), unknown);
                }
                layer.changes.push((target, change));
            }
            _ => layer.unknown.layer.keep_field(&field)?,
        }
    }
    Ok(())
}

/// What a change is made of, as far as it is read.
#[derive(Default)]
struct Parts {
    target: Option<Target>,
    kind: u64,
    fid: Option<Fid>,
    values: Vec<Option<Value>>,
    updates: Vec<FieldChange>,
    unknown: ChangeUnknown,
}

impl Parts {
    fn read(
        field: &Field<'_>,
        fields: &FieldNames,
    ) -> Result<(Target, Change, ChangeUnknown), DecodeError> {
        let mut parts = Self::default();
        let taken = parts.take_all(field, fields);
        let target = parts.target.clone();
        let placed = |error: DecodeError| match &target {
            Some(target) => error.of_target(target),
            None => error,
        };
        taken.map_err(placed)?;
        let unknown = std::mem::take(&mut parts.unknown);
        let change = parts.change(fields).map_err(|fault| placed(fault.into()))?;
        let target = target.ok_or_else(|| DecodeFault::invalid("a change of no feature"))?;
        Ok((target, change, unknown))
    }

    fn take_all(&mut self, field: &Field<'_>, fields: &FieldNames) -> Result<(), DecodeError> {
        let mut reader = field.message()?;
        while let Some(field) = reader.next()? {
            self.take(&field, fields)?;
        }
        Ok(())
    }

    fn take(&mut self, field: &Field<'_>, fields: &FieldNames) -> Result<(), DecodeError> {
        use number::change as number;
        match field.number() {
            number::ID => self.target = Some(Target::Id(object_id(field)?)),
            number::ROW => self.target = Some(Target::Fid(Fid::Int(field.sint()?))),
            number::ROW_TEXT => self.target = Some(Target::Fid(text_fid(field)?)),
            number::KIND => self.kind = field.uint()?,
            number::FID => self.fid = Some(Fid::Int(field.sint()?)),
            number::FID_TEXT => self.fid = Some(text_fid(field)?),
            number::VALUES => {
                let name = fields.get(self.values.len());
                let value = protobuf_value::read(field).map_err(|fault| match name {
                    Some(name) => DecodeError::from(fault).in_field(name),
                    None => fault.into(),
                })?;
                self.values.push(value);
            }
            number::FIELDS => {
                if self.updates.is_empty() {
                    // one is what most updates have
                    self.updates.reserve_exact(1);
                }
                let (update, unknown) = read_update(field, fields)?;
                if !unknown.is_empty() {
                    self.unknown.fields.insert(update.field, unknown);
                }
                self.updates.push(update);
            }
            _ => self.unknown.change.keep_field(field)?,
        }
        Ok(())
    }

    fn change(self, fields: &FieldNames) -> Result<Change, DecodeFault> {
        let image = |values: Vec<Option<Value>>| Image { fid: self.fid, values };
        match (self.kind, self.values.len(), self.updates.is_empty()) {
            (number::kind::UPDATE, 0, _) => checked_update(self.updates),
            (number::kind::INSERT, count, true) if count == fields.len() => {
                Ok(Change::Insert(image(self.values)))
            }
            (number::kind::DELETE, count, true) if count == fields.len() => {
                Ok(Change::Delete(image(self.values)))
            }
            (number::kind::INSERT | number::kind::DELETE, count, true) => {
                let reason = format!("it has {count} values for {} fields", fields.len());
                Err(DecodeFault::invalid(reason))
            }
            (number::kind::INSERT | number::kind::UPDATE | number::kind::DELETE, ..) => {
                Err(DecodeFault::invalid("it has values and fields that differ"))
            }
            (0, ..) => Err(DecodeFault::invalid("it does not say what kind of change it is")),
            (kind, ..) => Err(DecodeFault::Unknown { what: format!("a change of kind {kind}") }),
        }
    }
}

/// An update as it could have been recorded.
pub(super) fn checked_update(mut fields: Vec<FieldChange>) -> Result<Change, DecodeFault> {
    fields.sort_by_key(|it| it.field);
    let twice = fields.windows(2).any(|pair| pair[0].field == pair[1].field);
    if fields.is_empty() || twice || fields.iter().any(|it| it.before == it.after) {
        return Err(DecodeFault::invalid(
            "an update is of at least one field, of none twice, and each differs",
        ));
    }
    Ok(Change::Update(fields))
}

fn read_update(
    field: &Field<'_>,
    fields: &FieldNames,
) -> Result<(FieldChange, Unknown), DecodeError> {
    use number::field_change as number;
    let (mut place, mut before, mut after, mut unknown) = (0, None, None, Unknown::default());
    let mut faulty = Ok(());
    let mut reader = field.message()?;
    while let Some(field) = reader.next()? {
        match field.number() {
            number::FIELD => place = field.uint()?,
            number::BEFORE => keep(protobuf_value::read(&field), &mut before, &mut faulty),
            number::AFTER => keep(protobuf_value::read(&field), &mut after, &mut faulty),
            _ => unknown.keep_field(&field)?,
        }
    }
    let field = usize::try_from(place).ok().filter(|field| *field < fields.len());
    let field = field.ok_or_else(|| DecodeFault::invalid(format!("there is no field {place}")))?;
    faulty.map_err(|fault| DecodeError::from(fault).in_field(&fields[field]))?;
    Ok((FieldChange { field, before, after }, unknown))
}

/// Keeps a value, or the first thing wrong with one until it is known in which field.
fn keep(
    read: Result<Option<Value>, DecodeFault>,
    value: &mut Option<Value>,
    faulty: &mut Result<(), DecodeFault>,
) {
    match read {
        Ok(read) => *value = read,
        Err(fault) if faulty.is_ok() => *faulty = Err(fault),
        Err(_) => {}
    }
}

fn object_id(field: &Field<'_>) -> Result<ObjectId, DecodeFault> {
    let bytes = <[u8; 16]>::try_from(field.bytes()?).ok();
    let id = bytes.and_then(|bytes| ObjectId::from_bytes(bytes).ok());
    id.ok_or_else(|| DecodeFault::invalid("an id has 16 bytes, and not all are zero"))
}

fn text_fid(field: &Field<'_>) -> Result<Fid, WireError> {
    Ok(Fid::Text(field.text()?.to_owned()))
}
