//! What completes an address: variables, service files, password files, the user at the keyboard.
use super::{Pairs, parameters};
use std::path::{Path, PathBuf};

/// Where a process looks for what an address does not say.
pub(super) struct Surroundings<'a> {
    pub(super) variable: &'a dyn Fn(&str) -> Option<String>,
    pub(super) home: Option<PathBuf>,
    pub(super) user: Option<String>,
}

/// What a password file says.
pub(super) enum Kept {
    Password(String),
    Nothing,
    /// Others may read the file, so libpq does not read it, and neither do we.
    Exposed(PathBuf),
}

impl Surroundings<'_> {
    pub(super) fn variable(&self, name: &str) -> Option<String> {
        (self.variable)(name)
    }

    /// A file in libpq's own folder.
    pub(super) fn own_file(&self, name: &str) -> Option<PathBuf> {
        Some(self.home.as_ref()?.join(".postgresql").join(name))
    }

    /// What a service stands for, from the user's file or else the system's (section 34.17).
    pub(super) fn service(&self, name: &str, file: Option<&str>) -> Result<Pairs, String> {
        let user_file = match file {
            Some(file) => Some(PathBuf::from(file)),
            None => self.home.as_ref().map(|home| home.join(".pg_service.conf")),
        };
        let system = self.variable("PGSYSCONFDIR").unwrap_or("/etc/postgresql-common".to_owned());
        let system_file = Path::new(&system).join("pg_service.conf");
        if file.is_some_and(|file| !Path::new(file).exists()) {
            return Err("there is no such service file".to_owned());
        }
        for path in user_file.into_iter().chain([system_file]) {
            let Ok(text) = std::fs::read_to_string(&path) else { continue };
            if let Some(pairs) = section(&text, name, &path)? {
                return Ok(pairs);
            }
        }
        Err(format!("there is no service `{name}` in any service file"))
    }

    /// The password for a place, from `~/.pgpass` or the file that was named (section 34.16).
    pub(super) fn password(&self, file: Option<&str>, wanted: &[&str; 4]) -> Kept {
        let path = match file.filter(|file| !file.is_empty()) {
            Some(file) => PathBuf::from(file),
            None => match self.default_password_file() {
                Some(path) => path,
                None => return Kept::Nothing,
            },
        };
        let Ok(text) = std::fs::read_to_string(&path) else { return Kept::Nothing };
        if !is_private(&path) {
            return Kept::Exposed(path);
        }
        let found = text.lines().find_map(|line| password_in(line, wanted));
        found.map_or(Kept::Nothing, Kept::Password)
    }

    fn default_password_file(&self) -> Option<PathBuf> {
        if cfg!(windows) {
            let folder = self.variable("APPDATA")?;
            return Some(Path::new(&folder).join("postgresql/pgpass.conf"));
        }
        Some(self.home.as_ref()?.join(".pgpass"))
    }
}

/// The parameters below `[name]`.
fn section(text: &str, name: &str, path: &Path) -> Result<Option<Pairs>, String> {
    let lines = text.lines().map(str::trim);
    let mut found: Option<Pairs> = None;
    for (line, number) in lines.zip(1..) {
        let wrong = |reason: &str| format!("`{}`, line {number}: {reason}", path.display());
        let heading = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        match (heading, &mut found) {
            (Some(_), Some(_)) => break,
            (Some(heading), None) if heading == name => found = Some(Vec::new()),
            (None, Some(pairs)) if !line.is_empty() && !line.starts_with('#') => {
                let (key, value) = line.split_once('=').ok_or_else(|| wrong("there is no `=`"))?;
                let key = key.trim();
                parameters::parameter(key).map_err(|reason| wrong(&reason))?;
                if key == "service" {
                    return Err(wrong("a service cannot refer to another"));
                }
                pairs.push((key.to_owned(), value.trim().to_owned()));
            }
            _ => {}
        }
    }
    Ok(found)
}

/// `host:port:database:user:password`, with `*` for any.
fn password_in(line: &str, wanted: &[&str; 4]) -> Option<String> {
    if line.starts_with('#') {
        return None;
    }
    let mut characters = line.chars();
    for wanted in wanted {
        let (field, raw) = field(&mut characters);
        if raw != "*" && field != *wanted {
            return None;
        }
    }
    // it ends at a `:`, too, as libpq has it
    Some(field(&mut characters).0).filter(|password| !password.is_empty())
}

/// The text up to the next `:` that no `\` precedes, without and with its `\`s.
fn field(characters: &mut std::str::Chars<'_>) -> (String, String) {
    let (mut text, mut raw) = (String::new(), String::new());
    while let Some(c) = characters.next() {
        match c {
            ':' => break,
            '\\' => {
                let next = characters.next();
                text.extend(next);
                raw.push(c);
                raw.extend(next);
            }
            c => {
                text.push(c);
                raw.push(c);
            }
        }
    }
    (text, raw)
}

/// Whether nobody but its owner may use the file. Elsewhere than on Unix nobody looks.
pub(crate) fn is_private(path: &Path) -> bool {
    allows_nobody(path, |_owner| 0o077)
}

/// The same for a key, which a group may read where root owns it, as Debian has it.
pub(crate) fn is_private_key(path: &Path) -> bool {
    allows_nobody(path, |owner| if owner == 0 { 0o037 } else { 0o077 })
}

fn allows_nobody(path: &Path, forbidden: impl FnOnce(u32) -> u32) -> bool {
    mode_and_owner(path).is_none_or(|(mode, owner)| mode & forbidden(owner) == 0)
}

#[cfg(unix)]
fn mode_and_owner(path: &Path) -> Option<(u32, u32)> {
    use std::os::unix::fs::MetadataExt;
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.mode(), metadata.uid()))
}

#[cfg(not(unix))]
fn mode_and_owner(_path: &Path) -> Option<(u32, u32)> {
    None
}
