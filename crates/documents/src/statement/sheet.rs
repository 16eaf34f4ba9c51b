//! The statement on paper. First the amount, then how it came about in a few rows, then every order line, then the split.
//! Every page says whose statement it is and which page of how many.

use super::{Amount, MakerShare, Statement, StatementLine};
use crate::Error;
use crate::drawing::{self, A4, ACCENT, Align, FAINT, INK, PAPER, Page, SOFT, Style, WHITE, style};
use crate::text::{self, Line, Weight};

const LEFT: f32 = 42.0;
const RIGHT: f32 = A4.0 - LEFT;
const WIDTH: f32 = RIGHT - LEFT;

/// First baseline below the repeated header.
const TOP: f32 = 78.0;

/// Nothing of the body is set below this.
const BOTTOM: f32 = A4.1 - 62.0;

/// Space between a cell's text and the next column, in points.
const CELL_GAP: f32 = 6.0;

const BODY: Style = style(8.6, Weight::Regular, INK);
const STRONG: Style = style(8.6, Weight::Bold, INK);
const SMALL: Style = style(6.9, Weight::Regular, SOFT);
const HEAD: Style = style(6.9, Weight::Bold, SOFT);
const CELL: Style = style(7.6, Weight::Regular, INK);
const CELL_STRONG: Style = style(7.6, Weight::Bold, INK);
const SECTION: Style = style(12.5, Weight::Bold, INK);

/// Column heads of the order lines, with the right edge of each.
const LINE_COLUMNS: [(&str, f32); 6] = [
    ("Producer part", LEFT + 224.0),
    ("Shipping", LEFT + 281.0),
    ("Advance", LEFT + 338.0),
    ("Fees", LEFT + 389.0),
    ("Paid to you", LEFT + 450.0),
    ("To the fund", RIGHT),
];
const LINE_ROOM: f32 = 156.0;

/// Column heads of the split, with the right edge of each.
const SPLIT_COLUMNS: [(&str, f32); 4] = [("Pieces", LEFT + 250.0), ("Her part", LEFT + 336.0), ("Already paid", LEFT + 424.0), ("To pay now", RIGHT)];
const SPLIT_ROOM: f32 = 200.0;

pub(super) fn pdf(statement: &Statement) -> Result<Vec<u8>, Error> {
    let mut paper = Paper { statement, pages: Vec::new(), page: Page::new(A4), y: 0.0 };
    paper.first_page();
    paper.waterfall();
    paper.lines();
    paper.split();
    paper.notes();
    let title = format!("Payout statement {}", statement.number);
    drawing::pdf(&title, "en", &paper.finish())
}

/// A statement being laid out: finished pages, the page in work, and the next baseline on it.
struct Paper<'a> {
    statement: &'a Statement,
    pages: Vec<Page>,
    page: Page,
    y: f32,
}

impl Paper<'_> {
    fn first_page(&mut self) {
        let (statement, page) = (self.statement, &mut self.page);
        page.rect(0.0, 0.0, A4.0, 6.0, ACCENT);
        page.text("PAYOUT STATEMENT", LEFT, 46.0, Align::Left, style(8.0, Weight::Bold, ACCENT), 200.0);
        page.text(&statement.number, RIGHT, 46.0, Align::Right, style(9.0, Weight::Bold, INK), 240.0);
        page.text(&statement.period, RIGHT, 60.0, Align::Right, style(8.6, Weight::Regular, SOFT), 240.0);
        let name = style(17.0, Weight::Bold, INK);
        let rows = page.paragraph(&statement.cooperative, (LEFT, 70.0), (WIDTH - 140.0, 21.0), 2, name);
        let top = 84.0 + (rows.max(1) - 1) as f32 * 21.0;

        page.rect(LEFT, top, WIDTH, 88.0, PAPER);
        page.text("Paid to you", LEFT + 16.0, top + 24.0, Align::Left, BODY, 200.0);
        let amount = style(30.0, Weight::Bold, INK);
        page.text(&statement.amount.text, LEFT + 16.0, top + 60.0, Align::Left, amount, 250.0);
        page.text(&statement.paid_on, LEFT + 16.0, top + 77.0, Align::Left, SMALL, 250.0);
        let facts = [("How", &statement.rail), ("Where to", &statement.paid_to), ("Bank reference", &statement.reference)];
        for (n, (label, value)) in facts.into_iter().enumerate() {
            let y = top + 20.0 + n as f32 * 25.0;
            page.text(label, LEFT + 290.0, y, Align::Left, SMALL, 90.0);
            page.text(value, LEFT + 290.0, y + 11.0, Align::Left, STRONG, WIDTH - 306.0);
        }
        self.y = top + 120.0;
    }

    /// The few rows that lead from what was sold to what was paid.
    fn waterfall(&mut self) {
        let statement = self.statement;
        self.section("How this amount came about");
        let pieces = statement.lines.len();
        let sold = if pieces == 1 { "one order line".to_owned() } else { format!("{pieces} order lines") };
        let totals = &statement.totals;
        self.step("Your part of the price", &format!("of {sold}, listed below"), "", &totals.producer_part);
        self.step("Shipping paid back", "parcels you sent at your own cost", "+", &totals.shipping);
        self.step("Advance", "received before; this much of it is now settled", "−", &totals.advance_recouped);
        self.step("Fees", "of the way it was paid", "−", &totals.fees);
        for change in &statement.adjustments {
            self.step(&change.label, &change.date, "", &change.amount);
        }
        self.page.rule((LEFT, self.y - 9.0), (RIGHT, self.y - 9.0), 0.9, INK);
        self.y += 3.0;
        self.page.text("Paid to you", LEFT, self.y, Align::Left, style(10.0, Weight::Bold, INK), 300.0);
        self.page.text(&statement.amount.text, RIGHT, self.y, Align::Right, style(10.0, Weight::Bold, INK), 180.0);
        self.y += 14.0;
        self.fund_note();
    }

    fn step(&mut self, label: &str, note: &str, sign: &str, amount: &Amount) {
        if amount.minor == 0 {
            return;
        }
        self.room(17.0);
        let label = text::one_line(label, Weight::Regular, 260.0 / BODY.size);
        let after = LEFT + label.width * BODY.size + 7.0;
        self.page.line(label, LEFT, self.y, Align::Left, BODY);
        self.page.text(note, after, self.y, Align::Left, SMALL, RIGHT - 130.0 - after);
        self.page.text(&format!("{sign}{}", amount.text), RIGHT, self.y, Align::Right, BODY, 120.0);
        self.page.rule((LEFT, self.y + 5.0), (RIGHT, self.y + 5.0), 0.4, FAINT);
        self.y += 17.0;
    }

    fn fund_note(&mut self) {
        let premium = &self.statement.totals.premium;
        if premium.minor == 0 {
            self.y += 12.0;
            return;
        }
        self.room(40.0);
        self.page.rect(LEFT, self.y, WIDTH, 26.0, PAPER);
        self.page.rect(LEFT, self.y, 2.5, 26.0, ACCENT);
        let said = format!(
            "Besides this, a premium of {} went into your members' fund. It is not part of the amount above and leaves the \
             fund only by a decision of the members.",
            premium.text
        );
        let note = style(7.4, Weight::Regular, INK);
        self.page.paragraph(&said, (LEFT + 11.0, self.y + 10.5), (WIDTH - 22.0, 10.0), 2, note);
        self.y += 54.0;
    }

    fn lines(&mut self) {
        self.room(100.0);
        self.section("Every order line");
        if self.statement.lines.iter().any(|line| line.conversion.is_some()) {
            let note = "Your part was agreed in your own currency. The rate shown is that of the order's day; what it did later is \
                        not yours to bear.";
            self.note(note);
        }
        self.line_head();
        for line in &self.statement.lines {
            let title = text::wrap(&line.item, Weight::Bold, LINE_ROOM / CELL.size, 2);
            let height = 29.0 + 9.5 * (title.len().saturating_sub(1) + usize::from(line.conversion.is_some())) as f32;
            if self.room(height) {
                self.line_head();
            }
            self.order_line(line, title, height);
            self.y += height;
        }
        if self.room(34.0) {
            self.line_head();
        }
        self.line_totals();
    }

    fn line_head(&mut self) {
        self.table_head("Sold", &LINE_COLUMNS);
    }

    fn order_line(&mut self, line: &StatementLine, title: Vec<Line>, height: f32) {
        let mut y = self.y;
        for row in title {
            self.page.line(row, LEFT, y, Align::Left, CELL_STRONG);
            y += 9.5;
        }
        let code = line.code.as_ref().map(|code| format!(" · {code}")).unwrap_or_default();
        self.page.text(&format!("{} · {}{code}", line.order, line.date), LEFT, y, Align::Left, SMALL, WIDTH);
        if let Some(fx) = &line.conversion {
            let said = format!("The buyer paid {}; {} on {} ({})", fx.buyer_paid, fx.rate, fx.date, fx.source);
            self.page.text(&said, LEFT, y + 9.5, Align::Left, SMALL, WIDTH);
        }
        let cells = [
            ("", &line.producer_part, CELL),
            ("", &line.shipping, CELL),
            ("−", &line.advance_recouped, CELL),
            ("−", &line.fees, CELL),
            ("", &line.amount, CELL_STRONG),
            ("", &line.premium, style(7.6, Weight::Regular, ACCENT)),
        ];
        self.cells(&LINE_COLUMNS, cells);
        let under = self.y + height - 13.0;
        self.page.rule((LEFT, under), (RIGHT, under), 0.4, FAINT);
    }

    fn line_totals(&mut self) {
        let (statement, totals) = (self.statement, &self.statement.totals);
        for change in &statement.adjustments {
            self.page.text(&change.label, LEFT, self.y, Align::Left, CELL_STRONG, LINE_ROOM + 140.0);
            self.page.text(&change.date, LEFT, self.y + 9.5, Align::Left, SMALL, LINE_ROOM);
            let paid = LINE_COLUMNS[4].1;
            self.page.text(&change.amount.text, paid, self.y, Align::Right, CELL_STRONG, 60.0);
            self.page.rule((LEFT, self.y + 15.5), (RIGHT, self.y + 15.5), 0.4, FAINT);
            self.y += 29.0;
            if self.room(34.0) {
                self.line_head();
            }
        }
        self.page.rule((LEFT, self.y - 10.0), (RIGHT, self.y - 10.0), 0.9, INK);
        self.page.text("Sum", LEFT, self.y + 2.0, Align::Left, CELL_STRONG, LINE_ROOM);
        self.y += 2.0;
        let cells = [
            ("", &totals.producer_part, CELL_STRONG),
            ("", &totals.shipping, CELL_STRONG),
            ("−", &totals.advance_recouped, CELL_STRONG),
            ("−", &totals.fees, CELL_STRONG),
            ("", &statement.amount, CELL_STRONG),
            ("", &totals.premium, style(7.6, Weight::Bold, ACCENT)),
        ];
        self.cells(&LINE_COLUMNS, cells);
        self.y += 40.0;
    }

    fn split(&mut self) {
        let split = &self.statement.split;
        self.room(120.0);
        self.section("How it is split");
        let note = "What a maker was already paid for these pieces stays with the cooperative, which paid it; the last column \
                    is what each maker is still to receive.";
        self.note(note);
        self.split_head();
        for maker in &split.makers {
            self.split_row();
            self.maker(maker);
        }
        for other in &split.others {
            self.split_row();
            self.part(&other.label, &other.amount, CELL);
        }
        if split.unallocated.minor != 0 {
            self.split_row();
            let accent = style(7.6, Weight::Bold, ACCENT);
            self.part("Unallocated: no maker is recorded for this work yet", &split.unallocated, accent);
        }
        self.split_row();
        self.page.rule((LEFT, self.y - 10.5), (RIGHT, self.y - 10.5), 0.9, INK);
        self.page.text("Paid to you", LEFT, self.y + 2.0, Align::Left, CELL_STRONG, SPLIT_ROOM);
        self.y += 2.0;
        let split = &self.statement.split;
        let sums = [&self.statement.amount, &split.already_paid, &split.pay_now];
        self.cells(&SPLIT_COLUMNS[1..], sums.map(|sum| ("", sum, CELL_STRONG)));
        self.y += 28.0;
    }

    fn split_head(&mut self) {
        self.table_head("Maker or purpose", &SPLIT_COLUMNS);
    }

    fn split_row(&mut self) {
        if self.room(20.0) {
            self.split_head();
        }
    }

    fn maker(&mut self, maker: &MakerShare) {
        self.page.text(&maker.alias, LEFT, self.y, Align::Left, CELL_STRONG, SPLIT_ROOM);
        self.page.text(&maker.pieces.to_string(), SPLIT_COLUMNS[0].1, self.y, Align::Right, CELL, 40.0);
        let cells = [("", &maker.part, CELL), ("", &maker.already_paid, CELL), ("", &maker.pay_now, CELL_STRONG)];
        self.cells(&SPLIT_COLUMNS[1..], cells);
        self.end_split_row();
    }

    fn part(&mut self, label: &str, amount: &Amount, text: Style) {
        self.page.text(label, LEFT, self.y, Align::Left, text, SPLIT_ROOM + 40.0);
        self.cells(&SPLIT_COLUMNS[1..2], [("", amount, text)]);
        self.end_split_row();
    }

    fn end_split_row(&mut self) {
        self.page.rule((LEFT, self.y + 5.5), (RIGHT, self.y + 5.5), 0.4, FAINT);
        self.y += 17.5;
    }

    fn notes(&mut self) {
        self.room(44.0);
        let said = format!(
            "Nothing was held back besides what is listed here. If a line is wrong or missing, write to {} and name the payout \
             and the order; the answer is recorded with the payout.",
            self.statement.contact
        );
        self.page.paragraph(&said, (LEFT, self.y), (WIDTH, 10.5), 3, style(7.6, Weight::Regular, SOFT));
    }

    fn section(&mut self, title: &str) {
        self.page.text(title, LEFT, self.y, Align::Left, SECTION, WIDTH);
        self.y += 20.0;
    }

    /// A sentence under a section's title.
    fn note(&mut self, said: &str) {
        let set = self.page.paragraph(said, (LEFT, self.y - 6.0), (WIDTH, 9.5), 2, SMALL);
        self.y += set as f32 * 9.5 + 7.0;
    }

    fn table_head(&mut self, first: &str, columns: &[(&str, f32)]) {
        self.page.rect(LEFT, self.y - 10.5, WIDTH, 16.0, PAPER);
        self.page.text(first, LEFT + 4.0, self.y, Align::Left, HEAD, 150.0);
        for (label, right) in columns {
            self.page.text(label, *right - if *right >= RIGHT { 4.0 } else { 0.0 }, self.y, Align::Right, HEAD, 70.0);
        }
        self.y += 18.0;
    }

    /// Right-aligned amounts, one per column; nothing is a dash, so that what is there stands out.
    fn cells<const N: usize>(&mut self, columns: &[(&str, f32)], cells: [(&str, &Amount, Style); N]) {
        let mut left = LEFT;
        for ((_, right), (sign, amount, text)) in columns.iter().zip(cells) {
            let said = if amount.minor == 0 { "–".to_owned() } else { format!("{sign}{}", amount.text) };
            let line = text::shape(&said, text.weight, 0.0);
            let room = (right - left - CELL_GAP).min(84.0);
            // A very large amount is set smaller, never cut.
            let size = if line.width > 0.0 { text.size.min(room / line.width) } else { text.size };
            self.page.line(line, *right, self.y, Align::Right, Style { size, ..text });
            left = *right;
        }
    }

    /// Starts a new page if fewer than `height` points are left, and says whether it did.
    fn room(&mut self, height: f32) -> bool {
        if self.y + height <= BOTTOM {
            return false;
        }
        self.pages.push(std::mem::replace(&mut self.page, Page::new(A4)));
        let (statement, page) = (self.statement, &mut self.page);
        page.rect(0.0, 0.0, A4.0, 6.0, ACCENT);
        page.text(&statement.cooperative, LEFT, 40.0, Align::Left, STRONG, 270.0);
        let what = format!("Payout statement {} · {}", statement.number, statement.period);
        page.text(&what, RIGHT, 40.0, Align::Right, SMALL, 230.0);
        page.rule((LEFT, 47.0), (RIGHT, 47.0), 0.6, INK);
        self.y = TOP;
        true
    }

    fn finish(mut self) -> Vec<Page> {
        self.pages.push(self.page);
        let count = self.pages.len();
        for (n, page) in self.pages.iter_mut().enumerate() {
            let y = A4.1 - 34.0;
            page.rect(0.0, y - 12.0, A4.0, 46.0, WHITE);
            page.rule((LEFT, y - 12.0), (RIGHT, y - 12.0), 0.4, FAINT);
            page.text(&self.statement.contact, LEFT, y, Align::Left, SMALL, 330.0);
            page.text(&format!("Page {} of {count}", n + 1), RIGHT, y, Align::Right, SMALL, 120.0);
        }
        self.pages
    }
}
