//! Text: which font each part of a string needs, shaping, measuring, breaking into lines.
//!
//! Noto Sans carries Latin, Greek and Cyrillic, Noto Sans Devanagari carries Hindi, Nepali and Marathi. A character that
//! neither has is drawn as an empty box rather than dropped, so that a wrong name is seen before it is printed a thousand
//! times.

use krilla::text::Font;
use std::ops::Range;
use std::sync::LazyLock;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weight {
    Regular,
    Bold,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Script {
    Latin,
    Devanagari,
}

/// One of the four fonts, as an index into [`FACES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct FaceId(usize);

struct Face {
    font: Font,
    shaper: rustybuzz::Face<'static>,
}

static FACES: LazyLock<[Face; 4]> = LazyLock::new(|| {
    [
        face(include_bytes!("../fonts/NotoSans-Regular.ttf")),
        face(include_bytes!("../fonts/NotoSans-Bold.ttf")),
        face(include_bytes!("../fonts/NotoSansDevanagari-Regular.ttf")),
        face(include_bytes!("../fonts/NotoSansDevanagari-Bold.ttf")),
    ]
});

fn face(data: &'static [u8]) -> Face {
    Face {
        font: Font::new(data.into(), 0).expect("a font committed with the crate parses"),
        shaper: rustybuzz::Face::from_slice(data, 0).expect("a font committed with the crate parses"),
    }
}

impl FaceId {
    fn new(script: Script, weight: Weight) -> Self {
        let script = match script {
            Script::Latin => 0,
            Script::Devanagari => 2,
        };
        Self(script + usize::from(weight == Weight::Bold))
    }

    pub(crate) fn font(self) -> Font {
        FACES[self.0].font.clone()
    }

    pub(crate) fn shaper(self) -> &'static rustybuzz::Face<'static> {
        &FACES[self.0].shaper
    }

    pub(crate) fn index(self) -> usize {
        self.0
    }
}

/// A glyph with its metrics in em, and the bytes of its run's text it stands for.
#[derive(Clone, Debug)]
pub(crate) struct Glyph {
    pub(crate) id: u16,
    pub(crate) advance: f32,
    pub(crate) dx: f32,
    pub(crate) dy: f32,
    pub(crate) bytes: Range<usize>,
}

/// A stretch of text in one font.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    pub(crate) face: FaceId,
    pub(crate) text: String,
    pub(crate) glyphs: Vec<Glyph>,
}

/// One shaped line of text. `width` is in em: multiply by the font size.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) runs: Vec<Run>,
    pub(crate) width: f32,
}

/// Shapes a line; `tracking` is extra space after each glyph, in em. Control characters become spaces.
pub(crate) fn shape(text: &str, weight: Weight, tracking: f32) -> Line {
    let runs: Vec<Run> = itemise(text).into_iter().map(|(script, part)| run(script, part, weight, tracking)).collect();
    let width = runs.iter().flat_map(|run| &run.glyphs).map(|glyph| glyph.advance).sum::<f32>();
    let width = if width > 0.0 { width - tracking } else { 0.0 };
    Line { runs, width }
}

fn run(script: Script, text: String, weight: Weight, tracking: f32) -> Run {
    let face = FaceId::new(script, weight);
    let shaper = face.shaper();
    let em = shaper.units_per_em() as f32;
    let mut buffer = rustybuzz::UnicodeBuffer::new();
    buffer.push_str(&text);
    buffer.set_direction(rustybuzz::Direction::LeftToRight);
    buffer.set_script(match script {
        Script::Latin => rustybuzz::script::LATIN,
        Script::Devanagari => rustybuzz::script::DEVANAGARI,
    });
    let shaped = rustybuzz::shape(shaper, &[], buffer);
    let (infos, positions) = (shaped.glyph_infos(), shaped.glyph_positions());
    let glyphs = infos.iter().zip(positions).map(|(info, position)| {
        let start = info.cluster as usize;
        let next = infos.iter().map(|other| other.cluster as usize).filter(|&cluster| cluster > start).min();
        Glyph {
            id: u16::try_from(info.glyph_id).expect("OpenType glyph ids are 16 bits"),
            advance: position.x_advance as f32 / em + tracking,
            dx: position.x_offset as f32 / em,
            dy: position.y_offset as f32 / em,
            bytes: start..next.unwrap_or(text.len()),
        }
    });
    let glyphs = glyphs.collect();
    Run { face, text, glyphs }
}

/// Cuts text into stretches of one font. Spaces and joiners stay with the Devanagari before them; a sign that only one of
/// the fonts has (the minus sign, for one) is taken from that one.
fn itemise(text: &str) -> Vec<(Script, String)> {
    let mut parts: Vec<(Script, String)> = Vec::new();
    for c in text.chars().map(|c| if c.is_control() { ' ' } else { c }) {
        let script = match parts.last() {
            Some((Script::Devanagari, _)) if joins_devanagari(c) => Script::Devanagari,
            _ if is_devanagari(c) || (!has(Script::Latin, c) && has(Script::Devanagari, c)) => Script::Devanagari,
            _ => Script::Latin,
        };
        match parts.last_mut() {
            Some((last, part)) if *last == script => part.push(c),
            _ => parts.push((script, c.to_string())),
        }
    }
    parts
}

fn has(script: Script, c: char) -> bool {
    FaceId::new(script, Weight::Regular).shaper().glyph_index(c).is_some()
}

fn is_devanagari(c: char) -> bool {
    matches!(c, '\u{900}'..='\u{97F}' | '\u{1CD0}'..='\u{1CFF}' | '\u{A8E0}'..='\u{A8FF}')
}

/// The joiners that steer conjuncts, and a space between two words.
fn joins_devanagari(c: char) -> bool {
    matches!(c, '\u{200C}' | '\u{200D}' | ' ')
}

/// Breaks text into at most `max_lines` lines no wider than `width` em; what does not fit ends in an ellipsis.
pub(crate) fn wrap(text: &str, weight: Weight, width: f32, max_lines: usize) -> Vec<Line> {
    let mut lines: Vec<String> = Vec::new();
    let mut rest: Vec<&str> = text.split_whitespace().collect();
    rest.reverse();
    while let Some(word) = rest.pop() {
        let joined = lines.last().map(|line| format!("{line} {word}"));
        match joined {
            Some(joined) if shape(&joined, weight, 0.0).width <= width => {
                lines.pop();
                lines.push(joined);
            }
            _ if shape(word, weight, 0.0).width <= width => lines.push(word.to_owned()),
            _ => {
                let (head, tail) = word.split_at(fitting(word, weight, width));
                lines.push(head.to_owned());
                if !tail.is_empty() {
                    rest.push(tail);
                }
            }
        }
        if lines.len() > max_lines {
            let last = lines.split_off(max_lines - 1).join(" ");
            lines.push(elide(&format!("{last} {}", rest.pop().unwrap_or_default()), weight, width));
            break;
        }
    }
    lines.iter().map(|line| shape(line, weight, 0.0)).collect()
}

/// One line, cut with an ellipsis if it is wider than `width` em.
pub(crate) fn one_line(text: &str, weight: Weight, width: f32) -> Line {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let line = shape(&text, weight, 0.0);
    if line.width <= width { line } else { shape(&elide(&text, weight, width), weight, 0.0) }
}

fn elide(text: &str, weight: Weight, width: f32) -> String {
    let room = width - shape("…", weight, 0.0).width;
    format!("{}…", text[..fitting(text, weight, room)].trim_end())
}

/// How many bytes of `text`, at least one character, fit into `width` em; never cuts before a combining sign.
fn fitting(text: &str, weight: Weight, width: f32) -> usize {
    let stops = text.char_indices().filter(|&(at, c)| at > 0 && !is_dependent(c)).map(|(at, _)| at);
    let mut stops: Vec<usize> = stops.chain([text.len()]).collect();
    let fits = stops.partition_point(|&at| shape(&text[..at], weight, 0.0).width <= width);
    stops.swap_remove(fits.saturating_sub(1))
}

/// Vowel signs, virama and marks that belong to the letter before them.
fn is_dependent(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36F}' | '\u{900}'..='\u{903}' | '\u{93A}'..='\u{94F}' | '\u{955}'..='\u{957}' | '\u{962}'..='\u{963}' | '\u{200C}'..='\u{200D}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn missing(text: &str) -> usize {
        shape(text, Weight::Regular, 0.0).runs.iter().flat_map(|run| &run.glyphs).filter(|glyph| glyph.id == 0).count()
    }

    #[test]
    fn hindi_nepali_and_latin_have_every_glyph_and_other_scripts_show_as_boxes() {
        for text in ["सुनीता देवी, भुज", "नेपाल हस्तकला सहकारी", "Śrī Lakṣmī · Kathmandu", "₹3,264.00 − €1.00 × 2 – … · ··48"]
        {
            assert_eq!(missing(text), 0, "{text}");
        }
        assert!(missing("தமிழ்") > 0);
    }

    #[test]
    fn conjuncts_are_formed() {
        let joined = shape("क्ष", Weight::Regular, 0.0);
        let apart = shape("क\u{94D}\u{200C}ष", Weight::Regular, 0.0);
        assert_eq!(joined.runs[0].glyphs.len(), 1, "क्ष is one glyph");
        assert!(apart.runs[0].glyphs.len() > 1, "a non-joiner keeps the letters apart");
    }

    #[test]
    fn mixed_text_falls_back_per_script() {
        let line = shape("Sita सीता Devi", Weight::Bold, 0.0);
        assert_eq!(line.runs.len(), 3);
        assert_eq!(line.runs.iter().map(|run| run.text.as_str()).collect::<String>(), "Sita सीता Devi");
    }

    #[test]
    fn lines_never_exceed_their_width_and_end_in_an_ellipsis_when_cut() {
        let text = "Hand-block-printed cotton bedspread with indigo border, made to order in Bagru, सांगानेर और बगरू से";
        for width in [6.0, 9.0, 14.0] {
            let lines = wrap(text, Weight::Regular, width, 3);
            assert!(lines.len() <= 3 && lines.iter().all(|line| line.width <= width));
        }
        let said = |lines: &[Line]| lines.iter().flat_map(|l| &l.runs).map(|run| run.text.clone()).collect::<String>();
        assert!(said(&wrap(text, Weight::Regular, 9.0, 2)).ends_with('…'));
        assert!(!said(&wrap(text, Weight::Regular, 90.0, 2)).ends_with('…'));
    }
}
