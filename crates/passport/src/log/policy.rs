//! Whom to believe (C2SP tlog-policy): which logs, which witnesses, and how many of these are enough.
//!
//! ```text
//! log haat.example/log+…
//! witness north north.example/witness+… https://north.example
//! witness south south.example/witness+…
//! group both all north south
//! quorum both
//! ```

use std::str::FromStr;

use super::cosignature::WitnessKey;
use super::note::{Note, NoteError, NoteVerifier};

/// Longest policy that is read: some hundred keys.
const MAX_POLICY_BYTES: usize = 64 * 1024;

/// Why a text is not a policy; the line counts from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    #[error("line {line} of the policy: {problem}")]
    Line { line: usize, problem: &'static str },
    #[error("the policy {0}")]
    Whole(&'static str),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Rule {
    Witness { key: Box<WitnessKey>, url: Option<String> },
    Group { needed: usize, of: Vec<usize> },
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Member {
    name: String,
    rule: Rule,
    /// Whether a group has it already: each counts in one way only.
    taken: bool,
}

/// Which logs and witnesses are believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    logs: Vec<NoteVerifier>,
    /// A group stands behind its members.
    members: Vec<Member>,
    /// `None`: no witness is needed.
    quorum: Option<usize>,
}

/// Who cosigned, and whether that is enough.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Witnessed {
    pub met: bool,
    /// The names that the policy gives them.
    pub by: Vec<String>,
    pub witnesses: usize,
}

impl Policy {
    /// The log of this name, if it is one of the policy's.
    pub fn log(&self, origin: &str) -> Option<&NoteVerifier> {
        self.logs.iter().find(|log| log.name() == origin)
    }

    /// None: any log that is known from elsewhere.
    pub fn logs(&self) -> &[NoteVerifier] {
        &self.logs
    }

    /// Name, key, and where to ask, of each witness.
    pub fn witnesses(&self) -> impl Iterator<Item = (&str, &WitnessKey, Option<&str>)> {
        self.members.iter().filter_map(|member| match &member.rule {
            Rule::Witness { key, url } => Some((member.name.as_str(), key.as_ref(), url.as_deref())),
            Rule::Group { .. } => None,
        })
    }

    /// Who of the policy cosigned the note. A line of a known witness that does not fit refuses the note.
    pub fn judge(&self, note: &Note) -> Result<Witnessed, NoteError> {
        let mut holds = Vec::with_capacity(self.members.len());
        let mut by = Vec::new();
        for member in &self.members {
            let held = match &member.rule {
                Rule::Witness { key, .. } => match key.cosigned(note) {
                    Ok(_) => true,
                    Err(NoteError::Unsigned(_)) => false,
                    Err(error) => return Err(error),
                },
                Rule::Group { needed, of } => of.iter().filter(|at| holds.get(**at) == Some(&true)).count() >= *needed,
            };
            if held && matches!(member.rule, Rule::Witness { .. }) {
                by.push(member.name.clone());
            }
            holds.push(held);
        }
        let met = self.quorum.is_none_or(|at| holds.get(at) == Some(&true));
        Ok(Witnessed { met, by, witnesses: self.witnesses().count() })
    }

    fn find(&self, name: &str) -> Option<usize> {
        self.members.iter().position(|member| member.name == name)
    }

    fn add(&mut self, name: &str, rule: Rule) -> Result<(), &'static str> {
        if name == "none" || self.find(name).is_some() {
            return Err("the name is taken");
        }
        self.members.push(Member { name: name.to_owned(), rule, taken: false });
        Ok(())
    }

    fn add_log(&mut self, key: &str) -> Result<(), &'static str> {
        let key: NoteVerifier = key.parse().map_err(|_| "not the key of a log")?;
        if self.logs.iter().any(|known| known.public() == key.public()) {
            return Err("the log is there twice");
        }
        self.logs.push(key);
        Ok(())
    }

    fn add_witness(&mut self, name: &str, key: &str, url: Option<&str>) -> Result<(), &'static str> {
        let key: WitnessKey = key.parse().map_err(|_| "not the key of a witness")?;
        if self.witnesses().any(|(_, known, _)| known.public() == key.public()) {
            return Err("the witness is there twice");
        }
        self.add(name, Rule::Witness { key: Box::new(key), url: url.map(ToOwned::to_owned) })
    }

    fn add_group(&mut self, name: &str, threshold: &str, of: &[&str]) -> Result<(), &'static str> {
        let mut members = Vec::new();
        for member in of {
            let at = self.find(member).ok_or("a member is not defined above")?;
            if std::mem::replace(&mut self.members[at].taken, true) {
                return Err("a member is in a group already");
            }
            members.push(at);
        }
        let needed = match threshold {
            "any" => Some(1),
            "all" => Some(members.len()),
            number => super::decimal(number).and_then(|number| usize::try_from(number).ok()),
        };
        let needed = needed.filter(|needed| (1..=members.len()).contains(needed)).ok_or("how many: any, all, or a number from 1 to its members")?;
        self.add(name, Rule::Group { needed, of: members })
    }
}

impl FromStr for Policy {
    type Err = PolicyError;

    fn from_str(text: &str) -> Result<Self, PolicyError> {
        if text.len() > MAX_POLICY_BYTES {
            return Err(PolicyError::Whole("is longer than 64 KiB"));
        }
        if text.chars().any(|c| c.is_ascii_control() && c != '\n' && c != '\t') {
            return Err(PolicyError::Whole("has a control character"));
        }
        let mut policy = Self { logs: Vec::new(), members: Vec::new(), quorum: None };
        let mut quorum = None;
        for (line, text) in (1..).zip(text.split('\n')) {
            let words: Vec<&str> = text.split([' ', '\t']).filter(|word| !word.is_empty()).collect();
            let read = match words.as_slice() {
                [] => Ok(()),
                [first, ..] if first.starts_with('#') => Ok(()),
                ["log", key] | ["log", key, _] => policy.add_log(key),
                ["witness", name, key] => policy.add_witness(name, key, None),
                ["witness", name, key, url] => policy.add_witness(name, key, Some(url)),
                ["group", name, threshold, of @ ..] if !of.is_empty() => policy.add_group(name, threshold, of),
                ["quorum", _] if quorum.is_some() => Err("there is one quorum only"),
                ["quorum", "none"] => {
                    quorum = Some(None);
                    Ok(())
                }
                ["quorum", name] => policy.find(name).map(|at| quorum = Some(Some(at))).ok_or("the quorum is not defined above"),
                _ => Err("expected log, witness, group or quorum, with what belongs to it"),
            };
            read.map_err(|problem| PolicyError::Line { line, problem })?;
        }
        policy.quorum = quorum.ok_or(PolicyError::Whole("names no quorum"))?;
        Ok(policy)
    }
}
