//! What a file in WAL mode looks like from outside: enough to see that somebody has written to it
//! without keeping it open. As long as anybody has it open, others cannot put it back into rollback
//! mode, as QGIS does when it closes it, and what was written stays in `-wal`.
use crate::place::FileIdentity;
use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

/// Some file systems tell times by two seconds.
const COARSEST: Duration = Duration::from_millis(2_500);

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Outside {
    identity: Option<FileIdentity>,
    /// The lengths and the times of the file and of its `-wal`, where that has content.
    parts: [Option<(u64, SystemTime)>; 2],
}

impl Outside {
    pub(super) fn of(path: &Path) -> Self {
        let mut wal = path.as_os_str().to_owned();
        wal.push("-wal");
        let part = |path: &Path| {
            let metadata = fs::metadata(path).ok().filter(|it| it.len() > 0)?;
            Some((metadata.len(), metadata.modified().ok()?))
        };
        Self { identity: FileIdentity::of(path), parts: [part(path), part(Path::new(&wal))] }
    }

    /// Whether whatever is written from now on is going to make a difference.
    pub(super) fn tells_of_more(&self) -> bool {
        let newest = self.parts.iter().flatten().map(|(_, time)| *time).max();
        let age = newest.and_then(|it| SystemTime::now().duration_since(it).ok());
        age.is_some_and(|age| age > COARSEST)
    }
}
