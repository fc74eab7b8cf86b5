//! Where a run happens: its folder, its input files, made when first asked for, and its size.
use crate::Outcome;
use crate::dataset::Dataset;
use crate::measure::{self, CommandLine};
use crate::outcome::say;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

/// Raised whenever the data changes, so that files of older data are not taken for it.
const DATA_VERSION: u32 = 1;

/// Where a run happens, and how big it is.
pub(crate) struct Stage {
    folder: PathBuf,
    tiepoint: PathBuf,
    /// Held while results are written to the folder.
    lock: Option<File>,
    /// By how much the data is smaller than what targets are stated for.
    pub(crate) divisor: u32,
    /// How often each case is measured.
    pub(crate) rounds: u32,
}

impl Stage {
    /// The stage beside this program: `target/bench`, and the `tiepoint` built with it.
    pub(crate) fn set(divisor: u32, rounds: u32) -> Outcome<Self> {
        let here = std::env::current_exe()?;
        let built = here.parent().ok_or("this program lies in no folder")?;
        let target = built.parent().ok_or("this program lies in no target folder")?;
        let folder = target.join("bench");
        fs::create_dir_all(&folder)?;
        let tiepoint = built.join("tiepoint").with_extension(std::env::consts::EXE_EXTENSION);
        Ok(Self { folder, tiepoint, lock: None, divisor, rounds })
    }

    /// Sees to it that no other run writes its results over ours.
    pub(crate) fn keep_others_out(&mut self) -> Outcome {
        let path = self.folder.join("lock");
        let lock = File::create(&path)?;
        lock.try_lock().map_err(|error| format!("another run uses {}: {error}", path.display()))?;
        self.lock = Some(lock);
        Ok(())
    }

    /// The command under test.
    pub(crate) fn tiepoint(&self) -> OsString {
        self.tiepoint.clone().into()
    }

    /// How often something is measured that takes its turns within this process: more often, since
    /// it starts no program.
    pub(crate) fn turns(&self) -> u32 {
        self.rounds.saturating_mul(2).saturating_add(1)
    }

    /// This program, running our side of one case and nothing else.
    pub(crate) fn alone(&self, case: &str) -> Outcome<CommandLine> {
        let mut command = vec![std::env::current_exe()?.into(), "--alone".into(), case.into()];
        command.extend((self.divisor > 1).then(|| "--quick".into()));
        Ok(command)
    }

    /// How many features of a dataset targets are stated for, or a tenth of it.
    pub(crate) fn size(&self, dataset: Dataset) -> u32 {
        let whole = match dataset {
            Dataset::Polygons => 200_000,
            Dataset::Points => 1_000_000,
        };
        whole / self.divisor
    }

    /// So many features as GeoJSON, from the fixed seed.
    pub(crate) fn geojson(&self, dataset: Dataset, count: u32) -> Outcome<PathBuf> {
        self.made(dataset, count, "geojson", |draft| {
            let mut out = BufWriter::new(File::create(draft)?);
            dataset.write(count, &mut out)?;
            Ok(out.flush()?)
        })
    }

    /// The same features as a GeoPackage, which neither side of a comparison wrote for itself:
    /// `ogr2ogr` made it.
    pub(crate) fn geopackage(&self, dataset: Dataset, count: u32) -> Outcome<PathBuf> {
        let geojson = self.geojson(dataset, count)?;
        self.made(dataset, count, "gpkg", |draft| {
            let layer = ["-nln", dataset.name()].map(OsString::from);
            let command = measure::ogr2ogr("GPKG", draft, &geojson, &layer);
            measure::once(&command).map(|_| ())
        })
    }

    /// A file to write a result to, which is not there yet.
    pub(crate) fn result(&self, name: &str) -> Outcome<PathBuf> {
        let path = self.folder.join(format!("result-{name}"));
        for suffix in ["", "-wal", "-shm", "-journal"] {
            let mut stale = path.clone().into_os_string();
            stale.push(suffix);
            if Path::new(&stale).exists() {
                fs::remove_file(&stale)?;
            }
        }
        Ok(path)
    }

    /// Makes sure that these results are not there yet.
    pub(crate) fn clear(&self, results: &[&str]) -> Outcome {
        results.iter().try_for_each(|name| self.result(name).map(|_| ()))
    }

    /// An input file; it has its name only when it is complete.
    fn made(
        &self,
        dataset: Dataset,
        count: u32,
        extension: &str,
        make: impl FnOnce(&Path) -> Outcome,
    ) -> Outcome<PathBuf> {
        let stem = format!("{}-{count}-v{DATA_VERSION}", dataset.name());
        let path = self.folder.join(format!("{stem}.{extension}"));
        if !path.exists() {
            say(&format!("making {} ...", path.display()));
            let draft = self.result(&format!("draft.{extension}"))?;
            make(&draft)?;
            fs::rename(&draft, &path)?;
        }
        Ok(path)
    }
}
