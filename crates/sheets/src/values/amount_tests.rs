//! Amounts: every way of writing one, every refusal, and the round trip.

use proptest::prelude::*;

use super::*;

fn currency(code: &str, exponent: u32) -> Currency {
    Currency::new(code, exponent).expect("currency")
}

fn inr(text: &str) -> Result<i64, Code> {
    parse(Value::text(text), &currency("INR", 2)).map_err(|fault| fault.code)
}

#[test]
fn rupees_as_people_write_them() {
    for text in [
        "1250",
        "1,250",
        "1,250/-",
        "Rs. 1 250",
        "Rs.1250",
        "rs 1250.00",
        "₹1,250.00",
        "₹ 1 250",
        "INR 1,250",
        "1250 INR",
        "1250 Rs",
        "1,250.-0".trim_end_matches(".-0"),
        "'1250",
        "१,२५०",
        "१२५०/-",
        "১২৫০",
        "౧౨౫౦",
        "୧୨୫୦",
        "रु. 1250",
        "1250 rupees only",
        "1.250,00",
        "1'250.00",
        "+1250",
        "1\u{a0}250,00",
        "1250.",
        "1250.0000",
        "INR1250",
    ] {
        assert_eq!(inr(text), Ok(125_000), "{text}");
    }
    assert_eq!(inr("₹1,25,000.00"), Ok(12_500_000));
    assert_eq!(inr("12,34,56,789.05"), Ok(12_345_678_905));
    assert_eq!(inr("1,234,567.8"), Ok(123_456_780));
    assert_eq!(inr("12,5"), Ok(1_250));
    assert_eq!(inr(".5"), Ok(50));
    assert_eq!(inr("0"), Ok(0));
}

#[test]
fn other_currencies_and_exponents() {
    let read = |text, code, exponent| parse(Value::text(text), &currency(code, exponent)).map_err(|fault| fault.code);
    assert_eq!(read("1.250,00 €", "EUR", 2), Ok(125_000));
    assert_eq!(read("€12.50", "EUR", 2), Ok(1_250));
    assert_eq!(read("$20.00 USD", "USD", 2), Ok(2_000));
    assert_eq!(read("US$ 20", "USD", 2), Ok(2_000));
    assert_eq!(read("¥1,250", "JPY", 0), Ok(1_250));
    assert_eq!(read("1250.00", "JPY", 0), Ok(1_250));
    assert_eq!(read("1250.50", "JPY", 0), Err(Code::AmountTooPrecise));
    assert_eq!(read("12.500", "KWD", 3), Ok(12_500));
    assert_eq!(read("1,250", "KWD", 3), Err(Code::AmountAmbiguous));
    assert_eq!(read("Rs 1250", "NPR", 2), Ok(125_000));
    assert_eq!(read("৳ 1250", "BDT", 2), Ok(125_000));
}

#[test]
fn what_is_not_exact_is_refused_with_the_reason() {
    let cases = [
        ("12.999", Code::AmountTooPrecise),
        ("1.250", Code::AmountTooPrecise),
        ("12.5001", Code::AmountTooPrecise),
        ("-5", Code::AmountNegative),
        ("(5)", Code::AmountNegative),
        ("$12", Code::AmountOtherCurrency),
        ("12 EUR", Code::AmountOtherCurrency),
        ("€ 12", Code::AmountOtherCurrency),
        ("1.2e+05", Code::NumberDamaged),
        ("1,2,3", Code::AmountUnreadable),
        ("1,25,00", Code::AmountUnreadable),
        ("1.2.3,4,5", Code::AmountUnreadable),
        ("12-13", Code::AmountUnreadable),
        ("on request", Code::AmountUnreadable),
        ("", Code::AmountUnreadable),
        ("-", Code::AmountUnreadable),
        ("8901234567890123", Code::AmountTooLarge),
        ("99999999999999999999999999999999999", Code::AmountUnreadable),
    ];
    for (text, code) in cases {
        assert_eq!(inr(text), Err(code), "{text}");
    }
    let fault = parse(Value::text("12.999"), &currency("INR", 2)).expect_err("too precise");
    assert!(fault.expected.contains("INR") && fault.expected.contains("2 decimals"), "{}", fault.expected);
}

#[test]
fn a_typed_number_is_what_it_is() {
    let read = |text| parse(Value { text, kind: CellKind::Number }, &currency("INR", 2)).map_err(|fault| fault.code);
    assert_eq!(read("1.25"), Ok(125));
    assert_eq!(read("1250"), Ok(125_000));
    assert_eq!(read("12.999"), Err(Code::AmountTooPrecise));
    assert_eq!(read("1.00000000000000e300"), Err(Code::AmountUnreadable));
    let flag = Value { text: "true", kind: CellKind::Flag };
    assert_eq!(parse(flag, &currency("INR", 2)).map_err(|fault| fault.code), Err(Code::AmountUnreadable));
}

/// Groups digits from the right: first `first`, then by `step`.
fn grouped(digits: &str, step: usize, mark: char) -> String {
    let (mut out, mut taken, mut size) = (String::new(), 0, 3);
    for digit in digits.chars().rev() {
        if taken == size {
            out.push(mark);
            (taken, size) = (0, step);
        }
        out.push(digit);
        taken += 1;
    }
    out.chars().rev().collect()
}

proptest! {
    #[test]
    fn every_usual_way_of_writing_an_amount_gives_it_back(minor in 0..=MINOR_MAX, exponent in 0_u32..=3) {
        let code = ["JPY", "XTS", "INR", "KWD"][exponent as usize];
        let currency = currency(code, exponent);
        let plain = currency.plain(minor);
        prop_assert_eq!(parse(Value::text(&plain), &currency), Ok(minor));
        let (whole, fraction) = plain.split_once('.').unwrap_or((&plain, ""));
        // With a decimal part present, marks are never ambiguous.
        if !fraction.is_empty() {
            for (step, mark, point) in [(2, ',', '.'), (3, ',', '.'), (3, '.', ','), (3, ' ', ','), (3, '\'', '.')] {
                if exponent == 3 && whole.len() <= 3 && point == ',' { continue; }
                let text = format!("{code} {}{point}{fraction}/-", grouped(whole, step, mark));
                prop_assert_eq!(parse(Value::text(&text), &currency), Ok(minor), "{}", text);
            }
        }
    }

    #[test]
    fn no_text_panics_or_goes_negative(text in "\\PC{0,24}") {
        if let Ok(minor) = parse(Value::text(&text), &currency("INR", 2)) {
            prop_assert!((0..=MINOR_MAX).contains(&minor));
        }
    }

    #[test]
    fn no_soup_of_digits_and_marks_panics(text in "[0-9.,' /$₹Rs()eE+-]{0,16}") {
        if let Ok(minor) = parse(Value::text(&text), &currency("INR", 2)) {
            prop_assert!((0..=MINOR_MAX).contains(&minor));
        }
    }
}
