//! XML as a walk over elements: no document type, no entity but XML's own, bounded depth; each element with the line it begins on.
use quick_xml::{Reader, events::Event};

use crate::Refused;

/// ISO's messages are a dozen deep; what is far deeper is no message.
const MAX_DEPTH: usize = 40;
/// A remittance line is 140 characters, an additional information 500.
const MAX_TEXT: usize = 4096;

/// An element that has ended, with all that was in it.
#[derive(Debug, Default)]
pub struct Element {
    pub name: String,
    pub line: u64,
    /// The attribute `Ccy`, the only one that these messages have.
    pub currency: Option<String>,
    pub text: String,
    pub children: Vec<Element>,
}
impl Element {
    pub fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |child| child.name == name)
    }
    /// The element at the end of a path of names.
    pub fn at(&self, path: &[&str]) -> Option<&Self> {
        path.iter().try_fold(self, |element, name| element.child(name))
    }
    /// Its text, if there is any.
    pub fn words(&self, path: &[&str]) -> Option<String> {
        self.at(path).map(|found| found.text.trim()).filter(|text| !text.is_empty()).map(ToOwned::to_owned)
    }
    pub fn refused(&self, problem: impl Into<String>) -> Refused {
        Refused::new(self.line, &self.name, problem)
    }
}

/// Line numbers for byte offsets that only grow.
struct Lines<'a> {
    text: &'a [u8],
    seen: usize,
    line: u64,
}
impl Lines<'_> {
    fn at(&mut self, offset: u64) -> u64 {
        let offset = usize::try_from(offset).unwrap_or(usize::MAX).clamp(self.seen, self.text.len());
        self.line += self.text[self.seen..offset].iter().filter(|b| **b == b'\n').count() as u64;
        self.seen = offset;
        self.line
    }
}

/// The root element.
///
/// # Errors
/// [`Refused`] where it is not well-formed, declares a document type, or is deeper than any message.
pub fn parse(text: &str) -> Result<Element, Refused> {
    let mut reader = Reader::from_str(text);
    let mut lines = Lines { text: text.as_bytes(), seen: 0, line: 1 };
    let mut open: Vec<Element> = Vec::new();
    loop {
        let line = lines.at(reader.buffer_position());
        let inside = open.last().map_or("the document", |element| element.name.as_str()).to_owned();
        let event = reader.read_event().map_err(|error| Refused::new(line, &inside, error.to_string()))?;
        match event {
            Event::Start(tag) => {
                open.push(begin(&tag, line)?);
                if open.len() > MAX_DEPTH {
                    return Err(Refused::new(line, inside, format!("elements may be {MAX_DEPTH} deep at most")));
                }
            }
            Event::Empty(tag) => {
                let element = begin(&tag, line)?;
                match open.last_mut() {
                    Some(parent) => parent.children.push(element),
                    None => return Ok(element),
                }
            }
            Event::End(_) => {
                let Some(done) = open.pop() else { return Err(Refused::new(line, inside, "it ends what never began")) };
                match open.last_mut() {
                    Some(parent) => parent.children.push(done),
                    None => return Ok(done),
                }
            }
            Event::Text(words) => add(&mut open, line, &words.xml10_content())?,
            Event::CData(words) => add(&mut open, line, &words.xml10_content())?,
            Event::GeneralRef(name) => {
                let resolved = match name.resolve_char_ref() {
                    Ok(Some(character)) => Some(character),
                    Ok(None) => predefined(&name.xml10_content()),
                    Err(_) => None,
                };
                let character = resolved.ok_or_else(|| Refused::new(line, &inside, "an entity that is not XML's own: nothing is expanded"))?;
                add(&mut open, line, character.encode_utf8(&mut [0; 4]))?;
            }
            Event::DocType(_) => return Err(Refused::new(line, "DOCTYPE", "a document type: no message has one")),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
            Event::Eof => return Err(Refused::new(line, inside, "the file ends in the middle")),
        }
    }
}

fn begin(tag: &quick_xml::events::BytesStart, line: u64) -> Result<Element, Refused> {
    let name = tag.local_name().into_inner().to_owned();
    let mut currency = None;
    for attribute in tag.attributes() {
        let attribute = attribute.map_err(|error| Refused::new(line, &name, error.to_string()))?;
        if attribute.key.local_name().into_inner() == "Ccy" {
            currency = Some(attribute.value.to_string());
        }
    }
    Ok(Element { name, line, currency, ..Element::default() })
}

fn add(open: &mut [Element], line: u64, words: &str) -> Result<(), Refused> {
    match open.last_mut() {
        Some(element) if element.text.len() + words.len() > MAX_TEXT => Err(element.refused(format!("text of {MAX_TEXT} bytes at most"))),
        Some(element) => {
            element.text.push_str(words);
            Ok(())
        }
        None if words.trim().is_empty() => Ok(()),
        None => Err(Refused::new(line, "the document", "text before the first element")),
    }
}

fn predefined(name: &str) -> Option<char> {
    match name {
        "lt" => Some('<'),
        "gt" => Some('>'),
        "amp" => Some('&'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => None,
    }
}
