//! A page's shapes as one self-contained SVG: glyphs are outlines, so it looks the same wherever it is opened, with no
//! fonts installed and nothing fetched. Photos are left to PDF.

use super::{Item, MM, Page, Rgb};
use rustybuzz::ttf_parser::{GlyphId, OutlineBuilder};
use std::collections::BTreeSet;
use std::fmt::Write;

/// `title` is what a screen reader says and what a pointer shows.
pub(crate) fn svg(title: &str, page: &Page) -> String {
    let (width, height) = (page.width, page.height);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{:.0}mm\" height=\"{:.0}mm\" viewBox=\"0 0 {width:.3} {height:.3}\" \
         role=\"img\"><title>{}</title>",
        width / MM,
        height / MM,
        escape(title)
    );
    define_glyphs(&mut out, page);
    for item in &page.items {
        draw(&mut out, item);
    }
    out.push_str("</svg>\n");
    out
}

/// Each distinct glyph once, in font units with y upwards; text refers to them.
fn define_glyphs(out: &mut String, page: &Page) {
    let mut used = BTreeSet::new();
    for item in &page.items {
        if let Item::Text { line, .. } = item {
            used.extend(line.runs.iter().flat_map(|run| run.glyphs.iter().map(|glyph| (run.face, glyph.id))));
        }
    }
    out.push_str("<defs>");
    for (face, id) in used {
        let mut outline = Outline::default();
        if face.shaper().outline_glyph(GlyphId(id), &mut outline).is_some() {
            push(out, format_args!("<path id=\"g{}-{id}\" d=\"{}\"/>", face.index(), outline.0));
        }
    }
    out.push_str("</defs>");
}

fn draw(out: &mut String, item: &Item) {
    match item {
        Item::Shape { outlines, fill } => {
            push(out, format_args!("<path fill=\"{}\" d=\"", hex(*fill)));
            for outline in outlines {
                for (n, (x, y)) in outline.iter().enumerate() {
                    push(out, format_args!("{}{x:.3} {y:.3}", if n == 0 { 'M' } else { 'L' }));
                }
                out.push('Z');
            }
            out.push_str("\"/>");
        }
        Item::Rule { from, to, width, colour, dash } => {
            let dash = dash.map(|dash| format!(" stroke-dasharray=\"{dash:.2}\"")).unwrap_or_default();
            push(
                out,
                format_args!(
                    "<path fill=\"none\" stroke=\"{}\" stroke-width=\"{width:.3}\"{dash} d=\"M{:.3} {:.3}L{:.3} {:.3}\"/>",
                    hex(*colour),
                    from.0,
                    from.1,
                    to.0,
                    to.1
                ),
            );
        }
        Item::Text { at, size, colour, line } => {
            push(out, format_args!("<g fill=\"{}\">", hex(*colour)));
            let mut x = at.0;
            for run in &line.runs {
                let scale = size / run.face.shaper().units_per_em() as f32;
                for glyph in &run.glyphs {
                    let (gx, gy) = (x + glyph.dx * size, at.1 - glyph.dy * size);
                    push(
                        out,
                        format_args!(
                            "<use href=\"#g{}-{}\" transform=\"translate({gx:.3} {gy:.3})scale({scale:.5} -{scale:.5})\"/>",
                            run.face.index(),
                            glyph.id
                        ),
                    );
                    x += glyph.advance * size;
                }
            }
            out.push_str("</g>");
        }
    }
}

fn push(out: &mut String, arguments: std::fmt::Arguments<'_>) {
    out.write_fmt(arguments).expect("writing to a string cannot fail");
}

fn hex(Rgb(red, green, blue): Rgb) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}

fn escape(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).fold(String::new(), |mut out, c| {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
        out
    })
}

/// SVG path data of a glyph.
#[derive(Default)]
struct Outline(String);

impl OutlineBuilder for Outline {
    fn move_to(&mut self, x: f32, y: f32) {
        push(&mut self.0, format_args!("M{x} {y}"));
    }

    fn line_to(&mut self, x: f32, y: f32) {
        push(&mut self.0, format_args!("L{x} {y}"));
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        push(&mut self.0, format_args!("Q{x1} {y1} {x} {y}"));
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        push(&mut self.0, format_args!("C{x1} {y1} {x2} {y2} {x} {y}"));
    }

    fn close(&mut self) {
        self.0.push('Z');
    }
}
