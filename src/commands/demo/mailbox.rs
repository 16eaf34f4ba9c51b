//! The mails of the demonstration: files in a folder beside its database, read as a person's mail program would.
use std::{
    path::Path,
    time::{SystemTime, UNIX_EPOCH},
};

use haat::{clock::Time, notifications::Mailer};
use mail_parser::{Address, MessageParser};

/// A mail that was sent.
#[derive(Clone, Debug)]
pub struct Kept {
    /// Its file's name, without its ending.
    pub id: String,
    pub from: String,
    pub to: String,
    pub subject: String,
    /// None if the file does not say.
    pub at: Option<Time>,
    pub text: String,
    pub html: String,
    /// A mail tells its second; what was sent within one second is told apart by its file.
    written: SystemTime,
}

const ENDING: &str = "eml";
/// More than a person looks through; each is a file that is read.
const SHOWN: usize = 200;

fn folder(mailer: &Mailer) -> Option<&Path> {
    match mailer {
        Mailer::Files(folder) => Some(folder),
        Mailer::Smtp(_) | Mailer::Memory(_) => None,
    }
}

/// Newest first.
pub fn all(mailer: &Mailer) -> std::io::Result<Vec<Kept>> {
    let Some(folder) = folder(mailer) else { return Ok(Vec::new()) };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == ENDING) {
            files.push((std::fs::metadata(&path).and_then(|m| m.modified()).unwrap_or(UNIX_EPOCH), path));
        }
    }
    files.sort_by(|a, b| b.cmp(a));
    let mut mails: Vec<Kept> = files.iter().take(SHOWN).filter_map(|(written, path)| read(path, *written)).collect();
    mails.sort_by_key(|mail| std::cmp::Reverse((mail.at, mail.written)));
    Ok(mails)
}
/// Ids are hexadecimal: nothing else leads to a file.
pub fn find(mailer: &Mailer, id: &str) -> Option<Kept> {
    if id.is_empty() || !id.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    read(&folder(mailer)?.join(format!("{id}.{ENDING}")), UNIX_EPOCH)
}

fn read(path: &Path, written: SystemTime) -> Option<Kept> {
    kept(path.file_stem()?.to_str()?, &std::fs::read(path).ok()?, written)
}
fn kept(id: &str, bytes: &[u8], written: SystemTime) -> Option<Kept> {
    let mail = MessageParser::default().parse(bytes)?;
    let address = |given: Option<&Address<'_>>| given.and_then(Address::first).and_then(|a| a.address()).unwrap_or_default().to_owned();
    Some(Kept {
        id: id.to_owned(),
        from: address(mail.from()),
        to: address(mail.to()),
        subject: mail.subject().unwrap_or_default().to_owned(),
        at: mail.date().and_then(|date| Time::from_unix(date.to_timestamp())),
        text: mail.body_text(0).unwrap_or_default().into_owned(),
        html: mail.body_html(0).unwrap_or_default().into_owned(),
        written,
    })
}

/// The page that the mail is, in a frame that may do nothing: links open a page of their own.
pub fn framed(html: &str) -> String {
    html.replacen("<head>", "<head><base target=\"_blank\">", 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAIL: &str = "From: Haat <haat@haat.example>\r\nTo: asha@buyer.example\r\nSubject: =?utf-8?b?4KSG4KSq?= HA-1\r\n\
        Date: Sun, 22 Nov 2026 12:00:00 +0000\r\nMIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=\"b\"\r\n\r\n\
        --b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nTotal =E2=82=AC1=2E00\r\n\
        --b\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n\
        PGh0bWw+PGhlYWQ+PC9oZWFkPuKCrDE8L2h0bWw+\r\n--b--\r\n";

    #[test]
    fn a_mail_is_read_as_it_was_written() {
        let mail = kept("a1", MAIL.as_bytes(), UNIX_EPOCH).unwrap();
        assert_eq!((mail.from.as_str(), mail.to.as_str(), mail.subject.as_str()), ("haat@haat.example", "asha@buyer.example", "आप HA-1"));
        assert_eq!((mail.text.trim(), framed(&mail.html).as_str()), ("Total €1.00", "<html><head><base target=\"_blank\"></head>€1</html>"));
        assert_eq!(mail.at.unwrap().to_string(), "2026-11-22T12:00:00Z");
    }
    #[test]
    fn only_a_mails_id_leads_to_a_file() {
        let folder = std::env::temp_dir().join(format!("haat-mailbox-{}", std::process::id()));
        let mailer = Mailer::files(&folder).unwrap();
        std::fs::write(folder.join("a1.eml"), MAIL).unwrap();
        std::fs::write(folder.join("note.txt"), "no mail").unwrap();
        assert_eq!(all(&mailer).unwrap().len(), 1);
        assert!(find(&mailer, "a1").is_some());
        for other in ["", "b2", "../a1", "a1.eml", "note"] {
            assert!(find(&mailer, other).is_none(), "{other}");
        }
        std::fs::remove_dir_all(folder).unwrap();
    }
}
