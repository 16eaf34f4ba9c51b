//! What the sandbox was asked, what it answered and what it told by webhook, a line of JSON each: for whoever holds both sides against
//! Stripe's published document.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use serde_json::{Value, json};

/// A file that grows, or nothing. Several sandboxes may share one: each line is one write at the file's end.
pub(crate) struct Recording(Option<File>);

/// A request as it came.
pub(crate) struct Asked<'a> {
    pub method: &'a str,
    pub path: &'a str,
    /// A POST's body, and a GET's query string.
    pub form: &'a str,
    /// Who asks, by the header `User-Agent`.
    pub agent: &'a str,
    pub replayed: bool,
}

impl Recording {
    pub fn open(path: Option<&Path>) -> io::Result<Recording> {
        let file = path.map(|path| OpenOptions::new().create(true).append(true).open(path)).transpose()?;
        Ok(Recording(file))
    }

    pub fn exchange(&self, asked: &Asked, status: u16, body: &str) {
        self.write(|| {
            let Asked { method, path, form, agent, replayed } = asked;
            json!({"method": method, "path": path, "form": form, "agent": agent, "replayed": replayed, "status": status, "body": read(body)})
        });
    }

    pub fn webhook(&self, body: &str) {
        self.write(|| json!({"event": read(body)}));
    }

    fn write(&self, line: impl FnOnce() -> Value) {
        let Some(mut file) = self.0.as_ref() else { return };
        if let Err(error) = file.write_all(format!("{}\n", line()).as_bytes()) {
            eprintln!("stripe-sandbox: a line of the recording is lost: {error}");
        }
    }
}

/// Bodies are ours, and JSON; what is not shows itself as text.
fn read(body: &str) -> Value {
    serde_json::from_str(body).unwrap_or_else(|_| Value::String(body.to_owned()))
}
