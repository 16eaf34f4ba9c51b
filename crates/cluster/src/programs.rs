//! Where PostgreSQL's server programs are.

use std::{
    ffi::OsStr,
    fs,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
    process::Command,
};

use crate::Error;

/// The oldest major version that we use: its `MERGE`, `NULLS NOT DISTINCT` and faster sorts are relied on.
pub const OLDEST: u32 = 15;

/// Where packages put versions side by side: a folder, how its entries begin, and what follows the entry.
const PACKAGED: [(&str, &str, &str); 6] = [
    ("/usr/lib/postgresql", "", "bin"),                          // Debian, Ubuntu
    ("/usr", "pgsql-", "bin"),                                   // PostgreSQL's own packages for Fedora and its kin
    ("/usr/lib64", "pgsql-", "bin"),                             // Fedora's versioned packages
    ("/opt/homebrew/opt", "postgresql", "bin"),                  // Homebrew on Apple silicon
    ("/usr/local/opt", "postgresql", "bin"),                     // Homebrew on Intel
    ("/Applications/Postgres.app/Contents/Versions", "", "bin"), // Postgres.app
];

/// A directory that holds both programs.
#[derive(Debug)]
pub struct Programs {
    pub dir: PathBuf,
    pub major: u32,
}

/// The directory of the newest server programs on this machine. `PG_BINDIR`, if set, is the only place looked at.
///
/// # Errors
/// [`Error::NoServer`] if there are none of version 15 or newer.
pub fn bin_dir() -> Result<PathBuf, Error> {
    newest().map(|found| found.dir)
}

pub fn newest() -> Result<Programs, Error> {
    let (usable, looked_at) = all();
    usable.into_iter().max_by_key(|it| it.major).ok_or(Error::NoServer { looked_at })
}

/// The programs of the version that made a data directory: no other can run it.
pub fn of_version(major: u32, data: &Path) -> Result<Programs, Error> {
    let (mut usable, looked_at) = all();
    if usable.is_empty() {
        return Err(Error::NoServer { looked_at });
    }
    usable.sort_by_key(|it| it.major);
    let available: Vec<String> = usable.iter().map(|it| it.major.to_string()).collect();
    usable.into_iter().find(|it| it.major == major).ok_or_else(|| Error::VersionMismatch {
        data: data.to_owned(),
        made_by: major,
        available: format!("PostgreSQL {}", available.join(" and ")),
    })
}

/// Every usable pair of programs in the order found, and every place looked at.
fn all() -> (Vec<Programs>, Vec<String>) {
    let (mut usable, mut looked_at) = (Vec::new(), Vec::new());
    look(candidates(), &mut usable, &mut looked_at);
    // Asked last, because on some systems it belongs to another package and is slow.
    if usable.is_empty() && env("PG_BINDIR").is_none() {
        look(from_pg_config(), &mut usable, &mut looked_at);
    }
    (usable, looked_at)
}

fn look(candidates: Vec<PathBuf>, usable: &mut Vec<Programs>, looked_at: &mut Vec<String>) {
    for dir in candidates {
        let shown = dir.display().to_string();
        let dir = fs::canonicalize(&dir).unwrap_or(dir);
        if usable.iter().any(|it| it.dir == dir) {
            continue;
        }
        match major_version(&dir) {
            Some(major) if major >= OLDEST => usable.push(Programs { dir, major }),
            Some(major) => looked_at.push(format!("{shown} (PostgreSQL {major})")),
            None => looked_at.push(shown),
        }
    }
}

fn candidates() -> Vec<PathBuf> {
    if let Some(only) = env("PG_BINDIR") {
        return vec![only.into()];
    }
    let mut found = Vec::new();
    for (root, prefix, tail) in PACKAGED {
        let entries = fs::read_dir(root).into_iter().flatten().flatten();
        found.extend(entries.filter(|e| e.file_name().as_bytes().starts_with(prefix.as_bytes())).map(|e| e.path().join(tail)));
    }
    // A link in PATH may stand alone: the programs are beside what it points to.
    let path = env("PATH").unwrap_or_default();
    let linked = |dir: PathBuf| fs::canonicalize(dir.join("postgres")).ok()?.parent().map(Path::to_owned);
    found.extend(std::env::split_paths(&path).filter_map(linked));
    found
}

fn from_pg_config() -> Vec<PathBuf> {
    let Ok(answer) = Command::new("pg_config").arg("--bindir").output() else { return Vec::new() };
    if !answer.status.success() {
        return Vec::new();
    }
    vec![OsStr::from_bytes(answer.stdout.trim_ascii()).into()]
}

/// Debian names the folder by the version, which saves asking the program (20 ms at every start); a false name would be found out by
/// the server, which refuses data of another version.
fn major_version(dir: &Path) -> Option<u32> {
    if !dir.join("initdb").is_file() || !dir.join("postgres").is_file() {
        return None;
    }
    let named = dir.strip_prefix(PACKAGED[0].0).ok().and_then(|rest| rest.iter().next()?.to_str()?.parse().ok());
    if named.is_some() {
        return named;
    }
    let answer = Command::new(dir.join("postgres")).arg("--version").output().ok()?;
    parse_version(&String::from_utf8_lossy(&answer.stdout))
}

/// `postgres (PostgreSQL) 17.5 (Debian …)` → 17; also `18beta1`, `19devel`.
fn parse_version(text: &str) -> Option<u32> {
    let version = text.strip_prefix("postgres (PostgreSQL) ")?;
    let digits = version.bytes().take_while(u8::is_ascii_digit).count();
    version.get(..digits)?.parse().ok()
}

#[expect(clippy::disallowed_methods, reason = "finding installed programs is this module's whole purpose")]
fn env(name: &str) -> Option<std::ffi::OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::parse_version;

    #[test]
    fn versions_as_servers_print_them() {
        for (text, major) in [
            ("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n", Some(15)),
            ("postgres (PostgreSQL) 18beta1\n", Some(18)),
            ("postgres (PostgreSQL) 19devel\n", Some(19)),
            ("postgres (PostgreSQL) 9.6.24\n", Some(9)),
            ("postgres (PostgreSQL) devel\n", None),
            ("PostgreSQL 15.18", None),
            ("", None),
        ] {
            assert_eq!(parse_version(text), major, "{text:?}");
        }
    }
}
