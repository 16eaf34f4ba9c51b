//! The pay slip a maker holds in her hand: what she was paid, for what, and how to say that she was, or that she was not.
//!
//! One A5 page in her language. The amount is the largest thing on it, a photo shows the piece to who does not read, and the
//! answer needs no smartphone: a code to say or type, a box to tick, a place for a signature or a thumb.

use crate::Error;
use crate::drawing::{self, A5, ACCENT, Align, FAINT, INK, PAPER, Page, Photo, SOFT, style};
use crate::qr::Matrix;
use crate::statement::{Amount, sums, total};
use crate::text::Weight;

const LEFT: f32 = 30.0;
const RIGHT: f32 = A5.0 - LEFT;
const WIDTH: f32 = RIGHT - LEFT;

/// Lines of work that fit on a slip; what is more belongs on the next slip.
const MAX_LINES: usize = 6;

/// Top of the box for a signature or thumb print.
const MARK_TOP: f32 = A5.1 - 104.0;

/// From the question to the telephone number, in points.
const ANSWER_HEIGHT: f32 = 124.0;

/// The language a slip is printed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// English.
    English,
    /// Hindi.
    Hindi,
    /// Nepali.
    Nepali,
}

/// How a maker was paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PayMethod {
    /// In notes, by hand.
    Cash,
    /// To a bank account.
    Bank,
    /// To a UPI address.
    Upi,
}

/// One kind of work she is paid for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkLine {
    /// What she did on what.
    pub what: String,
    /// How many pieces.
    pub pieces: u32,
    /// Rate for one piece, formatted.
    pub rate: String,
    /// What it comes to.
    pub amount: Amount,
}

/// What is printed on a slip.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaySlip {
    /// Language of the labels.
    pub language: Language,
    /// Number of the payment.
    pub number: String,
    /// Who pays.
    pub cooperative: String,
    /// The maker as she is called.
    pub maker: String,
    /// Day of the payment.
    pub paid_on: String,
    /// What she was paid.
    pub amount: Amount,
    /// How.
    pub method: PayMethod,
    /// Bank or UPI reference, or who witnessed.
    pub reference: String,
    /// The work; at most six lines.
    pub lines: Vec<WorkLine>,
    /// A JPEG of the piece.
    pub photo: Option<Vec<u8>>,
    /// The code with which she confirms or disputes.
    pub code: String,
    /// Where the QR code leads to do the same.
    pub url: String,
    /// A number that can be called or sent a message to, if there is one.
    pub phone: Option<String>,
}

/// One slip as a PDF on A5. Refused with [`Error::Sum`] if the work does not add up to the amount.
pub fn pay_slip_pdf(slip: &PaySlip) -> Result<Vec<u8>, Error> {
    pay_slips_pdf(std::slice::from_ref(slip))
}

/// Slips as one PDF, one A5 page each.
pub fn pay_slips_pdf(slips: &[PaySlip]) -> Result<Vec<u8>, Error> {
    let pages = slips.iter().map(page).collect::<Result<Vec<_>, _>>()?;
    let language = slips.first().map_or(Language::English, |slip| slip.language);
    drawing::pdf(words(language).title, words(language).tag, &pages)
}

/// Every label of a slip in one language.
struct Words {
    tag: &'static str,
    title: &'static str,
    paid: &'static str,
    cash: &'static str,
    bank: &'static str,
    upi: &'static str,
    work: &'static str,
    pieces: &'static str,
    rate: &'static str,
    sum: &'static str,
    question: &'static str,
    yes: &'static str,
    no: &'static str,
    code: &'static str,
    by_phone: &'static str,
    mark: &'static str,
    rights: &'static str,
}

const fn words(language: Language) -> &'static Words {
    match language {
        Language::English => &ENGLISH,
        Language::Hindi => &HINDI,
        Language::Nepali => &NEPALI,
    }
}

const ENGLISH: Words = Words {
    tag: "en",
    title: "Pay slip",
    paid: "You were paid",
    cash: "in cash",
    bank: "to your bank account",
    upi: "by UPI",
    work: "Work",
    pieces: "Pieces",
    rate: "Rate",
    sum: "Sum",
    question: "Did you receive this amount?",
    yes: "Yes, I received it",
    no: "No, something is wrong",
    code: "Your code",
    by_phone: "Call or send the code to",
    mark: "Signature or thumb print",
    rights: "Saying no costs you nothing. Nobody may answer for you.",
};

const HINDI: Words = Words {
    tag: "hi",
    title: "मज़दूरी पर्ची",
    paid: "आपको मिला",
    cash: "नकद",
    bank: "आपके बैंक खाते में",
    upi: "यूपीआई से",
    work: "काम",
    pieces: "नग",
    rate: "दर",
    sum: "कुल",
    question: "क्या आपको यह रकम मिली?",
    yes: "हाँ, मुझे मिली",
    no: "नहीं, कुछ गलत है",
    code: "आपका कोड",
    by_phone: "फ़ोन करें या कोड भेजें",
    mark: "हस्ताक्षर या अँगूठे का निशान",
    rights: "ना कहने से आपका कोई नुकसान नहीं होगा। आपकी जगह कोई और जवाब नहीं दे सकता।",
};

const NEPALI: Words = Words {
    tag: "ne",
    title: "ज्याला पर्ची",
    paid: "तपाईंले पाउनुभयो",
    cash: "नगद",
    bank: "तपाईंको बैंक खातामा",
    upi: "यूपीआईबाट",
    work: "काम",
    pieces: "थान",
    rate: "दर",
    sum: "जम्मा",
    question: "के तपाईंले यो रकम पाउनुभयो?",
    yes: "हो, मैले पाएँ",
    no: "होइन, केही गलत छ",
    code: "तपाईंको कोड",
    by_phone: "फोन गर्नुहोस् वा कोड पठाउनुहोस्",
    mark: "हस्ताक्षर वा औंठाछाप",
    rights: "होइन भन्दा तपाईंलाई कुनै नोक्सान हुँदैन। तपाईंको सट्टा अरू कसैले जवाफ दिन पाउँदैन।",
};

fn page(slip: &PaySlip) -> Result<Page, Error> {
    let what = format!("pay slip {}, work of {}", slip.number, slip.maker);
    sums(what, total(slip.lines.iter().map(|line| &line.amount)), &slip.amount)?;
    if slip.lines.len() > MAX_LINES {
        return Err(Error::TooManyLines { lines: slip.lines.len(), max: MAX_LINES });
    }
    let words = words(slip.language);
    let mut page = Page::new(A5);
    head(&mut page, slip, words);
    let y = work(&mut page, slip, words, 206.0);
    // The answer stands in the middle of what the work leaves free above the signature.
    let spare = MARK_TOP - y - ANSWER_HEIGHT;
    answer(&mut page, slip, words, y + (spare / 2.0).clamp(4.0, 40.0))?;
    Ok(page)
}

fn head(page: &mut Page, slip: &PaySlip, words: &Words) {
    page.rect(0.0, 0.0, A5.0, 5.0, ACCENT);
    page.text(words.title, LEFT, 34.0, Align::Left, style(9.5, Weight::Bold, ACCENT), 150.0);
    page.text(&slip.number, RIGHT, 34.0, Align::Right, style(8.0, Weight::Regular, SOFT), 160.0);
    page.text(&slip.maker, LEFT, 56.0, Align::Left, style(16.0, Weight::Bold, INK), WIDTH);
    page.text(&slip.cooperative, LEFT, 70.0, Align::Left, style(8.4, Weight::Regular, SOFT), WIDTH);
    let (top, height) = (82.0, 96.0);
    page.rect(LEFT, top, WIDTH, height, PAPER);
    let text_room = match &slip.photo {
        Some(jpeg) => {
            let side = height - 16.0;
            page.photos.push(Photo { x: RIGHT - 8.0 - side, y: top + 8.0, side, jpeg: jpeg.clone() });
            WIDTH - side - 36.0
        }
        None => WIDTH - 28.0,
    };
    page.text(words.paid, LEFT + 14.0, top + 26.0, Align::Left, style(9.0, Weight::Regular, INK), text_room);
    page.text(&slip.amount.text, LEFT + 14.0, top + 58.0, Align::Left, style(26.0, Weight::Bold, INK), text_room);
    let method = match slip.method {
        PayMethod::Cash => words.cash,
        PayMethod::Bank => words.bank,
        PayMethod::Upi => words.upi,
    };
    let how = format!("{method} · {}", slip.paid_on);
    page.text(&how, LEFT + 14.0, top + 74.0, Align::Left, style(8.4, Weight::Regular, INK), text_room);
    page.text(&slip.reference, LEFT + 14.0, top + 86.0, Align::Left, style(7.0, Weight::Regular, SOFT), text_room);
}

fn work(page: &mut Page, slip: &PaySlip, words: &Words, mut y: f32) -> f32 {
    let head = style(7.4, Weight::Bold, SOFT);
    let cell = style(8.2, Weight::Regular, INK);
    let (pieces, rate) = (LEFT + 204.0, LEFT + 264.0);
    page.text(words.work, LEFT, y, Align::Left, head, 150.0);
    page.text(words.pieces, pieces, y, Align::Right, head, 50.0);
    page.text(words.rate, rate, y, Align::Right, head, 56.0);
    page.text(words.sum, RIGHT, y, Align::Right, head, 60.0);
    page.rule((LEFT, y + 5.0), (RIGHT, y + 5.0), 0.6, INK);
    y += 19.0;
    for line in &slip.lines {
        page.text(&line.what, LEFT, y, Align::Left, cell, 168.0);
        page.text(&line.pieces.to_string(), pieces, y, Align::Right, cell, 40.0);
        page.text(&line.rate, rate, y, Align::Right, cell, 56.0);
        page.text(&line.amount.text, RIGHT, y, Align::Right, style(8.2, Weight::Bold, INK), 80.0);
        page.rule((LEFT, y + 5.0), (RIGHT, y + 5.0), 0.4, FAINT);
        y += 17.0;
    }
    y
}

fn answer(page: &mut Page, slip: &PaySlip, words: &Words, y: f32) -> Result<(), Error> {
    page.text(words.question, LEFT, y + 8.0, Align::Left, style(12.0, Weight::Bold, INK), WIDTH);
    let (side, qr_x, qr_y) = (92.0, RIGHT - 92.0, y + 24.0);
    page.qr(&Matrix::new(&slip.url)?, qr_x, qr_y, side);
    let room = WIDTH - side - 24.0;
    for (n, choice) in [words.yes, words.no].into_iter().enumerate() {
        let top = y + 24.0 + n as f32 * 24.0;
        frame(page, LEFT, top, 14.0, 14.0);
        page.text(choice, LEFT + 22.0, top + 11.0, Align::Left, style(9.4, Weight::Regular, INK), room - 22.0);
    }
    page.text(words.code, LEFT, y + 86.0, Align::Left, style(8.0, Weight::Regular, SOFT), room);
    page.text(&slip.code, LEFT, y + 104.0, Align::Left, style(17.0, Weight::Bold, INK), room);
    if let Some(phone) = &slip.phone {
        let said = format!("{}: {phone}", words.by_phone);
        page.text(&said, LEFT, y + 120.0, Align::Left, style(8.4, Weight::Regular, INK), WIDTH);
    }
    frame(page, LEFT, MARK_TOP, WIDTH, 52.0);
    page.text(words.mark, LEFT + 8.0, MARK_TOP + 12.0, Align::Left, style(7.4, Weight::Regular, SOFT), WIDTH);
    page.paragraph(words.rights, (LEFT, MARK_TOP + 68.0), (WIDTH, 11.0), 2, style(8.0, Weight::Regular, SOFT));
    Ok(())
}

fn frame(page: &mut Page, x: f32, y: f32, width: f32, height: f32) {
    let corners = [(x, y), (x + width, y), (x + width, y + height), (x, y + height), (x, y)];
    for side in corners.windows(2) {
        page.rule(side[0], side[1], 0.8, INK);
    }
}
