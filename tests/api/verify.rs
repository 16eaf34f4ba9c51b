//! `haat verify`, as a person runs it on a file that she saved from an item's page.
use std::{
    path::{Path, PathBuf},
    process::Command,
};

use crate::{pages::piece, support::api_test};

/// A folder of the test's own, gone with the value.
struct Folder(PathBuf);
impl Folder {
    fn new() -> Self {
        let at = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("verify-{}", haat::ids::new_uuid()));
        std::fs::create_dir_all(&at).unwrap();
        Self(at)
    }
    fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }
}
impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}

fn haat(file: &Path, more: &[&str]) -> (i32, String) {
    let done = Command::new(env!("CARGO_BIN_EXE_haat")).arg("verify").arg(file).args(more).output().unwrap();
    (done.status.code().unwrap(), String::from_utf8(done.stdout).unwrap() + &String::from_utf8(done.stderr).unwrap())
}

#[actix_web::test]
async fn a_saved_record_is_judged_in_words_and_by_its_exit_code() {
    api_test(async |app| {
        let code = piece(app).await.code;
        let page = app.visitor().get(&format!("/i/{code}")).await.text.replace("&#x2f;", "/");
        let link = format!("/v1/provenance/items/{code}/bundle");
        assert!(page.contains(&link), "the page links the file");
        let bundle = app.visitor().get(&link).await;
        let folder = Folder::new();
        let whole = folder.file("whole.json", &bundle.bytes);
        let (exit, said) = haat(&whole, &[]);
        assert_eq!(exit, 0, "{said}");
        let phrase = app.visitor().get(&format!("/v1/provenance/items/{code}")).await.expect(200)["phrase"].as_str().unwrap().to_owned();
        for words in ["Indigo dabu stole", &code, &phrase, "whole and unchanged", "does not say that it is true", "Signer"] {
            assert!(said.contains(words), "{words:?} is missing: {said}");
        }
        let id = passport::verify_bundle(&bundle.bytes).bundle.unwrap().item.keys.iter().next().unwrap().id().to_string();
        assert_eq!(haat(&whole, &["--key", &id]).0, 0);
        let stranger = passport::Digest::of(b"another key").to_string();
        let (exit, said) = haat(&whole, &["--key", &stranger]);
        assert!(exit == 1 && said.contains("WRONG"), "{said}");

        let changed = folder.file("changed.json", bundle.text.replacen("\"signature\":\"", "\"signature\":\"A", 1).as_bytes());
        let (exit, said) = haat(&changed, &[]);
        assert!(exit == 1 && said.contains("do not trust it"), "{said}");
        for (name, bytes) in [("empty.json", "".as_bytes()), ("other.json", b"{\"a\": 1}"), ("photo.jpg", b"\xff\xd8\xff")] {
            let (exit, said) = haat(&folder.file(name, bytes), &[]);
            assert!(exit == 2 && said.contains("nothing could be checked"), "{name}: {said}");
        }
        assert_eq!(haat(&folder.0.join("nowhere.json"), &[]).0, 2);
    })
    .await;
}
