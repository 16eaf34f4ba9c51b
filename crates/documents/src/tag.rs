//! Tags for pieces, 40 × 60 mm: what it is, who made it, where, and a QR code to its history.
//!
//! The QR code is printed at error level Q with its quiet zone, black on white; the code below it can be typed by hand and
//! the four words checked by ear over a telephone. A claim code, when given, sits under a fold line at the foot, so that it
//! can be turned under or covered until the piece has a new owner.

use crate::Error;
use crate::drawing::{self, A4, Align, FAINT, INK, Item, MM, Page, SOFT, Style, WHITE, style};
use crate::qr::{Matrix, QUIET_ZONE};
use crate::text::{self, Line, Weight};

/// Width and height of a tag in points.
const TAG: (f32, f32) = (40.0 * MM, 60.0 * MM);

/// Clear space left and right, in points.
const MARGIN: f32 = 2.6 * MM;

/// The fold-under strip at the foot, in points.
const STRIP: f32 = 9.0 * MM;

/// Tags across and down an A4 sheet.
const GRID: (usize, usize) = (4, 4);

/// Gap between tags on a sheet, room for a blade, in points.
const GUTTER: f32 = 6.0 * MM;

/// What is printed on one tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    /// The address the QR code holds.
    pub url: String,
    /// The piece's code, as a person would type it.
    pub code: String,
    /// What the piece is; at most two lines are printed.
    pub product: String,
    /// The maker as she consented to be named, or the cooperative.
    pub maker_or_coop: String,
    /// District and country.
    pub place: String,
    /// Four words computed from the code.
    pub checksum_phrase: String,
    /// The secret its owner claims it with; printed on the fold-under strip.
    pub claim_code: Option<String>,
}

/// One tag as an SVG of 40 × 60 mm.
pub fn tag_svg(tag: &Tag) -> Result<String, Error> {
    Ok(drawing::svg(&format!("{}, {}, {}", tag.product, tag.maker_or_coop, tag.code), &page(tag)?))
}

/// Tags as a PDF, one page of 40 × 60 mm each: for label printers.
pub fn tags_pdf(tags: &[Tag]) -> Result<Vec<u8>, Error> {
    let pages = tags.iter().map(page).collect::<Result<Vec<_>, _>>()?;
    drawing::pdf("Tags", "en", &pages)
}

/// Tags as a PDF on A4 with cut marks, sixteen to a sheet: for any office printer.
pub fn tag_sheet_pdf(tags: &[Tag]) -> Result<Vec<u8>, Error> {
    let per_sheet = GRID.0 * GRID.1;
    let step = (TAG.0 + GUTTER, TAG.1 + GUTTER);
    let used = (step.0 * GRID.0 as f32 - GUTTER, step.1 * GRID.1 as f32 - GUTTER);
    let origin = ((A4.0 - used.0) / 2.0, (A4.1 - used.1) / 2.0);
    let mut sheets = Vec::new();
    for chunk in tags.chunks(per_sheet) {
        let mut sheet = Page::new(A4);
        for (n, tag) in chunk.iter().enumerate() {
            let (column, row) = (n % GRID.0, n / GRID.0);
            let (x, y) = (origin.0 + column as f32 * step.0, origin.1 + row as f32 * step.1);
            sheet.place(&page(tag)?, x, y);
            cut_marks(&mut sheet, x, y);
        }
        sheets.push(sheet);
    }
    drawing::pdf("Tags", "en", &sheets)
}

/// Two short lines at each corner, clear of the tag.
fn cut_marks(sheet: &mut Page, x: f32, y: f32) {
    const CLEAR: f32 = 0.6 * MM;
    const LENGTH: f32 = 2.0 * MM;
    for (cx, outward_x) in [(x, -1.0), (x + TAG.0, 1.0)] {
        for (cy, outward_y) in [(y, -1.0), (y + TAG.1, 1.0)] {
            let (near, far) = (CLEAR, CLEAR + LENGTH);
            sheet.rule((cx + outward_x * near, cy), (cx + outward_x * far, cy), 0.3, SOFT);
            sheet.rule((cx, cy + outward_y * near), (cx, cy + outward_y * far), 0.3, SOFT);
        }
    }
}

fn page(tag: &Tag) -> Result<Page, Error> {
    let matrix = Matrix::new(&tag.url)?;
    let mut page = Page::new(TAG);
    page.rect(0.0, 0.0, TAG.0, TAG.1, WHITE);
    border(&mut page, 0.0);
    let below = heading(&mut page, tag);
    let foot = if tag.claim_code.is_some() { TAG.1 - STRIP } else { TAG.1 - 2.2 * MM };
    code(&mut page, tag, &matrix, below, foot);
    if let Some(claim) = &tag.claim_code {
        strip(&mut page, claim);
    }
    Ok(page)
}

/// A woven edge: a row of lozenges between two lines, with room for the string in its middle.
fn border(page: &mut Page, y: f32) {
    const HEIGHT: f32 = 2.6 * MM;
    const LOZENGES: usize = 20;
    let step = TAG.0 / LOZENGES as f32;
    let (middle, reach) = (y + 1.9 * MM, 0.72 * MM);
    let lozenge = |n: usize| {
        let x = (n as f32 + 0.5) * step;
        vec![(x - reach, middle), (x, middle - reach), (x + reach, middle), (x, middle + reach)]
    };
    page.items.push(Item::Shape { outlines: (0..LOZENGES).map(lozenge).collect(), fill: INK });
    let tooth = |n: usize| {
        let x = n as f32 * step;
        vec![(x, y), (x + step, y), (x + step, y + 0.8 * MM), (x + step / 2.0, y), (x, y + 0.8 * MM)]
    };
    page.items.push(Item::Shape { outlines: (0..LOZENGES).map(tooth).collect(), fill: INK });
    page.rect(0.0, y + HEIGHT + 0.45 * MM, TAG.0, 0.28 * MM, INK);
}

/// Product, maker and place; returns where the next thing may start.
fn heading(page: &mut Page, tag: &Tag) -> f32 {
    let room = TAG.0 - 2.0 * MARGIN;
    let (size, lines) = title(&tag.product, room);
    let mut y = 3.6 * MM + size * 1.16;
    for line in lines {
        page.line(line, TAG.0 / 2.0, y, Align::Centre, style(size, Weight::Bold, INK));
        y += size * 1.16;
    }
    // Lines below are of one size whatever the title's was: they need the same room above.
    y += (8.2 - size) * 0.9;
    fitted(page, &tag.maker_or_coop, y, style(6.8, Weight::Regular, INK), room);
    fitted(page, &tag.place, y + 8.0, style(6.2, Weight::Regular, SOFT), room);
    y + 8.0 + 1.6
}

/// The largest setting a title fits whole in; the smallest, cut, if none does.
fn title(product: &str, room: f32) -> (f32, Vec<Line>) {
    const SETTINGS: [(f32, usize); 3] = [(8.2, 2), (7.0, 2), (6.2, 3)];
    let set = |(size, max): (f32, usize)| (size, text::wrap(product, Weight::Bold, room / size, max));
    let whole = SETTINGS.into_iter().find(|&(size, max)| text::wrap(product, Weight::Bold, room / size, max + 1).len() <= max);
    set(whole.unwrap_or(SETTINGS[SETTINGS.len() - 1]))
}

/// The QR code as large as the space between heading and foot allows, with the typed code and the phrase below it.
fn code(page: &mut Page, tag: &Tag, matrix: &Matrix, top: f32, foot: f32) {
    const CAPTION: f32 = 5.9 * MM;
    let widest = TAG.0 - 2.0 * MARGIN;
    let outer = (foot - CAPTION - top).min(TAG.0);
    let modules = (matrix.size + 2 * QUIET_ZONE) as f32;
    let side = (outer * matrix.size as f32 / modules).min(widest);
    let slack = (foot - CAPTION - top - side) / 2.0;
    page.qr(matrix, (TAG.0 - side) / 2.0, top + slack, side);
    let code = text::shape(&tag.code, Weight::Bold, 0.08);
    let size = (widest / code.width).min(8.0);
    page.line(code, TAG.0 / 2.0, foot - 3.1 * MM, Align::Centre, style(size, Weight::Bold, INK));
    fitted(page, &tag.checksum_phrase, foot - 0.7 * MM, style(6.0, Weight::Regular, SOFT), widest);
}

fn strip(page: &mut Page, claim: &str) {
    let y = TAG.1 - STRIP + 0.8 * MM;
    page.dashed((0.0, y), (TAG.0, y), 0.5, FAINT, 2.2);
    let room = TAG.0 - 2.0 * MARGIN;
    fitted(page, "fold under here · claim code, for the owner only", y + 2.6 * MM, style(4.6, Weight::Regular, SOFT), room);
    fitted(page, claim, y + 6.0 * MM, style(7.4, Weight::Bold, INK), room);
}

/// One centred line, set smaller rather than cut (a code with a letter missing is no code), down to what can be read.
fn fitted(page: &mut Page, text: &str, y: f32, wanted: Style, room: f32) {
    const SMALLEST: f32 = 4.4;
    let line = text::one_line(text, wanted.weight, room / SMALLEST);
    let size = if line.width > 0.0 { (room / line.width).min(wanted.size) } else { wanted.size };
    page.line(line, TAG.0 / 2.0, y, Align::Centre, Style { size, ..wanted });
}
