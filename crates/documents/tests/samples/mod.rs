//! What the documents are tried with: long names, two scripts, several pages, every optional part present somewhere.

use documents::{
    Adjustment, Amount, Conversion, Language, MakerShare, OtherShare, PayMethod, PaySlip, Split, Statement, StatementLine, Tag, Totals, WorkLine,
};

/// Rupees with the Indian grouping of digits.
pub fn rupees(minor: i64) -> Amount {
    let digits = (minor.abs() / 100).to_string();
    let (head, tail) = digits.split_at(digits.len().saturating_sub(3));
    let mut grouped = String::new();
    for (n, digit) in head.chars().enumerate() {
        if n > 0 && (head.len() - n).is_multiple_of(2) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let comma = if head.is_empty() { "" } else { "," };
    let sign = if minor < 0 { "−" } else { "" };
    Amount { minor, text: format!("{sign}₹{grouped}{comma}{tail}.{:02}", minor.abs() % 100) }
}

pub fn tags() -> Vec<Tag> {
    let tag = |code: &str, product: &str, maker: &str, place: &str, claim: Option<&str>| Tag {
        url: format!("https://haat.example/i/{code}"),
        code: code.to_owned(),
        product: product.to_owned(),
        maker_or_coop: maker.to_owned(),
        place: place.to_owned(),
        checksum_phrase: "river mango copper seven".to_owned(),
        claim_code: claim.map(str::to_owned),
    };
    vec![
        tag("7KQ2-M9XF-4TRB", "Indigo block-print stole", "Sunita Devi", "Bagru, Rajasthan, India", Some("HX7P-2QVM-K9TD-4RWA")),
        tag("9BD4-XW2N-8PLC", "Hand-embroidered cotton cushion cover with mirror work, large", "कच्छ महिला सहकारी समिति", "भुज, गुजरात, भारत", None),
        tag("2MNA-77TQ-XK3E", "Lokta notebook", "Sita श्रेष्ठ · Bhaktapur Paper Makers", "Bhaktapur, Nepal", Some("QQ4K-98MZ-PLT2-7XCD")),
    ]
}

/// A statement of `count` order lines that adds up.
pub fn statement(count: i64) -> Statement {
    let lines: Vec<StatementLine> = (0..count).map(line).collect();
    let sum = |column: fn(&StatementLine) -> &Amount| rupees(lines.iter().map(|line| column(line).minor).sum());
    let totals = Totals {
        producer_part: sum(|line| &line.producer_part),
        shipping: sum(|line| &line.shipping),
        advance_recouped: sum(|line| &line.advance_recouped),
        fees: sum(|line| &line.fees),
        premium: sum(|line| &line.premium),
    };
    let adjustments = vec![Adjustment {
        label: "Carried forward from P-2026-0017: parcel returned undelivered".into(),
        date: "28 Oct 2026".into(),
        amount: rupees(-12_500),
    }];
    let amount = rupees(sum(|line| &line.amount).minor - 12_500);
    let split = split(amount.minor, totals.shipping.minor);
    Statement {
        number: "P-2026-0021".into(),
        cooperative: "Bagru Block Printers' Cooperative · बगरू छपाई सहकारी".into(),
        period: "1 to 30 November 2026".into(),
        currency: "INR".into(),
        minor_digits: 2,
        amount,
        rail: "Bank transfer (NEFT)".into(),
        paid_to: "State Bank of India ··4821".into(),
        reference: "SBIN326329104417".into(),
        paid_on: "Sent on 1 December 2026".into(),
        contact: "payouts@haat.example".into(),
        lines,
        adjustments,
        totals,
        split,
    }
}

fn line(n: i64) -> StatementLine {
    const ITEMS: [&str; 4] =
        ["Indigo block-print stole", "Bedspread, madder and iron black, double, made to order", "Dabu napkins, set of six", "कलमकारी दुपट्टा"];
    let producer = 326_400 - 17_150 * (n % 7);
    let shipping = if n % 3 == 0 { 18_000 } else { 0 };
    let advance = if n % 5 == 1 { 80_000 } else { 0 };
    let fees = if n % 4 == 2 { 590 } else { 0 };
    StatementLine {
        order: format!("H-{}", 1042 + n),
        item: ITEMS[(n % 4) as usize].into(),
        code: (n % 4 != 2).then(|| format!("7KQ2-M9XF-{n:04}")),
        date: format!("{} Nov 2026", 1 + n % 30),
        producer_part: rupees(producer),
        shipping: rupees(shipping),
        advance_recouped: rupees(advance),
        fees: rupees(fees),
        amount: rupees(producer + shipping - advance - fees),
        premium: rupees(producer / 10),
        conversion: (n % 2 == 0).then(|| Conversion {
            buyer_paid: "USD 48.00".into(),
            rate: "1 USD = 88.00 INR".into(),
            date: format!("{} Nov 2026", 1 + n % 30),
            source: "European Central Bank reference rate".into(),
        }),
    }
}

fn split(amount: i64, shipping: i64) -> Split {
    let goods = amount - shipping;
    let maker = |alias: &str, pieces: u32, part: i64, already: i64| MakerShare {
        alias: alias.into(),
        pieces,
        part: rupees(part),
        already_paid: rupees(already),
        pay_now: rupees(part - already),
    };
    let makers = vec![maker("Sunita Devi", 6, goods / 4, goods / 4), maker("सरिता", 5, goods / 5, goods / 10), maker("Rehana B.", 2, goods / 10, 0)];
    let given: i64 = makers.iter().map(|maker| maker.part.minor).sum();
    let materials = goods / 5;
    let cooperative = goods / 8;
    let others = vec![
        OtherShare { label: "Cloth, dyes and other materials".into(), amount: rupees(materials) },
        OtherShare { label: "The cooperative's own part".into(), amount: rupees(cooperative) },
        OtherShare { label: "Shipping paid back".into(), amount: rupees(shipping) },
    ];
    let column = |column: fn(&MakerShare) -> &Amount| rupees(makers.iter().map(|maker| column(maker).minor).sum());
    let (already_paid, pay_now) = (column(|maker| &maker.already_paid), column(|maker| &maker.pay_now));
    Split { makers, others, unallocated: rupees(goods - given - materials - cooperative), already_paid, pay_now }
}

pub fn slip(language: Language) -> PaySlip {
    let line = |what: &str, pieces: u32, rate: i64| WorkLine {
        what: what.into(),
        pieces,
        rate: rupees(rate).text,
        amount: rupees(rate * i64::from(pieces)),
    };
    let (maker, lines) = match language {
        Language::English => ("Rehana B.", vec![line("Printing, indigo stole", 6, 18_000), line("Washing and drying", 6, 2_500)]),
        Language::Hindi => ("सुनीता देवी", vec![line("छपाई, नील दुपट्टा", 6, 18_000), line("धुलाई और सुखाई", 6, 2_500)]),
        Language::Nepali => ("सीता श्रेष्ठ", vec![line("ढाका बुनाई", 6, 18_000), line("किनारा सिलाई", 6, 2_500)]),
    };
    PaySlip {
        language,
        number: "MP-2026-0311".into(),
        cooperative: "बगरू छपाई सहकारी · Bagru Block Printers".into(),
        maker: maker.into(),
        paid_on: "2026-11-22".into(),
        amount: rupees(123_000),
        method: PayMethod::Cash,
        reference: "PN-0311".into(),
        lines,
        photo: (language == Language::Nepali).then(photo),
        code: "418 207".into(),
        url: "https://haat.example/p/418207".into(),
        phone: Some("+91 1429 555 0144".into()),
    }
}

fn photo() -> Vec<u8> {
    use pictures::{Cloth, Form, Kind, Palette};
    pictures::generate(11, Kind::Textile(Cloth::Dhaka, Form::Hanging), Palette::Dhaka)
}
