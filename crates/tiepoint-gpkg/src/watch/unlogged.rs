//! Layers without a log: compared with what they said before.
use super::Watcher;
use tiepoint_store::Result;

impl Watcher {
    /// Tells what has changed in layers without a log.
    pub(super) fn compare(&mut self) -> Result<()> {
        Ok(())
    }

    /// The layers that matter and have no log.
    pub(super) fn unlogged(&self) -> Result<Vec<String>> {
        use tiepoint_store::Store;
        let layers = self.store.layers()?;
        let names = layers.iter().map(|it| it.name().to_owned());
        Ok(names.filter(|name| self.is_compared(name)).collect())
    }

    /// Whether a layer matters and has no log.
    fn is_compared(&self, name: &str) -> bool {
        let has_log = self.known.lineages.values().any(|it| *it.name == *name);
        self.options.wants(name) && !has_log
    }
}
