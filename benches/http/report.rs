//! The table, and what was aimed at beside what was measured.
use crate::{
    Failure,
    measure::{Figures, load_average},
};

/// What a goal is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// CPU, memory, one measured beside another in the same run: a busy machine moves it little.
    Steady,
    /// Of two of the same run: `--check` fails when one is missed.
    Ratio,
    /// A time or a rate: it says nothing on a machine that does other things too.
    Clock,
}

/// Something aimed at.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Goal {
    pub what: String,
    pub kind: Kind,
    pub met: bool,
}
impl Goal {
    pub fn at_most(what: impl Into<String>, kind: Kind, got: f64, limit: f64) -> Self {
        Self { what: what.into(), kind, met: got <= limit }
    }
    pub fn at_least(what: impl Into<String>, kind: Kind, got: f64, limit: f64) -> Self {
        Self { what: what.into(), kind, met: got >= limit }
    }
    pub fn cpu(figures: &Figures, micros: f64) -> Self {
        Self::at_most(format!("CPU ≤ {micros} µs"), Kind::Steady, figures.cpu_micros(), micros)
    }
    pub fn p99(figures: &Figures, millis: f64) -> Self {
        Self::at_most(format!("p99 ≤ {millis} ms"), Kind::Clock, f64::from(figures.p99_micros) / 1000.0, millis)
    }
    pub fn rate(figures: &Figures, per_second: f64) -> Self {
        Self::at_least(format!("≥ {per_second}/s"), Kind::Clock, figures.per_second, per_second)
    }
    fn told(&self) -> String {
        format!("{}: {}", self.what, if self.met { "met" } else { "MISSED" })
    }
}

/// One line of the table.
#[derive(serde::Serialize)]
struct Line {
    what: String,
    figures: Figures,
    goals: Vec<Goal>,
}
/// A figure that is no request's.
#[derive(serde::Serialize)]
struct Note {
    what: String,
    value: String,
    goals: Vec<Goal>,
}

#[derive(serde::Serialize)]
pub struct Report {
    products: usize,
    connections: usize,
    seconds: f64,
    cores: usize,
    /// Before the run.
    load_average: String,
    lines: Vec<Line>,
    notes: Vec<Note>,
}

const HEAD: &str = "| what                                 |   req/s | p50 ms | p99 ms | Haat µs |   PG µs | CPU µs | goals |
|---|---:|---:|---:|---:|---:|---:|---|";

impl Report {
    pub fn of(products: usize, connections: usize, seconds: f64) -> Self {
        let cores = std::thread::available_parallelism().map_or(0, usize::from);
        Self { products, connections, seconds, cores, load_average: load_average(), lines: Vec::new(), notes: Vec::new() }
    }
    pub fn begin(&self) {
        let Self { products, connections, seconds, cores, load_average, .. } = self;
        println!(
            "\n{products} products, {connections} connections, {seconds} s each, {cores} cores, load average before the run {load_average}. Rates \
             and times have the load generator aboard; on a machine that does anything else they say nothing, and CPU says a little too much.\n\n{HEAD}"
        );
    }
    pub fn add(&mut self, what: &str, figures: Figures, goals: Vec<Goal>) {
        let line = Line { what: what.into(), figures, goals };
        println!("{}", row(&line));
        self.lines.push(line);
    }
    pub fn note(&mut self, what: &str, value: String, goals: Vec<Goal>) {
        self.notes.push(Note { what: what.into(), value, goals });
    }
    fn goals(&self) -> impl Iterator<Item = (&str, &Goal)> {
        let lines = self.lines.iter().flat_map(|l| l.goals.iter().map(|g| (l.what.as_str(), g)));
        lines.chain(self.notes.iter().flat_map(|n| n.goals.iter().map(|g| (n.what.as_str(), g))))
    }
    /// Whether no ratio was missed.
    pub fn ratios_are_met(&self) -> bool {
        self.goals().all(|(_, goal)| goal.kind != Kind::Ratio || goal.met)
    }
    /// What is no request's, what was missed, and all of it as JSON.
    pub fn end(&self, path: &std::path::Path) -> Result<(), Failure> {
        println!("\n| what                                 | value | goals |\n|---|---|---|");
        for note in &self.notes {
            println!("| {:<36} | {} | {} |", note.what, note.value, told(&note.goals));
        }
        let (mut met, mut missed) = (0, Vec::new());
        for (what, goal) in self.goals() {
            if goal.met { met += 1 } else { missed.push(format!("{what}: {}", goal.what)) }
        }
        println!("\n{met} goals met, {} missed{}{}", missed.len(), if missed.is_empty() { "" } else { ": " }, missed.join("; "));
        if let Some(dir) = path.parent() {
            std::fs::create_dir_all(dir)?;
        }
        std::fs::write(path, serde_json::to_vec_pretty(self)?)?;
        println!("the same as JSON: {}", path.display());
        Ok(())
    }
}

fn told(goals: &[Goal]) -> String {
    goals.iter().map(Goal::told).collect::<Vec<_>>().join(", ")
}

fn row(line: &Line) -> String {
    let f = &line.figures;
    let ms = |micros: u32| f64::from(micros) / 1000.0;
    format!(
        "| {:<36} | {:>7.0} | {:>6.2} | {:>6.2} | {:>7.0} | {:>7.0} | {:>6.0} | {} |",
        line.what,
        f.per_second,
        ms(f.p50_micros),
        ms(f.p99_micros),
        f.server_micros,
        f.postgres_micros,
        f.cpu_micros(),
        told(&line.goals)
    )
}
