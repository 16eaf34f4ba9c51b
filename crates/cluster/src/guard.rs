//! The guard: a shell that outlives us just long enough to stop the server.
//!
//! It runs as the server's account, in a process group of its own, so that neither Ctrl-C nor a closed terminal reaches the server
//! before we have finished with it. A signal from the kernel on our death would not do: on Linux it follows the *thread* that
//! started the process, and elsewhere there is none.

use std::{
    fs::{self, File},
    io::{Read, Seek, SeekFrom},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Stdio},
    time::Instant,
};

use crate::{Error, Life, PATIENCE, POLL, pidfile::PidFile, place::Place};

/// `$1` programs, `$2` data, `$3` socket folder, `$4` log, `$5` the signal that stops the server, `$6` what to remove at the end or
/// nothing; the rest are the server's options. It comes with the pipe on 0, the directory's lock on 1 and the server's lock on 2.
///
/// `read` ends when the last writing end of the pipe is closed, that is, when we are gone. The stopper asks again each second because
/// a server that has only just begun ignores the signal. It holds the directory's lock too: as long as one of the two lives, the
/// server will be stopped. (`sleep` does not: it would keep the directory locked for a second after the end.) A server that ended without being asked leaves everything as it is, for the log to be read. The directory's
/// lock, which marks it as ours, goes last.
const GUARD: &str = r#"
bin=$1 data=$2 sock=$3 log=$4 signal=$5 remove=$6; shift 6
trap '' HUP INT TERM
exec 3<&0 4>&1 5>&2 </dev/null >>"$log" 2>&1 || exit
"$bin/postgres" -D "$data" -k "$sock" "$@" 3<&- 4>&- &
server=$!
exec 5>&-
( read -r _ <&3; : >"$sock/asked"; while kill -s "$signal" $server 2>/dev/null; do sleep 1 4>&-; done ) &
stopper=$!
exec 3<&-
wait $server; status=$?
kill -s KILL $stopper 2>/dev/null
rm "$sock/asked" 2>/dev/null || exit 1
rmdir "$sock" 2>/dev/null
if [ -n "$remove" ]; then rm -rf "$data" "$log"* "$remove/server.lock"; rm -rf "$remove"; exit; fi
exit $status
"#;

/// Every private server. Log lines go to a file that people pass around, so no statement, parameter or row is written to it.
const SETTINGS: &[&str] = &[
    "port=5432",
    "listen_addresses=",
    "unix_socket_permissions=0700",
    "max_connections=100",
    "shared_buffers=64MB",
    "client_connection_check_interval=1s",
    "jit=off",
    "timezone=UTC",
    "log_timezone=UTC",
    "log_destination=stderr",
    "logging_collector=off",
    "log_statement=none",
    "log_min_duration_statement=-1",
    "log_min_error_statement=panic",
    "log_error_verbosity=terse",
];

const DURABLE: &[&str] = &["fsync=on", "synchronous_commit=on", "full_page_writes=on"];

/// For databases that live for a test: nothing waits for a disk, and no background work visits hundreds of them.
const UNTIL_WE_END: &[&str] =
    &["fsync=off", "synchronous_commit=off", "full_page_writes=off", "wal_level=minimal", "max_wal_senders=0", "autovacuum=off"];

/// A log larger than this is set aside at the next start, and the one set aside before is removed: 4 MB is months of use.
const MAX_LOG: u64 = 4 << 20;

/// How much of the log an error quotes at most: the last lines of a failed start.
const QUOTED_LOG: u64 = 2_000;

/// A running guard. Its standard input is the pipe that keeps the server alive.
#[derive(Debug)]
pub struct Guard {
    shell: Child,
    log: PathBuf,
    /// Where this server's lines begin in the log.
    log_start: u64,
    removes: Option<PathBuf>,
}

impl Guard {
    pub fn spawn(place: &Place, bin: &Path, socket_dir: &Path, lock: File, server_lock: File, life: Life) -> Result<Self, Error> {
        let log = place.log();
        let log_start = match fs::symlink_metadata(&log) {
            Ok(found) if found.len() > MAX_LOG => {
                fs::rename(&log, log.with_extension("log.old")).map_err(|e| Error::io("set aside", &log, e))?;
                0
            }
            Ok(found) => found.len(),
            Err(_) => 0,
        };
        let (settings, signal, removes) = match life {
            Life::Durable => (DURABLE, "INT", None),
            Life::UntilWeEnd => (UNTIL_WE_END, "QUIT", Some(place.dir.clone())),
        };
        let shell = Path::new("/bin/sh");
        let mut command = place.command(shell);
        command.args(["-c", GUARD, "haat-guard"]).arg(bin).arg(place.data()).arg(socket_dir).arg(&log).arg(signal);
        command.arg(removes.as_deref().unwrap_or(Path::new("")));
        for setting in SETTINGS.iter().chain(settings) {
            command.args(["-c", setting]);
        }
        command.process_group(0).stdin(Stdio::piped()).stdout(lock).stderr(server_lock);
        let shell = command.spawn().map_err(|e| Error::io("run", shell, e))?;
        Ok(Self { shell, log, log_start, removes })
    }

    /// Returns when the server accepts connections.
    pub fn wait_ready(mut self, place: &Place) -> Result<Self, Error> {
        let begun = Instant::now();
        loop {
            if PidFile::read(&place.data()).is_some_and(|it| it.ready()) {
                return Ok(self);
            }
            if self.shell.try_wait().map_err(|e| Error::io("wait for", Path::new("/bin/sh"), e))?.is_some() {
                return Err(Error::DidNotStart { said: self.log_tail(), log: self.log.clone() });
            }
            if begun.elapsed() > PATIENCE {
                return Err(Error::NotReady { seconds: PATIENCE.as_secs(), log: self.log.clone() });
            }
            std::thread::sleep(POLL);
        }
    }

    pub fn stop(mut self) -> Result<(), Error> {
        self.end()
    }

    /// Closes the pipe and waits for the shell; once more is nothing.
    fn end(&mut self) -> Result<(), Error> {
        drop(self.shell.stdin.take());
        let ended = self.shell.wait().map_err(|e| Error::io("wait for", Path::new("/bin/sh"), e))?;
        match self.removes.take() {
            // The account could not remove all of it: we may.
            Some(dir) if !ended.success() => match fs::remove_dir_all(&dir) {
                Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(Error::io("remove", &dir, e)),
                _ => Ok(()),
            },
            Some(_) => Ok(()),
            None if ended.success() => Ok(()),
            None => Err(Error::Unclean { log: self.log.clone() }),
        }
    }

    /// What the server wrote since it was started, or its end.
    fn log_tail(&self) -> String {
        let read = || -> std::io::Result<Vec<u8>> {
            let mut file = File::open(&self.log)?;
            let from = file.metadata()?.len().saturating_sub(QUOTED_LOG).max(self.log_start);
            file.seek(SeekFrom::Start(from))?;
            let mut tail = Vec::new();
            file.take(QUOTED_LOG).read_to_end(&mut tail)?;
            Ok(tail)
        };
        read().map(|tail| String::from_utf8_lossy(&tail).trim().to_owned()).unwrap_or_default()
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        // There is nobody to tell; `Cluster::stop` tells.
        let _ = self.end();
    }
}
