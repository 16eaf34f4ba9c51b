//! Pages as lists of shapes, drawn once and written as PDF ([`pdf`]) or SVG ([`svg`]).
//!
//! Units are PDF points, y grows downwards, text hangs from its baseline. A layout pushes items; because a page is plain
//! data, "page 2 of 5" can be stamped on after the last page is known, and a tag can be placed nine times on a sheet.

mod pdf;
mod svg;

pub(crate) use pdf::pdf;
pub(crate) use svg::svg;

use crate::qr::Matrix;
use crate::text::{self, Line, Weight};

/// Points in a millimetre.
pub(crate) const MM: f32 = 72.0 / 25.4;

/// ISO A4 in points.
pub(crate) const A4: (f32, f32) = (210.0 * MM, 297.0 * MM);

/// ISO A5 in points.
pub(crate) const A5: (f32, f32) = (148.0 * MM, 210.0 * MM);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rgb(pub(crate) u8, pub(crate) u8, pub(crate) u8);

pub(crate) const INK: Rgb = Rgb(0x1c, 0x1b, 0x1a);
pub(crate) const SOFT: Rgb = Rgb(0x5f, 0x5b, 0x57);
pub(crate) const FAINT: Rgb = Rgb(0xcf, 0xc9, 0xc1);
pub(crate) const PAPER: Rgb = Rgb(0xf6, 0xf2, 0xec);
pub(crate) const ACCENT: Rgb = Rgb(0x1f, 0x4e, 0x5f);
pub(crate) const WHITE: Rgb = Rgb(0xff, 0xff, 0xff);

/// A photo on a page; only PDF pages carry them.
#[derive(Clone, Debug)]
pub(crate) struct Photo {
    pub(crate) x: f32,
    pub(crate) y: f32,
    /// The square it is fitted into, centred.
    pub(crate) side: f32,
    pub(crate) jpeg: Vec<u8>,
}

#[derive(Clone, Debug)]
pub(crate) enum Item {
    /// A closed shape of straight edges, each list of points one outline.
    Shape { outlines: Vec<Vec<(f32, f32)>>, fill: Rgb },
    /// A straight line, dashed with equal gaps if `dash` is given.
    Rule { from: (f32, f32), to: (f32, f32), width: f32, colour: Rgb, dash: Option<f32> },
    /// Shaped text, its left end on the baseline at `at`.
    Text { at: (f32, f32), size: f32, colour: Rgb, line: Line },
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Page {
    pub(crate) width: f32,
    pub(crate) height: f32,
    pub(crate) items: Vec<Item>,
    pub(crate) photos: Vec<Photo>,
}

/// How a string is set.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Style {
    pub(crate) size: f32,
    pub(crate) weight: Weight,
    pub(crate) colour: Rgb,
}

/// Which point of a line of text `x` is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    Centre,
    Right,
}

pub(crate) const fn style(size: f32, weight: Weight, colour: Rgb) -> Style {
    Style { size, weight, colour }
}

impl Page {
    pub(crate) fn new((width, height): (f32, f32)) -> Self {
        Self { width, height, items: Vec::new(), photos: Vec::new() }
    }

    pub(crate) fn rect(&mut self, x: f32, y: f32, width: f32, height: f32, fill: Rgb) {
        self.items.push(Item::Shape { outlines: vec![rectangle(x, y, width, height)], fill });
    }

    pub(crate) fn rule(&mut self, from: (f32, f32), to: (f32, f32), width: f32, colour: Rgb) {
        self.items.push(Item::Rule { from, to, width, colour, dash: None });
    }

    pub(crate) fn dashed(&mut self, from: (f32, f32), to: (f32, f32), width: f32, colour: Rgb, dash: f32) {
        self.items.push(Item::Rule { from, to, width, colour, dash: Some(dash) });
    }

    /// One line of text, cut with an ellipsis at `room` points.
    pub(crate) fn text(&mut self, text: &str, x: f32, y: f32, align: Align, style: Style, room: f32) {
        self.line(text::one_line(text, style.weight, room / style.size), x, y, align, style);
    }

    /// Text broken at `room` points into at most `max_lines` lines, `leading` points apart; returns how many were set.
    pub(crate) fn paragraph(&mut self, text: &str, (x, y): (f32, f32), (room, leading): (f32, f32), max_lines: usize, style: Style) -> usize {
        let lines = text::wrap(text, style.weight, room / style.size, max_lines);
        let count = lines.len();
        for (n, line) in lines.into_iter().enumerate() {
            self.line(line, x, y + n as f32 * leading, Align::Left, style);
        }
        count
    }

    pub(crate) fn line(&mut self, line: Line, x: f32, y: f32, align: Align, style: Style) {
        let width = line.width * style.size;
        let x = match align {
            Align::Left => x,
            Align::Centre => x - width / 2.0,
            Align::Right => x - width,
        };
        self.items.push(Item::Text { at: (x, y), size: style.size, colour: style.colour, line });
    }

    /// A QR code without its quiet zone, which the layout around it must keep.
    pub(crate) fn qr(&mut self, matrix: &Matrix, x: f32, y: f32, side: f32) {
        let module = side / matrix.size as f32;
        let cell =
            |(cx, cy, length): (usize, usize, usize)| rectangle(x + cx as f32 * module, y + cy as f32 * module, length as f32 * module, module);
        self.items.push(Item::Shape { outlines: matrix.runs().into_iter().map(cell).collect(), fill: INK });
    }

    /// Everything of another page, moved by `(dx, dy)`.
    pub(crate) fn place(&mut self, other: &Page, dx: f32, dy: f32) {
        let shift = |(x, y): (f32, f32)| (x + dx, y + dy);
        self.items.extend(other.items.iter().cloned().map(|mut item| {
            match &mut item {
                Item::Shape { outlines, .. } => outlines.iter_mut().flatten().for_each(|point| *point = shift(*point)),
                Item::Rule { from, to, .. } => (*from, *to) = (shift(*from), shift(*to)),
                Item::Text { at, .. } => *at = shift(*at),
            }
            item
        }));
        self.photos.extend(other.photos.iter().cloned().map(|photo| Photo { x: photo.x + dx, y: photo.y + dy, ..photo }));
    }
}

fn rectangle(x: f32, y: f32, width: f32, height: f32) -> Vec<(f32, f32)> {
    vec![(x, y), (x + width, y), (x + width, y + height), (x, y + height)]
}
