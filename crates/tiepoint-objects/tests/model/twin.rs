//! A second layer of the registry, whose rows carry ids that the first one's carry, too.
use crate::world::{Thing, World};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tiepoint_core::{Fid, ObjectId};
use tiepoint_objects::{LayerKey, Scope};

/// A row of the second layer.
pub(crate) struct TwinRow {
    fid: i64,
    /// Whether it is there.
    is: bool,
    object: Arc<Thing>,
}

pub(crate) struct Twin {
    layer: LayerKey,
    rows: BTreeMap<ObjectId, TwinRow>,
}

impl World {
    /// The second layer, with a row for each that the first one has.
    pub(crate) fn add_twin(&mut self) {
        let layer = self.ties.add_layer(self.host.kind.policy());
        let ids = self.host.stored().values().filter_map(|row| row.id);
        let ids: Vec<ObjectId> = ids.collect();
        let mut rows = BTreeMap::new();
        for (fid, id) in (1..).zip(ids) {
            self.alive.fetch_add(1, Ordering::Relaxed);
            let (note, alive) = (AtomicU64::new(0), self.alive.clone());
            let object = Arc::new(Thing { secret: u64::MAX, note, alive });
            rows.insert(id, TwinRow { fid, is: true, object });
        }
        self.twin = Some(Twin { layer, rows });
        self.read_twin();
        let Some(twin) = &self.twin else { return };
        for (id, row) in &twin.rows {
            let tie = self.ties.tracker(layer).by_id(id).expect("all rows were read");
            self.ties.bind(layer, tie, row.object.clone());
        }
    }

    /// A row of the second layer goes, or is back.
    pub(crate) fn turn_twin(&mut self, at: u8) -> bool {
        let Some(twin) = &mut self.twin else { return false };
        let Some(number) = usize::from(at).checked_rem(twin.rows.len()) else { return false };
        if let Some(row) = twin.rows.values_mut().nth(number) {
            row.is = !row.is;
        }
        self.read_twin();
        true
    }

    fn read_twin(&mut self) {
        let Some(twin) = &self.twin else { return };
        let mut reading = self.ties.resync(twin.layer, &Scope::All);
        for (id, row) in twin.rows.iter().filter(|(_, row)| row.is) {
            reading.row(Fid::Int(row.fid), Some(*id));
        }
        let _ = reading.finish();
    }

    /// An id that does not show in the first layer is that of the second's row, if that is there.
    pub(crate) fn check_twin(&self) -> Result<(), String> {
        let Some(twin) = &self.twin else { return Ok(()) };
        let view = self.host.view();
        for (id, row) in &twin.rows {
            let shows = view.values().any(|it| self.ids.get(&it.secret) == Some(id));
            let answer = self.ties.by_id(id);
            let is_here = |it: &(LayerKey, _)| it.0 == twin.layer;
            // The first layer answers for ids as well that its objects had, whose rows show.
            let had = view.values().any(|it| self.had.contains(&(it.secret, *id)));
            match &answer {
                Ok(found) if is_here(found) => {
                    let object = self.ties.object(found.0, found.1);
                    let is_it = object.is_some_and(|it| Arc::ptr_eq(&it, &row.object));
                    if !row.is || shows || !is_it {
                        return Err(format!("{id} is answered by the second layer"));
                    }
                    if self.ties.tie_of(&row.object) != Some(*found) {
                        return Err(format!("the second object of {id} leads to another tie"));
                    }
                }
                Ok(_) if shows || had => {}
                Ok(_) => return Err(format!("{id} is answered by the first layer")),
                Err(why) if row.is => return Err(format!("the row of {id} is lost: {why}")),
                Err(_) => {}
            }
        }
        Ok(())
    }
}
