//! Real servers in real directories. A second process is this test binary again, running one of the tests marked `ignore`.
#![allow(clippy::disallowed_methods, reason = "a test may be asked for more by the environment, and waits by the real clock")]

mod sql;
mod support;

use std::{fs, os::unix::fs::MetadataExt, time::Instant};

use cluster::{Cluster, Error, Life};
use sql::{ask, value};
use support::{Folder, Second, alive, eventually, kill, server_pid};

#[test]
fn a_restart_finds_its_data_and_is_durable() {
    let folder = Folder::new("restart");
    let cold = Instant::now();
    let cluster = Cluster::start(&folder.path, Life::Durable).unwrap();
    println!("cold start, cluster made and synchronised: {:?}", cold.elapsed());
    assert!(cluster.owned());
    assert!(cluster.url("shop").ends_with("/shop"), "{}", cluster.url("shop"));
    let mode = fs::metadata(cluster.socket_dir()).unwrap().mode();
    assert_eq!(mode & 0o077, 0, "the socket's folder is open to others: {mode:o}");
    for (name, expected) in [
        ("fsync", "on"),
        ("listen_addresses", ""),
        ("log_statement", "none"),
        ("TimeZone", "UTC"),
        ("max_connections", "100"),
        ("server_encoding", "UTF8"),
        ("lc_collate", if cfg!(target_os = "macos") { "C" } else { "C.UTF-8" }),
    ] {
        assert_eq!(value(&cluster, "postgres", &format!("SHOW {name}")), expected, "{name}");
    }
    ask(&cluster, "postgres", "CREATE TABLE kept AS SELECT 42 AS n").unwrap();
    let pid = server_pid(&folder.path);
    assert!(!support::unlocked(&folder.path), "control: a running server's directory is locked");
    cluster.stop().unwrap();
    assert!(!alive(pid), "the server outlived stop()");
    assert!(support::unlocked(&folder.path), "something holds the directory after stop()");

    let warm = Instant::now();
    let cluster = Cluster::start(&folder.path, Life::Durable).unwrap();
    println!("start on an existing directory: {:?}", warm.elapsed());
    assert_eq!(value(&cluster, "postgres", "SELECT n FROM kept"), "42");
    drop(cluster);
}

#[test]
fn the_log_quotes_no_statement_and_no_row() {
    let folder = Folder::new("log");
    let cluster = Cluster::start(&folder.path, Life::UntilWeEnd).unwrap();
    ask(&cluster, "postgres", "CREATE TABLE people (email text CONSTRAINT people_once UNIQUE)").unwrap();
    ask(&cluster, "postgres", "INSERT INTO people VALUES ('asha@example.org')").unwrap();
    let twice = ask(&cluster, "postgres", "INSERT INTO people VALUES ('asha@example.org')").unwrap_err();
    assert!(twice.to_string().contains("asha@example.org"), "the client is told: {twice}");
    let log = fs::read_to_string(folder.path.join("postgres.log")).unwrap();
    assert!(log.contains("people_once"), "the failure is logged: {log}");
    assert!(!log.contains("asha"), "{log}");
}

#[test]
fn a_second_start_is_refused_and_a_second_process_attaches_without_stopping_it() {
    let folder = Folder::new("attach");
    let cluster = Cluster::attach_or_start(&folder.path).unwrap();
    assert!(cluster.owned());
    assert!(matches!(Cluster::start(&folder.path, Life::Durable), Err(Error::InUse { .. })));
    ask(&cluster, "postgres", "CREATE TABLE seen AS SELECT 'both' AS by").unwrap();

    let second = Second::run("process_that_attaches", &folder.path);
    assert_eq!(second.line(), "owned false, sees both");
    second.finish();
    assert_eq!(value(&cluster, "postgres", "SELECT by FROM seen"), "both", "the attached process stopped the server");

    let pid = server_pid(&folder.path);
    cluster.stop().unwrap();
    assert!(!alive(pid));
}

#[test]
#[ignore = "a second process, run by another test"]
fn process_that_attaches() {
    let cluster = Cluster::attach_or_start(&support::given()).unwrap();
    support::say(&format!("owned {}, sees {}", cluster.owned(), value(&cluster, "postgres", "SELECT by FROM seen")));
    cluster.stop().unwrap();
}

#[test]
fn of_many_processes_exactly_one_starts_the_server() {
    let folder = Folder::new("race");
    let processes: Vec<Second> = (0..4).map(|_| Second::run("process_that_holds", &folder.path)).collect();
    let owners = processes.iter().filter(|it| it.line() == "owned true").count();
    assert_eq!(owners, 1);
    processes.into_iter().for_each(Second::finish);
    eventually("the server ends with its owner", || !folder.path.join("pgdata/postmaster.pid").exists());
}

#[test]
#[ignore = "a second process, run by another test"]
fn process_that_holds() {
    let cluster = Cluster::attach_or_start(&support::given()).unwrap();
    support::say(&format!("owned {}", cluster.owned()));
    support::wait_for_end();
}

#[test]
fn a_killed_owner_leaves_no_server_and_its_data_is_found_again() {
    let folder = Folder::new("killed");
    let owner = Second::run("process_that_holds", &folder.path);
    assert_eq!(owner.line(), "owned true");
    let pid = server_pid(&folder.path);
    assert!(alive(pid), "control: the server runs while its owner does");
    kill(owner.id());
    eventually("the server ends after its owner", || !alive(pid));
    // And at once, while the guard may still be at work.
    let cluster = Cluster::start(&folder.path, Life::Durable).unwrap();
    assert!(cluster.owned());
}

#[test]
fn a_killed_owner_of_a_short_lived_cluster_leaves_no_folder() {
    let folder = Folder::new("killed-short");
    let owner = Second::run("process_that_holds_for_a_test", &folder.path);
    assert_eq!(owner.line(), "owned true");
    let pid = server_pid(&folder.path);
    assert!(folder.path.join("pgdata").exists(), "control: there was a folder");
    kill(owner.id());
    eventually("the folder goes", || !folder.path.exists());
    assert!(!alive(pid));
}

#[test]
#[ignore = "a second process, run by another test"]
fn process_that_holds_for_a_test() {
    let cluster = Cluster::start(&support::given(), Life::UntilWeEnd).unwrap();
    support::say(&format!("owned {}", cluster.owned()));
    support::wait_for_end();
}

#[test]
fn a_short_lived_cluster_leaves_nothing() {
    let folder = Folder::new("short");
    let cold = Instant::now();
    let cluster = Cluster::start(&folder.path, Life::UntilWeEnd).unwrap();
    println!("cold start, not synchronised: {:?}", cold.elapsed());
    assert_eq!(value(&cluster, "postgres", "SHOW fsync"), "off");
    let pid = server_pid(&folder.path);
    let ending = Instant::now();
    cluster.stop().unwrap();
    println!("stop: {:?}", ending.elapsed());
    assert!(!alive(pid));
    assert!(!folder.path.exists(), "{} is still there", folder.path.display());
}

#[test]
fn after_everything_was_killed_the_next_start_recovers() {
    let folder = Folder::new("power-loss");
    let cluster = Cluster::start(&folder.path, Life::Durable).unwrap();
    ask(&cluster, "postgres", "CREATE TABLE kept AS SELECT 7 AS n").unwrap();
    let pid = server_pid(&folder.path);
    kill(pid);
    assert!(matches!(cluster.stop(), Err(Error::Unclean { .. })), "control: it did not end in order");
    // The number of the killed server belongs to another process by now: to this one.
    let path = folder.path.join("pgdata/postmaster.pid");
    let stale = fs::read_to_string(&path).unwrap();
    assert!(stale.contains("ready"), "control: what is left looks like a running server: {stale}");
    fs::write(&path, stale.replacen(&pid.to_string(), &std::process::id().to_string(), 1)).unwrap();

    let cluster = Cluster::attach_or_start(&folder.path).unwrap();
    assert!(cluster.owned());
    assert_eq!(value(&cluster, "postgres", "SELECT n FROM kept"), "7");
}

#[test]
#[cfg(target_os = "linux")] // It finds the guard in /proc.
fn a_server_without_a_guard_is_stopped_before_the_next_start() {
    let folder = Folder::new("orphan");
    let owner = Second::run("process_that_holds", &folder.path);
    assert_eq!(owner.line(), "owned true");
    let pid = server_pid(&folder.path);
    for guard in support::processes_naming("haat-guard", &folder.path) {
        kill(guard);
    }
    kill(owner.id());
    std::thread::sleep(std::time::Duration::from_millis(200));
    assert!(alive(pid), "control: nobody stopped it");
    let cluster = Cluster::start(&folder.path, Life::Durable).unwrap();
    assert!(!alive(pid));
    assert_ne!(server_pid(&folder.path), pid);
    drop(cluster);
}

#[test]
fn a_path_too_long_or_too_odd_for_a_socket_has_its_socket_elsewhere() {
    let folder = Folder::new("long");
    for name in ["x".repeat(120), "a, b \"c\"".to_owned()] {
        let dir = folder.path.join(name);
        fs::create_dir_all(&folder.path).unwrap();
        support::open_to_all(&folder.path);
        let cluster = Cluster::start(&dir, Life::UntilWeEnd).unwrap();
        let socket_dir = cluster.socket_dir().to_owned();
        assert!(!socket_dir.starts_with(&folder.path), "{}", socket_dir.display());
        let attached = Cluster::attach_or_start(&dir).unwrap();
        assert!(!attached.owned());
        let shown = value(&attached, "postgres", "SHOW data_directory");
        cluster.verify_ours(&shown).unwrap();
        cluster.stop().unwrap();
        assert!(!socket_dir.exists(), "{} is left", socket_dir.display());
        assert!(!dir.exists());
    }
}

#[test]
fn a_server_of_another_directory_is_not_ours() {
    let (one, two) = (Folder::new("one"), Folder::new("two"));
    let one = Cluster::start(&one.path, Life::UntilWeEnd).unwrap();
    let two = Cluster::start(&two.path, Life::UntilWeEnd).unwrap();
    one.verify_ours(&value(&one, "postgres", "SHOW data_directory")).unwrap();
    let refused = one.verify_ours(&value(&two, "postgres", "SHOW data_directory"));
    assert!(matches!(refused, Err(Error::OtherServer { .. })), "{refused:?}");
}

#[test]
fn a_directory_that_is_not_ours_stays_untouched() {
    let folder = Folder::new("foreign");
    fs::create_dir_all(&folder.path).unwrap();
    support::open_to_all(&folder.path);
    fs::write(folder.path.join("letters.txt"), "dear").unwrap();
    let before = fs::metadata(&folder.path).unwrap();
    let refused = Cluster::start(&folder.path, Life::UntilWeEnd).unwrap_err();
    assert!(matches!(refused, Error::NotOurs { .. }), "{refused}");
    let after = fs::metadata(&folder.path).unwrap();
    assert_eq!((before.uid(), before.mode()), (after.uid(), after.mode()));
    assert_eq!(fs::read_dir(&folder.path).unwrap().count(), 1);

    // Control: the same directory, emptied, is taken.
    fs::remove_file(folder.path.join("letters.txt")).unwrap();
    Cluster::start(&folder.path, Life::UntilWeEnd).unwrap().stop().unwrap();
}

#[test]
fn data_of_another_version_is_refused_with_both_versions() {
    let folder = Folder::new("version");
    Cluster::start(&folder.path, Life::Durable).unwrap().stop().unwrap();
    let path = folder.path.join("pgdata/PG_VERSION");
    let version = fs::read_to_string(&path).unwrap();
    fs::write(&path, "14\n").unwrap();
    let refused = Cluster::start(&folder.path, Life::Durable).unwrap_err();
    let said = refused.to_string();
    assert!(said.contains("made by PostgreSQL 14") && said.contains(&format!("has PostgreSQL {}", version.trim())), "{said}");
    // Control: with its own version it starts again.
    fs::write(&path, version).unwrap();
    Cluster::start(&folder.path, Life::Durable).unwrap().stop().unwrap();
}

#[test]
fn an_interrupted_initdb_is_begun_anew() {
    let folder = Folder::new("half");
    Cluster::start(&folder.path, Life::Durable).unwrap().stop().unwrap();
    fs::rename(folder.path.join("pgdata"), folder.path.join("pgdata.new")).unwrap();
    let cluster = Cluster::start(&folder.path, Life::Durable).unwrap();
    assert_eq!(value(&cluster, "postgres", "SELECT 1"), "1");
    assert!(!folder.path.join("pgdata.new").exists());
}

#[test]
fn a_server_that_cannot_start_says_why() {
    let folder = Folder::new("broken");
    Cluster::start(&folder.path, Life::Durable).unwrap().stop().unwrap();
    fs::write(folder.path.join("pgdata/postgresql.conf"), "work_mem = plenty\n").unwrap();
    for life in [Life::Durable, Life::UntilWeEnd] {
        let refused = Cluster::start(&folder.path, life).unwrap_err();
        assert!(matches!(&refused, Error::DidNotStart { said, .. } if said.contains("work_mem")), "{refused}");
    }
}

#[test]
fn without_server_programs_it_says_what_to_install() {
    let folder = Folder::new("nothing-installed");
    let second = Second::run_with("process_without_programs", &folder.path, &[("PG_BINDIR", "/nonexistent/bin")]);
    let said = second.rest();
    for needed in [
        "15 or newer",
        "sudo apt install postgresql",
        "sudo dnf install postgresql-server",
        "sudo pacman -S postgresql",
        "brew install postgresql@17",
        "Looked at: /nonexistent/bin.",
    ] {
        assert!(said.contains(needed), "{needed:?} is missing in: {said}");
    }
    // Control: without the variable the programs of this machine are found.
    assert!(cluster::bin_dir().unwrap().join("initdb").is_file());
}

#[test]
#[ignore = "a second process, run by another test"]
fn process_without_programs() {
    let refused = Cluster::start(&support::given(), Life::UntilWeEnd).unwrap_err();
    assert!(matches!(refused, Error::NoServer { .. }), "{refused}");
    support::say(&refused.to_string());
}

#[test]
fn root_is_told_which_directory_is_closed_to_the_servers_account() {
    if !rustix::process::geteuid().is_root() {
        return; // Only root runs the server as another account.
    }
    let folder = Folder::new("closed");
    let home = folder.path.join("home");
    fs::create_dir_all(&home).unwrap();
    support::set_mode(&home, 0o700);
    let refused = Cluster::start(&home.join("data/pg"), Life::UntilWeEnd).unwrap_err();
    assert!(matches!(&refused, Error::Closed { closed, .. } if *closed == home), "{refused}");
    assert!(!home.join("data").exists(), "something was made before it was refused");
    // Control: opened, it is used, and the server is not root's.
    support::set_mode(&home, 0o711);
    let cluster = Cluster::start(&home.join("data/pg"), Life::UntilWeEnd).unwrap();
    assert_ne!(fs::metadata(cluster.data_directory()).unwrap().uid(), 0);
    cluster.stop().unwrap();
}
