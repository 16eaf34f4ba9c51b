//! What the operating system accounts.
use std::{
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use crate::Failure;

/// Of one run.
#[derive(Clone, Copy, Debug, Default, serde::Serialize)]
pub struct Figures {
    pub per_second: f64,
    pub p50_micros: u32,
    pub p99_micros: u32,
    /// CPU of the server and of PostgreSQL, for each request.
    pub server_micros: f64,
    pub postgres_micros: f64,
}

/// CPU in microseconds: of the server, of PostgreSQL.
pub type Cpu = (u64, u64);

impl Figures {
    pub fn cpu_micros(&self) -> f64 {
        self.server_micros + self.postgres_micros
    }
}

/// What was counted, so that several turns can be added up.
#[derive(Default)]
pub struct Measured {
    pub requests: u64,
    pub took: Duration,
    pub micros: Vec<u32>,
    pub cpu: Cpu,
    /// What the CPU was spent on: more than `requests` where work went on after the time was over.
    pub paid: u64,
}
impl Measured {
    pub fn add(&mut self, other: Self) {
        self.requests += other.requests;
        self.took += other.took;
        self.micros.extend(other.micros);
        self.cpu = (self.cpu.0 + other.cpu.0, self.cpu.1 + other.cpu.1);
        self.paid += other.paid;
    }
    pub fn figures(mut self) -> Figures {
        self.micros.sort_unstable();
        let at = |share: f64| self.micros.get(((self.micros.len() as f64 - 1.0) * share) as usize).copied().unwrap_or(0);
        let each = |cpu: u64| if self.paid == 0 { 0.0 } else { cpu as f64 / self.paid as f64 };
        Figures {
            per_second: self.requests as f64 / self.took.as_secs_f64(),
            p50_micros: at(0.50),
            p99_micros: at(0.99),
            server_micros: each(self.cpu.0),
            postgres_micros: each(self.cpu.1),
        }
    }
}

/// What Linux counts CPU time in: `sysconf(_SC_CLK_TCK)` has been 100 on every architecture for decades.
const MICROS_PER_TICK: u64 = 10_000;

/// (ppid, own CPU, that of children who ended), in microseconds.
fn stat(pid: u32) -> Option<(u32, u64, u64)> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name is in brackets and may hold anything.
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    let n = |at: usize| fields.get(at)?.parse::<u64>().ok();
    Some((u32::try_from(n(1)?).ok()?, (n(11)? + n(12)?) * MICROS_PER_TICK, (n(13)? + n(14)?) * MICROS_PER_TICK))
}

/// CPU of one process.
pub fn cpu(pid: u32) -> u64 {
    stat(pid).map_or(0, |(_, own, _)| own)
}
/// CPU of a process, its children, and its children that have ended.
pub fn family_cpu(pid: u32) -> u64 {
    let processes = std::fs::read_dir("/proc").into_iter().flatten().filter_map(|e| e.ok()?.file_name().to_str()?.parse::<u32>().ok());
    let children: u64 = processes.filter_map(stat).filter(|(parent, ..)| *parent == pid).map(|(_, own, ended)| own + ended).sum();
    children + stat(pid).map_or(0, |(_, own, ended)| own + ended)
}

/// `VmRSS` or `VmHWM`, in MB.
pub fn memory(pid: u32, what: &str) -> Option<f64> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = text.lines().find(|line| line.starts_with(what))?;
    Some(line.split_whitespace().nth(1)?.parse::<f64>().ok()? / 1024.0)
}

/// What a command took.
pub struct Ran {
    pub took: Duration,
    /// Its highest, in MB.
    pub memory: f64,
}
/// Runs a command to its end; what it says goes to a file, and into the error if it fails.
pub fn ran(mut command: Command, log: &Path) -> Result<Ran, Failure> {
    let begun = Instant::now();
    let mut child = command.stdin(Stdio::null()).stdout(std::fs::File::create(log)?).stderr(Stdio::null()).spawn()?;
    let mut memory = 0.0_f64;
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        memory = memory.max(self::memory(child.id(), "VmHWM").unwrap_or(0.0));
        std::thread::sleep(Duration::from_millis(10));
    };
    if !status.success() {
        return Err(format!("{command:?} ended with {status}: {}", std::fs::read_to_string(log)?).into());
    }
    Ok(Ran { took: begun.elapsed(), memory })
}

/// How busy the machine was before we came: processes that ran or wanted to, over the last minute.
pub fn load_average() -> String {
    std::fs::read_to_string("/proc/loadavg").ok().and_then(|t| t.split(' ').next().map(str::to_owned)).unwrap_or_else(|| "unknown".into())
}
