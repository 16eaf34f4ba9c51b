//! `postmaster.pid`, in which a server tells who it is and how far it is.

use std::path::{Path, PathBuf};

/// The lines we use (PostgreSQL, `src/include/utils/pidfile.h`): 1 process id, 5 socket folder, 8 status.
#[derive(Debug)]
pub struct PidFile {
    pub pid: u32,
    socket_dir: PathBuf,
    status: String,
}

impl PidFile {
    pub fn path(data: &Path) -> PathBuf {
        data.join("postmaster.pid")
    }

    /// `None` if there is none or it is being written.
    pub fn read(data: &Path) -> Option<Self> {
        let text = std::fs::read_to_string(Self::path(data)).ok()?;
        let mut lines = text.lines();
        let pid = lines.next()?.trim().parse().ok()?;
        let socket_dir = lines.nth(3).unwrap_or_default().into();
        let status = lines.nth(2).unwrap_or_default().trim().to_owned();
        Some(Self { pid, socket_dir, status })
    }

    pub fn ready(&self) -> bool {
        self.status == "ready"
    }

    /// The socket folder, if a server accepts connections there.
    pub fn answering(&self) -> Option<PathBuf> {
        (self.socket_dir.is_absolute() && crate::answers(&self.socket_dir)).then(|| self.socket_dir.clone())
    }
}
