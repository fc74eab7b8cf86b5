//! Printing what a watcher hears, as text or as JSON.
use crate::terminal::{event_lines, write_out};
use std::collections::HashMap;
use std::sync::Arc;
use tiepoint::{Layer, Result, Store, WatchEvent, event_to_json};

/// Prints events of a store, each as soon as it comes.
pub(super) struct Printer<'s> {
    store: &'s dyn Store,
    json: bool,
    /// The layers as they were when they were first looked up.
    layers: HashMap<Arc<str>, Option<Arc<Layer>>>,
}

impl<'s> Printer<'s> {
    pub(super) fn new(store: &'s dyn Store, json: bool) -> Self {
        Self { store, json, layers: HashMap::new() }
    }

    pub(super) fn print(&mut self, event: &WatchEvent) -> Result<()> {
        if self.json {
            return write_out(&(event_to_json(event) + "\n"));
        }
        let layer = match event {
            WatchEvent::Changed(changed) => self.layer(&changed.layer),
            WatchEvent::Reset(_) => {
                self.layers.clear();
                None
            }
        };
        write_out(&event_lines(event, layer.as_deref()))
    }

    /// The layer that a change is of, which tells what its coordinates mean; a help, and to do
    /// without it is no failure.
    fn layer(&mut self, name: &Arc<str>) -> Option<Arc<Layer>> {
        let known = self.layers.entry(Arc::clone(name));
        known.or_insert_with(|| self.store.layer(name).ok()).clone()
    }
}
