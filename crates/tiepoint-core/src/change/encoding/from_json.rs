//! Reading change sets from JSON, as people wrote or edited it.
use super::from_protobuf::checked_update;
use super::json_members::{self, Member, elements, is_not, members, string};
use super::unknown::ChangeUnknown;
use super::{DecodeError, DecodeFault, LayerBuilder, Unknown, VERSION, json_value};
use crate::{Change, ChangeSet, ChangeSetId, Fid, FieldChange, Image, Target, Value};
use std::collections::HashMap;

impl ChangeSet {
    /// Reads the JSON form, see [`to_json`](Self::to_json).
    ///
    /// `fields` of a layer may be left out: every name that is mentioned is a field. Members that
    /// are not known here are kept and written again, unless the change they belong to is put
    /// together with another.
    ///
    /// # Errors
    ///
    /// [`DecodeError`] where the text is not JSON, says something twice or what no change set
    /// says, or comes from a newer version.
    pub fn from_json(text: &str) -> Result<Self, DecodeError> {
        let (mut set, mut unknown, mut version) = (Self::new(), Unknown::default(), None);
        let members = json_members::whole(text)?;
        for member in &members {
            match member.name.as_str() {
                "version" => version = Some(read_version(member)?),
                "id" => {
                    let id = member.text()?.parse();
                    let id = id.map_err(|error: crate::ObjectIdError| invalid(&error))?;
                    set.id = Some(ChangeSetId(id));
                }
                "layers" => {}
                _ => unknown.keep_member(member)?,
            }
        }
        version.ok_or_else(|| DecodeFault::invalid("it does not say its version"))?;
        let layers = members.iter().filter(|member| member.name == "layers");
        for layers in layers {
            for Member { name, value } in json_members::members(layers.value)? {
                let layer = read_layer(value, text.len()).map_err(|error| error.in_layer(&name))?;
                let layer = layer.finish().map_err(|error| error.in_layer(&name))?;
                set.put(&name, layer);
            }
        }
        set.keep_unknown(unknown);
        Ok(set)
    }
}

fn invalid(error: &dyn std::fmt::Display) -> DecodeFault {
    DecodeFault::invalid(error.to_string())
}

fn read_version(member: &Member<'_>) -> Result<(), DecodeFault> {
    match member.value.parse() {
        Ok(VERSION) => Ok(()),
        Ok(version) if version > VERSION => Err(DecodeFault::Version { version }),
        _ => Err(is_not(member.value, "a version")),
    }
}

/// The names of a layer's fields as they turn up.
#[derive(Default)]
struct Names {
    names: Vec<String>,
    places: HashMap<String, usize>,
}

impl Names {
    fn place(&mut self, name: &str) -> usize {
        if let Some(place) = self.places.get(name) {
            return *place;
        }
        self.names.push(name.to_owned());
        self.places.insert(name.to_owned(), self.names.len() - 1);
        self.names.len() - 1
    }
}

fn read_layer(text: &str, document: usize) -> Result<LayerBuilder, DecodeError> {
    let (mut names, mut unknown) = (Names::default(), Unknown::default());
    let mut changes = Vec::new();
    for member in members(text)? {
        match member.name.as_str() {
            "fields" => {
                for name in elements(member.value)? {
                    let name = string(name)?;
                    if names.place(&name) + 1 < names.names.len() {
                        let reason = format!("field `{name}` is named twice");
                        return Err(DecodeFault::invalid(reason).into());
                    }
                }
            }
            "changes" => changes = elements(member.value)?,
            _ => unknown.keep_member(&member)?,
        }
    }
    let mut read = Vec::with_capacity(changes.len());
    for change in changes {
        read.push(Parts::read(change, &mut names)?);
    }
    let width = names.names.len();
    fits(&read, width, document)?;
    let mut layer = LayerBuilder::new(names.names.into())?;
    layer.unknown.layer = unknown;
    for (target, change, unknown) in read {
        if !unknown.is_empty() {
            layer.unknown.changes.insert(target.clone(), unknown);
        }
        layer.changes.push((target, change.widened(width)));
    }
    Ok(layer)
}

/// What is not mentioned takes memory all the same: more than this is no change set but an attack.
fn fits(
    read: &[(Target, Change, ChangeUnknown)],
    width: usize,
    document: usize,
) -> Result<(), DecodeFault> {
    const AT_LEAST: usize = 1 << 20;
    let images = read.iter().filter(|(_, change, _)| !matches!(change, Change::Update(_)));
    let fits = images.count().saturating_mul(width) <= AT_LEAST + document.saturating_mul(16);
    fits.then_some(()).ok_or_else(|| DecodeFault::invalid("far more is left unset than is said"))
}

/// What a change is made of, as far as it is read.
#[derive(Default)]
struct Parts<'a> {
    change: Option<(&'static str, Target)>,
    fid: Option<Fid>,
    values: Option<&'a str>,
    fields: Option<&'a str>,
    unknown: ChangeUnknown,
}

impl<'a> Parts<'a> {
    fn read(
        text: &'a str,
        names: &mut Names,
    ) -> Result<(Target, Change, ChangeUnknown), DecodeError> {
        let mut parts = Self::default();
        let taken = members(text).and_then(|it| it.iter().try_for_each(|it| parts.take(it)));
        let Some((kind, target)) = parts.change.take() else {
            taken?;
            let what = "a change that is none of `insert`, `update` and `delete`".to_owned();
            return Err(DecodeFault::Unknown { what }.into());
        };
        let here = |error: DecodeError| error.of_target(&target);
        taken.map_err(|fault| here(fault.into()))?;
        let change = match (kind, parts.values, parts.fields, &parts.fid) {
            ("update", None, Some(fields), None) => {
                read_updates(fields, names, &mut parts.unknown).map_err(here)?
            }
            ("insert" | "delete", Some(values), None, _) => {
                let image = read_image(parts.fid.take(), values, names).map_err(here)?;
                if kind == "insert" { Change::Insert(image) } else { Change::Delete(image) }
            }
            _ => {
                let reason = "an update has `fields`, an insert or delete has `values`";
                return Err(here(DecodeFault::invalid(reason).into()));
            }
        };
        Ok((target, change, parts.unknown))
    }

    fn take(&mut self, member: &Member<'a>) -> Result<(), DecodeFault> {
        match member.name.as_str() {
            "insert" => self.take_target("insert", member),
            "update" => self.take_target("update", member),
            "delete" => self.take_target("delete", member),
            "fid" => read_fid(member.value).map(|fid| self.fid = Some(fid)),
            "values" => {
                self.values = Some(member.value);
                Ok(())
            }
            "fields" => {
                self.fields = Some(member.value);
                Ok(())
            }
            _ => self.unknown.change.keep_member(member),
        }
    }

    fn take_target(&mut self, kind: &'static str, member: &Member<'_>) -> Result<(), DecodeFault> {
        if let Some((other, _)) = &self.change {
            return Err(DecodeFault::invalid(format!("it is both {other} and {kind}")));
        }
        let target = read_target(member.value)?;
        self.change = Some((kind, target));
        Ok(())
    }
}

fn read_target(text: &str) -> Result<Target, DecodeFault> {
    if text.starts_with('"') {
        let id = string(text)?.parse();
        return id.map(Target::Id).map_err(|error: crate::ObjectIdError| invalid(&error));
    }
    match members(text)?.as_slice() {
        [row] if row.name == "row" => read_fid(row.value).map(Target::Fid),
        _ => Err(is_not(text, r#"a feature; that is an object id, or {"row": fid}"#)),
    }
}

fn read_fid(text: &str) -> Result<Fid, DecodeFault> {
    if text.starts_with('"') {
        return string(text).map(Fid::Text);
    }
    text.parse().map(Fid::Int).ok().ok_or_else(|| is_not(text, "a fid, an integer or a text"))
}

fn read_image(fid: Option<Fid>, text: &str, names: &mut Names) -> Result<Image, DecodeError> {
    let mut values: Vec<Option<Value>> = Vec::new();
    for Member { name, value } in members(text)? {
        let value = json_value::read(value);
        let value = value.map_err(|fault| DecodeError::from(fault).in_field(&name))?;
        let place = names.place(&name);
        if values.len() <= place {
            values.resize(place + 1, None);
        }
        values[place] = Some(value);
    }
    Ok(Image { fid, values })
}

fn read_updates(
    text: &str,
    names: &mut Names,
    unknown: &mut ChangeUnknown,
) -> Result<Change, DecodeError> {
    let mut updates = Vec::new();
    for Member { name, value } in members(text)? {
        let here = |fault: DecodeFault| DecodeError::from(fault).in_field(&name);
        let (mut before, mut after, mut more) = (None, None, Unknown::default());
        for member in members(value).map_err(here)? {
            match member.name.as_str() {
                "before" => before = Some(json_value::read(member.value).map_err(here)?),
                "after" => after = Some(json_value::read(member.value).map_err(here)?),
                _ => more.keep_member(&member).map_err(here)?,
            }
        }
        if before == after {
            return Err(here(DecodeFault::invalid("it says the same before and after")));
        }
        let field = names.place(&name);
        if !more.is_empty() {
            unknown.fields.insert(field, more);
        }
        updates.push(FieldChange { field, before, after });
    }
    Ok(checked_update(updates)?)
}
