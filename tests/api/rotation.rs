//! The log's key changes: both sign for a while, and what the old one signed stays verifiable.
use haat::log::{Log, LogKey};
use passport::{
    Known,
    log::{Checkpoint, Note, NoteVerifier},
    verify_bundle_knowing,
};

use crate::{
    log::{Folder, append, bytes, haat, log, minted, sold, text},
    support::{TestApp, api_test, builders::sql},
};

async fn opened(app: &TestApp, key: LogKey) -> Result<Log, haat::log::Error> {
    Log::open(&app.db.db, app.clock.now(), &key, "https://haat.example").await
}
async fn grown(app: &TestApp, log: &Log) -> String {
    minted(app).await;
    assert!(log.append(&app.db.db, app.clock.now()).await.unwrap() > 0);
    text(app, "/log/checkpoint").await
}

#[actix_web::test]
async fn a_log_changes_its_key_and_what_was_signed_stays_verifiable() {
    api_test(async |app| {
        let code = sold(app, 1).await;
        append(app).await;
        let saved = bytes(app, &format!("/v1/provenance/items/{code}/bundle")).await;
        let (folder, old) = (Folder::new(), log(app).verifier().clone());
        let state = folder.at("seen");
        let monitor = async |keys: &[&NoteVerifier]| {
            let keys: Vec<String> = keys.iter().flat_map(|key| ["--log-key".to_owned(), key.to_string()]).collect();
            let args: Vec<&str> = ["monitor", &app.url, "--state", &state].into_iter().chain(keys.iter().map(String::as_str)).collect();
            haat(&args).await
        };
        assert_eq!(monitor(&[&old]).await.0, Some(0));
        // Control: another key alone is not the log's.
        let error = opened(app, LogKey::new([8; 32])).await.unwrap_err().to_string();
        assert!(error.contains("HAAT_LOG_KEY_OLD"), "{error}");

        let both = opened(app, LogKey::new([8; 32]).after(Some([9; 32]))).await.unwrap();
        let new = both.verifier().clone();
        assert_eq!(both.verifiers(), [new.clone(), old.clone()]);
        let note = grown(app, &both).await;
        assert_eq!(Note::parse(&note).unwrap().signatures().len(), 2);
        assert!(Checkpoint::verified(&note, &old).is_ok() && Checkpoint::verified(&note, &new).is_ok(), "{note}");
        assert_eq!(monitor(&[&old]).await.0, Some(0), "who knows the old one only goes on");

        let alone = opened(app, LogKey::new([8; 32])).await.unwrap();
        assert_eq!(alone.verifiers(), [new.clone(), old.clone()], "it had two");
        let note = grown(app, &alone).await;
        assert!(Checkpoint::verified(&note, &old).is_err() && Checkpoint::verified(&note, &new).is_ok(), "{note}");
        assert_eq!(monitor(&[&new]).await.0, Some(0), "the checkpoint it saw last has the new signature too");
        assert!(opened(app, LogKey::new([9; 32])).await.is_err(), "the old one is over");

        // A file of before the change.
        let holds = |keys: &[NoteVerifier]| verify_bundle_knowing(&saved, Known { log: keys, ..Known::default() }).ok();
        assert!(holds(std::slice::from_ref(&old)) && holds(alone.verifiers()));
        assert!(!holds(std::slice::from_ref(&new)), "control: the new key did not sign it");
        let refused = "DO $$ BEGIN DELETE FROM log_keys; RAISE EXCEPTION USING ERRCODE = 'P0099'; EXCEPTION WHEN integrity_constraint_violation THEN NULL; END $$";
        sql(app, refused).await;
    })
    .await;
}

#[actix_web::test]
async fn the_command_makes_another_key_and_loses_none() {
    let folder = Folder::new();
    let (now, old) = (folder.at("data.log-key"), folder.at("data.log-key-old"));
    let data = folder.at("data");
    let rotate = async || haat(&["key", "rotate", "--data-dir", &data]).await;
    let (code, said) = rotate().await;
    assert!(code == Some(2) && said.contains("data.log-key"), "there is none yet: {said}");
    std::fs::write(&now, "09".repeat(32)).unwrap();
    let (code, said) = rotate().await;
    assert!(code == Some(0) && said.contains("Publish the new one"), "{said}");
    let (made, kept) = (std::fs::read_to_string(&now).unwrap(), std::fs::read_to_string(&old).unwrap());
    assert!(kept == "09".repeat(32) && made.len() == 64 && made != kept);
    let (code, said) = rotate().await;
    assert!(code == Some(2) && said.contains("is not over"), "{said}");
    assert_eq!((std::fs::read_to_string(&now).unwrap(), std::fs::read_to_string(&old).unwrap()), (made, kept));
    // As settings.
    let (code, said) = haat(&["key", "rotate", "--log-key", &"09".repeat(32)]).await;
    let of = |name: &str| said.lines().find_map(|line| line.strip_prefix(name)).unwrap().to_owned();
    assert!(code == Some(0) && of("HAAT_LOG_KEY_OLD=") == "09".repeat(32) && of("HAAT_LOG_KEY=").len() == 64, "{said}");
}
