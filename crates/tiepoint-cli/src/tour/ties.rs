//! Has objects with a life of their own stand behind the countries, whatever is edited.
use super::edits::{id, set_people};
use super::{COUNTRIES, STORE, Tour, object};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use tiepoint::{ChangeTarget, Edit, EditBuffer, Error, Feature, Result, Ties, Value};

/// What a program makes of a country: it counts who comes, which no store knows.
struct Country {
    name: String,
    visitors: AtomicU32,
}

impl Country {
    fn of(feature: &Feature) -> Self {
        let name = feature.get("name").and_then(Value::as_text).unwrap_or_default();
        Self { name: name.to_owned(), visitors: AtomicU32::new(0) }
    }

    /// Somebody comes; how many came so far.
    fn visit(&self) -> u32 {
        self.visitors.fetch_add(1, Ordering::Relaxed) + 1
    }
}

pub(super) fn run(_: &Tour) -> Result<String> {
    let edits = Arc::new(EditBuffer::over(Arc::from(tiepoint::open(STORE)?)));
    let ties = Ties::over_buffer(&edits);
    ties.add_layer(COUNTRIES, Country::of)?;
    let kenya_id = id(COUNTRIES, object::NAME);
    let kenya = ties.object_of(kenya_id)?;
    let mut same = true;
    let mut visit = || -> Result<u32> {
        let found = ties.object_of(kenya_id)?;
        same &= Arc::ptr_eq(&kenya, &found);
        Ok(found.visit())
    };
    visit()?;
    set_people(&edits, COUNTRIES, object::NAME, 1)?;
    visit()?;
    edits.undo()?;
    let delete = Edit::Delete(ChangeTarget::Id(kenya_id));
    edits.edit("Delete Kenya", |it| it.write(COUNTRIES, delete))?;
    let meanwhile = match ties.object_of(kenya_id) {
        Err(Error::NotTied(said)) => said.reason.to_string(),
        other => other.map(|_| "it is still there".to_owned())?,
    };
    edits.undo()?;
    let visitors = visit()?;
    Ok(format!(
        "Tied objects of a program's own type to {} countries; {} was asked for, and so made: {}, which\n   \
         counts its visitors. Edited it, undid that, and deleted it. Who asked then heard:\n   \
         \"{meanwhile}\".\n   \
         Undo brought {} back, with {visitors} visitors by then.",
        ties.len(COUNTRIES)?,
        ties.objects().len(),
        kenya.name,
        if same { "the same object" } else { "another object" },
    ))
}
