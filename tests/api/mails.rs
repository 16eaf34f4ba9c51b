//! Mails on their way out: over SMTP to a server of the test's own, and into a folder.
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use haat::notifications::Mailer;
use serde_json::json;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};

use crate::support::{TestApp, builders::cooperative};

/// What a server does with a mail.
#[derive(Clone, Copy)]
enum Manner {
    Accepts,
    /// Says this instead of taking the recipient.
    Refuses(&'static str),
    /// Takes the connection and never says a word.
    Silent,
    /// Takes the whole mail and never says so.
    TakesAndFallsSilent,
}

/// A server on a port of its own that speaks enough SMTP; what it took.
async fn sink(manner: Manner) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("smtp://{}", listener.local_addr().unwrap());
    let taken = Arc::new(Mutex::new(Vec::new()));
    let kept = taken.clone();
    actix_web::rt::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            actix_web::rt::spawn(converse(stream, manner, kept.clone()));
        }
    });
    (url, taken)
}
async fn converse(stream: TcpStream, manner: Manner, taken: Arc<Mutex<Vec<String>>>) {
    if let Manner::Silent = manner {
        tokio::time::sleep(Duration::from_secs(60)).await;
        return drop(stream);
    }
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read).lines();
    let mut mail: Option<String> = None;
    write.write_all(b"220 sink.example\r\n").await.unwrap();
    while let Ok(Some(line)) = lines.next_line().await {
        let answer = if let Some(text) = &mut mail {
            if line == "." {
                taken.lock().unwrap().push(std::mem::take(text));
                mail = None;
                if let Manner::TakesAndFallsSilent = manner {
                    tokio::time::sleep(Duration::from_secs(60)).await;
                }
                "250 taken"
            } else {
                text.push_str(&line);
                text.push_str("\r\n");
                continue;
            }
        } else if line == "DATA" {
            mail = Some(String::new());
            "354 go on"
        } else {
            match (manner, line.split(' ').next().unwrap_or_default()) {
                (Manner::Refuses(words), "RCPT") => words,
                (_, "QUIT") => "221 bye",
                (_, _) => "250 ok",
            }
        };
        if write.write_all(format!("{answer}\r\n").as_bytes()).await.is_err() {
            return;
        }
    }
}

/// A program that mails through the sink, with one mail waiting: an invitation to sita@people.example.
async fn with_a_mail(mailer: Mailer) -> TestApp {
    let app = TestApp::mailing(mailer).await;
    let manager = cooperative(&app, "bagru").await;
    manager.post("/v1/manage/cooperatives/bagru/invitations", json!({"email": "sita@people.example", "role": "member"})).await.expect(201);
    app
}
async fn jobs(app: &TestApp) -> haat::jobs::Counts {
    haat::jobs::counts(&mut *app.app.db.conn().await.unwrap(), app.clock.now()).await.unwrap()
}

#[actix_web::test]
async fn a_server_takes_a_mail_once_with_both_parts() {
    let (url, taken) = sink(Manner::Accepts).await;
    let app = with_a_mail(Mailer::smtp(&url).unwrap()).await;
    app.run_jobs().await;
    app.run_jobs().await;
    let mails = taken.lock().unwrap().clone();
    assert_eq!(mails.len(), 1);
    let (head, body) = mails[0].split_once("\r\n\r\n").unwrap();
    for header in ["To: sita@people.example", "Message-ID: <", "Subject: Cooperative bagru invites you", "MIME-Version: 1.0"] {
        assert!(head.contains(header), "{header}: {head}");
    }
    assert!(head.contains("haat@haat.example") && body.contains("text/plain") && body.contains("text/html"), "{}", mails[0]);
    app.finish().await;
}

#[actix_web::test]
async fn a_refusal_for_good_is_given_up_and_kept_for_a_person() {
    let (url, taken) = sink(Manner::Refuses("550 no such mailbox sita@people.example")).await;
    let app = with_a_mail(Mailer::smtp(&url).unwrap()).await;
    app.run_jobs().await;
    let counts = jobs(&app).await;
    assert_eq!((counts.dead, counts.waiting, taken.lock().unwrap().len()), (1, 0, 0));
}

#[actix_web::test]
async fn a_refusal_for_now_is_tried_again() {
    for words in ["451 busy", "535 who are you"] {
        let (url, _) = sink(Manner::Refuses(words)).await;
        let app = with_a_mail(Mailer::smtp(&url).unwrap()).await;
        app.run_jobs().await;
        let counts = jobs(&app).await;
        assert_eq!((counts.dead, counts.waiting, counts.due), (0, 1, 0), "{words}");
    }
}

/// Whether it falls silent before its first word or after it has the whole mail: what became of the mail is unknown, and it is sent again
/// later, as the same one.
#[actix_web::test]
async fn a_server_that_never_answers_holds_nothing_up() {
    for manner in [Manner::Silent, Manner::TakesAndFallsSilent] {
        let (url, taken) = sink(manner).await;
        let patience = Duration::from_millis(1500);
        let app = with_a_mail(Mailer::smtp_within(&url, patience).unwrap()).await;
        let before = std::time::Instant::now();
        tokio::time::timeout(Duration::from_secs(30), app.run_jobs()).await.expect("the job ends");
        assert!(before.elapsed() >= patience, "it was given its time");
        let counts = jobs(&app).await;
        assert_eq!((counts.dead, counts.waiting, counts.due), (0, 1, 0));
        let ids = || -> Vec<String> {
            let of = |mail: &String| mail.lines().find(|line| line.starts_with("Message-ID:")).unwrap().to_owned();
            taken.lock().unwrap().iter().map(of).collect()
        };
        app.clock.advance(jiff::SignedDuration::from_mins(1));
        app.run_jobs().await;
        match manner {
            Manner::TakesAndFallsSilent => assert!(ids().len() == 2 && ids()[0] == ids()[1], "{:?}", ids()),
            _ => assert_eq!(ids(), [""; 0]),
        }
    }
}

#[actix_web::test]
async fn a_folder_keeps_one_whole_file_each() {
    let folder = std::env::temp_dir().join(format!("haat-mails-{}", haat::ids::new_uuid()));
    let app = with_a_mail(Mailer::files(&folder).unwrap()).await;
    app.run_jobs().await;
    let names: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert!(names.len() == 1 && names[0].ends_with(".eml") && !names[0].starts_with('.'), "{names:?}");
    let text = std::fs::read_to_string(folder.join(&names[0])).unwrap();
    assert!(text.contains("To: sita@people.example") && text.contains("multipart/alternative"), "{text}");
    std::fs::remove_dir_all(&folder).unwrap();
    app.finish().await;
}
