//! The demonstration as a person starts it: the real program, on a directory of its own.
use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
};

/// What is played, in its order.
const STEPS: [&str; 9] = [
    "The manager signs in",
    "She corrects the three cells and imports the sheet",
    "each part of the price",
    "She checks out",
    "The webhook arrives",
    "The cooperative ships",
    "file of rupees",
    "Her own device verifies the record",
    "Every balance is proven",
];

fn demo(dir: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_haat")).args(["demo", "--exit", "--port", "0", "--data-dir"]).arg(dir).output().unwrap()
}

/// A directory that the account running PostgreSQL can enter; removed with all that lies beside it.
struct Place(PathBuf);
impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn the_story_holds_twice_and_a_broken_one_says_where() {
    let place = Place(std::env::temp_dir().join(format!("haat-demo-{}", std::process::id())));
    std::fs::create_dir_all(&place.0).unwrap();
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(&place.0, std::fs::Permissions::from_mode(0o755)).unwrap();
    let dir = place.0.join("world");
    for (round, world) in ["loaded", "as they were"].into_iter().enumerate() {
        let told = demo(&dir);
        let text = String::from_utf8_lossy(&told.stdout);
        assert!(told.status.success(), "round {round}: {text}{}", String::from_utf8_lossy(&told.stderr));
        assert!(text.contains(world), "round {round}: {text}");
        let mut rest = &*text;
        for step in STEPS {
            let at = rest.find(step).unwrap_or_else(|| panic!("{step:?} is not told, or not in its place: {text}"));
            rest = &rest[at..];
        }
        assert_eq!(text.contains("created 5"), round == 0, "the same sheet again changes nothing: {text}");
    }
    // Control: without its key the world's signatures and bank details cannot be opened, and the story breaks where they are needed.
    std::fs::write(place.0.join("world.key"), "0".repeat(64)).unwrap();
    let broken = demo(&dir);
    assert_eq!(broken.status.code(), Some(1), "{}", String::from_utf8_lossy(&broken.stdout));
    assert!(String::from_utf8_lossy(&broken.stderr).contains("the story broke at step"), "{}", String::from_utf8_lossy(&broken.stderr));
}
