//! Between a store and its server: passes everything on until a commit comes, and then not.
use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use tempfile::{TempDir, tempdir};

/// What becomes of the next commit.
pub(crate) enum Cut {
    /// It never gets to the server, of which this is made then.
    Before(Box<dyn FnOnce() + Send>),
    /// It does, and what the server answers never comes back; this is made of it then.
    After(Box<dyn FnOnce() + Send>),
    /// It does, and this is made of the server meanwhile.
    Meanwhile(Box<dyn FnOnce() + Send>),
}

/// A folder with a socket that leads to a server's.
pub(crate) struct Proxy {
    pub(crate) folder: TempDir,
    cut: Arc<Mutex<Option<Cut>>>,
}

impl Proxy {
    /// In front of the socket in this folder.
    pub(crate) fn of(server: &Path, port: &str) -> Self {
        let folder = tempdir().expect("a folder");
        let name = format!(".s.PGSQL.{port}");
        let listener = UnixListener::bind(folder.path().join(&name)).expect("listens");
        let (server, cut) = (server.join(name), Arc::new(Mutex::new(None)));
        let cuts = Arc::clone(&cut);
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let (server, cuts) = (server.clone(), Arc::clone(&cuts));
                std::thread::spawn(move || pass_on(client, server, &cuts));
            }
        });
        Self { folder, cut }
    }

    pub(crate) fn cut(&self, cut: Cut) {
        *self.cut.lock().expect("is free") = Some(cut);
    }

    /// Whether a commit has come since.
    pub(crate) fn has_cut(&self) -> bool {
        self.cut.lock().expect("is free").is_none()
    }
}

fn pass_on(mut client: UnixStream, server: PathBuf, cuts: &Mutex<Option<Cut>>) {
    let Ok(mut server) = UnixStream::connect(server) else { return };
    let silent = Arc::new(Mutex::new(false));
    let back = answers(&server, &client, Arc::clone(&silent));
    let mut bytes = vec![0; 64 << 10];
    while let Ok(read @ 1..) = client.read(&mut bytes) {
        let said = &bytes[..read];
        let commits = said.windows(7).any(|it| it == b"COMMIT\0");
        let cut = cuts.lock().expect("is free").take_if(|_| commits);
        match cut {
            None => {
                if server.write_all(said).is_err() {
                    break;
                }
            }
            Some(Cut::Before(then)) => {
                then();
                break;
            }
            Some(Cut::Meanwhile(then)) => {
                let _ = server.write_all(said);
                then();
            }
            Some(Cut::After(then)) => {
                *silent.lock().expect("is free") = true;
                let _ = server.write_all(said);
                let mut waited = 0;
                while *silent.lock().expect("is free") && waited < 5_000 {
                    std::thread::sleep(std::time::Duration::from_millis(1));
                    waited += 1;
                }
                then();
                break;
            }
        }
    }
    for end in [&client, &server] {
        let _ = end.shutdown(std::net::Shutdown::Both);
    }
    let _ = back.join();
}

/// Passes answers on; while it is to be silent, it swallows one and ends that.
fn answers(
    server: &UnixStream,
    client: &UnixStream,
    silent: Arc<Mutex<bool>>,
) -> std::thread::JoinHandle<()> {
    let mut server = server.try_clone().expect("is cloned");
    let mut client = client.try_clone().expect("is cloned");
    std::thread::spawn(move || {
        let mut bytes = vec![0; 64 << 10];
        while let Ok(read @ 1..) = server.read(&mut bytes) {
            if std::mem::take(&mut *silent.lock().expect("is free")) {
                continue;
            }
            if client.write_all(&bytes[..read]).is_err() {
                break;
            }
        }
        let _ = client.shutdown(std::net::Shutdown::Both);
    })
}
