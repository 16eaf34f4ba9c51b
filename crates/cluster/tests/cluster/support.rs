//! Folders, second processes and signals.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
    sync::Mutex,
    time::{Duration, Instant},
};

use rustix::{
    fs::FlockOperation,
    process::{Pid, Signal},
};

/// Where a second process is told its directory.
const GIVEN: &str = "CLUSTER_TEST_DIR";

/// What a second process says to its test, among what the test harness prints.
const SAYS: &str = "says: ";

/// An absent directory with a name of its own, removed with what is in it when the test ends.
pub struct Folder {
    pub path: PathBuf,
}

impl Folder {
    pub fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("haat-cluster-{name}-{}", std::process::id()));
        assert!(!path.exists(), "{} is left from another run", path.display());
        Self { path: fs::canonicalize(std::env::temp_dir()).unwrap().join(path.file_name().unwrap()) }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}

pub fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

pub fn open_to_all(path: &Path) {
    set_mode(path, 0o755);
}

/// This binary once more, running one ignored test.
pub struct Second {
    child: Child,
    lines: Mutex<BufReader<ChildStdout>>,
}

impl Second {
    pub fn run(test: &str, dir: &Path) -> Self {
        Self::run_with(test, dir, &[])
    }

    pub fn run_with(test: &str, dir: &Path, environment: &[(&str, &str)]) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", test, "--ignored", "--nocapture", "--test-threads=1"]).env(GIVEN, dir);
        command.envs(environment.iter().copied()).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let lines = Mutex::new(BufReader::new(child.stdout.take().unwrap()));
        Self { child, lines }
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The next thing it says.
    pub fn line(&self) -> String {
        let mut lines = self.lines.lock().unwrap();
        loop {
            let mut line = String::new();
            assert_ne!(lines.read_line(&mut line).unwrap(), 0, "the second process ended silently");
            if let Some((_, said)) = line.trim_end().split_once(SAYS) {
                return said.to_owned();
            }
        }
    }

    /// All it has yet to say; it must succeed.
    pub fn rest(self) -> String {
        let mut all = String::new();
        self.lines.lock().unwrap().read_to_string(&mut all).unwrap();
        self.finish();
        all
    }

    /// Lets it go on to its end, which must be a success.
    pub fn finish(mut self) {
        drop(self.child.stdin.take());
        let mut unread = String::new();
        self.lines.lock().unwrap().read_to_string(&mut unread).unwrap();
        assert!(self.child.wait().unwrap().success(), "{unread}");
    }
}

impl Drop for Second {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// In a second process: the directory it was given.
pub fn given() -> PathBuf {
    std::env::var_os(GIVEN).expect("run by another test").into()
}

pub fn say(text: &str) {
    println!("{SAYS}{text}");
    std::io::stdout().flush().unwrap();
}

/// In a second process: waits until the test lets it go on.
pub fn wait_for_end() {
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
}

pub fn server_pid(dir: &Path) -> u32 {
    let text = fs::read_to_string(dir.join("pgdata/postmaster.pid")).unwrap();
    text.lines().next().unwrap().parse().unwrap()
}

pub fn kill(pid: u32) {
    rustix::process::kill_process(process(pid), Signal::KILL).unwrap();
}

/// Whether a process runs; one that has ended and waits to be collected does not.
pub fn alive(pid: u32) -> bool {
    let ended = fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|it| it.contains(") Z "));
    !ended && rustix::process::test_kill_process(process(pid)).is_ok()
}

fn process(pid: u32) -> Pid {
    Pid::from_raw(pid.try_into().unwrap()).unwrap()
}

/// Processes whose command line holds both.
#[cfg(target_os = "linux")]
pub fn processes_naming(text: &str, dir: &Path) -> Vec<u32> {
    let dir = dir.to_string_lossy();
    let processes = fs::read_dir("/proc").unwrap().flatten().filter_map(|it| it.file_name().to_str()?.parse().ok());
    let names_both = |pid: &u32| {
        let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line);
        line.contains(text) && line.contains(&*dir)
    };
    processes.filter(names_both).collect()
}

/// Whether nobody holds the locks of a cluster's directory.
pub fn unlocked(dir: &Path) -> bool {
    ["cluster.lock", "server.lock"].iter().all(|name| {
        let file = fs::File::open(dir.join(name)).unwrap();
        rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok()
    })
}

pub fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(20), "never: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
