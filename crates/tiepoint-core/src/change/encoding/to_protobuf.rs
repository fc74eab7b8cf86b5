//! Writing change sets as protobuf.
use super::unknown::ChangeUnknown;
use super::{VERSION, number, protobuf_value};
use crate::protobuf::Writer;
use crate::{Change, ChangeSet, Fid, Image, LayerChanges, Target};

impl ChangeSet {
    /// These changes as a `tiepoint.v1.ChangeSet`, see `proto/tiepoint/change.proto`.
    ///
    /// Nothing gets lost, bit by bit; what a newer program said in fields that are not known here is
    /// written again. The bytes of several sets that share no feature, one behind the other, are
    /// those of one, so that big sets can be written in pieces.
    ///
    /// ```
    /// use tiepoint_core::ChangeSet;
    /// let nothing = ChangeSet::new();
    /// assert_eq!(ChangeSet::from_protobuf(&nothing.to_protobuf())?, nothing);
    /// # Ok::<(), tiepoint_core::DecodeError>(())
    /// ```
    #[must_use]
    pub fn to_protobuf(&self) -> Vec<u8> {
        let mut out = Writer::new();
        out.uint(number::set::VERSION, VERSION);
        if let Some(id) = self.id {
            out.bytes(number::set::ID, id.0.as_bytes());
        }
        for (name, changes) in self.layers() {
            out.message(number::set::LAYERS, |out| write_layer(name, changes, out));
        }
        if let Some(unknown) = self.unknown() {
            unknown.write(&mut out);
        }
        out.uints(number::set::LAYER_COUNTS, [self.layers().count() as u64]);
        out.into_bytes()
    }
}

fn write_layer(name: &str, changes: &LayerChanges, out: &mut Writer) {
    // What a schema of version three takes for granted is left out: no text, zero.
    if !name.is_empty() {
        out.text(number::layer::NAME, name);
    }
    for field in changes.fields().iter() {
        out.text(number::layer::FIELDS, field);
    }
    let unknown = changes.unknown();
    for (target, change) in changes.iter() {
        let unknown = unknown.and_then(|unknown| unknown.changes.get(target));
        out.message(number::layer::CHANGES, |out| {
            write_target(target, out);
            write_change(change, unknown, out);
        });
    }
    if let Some(unknown) = unknown {
        unknown.layer.write(out);
    }
}

fn write_target(target: &Target, out: &mut Writer) {
    match target {
        Target::Id(id) => out.bytes(number::change::ID, id.as_bytes()),
        Target::Fid(Fid::Int(row)) => out.sint(number::change::ROW, *row),
        Target::Fid(Fid::Text(row)) => out.text(number::change::ROW_TEXT, row),
    }
}

fn write_change(change: &Change, unknown: Option<&ChangeUnknown>, out: &mut Writer) {
    use number::{change, field_change, kind};
    match change {
        Change::Insert(image) => write_image(kind::INSERT, image, out),
        Change::Delete(image) => write_image(kind::DELETE, image, out),
        Change::Update(fields) => {
            out.uint(change::KIND, kind::UPDATE);
            for it in fields {
                out.message(change::FIELDS, |out| {
                    if it.field != 0 {
                        out.uint(field_change::FIELD, it.field as u64);
                    }
                    for (place, value) in
                        [(field_change::BEFORE, &it.before), (field_change::AFTER, &it.after)]
                    {
                        if let Some(value) = value {
                            protobuf_value::write(Some(value), place, out);
                        }
                    }
                    let unknown = unknown.and_then(|unknown| unknown.fields.get(&it.field));
                    if let Some(unknown) = unknown {
                        unknown.write(out);
                    }
                });
            }
        }
    }
    if let Some(unknown) = unknown {
        unknown.change.write(out);
    }
}

fn write_image(kind: u64, image: &Image, out: &mut Writer) {
    out.uint(number::change::KIND, kind);
    match &image.fid {
        None => {}
        Some(Fid::Int(fid)) => out.sint(number::change::FID, *fid),
        Some(Fid::Text(fid)) => out.text(number::change::FID_TEXT, fid),
    }
    for value in &image.values {
        protobuf_value::write(value.as_ref(), number::change::VALUES, out);
    }
}
