use std::sync::Arc; use std::time::Instant;
use tiepoint_core::*; use tiepoint_edits::*; use tiepoint_edits::journal::*; use tiepoint_gpkg::*; use tiepoint_store::*;
fn main() {
    let folder = std::path::PathBuf::from("/tmp/speed_tmp"); let _ = std::fs::remove_dir_all(&folder); std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("e.gpkg"); std::fs::copy("/work/main/target/bench/polygons-200000-v1.gpkg", &path).unwrap();
    let store = GpkgStore::open(&path).unwrap();
    let mut t = store.begin(TransactionOptions::default()).unwrap(); t.tie("polygons", &TieOptions::default()).unwrap(); t.commit().unwrap();
    let store = Arc::new(store); let edits = EditBuffer::journalled(store.clone(), &JournalFolder::at(folder.join("j"))).unwrap();
    let none: [&str;0]=[]; let ids: Vec<_> = store.read(&Query::layer("polygons").fields(none)).unwrap().map(|f| f.unwrap().id.unwrap()).collect();
    let schema = store.layer("polygons").unwrap().schema().clone();
    let n = 100_000.min(ids.len()/2);
    let edit = |ids: &[ObjectId], v: i64| { edits.edit("x", |it| { let mut w = it.writer("polygons", WriteMode::Changes)?; for id in ids { let mut f = Feature::new(schema.clone()).with_id(*id); f.set("population", v.into()).unwrap(); w.write(Edit::Update(f))?; } w.settle()?; w.finish() }).unwrap(); };
    let which = std::env::args().nth(1).unwrap_or_default();
    let time = |name: &str, f: &mut dyn FnMut()| { let t = Instant::now(); f(); println!("{name}: {:.3} s, {:.2} us each", t.elapsed().as_secs_f64(), t.elapsed().as_secs_f64()/n as f64*1e6); };
    if which == "steps" { time("edits by 1000", &mut || for c in ids[..n].chunks(1000) { edit(c, 5) }); time("again", &mut || for c in ids[..n].chunks(1000) { edit(c, 6) }); return; }
    time("one step", &mut || edit(&ids[..n], -1));
    if which == "undo" { for _ in 0..8 { time("undo", &mut || { edits.undo().unwrap(); }); time("redo", &mut || { edits.redo().unwrap(); }); } return }
    if which == "ids" { for s in [&*store as &dyn Store, &edits as &dyn Store] { for at in [n, 0] { let t = Instant::now(); for id in &ids[at..at+20000] { s.read(&Query::object("polygons", *id)).unwrap().next().unwrap().unwrap(); } println!("{} {at}: {:.2} us", s.name(), t.elapsed().as_secs_f64()/20000.0*1e6); } } return }
    if which == "commit" { for v in 0..4 { time("commit", &mut || { edits.commit().unwrap(); }); edit(&ids[..n], v); } }
}
