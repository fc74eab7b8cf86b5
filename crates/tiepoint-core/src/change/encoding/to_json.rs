//! Writing change sets as JSON for people: one field a line, so that two of them can be compared.
use super::VERSION;
use super::json_value::{append, quoted, write};
use super::unknown::{ChangeUnknown, Unknown};
use crate::{Change, ChangeSet, Fid, FieldChange, FieldNames, Image, LayerChanges, Target};

impl ChangeSet {
    /// These changes as JSON, to be read, compared and edited.
    ///
    /// Nothing gets lost, bit by bit. Values stand plainly where JSON can say them, `12` for an
    /// integer and `12.0` for a real, else with a tag: `{"date": "2024-02-29"}`, `{"geometry":
    /// "POINT (9.99 48.4)"}`. What is not mentioned is unset.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use tiepoint_core::{Change, ChangeSet, FieldChange, FieldNames, Target};
    /// let fields: FieldNames = Arc::new(["height".to_owned()]);
    /// let tree = Target::Id("67e55044-10b1-426f-9247-bb680e5fe0c8".parse()?);
    /// let grown = FieldChange { field: 0, before: Some(20.into()), after: Some(20.5.into()) };
    /// let mut set = ChangeSet::new();
    /// set.record("trees", &fields, tree, Change::Update(vec![grown]))?;
    /// let text = r#"{
    ///   "version": 1,
    ///   "layers": {
    ///     "trees": {
    ///       "fields": ["height"],
    ///       "changes": [
    ///         {
    ///           "update": "67e55044-10b1-426f-9247-bb680e5fe0c8",
    ///           "fields": {
    ///             "height": {"before": 20, "after": 20.5}
    ///           }
    ///         }
    ///       ]
    ///     }
    ///   }
    /// }
    /// "#;
    /// assert_eq!(set.to_json(), text);
    /// assert_eq!(ChangeSet::from_json(text)?, set);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut out = Printer::default();
        out.object(|out| {
            out.name("version");
            append(&VERSION, &mut out.text);
            if let Some(id) = self.id {
                out.name("id");
                append(&format_args!("\"{id}\""), &mut out.text);
            }
            out.name("layers");
            out.object(|out| {
                for (name, changes) in self.layers() {
                    out.name(name);
                    out.object(|out| write_layer(changes, out));
                }
            });
            out.unknown(self.unknown());
        });
        out.text.push('\n');
        out.text
    }
}

fn write_layer(changes: &LayerChanges, out: &mut Printer) {
    let fields = changes.fields();
    out.name("fields");
    out.text.push('[');
    for (at, name) in fields.iter().enumerate() {
        out.text.push_str(if at == 0 { "" } else { ", " });
        quoted(name, &mut out.text);
    }
    out.text.push(']');
    out.name("changes");
    let unknown = changes.unknown();
    out.block(['[', ']'], |out| {
        for (target, change) in changes.iter() {
            let unknown = unknown.and_then(|unknown| unknown.changes.get(target));
            out.line();
            out.object(|out| write_change(target, change, fields, unknown, out));
        }
    });
    out.unknown(unknown.map(|unknown| &unknown.layer));
}

fn write_change(
    target: &Target,
    change: &Change,
    fields: &FieldNames,
    unknown: Option<&ChangeUnknown>,
    out: &mut Printer,
) {
    match change {
        Change::Insert(image) => {
            out.target("insert", target);
            write_image(image, fields, out);
        }
        Change::Delete(image) => {
            out.target("delete", target);
            write_image(image, fields, out);
        }
        Change::Update(updates) => {
            out.target("update", target);
            out.name("fields");
            out.object(|out| {
                for it in updates {
                    out.name(&fields[it.field]);
                    let unknown = unknown.and_then(|unknown| unknown.fields.get(&it.field));
                    write_update(it, unknown, &mut out.text);
                }
            });
        }
    }
    out.unknown(unknown.map(|unknown| &unknown.change));
}

fn write_image(image: &Image, fields: &FieldNames, out: &mut Printer) {
    if let Some(fid) = &image.fid {
        out.name("fid");
        write_fid(fid, &mut out.text);
    }
    out.name("values");
    out.object(|out| {
        for (name, value) in fields.iter().zip(&image.values) {
            if let Some(value) = value {
                out.name(name);
                write(value, &mut out.text);
            }
        }
    });
}

fn write_update(it: &FieldChange, unknown: Option<&Unknown>, out: &mut String) {
    let mut separator = "{";
    let mut name = |name: &str, out: &mut String| {
        out.push_str(separator);
        quoted(name, out);
        out.push_str(": ");
        separator = ", ";
    };
    for (which, value) in [("before", &it.before), ("after", &it.after)] {
        if let Some(value) = value {
            name(which, out);
            write(value, out);
        }
    }
    for (which, value) in unknown.into_iter().flat_map(Unknown::members) {
        name(which, out);
        out.push_str(&value);
    }
    out.push('}');
}

fn write_fid(fid: &Fid, out: &mut String) {
    match fid {
        Fid::Int(number) => append(number, out),
        Fid::Text(text) => quoted(text, out),
    }
}

/// Prints objects and arrays, indented.
#[derive(Default)]
struct Printer {
    text: String,
    depth: usize,
    /// Whether something stands in what is open.
    started: bool,
}

impl Printer {
    fn object(&mut self, members: impl FnOnce(&mut Self)) {
        self.block(['{', '}'], members);
    }

    fn block(&mut self, [open, close]: [char; 2], inside: impl FnOnce(&mut Self)) {
        self.text.push(open);
        self.depth += 1;
        self.started = false;
        inside(self);
        self.depth -= 1;
        if self.started {
            self.indent();
        }
        self.started = true;
        self.text.push(close);
    }

    /// Starts the next line of what is open.
    fn line(&mut self) {
        if self.started {
            self.text.push(',');
        }
        self.started = true;
        self.indent();
    }

    fn indent(&mut self) {
        self.text.push('\n');
        (0..self.depth).for_each(|_| self.text.push_str("  "));
    }

    fn name(&mut self, name: &str) {
        self.line();
        quoted(name, &mut self.text);
        self.text.push_str(": ");
    }

    fn target(&mut self, what: &str, target: &Target) {
        self.name(what);
        match target {
            Target::Id(id) => append(&format_args!("\"{id}\""), &mut self.text),
            Target::Fid(fid) => {
                self.text.push_str("{\"row\": ");
                write_fid(fid, &mut self.text);
                self.text.push('}');
            }
        }
    }

    fn unknown(&mut self, unknown: Option<&Unknown>) {
        for (name, value) in unknown.into_iter().flat_map(Unknown::members) {
            self.name(name);
            self.text.push_str(&value);
        }
    }
}
