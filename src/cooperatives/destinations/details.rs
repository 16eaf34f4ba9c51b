//! Where a payout goes, as its owner writes it, and what can be wrong with it. Pure.
use std::collections::BTreeMap;

use crate::{money::Currency, problem::FieldError};

/// Account numbers and their kin: sealed at rest, and never in an answer.
#[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[schema(as = PayoutDetails)]
pub enum Details {
    /// A bank account in India.
    InBank {
        #[schema(example = "Lal Darwaza Chhapai Sahkari")]
        holder: String,
        #[schema(example = "00000012345678901")]
        account: String,
        #[schema(example = "SBIN0001234")]
        ifsc: String,
    },
    /// A UPI address in India.
    InUpi {
        #[schema(example = "laldarwaza@sbi")]
        vpa: String,
    },
    /// A bank account in Nepal.
    NpBank { holder: String, account: String, bank: String, branch: String },
    Iban {
        holder: String,
        #[schema(example = "DE89 3704 0044 0532 0130 00")]
        iban: String,
    },
    StripeAccount {
        #[schema(example = "acct_1P9ZxY2eZvKYlo2C")]
        account: String,
    },
    /// Paid out by hand, as these words say.
    Manual { instructions: String },
}
impl std::fmt::Debug for Details {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Details({})", self.kind())
    }
}

const MAX_NAME: usize = 120;
const MAX_INSTRUCTIONS: usize = 500;

impl Details {
    /// As the payouts that use it call it.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::InBank { .. } => "in_bank",
            Self::InUpi { .. } => "in_upi",
            Self::NpBank { .. } => "np_bank",
            Self::Iban { .. } => "iban",
            Self::StripeAccount { .. } => "stripe_account",
            Self::Manual { .. } => "manual",
        }
    }
    /// The currency that such an account is in, where there is only one.
    const fn only_currency(&self) -> Option<Currency> {
        match self {
            Self::InBank { .. } | Self::InUpi { .. } => Some(Currency::INR),
            Self::NpBank { .. } => Some(Currency::NPR),
            Self::Iban { .. } | Self::StripeAccount { .. } | Self::Manual { .. } => None,
        }
    }
    /// The same without what people put between groups of digits.
    pub fn normalised(&self) -> Self {
        let plain = |text: &str| text.chars().filter(|c| !c.is_whitespace() && *c != '-').collect::<String>();
        let name = |text: &str| text.trim().to_owned();
        match self {
            Self::InBank { holder, account, ifsc } => {
                Self::InBank { holder: name(holder), account: plain(account), ifsc: plain(ifsc).to_ascii_uppercase() }
            }
            Self::InUpi { vpa } => Self::InUpi { vpa: name(vpa).to_lowercase() },
            Self::NpBank { holder, account, bank, branch } => {
                Self::NpBank { holder: name(holder), account: plain(account), bank: name(bank), branch: name(branch) }
            }
            Self::Iban { holder, iban } => Self::Iban { holder: name(holder), iban: plain(iban).to_ascii_uppercase() },
            Self::StripeAccount { account } => Self::StripeAccount { account: name(account) },
            Self::Manual { instructions } => Self::Manual { instructions: name(instructions) },
        }
    }
    /// Every field that cannot be right; `own` is what the cooperative is paid in.
    pub fn check(&self, own: Currency) -> Vec<FieldError> {
        let mut errors = Vec::new();
        let mut needs = |field: &str, right: bool, expected: &str| {
            if !right {
                errors.push(FieldError::new(format!("/details/{field}"), "malformed", expected));
            }
        };
        let named = |text: &str| (2..=MAX_NAME).contains(&text.chars().count());
        match self {
            Self::InBank { holder, account, ifsc } => {
                needs("holder", named(holder), "the name that the bank has");
                needs("account", digits(account, 9, 18), "9 to 18 digits");
                needs("ifsc", is_ifsc(ifsc), "four letters, a zero, and six letters or digits, as SBIN0001234");
            }
            Self::InUpi { vpa } => needs("vpa", is_vpa(vpa), "a name and a handle, as name@bank"),
            Self::NpBank { holder, account, bank, branch } => {
                needs("holder", named(holder), "the name that the bank has");
                needs(
                    "account",
                    (5..=24).contains(&account.len()) && account.bytes().all(|b| b.is_ascii_alphanumeric()),
                    "5 to 24 letters and digits",
                );
                needs("bank", named(bank), "the bank's name");
                needs("branch", named(branch), "the branch's name");
            }
            Self::Iban { holder, iban } => {
                needs("holder", named(holder), "the name that the bank has");
                needs("iban", is_iban(iban), "an IBAN whose check digits fit");
            }
            Self::StripeAccount { account } => {
                let rest = account.strip_prefix("acct_").unwrap_or_default();
                needs("account", rest.len() >= 8 && rest.bytes().all(|b| b.is_ascii_alphanumeric()), "a connected account, as acct_…");
            }
            Self::Manual { instructions } => {
                needs("instructions", (3..=MAX_INSTRUCTIONS).contains(&instructions.chars().count()), "3 to 500 characters");
            }
        }
        if let Some(only) = self.only_currency().filter(|only| *only != own) {
            errors.push(FieldError::new("/details/kind", "currency", format!("such an account is in {only}, and this cooperative is paid in {own}")));
        }
        errors
    }
    /// Enough for its owner to know it again, too little for anybody else.
    pub fn hint(&self) -> String {
        let tail = |text: &str| text.chars().skip(text.chars().count().saturating_sub(4)).collect::<String>();
        match self {
            Self::InBank { account, ifsc, .. } => format!("{} ··{}", ifsc.chars().take(4).collect::<String>(), tail(account)),
            Self::InUpi { vpa } => {
                let (name, handle) = vpa.split_once('@').unwrap_or((vpa, ""));
                format!("{}··@{handle}", name.chars().take(2).collect::<String>())
            }
            Self::NpBank { account, bank, .. } => format!("{bank} ··{}", tail(account)),
            Self::Iban { iban, .. } => format!("{} ··{}", iban.chars().take(2).collect::<String>(), tail(iban)),
            Self::StripeAccount { account } => format!("Stripe ··{}", tail(account)),
            Self::Manual { .. } => "by hand".into(),
        }
    }
    /// The flat texts that an instruction to a rail is made of.
    pub fn fields(&self) -> BTreeMap<&'static str, &str> {
        let pairs: Vec<(&'static str, &str)> = match self {
            Self::InBank { holder, account, ifsc } => vec![("holder", holder), ("account", account), ("ifsc", ifsc)],
            Self::InUpi { vpa } => vec![("vpa", vpa)],
            Self::NpBank { holder, account, bank, branch } => vec![("holder", holder), ("account", account), ("bank", bank), ("branch", branch)],
            Self::Iban { holder, iban } => vec![("holder", holder), ("iban", iban)],
            Self::StripeAccount { account } => vec![("account", account)],
            Self::Manual { instructions } => vec![("instructions", instructions)],
        };
        pairs.into_iter().collect()
    }
}

fn digits(text: &str, least: usize, most: usize) -> bool {
    (least..=most).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
}
/// The Reserve Bank's branch code.
fn is_ifsc(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() == 11
        && bytes[..4].iter().all(u8::is_ascii_uppercase)
        && bytes[4] == b'0'
        && bytes[5..].iter().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}
fn is_vpa(text: &str) -> bool {
    let Some((name, handle)) = text.split_once('@') else { return false };
    let fits = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'.' | b'-' | b'_');
    (2..=256).contains(&name.len()) && name.bytes().all(fits) && (2..=64).contains(&handle.len()) && handle.bytes().all(|b| b.is_ascii_alphanumeric())
}
/// ISO 13616: the country and check digits are moved behind, letters become numbers from ten, and the rest of 97 is one.
fn is_iban(text: &str) -> bool {
    let shape = (15..=34).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    if !shape || !text[..2].bytes().all(|b| b.is_ascii_uppercase()) || !text[2..4].bytes().all(|b| b.is_ascii_digit()) {
        return false;
    }
    let rest = text[4..].chars().chain(text[..4].chars()).filter_map(|c| c.to_digit(36));
    rest.fold(0, |rest, n| (rest * if n > 9 { 100 } else { 10 } + n) % 97) == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_digits_are_checked() {
        for right in ["DE89370400440532013000", "GB29NWBK60161331926819", "NO9386011117947", "MT84MALT011000012345MTLCAST001S"] {
            assert!(is_iban(right), "{right}");
        }
        for wrong in ["DE88370400440532013000", "DE89370400440532013001", "89DE370400440532013000", "DE89", "de89370400440532013000"] {
            assert!(!is_iban(wrong), "{wrong}");
        }
    }
    #[test]
    fn indian_details_have_their_shape() {
        assert!(is_ifsc("SBIN0001234") && is_ifsc("HDFC0CAGSBK"));
        assert!(!is_ifsc("SBIN1001234") && !is_ifsc("SBI00001234") && !is_ifsc("SBIN000123"));
        assert!(is_vpa("laldarwaza@sbi") && is_vpa("9876543210@ybl"));
        assert!(!is_vpa("a@sbi") && !is_vpa("lal darwaza@sbi") && !is_vpa("lal@") && !is_vpa("lal"));
    }
    #[test]
    fn a_hint_hides_and_an_account_never_prints() {
        let bank = Details::InBank { holder: " Lal ".into(), account: "0000 0012 3456 4821".into(), ifsc: "sbin0001234".into() }.normalised();
        assert_eq!(bank.check(Currency::INR), []);
        assert_eq!((bank.hint().as_str(), format!("{bank:?}").as_str()), ("SBIN ··4821", "Details(in_bank)"));
        assert_eq!(bank.check(Currency::NPR)[0].pointer, "/details/kind");
        assert_eq!(Details::InUpi { vpa: "laldarwaza@sbi".into() }.hint(), "la··@sbi");
    }
}
