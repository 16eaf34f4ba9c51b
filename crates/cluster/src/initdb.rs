//! Making the cluster. `initdb` works in `pgdata.new`, which is renamed when it is whole: what bears the name `pgdata` is complete,
//! however the making was interrupted.

use std::{
    fs::{self, File},
    io::ErrorKind,
    path::{Path, PathBuf},
    process::Stdio,
};

use crate::{
    Error, Life, SUPERUSER,
    place::Place,
    programs::{self, Programs},
};

/// Sorts by bytes and knows every letter, on every machine alike. macOS has it under two names.
const LOCALE: &[&str] = if cfg!(target_os = "macos") { &["--locale=C", "--lc-ctype=en_US.UTF-8"] } else { &["--locale=C.UTF-8"] };

/// `initdb` synchronises a thousand files one by one, which takes seconds on a disk that is busy; Linux can do it in one go.
const SYNCS_AT_ONCE: bool = cfg!(target_os = "linux");

/// The programs that run the cluster in this place, which is made if there is none.
pub fn ensure(place: &Place, lock: &File, life: Life) -> Result<PathBuf, Error> {
    if let Some(major) = made_by(&place.data())? {
        return programs::of_version(major, &place.data()).map(|found| found.dir);
    }
    let programs = programs::newest()?;
    make(place, &programs, lock, life)?;
    Ok(programs.dir)
}

/// The major version that made the data, or `None` if there is none.
fn made_by(data: &Path) -> Result<Option<u32>, Error> {
    let path = data.join("PG_VERSION");
    match fs::read_to_string(&path) {
        Ok(text) => text.trim().parse().map(Some).map_err(|e| Error::io("understand", &path, std::io::Error::other(e))),
        Err(e) if e.kind() == ErrorKind::NotFound && !data.exists() => Ok(None),
        Err(e) => Err(Error::io("read", &path, e)),
    }
}

fn make(place: &Place, programs: &Programs, lock: &File, life: Life) -> Result<(), Error> {
    let (new, data) = (place.dir.join("pgdata.new"), place.data());
    match fs::remove_dir_all(&new) {
        Ok(()) => {}
        Err(e) if e.kind() == ErrorKind::NotFound => {}
        Err(e) => return Err(Error::io("remove", &new, e)),
    }
    let initdb = programs.dir.join("initdb");
    let mut command = place.command(&initdb);
    command.args(["-U", SUPERUSER, "--auth=trust", "-E", "UTF8", "--no-instructions"]).args(LOCALE);
    if SYNCS_AT_ONCE || life == Life::UntilWeEnd {
        command.arg("--no-sync");
    }
    // It holds the lock too, so that if we are killed nobody starts another beside it.
    let lock = lock.try_clone().map_err(|e| Error::io("share the lock of", &place.dir, e))?;
    let made = command.arg("-D").arg(&new).stdin(Stdio::from(lock)).output().map_err(|e| Error::io("run", &initdb, e))?;
    if !made.status.success() {
        return Err(Error::Initdb { data, said: String::from_utf8_lossy(&made.stderr).trim().to_owned() });
    }
    if life == Life::Durable {
        sync(&new).map_err(|e| Error::io("write", &new, e))?;
    }
    fs::rename(&new, &data).map_err(|e| Error::io("put in place", &new, e))?;
    match life {
        Life::Durable => File::open(&place.dir).and_then(|dir| dir.sync_all()).map_err(|e| Error::io("write", &place.dir, e)),
        Life::UntilWeEnd => Ok(()),
    }
}

/// What `initdb` wrote is on the disk, before its directory gets the name by which it counts.
#[cfg(target_os = "linux")]
fn sync(new: &Path) -> std::io::Result<()> {
    Ok(rustix::fs::syncfs(File::open(new)?)?)
}

#[cfg(not(target_os = "linux"))]
fn sync(_: &Path) -> std::io::Result<()> {
    Ok(()) // initdb has done it
}
