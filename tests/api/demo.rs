//! The demonstration as a person starts it: the real program, on a directory of its own.
use std::{
    collections::BTreeSet,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
};

use crate::support::{Answer, Client};

/// What is played, in its order.
const STEPS: [&str; 9] = [
    "The manager signs in",
    "She corrects the three cells and imports the sheet",
    "each part of the price",
    "She checks out",
    "The webhook arrives",
    "The cooperative ships",
    "file of rupees",
    "Her own device verifies the record, offline, and that the public log has it",
    "Every balance is proven",
];

fn demo(dir: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_haat")).args(["demo", "--exit", "--port", "0", "--data-dir"]).arg(dir).output().unwrap()
}

/// One that goes on serving when its story has been told. It ends with the test, whatever happens.
struct Serving {
    child: Child,
    url: String,
}
impl Serving {
    fn start(dir: &Path) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_haat"));
        let mut child = command.args(["demo", "--port", "0", "--data-dir"]).arg(dir).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let ready = lines.find(|line| line.trim_start().starts_with("ready")).expect("it starts");
        let url = ready.split_whitespace().nth(1).unwrap().to_owned();
        lines.find(|line| line.contains("The story held")).expect("its story holds");
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, url }
    }
    async fn get(&self, path: &str) -> Answer {
        Client::new(&self.url).get(path).await
    }
    fn end(mut self) {
        assert!(Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap().success());
        assert!(self.child.wait().unwrap().success());
    }
}
impl Drop for Serving {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// What stands between `before` and the next quotation mark, wherever it stands.
fn quoted(page: &str, before: &str) -> Vec<String> {
    page.split(before).skip(1).filter_map(|rest| rest.split('"').next()).map(ToOwned::to_owned).collect()
}

/// Every mail of every start is there, as a page in a frame that can do nothing, and what it links to exists.
async fn the_mailbox_is_whole(demo: &Serving, starts: usize) {
    // To the first cooperative of the world: its invitation, and each start's order and payout. The worker sends a moment later.
    let told = |list: &str| list.matches(">office@lal-darwaza.example<").count();
    let mut list = String::new();
    for _ in 0..100 {
        list = demo.get("/mailbox").await.text;
        if told(&list) > 2 * starts {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    let paid = list.split("<strong>").skip(1).filter(|rest| rest.split('<').next().unwrap().contains(" is paid")).count();
    assert_eq!((told(&list), paid), (2 * starts + 1, starts), "{list}");
    let mails = quoted(&list, "<a href=\"/mailbox/");
    assert_eq!(mails.len(), mails.iter().collect::<BTreeSet<_>>().len());
    let mut links = BTreeSet::new();
    for id in &mails {
        let shown = demo.get(&format!("/mailbox/{id}")).await;
        let policy = shown.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{policy}");
        assert!(shown.text.contains("sandbox=\"allow-popups allow-popups-to-escape-sandbox\""), "{}", shown.text);
        let page = demo.get(&format!("/mailbox/{id}/page")).await;
        let policy = page.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.contains("default-src 'none'") && policy.contains("; sandbox allow-popups"), "{policy}");
        assert!(page.text.contains("<head><base target=\"_blank\">") && !page.text.contains("<script"), "{}", page.text);
        links.extend(quoted(&page.text, "href=\"http").into_iter().map(|link| link.replace("&#x2f;", "/")));
    }
    // Each start has another port; what stands behind it is the same.
    let paths: BTreeSet<&str> = links.iter().filter_map(|link| link.splitn(4, '/').nth(3)).map(|path| path.split('#').next().unwrap()).collect();
    assert!(paths.iter().any(|path| path.starts_with("i/")) && paths.iter().any(|path| path.starts_with("invitations/")), "{paths:?}");
    for path in paths {
        assert_eq!(demo.get(&format!("/{path}")).await.status, 200, "a mail links to /{path}");
    }
    // Controls: what no mail is called, and an address that leads nowhere.
    for wrong in ["/mailbox/00", "/mailbox/00/page", "/mailbox/..%2Fworld.key", "/invitation/x"] {
        assert_eq!(demo.get(wrong).await.status, 404, "{wrong}");
    }
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
    let serving = Serving::start(&dir);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(the_mailbox_is_whole(&serving, 3));
    serving.end();
    // Control: without its key the world's signatures and bank details cannot be opened, and the story breaks where they are needed.
    std::fs::write(place.0.join("world.key"), "0".repeat(64)).unwrap();
    let broken = demo(&dir);
    assert_eq!(broken.status.code(), Some(1), "{}", String::from_utf8_lossy(&broken.stdout));
    assert!(String::from_utf8_lossy(&broken.stderr).contains("the story broke at step"), "{}", String::from_utf8_lossy(&broken.stderr));
}
