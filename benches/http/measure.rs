//! What the operating system accounts, and the table.
use std::time::Duration;

use crate::Failure;

/// Of one run.
#[derive(Clone, Copy, Debug, serde::Serialize)]
pub struct Figures {
    pub per_second: f64,
    pub p50_micros: u32,
    pub p99_micros: u32,
    /// CPU of the server and of PostgreSQL, for each request.
    pub server_micros: f64,
    pub postgres_micros: f64,
}

impl Figures {
    pub fn of(requests: u64, mut micros: Vec<u32>, took: Duration, cpu: (u64, u64)) -> Self {
        micros.sort_unstable();
        let at = |share: f64| micros.get(((micros.len() as f64 - 1.0) * share) as usize).copied().unwrap_or(0);
        let each = |cpu: u64| if requests == 0 { 0.0 } else { cpu as f64 / requests as f64 };
        Self {
            per_second: requests as f64 / took.as_secs_f64(),
            p50_micros: at(0.50),
            p99_micros: at(0.99),
            server_micros: each(cpu.0),
            postgres_micros: each(cpu.1),
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

/// One line of the table.
#[derive(serde::Serialize)]
pub struct Line {
    pub what: String,
    pub figures: Figures,
    pub goal: &'static str,
}

#[derive(Default, serde::Serialize)]
pub struct Report {
    pub products: usize,
    pub connections: usize,
    pub seconds: f64,
    pub lines: Vec<Line>,
    pub notes: Vec<(String, String)>,
}

impl Report {
    pub fn add(&mut self, what: &str, goal: &'static str, figures: Figures) {
        let line = Line { what: what.into(), figures, goal };
        println!("{}", row(&line));
        self.lines.push(line);
    }
    pub fn note(&mut self, what: &str, value: String) {
        println!("| {what:<40} | {value} |");
        self.notes.push((what.into(), value));
    }
    pub fn write(&self, path: &std::path::Path) -> Result<(), Failure> {
        Ok(std::fs::write(path, serde_json::to_vec_pretty(self)?)?)
    }
}

pub const HEAD: &str = "| what                                     |   req/s | p50 ms | p99 ms | Haat µs |   PG µs | CPU µs | goal |\n|---|---:|---:|---:|---:|---:|---:|---|";

fn row(line: &Line) -> String {
    let f = &line.figures;
    let ms = |micros: u32| f64::from(micros) / 1000.0;
    format!(
        "| {:<40} | {:>7.0} | {:>6.2} | {:>6.2} | {:>7.0} | {:>7.0} | {:>6.0} | {} |",
        line.what,
        f.per_second,
        ms(f.p50_micros),
        ms(f.p99_micros),
        f.server_micros,
        f.postgres_micros,
        f.server_micros + f.postgres_micros,
        line.goal
    )
}
