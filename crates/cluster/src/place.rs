//! The directory of a private cluster: whose it is, who runs its server, its locks and its socket.
//!
//! As root we do as little as possible in a directory that another account can write to: we make it, hand it over, open our two
//! lock files (never through a link) and rename. Everything else is done by the account itself.

use std::{
    fs::{self, DirBuilder, File, Permissions},
    io::ErrorKind,
    os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, chown, lchown},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use rustix::fs::{FlockOperation, Mode, OFlags};

use crate::Error;

/// Held by whoever is responsible for stopping the server. It is made first and removed last, so it marks a directory as ours.
pub const CLUSTER_LOCK: &str = "cluster.lock";

/// Held by every process of the server, and so until the last of them is gone.
pub const SERVER_LOCK: &str = "server.lock";

/// The socket's name in its folder. The port is only a name: nothing listens on the network.
pub const SOCKET: &str = ".s.PGSQL.5432";

/// Longest path of a socket: `sun_path` has 104 bytes on macOS (108 on Linux) with the closing NUL.
const MAX_SOCKET_PATH: usize = 103;

/// The account root runs the server as.
#[derive(Debug)]
struct Account {
    name: String,
    uid: u32,
    gid: u32,
}

/// A directory that is ours to use.
#[derive(Debug)]
pub struct Place {
    pub dir: PathBuf,
    /// `Some` if we are root.
    account: Option<Account>,
}

impl Place {
    /// Makes the directory if it is absent, refuses it if it is someone else's, and hands it to the account that will run the server.
    pub fn claim(dir: &Path) -> Result<Self, Error> {
        let dir = std::path::absolute(dir).map_err(|e| Error::io("resolve", dir, e))?;
        let account = if rustix::process::geteuid().is_root() { Some(Account::for_directory(&dir)?) } else { None };
        if let Some(account) = &account {
            refuse_closed(&dir, account)?;
        }
        match DirBuilder::new().mode(0o700).create(&dir) {
            Ok(()) => {}
            Err(e) if e.kind() == ErrorKind::AlreadyExists => {}
            Err(e) if e.kind() == ErrorKind::NotFound => {
                // Its ancestors are ordinary directories, open to the account.
                if let Some(parent) = dir.parent() {
                    fs::create_dir_all(parent).map_err(|e| Error::io("make", parent, e))?;
                }
                DirBuilder::new().mode(0o700).recursive(true).create(&dir).map_err(|e| Error::io("make", &dir, e))?;
            }
            Err(e) => return Err(Error::io("make", &dir, e)),
        }
        let dir = fs::canonicalize(&dir).map_err(|e| Error::io("resolve", &dir, e))?;
        refuse_foreign(&dir)?;
        if let Some(account) = &account
            && owner_of(&dir)?.0 != account.uid
        {
            chown(&dir, Some(account.uid), Some(account.gid)).map_err(|e| Error::io("hand over", &dir, e))?;
            // Once more, because a umask may have closed the ancestors that we made.
            refuse_closed(&dir, account)?;
        }
        Ok(Self { dir, account })
    }

    /// The same directory, made again if a cluster that lived until its starter ended has removed it meanwhile.
    pub fn reclaimed(self) -> Result<Self, Error> {
        if self.dir.exists() { Ok(self) } else { Self::claim(&self.dir) }
    }

    pub fn data(&self) -> PathBuf {
        self.dir.join("pgdata")
    }

    pub fn log(&self) -> PathBuf {
        self.dir.join("postgres.log")
    }

    /// Takes one of the directory's locks, or `None` if another process holds it. It is held until the last descriptor that was
    /// inherited from this one is closed.
    pub fn lock(&self, name: &str) -> Result<Option<File>, Error> {
        let path = self.dir.join(name);
        loop {
            let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            let file = match rustix::fs::open(&path, flags, Mode::RUSR | Mode::WUSR) {
                Ok(fd) => File::from(fd),
                // A cluster that lived until its starter ended has just removed its directory: the caller reclaims it.
                Err(rustix::io::Errno::NOENT) => return Ok(None),
                Err(e) => return Err(Error::io("open", &path, e)),
            };
            match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => {}
                Err(rustix::io::Errno::WOULDBLOCK) => return Ok(None),
                Err(e) => return Err(Error::io("lock", &path, e)),
            }
            // The file may have been removed between the opening and the locking: then its lock protects nothing.
            let locked = file.metadata().map_err(|e| Error::io("look at", &path, e))?;
            if fs::symlink_metadata(&path).is_ok_and(|named| named.ino() == locked.ino() && named.dev() == locked.dev()) {
                return Ok(Some(file));
            }
        }
    }

    /// A command run as the server's account, in an environment that holds nothing of ours: no secrets, no `PG*` settings.
    pub fn command(&self, program: &Path) -> Command {
        command(program, self.account.as_ref())
    }

    /// Asks a server to stop at once and in order. It is the account that asks, so root never signals a process that the account
    /// could not. Whether it is still there is for the caller to see.
    pub fn interrupt(&self, pid: u32) -> Result<(), Error> {
        let shell = Path::new("/bin/sh");
        let mut kill = self.command(shell);
        kill.args(["-c", "kill -s INT \"$1\"", "sh", &pid.to_string()]).stdout(Stdio::null()).stderr(Stdio::null());
        kill.status().map(drop).map_err(|e| Error::io("run", shell, e))
    }

    /// The folder of the socket, closed to everyone but the server's account: in the directory, or in the temporary directory if
    /// that path is too long or holds a character that PostgreSQL's list of folders gives a meaning. The server records it in
    /// `postmaster.pid`, where other processes find it.
    pub fn socket_dir(&self) -> Result<PathBuf, Error> {
        let folder = self.socket_path()?;
        match DirBuilder::new().mode(0o700).create(&folder) {
            Ok(()) => {
                if let Some(account) = &self.account {
                    lchown(&folder, Some(account.uid), Some(account.gid)).map_err(|e| Error::io("hand over", &folder, e))?;
                }
                // A umask can only have closed it to its own account.
                fs::set_permissions(&folder, Permissions::from_mode(0o700)).map_err(|e| Error::io("open", &folder, e))?;
            }
            Err(e) if e.kind() == ErrorKind::AlreadyExists => {
                let found = fs::symlink_metadata(&folder).map_err(|e| Error::io("look at", &folder, e))?;
                let uid = self.account.as_ref().map_or_else(|| rustix::process::geteuid().as_raw(), |it| it.uid);
                if !found.is_dir() || found.uid() != uid || found.mode() & 0o077 != 0 {
                    return Err(Error::SocketFolder { path: folder });
                }
            }
            Err(e) => return Err(Error::io("make", &folder, e)),
        }
        Ok(folder)
    }

    fn socket_path(&self) -> Result<PathBuf, Error> {
        let inside = self.dir.join("run");
        if usable_for_socket(&inside) {
            return Ok(inside);
        }
        // Named by the directory's identity: the same at every start, different for every directory.
        let identity = fs::metadata(&self.dir).map_err(|e| Error::io("look at", &self.dir, e))?;
        let name = format!("haat-pg-{:x}-{:x}", identity.dev(), identity.ino());
        let own = std::env::temp_dir().join(&name);
        // Root's temporary directory may be closed to the account; /tmp is open to all.
        if self.account.is_none() && usable_for_socket(&own) {
            return Ok(own);
        }
        Ok(Path::new("/tmp").join(name))
    }
}

impl Account {
    /// The owner of what is there, so that a cluster keeps its account; else PostgreSQL's own, else the one that owns nothing.
    fn for_directory(dir: &Path) -> Result<Self, Error> {
        if dir.exists() {
            let (uid, gid) = owner_of(dir)?;
            if uid != 0 {
                return Ok(Self { name: format!("account {uid}"), uid, gid });
            }
        }
        let accounts = fs::read_to_string("/etc/passwd").unwrap_or_default();
        ["postgres", "nobody"].iter().find_map(|name| Self::named(name, &accounts)).ok_or(Error::NoAccount)
    }

    /// An account of `/etc/passwd`. Some systems write the ids of nobody as negative numbers.
    fn named(name: &str, accounts: &str) -> Option<Self> {
        let id = |text: &str| text.parse::<u32>().ok().or_else(|| text.parse::<i32>().ok().map(i32::cast_unsigned));
        accounts.lines().find_map(|line| {
            let mut fields = line.split(':');
            let found = fields.next()? == name;
            let (uid, gid) = (id(fields.nth(1)?)?, id(fields.next()?)?);
            (found && uid != 0).then(|| Self { name: format!("account {name}"), uid, gid })
        })
    }
}

/// The directory a command uses by default for its data: `/var/lib/haat/NAME` for root (a home of root's is closed to the account
/// that runs the server), else `haat/NAME` in the user's data directory (XDG).
///
/// # Errors
/// [`Error::NoHome`] if neither `XDG_DATA_HOME` nor `HOME` is set.
#[expect(clippy::disallowed_methods, reason = "where the user's data live is what this is for")]
pub fn default_dir(name: &str) -> Result<PathBuf, Error> {
    if rustix::process::geteuid().is_root() {
        return Ok(Path::new("/var/lib/haat").join(name));
    }
    let absolute = |variable: &str| std::env::var_os(variable).map(PathBuf::from).filter(|path| path.is_absolute());
    let data = absolute("XDG_DATA_HOME").or_else(|| Some(absolute("HOME")?.join(".local/share")));
    Ok(data.ok_or(Error::NoHome)?.join("haat").join(name))
}

/// Our lock file is made before anything else, so a directory that holds something and not that is not ours. The order matters: listed
/// first, looked for then, the answer is right while another process is claiming the same directory.
fn refuse_foreign(dir: &Path) -> Result<(), Error> {
    let empty = fs::read_dir(dir).map_err(|e| Error::io("read", dir, e))?.next().is_none();
    if empty || dir.join(CLUSTER_LOCK).is_file() {
        return Ok(());
    }
    // Gone meanwhile: it was a cluster that removed itself.
    if fs::read_dir(dir).is_ok_and(|mut entries| entries.next().is_none()) {
        return Ok(());
    }
    Err(Error::NotOurs { dir: dir.to_owned() })
}

/// Tries, as the account, to enter what exists of the path, and names the first directory that it cannot.
fn refuse_closed(dir: &Path, account: &Account) -> Result<(), Error> {
    let existing: Vec<&Path> = dir.ancestors().filter(|path| path.is_dir()).collect();
    // Root's own empty directory is handed over before it is used.
    let entered: Vec<&Path> = existing.into_iter().filter(|path| *path != dir || owner_of(path).is_ok_and(|it| it.0 != 0)).collect();
    let Some(deepest) = entered.first() else { return Ok(()) };
    if enters(deepest, account)? {
        return Ok(());
    }
    for path in entered.iter().rev() {
        if !enters(path, account)? {
            return Err(Error::Closed { dir: dir.to_owned(), closed: (*path).to_owned(), account: account.name.clone() });
        }
    }
    Ok(())
}

fn enters(dir: &Path, account: &Account) -> Result<bool, Error> {
    let shell = Path::new("/bin/sh");
    let mut enter = command(shell, Some(account));
    enter.args(["-c", "cd \"$1\"", "sh"]).arg(dir).stdout(Stdio::null()).stderr(Stdio::null());
    Ok(enter.status().map_err(|e| Error::io("run", shell, e))?.success())
}

#[expect(clippy::disallowed_methods, reason = "what the server's programs need of our environment is handed on, and nothing else")]
fn command(program: &Path, account: Option<&Account>) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("LC_ALL", "C").env("TZ", "UTC").current_dir("/").stdin(Stdio::null());
    for kept in ["PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"] {
        if let Some(value) = std::env::var_os(kept) {
            command.env(kept, value);
        }
    }
    if let Some(account) = account {
        command.uid(account.uid).gid(account.gid);
    }
    command
}

fn owner_of(path: &Path) -> Result<(u32, u32), Error> {
    let found = fs::metadata(path).map_err(|e| Error::io("look at", path, e))?;
    Ok((found.uid(), found.gid()))
}

/// PostgreSQL takes a list of folders, so commas, quotes and blanks mean something to it, and `postmaster.pid` is read by line.
fn usable_for_socket(folder: &Path) -> bool {
    let bytes = folder.as_os_str().as_encoded_bytes();
    let plain = bytes.iter().all(|b| b.is_ascii_alphanumeric() || b"/._-+=@%~:".contains(b));
    plain && bytes.len() + "/".len() + SOCKET.len() <= MAX_SOCKET_PATH
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Account, MAX_SOCKET_PATH, SOCKET, usable_for_socket};

    #[test]
    fn sockets_need_short_and_plain_paths() {
        let longest = format!("/{}", "x".repeat(MAX_SOCKET_PATH - SOCKET.len() - 2));
        assert!(usable_for_socket(Path::new(&longest)));
        assert!(!usable_for_socket(Path::new(&format!("{longest}x"))));
        assert!(usable_for_socket(Path::new("/var/lib/haat/demo/run")));
        for meaning in ["/home/a, b/run", "/home/a\"b/run", "/home/a b/run", "/home/a\nb/run"] {
            assert!(!usable_for_socket(Path::new(meaning)), "{meaning:?}");
        }
    }

    #[test]
    fn accounts_are_found_by_their_whole_name_and_are_never_root() {
        let accounts = "root:x:0:0::/root:/bin/sh\nnobodyelse:x:7:7::/:/bin/sh\nnobody:*:-2:-2::/:/bin/false\npostgres:x:0:0::/:/bin/sh\n";
        let nobody = Account::named("nobody", accounts).expect("is listed");
        assert_eq!((nobody.uid, nobody.gid), (u32::MAX - 1, u32::MAX - 1));
        assert!(Account::named("postgres", accounts).is_none(), "an account with root's id is root");
        assert!(Account::named("mallory", accounts).is_none());
    }
}
