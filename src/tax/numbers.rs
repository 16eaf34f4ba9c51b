//! Tax numbers: their forms, and their check digits where the scheme has them and they are known here. Pure.
//!
//! In a form, `9` is a digit, `@` a letter, `X` either, anything else itself; forms are divided by `|`.
use super::model::{EUROPEAN_UNION, Kind};

#[derive(Debug, PartialEq, Eq)]
pub enum Wrong {
    /// This kind of number is not given there.
    Place(String),
    /// The form that it should have.
    Form(String),
    Digit,
}

/// Value-added tax: the country, and the forms of its numbers.
const VAT: &[(&str, &str)] = &[
    ("AT", "ATU99999999"),
    ("BE", "BE9999999999"),
    ("BG", "BG999999999|BG9999999999"),
    ("CH", "CHE999999999MWST|CHE999999999TVA|CHE999999999IVA"),
    ("CY", "CY99999999@"),
    ("CZ", "CZ99999999|CZ999999999|CZ9999999999"),
    ("DE", "DE999999999"),
    ("DK", "DK99999999"),
    ("EE", "EE999999999"),
    ("ES", "ESX9999999X"),
    ("FI", "FI99999999"),
    ("FR", "FRXX999999999"),
    ("GB", "GB999999999|GB999999999999"),
    ("GR", "EL999999999"),
    ("HR", "HR99999999999"),
    ("HU", "HU99999999"),
    ("IE", "IE9999999@|IE9999999@@|IE9X99999@"),
    ("IT", "IT99999999999"),
    ("LT", "LT999999999|LT999999999999"),
    ("LU", "LU99999999"),
    ("LV", "LV99999999999"),
    ("MT", "MT99999999"),
    ("NL", "NL999999999B99"),
    ("NO", "999999999MVA"),
    ("NP", "999999999"),
    ("PL", "PL9999999999"),
    ("PT", "PT999999999"),
    ("RO", "RO99|RO999|RO9999|RO99999|RO999999|RO9999999|RO99999999|RO999999999|RO9999999999"),
    ("SE", "SE999999999999"),
    ("SI", "SI99999999"),
    ("SK", "SK9999999999"),
];
/// Without spaces, dots, hyphens and slashes, in capitals.
pub fn normalised(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace() && !matches!(c, '.' | '-' | '/')).collect::<String>().to_uppercase()
}

/// Whether a number can be one of this kind in this country.
pub fn check(country: &str, kind: Kind, number: &str) -> Result<(), Wrong> {
    let only = |place: &str| if country == place { Ok(()) } else { Err(Wrong::Place(format!("{kind} is a number of {place}"))) };
    match kind {
        Kind::Gstin => {
            only("IN")?;
            form(number, "99@@@@@9999@XXX")?;
            digit(gstin(number))
        }
        Kind::Pan => only("IN").and_then(|()| form(number, "@@@@@9999@")),
        Kind::Iec => only("IN").and_then(|()| form(number, "XXXXXXXXXX")),
        Kind::Ein => only("US").and_then(|()| form(number, "999999999")),
        Kind::Eori if country == "GB" || EUROPEAN_UNION.contains(&country) => {
            let rest = number.strip_prefix(country).unwrap_or_default();
            let fits = (1..=15).contains(&rest.len()) && rest.bytes().all(|b| b.is_ascii_alphanumeric());
            if fits { Ok(()) } else { Err(Wrong::Form(format!("{country} and 1 to 15 letters and digits"))) }
        }
        Kind::Eori => Err(Wrong::Place("eori is a number of the European Union and the United Kingdom".into())),
        Kind::Vat if country == "IN" => Err(Wrong::Place("in India it is gstin".into())),
        Kind::Vat => {
            let Some((_, forms)) = VAT.iter().find(|(known, _)| *known == country) else {
                let fits = (4..=20).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_alphanumeric());
                return if fits { Ok(()) } else { Err(Wrong::Form("4 to 20 letters and digits".into())) };
            };
            form(number, forms)?;
            digit(vat(country, number))
        }
    }
}
fn digit(fits: bool) -> Result<(), Wrong> {
    if fits { Ok(()) } else { Err(Wrong::Digit) }
}
fn form(number: &str, forms: &str) -> Result<(), Wrong> {
    let fits = |form: &str| {
        let each = |(wanted, given): (u8, u8)| match wanted {
            b'9' => given.is_ascii_digit(),
            b'@' => given.is_ascii_uppercase(),
            b'X' => given.is_ascii_digit() || given.is_ascii_uppercase(),
            other => other == given,
        };
        form.len() == number.len() && form.bytes().zip(number.bytes()).all(each)
    };
    let told = || format!("{}, where 9 is a digit, @ a letter and X either", forms.replace('|', " or "));
    if forms.split('|').any(fits) { Ok(()) } else { Err(Wrong::Form(told())) }
}

/// Whether the check digits fit; true where none are known here.
fn vat(country: &str, number: &str) -> bool {
    let digits: Vec<u32> = number.chars().filter_map(|c| c.to_digit(10)).collect();
    let last = |n: usize| digits[..n].iter().fold(0_u64, |sum, d| sum * 10 + u64::from(*d));
    match country {
        // 97 less the rest of the first eight.
        "BE" => digits[0] < 2 && 97 - last(8) % 97 == last(10) % 100,
        "CH" => weighted(&digits, &[5, 4, 3, 2, 7, 6, 5, 4]),
        "DE" => mod_11_10(&digits),
        "DK" => digits.iter().zip([2, 7, 6, 5, 4, 3, 2, 1]).map(|(d, w)| d * w).sum::<u32>() % 11 == 0,
        "FI" => weighted(&digits, &[7, 9, 10, 5, 8, 4, 2]),
        "HR" => mod_11_10(&digits),
        "IT" => luhn(&digits),
        "LU" => last(6) % 89 == u64::from(digits[6] * 10 + digits[7]),
        "NO" => weighted(&digits, &[3, 2, 7, 6, 5, 4, 3, 2]),
        "PL" => digits.iter().zip([6, 5, 7, 2, 3, 4, 5, 6, 7]).map(|(d, w)| d * w).sum::<u32>() % 11 == digits[9],
        "PT" => weighted_or_zero(&digits, &[9, 8, 7, 6, 5, 4, 3, 2]),
        "SE" => luhn(&digits[..10]),
        _ => true,
    }
}
/// 11 less the rest of the weighted sum by 11, and 0 where nothing is left over; 10 is never given.
fn weighted(digits: &[u32], weights: &[u32]) -> bool {
    let check = (11 - digits.iter().zip(weights).map(|(d, w)| d * w).sum::<u32>() % 11) % 11;
    check < 10 && digits.get(weights.len()) == Some(&check)
}
/// The same, where 10 and 11 are written as 0.
fn weighted_or_zero(digits: &[u32], weights: &[u32]) -> bool {
    let check = 11 - digits.iter().zip(weights).map(|(d, w)| d * w).sum::<u32>() % 11;
    digits.get(weights.len()) == Some(&if check > 9 { 0 } else { check })
}
/// ISO 7064, MOD 11,10.
fn mod_11_10(digits: &[u32]) -> bool {
    let Some((last, rest)) = digits.split_last() else { return false };
    let product = rest.iter().fold(10, |product, d| {
        let sum = (product + d) % 10;
        (if sum == 0 { 10 } else { sum }) * 2 % 11
    });
    (11 - product) % 10 == *last
}
fn luhn(digits: &[u32]) -> bool {
    let twice = |d: u32| if d > 4 { d * 2 - 9 } else { d * 2 };
    let sum: u32 = digits.iter().rev().enumerate().map(|(i, d)| if i % 2 == 1 { twice(*d) } else { *d }).sum();
    sum.is_multiple_of(10)
}
/// Every second of the fourteen counts twice in base 36, its two digits added; the fifteenth fills the sum up to a multiple of 36.
fn gstin(number: &str) -> bool {
    let values: Vec<u32> = number.chars().filter_map(|c| c.to_digit(36)).collect();
    let sum: u32 = values[..14].iter().zip([1, 2].iter().cycle()).map(|(v, factor)| v * factor / 36 + v * factor % 36).sum();
    (36 - sum % 36) % 36 == values[14]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers that their owners publish, and each with one digit changed.
    #[test]
    fn check_digits_are_checked() {
        let numbers = [
            ("BE", "BE0428759497"),
            ("CH", "CHE107787577IVA"),
            ("DE", "DE136695976"),
            ("DK", "DK13585628"),
            ("FI", "FI20774740"),
            ("IT", "IT00743110157"),
            ("LU", "LU15027442"),
            ("NO", "995525828MVA"),
            ("PL", "PL8567346215"),
            ("PT", "PT501964843"),
            ("SE", "SE556012579001"),
        ];
        for (country, number) in numbers {
            assert_eq!(check(country, Kind::Vat, number), Ok(()), "{number}");
            let at = number.find(|c: char| c.is_ascii_digit()).unwrap() + 3;
            let other = if &number[at..=at] == "9" { "8" } else { "9" };
            let changed = format!("{}{other}{}", &number[..at], &number[at + 1..]);
            assert_eq!(check(country, Kind::Vat, &changed), Err(Wrong::Digit), "{changed}");
        }
        assert_eq!(check("IN", Kind::Gstin, "27AAPFU0939F1ZV"), Ok(()));
        assert_eq!(check("IN", Kind::Gstin, "27AAPFU0939F1ZW"), Err(Wrong::Digit));
        assert_eq!(check("IN", Kind::Gstin, "29AAPFU0939F1ZV"), Err(Wrong::Digit));
    }
    #[test]
    fn forms_are_checked() {
        for (country, kind, number) in [
            ("AT", Kind::Vat, "ATU13585627"),
            ("NL", Kind::Vat, "NL004495445B01"),
            ("FR", Kind::Vat, "FR40303265045"),
            ("IE", Kind::Vat, "IE6433435F"),
            ("RO", Kind::Vat, "RO18547290"),
            ("JP", Kind::Vat, "T1234567890123"),
            ("IN", Kind::Pan, "AAPFU0939F"),
            ("DE", Kind::Eori, "DE1234567"),
            ("US", Kind::Ein, "123456789"),
        ] {
            assert_eq!(check(country, kind, number), Ok(()), "{number}");
        }
        for (country, kind, number) in [
            ("AT", Kind::Vat, "AUU13585627"),
            ("AT", Kind::Vat, "BTU13585627"),
            ("DE", Kind::Vat, "FR136695976"),
            ("GR", Kind::Vat, "GR123456789"),
            ("RO", Kind::Vat, "RO1"),
            ("IN", Kind::Pan, "AAPF00939F"),
            ("DE", Kind::Eori, "FR1234567"),
            ("JP", Kind::Vat, "日本語日本語"),
        ] {
            assert!(matches!(check(country, kind, number), Err(Wrong::Form(_))), "{number}");
        }
        for (country, kind) in [("DE", Kind::Pan), ("IN", Kind::Vat), ("IN", Kind::Eori), ("GB", Kind::Ein)] {
            assert!(matches!(check(country, kind, "123456789"), Err(Wrong::Place(_))), "{kind} in {country}");
        }
    }
}
