//! What the statements and the migrations keep to.
use std::path::Path;

use super::{bare, code};

/// Each migration's name, `up.sql` and `down.sql`.
fn migrations() -> Vec<(String, String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    let read = |path: &Path, file: &str| std::fs::read_to_string(path.join(file)).unwrap_or_else(|e| panic!("{}/{file}: {e}", path.display()));
    let mut all: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), read(&path, "up.sql"), read(&path, "down.sql")))
        .collect();
    all.sort();
    assert!(all.len() > 5, "the migrations were found");
    all
}

/// Words and punctuation of SQL, without comments and quoted text.
fn tokens(sql: &str) -> Vec<String> {
    let mut found = Vec::new();
    for line in sql.lines() {
        let line = line.split("--").next().unwrap_or_default();
        // Every second part is within quotes.
        for part in line.split('\'').step_by(2) {
            let mut word = String::new();
            for c in part.chars() {
                if c.is_ascii_alphanumeric() || c == '_' || c == '.' {
                    word.push(c.to_ascii_uppercase());
                    continue;
                }
                if !word.is_empty() {
                    found.push(std::mem::take(&mut word));
                }
                if !c.is_whitespace() {
                    found.push(c.to_string());
                }
            }
            if !word.is_empty() {
                found.push(word);
            }
        }
    }
    found
}

/// A constraint without a name cannot be told apart in an error, and is called differently by every database.
fn unnamed(sql: &str) -> Vec<String> {
    let tokens = tokens(sql);
    let at = |i: usize| tokens.get(i).map_or("", String::as_str);
    let named = |i: usize| i >= 2 && at(i - 2) == "CONSTRAINT";
    let mut found = Vec::new();
    for i in 0..tokens.len() {
        let wrong = match at(i) {
            "PRIMARY" => at(i + 1) == "KEY" && !named(i),
            "FOREIGN" => at(i + 1) == "KEY" && !named(i),
            "UNIQUE" => at(i.wrapping_sub(1)) != "CREATE" && !named(i),
            "CHECK" => at(i + 1) == "(" && !named(i),
            "EXCLUDE" => !named(i),
            // After a foreign key's columns it belongs to that constraint, which has its name.
            "REFERENCES" => !named(i) && at(i.wrapping_sub(1)) != ")",
            _ => false,
        };
        if wrong {
            found.push(format!("{} {} {}", at(i.wrapping_sub(1)), at(i), at(i + 1)));
        }
    }
    found
}

/// The database's own clock: tests could not move it, and a replica's differs.
fn own_clock(text: &str) -> Vec<String> {
    let calls = ["now()", "clock_timestamp()", "statement_timestamp()", "transaction_timestamp()"];
    let words = ["current_timestamp", "current_date", "localtimestamp"];
    let in_line = |line: &str| {
        let lower = line.split("--").next().unwrap_or_default().to_lowercase();
        // `x.now()` and `X::now()` are Rust, and go through App's clock (clippy.toml).
        let call =
            |c: &str| lower.match_indices(c).any(|(at, _)| !lower[..at].ends_with(|p: char| p == '.' || p == ':' || p == '_' || p.is_alphanumeric()));
        calls.iter().chain(&words).any(|c| call(c))
    };
    text.lines().filter(|line| in_line(line)).map(|line| line.trim().to_owned()).collect()
}

#[test]
fn every_constraint_is_named() {
    let found: Vec<_> =
        migrations().into_iter().flat_map(|(name, up, _)| unnamed(&up).into_iter().map(move |what| format!("{name}: {what}"))).collect();
    assert_eq!(found, Vec::<String>::new());
}
#[test]
fn sql_has_no_clock_of_its_own() {
    let in_migrations = migrations().into_iter().flat_map(|(name, up, _)| own_clock(&up).into_iter().map(move |line| format!("{name}: {line}")));
    let in_code = code().into_iter().flat_map(|(file, text)| own_clock(&bare(&text)).into_iter().map(move |line| format!("{file}: {line}")));
    // The doctor compares the two clocks.
    let fine = |place: &String| !place.contains("fn now()") && !place.starts_with("src/commands/doctor.rs");
    assert_eq!(in_migrations.chain(in_code).filter(fine).collect::<Vec<_>>(), Vec::<String>::new());
}
#[test]
fn control_the_rules_find_what_they_forbid() {
    let fine = "CREATE TABLE t (id uuid CONSTRAINT t_pkey PRIMARY KEY, -- CHECK (x)
        a text NOT NULL CONSTRAINT t_a_known CHECK (a IN ('CHECK (', 'b')), CONSTRAINT t_b FOREIGN KEY (a, id) REFERENCES u (a, id));
        CREATE UNIQUE INDEX t_one ON t (a);";
    assert_eq!(unnamed(fine), Vec::<String>::new());
    for wrong in ["id uuid PRIMARY KEY", "a text UNIQUE", "a integer CHECK (a > 0)", "a uuid REFERENCES u (id)", "FOREIGN KEY (a) REFERENCES u (id)"]
    {
        assert_eq!(unnamed(&format!("CREATE TABLE t ({wrong});")).len(), 1, "{wrong}");
    }
    assert_eq!(own_clock("at timestamptz DEFAULT now(),\nlet at = clock.now();\nInstant::now()\nWHERE day < CURRENT_DATE").len(), 2);
}
